"""J and its gradient as one ONNX graph: VGG-19 forward, the costs, and the way back to the pixels. No TensorFlow.

The way back is made of forward operations: a convolution's gradient is a convolution with the kernel turned around, and
that of a pooling goes to where the largest came from. Gatys, Ecker & Bethge (2016), equations 1 to 7.
"""

import functools
import itertools

import numpy as np
from onnx import TensorProto

from nst.graphs import Graph
from nst.network import (
    BORDER,
    CONTENT_LAYER,
    MEAN_ACTIVATION,
    MEAN_COLOR,
    Packed,
    block_of,
    positions_outside,
    read_weights,
)
from nst.strength import STEEPNESS

STYLE_LAYERS = [f"block{block}_conv1" for block in range(1, 6)]
CONVOLUTIONS = list(MEAN_ACTIVATION)[: list(MEAN_ACTIVATION).index(STYLE_LAYERS[-1]) + 1]
LAYERS = [*STYLE_LAYERS, CONTENT_LAYER]
FLOAT = TensorProto.FLOAT


def cost_graph(areas: int = 0, back: bool = True) -> tuple[bytes, dict[str, np.ndarray]]:
    """An ONNX graph, and the weights that stay beside it; with these inputs and outputs, for pictures of any size:

    picture (1, 3, n_H, n_W): RGB in [0, 1], with its mirrored border of BORDER pixels.
    gram_K_LAYER (n_C, n_C): the artwork's averages of products, for each of the areas K, or for 0 without masks.
    weights_K (5,): what half the squared distance of these counts, for each style layer.
    mask_K_LAYER (1, 1, n_H, n_W): the position weights of an area at a layer; only if there are areas.
    content, focus (1, n_C, n_H, n_W) and (1, 1, n_H, n_W): the photo's content volume, and what the picture's own is
        multiplied with before they are compared.
    content_weights (2,): p and q, for p c (1 + (q c)^STEEPNESS), c being a quarter of the mean squared distance.

    J, content_cost: scalars. gradient: as picture.
    found_K_LAYER, volume: what the picture has in the place of gram_K_LAYER and of content (before focus).

    back: False leaves out J and gradient, and the inputs that only they need.
    """
    graph, tape, kernels = Graph(), [], _kernels()
    inputs = {"picture": [1, 3, "n_H", "n_W"]}
    outputs = {"content_cost": []} | ({"J": [], "gradient": inputs["picture"]} if back else {})
    volumes = _forward(graph, kernels, tape)
    gradients, costs = {}, []
    for name in STYLE_LAYERS:
        found = _Layer(graph, name, volumes[name], areas, inputs, outputs)
        if back:
            cost, gradients[name] = found.style(inputs)
            costs.append(cost)
    content = _Content(graph, volumes[CONTENT_LAYER], inputs, outputs)
    if back:
        style = graph.op("Sum", *costs)
        cost, gradients[CONTENT_LAYER] = content.weighted(inputs)
        graph.op("Add", style, cost, output="J")
        _backward(graph, kernels, tape, gradients)
    return graph.model(inputs, outputs, {}), graph.large


class Kernel:
    """A convolution's weights, for RGB in [0, 1] without its mean; what comes out is divided by MEAN_ACTIVATION."""

    def __init__(self, name: str, packed: Packed):
        place = CONVOLUTIONS.index(name)
        before = MEAN_ACTIVATION[CONVOLUTIONS[place - 1]] if place else 255.0
        # relu(s x) = s relu(x), and pooling likewise, so scales pass through
        self._table = packed.table * np.float32(before / MEAN_ACTIVATION[name])
        self._indices = packed.indices if place else packed.indices[:, :, ::-1]  # VGG takes blue, green, red
        self.bias = packed.bias / np.float32(MEAN_ACTIVATION[name])

    @functools.cached_property
    def forward(self) -> np.ndarray:
        """(n_C, n_C before, 3, 3). What is turned are bytes: that is quicker."""
        return self._table[np.ascontiguousarray(self._indices.transpose(3, 2, 0, 1))]

    @functools.cached_property
    def backward(self) -> np.ndarray:
        """(n_C before, n_C, 3, 3): of the convolution that gives the gradient."""
        return self._table[np.ascontiguousarray(self._indices[::-1, ::-1].transpose(2, 3, 0, 1))]


@functools.cache
def _kernels():
    return {name: Kernel(name, packed) for name, packed in read_weights(names=CONVOLUTIONS).items()}


# ---------------------------------------------------------------- forward


def _forward(graph, kernels, tape):
    """{layer: its volume}. The tape has what the way back needs: (name, what went in, what came out)."""
    x = graph.op("Sub", "picture", graph.constant(MEAN_COLOR.reshape(1, 3, 1, 1)))
    volumes = {}
    for before, name in itertools.pairwise([CONVOLUTIONS[0], *CONVOLUTIONS]):
        if block_of(name) > block_of(before):
            pooled = graph.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            tape.append(("pool", x, pooled))
            x = pooled
        kernel, bias = graph.tensor(kernels[name].forward), graph.tensor(kernels[name].bias)
        y = graph.op("Relu", graph.op("Conv", x, kernel, bias, pads=[1, 1, 1, 1]))
        tape.append((name, x, y))
        x = volumes[name] = y
    return volumes


class _Inside:
    """A volume without the mirrored border; `share` is 1 / (n_H n_W) of that."""

    def __init__(self, graph, name, volume):
        self.graph, self.name, self.volume = graph, name, volume
        cut = self.cut = positions_outside(name, BORDER)
        if cut:
            places = graph.integers(cut, cut), graph.integers(-cut, -cut), graph.integers(2, 3)
            self.volume = graph.op("Slice", volume, *places)
        sides = graph.op("Slice", graph.op("Shape", self.volume), graph.integers(2), graph.integers(4))
        number = graph.op("Cast", graph.op("ReduceProd", sides, keepdims=0), to=FLOAT)
        self.share = graph.op("Div", graph.number(1), number)

    def with_border(self, gradient):
        """A gradient of the volume, zero in the border."""
        cut = self.cut
        return self.graph.op("Pad", gradient, self.graph.integers(0, 0, cut, cut, 0, 0, cut, cut)) if cut else gradient


class _Layer(_Inside):
    """A style layer: its averages of products in each area."""

    def __init__(self, graph, name, volume, areas, inputs, outputs):
        super().__init__(graph, name, volume)
        self.n_C = _channels(name)
        self.flat = graph.op("Reshape", self.volume, graph.integers(self.n_C, -1))
        self.masks = []
        for area in range(max(areas, 1)):
            mask = ""
            if areas:
                inputs[f"mask_{area}_{name}"] = [1, 1, f"{name} n_H", f"{name} n_W"]
                mask = graph.op("Reshape", f"mask_{area}_{name}", graph.integers(1, -1))
            masked = graph.op("Mul", self.flat, mask) if mask else self.flat
            self.masks.append(mask)
            outputs[f"found_{area}_{name}"] = [self.n_C, self.n_C]
            products = graph.op("Gemm", masked, self.flat, transB=1)
            graph.op("Mul", products, self.share, output=f"found_{area}_{name}")

    def style(self, inputs):
        """The weighted style cost, and its gradient with respect to the whole volume."""
        graph, costs, gradients = self.graph, [], []
        for area, mask in enumerate(self.masks):
            target, weights = f"gram_{area}_{self.name}", f"weights_{area}"
            inputs |= {target: [self.n_C, self.n_C], weights: [len(STYLE_LAYERS)]}
            weight = graph.op("Gather", weights, graph.constant(np.int64(STYLE_LAYERS.index(self.name))))
            apart = graph.op("Sub", f"found_{area}_{self.name}", target)
            squares = graph.op("ReduceSum", graph.op("Mul", apart, apart), keepdims=0)
            costs.append(graph.op("Mul", graph.op("Mul", squares, weight), graph.number(0.5)))
            slope = graph.op("Mul", graph.op("Mul", weight, self.share), graph.number(2))
            gradient = graph.op("MatMul", graph.op("Mul", apart, slope), self.flat)
            gradients.append(graph.op("Mul", gradient, mask) if mask else gradient)
        cost, gradient = (graph.op("Sum", *each) if len(each) > 1 else each[0] for each in (costs, gradients))
        return cost, self.with_border(graph.op("Reshape", gradient, graph.op("Shape", self.volume)))


class _Content(_Inside):
    """The content layer: how far it is from the photo's."""

    def __init__(self, graph, volume, inputs, outputs):
        super().__init__(graph, CONTENT_LAYER, volume)
        n_C, sides = _channels(CONTENT_LAYER), ["content n_H", "content n_W"]
        inputs |= {"content": [1, n_C, *sides], "focus": [1, 1, *sides]}
        outputs["volume"] = inputs["content"]
        graph.op("Identity", self.volume, output="volume")
        self.apart = graph.op("Sub", graph.op("Mul", self.volume, "focus"), "content")
        self.share = graph.op("Mul", self.share, graph.number(1 / n_C))
        squares = graph.op("ReduceSum", graph.op("Mul", self.apart, self.apart), keepdims=0)
        graph.op("Mul", graph.op("Mul", squares, self.share), graph.number(0.25), output="content_cost")

    def weighted(self, inputs):
        """Its part of J, and the gradient with respect to the whole volume."""
        graph, inputs["content_weights"] = self.graph, [2]
        p, q = (graph.op("Gather", "content_weights", graph.constant(np.int64(n))) for n in (0, 1))
        steep = graph.op("Pow", graph.op("Mul", q, "content_cost"), graph.number(STEEPNESS))
        part = graph.op("Mul", graph.op("Mul", p, "content_cost"), graph.op("Add", steep, graph.number(1)))
        slope = graph.op(
            "Mul", p, graph.op("Add", graph.op("Mul", steep, graph.number(1 + STEEPNESS)), graph.number(1))
        )
        slope = graph.op("Mul", graph.op("Mul", slope, self.share), graph.number(0.5))
        return part, self.with_border(graph.op("Mul", graph.op("Mul", self.apart, "focus"), slope))


def _channels(name):
    return min(64 << (block_of(name) - 1), 512)


# ---------------------------------------------------------------- back


def _backward(graph, kernels, tape, gradients):
    """The gradient with respect to the picture, from those with respect to some layers."""
    gradient = ""
    for name, x, y in reversed(tape):
        if name == "pool":
            gradient = _to_the_largest(graph, gradient, x, y)
            continue
        if name in gradients:
            gradient = graph.op("Add", gradient, gradients[name]) if gradient else gradients[name]
        active = graph.op("Cast", graph.op("Greater", y, graph.number(0)), to=FLOAT)  # Where would take longer
        through = graph.op("Mul", gradient, active)
        output = "gradient" if name == CONVOLUTIONS[0] else ""
        kernel = graph.tensor(kernels[name].backward)
        gradient = graph.op("Conv", through, kernel, pads=[1, 1, 1, 1], output=output)


def _to_the_largest(graph, gradient, x, y):
    """The gradient of max pooling; where several of a square are the largest, each gets its part."""

    def spread(volume):
        twice = graph.constant(np.array([1, 1, 2, 2], np.float32))
        nearest = dict(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        return graph.op("Pad", graph.op("Resize", volume, "", twice, **nearest), over)

    sides = graph.op("Slice", graph.op("Shape", x), graph.integers(2), graph.integers(4))
    odd = graph.op("Mod", sides, graph.integers(2, 2))
    over = graph.op("Concat", graph.integers(0, 0, 0, 0, 0, 0), odd, axis=0)
    largest = graph.op("Cast", graph.op("Equal", x, spread(y)), to=FLOAT)
    quarter = graph.op("AveragePool", largest, kernel_shape=[2, 2], strides=[2, 2])
    part = graph.op("Div", gradient, graph.op("Mul", quarter, graph.number(4)))
    return graph.op("Mul", largest, spread(part))

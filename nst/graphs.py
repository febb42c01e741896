"""ONNX graphs: written with onnx.helper, run in ONNX Runtime or a browser. No TensorFlow."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nst.filters import BLUR, EPSILON, MARGIN, MULTIPLE, NOISE, Convolution, initial, steps

OPSET, IR_VERSION = 17, 8  # old enough for any ONNX Runtime since 2022
KERNEL_HERE, NOISE_HERE = (3, 2, 0, 1), (2, 0, 1)  # ONNX has channels first


class Graph:
    """A graph while it is written: `op` adds a node and returns the name of what comes out."""

    def __init__(self):
        self.nodes, self.constants, self.large, self._known, self._number = [], [], {}, {}, 0

    def name(self) -> str:
        self._number += 1
        return f"t{self._number}"

    def op(self, kind: str, *inputs: str, output: str = "", **attributes) -> str:
        """One node; its output gets a name of its own if none is given."""
        output = output or self.name()
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: np.ndarray) -> str:
        """A constant, kept once however often it is used."""
        value = np.asarray(value)
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self._known:
            self._known[key] = self.name()
            self.constants.append(numpy_helper.from_array(value, self._known[key]))
        return self._known[key]

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def tensor(self, value: np.ndarray) -> str:
        """A large constant, such as a kernel: it stays beside the graph, in `large`, where nothing copies it."""
        name = self.name()
        self.large[name] = value
        place = onnx.StringStringEntryProto(key="location", value="beside")
        self.constants.append(
            onnx.TensorProto(
                name=name,
                dims=value.shape,
                data_type=TensorProto.FLOAT,
                data_location=TensorProto.EXTERNAL,
                external_data=[place],
            )
        )
        return name

    def weights(self, name: str, value: np.ndarray) -> str:
        """Weights, float32, kept under their name in half precision; ONNX Runtime makes them float32 at the start."""
        self.constants.append(numpy_helper.from_array(value.astype(np.float16), name))
        return self.op("Cast", name, to=TensorProto.FLOAT)

    def model(
        self,
        inputs: Mapping[str, list],
        outputs: Mapping[str, list],
        about: Mapping[str, object],
    ) -> bytes:
        """The file's bytes. inputs, outputs: {name: shape}, of float32. about: what JSON can hold, to read later."""
        ends = [
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in e.items()] for e in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "nst", *ends, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="nst"
        )
        helper.set_model_props(model, {"nst": json.dumps(dict(about))})
        if not self.large:  # which the checker would look for in files
            onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def filter_graph(weights: Mapping[str, np.ndarray], **about: object) -> bytes:
    """An ONNX file of a filter: `picture` (1, 3, n_H, n_W), RGB in [0, 1], of any size, to `painting`, the same.

    weights: as `filters.initial` has them.
    """
    graph = Graph()
    sides = _sides(graph, "picture")
    x, kept, blur = _with_margin(graph, "picture", sides), "", ""
    for step in steps():
        if isinstance(step, Convolution):
            x, blur = _convolution(graph, weights, step, x, blur), ""
        elif step == "shuffle":
            x = graph.op("SpaceToDepth", x, blocksize=2)
            x = graph.op("Concat", x, _noise(graph, weights, _sides(graph, x)), axis=1)
        elif step == "unshuffle":
            x = graph.op("DepthToSpace", x, blocksize=2, mode="DCR")
        elif step == "blur":
            blur = graph.constant(np.repeat(BLUR[np.newaxis, np.newaxis], 3, axis=0))
        elif step == "enlarge":
            twice = graph.constant(np.array([1, 1, 2, 2], np.float32))
            x = graph.op(
                "Resize",
                x,
                "",
                twice,
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        elif step == "keep":
            kept = x
        else:
            x = graph.op("Add", x, kept)
    margin = graph.integers(MARGIN, MARGIN)
    x = graph.op("Slice", x, margin, graph.op("Add", sides, margin), graph.integers(2, 3))
    graph.op("Sigmoid", x, output="painting")
    return graph.model({"picture": [1, 3, "height", "width"]}, {"painting": [1, 3, "height", "width"]}, about)


def weights_in(path: str | Path) -> dict[str, np.ndarray]:
    """The weights in a file of filter_graph, as it was given them, in half precision. ValueError for another file."""
    expected = initial(0)
    try:
        kept = {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}
        weights = {name: kept[name].astype(np.float32) for name in expected}
    except Exception as error:  # whatever is wrong with the file
        raise ValueError(f"{path}: no filter of this kind of network; give one that `nst filter train` made") from error
    for name, value in weights.items():
        if name.endswith("/kernel"):
            weights[name] = value.transpose(np.argsort(KERNEL_HERE))
        elif name.startswith("noise"):
            weights[name] = value[0].transpose(np.argsort(NOISE_HERE))
        if weights[name].shape != expected[name].shape:
            raise ValueError(f"{path}: {name} is {weights[name].shape}, not {expected[name].shape}: another network")
    return weights


def _sides(graph, x):
    """[n_H, n_W] of a volume."""
    return graph.op("Slice", graph.op("Shape", x), graph.integers(2), graph.integers(4))


def _with_margin(graph, x, sides):
    """Mirrored pixels on all sides, at the right and below so many more that the sides are multiples."""
    over = graph.op("Mod", graph.op("Neg", sides), graph.integers(MULTIPLE, MULTIPLE))  # signs as in Python
    after = graph.op("Add", over, graph.integers(MARGIN, MARGIN))
    pads = graph.op("Concat", graph.integers(0, 0, MARGIN, MARGIN, 0, 0), after, axis=0)
    return graph.op("Pad", x, pads, mode="reflect")


def _noise(graph, weights, sides):
    """Both tiles repeated over so many places, and added up."""
    total = ""
    for side in NOISE:
        name = f"noise{side}"
        tile = graph.weights(name, weights[name].transpose(NOISE_HERE)[np.newaxis])
        times = graph.op("Div", graph.op("Add", sides, graph.integers(side - 1)), graph.integers(side))
        tiled = graph.op("Tile", tile, graph.op("Concat", graph.integers(1, 1), times, axis=0))
        cut = graph.op("Slice", tiled, graph.integers(0, 0), sides, graph.integers(2, 3))
        total = graph.op("Add", total, cut) if total else cut
    return total


def _convolution(graph, weights, step, x, blur):
    """blur: what each channel is convolved with before; ONNX Runtime makes both one convolution when it begins."""
    kernel, shift, scale = (f"{step.name}/{part}" for part in ("kernel", "shift", "scale"))
    norm = graph.weights(scale, weights[scale]) if step.norm else ""
    kernel, shift = graph.weights(kernel, weights[kernel].transpose(KERNEL_HERE)), graph.weights(shift, weights[shift])
    border = step.size // 2
    if blur:
        kernel, border = graph.op("Conv", kernel, blur, group=step.inputs, pads=[2, 2, 2, 2]), border + 1
    before = border if step.stride == 1 else 0  # as TensorFlow's SAME has it, of even sides
    place = dict(strides=[step.stride] * 2, pads=[before, before, border, border])
    if norm:
        x = graph.op("InstanceNormalization", graph.op("Conv", x, kernel, **place), norm, shift, epsilon=EPSILON)
    else:
        x = graph.op("Conv", x, kernel, shift, **place)
    return graph.op("Relu", x) if step.relu else x

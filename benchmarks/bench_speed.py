"""`make bench`: how fast a picture is painted. Prints a table; writes results.md, results.json and two plots beside it.

.venv/bin/python benchmarks/bench_speed.py [--quick]

--quick takes the long curves and the large sizes from the results.json of an earlier run without it. The classic
recipe's curve comes from classic.json (benchmarks/classic.py) in any case; a full run times its step anew.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import psutil
import recipes  # before TensorFlow, whose start it silences
from recipes import CONTENT, RESULTS, STYLE, cost_of, evaluation, models, progress, square, timed

# isort: split
import classic
import tensorflow as tf
from machine import processor
from parts import parts

from nst.minimize import coarse_to_fine, minimize
from nst.paths import ROOT
from nst.pictures import save_image
from nst.vgg import load_vgg19

SIZE = classic.SIZE
TORCH = RESULTS / ".venv" / "bin" / "python"


def spread(seconds):
    return f"{statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f}, {len(seconds)} runs)"


# ---------------------------------------------------------------- the measurements


def evaluations(content, style, repeats=7):
    """Plain Keras against the fast model, turn and turn about."""
    noisy = tf.constant(classic.classic_start(content))
    functions = {}
    for name, model in zip(("keras", "fast"), models()):
        functions[name] = evaluation(cost_of(model, content, style))
        functions[name](noisy), functions[name](noisy)
    seconds = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            seconds[name] += timed(lambda function=function: function(noisy)[0].numpy(), 1)
    gradients = [function(noisy)[1] for function in functions.values()]
    return seconds, float(tf.norm(gradients[0] - gradients[1]) / tf.norm(gradients[0]))


def plain_gflop():
    """10^9 additions and multiplications in the plain convolutions up to the deepest layer, forward and backward."""
    vgg, total, channels, side = load_vgg19(), 0, 3, SIZE
    deepest = vgg.layers.index(vgg.get_layer(max(recipes.LAYERS)))
    for layer in vgg.layers[1 : deepest + 1]:
        if "pool" in layer.name:
            side //= 2
        else:
            total += 2 * 2 * 9 * channels * layer.filters * side**2
            channels = layer.filters
    return total / 1e9


def peak():
    """GFLOP/s of a large float32 matrix product and of a large plain convolution, the best of several seconds."""
    a = tf.random.normal((2048, 2048))
    x, kernel = tf.random.normal((1, 200, 200, 128)), tf.random.normal((3, 3, 128, 128))
    products, convolutions = [], []
    for _ in range(9):
        products += timed(lambda: tf.matmul(a, a).numpy(), 9)
        convolutions += timed(lambda: tf.nn.conv2d(x, kernel, 1, "SAME").numpy(), 9)
        time.sleep(0.5)  # a noisy neighbour may have half of the machine for a second
    product, convolution = min(products), min(convolutions)
    return 2 * 2048**3 / product / 1e9, 2 * 9 * 128 * 128 * 200 * 200 / convolution / 1e9


def torch_side(what, content, style, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/content.png", f"{folder}/style.png"]
        for image, path in zip((content, style), paths):
            save_image(image, path)
        Path(folder, "job.json").write_text(json.dumps(recipes.pastiche_job(SIZE)))
        command = [TORCH, RESULTS / "torch_side.py", what, *paths, f"{folder}/job.json", *map(str, arguments)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def fast_curve(paint):
    """Seconds and J, at full size, of paint(watch); the clock starts before the targets are made."""
    found = []

    def watch(run):
        if max(run.image.shape) == SIZE:
            found.append((time.perf_counter() - start, run.history[-1]))

    start = time.perf_counter()
    paint(watch)
    seconds, J = zip(*found)
    return {"seconds": seconds, "J": J}


def from_coarse_to_fine(watch):
    coarse_to_fine(recipes.fast_problem, SIZE, 60, output=None, watch=watch)


def at_one_scale(watch):
    content, cost = recipes.fast_problem(SIZE)
    minimize(cost, tf.Variable(content), 350, output=None, watch=watch)


def when(curve, goal):
    """Seconds until the curve was as low as the goal, or None."""
    return next((second for second, J in zip(curve["seconds"], curve["J"]) if goal >= J), None)


def one_size(*words):
    command = [sys.executable, RESULTS / "one_size.py", *words]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def make_paint():
    """Seconds and gigabytes (all processes together, at the highest) of `make paint` after set-up."""
    with tempfile.TemporaryDirectory() as output:
        environment = {**os.environ, "NST_OUTPUT": output, "MAKEFLAGS": ""}  # without QUICK=1
        start = time.perf_counter()
        process = subprocess.Popen(["make", "paint"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        highest, over = 0, threading.Event()

        def watch():
            nonlocal highest
            while not over.wait(0.2):
                try:
                    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                    highest = max(highest, sum(member.memory_info().rss for member in family))
                except psutil.Error:  # one of them has just ended
                    continue

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        over.set()
        watcher.join()
        assert code == 0
        return time.perf_counter() - start, highest / 2**30


# ---------------------------------------------------------------- the report


def plots(result):
    figure, axis = plt.subplots(figsize=(7, 4), layout="tight")
    curves = {
        "classic recipe: Keras, Adam 0.01, 1000 steps": result["classic"],
        "pastiche: PyTorch, L-BFGS": result["pastiche"],
        "ours: preconditioned L-BFGS, one scale": result["one scale"],
        "ours: the same, coarse to fine": result["coarse to fine"],
    }
    for label, curve in curves.items():
        length = min(len(curve["seconds"]), len(curve["J"]))
        axis.loglog(curve["seconds"][:length], np.minimum.accumulate(curve["J"])[:length], label=label)
    axis.set(xlabel="seconds", ylabel=f"lowest J so far, {SIZE} x {SIZE} px")
    axis.grid(alpha=0.3, which="both")
    axis.legend()
    figure.savefig(RESULTS / "cost_against_time.png", dpi=110)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="tight")
    sizes = np.array([int(size) for size in result["sizes"]])
    for axis, name, unit in zip(axes, ("seconds", "gigabytes"), ("seconds an evaluation", "GB, the whole process")):
        values = [np.median(found[name]) for found in result["sizes"].values()]
        axis.loglog(sizes**2, values, "o-", label="measured")
        axis.loglog(sizes**2, values[-1] * (sizes / sizes[-1]) ** 2, "--", color="grey", label="linear in pixels")
        axis.set_xticks(sizes**2, [f"{size}²" for size in sizes], fontsize=8)
        axis.set_xticks([], minor=True)
        axis.set(xlabel="pixels", ylabel=unit)
        axis.grid(alpha=0.3, which="both")
        axis.legend()
    figure.savefig(RESULTS / "time_and_memory.png", dpi=110)


def table(result):
    """The rows: what, measured, ratio, goal."""
    seconds = result["evaluation"]
    median = {name: statistics.median(values) for name, values in seconds.items()}
    torch = min(("contiguous_format", "channels_last"), key=median.get)
    speed = result["plain_gflop"] / median["fast"]
    product, convolution = result["peak"]
    rows = [
        (f"one evaluation, {SIZE} px", f"fast model {spread(seconds['fast'])}", "", ""),
        ("... plain Keras, tf.function", spread(seconds["keras"]), median["fast"] / median["keras"], "0.45"),
        (f"... PyTorch, {torch}", spread(seconds[torch]), median["fast"] / median[torch], "0.7"),
        (
            "... the machine's float32 peak",
            f"matrix product {product:.0f}, convolution {convolution:.0f} GFLOP/s; "
            f"the fast model does the work of {speed:.0f} GFLOP/s of plain convolution",
            speed / max(product, convolution),
            "",
        ),
        ("... its gradient against the plain one", f"relative L2 {result['gradient_error']:.1e}", "", "1e-3"),
    ]
    fast, slow = result["one scale"], result["classic"]
    for steps in (1000, 300):
        goal, theirs = slow["J"][steps], slow["seconds_per_step"] * steps
        goal_ratio = "0.1" if steps == 1000 else ""
        rows.append((f"until J = {goal:.4g}, classic after {steps} steps", *race(when(fast, goal), theirs), goal_ratio))
    goal = min(result["coarse to fine"]["J"])
    ours = when(result["coarse to fine"], goal)
    for name, theirs in (("one scale", fast), ("classic", slow), ("pastiche", result["pastiche"])):
        row = race(ours, when(theirs, goal))
        rows.append((f"until J = {goal:.4g}, coarse to fine, against {name}", *row, ""))
    curve = result["pastiche"]
    for steps in (100, 300):
        goal, theirs = min(curve["J"][: steps + 1]), curve["seconds"][steps - 1]
        goal_ratio = "0.3" if steps == 300 else "0.5"
        rows.append(
            (f"until J = {goal:.4g}, pastiche after {steps} steps", *race(when(fast, goal), theirs), goal_ratio)
        )
    rows.append(("`make paint`, 512 px", "{:.0f} s, {:.1f} GB".format(*result["make_paint"]), "", "120 s, 3 GB"))
    start = result["sizes"]["256"]
    rows.append(("start-up to the end of the first step", f"{start['first']:.1f} s (256 px)", "", "15 s"))
    for size, found in result["sizes"].items():
        text = f"{np.median(found['seconds']):.2f} s an evaluation, {found['gigabytes']:.1f} GB"
        rows.append((f"{size} x {size} px", text, "", "16 GB" if size == "2048" else ""))
    a_pixel = np.median(result["sizes"]["1024"]["seconds"]) / 1024**2
    for size, found in result.get("prints", {}).items():
        pixels = int(size) * round(int(size) * 2 / 3)
        text = f"{np.median(found['seconds']):.1f} s an evaluation, {found['gigabytes']:.1f} GB"
        rows.append((f"{size} x {pixels // int(size)} px, in bands", text, "", "5.6 GB" if size == "4096" else ""))
        rows.append(
            (
                "... seconds a pixel, against 1024 x 1024 whole",
                "",
                np.median(found["seconds"]) / pixels / a_pixel,
                "1.4",
            )
        )
    return rows


def race(ours, theirs):
    if ours is None:
        return f"not reached; the other takes {theirs:.0f} s", ""
    return f"{ours:.0f} s against {theirs:.0f} s", ours / theirs


NOTES = [
    "*Goal* is what the project set itself; a ratio above it is a miss. *Until J* means preconditioned L-BFGS at one",
    "scale unless it says coarse to fine. *Classic* is plain Keras with Adam 0.01, started from the photo and noise of",
    "0.25, as usual; the others start from the photo. Its curve was recorded once in full",
    "(`benchmarks/classic.py`); its seconds are steps times the median step of the same run. Memory is that of one",
    "evaluation; L-BFGS keeps ten pairs of pictures besides.",
]


def markdown(result):
    lines = [
        "# Speed, measured by `make bench`",
        "",
        f"Machine: {result['machine']}. {result['versions']}. Measured {result['date']}{result['note']}.",
        "",
        "| what | measured | ratio | goal |",
        "| --- | --- | --- | --- |",
    ]
    for what, measured, ratio, goal in table(result):
        lines.append(f"| {what} | {measured} | {ratio if ratio == '' else f'{ratio:.3g}'} | {goal} |")
    total = sum(result["parts"].values())
    lines += ["", "| where the time goes, layer by layer (`benchmarks/parts.py`) | ms | share |", "| --- | --- | --- |"]
    lines += [f"| {part} | {1000 * each:.0f} | {each / total:.0%} |" for part, each in result["parts"].items()]
    lines += [
        "",
        *NOTES,
        "",
        "![cost against time](cost_against_time.png)",
        "",
        "![time and memory](time_and_memory.png)",
        "",
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="under five minutes: the long curves are not run again")
    quick = parser.parse_args().quick
    content, style = square(CONTENT, SIZE), square(STYLE, SIZE)
    before = RESULTS / "results.json"
    if quick and not before.exists():
        parser.error(f"{before} is missing, and the long curves come from it; run it once without --quick")
    result = json.loads(before.read_text()) if quick else {}
    progress("evaluations: Keras, fast, PyTorch")
    seconds, error = evaluations(content, style)
    torch = torch_side("evaluation", content, style)
    versions = f"Python {platform.python_version()}, TensorFlow {tf.__version__}, PyTorch {torch.pop('torch')}"
    keras_step = statistics.median(seconds["keras"])
    recorded = json.loads((RESULTS / "classic.json").read_text())
    result |= {
        "machine": f"{processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB",
        "versions": versions + ", pastiche 1.6.0",
        "date": time.strftime("%Y-%m-%d"),
        "note": " with QUICK=1: the curves and sizes above 512 px from an earlier run" if quick else "",
        "evaluation": {**seconds, **torch},
        "gradient_error": error,
        "peak": peak(),
        "plain_gflop": plain_gflop(),
        "parts": parts(),
    }
    if not quick:  # curves that are compared in seconds come from one run
        result["classic"] = {**recorded, "seconds_per_step": keras_step}
        result["classic"]["seconds"] = (keras_step * np.arange(1001)).tolist()
        progress("the fast recipe")
        result["coarse to fine"] = fast_curve(from_coarse_to_fine)
        result["one scale"] = fast_curve(at_one_scale)
        progress("pastiche, 300 steps")
        result["pastiche"] = torch_side("curve", content, style, 300)
    sizes = ("256", "400", "512") if quick else ("256", "400", "512", "768", "1024", "1448", "2048")
    result.setdefault("sizes", {})
    for size in sizes:
        progress(f"{size} px")
        result["sizes"][size] = one_size(size)
    for size in () if quick else ("2048", "4096"):
        progress(f"{size} px, in bands")
        result.setdefault("prints", {})[size] = one_size(size, "bands")
    progress("make paint")
    result["make_paint"] = make_paint()
    before.write_text(json.dumps(result, indent=1, default=float) + "\n")
    plots(result)
    text = markdown(result)
    print(text)
    (RESULTS / "results.md").write_text(text)


if __name__ == "__main__":
    main()

"""Is one network for many artworks a better beginning? Writes benchmarks/shared_filter.md.

.venv/bin/python benchmarks/shared_filter.py FOLDER [--shared 1600] [--steps 400]

Conditional instance normalisation (Dumoulin, Shlens & Kudlur 2017): four artworks share the convolutions, and each has
scales and shifts of its own. That is trained for --shared steps, from bold_strokes. Then an artwork that the network
does not know, `grid` of FOLDER (see filter_curve.py), is learned in --steps steps: from the shared network, with the
mean of the four's scales and shifts; the same, where for the first half nothing else may change; and from the filter
bold_strokes, as `nst filter train` does. J: of that training's own photo, not learned from.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np

import nst

nst.start_tensorflow()

import keras
import tensorflow as tf

from nst.filter_training import RATE, Lesson, Training
from nst.filtering import FILTERS
from nst.graphs import filter_graph
from nst.joblist import pictures_in
from nst.paths import IMAGES

HERE = Path(__file__).parent
PHOTOS = tuple(map(str, pictures_in(IMAGES / "content")))
START = str(FILTERS / "bold_strokes.onnx")


def of_norms(name):
    return name.endswith(("/scale", "/shift")) and not name.startswith(("last", "smooth"))


def learns(training, names):
    """From now on it learns these weights only."""
    training.learning = [each for name, each in training.variables.items() if name in names]
    training.optimizer = keras.optimizers.Adam(RATE)
    training.optimizer.build(training.learning)
    training._compiled = (tf.function(training._step), *training._compiled[1:])


def trained_together(arts, steps):
    """{name: array} of a network that several artworks share, each scale and shift the mean of theirs."""
    trainings = [Training(Lesson(str(art), PHOTOS, START)) for art in arts]
    first = trainings[0]
    for each in trainings[1:]:
        each.variables |= {name: value for name, value in first.variables.items() if not of_norms(name)}
    for each in trainings:
        learns(each, [name for name in each.variables if not name.startswith("noise")])
    for number, training in zip(range(steps), itertools.cycle(trainings)):
        training.step(number / steps)
    for art, training in zip(arts, trainings):
        training.look()
        print(f"{art.stem}: J {training.looks[-1][2]:.1f} ({training.before:.1f} before)", flush=True)
    return {name: np.mean([each.variables[name].numpy() for each in trainings], axis=0) for name in first.variables}


def learned(art, start, steps, norms_first):
    """J at the end, of the photo that the training does not learn from."""
    training = Training(Lesson(str(art), PHOTOS, str(start)))
    everything = [name for name in training.variables if not name.startswith("noise")]
    if norms_first:
        learns(training, [name for name in everything if of_norms(name)])
    for step in range(steps):
        if norms_first and step == steps // 2:
            learns(training, everything)
        training.step(step / steps)
    training.look()
    return training.looks[-1][2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=int, default=1600)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    shared = given.folder / "shared.onnx.base"
    if not shared.exists():
        arts = sorted((IMAGES / "style").glob("*.jpg"))
        shared.write_bytes(filter_graph(trained_together(arts, given.shared)))
    lines = ["| begins with | J |", "| --- | --- |"]
    for name, start, norms_first in (
        ("the shared network", shared, False),
        ("the shared network, only scales and shifts in the first half", shared, True),
        ("bold_strokes", START, False),
    ):
        J = learned(given.folder / "grid.png", start, given.steps, norms_first)
        lines.append(f"| {name} | {J:.1f} |")
        print(lines[-1], flush=True)
    head = (
        f"# One network for many artworks, by benchmarks/shared_filter.py\n\n`grid`, {given.steps} steps, the shared "
    )
    (HERE / "shared_filter.md").write_text(f"{head}network after {given.shared}.\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

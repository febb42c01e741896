"""How good a filter gets in how many steps, with artworks that are not the course's: benchmarks/filter_curve.md.

.venv/bin/python benchmarks/filter_curve.py FOLDER [--steps 100 200 400 800]

Trains one with each number of steps for one artwork that strength_sheet.py draws (`grid`), and one for another
(`dots`); artworks and filters stay in the folder, for filter_sheet.py. J is of `nst paint`'s own cost, at 384 px, of
photos that no filter has learned from.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from filter_sheet import NEW
from strength_sheet import HERE, dots, grid

import nst

SIZE, USUAL = 384, 400  # pixels; steps that the other artwork gets


def trained(art, steps, folder):
    """The file of a filter, trained unless it is there already."""
    file = folder / f"{art.stem}_{steps}.onnx"
    if not file.exists():
        words = ["filter", "train", art, "--steps", steps, "-o", file]
        subprocess.run([sys.executable, "-m", "nst", *map(str, words)], check=True)
    return file


def measured(art, files, folder):
    """For each photo, and each file: J of the photo, of what the filter makes of it, and of what `nst paint` does."""
    nst.start_tensorflow()
    import tensorflow as tf

    from nst.filtering import Filter
    from nst.job import Job
    from nst.recipe import paint, problem

    rows = []
    for path in NEW:
        job = Job(str(path), (str(art),), size=SIZE)
        photo, cost = problem(job)(SIZE)
        best, _ = paint(job, output=folder / "painting", watch=lambda run: None)
        made = [photo, *(tf.constant(Filter(file)(photo.numpy())) for file in files), tf.constant(best)]
        rows.append([float(cost(each)) for each in made])
    return np.array(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 200, 400, 800])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    arts = []
    for draw in (grid, dots):
        arts.append(given.folder / f"{draw.__name__}.png")
        draw(np.random.default_rng(0)).save(arts[-1])
    files = [trained(arts[0], steps, given.folder) for steps in given.steps]
    trained(arts[1], USUAL, given.folder)
    rows = measured(arts[0], files, given.folder)
    means = rows.mean(axis=0)
    lines = [
        "# Filters by steps, by benchmarks/filter_curve.py\n",
        f"Mean J of {len(rows)} new photos, {SIZE} px, {arts[0].name}, from the course's "
        f"filter for bold strokes: {means[0]:.1f} for the photos themselves, {means[-1]:.1f} for `nst paint`.\n",
        "| steps | J | share of the photos' | times `nst paint`'s |\n| --- | --- | --- | --- |",
        *(
            f"| {steps} | {J:.1f} | {J / means[0]:.3f} | {J / means[-1]:.1f} |"
            for steps, J in zip(given.steps, means[1:-1])
        ),
    ]
    (HERE / "filter_curve.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

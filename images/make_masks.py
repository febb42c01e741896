"""Draws the masks in images/mask/ from the photos: .venv/bin/python images/make_masks.py

White is where the mask counts, grey where it counts a little.
"""

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from nst.paths import IMAGES


def channels(name):
    return np.asarray(Image.open(IMAGES / "content" / name).convert("RGB"), float).transpose(2, 0, 1)


def largest_area(where):
    areas, _ = ndimage.label(ndimage.binary_opening(where, iterations=2))
    return areas == np.argmax(np.bincount(areas.ravel())[1:]) + 1


def save(where, name):
    filled = ndimage.binary_closing(np.pad(where, 9, "edge"), iterations=3)[9:-9, 9:-9]
    mask = Image.fromarray((filled * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    mask.save(IMAGES / "mask" / name, optimize=True)


def main():
    red, _, blue = channels("pagoda.jpg")
    save(largest_area((red > 140) & (blue > 150) & (blue > red - 12)), "pagoda_sky.png")
    red, _, blue = channels("dahlia.jpg")
    save(largest_area(red > 1.25 * blue), "dahlia_flower.png")


if __name__ == "__main__":
    main()

"""The cosine spectrum of a picture, and pictures made larger by it. No TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.fft

from nst.colors import BRIGHTNESS
from nst.pictures import read_image


def cosine_transform(transform: Callable, picture: np.ndarray) -> np.ndarray:
    """scipy.fft.dctn or idctn of a picture (1, n_H, n_W, n_C)."""
    return transform(picture, axes=(1, 2), norm="ortho", workers=-1)


def enlarge(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A picture (1, n_H, n_W, 3) with more pixels, (1, *shape, 3), and clipped to [0, 1]: the same waves and no others.

    Each number of its cosine spectrum stays; the shorter waves that the new pixels could hold are zero. (Interpolation
    between neighbours, such as bicubic, leaves an echo of each wave along the axes: a weave of fine lines.)
    """
    picture = np.asarray(picture)
    _, n_H, n_W, n_C = picture.shape
    spectrum = np.zeros((1, *shape, n_C), np.float32)
    spectrum[:, :n_H, :n_W] = cosine_transform(scipy.fft.dctn, picture)
    pixels = cosine_transform(scipy.fft.idctn, spectrum)
    return (pixels * np.sqrt(np.prod(shape) / (n_H * n_W))).clip(0, 1)


def enlarge_with_edges(painting: np.ndarray, photo: str | Path, size: int) -> np.ndarray:
    """A painting with `size` pixels on the longer side, and the fine edges that its photo has at that size.

    photo: the file. A painting that is as large already stays as it is.
    """
    if max(painting.shape) >= size:
        return painting
    edges = fine_edges(photo, max(painting.shape), size)
    return (enlarge(painting, edges.shape[1:3]) + edges).clip(0, 1)


def fine_edges(photo: str | Path, smaller: int, size: int) -> np.ndarray:
    """What is lost of a photo's brightness from `size` pixels on the longer side to `smaller`: (1, n_H, n_W, 1)."""
    whole = read_image(photo, size, enlarge=True)
    without = enlarge(read_image(photo, smaller, enlarge=True), whole.shape[1:3])
    return ((whole - without) @ BRIGHTNESS)[..., np.newaxis]

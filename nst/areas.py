"""Several artworks, and where each counts: shares, masks, and how masks weigh the positions of a layer. No TensorFlow.

Gatys, Ecker, Bethge, Hertzmann & Shechtman (2017), Controlling Perceptual Factors in Neural Style Transfer, section 3.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nst.pictures import read_image, read_size


def shares(weights: Sequence[float]) -> list[float]:
    """The weights as shares that sum to 1."""
    return [weight / sum(weights) for weight in weights]


def covered(masks: Sequence[np.ndarray], weights: Sequence[float]) -> list[float]:
    """The shares of the styles: their weights times the part of the picture that their masks cover."""
    parts = [weight * float(np.mean(mask)) for weight, mask in zip(weights, masks, strict=True)]
    if sum(parts) == 0:
        raise ValueError(
            f"the masks ({len(masks)}) cover nothing: there must be white in one whose style has a weight above 0"
        )
    return shares(parts)


def load_masks(paths: Sequence[str | Path], photo: np.ndarray, styles: int) -> list[np.ndarray]:
    """A mask for each of so many styles, or none for no paths; the last style may get what the others leave."""
    masks = [load_mask(path, photo) for path in paths]
    if 0 < len(masks) < styles:
        masks.append(np.maximum(1 - sum(masks), 0).astype(np.float32))
    return masks


def load_mask(path: str | Path, photo: np.ndarray) -> np.ndarray:
    """A grey picture as weights (1, n_H, n_W, 1) in [0, 1], as large as the photo; ValueError for another shape."""
    _, n_H, n_W, _ = photo.shape
    mask = read_image(path, max_size=max(n_H, n_W), enlarge=True).mean(axis=-1, keepdims=True)
    if abs(mask.shape[1] - n_H) > 1 or abs(mask.shape[2] - n_W) > 1:
        wide, high = read_size(path)
        shapes = f"{wide} x {high} pixels, {wide / high:.2f} times as wide as high, and the photo {n_W / n_H:.2f} times"
        raise ValueError(f"{path}: {shapes}: draw it on the photo, so that both have one shape")
    return resized(mask, (n_H, n_W))


def position_weights(mask: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """How much each position of a layer with these sides counts under a mask: (1, n_H, n_W, 1), on average 1."""
    m = resized(mask, sides)
    return m / max(float(m.mean()), 1e-6)


def resized(picture: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """(1, n_H, n_W, n_C) -> (1, *sides, n_C), float32: the average over the area that each new pixel covers."""
    rows, columns = (_coverage(old, new) for old, new in zip(picture.shape[1:3], sides))
    return np.einsum("ih,bhwc,jw->bijc", rows, np.asarray(picture), columns, optimize=True).astype(np.float32)


def _coverage(old, new):
    """(new, old): the part of each new pixel that each old one fills."""
    edges = np.arange(new + 1) * (old / new)
    places = np.arange(old)
    filled = np.minimum(edges[1:, np.newaxis], places + 1) - np.maximum(edges[:-1, np.newaxis], places)
    return (filled.clip(0) * (new / old)).astype(np.float32)

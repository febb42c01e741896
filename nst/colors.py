"""A job's artworks, and what is done to pixels: colours kept, matched or taken away, and how rough a picture is.

No TensorFlow.

Gatys, Ecker, Bethge, Hertzmann & Shechtman (2017), Controlling Perceptual Factors in Neural Style Transfer, section 4.
"""

import numpy as np

from nst.job import Job
from nst.pictures import SMALLEST_SIDE, read_image

SMALLEST_ARTWORK = 64  # pixels, the longer side: a smaller one would have no strokes left
BRIGHTNESS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue (ITU-R BT.601)
GREY = 0.02  # two channels that differ no more are equal: a JPEG's grey is not quite grey


def artworks_of(job: Job, size: int, photo: np.ndarray) -> list[np.ndarray]:
    """A job's artworks for a painting of this size, float32 (1, n_H, n_W, 3), in the photo's palette if it says so."""
    longer = max(round(job.brush * size), SMALLEST_ARTWORK)
    artworks = [read_image(path, longer, enlarge=True, min_size=SMALLEST_SIDE) for path in job.styles]
    return [match_colors(artwork, photo) for artwork in artworks] if job.match_colors else artworks


def keep_colors(photo: np.ndarray, painting: np.ndarray) -> np.ndarray:
    """The brightness of the painting with the colours of the photo; both (1, n_H, n_W, 3) in [0, 1].

    Where red, green and blue grow by one number, so does the brightness, and the colour, I and Q, stays.
    """
    photo = np.asarray(photo)
    brighter = (np.asarray(painting) - photo) @ BRIGHTNESS
    return (photo + brighter[..., np.newaxis]).clip(0, 1)


def match_colors(artwork: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """The artwork with the mean and the covariance of the photo's colours, but for what is clipped at 0 and 1."""
    mean_S, root_S = _mean_and_root(artwork)
    mean_C, root_C = _mean_and_root(photo)
    pixels = (np.reshape(artwork, (-1, 3)) - mean_S) @ np.linalg.solve(root_S, root_C) + mean_C
    return pixels.clip(0, 1).reshape(artwork.shape).astype(np.float32)


def _mean_and_root(image):
    """The mean colour (3,) and the square root (3, 3) of the covariance of the colours."""
    pixels = np.reshape(image, (-1, 3)).astype(np.float64)
    variances, directions = np.linalg.eigh(np.cov(pixels.T) + 1e-5 * np.eye(3))  # grey pictures have none
    return pixels.mean(axis=0), directions * np.sqrt(variances) @ directions.T


def is_grey(image: np.ndarray) -> bool:
    return bool(np.ptp(image, axis=-1).max() <= GREY)


def without_colors(image: np.ndarray) -> np.ndarray:
    """The mean of red, green and blue in the place of each: of a gradient, that with respect to a grey picture."""
    return np.repeat(image.mean(axis=-1, keepdims=True, dtype=np.float32), 3, axis=-1)


def roughness(picture: np.ndarray) -> tuple[np.float32, np.ndarray]:
    """The total variation of a picture (1, n_H, n_W, 3), and its gradient.

    That is the sum of absolute differences between neighbours, divided by the number of pixels.
    """
    places = picture.shape[1] * picture.shape[2]
    value, gradient = 0.0, np.zeros_like(picture)
    for axis in (1, 2):
        difference = np.diff(picture, axis=axis)
        value += float(np.abs(difference).sum(dtype=np.float64))
        signs = np.sign(difference)
        before, after = ([slice(None)] * axis + [part] for part in (slice(None, -1), slice(1, None)))
        gradient[tuple(before)] -= signs
        gradient[tuple(after)] += signs
    return np.float32(value / places), gradient / np.float32(places)

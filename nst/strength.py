"""How much the costs count: the same for every photo and artwork, and the content more where there is more to see.

J_style of a photo is a hundred times as large with one artwork as with another, and what is lost of the photo before
J_content has grown by one differs as well. So each layer's style cost counts by the share that is left of its value at
the photo, and the content cost by the share that the artwork itself would have, squashed to the photo's shape.

No TensorFlow: where it says array, a tensor will do as well.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.ndimage
from PIL import Image

from nst.areas import load_mask, position_weights
from nst.job import Job
from nst.pictures import resize

# What they make of the squashed artwork and of the photo: chosen by looking, near the course's cat and Starry Night.
CONTENT, STYLE = 2.1, 2.6
TOO_MUCH = 0.6  # of the content; beyond, its cost rises steeply, or a loud artwork would leave nothing of the photo
STEEPNESS = 4
PALETTE = 20  # of squared distances between colours: whites get clean, and strokes stay as they are
# A photo that looks like the artwork must not make a cost infinite: at least this share of a black picture's, and this.
LEAST = 1e-6
_LEAST_SHARE = 0.01
DETAIL = 0.45, 3.3  # least and most, of the average

Layers = list[tuple[str, float]]


def beta_of(job: Job) -> float:
    """The weight of the style: one more of strength doubles it."""
    return job.beta if job.strength is None else job.beta * 2.0 ** (job.strength - 5)


def equal_layers(compute_style_cost: Callable, layers: Layers, a_S: Sequence, a_C: Sequence) -> Layers:
    """The style layers with such weights that each one's share of J_style of the photo is as in `layers`, STYLE in all.

    a_S, a_C: what the style cost gets of the artwork and of the photo, the content layer last.
    """
    black = [0 * volume for volume in a_C]
    equal = []
    for (name, _), share in zip(layers, layer_shares(layers)):
        only = [(other, float(other == name)) for other, _ in layers]
        there, most = (float(compute_style_cost(a_S, a_G, only)) for a_G in (a_C, black))
        equal.append((name, equal_weight(share, there, most)))
    return equal


def layer_shares(layers: Layers) -> list[float]:
    """What each layer counts for, of all."""
    total = sum(weight for _, weight in layers) or 1
    return [weight / total for _, weight in layers]


def equal_weight(share: float, there: float, most: float) -> float:
    """What a layer's style cost counts by, so that it has its share of STYLE: it is `there` at the photo, `most` at
    black."""
    return STYLE * share / max(there, _LEAST_SHARE * most, LEAST)


def equal_content(compute_content_cost: Callable, J_artwork: float, a_C: Sequence, a_G: Sequence):
    """The content cost as a share of that of the squashed artwork; it rises faster once the share is TOO_MUCH."""
    share = compute_content_cost(a_C, a_G) / max(J_artwork, LEAST)
    return CONTENT * share * (1 + (share / TOO_MUCH) ** STEEPNESS)


def squashed(artwork: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """An artwork in the photo's shape, float32 (1, n_H, n_W, 3)."""
    return resize(artwork, tuple(photo.shape[1:3]), Image.Resampling.BILINEAR)


def focus(job: Job, photo: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """What the content volume is multiplied with, so that its squares count more where the photo has detail."""
    where = 0.1 + load_mask(job.detail_mask, photo) if job.detail_mask else detail_map(photo)
    return np.sqrt(position_weights(where**job.detail, sides))


def detail_map(photo: np.ndarray) -> np.ndarray:
    """How much there is to see around each pixel of a photo: (1, n_H, n_W, 1), between the two numbers in DETAIL.

    The mean slope of the brightness, looked at through windows of about a fortieth of the longer side, against that of
    the whole photo. A face, small in a picture, has more of it than walls and sky.
    """
    longer = max(photo.shape)
    slopes = scipy.ndimage.gaussian_gradient_magnitude(np.mean(photo, axis=-1)[0], longer / 250)
    around = scipy.ndimage.gaussian_filter(slopes, longer / 40)
    return (around / max(slopes.mean(), LEAST)).clip(*DETAIL)[np.newaxis, ..., np.newaxis]

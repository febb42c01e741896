"""How much the costs count: the same for every photo and artwork, and the content more where there is more to see.

J_style of a photo is a hundred times as large with one artwork as with another, and what is lost of the photo before
J_content has grown by one differs as well. So each layer's style cost counts by the share that is left of its value at
the photo, and the content cost by the share that the artwork itself would have, squashed to the photo's shape.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.ndimage
import tensorflow as tf

# What they make of the squashed artwork and of the photo: chosen by looking, near the course's cat and Starry Night.
CONTENT, STYLE = 2.1, 2.6
TOO_MUCH = 0.6  # of the content; beyond, its cost rises steeply, or a loud artwork would leave nothing of the photo
STEEPNESS = 4
PALETTE = 20  # of squared distances between colours: whites get clean, and strokes stay as they are
# A photo that looks like the artwork must not make a cost infinite: at least this share of a black picture's, and this.
_LEAST_SHARE, _LEAST = 0.01, 1e-6
DETAIL = 0.45, 3.3  # least and most, of the average

Layers = list[tuple[str, float]]


def equal_layers(
    compute_style_cost: Callable, layers: Layers, a_S: Sequence[tf.Tensor], a_C: Sequence[tf.Tensor]
) -> Layers:
    """The style layers with such weights that each one's share of J_style of the photo is as in `layers`, STYLE in all.

    a_S, a_C: what the style cost gets of the artwork and of the photo, the content layer last.
    """
    black = [tf.zeros_like(volume) for volume in a_C]
    total = sum(weight for _, weight in layers) or 1
    equal = []
    for name, weight in layers:
        only = [(other, float(other == name)) for other, _ in layers]
        there, most = (float(compute_style_cost(a_S, a_G, only)) for a_G in (a_C, black))
        equal.append((name, STYLE * weight / total / max(there, _LEAST_SHARE * most, _LEAST)))
    return equal


def equal_content(
    compute_content_cost: Callable, J_artwork: float, a_C: Sequence[tf.Tensor], a_G: Sequence[tf.Tensor]
) -> tf.Tensor:
    """The content cost as a share of that of the squashed artwork; it rises faster once the share is TOO_MUCH."""
    share = compute_content_cost(a_C, a_G) / max(J_artwork, _LEAST)
    return CONTENT * share * (1 + (share / TOO_MUCH) ** STEEPNESS)


def detail_map(photo: tf.Tensor) -> np.ndarray:
    """How much there is to see around each pixel of a photo: (1, n_H, n_W, 1), between the two numbers in DETAIL.

    The mean slope of the brightness, looked at through windows of about a fortieth of the longer side, against that of
    the whole photo. A face, small in a picture, has more of it than walls and sky.
    """
    longer = max(photo.shape)
    slopes = scipy.ndimage.gaussian_gradient_magnitude(np.mean(photo, axis=-1)[0], longer / 250)
    around = scipy.ndimage.gaussian_filter(slopes, longer / 40)
    return (around / max(slopes.mean(), _LEAST)).clip(*DETAIL)[np.newaxis, ..., np.newaxis]


def position_weights(mask: tf.Tensor, sides: tuple[int, int]) -> tf.Tensor:
    """How much each position of a layer with these sides counts under a mask: (1, n_H, n_W, 1), on average 1."""
    m = tf.image.resize(mask, sides, method="area")
    return m / tf.maximum(tf.reduce_mean(m), 1e-6)

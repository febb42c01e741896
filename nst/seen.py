"""What the cost functions see of a picture: the style layers, made compact, under each mask; and the content layer.

Two models give that, the same numbers, and differ in time and memory: one computes the whole picture at once, and for
pictures that are larger than that TiledModel goes through them in bands.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst.areas import position_weights
from nst.colors import without_colors
from nst.compact import compact
from nst.engine import fast_feature_model, value_and_gradient
from nst.job import LARGEST_WHOLE
from nst.network import BORDER, CONTENT_LAYER
from nst.tiles import Seen, TiledModel
from nst.vgg import GPUS, load_vgg19


class WholeModel:
    """What the layers give of a picture, all at once."""

    def __init__(self, vgg, style_names: Sequence[str]):
        self._model = fast_feature_model(vgg, [*style_names, CONTENT_LAYER], border=BORDER)

    def seen(self, picture: tf.Tensor, masks: Sequence[tf.Tensor] = ()) -> Seen:
        """The volumes of a picture (1, n_H, n_W, 3), for each mask (1, n_H, n_W, 1), or once if there is none."""
        *styles, content = self._model(picture)
        if not len(masks):
            return [[*map(compact, styles), content]]
        return [[*(compact(under_mask(volume, mask)) for volume in styles), content] for mask in masks]


def under_mask(volume: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Activations whose Gram matrix is the average under the mask."""
    return volume * tf.sqrt(position_weights(mask, volume.shape[1:3]))


def model_for(style_names: Sequence[str], picture: tf.Tensor) -> WholeModel | TiledModel:
    """The model for pictures as large as this one. A GPU computes them whole: bands are for a CPU."""
    in_bands = picture.shape[1] * picture.shape[2] > LARGEST_WHOLE and not GPUS
    return _model(tuple(style_names), in_bands)


@functools.cache
def _model(style_names, in_bands):
    if in_bands:
        return TiledModel(load_vgg19(), [*style_names, CONTENT_LAYER], style_names, BORDER)
    return WholeModel(load_vgg19(), style_names)


def colorless(image: tf.Tensor) -> tf.Tensor:
    """colors.without_colors for TensorFlow: each pixel's mean, three times."""
    return tf.repeat(tf.reduce_mean(image, axis=-1, keepdims=True), 3, axis=-1)


class Parts(NamedTuple):
    """What a cost consists of: of_seen(model.seen(picture, masks)), and of_picture(picture), if that is there."""

    model: WholeModel | TiledModel
    masks: list[tf.Tensor]
    of_seen: Callable[[Seen], tf.Tensor]
    of_picture: Callable[[tf.Tensor], tf.Tensor] | None = None


def together(costs: Sequence[Callable[[tf.Tensor], tf.Tensor]]) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """The sum of some costs of a picture; None for none.

    TensorFlow adds three gradients at one place in any order, which changes the last digit. These come as one.
    """

    @tf.custom_gradient
    def total(image):
        values, gradients = zip(*(value_and_gradient(cost, image) for cost in costs))
        gradient = tf.reduce_sum(tf.stack(gradients), axis=0)
        return sum(values), lambda upstream: upstream * gradient

    return total if costs else None


class WholeCost:
    """The cost of a picture that is computed whole: of a tensor (1, n_H, n_W, 3), the scalar J.

    make: returns the Parts. Called when they are first needed, or by `prepare`, which may be done beforehand, in
    another thread. grey: the picture has, and gets, no colours.
    """

    def __init__(self, make: Callable[[], Parts], grey: bool = False):
        self._make, self._grey, self._parts = make, grey, None

    @tf.autograph.experimental.do_not_convert
    def prepare(self) -> None:
        """Look at photo and artworks."""
        if self._parts is None:
            with tf.init_scope():  # also where a function is just being traced
                self._parts = self._make()
            self._make = None

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        self.prepare()
        image = colorless(image) if self._grey else image  # no colour can lower the cost, so none comes up
        J = self._parts.of_seen(self._parts.model.seen(image, self._parts.masks))
        return J + self._parts.of_picture(image) if self._parts.of_picture else J


class LargeCost:
    """The cost of a picture in bands. minimize asks it for value_and_gradient, and there is no tensor of all at once.

    make: returns the Parts. Called when they are first needed, since the targets take memory that smaller scales can
    have. grey: the picture has, and gets, no colours.
    """

    def __init__(self, make: Callable[[], Parts], grey: bool = False):
        self._make, self._grey = make, grey

    @functools.cached_property
    def _parts(self):
        parts = self._make()
        self._make = None  # it holds photo and artworks
        return parts

    @functools.cached_property
    def _evaluate(self):
        return self._parts.model.value_and_gradient(self._parts.of_seen, self._parts.masks)

    def __call__(self, picture: tf.Tensor) -> tf.Tensor:
        """J alone."""
        picture = self._prepared(np.asarray(picture))
        J = self._parts.of_seen(self._parts.model.seen(picture, self._parts.masks))
        return J + self._parts.of_picture(tf.constant(picture)) if self._parts.of_picture else J

    def value_and_gradient(self, picture: np.ndarray) -> tuple[float, np.ndarray]:
        """J and its gradient, of an array float32 (1, n_H, n_W, 3)."""
        picture = self._prepared(picture)
        J, gradient = self._evaluate(picture)
        if self._parts.of_picture:
            more, its_gradient = value_and_gradient(self._parts.of_picture, tf.constant(picture))
            J += float(more)
            gradient += its_gradient.numpy()
        return J, self._prepared(gradient)  # of a mean over colours, the gradient is one as well

    def _prepared(self, picture):
        return without_colors(picture) if self._grey else picture

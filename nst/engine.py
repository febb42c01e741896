"""VGG-19, frozen, forward and backward as fast as TensorFlow computes it on a CPU.

`fast_feature_model` returns what `vgg.feature_model` returns, and its gradient, in less time:

- The weights never learn, so no gradient of theirs is computed, and nothing beyond the deepest layer asked for.
- 3 x 3 convolutions are computed in Winograd's tiles of m x m outputs. m = 4 on the way forward: 4 times fewer
  multiplications, and hardly less exact, which matters since one ReLU that switches the other way changes the
  gradient. m = 6 on the way back, which is linear: 5 times fewer.
- The gradient of such a convolution is one more convolution, with the kernel turned around.
- Each layer's division by its mean activation is folded into the weights.
"""

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

from nst.compact import compact
from nst.network import MEAN_ACTIVATION, positions_outside
from nst.pictures import SMALLEST_SIDE
from nst.vgg import GPUS, layers_checked, preprocess
from nst.winograd import Winograd, through_relu

FORWARD, BACKWARD = 4, 6  # outputs along one side of a tile
SMALLEST_IN_TILES = 24_000  # pixels; a smaller picture is painted before the kernels for it are compiled
_SMALLEST_CHANNELS = 64  # in and out; with fewer, moving tiles about takes longer than the multiplications saved
_FEW_CHANNELS = 16  # as many numbers as one instruction computes

# ---------------------------------------------------------------- layers

# Each layer gives the same in two ways, alike but for rounding: `in_tiles`, in which XLA compiles what lies around the
# convolutions, and as TensorFlow's own operations, which a small picture is done with before anything is compiled.


class Convolution:
    """relu(conv(x) + bias), 3 x 3."""

    def __init__(self, kernel, bias):
        self.kernel, self.bias = tf.constant(kernel, tf.float32), tf.constant(bias, tf.float32)
        turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        self.turned = tf.constant(turned, tf.float32)
        self.has_tiles = min(kernel.shape[2:]) >= _SMALLEST_CHANNELS

    @functools.cached_property
    def winograd(self):
        """Forward and backward in tiles; large, and so made when it is needed."""
        with tf.init_scope():
            return Winograd(self.kernel.numpy(), FORWARD), Winograd(self.turned.numpy(), BACKWARD)

    def plain(self, x):
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, self.kernel, 1, "SAME"), self.bias))

    def forward(self, x, in_tiles):
        if in_tiles and self.has_tiles:
            return self.winograd[0](x, _add_and_relu, self.bias)
        return self.plain(x)

    def backward(self, gradients, x, y, in_tiles):
        """The gradient with respect to x, from those (their sum) with respect to y = forward(x)."""
        if not in_tiles:
            gradient = tf.raw_ops.ReluGrad(gradients=functools.reduce(tf.add, gradients), features=y)
            return tf.nn.conv2d(gradient, self.turned, 1, "SAME")
        if self.has_tiles:
            return self.winograd[1]((gradients, y), tf.identity)
        gradient = _through_relu(gradients, y)
        if self.turned.shape[-1] < _FEW_CHANNELS:
            return _few_channels(gradient, self.turned)
        return tf.nn.conv2d(gradient, self.turned, 1, "SAME")

    def forward_rows(self, x, in_tiles):
        """Some rows (height, n_W, n_K) of forward, from those of x and one more on either side: zeros at the border."""
        if in_tiles and self.has_tiles:
            return self.winograd[0].rows(x, False, False, _add_and_relu, self.bias)
        return _plain_rows(x, self.kernel, self.bias)

    def backward_rows(self, gradient, in_tiles):
        """Likewise some rows of backward; the gradient is already zero where y is."""
        if in_tiles and self.has_tiles:
            return self.winograd[1].rows(gradient, False, False, tf.identity)
        return _plain_rows(gradient, self.turned)


def _add_and_relu(x, bias):
    return tf.nn.relu(x + bias)


_through_relu = tf.function(through_relu, jit_compile=True, autograph=False)


def _few_channels(x, kernel):
    """conv2d(x, kernel, 1, "SAME") where the kernel gives few channels: nine matrix products, and their sum."""
    _, n_H, n_W, n_C = x.shape
    products = tf.matmul(tf.reshape(x, (-1, n_C)), tf.reshape(tf.transpose(kernel, (2, 0, 1, 3)), (n_C, -1)))
    return _shifted_sum(tf.reshape(products, (n_H, n_W, 3, 3, -1)))[tf.newaxis]


@tf.function(jit_compile=True, autograph=False)
def _shifted_sum(x):
    """(n_H, n_W, 3, 3, n_K) -> (n_H, n_W, n_K): the sum over the kernel's places, of what each reaches."""
    n_H, n_W = x.shape[:2]
    x = tf.pad(x, [[1, 1], [1, 1], [0, 0], [0, 0], [0, 0]])
    return functools.reduce(tf.add, [x[i : i + n_H, j : j + n_W, i, j] for i in range(3) for j in range(3)])


def _plain_rows(x, kernel, bias=None):
    y = tf.nn.conv2d(x[tf.newaxis], kernel, 1, [[0, 0], [0, 0], [1, 1], [0, 0]])
    return (y if bias is None else tf.nn.relu(tf.nn.bias_add(y, bias)))[0]


_HALVE = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}


class MaxPooling:
    """The largest of each 2 x 2, stride 2."""

    def plain(self, x):
        return tf.nn.max_pool2d(x, 2, 2, "VALID")

    def forward(self, x, in_tiles):
        return self.plain(x)

    def backward(self, gradients, x, y, in_tiles):
        (gradient,) = gradients
        if in_tiles:
            return _back_to_the_largest(gradient[0], x[0])[tf.newaxis]
        return tf.raw_ops.MaxPoolGrad(orig_input=x, orig_output=y, grad=gradient, **_HALVE)


class AveragePooling:
    """The mean of each 2 x 2, stride 2."""

    def plain(self, x):
        return tf.nn.avg_pool2d(x, 2, 2, "VALID")

    def forward(self, x, in_tiles):
        return self.plain(x)

    def backward(self, gradients, x, y, in_tiles):
        (gradient,) = gradients
        if in_tiles:
            return put_back(gradient[0], None, *x.shape[1:3])[tf.newaxis]
        return tf.raw_ops.AvgPoolGrad(orig_input_shape=x.shape, grad=gradient, **_HALVE)


@tf.function(jit_compile=True, autograph=False)
def largest(x):
    """The largest of each 2 x 2 of (n_H, n_W, n_C), and which it is, 0 to 3: the first of the largest."""
    n_H, n_W, n_C = x.shape
    x = tf.reshape(x[: n_H // 2 * 2, : n_W // 2 * 2], (n_H // 2, 2, n_W // 2, 2, n_C))
    a, b, c, d = x[:, 0, :, 0], x[:, 0, :, 1], x[:, 1, :, 0], x[:, 1, :, 1]
    y = tf.maximum(tf.maximum(a, b), tf.maximum(c, d))
    which = tf.where(a == y, 0, tf.where(b == y, 1, tf.where(c == y, 2, 3)))
    return y, tf.cast(which, tf.uint8)


@tf.function(jit_compile=True, autograph=False)
def put_back(gradient, which, n_H, n_W):
    """The gradient of largest, and with None in place of `which` that of the mean."""
    parts = [0.25 * gradient if which is None else tf.where(which == n, gradient, 0.0) for n in range(4)]
    rows = [tf.stack(pair, 2) for pair in (parts[:2], parts[2:])]
    height, width, _, n_C = rows[0].shape
    spread = tf.reshape(tf.stack(rows, 1), (2 * height, 2 * width, n_C))
    return tf.pad(spread, [[0, n_H - 2 * height], [0, n_W - 2 * width], [0, 0]])


@tf.function(jit_compile=True, autograph=False)
def _back_to_the_largest(gradient, x):
    return put_back(gradient, largest(x)[1], *x.shape[:2])


_built = weakref.WeakKeyDictionary()  # {vgg: [(name, layer)]}, as deep as was asked for so far: tiled kernels are large


def layers_up_to(vgg, names):
    """[(name, layer)] up to the deepest of `names`; activations come out divided by MEAN_ACTIVATION."""
    depth = 1 + max(n for n, layer in enumerate(vgg.layers[1:]) if layer.name in names)
    built = _built.setdefault(vgg, [])
    means = [MEAN_ACTIVATION[name] for name, _ in built if name in MEAN_ACTIVATION]
    for layer in vgg.layers[1 + len(built) : 1 + depth]:
        if layer.name in MEAN_ACTIVATION:
            kernel, bias = (weights.astype(np.float64) for weights in layer.get_weights())
            before, mean = means[-1] if means else 1.0, MEAN_ACTIVATION[layer.name]
            # relu(s x) = s relu(x), and pooling likewise, so scales pass through
            built.append((layer.name, Convolution(kernel * (before / mean), bias / mean)))
            means.append(mean)
        else:
            is_average = isinstance(layer, keras.layers.AveragePooling2D)
            built.append((layer.name, AveragePooling() if is_average else MaxPooling()))
    return built[:depth]


# ---------------------------------------------------------------- models


def value_and_gradient(cost: Callable, x: tf.Tensor | list) -> tuple[tf.Tensor, tf.Tensor | list]:
    """J = cost(x) and its gradient, of a tensor or of nested lists of them (None where J does not depend on one).

    Raises TypeError if the cost is no scalar, and ValueError if no gradient reaches x.
    """
    with tf.GradientTape() as tape:
        tape.watch(x)
        J = cost(x)
    if not tf.is_tensor(J) or J.shape.rank != 0:
        raise TypeError(f"the cost function returned {J}; it must return the cost J, a scalar tensor")
    gradient = tape.gradient(J, x)
    if all(each is None for each in tf.nest.flatten(gradient)):
        raise ValueError("the cost does not depend on the picture: no gradient. Check what the cost function uses")
    return J, gradient


@contextlib.contextmanager
def traced_for_now() -> Iterator[None]:
    """In the block a function and its gradient are traced; what it holds goes when nobody needs the function any more.

    TensorFlow registers each tf.custom_gradient that it meets in a graph for good, and so keeps the graph, targets
    included: tens of megabytes for each painting. Once its gradient is traced, nobody asks for that again.
    """
    known = getattr(ops.gradient_registry, "_registry", {})
    before = set(known)
    try:
        yield
    finally:
        for name in set(known) - before:
            if name.startswith("CustomGradient-"):
                known.pop(name, None)


def mirrored(picture, border):
    """A picture that goes on beyond its edges, mirrored, for so many pixels."""
    return tf.pad(picture, [[0, 0], [border, border], [border, border], [0, 0]], "REFLECT") if border else picture


def inside(volume, name, border):
    """What a layer gives inside the picture, without its mirrored border."""
    cut = positions_outside(name, border)
    return volume[:, cut:-cut, cut:-cut] if cut else volume


def worth_tiles(n_H, n_W):
    """Is a picture large enough?"""
    return n_H * n_W >= SMALLEST_IN_TILES


def fast_feature_model(
    vgg: keras.Model, layer_names: Iterable[str], compact_names: Iterable[str] = (), border: int = 0
) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """Return a function from pictures (1, n_H, n_W, 3), RGB in [0, 1], to a list of activations, and its fast gradient.

    What comes out is what `vgg.feature_model` gives, up to float32 rounding; layers in `compact_names` come as
    `compact` makes them. With a border the network sees the picture go on beyond its edges, mirrored for so many
    pixels, and not the zeros that VGG puts there; what lies out there is cut off from the activations again.

    The fast kernels are used inside a tf.function, on a CPU, for one picture of known size, and of SMALLEST_IN_TILES
    pixels or more: below, the gradient alone is ours. Elsewhere the same layers
    run as TensorFlow's own convolutions: called directly, since compiling would take longer than it saves, and on a
    GPU, where cuDNN has such kernels itself.

    Raises ValueError for an empty list, an unknown layer name, or a picture that is too small or not of shape
    (batch, n_H, n_W, 3).
    """
    names = layers_checked(layer_names)
    layers = layers_up_to(vgg, names)

    @tf.custom_gradient
    def fast(volume):
        in_tiles = worth_tiles(*volume.shape[1:3])
        volumes = [tf.stop_gradient(volume)]  # or a tape outside prepares a gradient of each of our functions, in vain
        for _, layer in layers:
            volumes.append(layer.forward(volumes[-1], in_tiles))
        found = {name: volume for (name, _), volume in zip(layers, volumes[1:])}

        def backward(*gradients):
            total = []
            for (name, layer), x, y in reversed(list(zip(layers, volumes, volumes[1:]))):
                total += [gradient for wanted, gradient in zip(names, gradients) if wanted == name]
                total = [layer.backward(total, x, y, in_tiles)]
            return total[0]

        return [found[name] for name in names], backward

    def plain(volume):
        found = {}
        for name, layer in layers:
            volume = found[name] = layer.plain(volume)
        return [found[name] for name in names]

    @tf.autograph.experimental.do_not_convert
    def vgg_model_outputs(picture):
        picture = tf.convert_to_tensor(picture, tf.float32)
        sides = [side for side in picture.shape[1:3] if side is not None] if picture.shape.rank == 4 else [0]
        if picture.shape[-1] != 3 or min(sides, default=SMALLEST_SIDE) < SMALLEST_SIDE:
            raise ValueError(
                f"a picture has shape (1, n_H, n_W, 3), both sides at least {SMALLEST_SIDE} pixels, not {picture.shape}"
            )
        known = picture.shape.is_fully_defined() and picture.shape[0] == 1
        network = plain if tf.executing_eagerly() or GPUS or not known else fast
        volumes = network(preprocess(mirrored(picture, border)))
        volumes = [inside(volume, name, border) for name, volume in zip(names, volumes)]
        return [compact(v) if known and name in compact_names else v for name, v in zip(names, volumes)]

    return vgg_model_outputs

"""VGG-19, frozen, forward and backward as fast as TensorFlow computes it on a CPU.

`fast_feature_model` returns what `vgg.feature_model` returns, and its gradient, in less time:

- The weights never learn, so no gradient of theirs is computed, and nothing beyond the deepest layer asked for.
- A 3 x 3 convolution becomes Winograd's minimal filtering: tiles of m x m outputs are computed in a transformed space
  with (m + 2)^2 multiplications in place of 9 m^2. (Lavin & Gray (2016), Fast Algorithms for Convolutional Neural
  Networks.) m = 4 on the way forward: 4 times fewer, and hardly less exact, which matters since one ReLU that
  switches the other way changes the gradient. m = 6 on the way back, which is linear: 5 times fewer.
- The gradient of such a convolution is one more convolution, with the kernel turned around.
- Each layer's division by its mean activation is folded into the weights.
"""

import functools
import weakref
from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from nst.compact import compact
from nst.pictures import SMALLEST_SIDE
from nst.vgg import GPUS, MEAN_ACTIVATION, layers_checked, preprocess

FORWARD, BACKWARD = 4, 6  # outputs along one side of a tile
POINTS = {4: (0, 1.5, -1.5, 1 / 1.5, -1 / 1.5), 6: (0, 1, -1, 2, -2, 1 / 2, -1 / 2)}  # found by trying: least rounding
STRIP_BYTES = 64 * 2**20  # larger volumes are transformed strip by strip
_SMALLEST_CHANNELS = 128  # below that, moving tiles about takes longer than the multiplications saved

# With another number of threads BLAS gives another last digit, and after many evaluations another picture.
one_thread = threadpool_limits.wrap(limits=1, user_api="blas")


# ---------------------------------------------------------------- Winograd's matrices


@functools.cache
def winograd_matrices(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (A, G, B), float64, so that A.T ((G g) * (B.T d)) is the correlation of d (m + 2) with g (3): m values.

    Cook and Toom's construction: polynomials evaluated at m + 1 points and at infinity, multiplied there and
    interpolated. (Lavin & Gray (2016), section 4.1; Blahut (2010), Fast Algorithms for Signal Processing, chapter 5.)
    """
    points = np.array(POINTS[m])
    A = np.zeros((m + 2, m))
    G = np.zeros((m + 2, 3))
    B = np.zeros((m + 2, m + 2))
    for i, point in enumerate(points):
        others = np.delete(points, i)
        A[i] = point ** np.arange(m)
        G[i] = point ** np.arange(3) / np.prod(point - others)
        B[:-1, i] = np.poly(others)[::-1]
    A[-1, -1] = G[-1, -1] = 1
    B[:, -1] = np.poly(points)[::-1]
    # Each product may be scaled up in G and down in B: powers of two that make both alike keep the rounding small.
    balance = 2.0 ** np.round(np.log2(np.linalg.norm(G, axis=1) / np.linalg.norm(B, axis=0)) / 2)
    return A, G / balance[:, None], B * balance


def _both_ways(matrix):
    """The matrix that acts on flattened tiles as `matrix` acts on rows and columns."""
    return tf.constant(np.kron(matrix, matrix), tf.float32)


class Winograd:
    """The convolution of (1, n_H, n_W, n_C) with one 3 x 3 kernel (3, 3, n_C, n_K), stride 1, padding "same"."""

    @one_thread
    def __init__(self, kernel, m):
        A, G, B = winograd_matrices(m)
        self.m, self.n_C, self.n_K = m, *kernel.shape[2:]
        transformed = np.kron(G, G).astype(np.float32) @ kernel.reshape(9, -1).astype(np.float32)
        self.kernel = tf.constant(transformed.reshape(-1, self.n_C, self.n_K))
        self.from_tiles, self.to_tiles = _both_ways(A.T), _both_ways(B.T)

    def __call__(self, x, finish, *arguments):
        """The convolution, then `finish(rows, *arguments)`. x is a tensor or a pair (gradient, activations), see below.

        A pair stands for the gradient where the activations are positive, and zero elsewhere.
        """
        m = self.m
        _, n_H, n_W, _ = (x[0] if isinstance(x, tuple) else x).shape
        rows, columns = -(-n_H // m), -(-n_W // m)
        strips = min(rows, -(-((m + 2) ** 2) * rows * columns * max(self.n_C, self.n_K) * 4 // STRIP_BYTES))
        height = -(-rows // strips)
        done = []
        for first in range(0, rows, height):
            top, bottom = m * first, min(m * (first + height), n_H)
            strip = _rows(x, max(top - 1, 0), min(bottom + 1, n_H))
            done.append(self.rows(strip, top == 0, bottom == n_H, finish, *arguments))
        return tf.concat(done, 0)[tf.newaxis] if len(done) > 1 else done[0][tf.newaxis]

    def rows(self, x, at_top, at_bottom, finish, *arguments):
        """The same for some rows (height, n_W, n_C) of a picture.

        x has a row more on either side, but where the picture ends: at_top, at_bottom.
        """
        m = self.m
        height, n_W, _ = (x[0] if isinstance(x, tuple) else x).shape
        height -= (not at_top) + (not at_bottom)
        tiles = tf.reshape(tf.matmul(self.to_tiles, _cut(x, m, at_top, at_bottom)), ((m + 2) ** 2, -1, self.n_C))
        tiles = tf.reshape(tf.matmul(tiles, self.kernel), ((m + 2) ** 2, -1))
        return _join(tf.matmul(self.from_tiles, tiles), m, height, n_W, finish, *arguments)


def _rows(x, first, end):
    return tf.nest.map_structure(lambda volume: volume[0, first:end], x)


@tf.function(jit_compile=True, autograph=False)
def _cut(x, m, is_top, is_bottom):
    """(rows, n_W, n_C) -> overlapping tiles ((m + 2)^2, tiles * n_C), zeros around the picture."""
    if isinstance(x, tuple):
        gradient, activations = x
        x = tf.where(activations > 0, gradient, 0.0)
    height, width, _ = x.shape
    down = -(-(height - (not is_top) - (not is_bottom)) // m)
    across = -(-width // m)
    x = tf.pad(x, [[int(is_top), m * (down + 1) - height - is_top], [1, m * (across + 1) - 1 - width], [0, 0]])
    blocks = tf.reshape(x, (down + 1, m, across + 1, m, -1))  # a tile is a block and two rows and columns of the next
    blocks = tf.concat([blocks[:-1], blocks[1:, :2]], 1)
    tiles = tf.concat([blocks[:, :, :-1], blocks[:, :, 1:, :2]], 3)
    return tf.reshape(tf.transpose(tiles, (1, 3, 0, 2, 4)), ((m + 2) ** 2, -1))


@tf.function(jit_compile=True, autograph=False)
def _join(tiles, m, height, width, finish, *arguments):
    """Tiles (m^2, tiles * n_K) -> finish((height, width, n_K)), what juts out cut off."""
    down, across = -(-height // m), -(-width // m)
    tiles = tf.transpose(tf.reshape(tiles, (m, m, down, across, -1)), (2, 0, 3, 1, 4))
    return finish(tf.reshape(tiles, (m * down, m * across, tiles.shape[-1]))[:height, :width], *arguments)


# ---------------------------------------------------------------- layers


def _add_and_relu(x, bias):
    return tf.nn.relu(x + bias)


class Convolution:
    """relu(conv(x) + bias), 3 x 3."""

    def __init__(self, kernel, bias):
        self.kernel, self.bias = tf.constant(kernel, tf.float32), tf.constant(bias, tf.float32)
        turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        self.turned = tf.constant(turned, tf.float32)
        self.winograd = None
        if min(kernel.shape[2:]) >= _SMALLEST_CHANNELS:
            self.winograd = Winograd(kernel, FORWARD), Winograd(turned, BACKWARD)

    def plain(self, x):
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, self.kernel, 1, "SAME"), self.bias))

    def forward(self, x):
        if not self.winograd:
            return self.plain(x)
        return self.winograd[0](x, _add_and_relu, self.bias)

    def backward(self, gradient, x, y):
        """The gradient with respect to x, from that with respect to y = forward(x)."""
        if not self.winograd:
            return tf.nn.conv2d(tf.raw_ops.ReluGrad(gradients=gradient, features=y), self.turned, 1, "SAME")
        return self.winograd[1]((gradient, y), tf.identity)

    def forward_rows(self, x):
        """Some rows (height, n_W, n_K) of forward, from those of x and one more on either side: zeros at the border."""
        if not self.winograd:
            return _plain_rows(x, self.kernel, self.bias)
        return self.winograd[0].rows(x, False, False, _add_and_relu, self.bias)

    def backward_rows(self, gradient):
        """Likewise some rows of backward; the gradient is already zero where y is."""
        if not self.winograd:
            return _plain_rows(gradient, self.turned)
        return self.winograd[1].rows(gradient, False, False, tf.identity)


@tf.function(autograph=False)
def _plain_rows(x, kernel, bias=None):
    y = tf.nn.conv2d(x[tf.newaxis], kernel, 1, [[0, 0], [0, 0], [1, 1], [0, 0]])
    return (y if bias is None else tf.nn.relu(tf.nn.bias_add(y, bias)))[0]


_HALVE = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}


class MaxPooling:
    """The largest of each 2 x 2, stride 2."""

    def plain(self, x):
        return tf.nn.max_pool2d(x, 2, 2, "VALID")

    forward = plain

    def backward(self, gradient, x, y):
        return tf.raw_ops.MaxPoolGrad(orig_input=x, orig_output=y, grad=gradient, **_HALVE)


class AveragePooling:
    """The mean of each 2 x 2, stride 2."""

    def plain(self, x):
        return tf.nn.avg_pool2d(x, 2, 2, "VALID")

    forward = plain

    def backward(self, gradient, x, y):
        return tf.raw_ops.AvgPoolGrad(orig_input_shape=x.shape, grad=gradient, **_HALVE)


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


def mirrored(picture, border):
    """A picture that goes on beyond its edges, mirrored, for so many pixels."""
    return tf.pad(picture, [[0, 0], [border, border], [border, border], [0, 0]], "REFLECT") if border else picture


def inside(volume, name, border):
    """What a layer gives inside the picture, without its mirrored border."""
    cut = positions_outside(name, border)
    return volume[:, cut:-cut, cut:-cut] if cut else volume


def positions_outside(name, border):
    """How many positions of a layer lie in the border, on each side: a pooling halves them."""
    return border >> (int(name[len("block")]) - 1)


def fast_feature_model(
    vgg: keras.Model, layer_names: Iterable[str], compact_names: Iterable[str] = (), border: int = 0
) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """Return a function from pictures (1, n_H, n_W, 3), RGB in [0, 1], to a list of activations, and its fast gradient.

    What comes out is what `vgg.feature_model` gives, up to float32 rounding; layers in `compact_names` come as
    `compact` makes them. With a border the network sees the picture go on beyond its edges, mirrored for so many
    pixels, and not the zeros that VGG puts there; what lies out there is cut off from the activations again.

    The fast kernels are used inside a tf.function, on a CPU, for one picture of known size. Elsewhere the same layers
    run as TensorFlow's own convolutions: called directly, since compiling would take longer than it saves, and on a
    GPU, where cuDNN has such kernels itself.

    Raises ValueError for an empty list, an unknown layer name, or a picture that is too small or not of shape
    (batch, n_H, n_W, 3).
    """
    names = layers_checked(layer_names)
    layers = layers_up_to(vgg, names)

    @tf.custom_gradient
    def fast(volume):
        volumes = [volume]
        for _, layer in layers:
            volumes.append(layer.forward(volumes[-1]))
        found = {name: volume for (name, _), volume in zip(layers, volumes[1:])}

        def backward(*gradients):
            wanted = {}
            for name, gradient in zip(names, gradients):
                wanted[name] = wanted[name] + gradient if name in wanted else gradient
            total = None
            for (name, layer), x, y in reversed(list(zip(layers, volumes, volumes[1:]))):
                if name in wanted:
                    total = wanted[name] if total is None else total + wanted[name]
                total = layer.backward(total, x, y)
            return total

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

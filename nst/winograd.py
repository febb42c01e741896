"""Winograd's minimal filtering: a 3 x 3 convolution in tiles.

Tiles of m x m outputs are computed in a transformed space with (m + 2)^2 multiplications in place of 9 m^2. (Lavin &
Gray (2016), Fast Algorithms for Convolutional Neural Networks.) The transform acts on rows, and then on columns.
"""

import functools

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

POINTS = {4: (0, 1.5, -1.5, 1 / 1.5, -1 / 1.5), 6: (0, 1, -1, 2, -2, 1 / 2, -1 / 2)}  # found by trying: least rounding
STRIP_BYTES = 64 * 2**20  # larger volumes are transformed strip by strip,
FEW_CHANNELS, FEW_STRIP_BYTES = 128, 2 * 2**20  # and in the cache where the kernel fits in as well

# With another number of threads BLAS gives another last digit, and after many evaluations another picture.
one_thread = threadpool_limits.wrap(limits=1, user_api="blas")


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


class Winograd:
    """The convolution of (1, n_H, n_W, n_C) with one 3 x 3 kernel (3, 3, n_C, n_K), stride 1, padding "same"."""

    @one_thread
    def __init__(self, kernel, m):
        A, G, _ = winograd_matrices(m)
        self.m, self.n_C, self.n_K = m, *kernel.shape[2:]
        self.strip_bytes = FEW_STRIP_BYTES if max(self.n_C, self.n_K) <= FEW_CHANNELS else STRIP_BYTES
        transformed = tf.matmul(tf.constant(np.kron(G, G), tf.float32), tf.reshape(kernel, (9, -1)))
        self.kernel = tf.reshape(transformed, (-1, self.n_C, self.n_K))
        self.from_tiles = tf.constant(np.kron(A, A).T, tf.float32)  # acts on flattened tiles as A.T on rows and columns

    def __call__(self, x, finish, *arguments):
        """The convolution, then `finish(rows, *arguments)`. x is a tensor, or the pair of arguments of through_relu."""
        return self.rows(tf.nest.map_structure(lambda volume: volume[0], x), True, True, finish, *arguments)[tf.newaxis]

    def rows(self, x, at_top, at_bottom, finish, *arguments):
        """The same for some rows (height, n_W, n_C) of a picture.

        x has a row more on either side, but where the picture ends: at_top, at_bottom.
        """
        m = self.m
        n_H, n_W, _ = tf.nest.flatten(x)[0].shape
        n_H -= (not at_top) + (not at_bottom)
        down, across = -(-n_H // m), -(-n_W // m)
        strips = min(down, -(-((m + 2) ** 2) * down * across * max(self.n_C, self.n_K) * 4 // self.strip_bytes))
        if strips == 1:
            return self._strip(x, at_top, at_bottom, finish, *arguments)
        height = m * -(-down // strips)  # the last strip begins a little earlier: all are alike, and compiled once
        strips = -(-n_H // height)

        def strip(top):
            return self._strip(_rows(x, top - at_top, height + 2), False, False, finish, *arguments)

        first, last = strip(0), strip(n_H - height)[strips * height - n_H :]
        inner = tf.while_loop(  # in which all but the first and the last, which reach beyond the picture, are one
            lambda n, done: n < strips - 1,
            lambda n, done: (n + 1, done.write(n, strip(n * height))),
            [1, tf.TensorArray(tf.float32, strips, infer_shape=False, element_shape=(None, *first.shape[1:]))],
            parallel_iterations=2,
        )[1]
        return tf.ensure_shape(inner.write(0, first).write(strips - 1, last).concat(), (n_H, *first.shape[1:]))

    def _strip(self, x, at_top, at_bottom, finish, *arguments):
        m = self.m
        height, n_W, _ = tf.nest.flatten(x)[0].shape
        height -= (not at_top) + (not at_bottom)
        tiles = _transform_columns(_transform_rows(x, m, at_top, at_bottom), m)
        tiles = tf.reshape(tf.matmul(tf.reshape(tiles, ((m + 2) ** 2, -1, self.n_C)), self.kernel), ((m + 2) ** 2, -1))
        return _join(tf.matmul(self.from_tiles, tiles), m, height, n_W, finish, *arguments)


def _rows(x, first, count):
    """So many rows of each volume in x; zeros above and below it, where `first` is a number and no tensor."""

    def rows(volume):
        if tf.is_tensor(first):
            return tf.slice(volume, [first, 0, 0], [count, *volume.shape[1:]])
        above, below = max(-first, 0), max(first + count - volume.shape[0], 0)
        return tf.pad(volume[max(first, 0) : first + count], [[above, below], [0, 0], [0, 0]])

    return tf.nest.map_structure(rows, x)


def through_relu(gradients, activations):
    """The sum of the gradients where the activations are positive: the gradient before a ReLU."""
    return tf.where(activations > 0, functools.reduce(tf.add, gradients), 0.0)


# Two functions, since XLA would make one loop of both, and compute the rows anew for each column.


@tf.function(jit_compile=True, autograph=False)
def _transform_rows(x, m, at_top, at_bottom):
    """(rows, n_W, n_C) -> (m + 2, tiles down, columns, n_C), zeros around the picture."""
    x = through_relu(*x) if isinstance(x, tuple) else x
    height, width, _ = x.shape
    down, across = -(-(height - (not at_top) - (not at_bottom)) // m), -(-width // m)
    below = max(m * down + 2 - height - at_top, 0)
    x = tf.pad(x, [[int(at_top), below], [1, m * across + 1 - width], [0, 0]])
    return _transformed([x[i::m][:down] for i in range(m + 2)], m, axis=0)


@tf.function(jit_compile=True, autograph=False)
def _transform_columns(x, m):
    """(m + 2, tiles down, columns, n_C) -> (m + 2, m + 2, tiles down, tiles across, n_C)."""
    across = x.shape[2] // m
    return _transformed([x[:, :, i::m][:, :, :across] for i in range(m + 2)], m, axis=1)


def _transformed(parts, m, axis):
    """B.T d along a new axis, for d whose m + 2 rows are the parts: one loop for all, which is compiled quickly."""
    shape = [m + 2 if n == axis else 1 for n in range(parts[0].shape.rank + 1)]
    columns = (tf.reshape(tf.constant(row, tf.float32), shape) for row in winograd_matrices(m)[2])
    return functools.reduce(tf.add, [column * tf.expand_dims(part, axis) for column, part in zip(columns, parts)])


@tf.function(jit_compile=True, autograph=False)
def _join(tiles, m, height, width, finish, *arguments):
    """Tiles (m^2, tiles * n_K) -> finish((height, width, n_K)), what juts out cut off."""
    down, across = -(-height // m), -(-width // m)
    tiles = tf.transpose(tf.reshape(tiles, (m, m, down, across, -1)), (2, 0, 3, 1, 4))
    return finish(tf.reshape(tiles, (m * down, m * across, tiles.shape[-1]))[:height, :width], *arguments)

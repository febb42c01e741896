"""Rows of a volume in bands, as nst/tiles.py hands them from layer to layer, and what is done to a band."""

import numpy as np
import tensorflow as tf


class Rows:
    """Rows in bands of any height: put in at one end, taken out at the other."""

    def __init__(self):
        self.bands, self.count = [], 0

    def push(self, band):
        self.bands.append(band)
        self.count += band.shape[0]

    def first(self, rows):
        found = []
        for band in self.bands:
            if rows > 0:
                found.append(band if band.shape[0] <= rows else band[:rows])
                rows -= found[-1].shape[0]
        concatenate = np.concatenate if isinstance(found[0], np.ndarray) else tf.concat
        return found[0] if len(found) == 1 else concatenate(found, 0)

    def drop(self, rows):
        self.count -= rows
        while rows:
            height = self.bands[0].shape[0]
            if height > rows:
                self.bands[0] = self.bands[0][rows:]
                return
            rows -= height
            self.bands.pop(0)

    def take(self, rows):
        found = self.first(rows)
        self.drop(rows)
        return found


@tf.function(jit_compile=True, autograph=False)
def largest(x):
    """The largest of each 2 x 2, and which it is, 0 to 3: the first of the largest."""
    height, width, n_C = x.shape
    x = tf.reshape(x[:, : width // 2 * 2], (height // 2, 2, width // 2, 2, n_C))
    a, b, c, d = x[:, 0, :, 0], x[:, 0, :, 1], x[:, 1, :, 0], x[:, 1, :, 1]
    y = tf.maximum(tf.maximum(a, b), tf.maximum(c, d))
    which = tf.where(a == y, 0, tf.where(b == y, 1, tf.where(c == y, 2, 3)))
    return y, tf.cast(which, tf.uint8)


@tf.function(jit_compile=True, autograph=False)
def put_back(gradient, which, width):
    """The gradient of largest, and with None in place of `which` that of the mean."""
    parts = [0.25 * gradient if which is None else tf.where(which == n, gradient, 0.0) for n in range(4)]
    rows = [tf.stack(pair, 2) for pair in (parts[:2], parts[2:])]
    height, half, _, n_C = rows[0].shape
    spread = tf.reshape(tf.stack(rows, 1), (2 * height, 2 * half, n_C))
    return tf.pad(spread, [[0, 0], [0, width - 2 * half], [0, 0]])


@tf.function(jit_compile=True, autograph=False)
def gated(above, parts, is_open, zeros):
    """The rows above, and below them the sum of the parts where the ReLU is open, and some rows of zeros."""
    if is_open.dtype != tf.bool:
        is_open = is_open > 0
    rows = tf.where(is_open, tf.add_n(parts) if parts else 0.0, 0.0)
    return tf.concat([above, tf.pad(rows, [[0, zeros], [0, 0], [0, 0]])], 0)


def last_two(rows):
    """A copy of the last two rows: a slice would keep all of them in memory."""
    return tf.concat([rows[-2:-1], rows[-1:]], 0)

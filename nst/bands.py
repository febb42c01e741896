"""Rows of a volume in bands, as nst/tiles.py hands them from layer to layer: what is done to a band, what is kept."""

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


@tf.function(autograph=False)
def forward_band(layer, above, band, at_end, in_tiles):
    """What a convolution gives of a band below two rows of the same volume (one of zeros, at the top).

    at_end: zeros follow. Returns the rows (None if that is too few for one), and the last two to go on with.
    """
    x = tf.concat([above, band, *([tf.zeros_like(band[:1])] if at_end else [])], 0)
    return layer.forward_rows(x, in_tiles) if x.shape[0] > 2 else None, _last_two(x)


@tf.function(autograph=False)
def backward_band(layer, above, parts, is_open, at_end, in_tiles):
    """Likewise the gradient before a convolution, from parts of that after it, which count where the ReLU is open."""
    x = _gated(above, parts, is_open, int(at_end))
    return layer.backward_rows(x, in_tiles) if x.shape[0] > 2 else None, _last_two(x)


@tf.function(jit_compile=True, autograph=False)
def _gated(above, parts, is_open, zeros):
    """The rows above, and below them the sum of the parts where the ReLU is open, and some rows of zeros."""
    if is_open.dtype != tf.bool:
        is_open = is_open > 0
    rows = tf.where(is_open, tf.add_n(parts) if parts else 0.0, 0.0)
    return tf.concat([above, tf.pad(rows, [[0, zeros], [0, 0], [0, 0]])], 0)


def _last_two(rows):
    """A copy of the last two rows: a slice would keep all of them in memory."""
    return tf.concat([rows[-2:-1], rows[-1:]], 0)


def folded(gradient, border):
    """The gradient (rows, n_W, n_C) of what columns were mirrored from, on both sides of the picture."""
    if not border:
        return gradient
    inner = gradient[:, border:-border].copy()
    inner[:, 1 : border + 1] += gradient[:, border - 1 :: -1]
    inner[:, -border - 1 : -1] += gradient[:, : -border - 1 : -1]
    return inner


# ---------------------------------------------------------------- what the cost sees of a layer


class _Part:
    """What is wanted of a layer, once for each of its weights (n_H, n_W, 1); None weighs all positions alike.

    shape: (n_H, n_W, n_C) of what lies inside the picture; a band has `cut` positions more on each side.
    """

    def __init__(self, shape, weights, cut):
        self.shape, self.weights, self.cut, self.row = shape, weights, cut, 0

    def add(self, band):
        """The next rows of the layer."""
        here, rows = self._inside(self.row, band.shape[0])
        self.row += band.shape[0]
        if rows.start < rows.stop:
            self._add(self._cut(band, here), rows)

    def backward(self, band, row, gradients):
        """The gradient of each thing found with respect to a band that begins at `row`, given the activations there."""
        here, rows = self._inside(row, band.shape[0])
        if rows.start < rows.stop:
            outside = [[here.start, band.shape[0] - here.stop], [self.cut, self.cut], [0, 0]]
            for weight, gradient in zip(self.weights, gradients):
                if gradient is not None:
                    part = self._back(band, here, rows, gradient)
                    part = part if weight is None else part * weight[rows]
                    yield tf.pad(part, outside) if np.any(outside) else part

    def _inside(self, row, count):
        """Which of so many rows, the first being `row`, lie inside the picture: counted in the band, and inside."""
        first, end = max(row - self.cut, 0), min(row + count - self.cut, self.shape[0])
        return slice(first + self.cut - row, end + self.cut - row), slice(first, end)

    def _cut(self, band, rows):
        return band[rows, self.cut : self.cut + self.shape[1]] if self.cut or rows.stop < band.shape[0] else band


class Gram(_Part):
    """The average Gram matrices of a layer."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.positions, self.sums = self.shape[0] * self.shape[1], [0.0] * len(self.weights)

    def _add(self, band, rows):
        for k, weight in enumerate(self.weights):
            A = _flat(band)
            B = A if weight is None else _flat(band * weight[rows])
            self.sums[k] += tf.matmul(A, B, transpose_a=True).numpy().astype(np.float64)

    def found(self):
        return [tf.constant(each / self.positions, tf.float32) for each in self.sums]

    def _back(self, band, here, rows, gradient):
        band = self._cut(band, here)
        return tf.reshape(tf.matmul(_flat(band), gradient / self.positions), band.shape)


class Whole(_Part):
    """The volume of a layer, times the root of each weight."""

    def __init__(self, shape, weights, cut):
        super().__init__(shape, [weight if weight is None else tf.sqrt(weight) for weight in weights], cut)
        self.volume = None

    def _add(self, band, rows):
        if self.volume is None:
            self.volume = _aligned(self.shape)
        self.volume[rows] = band

    def found(self):
        volume = tf.experimental.dlpack.from_dlpack(self.volume[np.newaxis].__dlpack__())  # the same memory
        self.volume = None
        return [volume if root is None else volume * root for root in self.weights]

    def _back(self, band, here, rows, gradient):
        return gradient[0, rows]


def _aligned(shape):
    """An empty float32 array that begins where TensorFlow wants it to."""
    size = 4 * int(np.prod(shape))
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(np.float32).reshape(shape)


def _flat(band):
    return tf.reshape(band, (-1, band.shape[-1]))

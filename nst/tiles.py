"""A picture larger than memory: the cost and its gradient, band by band, exactly.

A band is some rows of the picture. The layers hand rows on as soon as they can: a 3 x 3 convolution waits for one row
more than it gives, and keeps the last two rows of its input for the next band. So nothing is computed twice for the
sake of a border. One evaluation is

- forward, once through all layers. What stays is what the cost sees, Gram matrices of the style layers and the volume
  of the content layer; and of the layers beyond RECOMPUTED what the gradient needs, which is little since the weights
  are frozen: where a ReLU is open, in bits; which of four a pooling has taken; and the style layers.
- the cost of that, and its gradient.
- backward, from the deepest layer to the picture. The layers up to RECOMPUTED, by far the largest, are computed once
  more on the way, a little ahead of the gradient.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from nst.areas import position_weights
from nst.bands import Gram, Rows, Whole, backward_band, folded, forward_band
from nst.compact import compact_of
from nst.engine import (
    Convolution,
    MaxPooling,
    largest,
    layers_up_to,
    put_back,
    traced_for_now,
    value_and_gradient,
    worth_tiles,
)
from nst.network import positions_outside
from nst.vgg import layers_checked, preprocess

BAND_BYTES = 12 * 2**20  # of one layer's activations
RECOMPUTED = "block3_conv1"
_WHOLE_TILES = 12  # rows, a multiple of what Winograd's tiles give: 4 forward, 6 backward

_preprocessed = tf.function(preprocess, autograph=False)

Bands = Iterator[tf.Tensor]  # a volume's rows from the top to the bottom, in bands (rows, n_W, n_C)
Seen = list[list[tf.Tensor]]  # what a cost gets: for each mask the volumes, in the order of the layer names


class TiledModel:
    """What engine.fast_feature_model and compact.py give, and its gradient, in far less memory. For a CPU.

    Layers in compact_names come as `compact` makes them, under each mask; the others whole, whatever the masks.
    """

    def __init__(
        self, vgg: keras.Model, layer_names: Iterable[str], compact_names: Iterable[str] = (), border: int = 0
    ):
        self.names, self.compact, self.border = layers_checked(layer_names), frozenset(compact_names), border
        named = layers_up_to(vgg, self.names)
        self.layers, self.index = [layer for _, layer in named], {name: n for n, (name, _) in enumerate(named)}

    def seen(self, picture: tf.Tensor, masks: Sequence[tf.Tensor] = ()) -> Seen:
        """The volumes of a picture (1, n_H, n_W, 3), for each mask (1, n_H, n_W, 1), or once if there is none."""
        return _seen(_Evaluation(self, picture, masks).forward(keep=False))

    def value_and_gradient(
        self, cost: Callable[[Seen], tf.Tensor], masks: Sequence[tf.Tensor] = ()
    ) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
        """Return a function from a picture to the number J = cost(seen(picture, masks)) and its gradient, an array.

        That raises what engine.value_and_gradient raises.
        """

        of_found = tf.function(lambda found: value_and_gradient(lambda found: cost(_seen(found)), found))

        def evaluate(picture):
            evaluation = _Evaluation(self, picture, masks)
            found = evaluation.forward(keep=True)
            with traced_for_now():  # the first time
                J, evaluation.gradients = of_found(found)
            return float(J), evaluation.backward()

        return evaluate


def _seen(found):
    """From [[matrix or volume, for each mask] for each layer] to [[volume, for each layer] for each mask]."""
    count = max(map(len, found))
    everywhere = [each * count if len(each) == 1 else each for each in found]
    return [[compact_of(x) if x.shape.rank == 2 else x for x in volumes] for volumes in zip(*everywhere)]


# ---------------------------------------------------------------- one evaluation


class _Evaluation:
    """One picture on its way forward and backward; `kept` holds what each layer's gradient needs, in rows."""

    def __init__(self, model, picture, masks):
        self.layers, self.picture, self.border, self.kept = model.layers, picture, model.border, defaultdict(Rows)
        self.shapes = []  # (n_H, n_W, n_C) of each layer
        n_H, n_W = (side + 2 * self.border for side in picture.shape[1:3])
        self.in_tiles = worth_tiles(n_H, n_W)
        for layer in self.layers:
            if isinstance(layer, Convolution):
                n_C = layer.kernel.shape[-1]
            else:
                n_H, n_W = n_H // 2, n_W // 2
            self.shapes.append((n_H, n_W, n_C))
        self.again = model.index.get(RECOMPUTED, len(self.layers) - 1) + 1  # as many layers are computed twice
        self.wanted = defaultdict(list)  # {layer: [(place among the names, Gram or Whole)]}
        for place, name in enumerate(model.names):
            n, cut = model.index[name], positions_outside(name, self.border)
            *sides, n_C = shape = (self.shapes[n][0] - 2 * cut, self.shapes[n][1] - 2 * cut, self.shapes[n][2])
            is_compact = name in model.compact
            weights = [position_weights(mask, sides)[0] for mask in masks] if is_compact and len(masks) else [None]
            kind = Gram if is_compact and sides[0] * sides[1] > n_C else Whole
            self.wanted[n].append((place, kind(shape, weights, cut)))

    def forward(self, keep):
        for _ in self._through(0, len(self.layers), self.again if keep else len(self.layers), self.wanted):
            pass
        parts = sorted((part for parts in self.wanted.values() for part in parts), key=lambda part: part[0])
        return [part.found() for _, part in parts]

    def backward(self):
        self.ahead = self._through(0, self.again, 0, {})
        bands = None
        for n in reversed(range(len(self.layers))):
            bands = self._back(n, bands)
        total, rows = np.zeros(self.picture.shape, np.float32), iter(self._mirrored(1))
        for band in bands:
            for gradient in folded(band.numpy(), self.border):
                total[0, next(rows)] += gradient[:, ::-1] * np.float32(255)
        del self.ahead  # a ring of references, which would keep all this in memory
        return total

    def _through(self, first, end, kept_from, wanted):
        bands = self._picture_bands()
        for n in range(first, end):
            bands = self._forward(n, bands, n >= kept_from, wanted.get(n, ()))
        return bands

    def _picture_bands(self):
        step, rows, columns = self._step(0), self._mirrored(1), self._mirrored(2)
        for row in range(0, len(rows), step):
            band = np.asarray(self.picture[0])[rows[row : row + step]][:, columns]
            yield _preprocessed(tf.convert_to_tensor(band, tf.float32))

    def _mirrored(self, axis):
        """The row, or column, of the picture for each one of the picture with its border."""
        return np.pad(np.arange(self.picture.shape[axis]), self.border, mode="reflect")

    # These generators wait at their `yield` while all deeper layers work: what they still hold then stays in memory.

    def _forward(self, n, bands, keep, wanted):
        if not isinstance(self.layers[n], Convolution):
            return self._pooled(n, bands, keep)
        return self._convolved(n, bands, keep, wanted)

    def _convolved(self, n, bands, keep, wanted):
        (n_H, n_W, _), row = self.shapes[n], 0
        above = tf.zeros((1, n_W, self.layers[n].kernel.shape[2]))
        for band in bands:
            row += band.shape[0]
            band, above = forward_band(self.layers[n], above, band, row == n_H, self.in_tiles)
            if band is None:
                continue
            if keep:
                self._keep(n, band)
            for _, part in wanted:
                part.add(band)
            found = [band]
            del band
            yield found.pop()

    def _pooled(self, n, bands, keep):
        """Pooled band by band, and then put together to bands as high as is right for the next layer."""
        step, before, after = self._step(n), Rows(), Rows()
        for band in bands:
            before.push(band)
            del band
            if before.count >= 2:
                pooled, which = self._pool(n, before.take(before.count // 2 * 2))
                after.push(pooled)
                if keep and which is not None:
                    self.kept[n].push(which.numpy())
                del pooled, which
            while after.count >= step:
                yield after.take(step)
        if after.count:
            yield after.take(after.count)

    def _keep(self, n, band):
        """What is kept for long is kept outside TensorFlow, whose memory would fall to pieces around it."""
        if not self._is_gram(n):
            self.kept[n].push(np.packbits(band.numpy() > 0, axis=-1))
        else:
            self.kept[n].push(band if n < self.again else np.array(band))

    def _pool(self, n, band):
        if isinstance(self.layers[n], MaxPooling):
            return largest(band)
        return self.layers[n].plain(band[tf.newaxis])[0], None

    def _back(self, n, bands):
        """From the gradient after a layer, in bands, to that before it."""
        return (
            self._back_through_convolution(n, bands)
            if isinstance(self.layers[n], Convolution)
            else self._back_through_pooling(n, bands)
        )

    def _back_through_pooling(self, n, bands):
        before_H, before_W, n_C = *self.shapes[n - 1][:2], self.shapes[n][2]
        step, queue = max(1, self._step(n - 1) // 2), Rows()
        for band in bands:
            queue.push(band)
            del band
            while queue.count:
                rows = min(step, queue.count)
                which = self._take(n, rows) if isinstance(self.layers[n], MaxPooling) else None
                yield put_back(queue.take(rows), which, 2 * rows, before_W)
        if before_H % 2:
            yield tf.zeros((1, before_W, n_C))

    def _back_through_convolution(self, n, bands):
        n_H, n_W, n_C = self.shapes[n]
        row, above = 0, tf.zeros((1, n_W, n_C))
        while row < n_H:
            parts = [] if bands is None else [next(bands)]
            rows = parts[0].shape[0] if parts else min(self._step(n), n_H - row)
            kept = self._take(n, rows)
            kept = tf.convert_to_tensor(kept if self._is_gram(n) else np.unpackbits(kept, axis=-1).view(bool))
            for place, part in self.wanted.get(n, ()):
                parts += part.backward(kept, row, self.gradients[place])
            row += rows
            found, above = backward_band(self.layers[n], above, parts, kept, row == n_H, self.in_tiles)
            del parts, kept
            if found is not None:
                found = [found]
                yield found.pop()
        for place, _ in self.wanted.get(n, ()):
            self.gradients[place] = None

    def _take(self, n, rows):
        while self.kept[n].count < rows:
            next(self.ahead)
        return self.kept[n].take(rows)

    def _is_gram(self, n):
        return any(isinstance(part, Gram) for _, part in self.wanted.get(n, ()))

    def _step(self, n):
        """How many rows a band of layer n has."""
        _, n_W, n_C = self.shapes[n]
        rows = max(1, BAND_BYTES // (4 * n_W * n_C))
        return rows // _WHOLE_TILES * _WHOLE_TILES or rows

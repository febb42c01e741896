"""Where an evaluation's time goes: each layer of the network by itself, forward and backward, at 400 x 400 px.

.venv/bin/python benchmarks/parts.py
"""

from collections import Counter

import recipes  # before TensorFlow, whose start it silences

# isort: split
import classic
import tensorflow as tf
from recipes import timed

from nst import winograd
from nst.engine import Convolution, layers_up_to
from nst.vgg import load_vgg19

REPEATS = 7


def seconds(function, *arguments):
    """The least of some runs, of a function of tensors, compiled."""
    compiled = tf.function(function, autograph=False)
    compiled(*arguments)
    return min(timed(lambda: compiled(*arguments).numpy(), REPEATS))


def of_tiles(convolution, x):
    """Seconds for the transforms into tiles, the products there, and the way back."""
    m, (_, n_H, n_W, _) = convolution.m, tf.nest.flatten(x)[0].shape
    volume = tf.nest.map_structure(lambda each: each[0], x)

    def tiles(volume):
        columns = winograd._transform_columns(winograd._transform_rows(volume, m, True, True), m)
        return tf.reshape(columns, ((m + 2) ** 2, -1, convolution.n_C))

    def products(cut):
        return tf.reshape(tf.matmul(cut, convolution.kernel), ((m + 2) ** 2, -1))

    def back(product):
        return winograd._join(tf.matmul(convolution.from_tiles, product), m, n_H, n_W, tf.identity)

    cut = tiles(volume)
    return {
        "tiles: transforms before": seconds(tiles, volume),
        "tiles: products": seconds(products, cut),
        "tiles: transforms after": seconds(back, products(cut)),
    }


def parts():
    """{part: seconds}."""
    found, x = Counter(), tf.random.uniform((1, classic.SIZE, classic.SIZE, 3))
    for name, layer in layers_up_to(load_vgg19(), recipes.LAYERS):
        y = layer.forward(x, True)
        gradient = tf.random.normal(y.shape)
        if isinstance(layer, Convolution) and layer.has_tiles:
            found.update(of_tiles(layer.winograd[0], x))
            found.update(of_tiles(layer.winograd[1], ([gradient], y)))
        else:
            kind = f"plain convolutions: {name}" if isinstance(layer, Convolution) else "poolings"
            found[kind] += seconds(lambda x, layer=layer: layer.forward(x, True), x)
            found[kind] += seconds(lambda g, x, y, layer=layer: layer.backward([g], x, y, True), gradient, x, y)
        x = y
    return dict(found)


def main():
    found = parts()
    total = sum(found.values())
    for part, each in found.items():
        print(f"{part:40} {1000 * each:6.1f} ms  {each / total:4.0%}")
    print(f"{'sum':40} {1000 * total:6.1f} ms")


if __name__ == "__main__":
    main()

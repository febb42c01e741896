"""The frozen network VGG-19, its weights, and models that return the activations of its layers."""

from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import tensorflow as tf

from nst.network import MEAN_ACTIVATION, read_weights
from nst.paths import WEIGHTS

GPUS = tf.config.list_physical_devices("GPU")


def load_vgg19(weights: str | Path = WEIGHTS) -> keras.Model:
    """Build Keras' VGG-19 without its classifier, frozen, with ImageNet weights (Simonyan & Zisserman 2015).

    weights: the bundled 8-bit file; no network is needed.

    Raises FileNotFoundError or ValueError for a missing or damaged file; each says what to do.
    """
    found = read_weights(weights)
    network = keras.applications.VGG19(include_top=False, weights=None)
    network.trainable = False
    for name, packed in found.items():
        network.get_layer(name).set_weights([packed.table[packed.indices], packed.bias])
    return network


def with_average_pooling(vgg: keras.Model) -> keras.Model:
    """Return a copy of the network that takes the mean of each 2 x 2 where VGG-19 takes the largest.

    Gatys, Ecker & Bethge (2016), section 2, found it to give slightly more appealing results. Deep activations become
    smaller by it.
    """

    def replaced(layer):
        if isinstance(layer, keras.layers.MaxPooling2D):
            return keras.layers.AveragePooling2D(2, 2, name=layer.name)
        return layer.from_config(layer.get_config())

    network = keras.models.clone_model(vgg, clone_function=replaced)
    network.set_weights(vgg.get_weights())
    network.trainable = False
    return network


def layers_checked(layer_names: Iterable[str]) -> list[str]:
    """Return the names as a list; ValueError for none, and for a name that is no convolution layer of VGG-19."""
    names = list(layer_names)
    unknown = [name for name in names if name not in MEAN_ACTIVATION]
    if unknown or not names:
        raise ValueError(f"unknown layers {unknown}; choose from: {', '.join(MEAN_ACTIVATION)}")
    return names


def preprocess(picture: tf.Tensor) -> tf.Tensor:
    """What VGG-19 was trained on, from RGB in [0, 1]: 0..255, BGR, minus the ImageNet mean."""
    return keras.applications.vgg19.preprocess_input(picture * 255.0)


def feature_model(vgg: keras.Model, layer_names: Iterable[str]) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """Return a function from pictures (batch, n_H, n_W, 3), RGB in [0, 1], to a list of activations.

    The list is in the order of `layer_names`; entry l has shape (batch, n_H of l, n_W of l, n_C of l). VGG's
    preprocessing (0..255, BGR, minus the ImageNet mean) is inside, and no layer beyond the deepest one asked for is
    computed. Each layer's activations are divided by their average over photographs, so that all layers count
    alike. (Gatys, Ecker & Bethge (2016), section 2, rescale each filter to a mean activation of one.)

    Raises ValueError for an empty list and for an unknown layer name; the message lists the valid ones.
    """
    names = layers_checked(layer_names)
    layers = keras.Model(vgg.input, [vgg.get_layer(name).output for name in names])

    def vgg_model_outputs(picture):
        activations = keras.tree.flatten(layers(preprocess(picture)))
        return [a / MEAN_ACTIVATION[name] for name, a in zip(names, activations)]

    return vgg_model_outputs

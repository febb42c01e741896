"""Answers to exercise 8, total_variation."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def total_variation(image):
    _, n_H, n_W, _ = image.shape
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))) / (n_H * n_W)


@right
def total_variation(image):
    _, n_H, n_W, _ = image.shape
    return tf.image.total_variation(image)[0] / (n_H * n_W)


@right
def total_variation(image):
    return tf.reduce_sum(tf.image.total_variation(image)) / (image.shape[1] * image.shape[2])


@right
def total_variation(image):
    """Zeros in the last row and in the last column add nothing."""
    dy, dx = tf.image.image_gradients(image)
    return tf.reduce_sum(tf.abs(dy) + tf.abs(dx)) / (image.shape[1] * image.shape[2])


@right
def total_variation(image):
    total = 0.0
    for i in range(image.shape[1] - 1):
        total += tf.reduce_sum(tf.abs(image[:, i + 1] - image[:, i]))
    for j in range(image.shape[2] - 1):
        total += tf.reduce_sum(tf.abs(image[:, :, j + 1] - image[:, :, j]))
    return total / (image.shape[1] * image.shape[2])


@right
@tf.function
def total_variation(image):
    rolled_down, rolled_across = tf.roll(image, -1, axis=1), tf.roll(image, -1, axis=2)
    down = tf.abs(rolled_down - image)[:, :-1]
    across = tf.abs(rolled_across - image)[:, :, :-1]
    return (tf.reduce_sum(down) + tf.reduce_sum(across)) / (image.shape[1] * image.shape[2])


@right
def total_variation(image):
    def one_way(picture):
        return tf.norm(picture[1:] - picture[:-1], ord=1)

    rows = tf.squeeze(image, axis=0)
    columns = tf.transpose(rows, [1, 0, 2])
    return (one_way(rows) + one_way(columns)) / (rows.shape[0] * rows.shape[1])


@right
def total_variation(image):
    """Of the two signs, the larger; at zero it has a slope as well."""
    down = image[:, 1:, :, :] - image[:, :-1, :, :]
    across = image[:, :, 1:, :] - image[:, :, :-1, :]
    parts = [tf.reduce_sum(tf.maximum(d, -d)) for d in (down, across)]
    return tf.add_n(parts) / tf.cast(tf.size(image) / 3, tf.float32)


@right
def total_variation(image):
    down, across = image[:, :-1] - image[:, 1:], image[:, :, :-1] - image[:, :, 1:]
    sums = [tf.reduce_sum(tf.where(d > 0, d, -d)) for d in (down, across)]
    return sum(sums) / np.prod(image.shape[1:3])


@right
def total_variation(image):
    n_H, n_W = image.shape[1], image.shape[2]
    down = keras.ops.sum(keras.ops.absolute(image[:, 1:] - image[:, :-1]))
    across = keras.ops.sum(keras.ops.absolute(image[:, :, 1:] - image[:, :, :-1]))
    return down / (n_H * n_W) + across / (n_H * n_W)


@right
def total_variation(image):
    """A mean for each pixel of what it differs from the next ones, with nothing beyond the edge."""
    down = tf.pad(tf.abs(image[:, 1:] - image[:, :-1]), [[0, 0], [0, 1], [0, 0], [0, 0]])
    across = tf.pad(tf.abs(image[:, :, 1:] - image[:, :, :-1]), [[0, 0], [0, 0], [0, 1], [0, 0]])
    return tf.reduce_mean(tf.reduce_sum(down + across, axis=-1))


@right
def total_variation(image):
    n_H, n_W = tf.shape(image)[1], tf.shape(image)[2]
    down = tf.gather(image, tf.range(1, n_H), axis=1) - tf.gather(image, tf.range(n_H - 1), axis=1)
    across = tf.gather(image, tf.range(1, n_W), axis=2) - tf.gather(image, tf.range(n_W - 1), axis=2)
    return (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across))) / tf.cast(n_H * n_W, tf.float32)


# ---------------------------------------------------------------- wrong: which differences


def down_of(image):
    return image[:, 1:] - image[:, :-1]


def across_of(image):
    return image[:, :, 1:] - image[:, :, :-1]


def absolute_sum(tensor):
    return tf.reduce_sum(tf.abs(tensor))


def places(image):
    return image.shape[1] * image.shape[2]


@wrong("only the differences from row to row")
def total_variation(image):
    return absolute_sum(down_of(image)) / places(image)


@wrong("only the differences from column to column")
def total_variation(image):
    return absolute_sum(across_of(image)) / places(image)


@wrong("only the differences from row to row")
def total_variation(image):
    """The picture's first axis is the one with the 1."""
    return (absolute_sum(image[1:] - image[:-1]) + absolute_sum(down_of(image))) / places(image)


@wrong("tf.roll goes around the edge")
def total_variation(image):
    down, across = image - tf.roll(image, 1, axis=1), image - tf.roll(image, 1, axis=2)
    return (absolute_sum(down) + absolute_sum(across)) / places(image)


@wrong("black ones beyond the edge")
def total_variation(image):
    framed = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return (absolute_sum(down_of(framed)) + absolute_sum(across_of(framed))) / places(image)


@wrong("black ones beyond the edge")
def total_variation(image):
    below = tf.pad(image, [[0, 0], [0, 1], [0, 0], [0, 0]])
    beside = tf.pad(image, [[0, 0], [0, 0], [0, 1], [0, 0]])
    return (absolute_sum(down_of(below)) + absolute_sum(across_of(beside))) / places(image)


@wrong("only pixels with a neighbour below and another at the right")
def total_variation(image):
    here = image[:, :-1, :-1]
    down, across = image[:, 1:, :-1] - here, image[:, :-1, 1:] - here
    return tf.reduce_sum(tf.abs(down) + tf.abs(across)) / places(image)


@wrong("across a corner")
def total_variation(image):
    return absolute_sum(image[:, 1:, 1:] - image[:, :-1, :-1]) / places(image)


@wrong("across a corner")
def total_variation(image):
    corner = image[:, 1:, 1:] - image[:, :-1, :-1]
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image)) + absolute_sum(corner)) / places(image)


@wrong("one between them")
def total_variation(image):
    down, across = image[:, 2:] - image[:, :-2], image[:, :, 2:] - image[:, :, :-2]
    return (absolute_sum(down) + absolute_sum(across)) / places(image)


@wrong("differences of differences")
def total_variation(image):
    return (absolute_sum(down_of(down_of(image))) + absolute_sum(across_of(across_of(image)))) / places(image)


@wrong("differences of differences")
def total_variation(image):
    return absolute_sum(across_of(down_of(image))) / places(image)


@wrong("channels are compared with each other")
def total_variation(image):
    down, across = image[:, :, 1:] - image[:, :, :-1], image[..., 1:] - image[..., :-1]
    return (absolute_sum(down) + absolute_sum(across)) / places(image)


@wrong("channels are put together")
def total_variation(image):
    grey = tf.reduce_mean(image, axis=-1)
    return (absolute_sum(grey[:, 1:] - grey[:, :-1]) + absolute_sum(grey[:, :, 1:] - grey[:, :, :-1])) / places(image)


@wrong("channels are put together")
def total_variation(image):
    grey = tf.image.rgb_to_grayscale(image)
    return (absolute_sum(down_of(grey)) + absolute_sum(across_of(grey))) / places(image)


@wrong("one channel is compared")
def total_variation(image):
    red = image[..., 0]
    return (absolute_sum(red[:, 1:] - red[:, :-1]) + absolute_sum(red[:, :, 1:] - red[:, :, :-1])) / places(image)


@wrong("with one and the same")
def total_variation(image):
    return absolute_sum(image - tf.reduce_mean(image, axis=[1, 2], keepdims=True)) / places(image)


@wrong("with one and the same")
def total_variation(image):
    down, across = image[:, 1:] - image[:, :1], image[:, :, 1:] - image[:, :, :1]
    return (absolute_sum(down) + absolute_sum(across)) / places(image)


@wrong("Sobel's filter")
def total_variation(image):
    return absolute_sum(tf.image.sobel_edges(image)) / places(image)


@wrong("neighbours are added")
def total_variation(image):
    down, across = image[:, 1:] + image[:, :-1], image[:, :, 1:] + image[:, :, :-1]
    return (absolute_sum(down) + absolute_sum(across)) / places(image)


# ---------------------------------------------------------------- wrong: what is done with them


@wrong("the differences are squared")
def total_variation(image):
    return (tf.reduce_sum(down_of(image) ** 2) + tf.reduce_sum(across_of(image) ** 2)) / places(image)


@wrong("the differences are squared")
def total_variation(image):
    return tf.reduce_mean(tf.square(down_of(image))) + tf.reduce_mean(tf.square(across_of(image)))


@wrong("under one square root")
def total_variation(image):
    down, across = down_of(image)[:, :, :-1], across_of(image)[:, :-1]
    return tf.reduce_sum(tf.sqrt(down**2 + across**2)) / places(image)


@wrong("under one square root")
def total_variation(image):
    dy, dx = tf.image.image_gradients(image)
    return tf.reduce_sum(tf.sqrt(dy**2 + dx**2 + 1e-12)) / places(image)


@wrong("red, green and blue go under one square root")
def total_variation(image):
    lengths = [tf.reduce_sum(tf.norm(d, axis=-1)) for d in (down_of(image), across_of(image))]
    return tf.add_n(lengths) / places(image)


@wrong("there is a square root too many")
def total_variation(image):
    return (tf.norm(down_of(image)) + tf.norm(across_of(image))) / places(image)


@wrong("where a square root would have an infinite slope")
def total_variation(image):
    """The absolute value as the root of the square: NaN where two neighbours are equal."""
    parts = [tf.reduce_sum(tf.sqrt(d**2)) for d in (down_of(image), across_of(image))]
    return tf.add_n(parts) / places(image)


@wrong("keep their signs")
def total_variation(image):
    return (tf.reduce_sum(down_of(image)) + tf.reduce_sum(across_of(image))) / places(image)


@wrong("keep their signs")
def total_variation(image):
    return tf.abs(tf.reduce_sum(down_of(image)) + tf.reduce_sum(across_of(image))) / places(image)


@wrong("keep their signs")
def total_variation(image):
    dy, dx = tf.image.image_gradients(image)
    return absolute_sum(dy + dx) / places(image)


@wrong("negative differences are lost")
def total_variation(image):
    return tf.reduce_sum(tf.nn.relu(down_of(image))) / places(image) + tf.reduce_sum(
        tf.nn.relu(across_of(image))
    ) / places(image)


@wrong("subtracted: add them")
def total_variation(image):
    return (absolute_sum(down_of(image)) - absolute_sum(across_of(image))) / places(image)


@wrong("multiplied: add them")
def total_variation(image):
    return absolute_sum(down_of(image)) * absolute_sum(across_of(image)) / places(image)


@wrong("largest difference is taken")
def total_variation(image):
    return tf.maximum(tf.reduce_max(tf.abs(down_of(image))), tf.reduce_max(tf.abs(across_of(image))))


@wrong("another range")
def total_variation(image):
    image = image * 255
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image))) / places(image)


# ---------------------------------------------------------------- wrong: what it is divided by


@wrong("exactly (n_H n_W) times too large")
def total_variation(image):
    return tf.image.total_variation(image)[0]


@wrong("put the whole denominator in brackets")
def total_variation(image):
    n_H, n_W = image.shape[1:3]
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image))) / n_H * n_W


@wrong("divided by the number of channels, too")
def total_variation(image):
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image))) / np.prod(image.shape)


@wrong("divides by the number of differences")
def total_variation(image):
    return tf.reduce_mean(tf.abs(down_of(image))) + tf.reduce_mean(tf.abs(across_of(image)))


@wrong("divides by the number of differences")
def total_variation(image):
    each = [tf.reshape(tf.abs(d), [-1]) for d in (down_of(image), across_of(image))]
    return tf.reduce_mean(tf.concat(each, axis=0))


@wrong("averaged")
def total_variation(image):
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image))) / (2 * places(image))


@wrong("counts twice")
def total_variation(image):
    both_ways = 0.0
    for d in (down_of(image), across_of(image)):
        both_ways += absolute_sum(d) + absolute_sum(-d)
    return both_ways / places(image)


@wrong("only one of the two sums is divided")
def total_variation(image):
    return absolute_sum(down_of(image)) + absolute_sum(across_of(image)) / places(image)


@wrong("other sizes than those of the picture")
def total_variation(image):
    n_H, n_W = image.shape[1:3]
    return (absolute_sum(down_of(image)) + absolute_sum(across_of(image))) / max((n_H - 1) * (n_W - 1), 1)


@wrong("sizes seem to be written as numbers")
def total_variation(image):
    return tf.image.total_variation(image)[0] / (256 * 171)


@wrong("it is divided twice")
def total_variation(image):
    return tf.image.total_variation(image)[0] / places(image) ** 2


# ---------------------------------------------------------------- wrong: what comes back


@wrong("take the first, [0]")
def total_variation(image):
    return tf.image.total_variation(image) / places(image)


@wrong("add up over the channels")
def total_variation(image):
    return tf.reduce_sum(tf.image.image_gradients(image)[0], axis=[0, 1, 2]) / places(image)


@wrong("add up over all axes")
def total_variation(image):
    dy, dx = tf.image.image_gradients(image)
    return (tf.abs(dy) + tf.abs(dx)) / places(image)


@wrong("have a row less")
def total_variation(image):
    return tf.reduce_sum(tf.abs(down_of(image)) + tf.abs(across_of(image))) / places(image)


@wrong("all but the first row")
def total_variation(image):
    return (absolute_sum(image[:, 1:] - image) + absolute_sum(image[:, :, 1:] - image)) / places(image)


@wrong("plain number or array comes back")
def total_variation(image):
    pixels = image.numpy()
    return (np.abs(np.diff(pixels, axis=1)).sum() + np.abs(np.diff(pixels, axis=2)).sum()) / places(image)


@wrong("no gradient reaches the image")
def total_variation(image):
    pixels = np.asarray(image)
    total = np.abs(np.diff(pixels, axis=1)).sum() + np.abs(np.diff(pixels, axis=2)).sum()
    return tf.constant(total / places(image))


@wrong("exactly half of the right one")
def total_variation(image):
    others = tf.stop_gradient(image)
    down, across = image[:, 1:] - others[:, :-1], image[:, :, 1:] - others[:, :, :-1]
    back_down, back_across = others[:, 1:] - image[:, :-1], others[:, :, 1:] - image[:, :, :-1]
    return sum(absolute_sum(d) for d in (down, across, back_down, back_across)) / (2 * places(image))


@wrong("float64, not float32")
def total_variation(image):
    return tf.image.total_variation(tf.cast(image, tf.float64))[0] / places(image)


@wrong("always zero")
def total_variation(image):
    return absolute_sum(image[1:] - image[:-1]) / places(image)


@wrong("returns nothing")
def total_variation(image):
    J = tf.image.total_variation(image)[0] / places(image)  # noqa: F841


@wrong("it fails for a picture of one column")
def total_variation(image):
    assert image.shape[2] > 1
    return tf.image.total_variation(image)[0] / places(image)


@wrong("has no .abs")
def total_variation(image):
    return ((image[:, 1:] - image[:, :-1]).abs().sum() + (image[:, :, 1:] - image[:, :, :-1]).abs().sum()) / places(
        image
    )

"""Answers to exercise 9, keep_colors."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong

to_yiq, to_rgb = tf.image.rgb_to_yiq, tf.image.yiq_to_rgb


def clipped(image):
    return tf.clip_by_value(image, 0.0, 1.0)


@right
def keep_colors(content_image, generated_image):
    Y = tf.image.rgb_to_yiq(generated_image)[..., :1]
    IQ = tf.image.rgb_to_yiq(content_image)[..., 1:]
    return tf.clip_by_value(tf.image.yiq_to_rgb(tf.concat([Y, IQ], axis=-1)), 0.0, 1.0)


@right
def keep_colors(content_image, generated_image):
    """In YUV: the same brightness, and two other axes in the same plane."""
    Y, _, _ = tf.split(tf.image.rgb_to_yuv(generated_image), 3, axis=-1)
    _, U, V = tf.split(tf.image.rgb_to_yuv(content_image), 3, axis=-1)
    return tf.clip_by_value(tf.image.yuv_to_rgb(tf.concat([Y, U, V], axis=3)), 0, 1)


@right
def keep_colors(content_image, generated_image):
    """Red, green and blue of the photo, all three brighter by as much as the painting is."""
    weights = tf.constant([0.299, 0.587, 0.114])
    brighter = tf.reduce_sum((generated_image - content_image) * weights, axis=-1, keepdims=True)
    return clipped(content_image + brighter)


@right
def keep_colors(content_image, generated_image):
    grey_C, grey_G = tf.image.rgb_to_grayscale(content_image), tf.image.rgb_to_grayscale(generated_image)
    return tf.minimum(tf.maximum(content_image + grey_G - grey_C, 0.0), 1.0)


@right
def keep_colors(content_image, generated_image):
    C, G = tf.image.rgb_to_yiq(content_image), tf.image.rgb_to_yiq(generated_image)
    joined = tf.stack([G[..., 0], C[..., 1], C[..., 2]], axis=-1)
    return keras.ops.clip(tf.image.yiq_to_rgb(joined), 0.0, 1.0)


@right
@tf.function
def keep_colors(content_image, generated_image):
    first = tf.constant([1.0, 0.0, 0.0])
    joined = to_yiq(generated_image) * first + to_yiq(content_image) * (1 - first)
    return tf.clip_by_value(to_rgb(joined), 0.0, 1.0)


@right
def keep_colors(content_image, generated_image):
    joined = tf.where([True, False, False], to_yiq(generated_image), to_yiq(content_image))
    return tf.clip_by_value(to_rgb(joined), clip_value_min=0.0, clip_value_max=1.0)


@right
def keep_colors(content_image, generated_image):
    """The matrix of YIQ and its inverse, of our own."""
    matrix = np.array([[0.299, 0.5959, 0.2115], [0.587, -0.2746, -0.5227], [0.114, -0.3213, 0.3112]])
    forth, back = tf.constant(matrix, tf.float32), tf.constant(np.linalg.inv(matrix), tf.float32)
    C, G = content_image @ forth, generated_image @ forth
    return clipped(tf.concat([G[..., 0:1], C[..., 1:3]], axis=-1) @ back)


@right
def keep_colors(content_image, generated_image):
    grey = generated_image @ tf.constant([[0.299], [0.587], [0.114]])
    colors = content_image - content_image @ tf.constant([[0.299], [0.587], [0.114]])
    return tf.clip_by_value(grey + colors, 0.0, 1.0)


@right
def keep_colors(content_image, generated_image):
    """Flat lists of pixels, and a clip of two ReLUs."""
    shape = generated_image.shape
    C, G = (tf.reshape(to_yiq(image), (-1, 3)) for image in (content_image, generated_image))
    free = tf.reshape(to_rgb(tf.concat([G[:, :1], C[:, 1:]], axis=1)), shape)
    return tf.nn.relu(free) - tf.nn.relu(free - 1)


# ---------------------------------------------------------------- wrong: whose channels


def joined(content_image, generated_image):
    return tf.concat([to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]], axis=-1)


@wrong("the two pictures are swapped")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(joined(generated_image, content_image)))


@wrong("the painting comes back")
def keep_colors(content_image, generated_image):
    yiq = to_yiq(generated_image)
    return clipped(to_rgb(tf.concat([yiq[..., :1], yiq[..., 1:]], axis=-1)))


@wrong("the photo comes back")
def keep_colors(content_image, generated_image):
    yiq = to_yiq(content_image)
    return clipped(to_rgb(tf.concat([yiq[..., :1], yiq[..., 1:]], axis=-1)))


@wrong("only one of I and Q comes from the photo")
def keep_colors(content_image, generated_image):
    C, G = to_yiq(content_image), to_yiq(generated_image)
    return clipped(to_rgb(tf.concat([G[..., :1], C[..., 1:2], G[..., 2:]], axis=-1)))


@wrong("only one of I and Q comes from the photo")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.concat([to_yiq(generated_image)[..., :2], to_yiq(content_image)[..., 2:]], axis=-1)))


@wrong("still red, green and blue when they are joined")
def keep_colors(content_image, generated_image):
    return tf.concat([generated_image[..., :1], content_image[..., 1:]], axis=-1)


@wrong("still red, green and blue when they are joined")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.concat([to_yiq(generated_image)[..., :1], content_image[..., 1:]], axis=-1)))


@wrong("Y must come first")
def keep_colors(content_image, generated_image):
    Y, IQ = to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]
    return clipped(to_rgb(tf.concat([IQ, Y], axis=-1)))


@wrong("the result is grey")
def keep_colors(content_image, generated_image):
    return tf.image.grayscale_to_rgb(to_yiq(generated_image)[..., :1])


@wrong("the result is grey")
def keep_colors(content_image, generated_image):
    Y = to_yiq(generated_image)[..., :1]
    return clipped(to_rgb(tf.concat([Y, tf.zeros_like(Y), tf.zeros_like(Y)], axis=-1)))


@wrong("one value for the whole picture")
def keep_colors(content_image, generated_image):
    mean = tf.reduce_mean(content_image, axis=[1, 2], keepdims=True)
    return clipped(to_rgb(joined(tf.broadcast_to(mean, content_image.shape), generated_image)))


# ---------------------------------------------------------------- wrong: what brightness is


@wrong("the value of HSV")
def keep_colors(content_image, generated_image):
    C, G = tf.image.rgb_to_hsv(content_image), tf.image.rgb_to_hsv(generated_image)
    return tf.image.hsv_to_rgb(tf.concat([C[..., :2], G[..., 2:]], axis=-1))


@wrong("the value of HSV")
def keep_colors(content_image, generated_image):
    C, G = tf.image.rgb_to_hsv(content_image), tf.image.rgb_to_hsv(generated_image)
    return tf.image.hsv_to_rgb(tf.concat([C[..., :1], G[..., 1:]], axis=-1))


@wrong("the mean of red, green and blue")
def keep_colors(content_image, generated_image):
    return clipped(content_image + tf.reduce_mean(generated_image - content_image, axis=-1, keepdims=True))


@wrong("the brightness has other weights")
def keep_colors(content_image, generated_image):
    weights = [0.2126, 0.7152, 0.0722]
    return clipped(content_image + tf.reduce_sum((generated_image - content_image) * weights, axis=-1, keepdims=True))


@wrong("red and blue are swapped")
def keep_colors(content_image, generated_image):
    weights = [0.114, 0.587, 0.299]
    return clipped(content_image + tf.reduce_sum((generated_image - content_image) * weights, axis=-1, keepdims=True))


@wrong("two colour spaces are mixed")
def keep_colors(content_image, generated_image):
    return clipped(tf.image.yuv_to_rgb(joined(content_image, generated_image)))


@wrong("two colour spaces are mixed")
def keep_colors(content_image, generated_image):
    Y, UV = tf.image.rgb_to_yuv(generated_image)[..., :1], tf.image.rgb_to_yuv(content_image)[..., 1:]
    return clipped(to_rgb(tf.concat([Y, UV], axis=-1)))


@wrong("red, green and blue are multiplied")
def keep_colors(content_image, generated_image):
    return clipped(content_image * to_yiq(generated_image)[..., :1] / to_yiq(content_image)[..., :1])


@wrong("the photo's brightness is still in it")
def keep_colors(content_image, generated_image):
    return clipped(content_image + to_yiq(generated_image)[..., :1])


@wrong("the photo's brightness is still in it")
def keep_colors(content_image, generated_image):
    return (content_image + generated_image) / 2


@wrong("the painting's own colours are still in it")
def keep_colors(content_image, generated_image):
    return (generated_image + clipped(to_rgb(joined(content_image, generated_image)))) / 2


@wrong("the brightness is changed before it is used")
def keep_colors(content_image, generated_image):
    """As Gatys and colleagues (2016) do it: the mean and the spread of the photo's brightness."""
    Y, target = to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., :1]
    Y = (Y - tf.reduce_mean(Y)) / tf.math.reduce_std(Y) * tf.math.reduce_std(target) + tf.reduce_mean(target)
    return clipped(to_rgb(tf.concat([Y, to_yiq(content_image)[..., 1:]], axis=-1)))


# ---------------------------------------------------------------- wrong: back to red, green, blue, and clipped


@wrong("the result is still Y, I and Q")
def keep_colors(content_image, generated_image):
    return joined(content_image, generated_image)


@wrong("the result is still Y, I and Q")
def keep_colors(content_image, generated_image):
    return clipped(joined(content_image, generated_image))


@wrong("its opposite")
def keep_colors(content_image, generated_image):
    return clipped(to_yiq(joined(content_image, generated_image)))


@wrong("clip the result")
def keep_colors(content_image, generated_image):
    return to_rgb(joined(content_image, generated_image))


@wrong("clip the result")
def keep_colors(content_image, generated_image):
    return tf.nn.relu(to_rgb(joined(content_image, generated_image)))


@wrong("clip the result")
def keep_colors(content_image, generated_image):
    return tf.clip_by_value(to_rgb(joined(content_image, generated_image)), 0, 255)


@wrong("I and Q may be negative")
def keep_colors(content_image, generated_image):
    return to_rgb(clipped(joined(content_image, generated_image)))


@wrong("brought to another range")
def keep_colors(content_image, generated_image):
    return 255 * clipped(to_rgb(joined(content_image, generated_image)))


@wrong("brought to another range")
def keep_colors(content_image, generated_image):
    free = to_rgb(joined(content_image, generated_image))
    return (free - tf.reduce_min(free)) / (tf.reduce_max(free) - tf.reduce_min(free))


@wrong("right to three digits only")
def keep_colors(content_image, generated_image):
    return tf.round(255 * clipped(to_rgb(joined(content_image, generated_image)))) / 255


# ---------------------------------------------------------------- wrong: what comes back


@wrong("[..., 0] takes the last axis away")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.concat([to_yiq(generated_image)[..., 0], to_yiq(content_image)[..., 1:]], axis=-1)))


@wrong("joined along the last axis")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.concat([to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]], axis=0)))


@wrong("joined along the last axis")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.concat([to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]])))


@wrong("tf.stack makes a new one")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(tf.stack([to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]], axis=-1)))


@wrong("takes all three channels")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(to_yiq(content_image)[..., 1:]) + to_yiq(generated_image)[..., :1])


@wrong("the first one is missing")
def keep_colors(content_image, generated_image):
    return clipped(to_rgb(joined(content_image, generated_image)))[0]


@wrong("one channel comes back")
def keep_colors(content_image, generated_image):
    return to_yiq(generated_image)[..., :1]


@wrong("plain number or array comes back")
def keep_colors(content_image, generated_image):
    return np.clip(to_rgb(joined(content_image, generated_image)), 0, 1)


@wrong("no gradient reaches generated_image")
def keep_colors(content_image, generated_image):
    return tf.constant(np.clip(to_rgb(joined(content_image, generated_image)), 0, 1))


@wrong("not float32")
def keep_colors(content_image, generated_image):
    return tf.image.convert_image_dtype(to_rgb(joined(content_image, generated_image)), tf.uint8)


@wrong("a tuple comes back")
def keep_colors(content_image, generated_image):
    return to_yiq(generated_image)[..., :1], to_yiq(content_image)[..., 1:]


@wrong("cannot be changed in place")
def keep_colors(content_image, generated_image):
    yiq = to_yiq(content_image)
    yiq[..., 0] = to_yiq(generated_image)[..., 0]
    return clipped(to_rgb(yiq))


@wrong("returns nothing")
def keep_colors(content_image, generated_image):
    clipped(to_rgb(joined(content_image, generated_image)))


@wrong("there is nothing called rgb_to_lab")
def keep_colors(content_image, generated_image):
    C, G = tf.image.rgb_to_lab(content_image), tf.image.rgb_to_lab(generated_image)
    return clipped(tf.image.lab_to_rgb(tf.concat([G[..., :1], C[..., 1:]], axis=-1)))

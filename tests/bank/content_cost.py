"""Answers to exercise 1, compute_content_cost."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    _, n_H, n_W, n_C = a_G.shape
    return tf.reduce_sum((a_C - a_G) ** 2) / (4 * n_H * n_W * n_C)


@right
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    _, n_H, n_W, n_C = a_G.get_shape().as_list()
    a_C_unrolled = tf.transpose(tf.reshape(a_C, (n_H * n_W, n_C)))
    a_G_unrolled = tf.transpose(tf.reshape(a_G, (n_H * n_W, n_C)))
    return 1 / (4 * n_H * n_W * n_C) * tf.reduce_sum(tf.square(tf.subtract(a_C_unrolled, a_G_unrolled)))


@right
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1])) / 4


@right
def compute_content_cost(content_output, generated_output):
    return 0.25 * tf.reduce_mean(tf.math.squared_difference(generated_output[-1], content_output[-1]))


@right
def compute_content_cost(content_output, generated_output):
    difference = tf.reshape(generated_output[-1] - content_output[-1], [-1])
    return tf.tensordot(difference, difference, 1) / (4 * difference.shape[0])


@right
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.einsum("bhwc,bhwc->", d, d) / (4 * np.prod(d.shape))


@right
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.nn.l2_loss(d) / (2 * d.shape[1] * d.shape[2] * d.shape[3])


@right
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.reduce_sum(d * d) / tf.cast(4 * tf.size(d), tf.float32)


@right
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.linalg.norm(d) ** 2 / (4 * tf.size(d, out_type=tf.int64).numpy())


@right
@tf.function
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    return tf.add_n([tf.reduce_sum((a_C - a_G) ** 2)]) / (4.0 * a_G.shape[1] * a_G.shape[2] * a_G.shape[3])


@right
def compute_content_cost(content_output, generated_output):
    *_, a_C = content_output
    *_, a_G = generated_output
    rows = tf.reduce_mean((a_C - a_G) ** 2, axis=(1, 2))
    return tf.reduce_mean(rows) * tf.constant(0.25)


@right
def compute_content_cost(content_output, generated_output):
    a_C = tf.transpose(content_output[-1], (0, 3, 1, 2))
    a_G = tf.transpose(generated_output[-1], (0, 3, 1, 2))
    n = 1
    for side in a_G.shape:
        n *= side
    return tf.reduce_sum(tf.pow(a_C - a_G, 2)) / (4 * n)


def cost(a_C, a_G):
    return tf.reduce_sum((a_C - a_G) ** 2) / (4 * a_G.shape[1] * a_G.shape[2] * a_G.shape[3])


@wrong("exactly 4 times too large: the factor 1/4 is missing")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1]))


@wrong("2 times too large")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1])) / 2


@wrong("4 · (n_H n_W) · n_C times too large")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_sum(tf.square(content_output[-1] - generated_output[-1]))


@wrong("2 · (n_H n_W) · n_C times too large")
def compute_content_cost(content_output, generated_output):
    return tf.nn.l2_loss(content_output[-1] - generated_output[-1])


@wrong("n_C times too large")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    return tf.reduce_sum((a_C - a_G) ** 2) / (4 * a_G.shape[1] * a_G.shape[2])


@wrong("n_W times too large and n_C times too small")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    return tf.reduce_sum((a_C - a_G) ** 2) / (4 * a_G.shape[1] * a_G.shape[3] ** 2)


@wrong("n_H times too large")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    n_H, n_W, n_C = a_G.shape[0], a_G.shape[2], a_G.shape[3]
    return tf.reduce_sum((a_C - a_G) ** 2) / (4 * n_H * n_W * n_C)


@wrong("put the whole denominator in brackets")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    _, n_H, n_W, n_C = a_G.shape
    return 1 / 4 * n_H * n_W * n_C * tf.reduce_sum((a_C - a_G) ** 2)


@wrong("(n_H n_W) · n_C times too small: it is divided twice; tf.reduce_mean")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    _, n_H, n_W, n_C = a_G.shape
    return tf.reduce_mean((a_C - a_G) ** 2) / (4 * n_H * n_W * n_C)


@wrong("a layer that is not the last one")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[0], generated_output[0])


@wrong("a layer that is not the last one")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[1], generated_output[1])


@wrong("a layer that is not the last one")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-2], generated_output[-2])


@wrong("all layers are added up")
def compute_content_cost(content_output, generated_output):
    return tf.add_n([cost(a_C, a_G) for a_C, a_G in zip(content_output, generated_output)])


@wrong("absolute values")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.abs(content_output[-1] - generated_output[-1])) / 4


@wrong("not squared")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(content_output[-1] - generated_output[-1]) / 4


@wrong("before they are squared")
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.square(tf.reduce_sum(d)) / (4 * d.shape[1] * d.shape[2] * d.shape[3])


@wrong("square root too many")
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.norm(d) / (4 * d.shape[1] * d.shape[2] * d.shape[3])


@wrong("square root too many")
def compute_content_cost(content_output, generated_output):
    return tf.sqrt(cost(content_output[-1], generated_output[-1]))


@wrong("where they should be subtracted")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-1], -generated_output[-1])


@wrong("subtract first")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    return (tf.reduce_mean(a_C**2) - tf.reduce_mean(a_G**2)) / 4


@wrong("a_C is not used")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(generated_output[-1] ** 2) / 4


@wrong("a_G is not used")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(content_output[-1] ** 2) / 4


@wrong("always zero: is something compared with itself")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-1], content_output[-1])


@wrong("always the same number")
def compute_content_cost(content_output, generated_output):
    return tf.constant(29 / 24)


@wrong("where they should be subtracted")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(content_output[-1] * generated_output[-1]) / 4


@wrong("plain number or array comes back where a tensor should")
def compute_content_cost(content_output, generated_output):
    return np.mean((content_output[-1].numpy() - generated_output[-1].numpy()) ** 2) / 4


@wrong("breaks the chain")
def compute_content_cost(content_output, generated_output):
    return float(cost(content_output[-1], generated_output[-1]))


@wrong("no gradient reaches the image")
def compute_content_cost(content_output, generated_output):
    return tf.constant(cost(content_output[-1], generated_output[-1]).numpy())


@wrong("no gradient reaches the image")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-1], tf.stop_gradient(generated_output[-1]))


@wrong("no gradient reaches the image")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-1], tf.Variable(generated_output[-1]))


@wrong("the gradient is exactly half")
def compute_content_cost(content_output, generated_output):
    d = content_output[-1] - generated_output[-1]
    return tf.reduce_mean(d * tf.stop_gradient(d)) / 4


@wrong("one size of picture only")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_sum((content_output[-1] - generated_output[-1]) ** 2) / (4 * 1 * 3 * 2 * 5)


@wrong("tf.reshape do not multiply to the number of values")
def compute_content_cost(content_output, generated_output):
    a_C = tf.reshape(content_output[-1], (3, 2))
    a_G = tf.reshape(generated_output[-1], (3, 2))
    return tf.reduce_mean((a_C - a_G) ** 2) / 4


@wrong("changes its arguments")
def compute_content_cost(content_output, generated_output):
    return cost(content_output.pop(), generated_output.pop())


@wrong("changes its arguments")
def compute_content_cost(content_output, generated_output):
    content_output.reverse()
    generated_output.reverse()
    return cost(content_output[0], generated_output[0])


calls = []


@wrong("keeps something between calls")
def compute_content_cost(content_output, generated_output):
    calls.append(1)
    return cost(content_output[-1], generated_output[-1]) * (len(calls) % 2)


kept = {}


@wrong("it fails for")
def compute_content_cost(content_output, generated_output):
    a_C = kept.setdefault(len(content_output) < 3 or content_output[-1].shape, content_output[-1])
    return cost(a_C, generated_output[-1])


@wrong("returns nothing")
def compute_content_cost(content_output, generated_output):
    J_content = cost(content_output[-1], generated_output[-1])
    print(J_content)


@wrong("a tuple comes back")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[-1], generated_output[-1]), 0


@wrong("shape is (1, ")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2, axis=(1, 2)) / 4


@wrong("shape is (1,)")
def compute_content_cost(content_output, generated_output):
    return tf.reshape(cost(content_output[-1], generated_output[-1]), (1,))


@wrong("float64, not float32")
def compute_content_cost(content_output, generated_output):
    return tf.cast(cost(content_output[-1], generated_output[-1]), tf.float64)


@wrong("int32, not float32")
def compute_content_cost(content_output, generated_output):
    return tf.cast(cost(content_output[-1], generated_output[-1]), tf.int32)


@wrong("the largest difference")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_max((content_output[-1] - generated_output[-1]) ** 2)


@wrong("it fails for lists with one layer")
def compute_content_cost(content_output, generated_output):
    style, a_C = content_output[-2:]
    style, a_G = generated_output[-2:]
    return cost(a_C, a_G)


@wrong("a layer that is not the last one")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[min(2, len(content_output) - 1)], generated_output[min(2, len(content_output) - 1)])


@wrong("numbers of different types are mixed")
def compute_content_cost(content_output, generated_output):
    a_G = generated_output[-1]
    n = tf.shape(a_G)[1] * tf.shape(a_G)[2] * tf.shape(a_G)[3]
    return tf.reduce_sum((content_output[-1] - a_G) ** 2) / (4 * n)


@wrong("wrong sign")
def compute_content_cost(content_output, generated_output):
    return -cost(content_output[-1], generated_output[-1])


@wrong("not defined")
def compute_content_cost(content_output, generated_output):
    return cost(contents_output[-1], generated_output[-1])  # noqa: F821


@wrong("not written yet")
def compute_content_cost(content_output, generated_output):
    raise NotImplementedError("write your code here")


@wrong("leave the line with `def` as it was")
def compute_content_cost(a_C):
    return tf.reduce_mean(a_C**2)


@wrong("in line")
def compute_content_cost(content_output, generated_output):
    return cost(content_output[17], generated_output[17])


@wrong("taken as they are")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = (tf.math.l2_normalize(a[-1]) for a in (content_output, generated_output))
    return cost(a_C, a_G)


@wrong("three digits only")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = (tf.cast(a[-1], tf.float16) for a in (content_output, generated_output))
    return tf.cast(tf.reduce_mean((a_C - a_G) ** 2) / 4, tf.float32)


@wrong("taken as they are")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = (tf.nn.relu(a[-1]) for a in (content_output, generated_output))
    return cost(a_C, a_G)


@wrong("always zero")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) // 4000


@wrong("a list has no shape")
def compute_content_cost(content_output, generated_output):
    _, n_H, n_W, n_C = generated_output.shape
    return tf.reduce_sum((content_output - generated_output) ** 2) / (4 * n_H * n_W * n_C)


@wrong("tf.reduce_sum")
def compute_content_cost(content_output, generated_output):
    return tf.sum((content_output[-1] - generated_output[-1]) ** 2)


def last(content_output, generated_output):
    return content_output[-1], generated_output[-1], tf.size(generated_output[-1], tf.int32).numpy()


@wrong("activation has four sizes")
def compute_content_cost(content_output, generated_output):
    n_H, n_W, n_C = generated_output[-1].shape
    return tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1])) / 4


@wrong("sizes are those of another layer")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, _ = last(content_output, generated_output)
    return tf.reduce_sum(tf.square(a_C - a_G)) / (4 * np.prod(generated_output[0].shape))


@wrong("unrolled in different orders")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, _ = last(content_output, generated_output)
    n_C = a_G.shape[-1]
    difference = tf.transpose(tf.reshape(a_C, [-1, n_C])) - tf.reshape(a_G, [n_C, -1])
    return tf.reduce_mean(tf.square(difference)) / 4


@wrong("has no .reshape: use tf.reshape")
@tf.function
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    return tf.reduce_mean(tf.square(a_C.reshape(-1) - a_G.reshape(-1))) / 4


@wrong("cannot decide an `if`")
@tf.function
def compute_content_cost(content_output, generated_output):
    a_C, a_G = content_output[-1], generated_output[-1]
    if a_C == a_G:
        return tf.constant(0.0)
    return tf.reduce_mean(tf.square(a_C - a_G)) / 4


@wrong("without sessions and placeholders")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, _ = last(content_output, generated_output)
    return (tf.reduce_mean(tf.square(a_C - a_G)) / 4).eval()


@wrong("without sessions and placeholders")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, _ = last(content_output, generated_output)
    with tf.compat.v1.Session() as session:
        return session.run(tf.reduce_mean(tf.square(a_C - a_G)) / 4)


@wrong("without sessions and placeholders")
def compute_content_cost(content_output, generated_output):
    return tf.Session().run(content_output[-1])


@wrong("tf.math.squared_difference")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.squared_difference(content_output[-1], generated_output[-1])) / 4


@wrong("tf.cast(x, tf.float32)")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, n = last(content_output, generated_output)
    return tf.reduce_sum(tf.square(a_C - a_G)) / tf.to_float(4 * n)


@wrong("keep_dims is called keepdims")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean(tf.square(content_output[-1] - generated_output[-1]), keep_dims=False) / 4


@wrong("tf.divide of two Python numbers")
def compute_content_cost(content_output, generated_output):
    a_C, a_G, n = last(content_output, generated_output)
    return tf.multiply(tf.divide(1, 4 * int(n)), tf.reduce_sum(tf.square(a_C - a_G)))


@wrong("** is a power")
def compute_content_cost(content_output, generated_output):
    return tf.reduce_mean((content_output[-1] - generated_output[-1]) ^ 2) / 4


@wrong("has no .pow: use tf.square")
def compute_content_cost(content_output, generated_output):
    return (content_output[-1] - generated_output[-1]).pow(2).mean() / 4


@wrong("another name for sum: tf.reduce_sum")
def compute_content_cost(content_output, generated_output):
    return tf.sum(tf.square(content_output[-1] - generated_output[-1]))


@right
def compute_content_cost(content_output, generated_output):
    flat_C, flat_G = (tf.reshape(a[-1], [-1]) for a in (content_output, generated_output))
    return keras.losses.mean_squared_error(flat_C, flat_G) / 4


@right
def compute_content_cost(content_output, generated_output):
    return keras.losses.MeanSquaredError()(y_true=content_output[-1], y_pred=generated_output[-1]) * 0.25


@right
def compute_content_cost(content_output, generated_output):
    def of_row(rows):
        return tf.reduce_mean(tf.math.squared_difference(*rows))

    index = len(content_output) - 1
    rows = tf.vectorized_map(of_row, (content_output[index][0], generated_output[index][0]))
    return tf.reduce_mean(rows) / 4


@wrong("(n_H n_W) times too large")
def compute_content_cost(content_output, generated_output):
    over_places = tf.reduce_sum((content_output[-1] - generated_output[-1]) ** 2, axis=[1, 2])
    return tf.reduce_mean(over_places) / 4


@wrong("add up over all axes")
def compute_content_cost(content_output, generated_output):
    return keras.losses.mean_squared_error(content_output[-1], generated_output[-1]) / 4


@wrong("absolute values")
def compute_content_cost(content_output, generated_output):
    return keras.losses.MeanAbsoluteError()(content_output[-1], generated_output[-1]) / 4


@wrong("square root too many")
def compute_content_cost(content_output, generated_output):
    return tf.sqrt(tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2))


@wrong("divided with //")
def compute_content_cost(content_output, generated_output):
    return (1 // 4) * tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2)


@wrong("taken as they are")
def compute_content_cost(content_output, generated_output):
    a_C, a_G = (tf.sigmoid(a[-1]) for a in (content_output, generated_output))
    return cost(a_C, a_G)


@wrong("squared one by one")
def compute_content_cost(content_output, generated_output):
    difference = content_output[-1] - generated_output[-1]
    _, n_H, n_W, n_C = difference.shape
    return tf.reduce_sum(difference @ difference) / (4 * n_H * n_W * n_C)

"""Answers to exercise 5, total_cost."""

import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    J = tf.add(tf.multiply(alpha, J_content), tf.multiply(beta, J_style))
    return J


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.add_n([J_content * alpha, J_style * beta])


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.tensordot(tf.constant([alpha, beta], tf.float32), tf.stack([J_content, J_style]), axes=1)


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.reduce_sum(tf.stack([alpha * J_content, beta * J_style]))


@right
@tf.function()
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style


@right
def total_cost(J_content, J_style, alpha=10.0, beta=40.0):
    J = 0.0
    for weight, cost in ((alpha, J_content), (beta, J_style)):
        J += weight * cost
    return J


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return sum(weight * cost for weight, cost in zip([alpha, beta], [J_content, J_style]))


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.einsum("i,i->", tf.cast([alpha, beta], tf.float32), tf.convert_to_tensor([J_content, J_style]))


@right
def total_cost(J_content, J_style, alpha=None, beta=None):
    alpha = 10 if alpha is None else alpha
    beta = 40 if beta is None else beta
    return tf.math.scalar_mul(alpha, J_content) + tf.math.scalar_mul(beta, J_style)


@wrong("alpha and beta are swapped")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return beta * J_content + alpha * J_style


@wrong("default values are wrong")
def total_cost(J_content, J_style, alpha=40, beta=10):
    return alpha * J_content + beta * J_style


@wrong("default values are wrong")
def total_cost(J_content, J_style, alpha=1, beta=1):
    return alpha * J_content + beta * J_style


@wrong("alpha and beta are ignored")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return 10 * J_content + 40 * J_style


@wrong("alpha and beta are ignored")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return J_content + J_style


@wrong("beta is missing")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + J_style


@wrong("alpha is missing")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return J_content + beta * J_style


@wrong("the style cost is missing")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content


@wrong("the content cost is missing")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return beta * J_style


@wrong("one weight is used for both")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * (J_content + J_style)


@wrong("one weight is used for both")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return beta * J_content + beta * J_style


@wrong("brackets are wrong")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * (J_content + beta * J_style)


@wrong("brackets are wrong")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return (alpha * J_content + J_style) * beta


@wrong("weights are added to the costs")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return (alpha + J_content) + (beta + J_style)


@wrong("multiplied with each other")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content * beta * J_style


@wrong("style cost is subtracted")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content - beta * J_style


@wrong("divided by the sum of the weights")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return (alpha * J_content + beta * J_style) / (alpha + beta)


@wrong("not an average")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.reduce_mean([alpha * J_content, beta * J_style])


@wrong("weights are squared")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha**2 * J_content + beta**2 * J_style


@wrong("costs are squared")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content**2 + beta * J_style**2


@wrong("costs are divided by their weights")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return J_content / (alpha or 1e-9) + J_style / (beta or 1e-9)


@wrong("only the larger cost")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.maximum(alpha * J_content, beta * J_style)


@wrong("square root too many")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.sqrt(alpha * J_content + beta * J_style)


@wrong("zero is taken for a missing one")
def total_cost(J_content, J_style, alpha=None, beta=None):
    return (alpha or 10) * J_content + (beta or 40) * J_style


@wrong("weights below one become zero")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return int(alpha) * J_content + int(beta) * J_style


@wrong("weights are cut off")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return min(alpha, 100) * J_content + min(beta, 100) * J_style


@wrong("without their names")
def total_cost(J_content, J_style, beta=40, alpha=10):
    return alpha * J_content + beta * J_style


@wrong("plain number or array comes back")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return float(alpha * J_content + beta * J_style)


@wrong("plain number or array comes back")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return np.dot([alpha, beta], [J_content, J_style])


@wrong("no gradient reaches the two costs")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.constant(alpha * J_content.numpy() + beta * J_style.numpy())


@wrong("no gradient reaches the two costs")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * tf.stop_gradient(J_content) + beta * J_style


@wrong("returns nothing")
def total_cost(J_content, J_style, alpha=10, beta=40):
    J = alpha * J_content + beta * J_style  # noqa: F841


@wrong("a tuple comes back")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content, beta * J_style


@wrong("add up over all axes")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.stack([alpha * J_content, beta * J_style])


@wrong("leave the line with `def` as it was")
def total_cost(J_content, J_style):
    return 10 * J_content + 40 * J_style


@wrong("int32, not float32")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.cast(alpha * J_content + beta * J_style, tf.int32)


@wrong("always the same number")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.constant(140.0)


best = [tf.constant(np.inf, tf.float32)]


@wrong()
def total_cost(J_content, J_style, alpha=10, beta=40):
    """Never more than the smallest cost so far."""
    best.append(tf.minimum(best[-1], alpha * J_content + beta * J_style))
    return best[-1]


@wrong("something is added")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style + 1


@wrong("logarithm")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.math.log(alpha * J_content + beta * J_style)


ALPHA, BETA = 10, 100


@wrong("alpha and beta are ignored")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return ALPHA * J_content + BETA * J_style


@wrong("alpha and beta are ignored")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return 10 * J_content + 100 * J_style


@wrong("beta is ignored")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + BETA * J_style


@wrong("default values are wrong")
def total_cost(J_content, J_style, alpha=20, beta=20):
    return alpha * J_content + beta * J_style


@wrong("leave the line with `def` as it was")
@tf.function
def total_cost(J_content, J_style, ALPHA=10, BETA=40):
    return ALPHA * J_content + BETA * J_style


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.tensordot(tf.stack([J_content, J_style]), tf.constant([alpha, beta], tf.float32), axes=1)


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    def weighted(weight, cost):
        return weight * cost

    return sum(weighted(weight=w, cost=J) for w, J in {alpha: J_content}.items()) + weighted(beta, J_style)


@right
def total_cost(J_content, J_style, alpha=10, beta=40):
    costs, weights = dict(content=J_content, style=J_style), dict(content=alpha, style=beta)
    return tf.add_n([weights[name] * costs[name] for name in costs])


@wrong("J_content stands where J_style should")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_content


@wrong("one weight is made from the other")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + (1 - alpha) * J_style


@wrong("not an average")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.reduce_mean([alpha * J_content, beta * J_style])


@wrong("J_style stands where J_content should")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return tf.reduce_sum(tf.constant([alpha, beta], tf.float32) * J_style)


@wrong("logarithm")
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * tf.math.log(J_content) + beta * tf.math.log(J_style)


@wrong("which comes first")
def total_cost(J_style, J_content, alpha=10, beta=40):
    return alpha * J_content + beta * J_style

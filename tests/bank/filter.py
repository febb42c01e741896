"""Answers to exercise 10, filter_loss. What they use comes from notebook 09, or from the check's small world."""
# ruff: noqa: F821

import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def filter_loss(network, photo):
    painting = network(photo)
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(painting)
    J_content = compute_content_cost(a_C, a_G)
    J_style = compute_style_cost(a_S, a_G)
    return total_cost(J_content, J_style, ALPHA, BETA)


@right
def filter_loss(network, photo):
    a_G = vgg_model_outputs(network(photo))
    J = total_cost(compute_content_cost(vgg_model_outputs(photo), a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)
    return J


@right
def filter_loss(network, photo):
    """By hand, with the layers named, and the parameters in another order."""
    a_G = vgg_model_outputs(network(photo))
    J_style = compute_style_cost(style_image_output=a_S, generated_image_output=a_G)
    J_content = compute_content_cost(generated_output=a_G, content_output=vgg_model_outputs(photo))
    return ALPHA * J_content + BETA * J_style


@right
def filter_loss(network, photo):
    """No gradient is needed of the photo's activations."""
    a_C = [tf.stop_gradient(a) for a in vgg_model_outputs(photo)]
    a_G = vgg_model_outputs(network(photo))
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), beta=BETA, alpha=ALPHA)


@right
def filter_loss(network, photo):
    """Painted twice, once for each cost: slow, and right."""
    J_content = compute_content_cost(vgg_model_outputs(photo), vgg_model_outputs(network(photo)))
    J_style = compute_style_cost(a_S, vgg_model_outputs(network(photo)))
    return total_cost(J_content, J_style, ALPHA, BETA)


@right
def filter_loss(network, photo):
    """Paintings lie in [0, 1] anyway."""
    painting = tf.clip_by_value(network(photo), 0.0, 1.0)
    a_C, a_G = (vgg_model_outputs(picture) for picture in (photo, painting))
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)


def costs_of(photo, painting):
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(painting)
    return compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)


@right
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)), ALPHA, BETA)


@right
@tf.function
def filter_loss(network, photo):
    J_content, J_style = costs_of(photo, network(photo))
    return total_cost(J_content, J_style, alpha=ALPHA, beta=BETA)


@right
def filter_loss(network, photo):
    """The content cost is the same both ways round."""
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(network(photo))
    return tf.add(total_cost(compute_content_cost(a_G, a_C), 0.0, ALPHA, BETA), BETA * compute_style_cost(a_S, a_G))


@right
def filter_loss(network, photo):
    """Only the layers that each cost looks at."""
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(network(photo))
    costs = tf.stack([compute_content_cost(a_C[-1:], a_G[-1:]), compute_style_cost(a_S[:-1], a_G[:-1])])
    return tf.reduce_sum(tf.constant([ALPHA, BETA], tf.float32) * costs)


@wrong("the network paints nothing")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, photo), ALPHA, BETA)


@wrong("once more")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(network(photo))), ALPHA, BETA)


@wrong("takes the photo as it is")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(2 * photo - 1)), ALPHA, BETA)


@wrong("takes the photo as it is")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(255.0 * photo)), ALPHA, BETA)


def loss_of(network, photo, content, style):
    """What two functions of a_C and a_G make of it."""
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(network(photo))
    return total_cost(content(a_C, a_G), style(a_C, a_G), ALPHA, BETA)


def right_content(a_C, a_G):
    return compute_content_cost(a_C, a_G)


def right_style(a_C, a_G):
    return compute_style_cost(a_S, a_G)


@wrong("the style cost looks at the photo")
def filter_loss(network, photo):
    return loss_of(network, photo, right_content, lambda a_C, a_G: compute_style_cost(a_S, a_C))


@wrong("the style cost compares with the photo: its target is a_S")
def filter_loss(network, photo):
    return loss_of(network, photo, right_content, lambda a_C, a_G: compute_style_cost(a_C, a_G))


@wrong("the content cost compares with the artwork")
def filter_loss(network, photo):
    return loss_of(network, photo, lambda a_C, a_G: compute_content_cost(a_S, a_G), right_style)


@wrong("the targets are swapped")
def filter_loss(network, photo):
    return loss_of(
        network,
        photo,
        lambda a_C, a_G: compute_content_cost(a_S, a_G),
        lambda a_C, a_G: compute_style_cost(a_C, a_G),
    )


@wrong("compares something with itself")
def filter_loss(network, photo):
    return loss_of(network, photo, lambda a_C, a_G: compute_content_cost(a_G, a_G), right_style)


@wrong("compares something with itself")
def filter_loss(network, photo):
    return loss_of(network, photo, lambda a_C, a_G: compute_content_cost(a_C, a_C), right_style)


@wrong("the content cost is missing from J")
def filter_loss(network, photo):
    return BETA * compute_style_cost(a_S, vgg_model_outputs(network(photo)))


@wrong("a_C comes from another picture")
def filter_loss(network, photo):
    """With the target of notebook 04."""
    a_G = vgg_model_outputs(network(photo))
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)


@wrong("(or the two costs) are swapped")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)), BETA, ALPHA)


@wrong("(or the two costs) are swapped")
def filter_loss(network, photo):
    J_content, J_style = costs_of(photo, network(photo))
    return total_cost(J_style, J_content, ALPHA, BETA)


@wrong("ALPHA and BETA have no effect")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)))


@wrong("ALPHA and BETA have no effect")
def filter_loss(network, photo):
    J_content, J_style = costs_of(photo, network(photo))
    return J_content + J_style


@wrong("ALPHA and BETA have no effect")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)), 10, 30)


@wrong("BETA has no effect")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)), ALPHA)


@wrong("ALPHA has no effect")
def filter_loss(network, photo):
    return total_cost(*costs_of(photo, network(photo)), beta=BETA)


@wrong("the style cost is missing from J")
def filter_loss(network, photo):
    return ALPHA * costs_of(photo, network(photo))[0]


@wrong("J_content comes back")
def filter_loss(network, photo):
    return costs_of(photo, network(photo))[0]


@wrong("J_style comes back")
def filter_loss(network, photo):
    return costs_of(photo, network(photo))[1]


@wrong("2 times the total cost")
def filter_loss(network, photo):
    return 2 * total_cost(*costs_of(photo, network(photo)), ALPHA, BETA)


@wrong("no gradient reaches the network's weights: .numpy() breaks the chain")
def filter_loss(network, photo):
    painting = tf.constant(network(photo).numpy())
    return total_cost(*costs_of(photo, painting), ALPHA, BETA)


@wrong("no gradient reaches the network's weights: tf.stop_gradient stops it")
def filter_loss(network, photo):
    painting = tf.stop_gradient(network(photo))
    return total_cost(*costs_of(photo, painting), ALPHA, BETA)


@wrong("no gradient reaches the network's weights")
def filter_loss(network, photo):
    painting = tf.constant(np.clip(network(photo).numpy(), 0, 1))
    return total_cost(*costs_of(photo, painting), ALPHA, BETA)


@wrong("a part of the computation is hidden from the tape")
def filter_loss(network, photo):
    painting = network(photo)
    J_content, _ = costs_of(photo, painting)
    _, J_style = costs_of(photo, tf.stop_gradient(painting))
    return total_cost(J_content, J_style, ALPHA, BETA)


@wrong("a plain number comes back: return J as it is")
def filter_loss(network, photo):
    return float(total_cost(*costs_of(photo, network(photo)), ALPHA, BETA))


@wrong("a tuple comes back")
def filter_loss(network, photo):
    painting = network(photo)
    return total_cost(*costs_of(photo, painting), ALPHA, BETA), painting


@wrong("returns nothing")
def filter_loss(network, photo):
    J = total_cost(*costs_of(photo, network(photo)), ALPHA, BETA)  # noqa: F841


@wrong("J must be one number")
def filter_loss(network, photo):
    return network(photo)


@wrong("send photo and painting through vgg_model_outputs")
def filter_loss(network, photo):
    painting = network(photo)
    a_G = vgg_model_outputs(painting)
    return total_cost(compute_content_cost(photo, painting), compute_style_cost(a_S, a_G), ALPHA, BETA)


@wrong("call it, network(photo)")
def filter_loss(network, photo):
    a_C, a_G = vgg_model_outputs(photo), vgg_model_outputs(network)
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)


@wrong("the style cost is missing from J (wrong for ALPHA = 0)")
def filter_loss(network, photo):
    """A weight that is left out where it is zero, and the other one with it."""
    J = total_cost(*costs_of(photo, network(photo)), ALPHA, BETA)
    return J if ALPHA else 0 * J


@wrong("leave the line with `def` as it was")
def filter_loss(photo):
    return total_cost(*costs_of(photo, photo), ALPHA, BETA)

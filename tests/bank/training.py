"""Answers to exercise 6, train_step. What they use comes from notebook 04, or from the check's small world."""
# ruff: noqa: F821

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content = compute_content_cost(a_C, a_G)
        J_style = compute_style_cost(a_S, a_G)
        J = total_cost(J_content, J_style, ALPHA, BETA)
    gradient = tape.gradient(J, generated_image)
    optimizer.apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@right
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha=ALPHA, beta=BETA)
    optimizer.apply([tape.gradient(J, generated_image)], [generated_image])
    generated_image.assign(tf.clip_by_value(generated_image, clip_value_min=0.0, clip_value_max=1.0))
    return J


@right
def train_step(generated_image):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(generated_image)
        a_G = vgg_model_outputs(generated_image)
        J = ALPHA * compute_content_cost(a_C, a_G) + BETA * compute_style_cost(a_S, a_G)
    (gradient,) = tape.gradient(J, [generated_image])
    optimizer.apply_gradients(zip([gradient], [generated_image]))
    generated_image.assign(tf.minimum(tf.maximum(generated_image, 0.0), 1.0))
    return J


@right
def train_step(generated_image):
    """The gradients of the two costs, one by one."""
    with tf.GradientTape(persistent=True) as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content = compute_content_cost(content_output=a_C, generated_output=a_G)
        J_style = compute_style_cost(style_image_output=a_S, generated_image_output=a_G)
    gradient = ALPHA * tape.gradient(J_content, generated_image) + BETA * tape.gradient(J_style, generated_image)
    optimizer.apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return total_cost(J_content, J_style, ALPHA, BETA)


@right
@tf.function
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@right
def train_step(generated_image):
    """The targets computed anew in each step: slow, and right."""
    targets = vgg_model_outputs(content_image), vgg_model_outputs(style_image)
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_content_cost(targets[0], a_G), compute_style_cost(targets[1], a_G), ALPHA, BETA)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


def costs_at(image):
    a_G = vgg_model_outputs(image)
    return total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)


@right
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign_add(clip_0_1(generated_image) - generated_image)
    return J


@right
def train_step(generated_image):
    def J():
        return costs_at(generated_image)

    with tf.GradientTape() as tape:
        cost = J()
    gradients = tape.gradient(cost, [generated_image], unconnected_gradients="zero")
    optimizer.apply_gradients((g, v) for g, v in zip(gradients, [generated_image]))
    generated_image.assign(clip_0_1(tf.convert_to_tensor(generated_image)))
    return tf.identity(cost)


def step(generated_image, J, tape):
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))


@right
def train_step(generated_image):
    tape = tf.GradientTape()
    with tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J


@right
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        costs = tf.stack([compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)])
        J = tf.reduce_sum(tf.constant([ALPHA, BETA], tf.float32) * costs)
    step(generated_image, J, tape)
    return J


@wrong("the picture does not change")
def train_step(generated_image):
    return costs_at(generated_image)


@wrong("the picture does not change")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    tape.gradient(J, generated_image)
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("itself, not a copy")
def train_step(generated_image):
    """A copy is moved."""
    copy = tf.Variable(generated_image)
    with tf.GradientTape() as tape:
        J = costs_at(copy)
    step(copy, J, tape)
    return J


@wrong("uphill")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(-tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("not clipped after the update")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("not clipped after the update")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    clip_0_1(generated_image)
    return J


@wrong("clipped before the update")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    generated_image.assign(clip_0_1(generated_image))
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("clipped to another range than")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(tf.clip_by_value(generated_image, 0.0, 255.0))
    return J


@wrong("clipped to another range than")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(tf.clip_by_value(generated_image, -1.0, 1.0))
    return J


@wrong("cost after the step")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return costs_at(generated_image)


@wrong("moved twice")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        first = costs_at(generated_image)
    step(generated_image, first, tape)
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return first


def step_with(generated_image, cost):
    with tf.GradientTape() as tape:
        J = cost(vgg_model_outputs(generated_image))
    step(generated_image, J, tape)
    return J


@wrong("(or the two costs) are swapped")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), BETA, ALPHA),
    )


@wrong("(or the two costs) are swapped")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_style_cost(a_S, a_G), compute_content_cost(a_C, a_G), ALPHA, BETA),
    )


@wrong("ALPHA and BETA have no effect")
def train_step(generated_image):
    return step_with(
        generated_image, lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G))
    )


@wrong("ALPHA and BETA have no effect")
def train_step(generated_image):
    return step_with(generated_image, lambda a_G: compute_content_cost(a_C, a_G) + compute_style_cost(a_S, a_G))


@wrong("BETA has no effect")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA),
    )


@wrong("the style cost is missing")
def train_step(generated_image):
    return step_with(generated_image, lambda a_G: ALPHA * compute_content_cost(a_C, a_G))


@wrong("the content cost is missing")
def train_step(generated_image):
    return step_with(generated_image, lambda a_G: BETA * compute_style_cost(a_S, a_G))


@wrong("the targets are swapped")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_S, a_G), compute_style_cost(a_C, a_G), ALPHA, BETA),
    )


@wrong("its target is a_S")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_C, a_G), ALPHA, BETA),
    )


@wrong("its target is a_C")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_S, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA),
    )


@wrong("return the total cost J")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
        J = total_cost(J_content, J_style, ALPHA, BETA)
    step(generated_image, J, tape)
    return J_content


@wrong("return the total cost J")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J_style = compute_style_cost(a_S, vgg_model_outputs(generated_image))
        J = total_cost(compute_content_cost(a_C, vgg_model_outputs(generated_image)), J_style, ALPHA, BETA)
    step(generated_image, J, tape)
    return J_style


@wrong("but of a part of it")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
        J = total_cost(J_content, J_style, ALPHA, BETA)
    step(generated_image, J_style, tape)
    return J


@wrong("by another length")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    generated_image.assign_sub(0.0005 * tape.gradient(J, generated_image))
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("by another length")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(2 * tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("as the optimizer would move it")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tf.sign(tape.gradient(J, generated_image)), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("as the optimizer would move it")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    own = keras.optimizers.Adam(0.02)
    own.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("no gradient reaches generated_image")
def train_step(generated_image):
    a_G = vgg_model_outputs(generated_image)
    J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)
    with tf.GradientTape() as tape:
        J = tf.identity(J)
    step(generated_image, J, tape)
    return J


@wrong("no gradient reaches generated_image")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(tf.constant(generated_image.numpy()))
    step(generated_image, J, tape)
    return J


@wrong("no gradient reaches generated_image")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = tf.constant(float(costs_at(generated_image)))
    step(generated_image, J, tape)
    return J


@wrong("do not put a tensor in its place")
def train_step(generated_image):
    """A new picture by the same name, of which the tape knows nothing."""
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    generated_image = clip_0_1(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("only once")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J_content, J_style = compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)
    for weight, cost in ((ALPHA, J_content), (BETA, J_style)):
        optimizer.apply_gradients([(weight * tape.gradient(cost, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return ALPHA * J_content + BETA * J_style


@wrong("returns nothing")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)


@wrong("a plain number comes back: return J as it is")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return float(J)


@wrong("a tuple comes back")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J, generated_image


@wrong("one number")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return generated_image


@wrong("must be clipped")
def train_step(generated_image):
    """Stretched into [0, 1] where it leaves it."""
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    low = tf.minimum(tf.reduce_min(generated_image), 0.0)
    high = tf.maximum(tf.reduce_max(generated_image), 1.0)
    generated_image.assign((generated_image - low) / (high - low))
    return J


steps = []


@wrong("keeps something between calls")
def train_step(generated_image):
    """Momentum of the learner's own, which outlives the picture."""
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    steps.append(tape.gradient(J, generated_image))
    same = [g for g in steps if g.shape == generated_image.shape]
    optimizer.apply_gradients([(tf.add_n(same), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong()
def train_step(generated_image):
    """Rounded to 8 bits."""
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    generated_image.assign(np.round(generated_image * 255) / 255)
    return J


@wrong("leave out the total variation")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image) + 30 * tf.reduce_sum(tf.image.total_variation(generated_image))
    step(generated_image, J, tape)
    return J


@wrong()
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(tf.image.flip_left_right(generated_image))
    step(generated_image, J, tape)
    return J


@wrong("the whole lists, a_C and a_G")
def train_step(generated_image):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_C[-1], a_G[-1]), compute_style_cost(a_S, a_G), ALPHA, BETA),
    )


@wrong("a list of pairs (gradient, variable)")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients(tape.gradient(J, generated_image), generated_image)
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("Keras' optimisers have no such method")
def train_step(generated_image):
    optimizer.minimize(lambda: costs_at(generated_image), [generated_image])
    return costs_at(generated_image)


def with_tape(generated_image, cost=None):
    """(gradient, J) of the right step, or of another cost of what the network sees."""
    with tf.GradientTape() as tape:
        J = cost(vgg_model_outputs(generated_image)) if cost else costs_at(generated_image)
    return tape.gradient(J, generated_image), J


@right
@tf.function
def train_step(generated_image):
    """TensorFlow 1's way to the gradient, which works where tf.function compiles."""
    J = costs_at(generated_image)
    optimizer.apply_gradients(zip(tf.gradients(J, [generated_image]), [generated_image]))
    generated_image.assign(clip_0_1(generated_image))
    return J


@tf.function
def decorated_move(generated_image, gradient):
    optimizer.apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))


@right
@tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.float32)])
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    decorated_move(generated_image, gradient)
    return J


@wrong("a list of pairs (gradient, variable)")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients((gradient, generated_image))
    return J


@wrong("a list of pairs (gradient, variable)")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients([gradient, generated_image])
    return J


@wrong("a list of pairs (gradient, variable)")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients(gradient)
    return J


@wrong("so a list of gradients came back")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, [generated_image]), generated_image)])
    return J


@wrong("zip goes through lists")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients(zip(gradient, [generated_image]))
    return J


@wrong("not the shape of the picture")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)
    optimizer.apply_gradients([(tape.gradient(J, a_G), generated_image)])
    return J


@wrong("J is None")
@tf.function
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = None
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("a list of activations stands where a cost should")
@tf.function
def train_step(generated_image):
    return with_tape(generated_image, lambda a_G: total_cost(a_G, a_G, ALPHA, BETA))[1]


@wrong("name 'alpha' is not defined in line")
@tf.function
def train_step(generated_image):
    J = total_cost(compute_content_cost(a_C, a_C), compute_style_cost(a_S, a_C), alpha, BETA)
    return J


@wrong("use `optimizer` from above")
@tf.function
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    keras.optimizers.Adam(0.02).apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("weights alpha and beta")
def train_step(generated_image):
    return with_tape(generated_image, lambda a_G: total_cost(1.0, 2.0, ALPHA=ALPHA, BETA=BETA))[1]


@wrong("works on the notebook's generated_image")
def train_step(picture):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J


@wrong("works on the notebook's generated_image")
def train_step(picture):
    with tf.GradientTape() as tape:
        J = costs_at(picture)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("ALPHA and BETA have no effect")
def train_step(generated_image, alpha=20, beta=20):
    return step_with(
        generated_image,
        lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), alpha, beta),
    )


@wrong("ALPHA has no effect")
def train_step(generated_image):
    return step_with(
        generated_image, lambda a_G: total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), 5, BETA)
    )


@wrong("takes the picture as it is")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(keras.applications.vgg19.preprocess_input(generated_image * 255.0))
    step(generated_image, J, tape)
    return J


@wrong("takes the picture as it is")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image * 255)
    step(generated_image, J, tape)
    return J


@wrong("0.5 times the total cost")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image) / 2
    step(generated_image, J, tape)
    return J


@wrong("moved several times")
def train_step(generated_image):
    for _ in range(3):
        gradient, J = with_tape(generated_image)
        optimizer.apply_gradients([(gradient, generated_image)])
        generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("leave the line with `def` as it was")
def train_step():
    return with_tape(generated_image)[1]


@wrong("tf.GradientTape")
def train_step(generated_image):
    return costs_at(generated_image).backward()


@wrong("tf.train")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    tf.train.AdamOptimizer(0.1).apply_gradients([(gradient, generated_image)])
    return J


@wrong("TensorFlow 2 has no tf.gradients")
def train_step(generated_image):
    return tf.gradients(costs_at(generated_image), [generated_image])


@right
def train_step(generated_image):
    with tf.GradientTape(persistent=True) as tape:
        J = costs_at(generated_image)
    gradient = tape.gradient(target=J, sources=generated_image)
    del tape
    optimizer.apply_gradients(grads_and_vars=[(gradient, generated_image)])
    generated_image.assign(keras.ops.clip(generated_image, 0.0, 1.0))
    return J


@right
def train_step(generated_image):
    """All of it inside the tape."""
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
        step(generated_image, J, tape)
        return J


@wrong("moved several times")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    for _ in range(2):
        optimizer.apply_gradients([(gradient, generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("clip them afterwards")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        generated_image.assign(clip_0_1(generated_image))
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    return J


@wrong("takes the picture as it is")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image / 255)
    step(generated_image, J, tape)
    return J


@wrong("as the optimizer would move it")
def train_step(generated_image):
    """The gradient is clipped, and not the picture alone."""
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients([(clip_0_1(gradient), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("but of a part of it")
def train_step(generated_image):
    J_style = compute_style_cost(a_S, vgg_model_outputs(generated_image))
    with tf.GradientTape() as tape:
        J = total_cost(compute_content_cost(a_C, vgg_model_outputs(generated_image)), J_style, ALPHA, BETA)
    step(generated_image, J, tape)
    return J


@wrong("by another length")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients([(tf.math.l2_normalize(gradient), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J


@wrong("not clipped after the update")
def train_step(generated_image):
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients([(gradient, generated_image)])
    np.clip(generated_image, 0, 1)
    return J


@wrong("not clipped after the update")
def train_step(generated_image):
    """A new tensor by the same name."""
    gradient, J = with_tape(generated_image)
    optimizer.apply_gradients([(gradient, generated_image)])
    generated_image = clip_0_1(generated_image)
    return J


@wrong("no gradient reaches generated_image")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    optimizer.apply_gradients([(tape.gradient(generated_image, J), generated_image)])
    return J


@wrong("no gradient reaches generated_image")
def train_step(generated_image):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J


@wrong("itself, not a copy")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        generated_image = tf.Variable(clip_0_1(generated_image))
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J


@wrong("or draws random numbers")
def train_step(generated_image):
    generated_image.assign_add(tf.random.uniform(generated_image.shape, -0.02, 0.02))
    with tf.GradientTape() as tape:
        J = costs_at(generated_image)
    step(generated_image, J, tape)
    return J


@wrong("in this order")
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_style_cost(a_S, a_G), compute_content_cost(a_C, a_G), ALPHA, BETA)
    step(generated_image, J, tape)
    return J

"""Answers to exercise 4, compute_style_cost."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong

STYLE_LAYERS = [(f"block{n}_conv1", 0.2) for n in range(1, 6)]


def compute_layer_style_cost(a_S, a_G):
    G_S, G_G = (tf.einsum("bhwi,bhwj->ij", a, a) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G))
    return tf.reduce_mean((G_S - G_G) ** 2) / 4


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = tf.constant(0.0)
    for (_, weight), a_S, a_G in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        J_style += weight * compute_layer_style_cost(a_S, a_G)
    return J_style


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0
    for i in range(len(STYLE_LAYERS)):
        J_style += STYLE_LAYERS[i][1] * compute_layer_style_cost(style_image_output[i], generated_image_output[i])
    return J_style


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    n = len(STYLE_LAYERS)
    a_S, a_G = style_image_output[:n], generated_image_output[:n]
    J_style = 0.0
    for i, weight in zip(range(n), STYLE_LAYERS):
        J_style += compute_layer_style_cost(a_S[i], a_G[i]) * weight[1]
    return J_style


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(
        [
            weight * compute_layer_style_cost(a_S, a_G)
            for a_S, a_G, (_, weight) in zip(style_image_output, generated_image_output, STYLE_LAYERS)
        ]
    )


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    weights = tf.constant([weight for _, weight in STYLE_LAYERS], tf.float32)
    costs = tf.stack([compute_layer_style_cost(*pair) for pair in zip(style_image_output, generated_image_output)])
    return tf.reduce_sum(weights * costs[: len(STYLE_LAYERS)])


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    names, weights = zip(*STYLE_LAYERS)
    costs = [compute_layer_style_cost(style_image_output[i], generated_image_output[i]) for i in range(len(names))]
    return tf.tensordot(tf.constant(weights, tf.float32), tf.stack(costs), axes=1)


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return sum(
        float(weight) * compute_layer_style_cost(style_image_output[index], generated_image_output[index])
        for index, (name, weight) in enumerate(STYLE_LAYERS)
    )


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """A layer whose weight is zero need not be computed."""
    J_style = tf.zeros(())
    for index, (_, weight) in enumerate(STYLE_LAYERS):
        if weight != 0:
            J_style = (
                J_style + compute_layer_style_cost(style_image_output[index], generated_image_output[index]) * weight
            )
    return J_style


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    remaining = list(zip(style_image_output, generated_image_output))[::-1]
    J_style = tf.constant(0.0)
    for _, weight in STYLE_LAYERS:
        J_style = tf.add(J_style, tf.multiply(weight, compute_layer_style_cost(*remaining.pop())))
    return J_style


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """Without the help of compute_layer_style_cost."""
    J_style = 0.0
    for (_, weight), *pair in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        grams = [tf.tensordot(a, a, [[0, 1, 2], [0, 1, 2]]) / (a.shape[1] * a.shape[2]) for a in pair]
        J_style += weight * tf.reduce_sum((grams[0] - grams[1]) ** 2) / (4 * grams[0].shape[0] ** 2)
    return J_style


def costs_of(style_image_output, generated_image_output):
    return [compute_layer_style_cost(s, g) for s, g in zip(style_image_output, generated_image_output)]


@wrong("weights of STYLE_LAYERS are not used")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)])


@wrong("weights of STYLE_LAYERS are not used")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)]) / len(STYLE_LAYERS)


@wrong("weights of STYLE_LAYERS are not used")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(costs_of(style_image_output, generated_image_output))


@wrong("STYLE_LAYERS are ignored")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n([0.2 * J for J in costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)]])


@wrong("STYLE_LAYERS are ignored")
def compute_style_cost(style_image_output, generated_image_output, layers=None):
    J_style = 0.0
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        J_style += weight * J
    return J_style


@wrong("in line")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for i in range(5):
        J_style += STYLE_LAYERS[i][1] * compute_layer_style_cost(style_image_output[i], generated_image_output[i])
    return J_style


@wrong("only five layers are counted")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for _, J, (_, weight) in zip(range(5), costs_of(style_image_output, generated_image_output), STYLE_LAYERS):
        J_style += weight * J
    return J_style


@wrong("divided by the number of layers")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.reduce_mean([weight * J for (_, weight), J in zip(STYLE_LAYERS, costs)])


@wrong("sum of the weights")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return sum(w * J for (_, w), J in zip(STYLE_LAYERS, costs)) / sum(w for _, w in STYLE_LAYERS)


@wrong("weights are squared")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return sum(w * w * J for (_, w), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)))


@wrong("costs are divided by their weights")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return sum(J / w if w else J for (_, w), J in zip(STYLE_LAYERS, costs))


@wrong("weights are added to the costs")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return sum(w + J for (_, w), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)))


@wrong("is the return inside the loop")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for (_, weight), a_S, a_G in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        J_style += weight * compute_layer_style_cost(a_S, a_G)
        return J_style


@wrong("instead of overwriting")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    for (_, weight), a_S, a_G in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        J_style = weight * compute_layer_style_cost(a_S, a_G)
    return J_style


@wrong("content layer counts, too")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    weights = [weight for _, weight in STYLE_LAYERS] + [1.0]
    return sum(w * J for w, J in zip(weights, costs_of(style_image_output, generated_image_output)))


@wrong("order must be that of the activations")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return sum(w * J for (_, w), J in zip(reversed(STYLE_LAYERS), costs))


@wrong("order must be that of the activations")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return sum(w * J for (_, w), J in zip(STYLE_LAYERS, reversed(costs)))


@wrong("one layer is left out")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """The content layer is taken for granted."""
    J_style = 0.0
    costs = costs_of(style_image_output[:-1], generated_image_output[:-1])
    for (_, weight), J in zip(STYLE_LAYERS, costs):
        J_style += weight * J
    return J_style


@wrong("one layer is left out")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = tf.constant(0.0)
    for i in range(len(STYLE_LAYERS) - 1):
        J_style += STYLE_LAYERS[i][1] * compute_layer_style_cost(style_image_output[i], generated_image_output[i])
    return J_style


@wrong("one layer is left out")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = tf.constant(0.0)
    for i in range(1, len(STYLE_LAYERS)):
        J_style += STYLE_LAYERS[i][1] * compute_layer_style_cost(style_image_output[i], generated_image_output[i])
    return J_style


@wrong("the same layer")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    a_S, a_G = style_image_output[0], generated_image_output[0]
    return sum(weight * compute_layer_style_cost(a_S, a_G) for _, weight in STYLE_LAYERS)


@wrong("the same layer")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    a_S, a_G = style_image_output[-1], generated_image_output[-1]
    return sum(weight * compute_layer_style_cost(a_S, a_G) for _, weight in STYLE_LAYERS)


@wrong("summed separately")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)]
    return sum(weight for _, weight in STYLE_LAYERS) * tf.add_n(costs)


@wrong("one weight is taken for all layers")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return STYLE_LAYERS[0][1] * tf.add_n(costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)])


@wrong("number of the layer")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([weight * J for (weight, _), J in zip(enumerate(STYLE_LAYERS), costs)])


@wrong("multiplied with each other")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = tf.constant(1.0)
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        J_style *= weight * J
    return J_style


@wrong("only the largest")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.reduce_max([w * J for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong("square root too many")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.sqrt(tf.add_n([w * J for (_, w), J in zip(STYLE_LAYERS, costs)]))


@wrong("weights below one become zero")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([int(w) * J for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong("changes its arguments")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for _, weight in STYLE_LAYERS:
        J_style += weight * compute_layer_style_cost(style_image_output.pop(0), generated_image_output.pop(0))
    return J_style


@wrong("changes its arguments")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=list(STYLE_LAYERS)):
    STYLE_LAYERS.sort(key=lambda layer: layer[0])
    STYLE_LAYERS.append(("one more", 0.0))
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([w * J for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong("plain number or array comes back")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return float(np.sum([w * J.numpy() for (_, w), J in zip(STYLE_LAYERS, costs)]))


@wrong("no gradient reaches the image")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.constant(sum(w * float(J) for (_, w), J in zip(STYLE_LAYERS, costs)))


@wrong("no gradient reaches the image")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for (_, weight), a_S, a_G in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        J_style += weight * compute_layer_style_cost(a_S, tf.stop_gradient(a_G))
    return J_style


@wrong("no gradient reaches the image")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """Only the last layer's gradient is cut off."""
    costs = costs_of(style_image_output, generated_image_output)[: len(STYLE_LAYERS)]
    costs[-1] = tf.constant(costs[-1].numpy())
    return tf.add_n([w * J for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong("returns nothing")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        J_style += weight * J


@wrong("a list comes back")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return [w * J for (_, w), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output))]


@wrong("add up over all axes")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.stack([w * J for (_, w), J in zip(STYLE_LAYERS, costs)])


running = {"J": 0.0}


@wrong("keeps something between calls")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        running["J"] += weight * J
    return running["J"]


@wrong("weight of the last layer is taken twice")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        J_style += weight * J
    return J_style + weight * J


@wrong("float64, not float32")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([tf.cast(J, tf.float64) * w for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong("it fails for no STYLE_LAYERS given")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([w * J for (_, w), J in zip(STYLE_LAYERS, costs)])


@wrong()
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """The names are sorted as words."""
    layers = dict(STYLE_LAYERS)
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([layers[f"block{n}_conv1"] * J for n, J in enumerate(costs[: len(layers)], 1) if n < 7])


@wrong("softmax")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    weights = tf.nn.softmax([float(w) for _, w in STYLE_LAYERS])
    return tf.add_n([w * J for w, J in zip(tf.unstack(weights), costs)])


@wrong("activations themselves")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    """The content cost of each layer."""
    pairs = zip(STYLE_LAYERS, style_image_output, generated_image_output)
    return tf.add_n([w * tf.reduce_mean((s - g) ** 2) / 4 for (_, w), s, g in pairs])


@wrong("a layer's name is taken for its weight")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return tf.add_n([name * J for (name, _), J in zip(STYLE_LAYERS, costs)])


@wrong("STYLE_LAYERS says how many style layers there are")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    S, G = style_image_output, generated_image_output
    return tf.add_n([STYLE_LAYERS[i][1] * compute_layer_style_cost(S[i], G[i]) for i in range(5)])


@wrong("the content layer, behind the style layers, has no weight")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    S, G = style_image_output, generated_image_output
    return tf.add_n([STYLE_LAYERS[i][1] * compute_layer_style_cost(S[i], G[i]) for i in range(len(S))])


@wrong("not by the pair")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(
        [
            w * compute_layer_style_cost(*each)
            for w, *each in zip(STYLE_LAYERS, style_image_output, generated_image_output)
        ]
    )


@wrong("not dicts")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    S, G = style_image_output, generated_image_output
    return tf.add_n([weight * compute_layer_style_cost(S[name], G[name]) for name, weight in STYLE_LAYERS])


@wrong("a list of pairs")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return sum(weight for name, weight in STYLE_LAYERS.items())


@wrong("the whole lists come")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    return tf.add_n(
        [weight * compute_layer_style_cost(style_image_output, generated_image_output) for _, weight in STYLE_LAYERS]
    )


@wrong("STYLE_LAYERS are ignored")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    triples = zip(STYLE_LAYERS, style_image_output, generated_image_output)
    return tf.add_n([0.5 * compute_layer_style_cost(a_S, a_G) for _, a_S, a_G in triples])


@wrong("assign_add and assign_sub stop it")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J = tf.Variable(0.0)
    for (_, weight), a_S, a_G in zip(STYLE_LAYERS, style_image_output, generated_image_output):
        J.assign_add(weight * compute_layer_style_cost(a_S, a_G))
    return J


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    weights = dict(STYLE_LAYERS)
    names = [name for name, _ in STYLE_LAYERS]
    pairs = dict(zip(names, zip(style_image_output, generated_image_output)))
    return sum(weights[name] * compute_layer_style_cost(*pairs[name]) for name in names)


@right
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    def rest(i):
        if i == len(STYLE_LAYERS):
            return 0.0
        J = compute_layer_style_cost(a_S=style_image_output[i], a_G=generated_image_output[i])
        return STYLE_LAYERS[i][-1] * J + rest(i + 1)

    return rest(0)


@wrong("added up from layer to layer")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = total = 0.0
    for i, (_, weight) in enumerate(STYLE_LAYERS):
        total += weight
        J_style += total * compute_layer_style_cost(style_image_output[i], generated_image_output[i])
    return J_style


@wrong("multiplied by each weight again")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    J_style = 0.0
    for (_, weight), J in zip(STYLE_LAYERS, costs_of(style_image_output, generated_image_output)):
        J_style = weight * (J_style + J)
    return J_style


@wrong("added up twice")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    weighted = tf.stack([weight * J for (_, weight), J in zip(STYLE_LAYERS, costs)])
    return tf.reduce_sum(tf.cumsum(weighted))


@wrong("one layer is left out")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    costs = costs_of(style_image_output, generated_image_output)
    return sum(STYLE_LAYERS[i][1] * costs[i] for i in range(len(STYLE_LAYERS) - 1)) + 0 * costs[-1]


@wrong("activations themselves")
def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=STYLE_LAYERS):
    triples = zip(STYLE_LAYERS, style_image_output, generated_image_output)
    return sum(weight * keras.losses.MeanSquaredError()(s, g) for (_, weight), s, g in triples)

"""Exercise 1, formula (1): how far the last of some layers' activations are apart."""

import numpy as np

from grading.cases import case, sizes, unroll, volume
from grading.exercises import ABSOLUTE, NOT_SQUARED, ROOT, ROUNDED, SQUARE_FIRST, Exercise


def inputs(rng):
    def layers(*shapes):
        return [volume(rng, shape) for shape in shapes]

    def pair(*shapes, general=""):
        return case(layers(*shapes), layers(*shapes), watch=[1], general=general)

    for _ in range(3):
        yield pair(sizes(rng), sizes(rng), sizes(rng))
    yield pair(sizes(rng), general="lists with one layer")
    yield pair(*(sizes(rng) for _ in range(6)), general="lists with six layers")
    yield pair(sizes(rng), (1, 1, 3, 5), general="a picture of one row")
    yield pair((1, 97, 89, 31), general="a large volume")
    content = layers(sizes(rng), sizes(rng))
    yield case(content, [a.copy() for a in content], general="two equal pictures, which cost nothing")


def content_cost(a_C, a_G):
    value = np.sum((a_C - a_G) ** 2) / (4 * a_G.size)
    return value, (a_G - a_C) / (2 * a_G.size)


def answer(case):
    a_C, a_G = case["arguments"]
    value, gradient = content_cost(a_C[-1], a_G[-1])
    return dict(value=value, gradients=[None] * (len(a_G) - 1) + [gradient])


def _content(formula):
    """A formula in the two content layers and the number of their entries."""

    def of_case(case):
        a_C, a_G = (layers[-1] for layers in case["arguments"])
        return formula(a_C, a_G, a_G.size)

    return of_case


def _with_sizes_of(case, index):
    """The cost with n_H, n_W, n_C of another layer."""
    a_C, a_G = case["arguments"]
    return ((a_C[-1] - a_G[-1]) ** 2).sum() / (4 * a_G[index].size)


def _layer(index):
    def of_case(case):
        a_C, a_G = case["arguments"]
        return content_cost(a_C[index], a_G[index])[0]

    return of_case


def _changed(change):
    return _content(lambda c, g, n: content_cost(change(c), change(g))[0])


def _mixed(a):
    return a.reshape(a.shape[-1], -1)


MISTAKES = {
    "the two are unrolled in different orders: a_C and a_G need the same reshape, and the same transpose": [
        _content(lambda c, g, n: ((unroll(c) - _mixed(g)) ** 2).sum() / (4 * n)),
        _content(lambda c, g, n: ((_mixed(c) - unroll(g)) ** 2).sum() / (4 * n)),
    ],
    "the sizes are those of another layer: take them from the last entry, [-1], too": [
        lambda case: _with_sizes_of(case, 0),
        lambda case: _with_sizes_of(case, 1),
        lambda case: _with_sizes_of(case, -2),
    ],
    "this compares a layer that is not the last one: the content layer is the last entry, [-1]": [
        _layer(0),
        _layer(1),
        _layer(2),
        _layer(-2),
    ],
    "all layers are added up: only the last entry of the lists is the content layer": [
        lambda case: sum(content_cost(c, g)[0] for c, g in zip(*case["arguments"])),
    ],
    ABSOLUTE: [
        _content(lambda c, g, n: np.abs(c - g).sum() / (4 * n)),
        _content(lambda c, g, n: np.abs(c - g).sum() / n),
    ],
    NOT_SQUARED: [
        _content(lambda c, g, n: (c - g).sum() / (4 * n)),
        _content(lambda c, g, n: (g - c).sum() / (4 * n)),
        _content(lambda c, g, n: abs((g - c).sum()) / (4 * n)),
    ],
    SQUARE_FIRST: [
        _content(lambda c, g, n: (c - g).sum() ** 2 / (4 * n)),
        _content(lambda c, g, n: (c - g).mean() ** 2),
        _content(lambda c, g, n: (c - g).mean() ** 2 / 4),
    ],
    ROOT: [
        _content(lambda c, g, n: np.sqrt(np.sum((c - g) ** 2)) / (4 * n)),
        _content(lambda c, g, n: np.sqrt(np.sum((c - g) ** 2) / (4 * n))),
        _content(lambda c, g, n: np.sqrt(np.sum((c - g) ** 2))),
        _content(lambda c, g, n: np.sqrt(np.sum((c - g) ** 2) / n)),
    ],
    "the activations are added where they should be subtracted": [
        _content(lambda c, g, n: ((c + g) ** 2).sum() / 4 / n),
    ],
    "the activations are squared before they are subtracted: subtract first": [
        _content(lambda c, g, n: ((c**2 - g**2) ** 2).sum() / (4 * n)),
        _content(lambda c, g, n: (c**2 - g**2).sum() / (4 * n)),
        _content(lambda c, g, n: (g**2 - c**2).sum() / (4 * n)),
    ],
    "a_C is not used: compare a_G with it": [
        _content(lambda c, g, n: (g**2).sum() / (4 * n)),
    ],
    "a_G is not used: compare a_C with it": [
        _content(lambda c, g, n: (c**2).sum() / (4 * n)),
    ],
    "the activations are multiplied where they should be subtracted": [
        _content(lambda c, g, n: (c * g).sum() / (4 * n)),
    ],
    "the largest difference is taken: the formula adds up all of them": [
        _content(lambda c, g, n: ((c - g) ** 2).max()),
    ],
    "the activations are changed before they are compared: they are taken as they are": [
        _changed(lambda a: a.clip(0)),
        _changed(lambda a: a / np.linalg.norm(a)),
        _changed(lambda a: 1 / (1 + np.exp(-a))),
        _changed(np.tanh),
        _changed(lambda a: a / a.max()),
        _changed(lambda a: a - a.mean()),
        _changed(lambda a: (a - a.mean()) / a.std()),
    ],
    ROUNDED: [
        _content(lambda c, g, n: np.floor(((c - g) ** 2).sum() / (4 * n))),
        _content(lambda c, g, n: ((c - g) ** 2).sum() // (4 * n)),
    ],
}


EXERCISE = Exercise(
    name="compute_content_cost",
    number=1,
    notebook="02_content_cost",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (1)",
    factors=("n_H", "n_W", "n_C"),
    divides_by={"n_H": 1, "n_W": 1, "n_C": 1},
    errors={
        "the outputs are lists of activations, in the order of the layers; the content layer is the last entry, [-1]": (
            r"indices must be|index out of range|Shapes of all inputs must match|non-rectangular",
            r"_output",
        ),
        "@ and tf.matmul make a matrix product: the differences are squared one by one, with ** or tf.square": (
            r"[Mm]atrix size-incompatible|In\[\d\]",
            r"@|matmul",
        ),
    },
)

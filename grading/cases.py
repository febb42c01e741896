"""Inputs on which an exercise is tried. They hold no answers, so they may cross the trust line.

A case is a dict: `arguments` and `keywords` of the call, `watch`, the positions of the arguments to differentiate by,
`seed`, the output gradient (None for a scalar), and `general`: empty for an ordinary call, else words for what makes
it one that only general code masters. The cases of `train_step` hold a `world` instead: what stands around the function
in notebook 04.

The sizes n_H, n_W, n_C are different primes, so that a wrong factor can be recognised from the wrong value.
"""

import numpy as np

EXERCISES = {  # name: (notebook, the earlier exercise of the same notebook that it builds on)
    "compute_content_cost": ("02_content_cost", None),
    "gram_matrix": ("03_style_cost", None),
    "compute_layer_style_cost": ("03_style_cost", "gram_matrix"),
    "compute_style_cost": ("03_style_cost", "compute_layer_style_cost"),
    "total_cost": ("04_paint", None),
    "train_step": ("04_paint", None),
}
PRIMES = [2, 3, 5, 7, 11, 13]
DIFFERENT_SIZES = "pictures S and G of different sizes"
CLIPPING = "steps so wide that pixels leave [0, 1] and must be clipped"
OVERFLOW = "sizes whose product is past the 2^31 of 32-bit integers"


def cases(exercise, seed):
    """Return the cases of an exercise, other ones for each seed. LookupError for an unknown exercise."""
    if exercise not in EXERCISES:
        raise LookupError(f"{exercise!r} is no exercise of this course; there are: {', '.join(EXERCISES)}")
    return _MAKERS[exercise](np.random.default_rng([seed, list(EXERCISES).index(exercise)]))


def case(*arguments, watch=(), seed=None, general="", **keywords):
    return dict(arguments=list(arguments), keywords=keywords, watch=list(watch), seed=seed, general=general)


def volume(rng, shape, strength=1.0):
    """Like activations: channels of different strength, neither centred nor of one sign."""
    channels = strength * rng.uniform(0.5, 1.5, shape[-1])
    return ((rng.normal(size=shape) + 0.6) * channels).astype(np.float32)


def symmetric(rng, n):
    matrix = rng.normal(size=(n, n))
    return (matrix + matrix.T).astype(np.float32)


def sizes(rng):
    """(1, n_H, n_W, n_C), three different primes."""
    return (1, *(int(n) for n in rng.choice(PRIMES, 3, replace=False)))


def _content(rng):
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


def _gram(rng):
    def matrix(n_C, places, general=""):
        A = volume(rng, (places, n_C)).T.copy()
        return case(A, watch=[0], seed=symmetric(rng, n_C), general=general)

    for _ in range(3):
        n_C, n_H, n_W = sizes(rng)[1:]
        yield matrix(n_C, n_H * n_W)
    yield matrix(11, 4, general="more channels than places")
    yield matrix(1, 6, general="a single channel")
    yield matrix(3, 1, general="a single place")
    yield matrix(17, 6007, general="a large matrix")


def _layer_style(rng):
    def pair(shape_S, shape_G, general=""):
        return case(volume(rng, shape_S), volume(rng, shape_G, 1.7), watch=[1], general=general)

    for _ in range(3):
        shape = sizes(rng)
        yield pair(shape, shape)
    yield pair((1, 3, 5, 7), (1, 11, 2, 7), DIFFERENT_SIZES)
    yield pair((1, 7, 5, 2), (1, 3, 3, 2), DIFFERENT_SIZES)
    yield pair((1, 1, 3, 2), (1, 1, 3, 2), "pictures of one row")
    yield pair((1, 251, 191, 7), (1, 251, 191, 7), OVERFLOW)  # (n_H n_W)^2 alone
    yield pair((1, 23, 29, 61), (1, 23, 29, 61), OVERFLOW)  # 4 n_C^2 (n_H n_W)^2 together


def _style(rng):
    def lists(weights, more=(), general="", given=True):
        shapes = [sizes(rng) for _ in weights]
        a_S = [volume(rng, shape) for shape in (*shapes, *more)]
        a_G = [volume(rng, shape, 1.7) for shape in (*shapes, *more)]
        layers = [[[f"block{n}_conv1", weight] for n, weight in enumerate(weights, 1)]] if given else []
        return case(a_S, a_G, *layers, watch=[1], general=general)

    content = sizes(rng)
    yield lists([0.2] * 5, [content])
    yield lists([0.5, 0.1, 0.25, 0.35, 0.8], [content])
    yield lists([2.0, 0.5], [content])
    yield lists([0.2] * 5, [content], "no STYLE_LAYERS given, so that the default counts", given=False)
    yield lists([0.75], [content], "a single style layer")
    yield lists([0.3, 0, 1.5], [content], "a weight of zero")
    yield lists([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], [content], "more than five style layers")
    yield lists([0.4, 1.1, 0.9], general="no content layer behind the style layers")


def _total(rng):
    def costs(*weights, general="", **keywords):
        J_content, J_style = (np.float32(x) for x in rng.uniform(0.5, 9, 2))
        return case(J_content, J_style, *weights, watch=[0, 1], general=general, **keywords)

    alpha, beta = rng.uniform(2, 9, 2).tolist()
    yield costs()
    yield costs(alpha=alpha, beta=alpha + beta)
    yield costs(alpha=alpha + beta, beta=beta)
    yield costs(*rng.uniform(2, 9, 2).tolist(), general="alpha and beta given without their names")
    yield costs(alpha=0, general="alpha = 0")
    yield costs(beta=0, general="beta = 0")
    yield costs(alpha=0.25, beta=0.125, general="weights below one")
    yield costs(alpha=1000.5, general="a large weight")


def _train(rng):
    """The network: five style layers scales[l] * G, and a content layer G^2. The costs: sums of squared differences."""

    def world(ALPHA, BETA, speed, span, general=""):
        n_H, n_W = (int(n) for n in rng.choice(PRIMES[1:], 2, replace=False))
        C, S, start = (rng.uniform(*span, (1, n_H, n_W, 3)).astype(np.float32) for _ in range(3))
        scales = rng.uniform(0.7, 1.4, 5).astype(np.float32)
        rate = speed / (16 * BETA + 8 * ALPHA)
        around = dict(C=C, S=S, scales=scales, ALPHA=ALPHA, BETA=BETA, rate=rate, mix=[[2, 0], [3, 1]])
        return dict(world=around, start=start, general=general)

    yield world(30, 7, 0.2, (0.35, 0.65))
    yield world(9.5, 4.5, 0.2, (0.35, 0.65))
    yield world(3, 12, 2.5, (0, 1), CLIPPING)
    yield world(60, 1.5, 2.5, (0, 1), CLIPPING)
    yield world(0, 5, 0.4, (0.2, 0.8), "ALPHA = 0")


_MAKERS = {
    "compute_content_cost": lambda rng: list(_content(rng)),
    "gram_matrix": lambda rng: list(_gram(rng)),
    "compute_layer_style_cost": lambda rng: list(_layer_style(rng)),
    "compute_style_cost": lambda rng: list(_style(rng)),
    "total_cost": lambda rng: list(_total(rng)),
    "train_step": lambda rng: list(_train(rng)),
}

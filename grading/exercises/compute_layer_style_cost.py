"""Exercise 3, formulas (3) and (4): how far the Gram matrices of one layer are apart."""

import numpy as np

from grading.cases import OVERFLOW, case, sizes, unroll, volume
from grading.exercises import ABSOLUTE, NOT_SQUARED, ROOT, SQUARE_FIRST, Exercise
from grading.exercises.gram_matrix import centred, stand_in_gram_matrix, unit

DIFFERENT_SIZES = "pictures S and G of different sizes"


def inputs(rng):
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


def layer_style_cost(a_S, a_G):
    A_S, A_G = unroll(a_S), unroll(a_G)
    difference = A_S @ A_S.T / A_S.shape[1] - A_G @ A_G.T / A_G.shape[1]
    value = np.sum(difference**2) / (4 * len(A_G) ** 2)
    gradient = -(difference @ A_G) / (A_G.shape[1] * len(A_G) ** 2)
    return value, gradient.T.reshape(a_G.shape)


def layer_style_cost_of_stand_in(a_S, a_G):
    """The same with `stand_in_gram_matrix` where the Gram matrix should be."""
    A_S, A_G = unroll(a_S), unroll(a_G)
    difference = stand_in_gram_matrix(A_S) / A_S.shape[1] - stand_in_gram_matrix(A_G) / A_G.shape[1]
    scale = 4 * len(A_G) ** 2
    sums = A_G.sum(axis=1)
    gradient = np.outer(-4 * (difference @ sums) / (scale * A_G.shape[1]), np.ones(A_G.shape[1]))
    return np.sum(difference**2) / scale, gradient.T.reshape(a_G.shape)


def answer(case):
    layer_cost = layer_style_cost_of_stand_in if case.get("stand_ins") else layer_style_cost
    value, gradient = layer_cost(*case["arguments"])
    return dict(value=value, gradients=[gradient])


def stand_in_layer_style_cost(a_S, a_G):
    """(value, gradient) of the function in grading/sandboxed/stand_ins.py."""
    n_C = a_S.shape[-1]
    mean, square = (a.reshape(-1, n_C).mean(axis=0) for a in (a_S, a_G**2))
    return np.sum(mean * square), 2 * mean * a_G * n_C / a_G.size


def _gram(A, case):
    """The Gram matrix, or what stood in for it."""
    return stand_in_gram_matrix(A) if case.get("stand_ins") else A @ A.T


def _difference(formula, to_matrix=unroll):
    """A formula in the difference of the two averaged Gram matrices and n_C."""

    def of_case(case):
        a_S, a_G = case["arguments"]
        S, G = (_gram(A, case) / A.shape[1] for A in (to_matrix(a_S), to_matrix(a_G)))
        return formula(S - G, a_G.shape[3])

    return of_case


def _usual(D, n_C):
    return (D**2).sum() / (4 * n_C**2)


def _mixed(a):
    return a.reshape(a.shape[3], -1)


def _channels_first(a):
    """Channels come first, but are unrolled as if they were last."""
    return a.transpose(0, 3, 1, 2).reshape(-1, a.shape[3]).T


def _products(*to_matrices):
    """The Gram matrices, or products of other matrices, compared as formula (4) says, averaged, or both."""

    def of(to_matrix_S, to_matrix_G, way):
        def of_case(case):
            a_S, a_G = case["arguments"]
            if max(a_S[..., 0].size, a_G[..., 0].size) > 2000:
                return np.nan
            S, G = (_grams_of(A, case) for A in (to_matrix_S(a_S), to_matrix_G(a_G)))
            if S.shape != G.shape:
                return np.nan
            n_S, n_G, n_C = a_S[..., 0].size, a_G[..., 0].size, a_G.shape[3]
            D = S / n_S - G / n_G
            return [(D**2).sum() / (4 * n_C**2), (D**2).mean() / 4, ((S - G) ** 2).mean()][way]

        return of_case

    return [of(S, G, way) for S, G in to_matrices for way in range(3)]


def _grams_of(A, case):
    """The Gram matrix of the last two axes, or what stood in for it."""
    if case.get("stand_ins"):
        sums = A.sum(axis=-1)
        return sums[..., None] * sums[..., None, :]
    return A @ A.swapaxes(-1, -2)


def _of_the_difference(case):
    a_S, a_G = case["arguments"]
    if a_S.shape != a_G.shape:
        return np.nan
    D = unroll(a_S - a_G)
    return (_gram(D, case) ** 2).sum() / (4 * len(D) ** 2 * D.shape[1] ** 2)


def _with_power(divisor):
    """The squared difference of the Gram matrices by a divisor in which ^ stands for **."""
    return _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / divisor(n_C, n_G))


def _squeezed(case):
    """tf.squeeze takes the axis of one row away, too: what is read as n_H and n_W are n_W and n_C."""
    a_S, a_G = case["arguments"]
    if 1 not in a_G.shape[1:3] or a_S.shape != a_G.shape:
        return np.nan
    n_H, n_W = [n for n in a_G.shape if n > 1][:2]
    return ((unroll(a_S) @ unroll(a_S).T - unroll(a_G) @ unroll(a_G).T) ** 2).sum() / (
        4 * a_G.shape[3] ** 2 * (n_H * n_W) ** 2
    )


def _grams(formula):
    """A formula in the two Gram matrices, unnormalised, their numbers of places, and n_C."""

    def of_case(case):
        (A_S, A_G) = (unroll(a) for a in case["arguments"])
        return formula(_gram(A_S, case), _gram(A_G, case), A_S.shape[1], A_G.shape[1], len(A_G))

    return of_case


def _mean_square(a_S, a_G):
    return ((a_S - a_G) ** 2).mean()


def _in_float16(a):
    return unroll(a.astype(np.float16).astype(np.float64))


def _rows(a, axis):
    """Unrolled with n_H or n_W rows, where these can be told from n_C."""
    return a.reshape(a.shape[axis], -1) if len(np.unique(a.shape)) > 3 else a * np.nan


OWN_SIZE = (
    "each Gram matrix must be divided by the n_H * n_W of its own picture: S and G may differ in size, and neither is "
    "resized"
)

MISTAKES = {
    "in Python ** is a power, n_C**2; ^ is something else": [
        _difference(lambda D, n_C: (D**2).sum() / (4 * (n_C ^ 2))),
        _with_power(lambda n_C, n: 4 * (n_C ^ 2) * n**2),
        _with_power(lambda n_C, n: 4 * (n_C ^ 2) * (n ^ 2)),
        _with_power(lambda n_C, n: 4 * n_C**2 * (n ^ 2)),
        _with_power(lambda n_C, n: (4 * n_C) ^ (2 * n) ^ 2),
        _with_power(lambda n_C, n: (4 * n_C) ^ (2 * n**2)),
        _with_power(lambda n_C, n: (4 * n_C**2 * n) ^ 2),
        _with_power(lambda n_C, n: (4 * n_C**2 * n**2) ^ 2),
        _with_power(lambda n_C, n: (2 * n_C * n) ^ 2),
        _with_power(lambda n_C, n: 4 * ((n_C * n) ^ 2)),
    ],
    "the activations were reshaped to (n_C, n_H * n_W) without a transpose: rows mix channels. Channels come last, "
    "so reshape to (n_H * n_W, n_C) first, then transpose": [
        _difference(_usual, _mixed),
        *_products((_mixed, _mixed)),
    ],
    "rows mix channels: after a transpose to (1, n_C, n_H, n_W), reshape to (n_C, n_H * n_W), and that is all": [
        *_products((_channels_first, _channels_first)),
    ],
    "S and G are unrolled in different orders: both need the same reshape, and the same transpose": [
        *_products((unroll, _mixed), (_mixed, unroll)),
    ],
    "the activations were reshaped to (n_C, n_H * n_W) and then transposed, so channels are mixed and places meet "
    "places: reshape to (n_H * n_W, n_C) first, then transpose": [
        *_products((lambda a: _mixed(a).T, lambda a: _mixed(a).T)),
    ],
    "a matrix (n_C, n_H * n_W) is wanted: reshape the volume to (n_H * n_W, n_C) first, then transpose": [
        *_products((lambda a: a, lambda a: a)),
        *_products((lambda a: a.transpose(0, 3, 1, 2),) * 2),
        *_products((lambda a: a.transpose(0, 3, 2, 1),) * 2),
        *_products((lambda a: a.transpose(0, 2, 1, 3),) * 2),
        *_products((lambda a: a.transpose(0, 1, 3, 2),) * 2),
        *_products((lambda a: a[0].T,) * 2),
    ],
    "the Gram matrix of the difference was taken: take one of S and one of G, then their difference": [
        _of_the_difference,
    ],
    "tf.squeeze takes n_H = 1 away as well: a[0], or tf.squeeze(a, axis=0), takes the first axis only": [
        _squeezed,
    ],
    "the Gram matrix compares places with places: A needs one row for each channel, so transpose it": [
        *_products((lambda a: unroll(a).T, lambda a: unroll(a).T)),
    ],
    "A has one row for each row of the picture: it needs one for each channel": [
        _difference(_usual, lambda a: _rows(a, 1)),
        *_products((lambda a: _rows(a, 1),) * 2),
        *_products((lambda a: _rows(a, 2),) * 2),
    ],
    OWN_SIZE: [
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_G**2)),
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_S**2)),
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_S * n_G)),
    ],
    "the activations themselves are compared: compare their Gram matrices": [
        lambda case: _mean_square(*case["arguments"]) / 4,
        lambda case: _mean_square(*case["arguments"]),
        lambda case: _mean_square(*case["arguments"]) / (4 * case["arguments"][1].size),
    ],
    ABSOLUTE: [
        _difference(lambda D, n_C: np.abs(D).sum() / (4 * n_C**2)),
        _grams(lambda S, G, n_S, n_G, n_C: np.abs(S - G).sum() / (4 * n_C**2 * n_G**2)),
    ],
    NOT_SQUARED: [
        _difference(lambda D, n_C: D.sum() / (4 * n_C**2)),
        _difference(lambda D, n_C: -D.sum() / (4 * n_C**2)),
        _grams(lambda S, G, n_S, n_G, n_C: (S - G).sum() / (4 * n_C**2 * n_G**2)),
    ],
    SQUARE_FIRST: [
        _difference(lambda D, n_C: D.sum() ** 2 / (4 * n_C**2)),
    ],
    ROOT: [
        _difference(lambda D, n_C: np.sqrt(_usual(D, n_C))),
        _difference(lambda D, n_C: np.linalg.norm(D) / (4 * n_C**2)),
        _grams(lambda S, G, n_S, n_G, n_C: np.linalg.norm(S - G) / (4 * n_C**2 * n_G**2)),
    ],
    "only the diagonals of the Gram matrices are compared: sum over all i and j": [
        _difference(lambda D, n_C: (np.diag(D) ** 2).sum() / (4 * n_C**2)),
    ],
    "only one half of the Gram matrices is compared: sum over all i and j": [
        _difference(lambda D, n_C: (np.triu(D) ** 2).sum() / (4 * n_C**2)),
    ],
    "the Gram matrices are squared before they are subtracted: subtract first": [
        _grams(lambda S, G, n_S, n_G, n_C: ((S**2).sum() / n_S**2 - (G**2).sum() / n_G**2) / (4 * n_C**2)),
        _grams(lambda S, G, n_S, n_G, n_C: ((G**2).sum() / n_G**2 - (S**2).sum() / n_S**2) / (4 * n_C**2)),
    ],
    "a_S is not used: compare a_G with it": [
        _grams(lambda S, G, n_S, n_G, n_C: (G**2).sum() / (4 * n_C**2 * n_G**2)),
    ],
    "a_G is not used: compare a_S with it": [
        _grams(lambda S, G, n_S, n_G, n_C: (S**2).sum() / (4 * n_C**2 * n_S**2)),
    ],
    "the Gram matrices are added where they should be subtracted": [
        _grams(lambda S, G, n_S, n_G, n_C: ((S / n_S + G / n_G) ** 2).sum() / (4 * n_C**2)),
    ],
    "the mean of each channel was taken off: the Gram matrix takes the activations as they are": [
        _difference(_usual, lambda a: centred(unroll(a))),
    ],
    "the channels were scaled to length one: the Gram matrix takes the activations as they are": [
        _difference(lambda D, n_C: _usual(D, n_C), lambda a: unit(unroll(a)) * np.sqrt(a[..., 0].size)),
    ],
    "half precision (float16) is too coarse: stay with float32": [
        _difference(_usual, _in_float16),
    ],
    "the largest difference is taken: the formula adds up all of them": [
        _difference(lambda D, n_C: (D**2).max() / (4 * n_C**2)),
    ],
}


EXERCISE = Exercise(
    name="compute_layer_style_cost",
    number=3,
    notebook="03_style_cost",
    builds_on="gram_matrix",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (4)",
    factors=("n_H", "n_W", "n_C"),
    divides_by={"n_H": 2, "n_W": 2, "n_C": 2},
    failing={DIFFERENT_SIZES: OWN_SIZE},
)

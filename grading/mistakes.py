"""Mistakes that learners make, as NumPy formulas: where an answer equals one of them, the hint can name it.

Each table holds {hint: formulas}: a formula gives what the mistake gives on a case, NaN where it cannot be made.
"""

import itertools

import numpy as np

from grading.answers import (
    content_cost,
    layer_style_cost,
    stand_in_gram,
    stand_in_layer_style_cost,
    total_weights,
    unroll,
    weights_of,
    world_costs,
)

TOLERANCE = 2e-4  # relative, in L2 norm: separates right from wrong on CPU, GPU and with or without oneDNN


def close(value, target):
    """Are two arrays, or two tuples of arrays, equal, shape included, up to the tolerance?"""
    if isinstance(target, tuple):
        return all(close(v, t) for v, t in zip(value, target, strict=True))
    value, target = np.asarray(value, np.float64), np.asarray(target, np.float64)
    if value.shape != target.shape or not np.isfinite(value).all():
        return False
    return bool(np.linalg.norm(value - target) <= TOLERANCE * np.linalg.norm(target) + 1e-7)


def name_mistake(exercise, trials):
    """Return the hint for the first known mistake that explains every wrong value, or None.

    trials: [(case, value, expected)] of the calls whose value is wrong, in float64. For train_step a value is a tuple:
        the three costs, and how far the three pictures are from the start.
    """
    if not trials:
        return None
    for hint, formulas in _TABLES[exercise].items():
        if any(all(_explains(formula, *trial) for trial in trials) for formula in formulas):
            return hint
    return _factor(exercise, trials) if exercise in _FACTORS else None


def _explains(formula, case, value, expected):
    try:
        with np.errstate(all="ignore"):
            wrong = formula(case)
    except (IndexError, ValueError):
        return False
    return close(value, wrong) and not close(wrong, expected)


# ---------------------------------------------------------------- a wrong factor, read off the ratio


def _factor(exercise, trials):
    """The value is the right one times a product of 2, 4, n_H, n_W, n_C: name the product."""
    usable = [(case, value, right) for case, value, right in trials if np.linalg.norm(right) > 0]
    if len(usable) < 2:
        return None
    ratios = np.array([np.vdot(right, value) / np.vdot(right, right) for _, value, right in usable])
    if not all(close(value, ratio * right) for ratio, (_, value, right) in zip(ratios, usable)):
        return None
    names, formula = _FACTORS[exercise], _DIVIDES_BY.get(exercise, {})
    sizes = np.array([_sizes(exercise, case) for case, _, _ in usable], float)
    different = len({tuple(row) for row in sizes}) > 1
    powers = sorted(itertools.product(range(-4, 5), repeat=len(names)), key=lambda p: (np.abs(p).sum(), p))
    for power in powers if different else powers[:1]:
        rest = ratios / np.prod(sizes ** np.array(power), axis=1)
        if np.ptp(rest) > TOLERANCE * abs(rest).max():
            continue
        number = float(rest.mean())
        plain = next((k for k in (1, 2, 4, 8, 16, 64, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 64) if close(number, k)), None)
        if number < 0:
            return "your value has the wrong sign: it is negative where it should be positive"
        if plain is None and any(power):
            return (
                "your value fits one size of picture only: sizes seem to be written as numbers. "
                "Take n_H, n_W and n_C from the shape"
            )
        return _times(plain or number, dict(zip(names, power)), formula)
    return None


def _times(number, powers, formula):
    """Words for a wrong factor. formula: the powers by which the right formula divides."""
    large = {name: power for name, power in powers.items() if power > 0}
    small = {name: -power for name, power in powers.items() if power < 0}
    words = []
    if large or number > 1:
        words.append(f"{_product(large, number)} times too large")
    if small or number < 1:
        words.append(f"{_product(small, 1 / number)} times too small")
    if large and all(power == 2 * formula.get(name, 0) for name, power in large.items()) and not small:
        advice = "in Python a / b * c is (a / b) * c, so put the whole denominator in brackets"
    elif number == 2 and not (large or small):
        advice = "a factor 1/2 is missing; does 1/2 stand where the formula has 1/4?"
    elif number == 4 and not (large or small):
        advice = "the factor 1/4 is missing"
    elif large and not small:
        advice = f"is the division by {_product(large, number)} missing, or does another size stand there?"
    elif small and small == formula:
        advice = "it is divided twice; tf.reduce_mean divides, too"
    elif not formula:
        advice = "the formula has no factor in front of it"
    else:
        advice = "look at what the sum is divided by"
    return f"your value is exactly {' and '.join(words)}: {advice}"


def _product(powers, number):
    """4 · n_C^2, say; n_H and n_W with the same power are written together."""
    powers = dict(powers)
    if powers.get("n_H") and powers.get("n_H") == powers.get("n_W"):
        powers = {"(n_H n_W)": powers.pop("n_H")} | {name: p for name, p in powers.items() if name != "n_W"}
    factors = [f"{number:.4g}"] if number > 1.0005 else []
    return " · ".join(factors + [name + ("" if power == 1 else f"^{power}") for name, power in powers.items()])


def _sizes(exercise, case):
    """The numbers that _FACTORS names: the sizes of the tensor that is differentiated by, in their order."""
    argument = case["arguments"][case["watch"][0] if case["watch"] else -1]
    shape = np.shape(argument[-1] if isinstance(argument, list) else argument)
    return shape[len(shape) == 4 :][: len(_FACTORS[exercise])]


_FACTORS = {
    "compute_content_cost": ("n_H", "n_W", "n_C"),
    "gram_matrix": ("n_C", "(n_H n_W)"),
    "compute_layer_style_cost": ("n_H", "n_W", "n_C"),
    "compute_style_cost": (),
    "total_cost": (),
}
_DIVIDES_BY = {
    "compute_content_cost": {"n_H": 1, "n_W": 1, "n_C": 1},
    "compute_layer_style_cost": {"n_H": 2, "n_W": 2, "n_C": 2},
}


# ---------------------------------------------------------------- the content cost


def _content(formula):
    """A formula in the two content layers and the number of their entries."""

    def of_case(case):
        a_C, a_G = (layers[-1] for layers in case["arguments"])
        return formula(a_C, a_G, a_G.size)

    return of_case


def _layer(index):
    def of_case(case):
        a_C, a_G = case["arguments"]
        return content_cost(a_C[index], a_G[index])[0]

    return of_case


ROUNDED = "the value is rounded: stay with floating-point numbers, and divide with /, not //"
SQUARE_FIRST = "the differences are added up before they are squared, so they cancel: square each one first"
NOT_SQUARED = "the differences are not squared"
ABSOLUTE = "absolute values are added up where squares should be"
ROOT = "there is a square root too many: tf.norm takes one, the formula has none"

NOT_LAST = "another layer than the last one is compared: the content layer is the last entry, [-1]"

CONTENT = {
    NOT_LAST: [
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
    ROUNDED: [
        _content(lambda c, g, n: np.floor(((c - g) ** 2).sum() / (4 * n))),
        _content(lambda c, g, n: ((c - g) ** 2).sum() // (4 * n)),
    ],
}


# ---------------------------------------------------------------- the Gram matrix


def _of_matrix(formula):
    return lambda case: formula(case["arguments"][0])


RESHAPED = "A was reshaped where it should be transposed: tf.reshape never moves a number, so rows mix channels"
SIGNS_LOST = "the signs are lost: the Gram matrix multiplies the activations as they are"

GRAM = {
    RESHAPED: [
        _of_matrix(lambda A: A @ A.reshape(A.shape[::-1])),
        _of_matrix(lambda A: A.reshape(A.shape[::-1]).T @ A.T),
    ],
    "the mean of each row was taken off: that is a covariance; the Gram matrix takes A as it is": [
        _of_matrix(lambda A: _centred(A) @ _centred(A).T),
        _of_matrix(np.cov),
    ],
    "the rows were scaled to length one: the Gram matrix takes A as it is": [
        _of_matrix(lambda A: _unit(A) @ _unit(A).T),
    ],
    SIGNS_LOST: [
        _of_matrix(lambda A: np.abs(A) @ np.abs(A).T),
        _of_matrix(lambda A: np.abs(A @ A.T)),
        _of_matrix(lambda A: A.clip(0) @ A.clip(0).T),
        _of_matrix(lambda A: (A @ A.T).clip(0)),
    ],
    "only the diagonal is filled: multiply every row with every row": [
        _of_matrix(lambda A: np.diag((A**2).sum(1))),
    ],
    "the diagonal is empty: a row is multiplied with itself, too": [
        _of_matrix(lambda A: A @ A.T - np.diag((A**2).sum(1))),
    ],
    "only one half of the matrix is filled: the Gram matrix is symmetric": [
        _of_matrix(lambda A: np.triu(A @ A.T)),
        _of_matrix(lambda A: np.tril(A @ A.T)),
    ],
    "the entries are squared: multiply row with row, once": [
        _of_matrix(lambda A: (A @ A.T) ** 2),
        _of_matrix(lambda A: A**2 @ (A**2).T),
    ],
    "the Gram matrix was multiplied once more": [
        _of_matrix(lambda A: A @ A.T @ A @ A.T),
    ],
    "there is a square root too many": [
        _of_matrix(lambda A: np.sqrt(np.abs(A @ A.T))),
    ],
    "the rows are added up before they are multiplied: multiply place by place, then add up": [
        _of_matrix(lambda A: np.outer(A.sum(1), A.sum(1))),
        _of_matrix(lambda A: np.outer(A.mean(1), A.mean(1))),
    ],
    "rows are added where they should be multiplied": [
        _of_matrix(lambda A: A.sum(1)[:, None] + A.sum(1)),
    ],
    ROUNDED: [
        _of_matrix(lambda A: np.trunc(A) @ np.trunc(A).T),
        _of_matrix(lambda A: np.round(A @ A.T)),
        _of_matrix(lambda A: np.trunc(A @ A.T)),
    ],
}


def _centred(A):
    return A - A.mean(axis=1, keepdims=True)


def _unit(A):
    return A / np.linalg.norm(A, axis=1, keepdims=True)


# ---------------------------------------------------------------- the style cost of a layer


def _gram(A, case):
    """The Gram matrix, or what stood in for it."""
    return stand_in_gram(A) if case.get("stand_ins") else A @ A.T


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


def _by_places(case):
    a_S, a_G = case["arguments"]
    if a_S.shape != a_G.shape or a_S[..., 0].size > 2000:
        return np.nan
    A_S, A_G = unroll(a_S), unroll(a_G)
    return ((A_S.T @ A_S - A_G.T @ A_G) ** 2).sum() / (4 * len(A_S) ** 2 * A_S.shape[1] ** 2)


def _grams(formula):
    """A formula in the two Gram matrices, unnormalised, their numbers of places, and n_C."""

    def of_case(case):
        (A_S, A_G) = (unroll(a) for a in case["arguments"])
        return formula(_gram(A_S, case), _gram(A_G, case), A_S.shape[1], A_G.shape[1], len(A_G))

    return of_case


def _in_float16(a):
    return unroll(a.astype(np.float16).astype(np.float64))


MIXED = (
    "the activations were reshaped to (n_C, n_H * n_W) without a transpose: rows mix channels. Channels come last, "
    "so reshape to (n_H * n_W, n_C) first, then transpose"
)
PLACES = "the Gram matrix compares places with places: A needs one row for each channel, so transpose it"
OWN_SIZE = "each Gram matrix must be divided by the n_H * n_W of its own picture: S and G may differ in size"
NO_GRAM = "the activations themselves are compared: compare their Gram matrices"

LAYER_STYLE = {
    "in Python ** is a power, n_C**2; ^ is something else": [
        _difference(lambda D, n_C: (D**2).sum() / (4 * (n_C ^ 2))),
    ],
    MIXED: [
        _difference(_usual, _mixed),
        _difference(_usual, lambda a: a.reshape(a.shape[3], a.shape[1] * a.shape[2])),
    ],
    PLACES: [
        _by_places,
    ],
    "A has one row for each row of the picture: it needs one for each channel": [
        _difference(_usual, lambda a: a.reshape(a.shape[1], -1) if len(np.unique(a.shape)) > 3 else a * np.nan),
    ],
    OWN_SIZE: [
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_G**2)),
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_S**2)),
        _grams(lambda S, G, n_S, n_G, n_C: ((S - G) ** 2).sum() / (4 * n_C**2 * n_S * n_G)),
    ],
    NO_GRAM: [
        lambda case: content_cost(*case["arguments"])[0],
        lambda case: ((np.subtract(*case["arguments"])) ** 2).mean(),
        lambda case: content_cost(*case["arguments"])[0] / case["arguments"][1].size,
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
        _difference(_usual, lambda a: _centred(unroll(a))),
    ],
    "the channels were scaled to length one: the Gram matrix takes the activations as they are": [
        _difference(lambda D, n_C: _usual(D, n_C), lambda a: _unit(unroll(a)) * np.sqrt(a[..., 0].size)),
    ],
    "half precision (float16) is too coarse: stay with float32": [
        _difference(_usual, _in_float16),
    ],
    "the largest difference is taken: the formula adds up all of them": [
        _difference(lambda D, n_C: (D**2).max() / (4 * n_C**2)),
    ],
}


# ---------------------------------------------------------------- the style cost of several layers


def _layers(formula):
    """A formula in the lists of weights and of layer costs; the costs of layers behind the style layers follow."""

    def of_case(case):
        weights = np.array(weights_of(case), float)
        layer_cost = stand_in_layer_style_cost if case.get("stand_ins") else layer_style_cost
        costs = np.array([layer_cost(s, g)[0] for s, g in zip(*case["arguments"][:2])])
        return formula(weights, costs[: len(weights)], costs)

    return of_case


STYLE = {
    "the weights of STYLE_LAYERS are not used: multiply each layer cost by its lambda": [
        _layers(lambda w, J, all_J: J.sum()),
        _layers(lambda w, J, all_J: J.mean()),
        _layers(lambda w, J, all_J: all_J.sum()),
    ],
    "the given STYLE_LAYERS are ignored: take the weights from the argument, not a number or the notebook's own": [
        _layers(lambda w, J, all_J: 0.2 * J.sum()),
        _layers(lambda w, J, all_J: 0.2 * all_J[:5].sum()),
        _layers(lambda w, J, all_J: 0.2 * all_J.sum()),
    ],
    "the sum is divided by the number of layers: the weights say already how much each one counts": [
        _layers(lambda w, J, all_J: (w * J).mean()),
        _layers(lambda w, J, all_J: (w * J).sum() / len(all_J)),
    ],
    "the sum is divided by the sum of the weights: formula (5) takes them as they are": [
        _layers(lambda w, J, all_J: (w * J).sum() / w.sum()),
    ],
    "the weights are squared": [
        _layers(lambda w, J, all_J: (w**2 * J).sum()),
    ],
    "the layer costs are squared": [
        _layers(lambda w, J, all_J: (w * J**2).sum()),
    ],
    "the costs are divided by their weights: multiply": [
        _layers(lambda w, J, all_J: (J / w).sum() if w.all() else np.nan),
    ],
    "the weights are added to the costs: multiply": [
        _layers(lambda w, J, all_J: (w + J).sum()),
    ],
    "only the first layer counts: is the return inside the loop?": [
        _layers(lambda w, J, all_J: w[0] * J[0]),
    ],
    "only the last layer counts: add up, J_style += ..., instead of overwriting": [
        _layers(lambda w, J, all_J: w[-1] * J[-1]),
    ],
    "the content layer counts, too: leave out what comes behind the style layers": [
        _layers(lambda w, J, all_J: (w * J).sum() + all_J[len(J) :].sum()),
        _layers(lambda w, J, all_J: (w * J).sum() + (w[-1] * all_J[len(J) :]).sum()),
    ],
    "the weights meet the wrong layers: their order must be that of the activations": [
        _layers(lambda w, J, all_J: (w[::-1] * J).sum()),
        _layers(lambda w, J, all_J: (w * all_J[::-1][: len(w)]).sum()),
        _layers(lambda w, J, all_J: (w * np.roll(J, 1)).sum()),
        _layers(lambda w, J, all_J: (w * np.roll(J, -1)).sum()),
        _layers(lambda w, J, all_J: (np.sort(w) * J).sum()),
    ],
    "one layer is left out: the loop stops too early, or the last entry is cut off": [
        _layers(lambda w, J, all_J: (w * J)[:-1].sum()),
    ],
    "one layer is left out: the loop starts too late": [
        _layers(lambda w, J, all_J: (w * J)[1:].sum()),
    ],
    "one layer is left out: the loop starts too late, or weights meet the wrong layers": [
        _layers(lambda w, J, all_J: (w * all_J[1 : len(w) + 1]).sum() if len(all_J) > len(w) else np.nan),
    ],
    "the same layer is taken in every turn of the loop": [
        _layers(lambda w, J, all_J: w.sum() * J[0]),
        _layers(lambda w, J, all_J: w.sum() * J[-1]),
        _layers(lambda w, J, all_J: w.sum() * all_J[-1]),
    ],
    "all weights and all costs are summed separately: multiply each cost by its own weight": [
        _layers(lambda w, J, all_J: w.sum() * J.sum()),
    ],
    "one weight is taken for all layers: each layer has its own": [
        _layers(lambda w, J, all_J: w[0] * J.sum()),
        _layers(lambda w, J, all_J: w[-1] * J.sum()),
        _layers(lambda w, J, all_J: w.mean() * J.sum()),
    ],
    "the number of the layer is taken for its weight": [
        _layers(lambda w, J, all_J: (np.arange(len(w)) * J).sum()),
        _layers(lambda w, J, all_J: (np.arange(1, len(w) + 1) * J).sum()),
    ],
    "the layer costs are multiplied with each other: add them up": [
        _layers(lambda w, J, all_J: (w * J).prod()),
    ],
    "only the largest layer cost counts: add them all up": [
        _layers(lambda w, J, all_J: (w * J).max()),
    ],
    "there is a square root too many": [
        _layers(lambda w, J, all_J: np.sqrt((w * J).sum())),
    ],
    "only five layers are counted: STYLE_LAYERS says how many there are": [
        _layers(lambda w, J, all_J: (w * J)[:5].sum()),
    ],
    "the weight of the last layer is taken twice": [
        _layers(lambda w, J, all_J: (w * J).sum() + w[-1] * J[-1]),
    ],
    "weights below one become zero: do not turn them into whole numbers": [
        _layers(lambda w, J, all_J: (np.trunc(w) * J).sum()),
    ],
}


# ---------------------------------------------------------------- the total cost


def _weighted(formula):
    """A formula in alpha, beta, J_content, J_style."""
    return lambda case: formula(*total_weights(case), *case["arguments"][:2])


IGNORED = "alpha and beta are ignored: numbers or other names stand in their place"

TOTAL = {
    "a weight of zero is taken for a missing one (0 counts as false in `alpha or 10`)": [
        _weighted(lambda a, b, c, s: (a or 10) * c + (b or 40) * s),
        _weighted(lambda a, b, c, s: (a or 1) * c + (b or 1) * s),
    ],
    "alpha and beta are swapped: alpha belongs to J_content, beta to J_style": [
        _weighted(lambda a, b, c, s: b * c + a * s),
    ],
    "the default values are wrong: alpha=10 and beta=40": [
        lambda case: _defaulted(case, 40, 10),
        lambda case: _defaulted(case, 1, 1),
        lambda case: _defaulted(case, 10, 100),
    ],
    IGNORED: [
        _weighted(lambda a, b, c, s: 10 * c + 40 * s),
        _weighted(lambda a, b, c, s: a * c + 40 * s),
        _weighted(lambda a, b, c, s: 10 * c + b * s),
        _weighted(lambda a, b, c, s: c + s),
    ],
    "beta is missing: multiply J_style by it": [
        _weighted(lambda a, b, c, s: a * c + s),
    ],
    "alpha is missing: multiply J_content by it": [
        _weighted(lambda a, b, c, s: c + b * s),
    ],
    "the style cost is missing": [
        _weighted(lambda a, b, c, s: a * c),
    ],
    "the content cost is missing": [
        _weighted(lambda a, b, c, s: b * s),
    ],
    "one weight is used for both costs": [
        _weighted(lambda a, b, c, s: a * (c + s)),
        _weighted(lambda a, b, c, s: b * (c + s)),
    ],
    "brackets are wrong: alpha must multiply J_content only": [
        _weighted(lambda a, b, c, s: a * (c + b * s)),
    ],
    "brackets are wrong: beta must multiply J_style only": [
        _weighted(lambda a, b, c, s: (a * c + s) * b),
    ],
    "the weights are added to the costs: multiply": [
        _weighted(lambda a, b, c, s: a + c + b + s),
        _weighted(lambda a, b, c, s: (a + c) * (b + s)),
    ],
    "the two costs are multiplied with each other: add them": [
        _weighted(lambda a, b, c, s: a * c * b * s),
    ],
    "the style cost is subtracted: add it": [
        _weighted(lambda a, b, c, s: a * c - b * s),
    ],
    "the content cost is subtracted: add it": [
        _weighted(lambda a, b, c, s: b * s - a * c),
    ],
    "the cost is divided by the sum of the weights: formula (6) takes them as they are": [
        _weighted(lambda a, b, c, s: (a * c + b * s) / (a + b)),
    ],
    "the cost is divided by two: formula (6) is a sum, not an average": [
        _weighted(lambda a, b, c, s: (a * c + b * s) / 2),
    ],
    "the weights are squared": [
        _weighted(lambda a, b, c, s: a**2 * c + b**2 * s),
    ],
    "the costs are squared": [
        _weighted(lambda a, b, c, s: a * c**2 + b * s**2),
    ],
    "the costs are divided by their weights: multiply": [
        _weighted(lambda a, b, c, s: c / a + s / b if a and b else np.nan),
    ],
    "only the ratio of the weights counts: formula (6) takes both as they are": [
        _weighted(lambda a, b, c, s: c + b / a * s if a else np.nan),
        _weighted(lambda a, b, c, s: a / b * c + s if b else np.nan),
    ],
    "only the larger cost counts: add them": [
        _weighted(lambda a, b, c, s: max(a * c, b * s)),
    ],
    "there is a square root too many": [
        _weighted(lambda a, b, c, s: np.sqrt(a * c + b * s)),
    ],
    "weights below one become zero: do not turn them into whole numbers": [
        _weighted(lambda a, b, c, s: int(a) * c + int(b) * s),
    ],
    "the weights are cut off: any number that is not negative is allowed": [
        _weighted(lambda a, b, c, s: min(a, 100) * c + min(b, 100) * s),
        _weighted(lambda a, b, c, s: max(a, 1) * c + max(b, 1) * s),
    ],
}


def _defaulted(case, alpha, beta):
    given = dict(zip(("alpha", "beta"), case["arguments"][2:])) | case["keywords"]
    J_content, J_style = case["arguments"][:2]
    return given.get("alpha", alpha) * J_content + given.get("beta", beta) * J_style


# ---------------------------------------------------------------- the training step


def _run(weights=None, world=None, sign=-1.0, clip=(0, 1), before="", late=False, J=None, twice=False, still=False):
    """Three training steps with something changed; what `training` in `answers` does with nothing changed.

    before: clip ahead of the "tape" or of the "update", not afterwards.
    """

    def of_case(case):
        around = dict(case["world"], **(world(case["world"]) if world else {}))
        alpha, beta = weights(around) if weights else (around["ALPHA"], around["BETA"])
        x, values, pictures = case["start"], [], []

        def costs(x):
            (J_content, by_content), (J_style, by_style) = world_costs(x, around)
            value = J(around, J_content, J_style) if J else alpha * J_content + beta * J_style
            return value, alpha * by_content + beta * by_style

        for _ in range(3):
            x = np.clip(x, *clip) if before == "tape" else x
            value, gradient = costs(x)
            x = np.clip(x, *clip) if before == "update" else x
            for turn in range(2 if twice else 1):
                x = x + sign * around["rate"] * (costs(x)[1] if turn else gradient) * (not still)
                x = np.clip(x, *clip) if clip and not before else x
            values.append(costs(x)[0] if late else value)
            pictures.append(x - case["start"])
        return np.array(values), np.array(pictures)

    return of_case


def _true_J(world, content, style):
    return world["ALPHA"] * content + world["BETA"] * style


def _targets(content, style):
    return lambda world: dict(C=world[content], S=world[style])


STILL = (
    "the picture does not change: is optimizer.apply_gradients called, and is `generated_image` the variable it moves?"
)
NOT_CLIPPED = "the pixels are not clipped after the update: generated_image.assign(clip_0_1(generated_image))"
WEIGHTS = "ALPHA and BETA have no effect: hand them on to total_cost"

TRAIN = {
    STILL: [
        _run(still=True),
        _run(still=True, late=True),
    ],
    "the picture moves uphill: check the sign of the update": [
        _run(sign=1.0),
    ],
    NOT_CLIPPED: [
        _run(clip=None),
        _run(clip=(-1, 1)),
        _run(clip=(0, 255)),
        _run(clip=(0, np.inf)),
        _run(clip=(-np.inf, 1)),
    ],
    "the pixels are clipped before the update: clip them afterwards": [
        _run(before="tape"),
        _run(before="update"),
    ],
    "J is the cost after the step: return the one that the tape saw": [
        _run(late=True),
    ],
    "the picture is moved twice in one step": [
        _run(twice=True),
    ],
    "ALPHA and BETA are swapped: ALPHA belongs to J_content, BETA to J_style": [
        _run(weights=lambda world: (world["BETA"], world["ALPHA"])),
    ],
    WEIGHTS: [
        _run(weights=lambda world: (10, 40)),
        _run(weights=lambda world: (1, 1)),
    ],
    "BETA has no effect: hand it on to total_cost, too": [
        _run(weights=lambda world: (world["ALPHA"], 40)),
    ],
    "ALPHA has no effect: hand it on to total_cost, too": [
        _run(weights=lambda world: (10, world["BETA"])),
    ],
    "the style cost is missing from J": [
        _run(weights=lambda world: (world["ALPHA"], 0)),
        _run(weights=lambda world: (1, 0)),
    ],
    "the content cost is missing from J": [
        _run(weights=lambda world: (0, world["BETA"])),
        _run(weights=lambda world: (0, 1)),
    ],
    "the targets are swapped: a_C belongs to the content cost, a_S to the style cost": [
        _run(world=_targets("S", "C")),
    ],
    "the style cost compares with a_C: its target is a_S": [
        _run(world=_targets("C", "C")),
    ],
    "the content cost compares with a_S: its target is a_C": [
        _run(world=_targets("S", "S")),
    ],
    "J_content comes back: return the total cost J": [
        _run(J=lambda world, content, style: content),
    ],
    "J_style comes back: return the total cost J": [
        _run(J=lambda world, content, style: style),
    ],
    "the gradient is not that of J, but of a part of it": [
        _run(
            weights=lambda world: (world["ALPHA"], 0),
            J=_true_J,
        ),
        _run(
            weights=lambda world: (0, world["BETA"]),
            J=_true_J,
        ),
        _run(
            weights=lambda world: (1, 0),
            J=_true_J,
        ),
        _run(
            weights=lambda world: (0, 1),
            J=_true_J,
        ),
    ],
}

_TABLES = {
    "compute_content_cost": CONTENT,
    "gram_matrix": GRAM,
    "compute_layer_style_cost": LAYER_STYLE,
    "compute_style_cost": STYLE,
    "total_cost": TOTAL,
    "train_step": TRAIN,
}

"""The answers, in NumPy with float64: value and gradient of each exercise, by formula. Only the judge reads them.

Formulas (1) to (6) are those of the notebooks: Gatys, Ecker & Bethge (2015, 2016), in this course's normalisation.
"""

import numpy as np

from grading.cases import EXERCISES


def expected(exercise, case, layers=(), stand_ins=False):
    """Return {"value", "gradients"} of a case, {"value", "pictures"} for train_step.

    layers: the weights of the learner's own STYLE_LAYERS, for the case that gives none.
    stand_ins: with the replacements of `evaluate.STAND_INS` in place of the earlier exercise.
    """
    case = as_float64(case)
    if exercise == "train_step":
        return dict(zip(("value", "pictures"), training(case["start"], case["world"])))
    table = _STANDING_IN if stand_ins and EXERCISES[exercise][1] else _ANSWERS
    answer = table[exercise](case, layers)
    return answer if case["watch"] else answer | {"gradients": []}


def as_float64(value):
    """A case with its arrays in float64."""
    if isinstance(value, dict):
        return {key: as_float64(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_float64(part) for part in value]
    return np.asarray(value, np.float64) if isinstance(value, np.ndarray | np.generic) else value


def unroll(a):
    """(1, n_H, n_W, n_C) -> (n_C, n_H * n_W)."""
    return a.reshape(-1, a.shape[-1]).T


def content_cost(a_C, a_G):
    value = np.sum((a_C - a_G) ** 2) / (4 * a_G.size)
    return value, (a_G - a_C) / (2 * a_G.size)


def layer_style_cost(a_S, a_G):
    A_S, A_G = unroll(a_S), unroll(a_G)
    difference = A_S @ A_S.T / A_S.shape[1] - A_G @ A_G.T / A_G.shape[1]
    value = np.sum(difference**2) / (4 * len(A_G) ** 2)
    gradient = -(difference @ A_G) / (A_G.shape[1] * len(A_G) ** 2)
    return value, gradient.T.reshape(a_G.shape)


def layer_style_cost_of_stand_in(a_S, a_G):
    """The same with `stand_in_gram` where the Gram matrix should be."""
    A_S, A_G = unroll(a_S), unroll(a_G)
    difference = stand_in_gram(A_S) / A_S.shape[1] - stand_in_gram(A_G) / A_G.shape[1]
    scale = 4 * len(A_G) ** 2
    sums = A_G.sum(axis=1)
    gradient = np.outer(-4 * (difference @ sums) / (scale * A_G.shape[1]), np.ones(A_G.shape[1]))
    return np.sum(difference**2) / scale, gradient.T.reshape(a_G.shape)


def stand_in_gram(A):
    """What `evaluate.stand_in_gram_matrix` computes."""
    return np.outer(A.sum(axis=1), A.sum(axis=1))


def stand_in_layer_style_cost(a_S, a_G):
    """What `evaluate.stand_in_layer_style_cost` computes, and its gradient."""
    return np.sum(a_S * a_G**2), 2 * a_S * a_G


def weights_of(case, layers=()):
    """The lambdas that count in a case of compute_style_cost."""
    given = case["arguments"][2:]
    if given:
        return [weight for _, weight in given[0]]
    return [float(weight) for weight in layers] if len(layers) else [0.2] * 5


def style_cost(case, layers=(), layer_cost=layer_style_cost):
    """The value, and a gradient for each layer; None for a layer that must not count."""
    a_S, a_G = case["arguments"][:2]
    weights = weights_of(case, layers)
    parts = [(w, *layer_cost(s, g)) for w, s, g in zip(weights, a_S, a_G)]
    gradients = [weight * gradient if weight else None for weight, _, gradient in parts]
    value = sum(weight * cost for weight, cost, _ in parts)
    return dict(value=value, gradients=gradients + [None] * (len(a_G) - len(parts)))


def total_weights(case):
    """(alpha, beta) of a case of total_cost."""
    given = dict(zip(("alpha", "beta"), case["arguments"][2:])) | case["keywords"]
    return given.get("alpha", 10), given.get("beta", 40)


def _content(case, _):
    a_C, a_G = case["arguments"]
    value, gradient = content_cost(a_C[-1], a_G[-1])
    return dict(value=value, gradients=[None] * (len(a_G) - 1) + [gradient])


def _gram(case, _):
    (A,), seed = case["arguments"], case["seed"]
    return dict(value=A @ A.T, gradients=[(seed + seed.T) @ A])


def _total(case, _):
    alpha, beta = total_weights(case)
    J_content, J_style = case["arguments"][:2]
    return dict(value=alpha * J_content + beta * J_style, gradients=[alpha or None, beta or None])


def _layer(layer_cost):
    def answer(case, _):
        value, gradient = layer_cost(*case["arguments"])
        return dict(value=value, gradients=[gradient])

    return answer


_ANSWERS = {
    "compute_content_cost": _content,
    "gram_matrix": _gram,
    "compute_layer_style_cost": _layer(layer_style_cost),
    "compute_style_cost": style_cost,
    "total_cost": _total,
}
_STANDING_IN = {
    "compute_layer_style_cost": _layer(layer_style_cost_of_stand_in),
    "compute_style_cost": lambda case, layers: style_cost(case, layers, stand_in_layer_style_cost),
}


def world_costs(x, world):
    """J_content and J_style of the small world in `evaluate`, each with its gradient by the picture x."""
    C, S, scales = world["C"], world["S"], world["scales"]
    apart = [scale * (x - S) for scale in scales]
    content = np.sum((C**2 - x**2) ** 2), 4 * x * (x**2 - C**2)
    style = sum(np.sum(a**2) for a in apart), sum(2 * scale * a for scale, a in zip(scales, apart))
    return content, style


def training(x, world, steps=3):
    """The costs before each step, and the pictures after each: gradient descent, clipped to [0, 1]."""
    values, pictures = [], []
    for _ in range(steps):
        (J_content, by_content), (J_style, by_style) = world_costs(x, world)
        values.append(world["ALPHA"] * J_content + world["BETA"] * J_style)
        x = np.clip(x - world["rate"] * (world["ALPHA"] * by_content + world["BETA"] * by_style), 0, 1)
        pictures.append(x)
    return np.array(values), pictures

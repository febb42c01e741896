"""Exercise 4, formula (5): the weighted sum of the layers' style costs."""

import re

import numpy as np

from grading.cases import case, close, sizes, volume
from grading.exercises import CUT_OFF, Exercise
from grading.exercises.compute_layer_style_cost import layer_style_cost, stand_in_layer_style_cost


def inputs(rng):
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
    yield lists([0.4, 1.1, 0.9], general="lists with no content layer at their end")


def weights_of(case):
    """The lambdas that count in a case."""
    given = case["arguments"][2:]
    if given:
        return [weight for _, weight in given[0]]
    own = case.get("layers", ())
    return list(own) if len(own) else [0.2] * 5


def layer_costs(case):
    """(cost, gradient) of each layer, those behind the style layers included."""
    layer_cost = stand_in_layer_style_cost if case.get("stand_ins") else layer_style_cost
    return [layer_cost(a_S, a_G) for a_S, a_G in zip(*case["arguments"][:2])]


def answer(case):
    """The gradient of a layer that must not count is None."""
    layers = layer_costs(case)
    weighted = list(zip(weights_of(case), layers))
    gradients = [weight * gradient if weight else None for weight, (_, gradient) in weighted]
    value = sum(weight * cost for weight, (cost, _) in weighted)
    return dict(value=value, gradients=gradients + [None] * (len(layers) - len(weighted)))


def _layers(formula):
    """A formula in the lists of weights and of layer costs; the costs of layers behind the style layers follow."""

    def of_case(case):
        weights = np.array(weights_of(case), float)
        costs = np.array([cost for cost, _ in layer_costs(case)])
        return formula(weights, costs[: len(weights)], costs)

    return of_case


def _activations(divisor):
    """The content cost of every style layer."""

    def of_case(case):
        pairs = zip(weights_of(case), *case["arguments"][:2])
        return sum(weight * ((a_S - a_G) ** 2).mean() / divisor for weight, a_S, a_G in pairs)

    return of_case


IGNORED = "the given STYLE_LAYERS are ignored: take the weights from the argument, not a number or the notebook's own"
MISTAKES = {
    "the weights of STYLE_LAYERS are not used: multiply each layer cost by its lambda": [
        _layers(lambda w, J, all_J: J.sum()),
        _layers(lambda w, J, all_J: J.mean()),
        _layers(lambda w, J, all_J: all_J.sum()),
    ],
    IGNORED: [
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
    "the weights are added up from layer to layer: each layer has its own, as it is": [
        _layers(lambda w, J, all_J: (w.cumsum() * J).sum()),
    ],
    "the sum so far is multiplied by each weight again: J_style += weight * cost": [
        _layers(lambda w, J, all_J: sum(J[i] * w[i:].prod() for i in range(len(w)))),
    ],
    "the costs are added up twice: add each layer's cost to the sum, not the sum to itself": [
        _layers(lambda w, J, all_J: (w * J).cumsum().sum()),
    ],
    "the weights go through a softmax: formula (5) takes them as they are": [
        _layers(lambda w, J, all_J: (np.exp(w) * J).sum() / np.exp(w).sum()),
    ],
    "the activations themselves are compared: take compute_layer_style_cost of each layer": [
        _activations(4),
        _activations(1),
    ],
    CUT_OFF: [
        _layers(lambda w, J, all_J: (np.trunc(w) * J).sum()),
    ],
}


def explain(trials):
    """One number in place of all weights."""
    values = np.array([value for _, value, _ in trials])
    sums = np.array([sum(cost for cost, _ in layer_costs(case)[: len(weights_of(case))]) for case, _, _ in trials])
    return IGNORED if len(trials) > 2 and close(values, sums * (values[0] / sums[0])) else ""


def _index(five):
    """A pattern for an index that is too large: in the first case, which has five style layers, or only in others."""

    def fits(error, case):
        return re.search(r"index out of range|slice index", error["message"]) and (len(weights_of(case)) == 5) == five

    return fits


ERRORS = {
    "the pairs of STYLE_LAYERS are (name, lambda): the second is [1]": (r"index out of range", r"\[[2-9]\]"),
    "the content layer, behind the style layers, has no weight: stop after len(STYLE_LAYERS)": _index(True),
    "STYLE_LAYERS says how many style layers there are: not always five": _index(False),
    "the pairs of STYLE_LAYERS are (name, lambda): multiply by the second, not by the pair": (
        r"sequence with mixed types|multiply sequence|operand type.*'tuple'|'tuple' and|must be real number, not tuple"
    ),
    "the outputs are lists in the order of STYLE_LAYERS, not dicts: take them by number, or with zip": (
        r"indices must be integers.*(str|tuple)|Only integers, slices.*(str|'block)"
    ),
    "STYLE_LAYERS is a list of pairs: for name, weight in STYLE_LAYERS": (
        r"'list' object has no attribute '(items|keys|values|get)'|too many values to unpack \(expected 2"
    ),
    "a layer's name is taken for its weight: the pairs of STYLE_LAYERS are (name, lambda)": (
        r"'str'|Cannot convert '\w+' to|type string|tensor but is a string|a string tensor"
    ),
    "the whole lists come where one layer's activations should: compute_layer_style_cost takes one entry of each": (
        r"'list' object has no attribute|operand type.*'list'|values to unpack \(expected 4|non-rectangular|"
        r"Shapes of all inputs must match"
    ),
}


EXERCISE = Exercise(
    name="compute_style_cost",
    number=4,
    notebook="03_style_cost",
    builds_on="compute_layer_style_cost",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (5)",
    explain=explain,
    errors=ERRORS,
)

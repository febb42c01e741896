"""Exercise 5, formula (6): the weighted sum of the two costs."""

import numpy as np

from grading.cases import case, close
from grading.exercises import CUT_OFF, Exercise


def inputs(rng):
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


def weights_of(case, alpha=10, beta=40):
    """(alpha, beta) of a case; those of the arguments where none are given."""
    given = dict(zip(("alpha", "beta"), case["arguments"][2:])) | case["keywords"]
    return given.get("alpha", alpha), given.get("beta", beta)


def answer(case):
    alpha, beta = weights_of(case)
    J_content, J_style = case["arguments"][:2]
    return dict(value=alpha * J_content + beta * J_style, gradients=[alpha or None, beta or None])


def _weighted(formula):
    """A formula in alpha, beta, J_content, J_style."""
    return lambda case: formula(*weights_of(case), *case["arguments"][:2])


def _defaulted(*defaults):
    def of_case(case):
        alpha, beta = weights_of(case, *defaults)
        J_content, J_style = case["arguments"][:2]
        return alpha * J_content + beta * J_style

    return of_case


DEFAULTS = "the default values are wrong: alpha=10 and beta=40"
IGNORED = "alpha and beta are ignored: numbers or other names stand in their place"
NO_ALPHA = "alpha is ignored: a number or another name stands in its place"
NO_BETA = "beta is ignored: a number or another name stands in its place"
MISTAKES = {
    "a weight of zero is taken for a missing one (0 counts as false in `alpha or 10`)": [
        _weighted(lambda a, b, c, s: (a or 10) * c + (b or 40) * s),
        _weighted(lambda a, b, c, s: (a or 1) * c + (b or 1) * s),
    ],
    "alpha and beta are swapped: alpha belongs to J_content, which comes first, beta to J_style": [
        _weighted(lambda a, b, c, s: b * c + a * s),
    ],
    DEFAULTS: [
        _defaulted(40, 10),
        _defaulted(1, 1),
        _defaulted(10, 100),
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
    "J_content stands where J_style should, too": [
        _weighted(lambda a, b, c, s: a * c + b * c),
    ],
    "J_style stands where J_content should, too": [
        _weighted(lambda a, b, c, s: a * s + b * s),
    ],
    "one weight is made from the other: formula (6) takes both as they are": [
        _weighted(lambda a, b, c, s: a * c + (1 - a) * s),
        _weighted(lambda a, b, c, s: (1 - b) * c + b * s),
    ],
    "a logarithm is taken: formula (6) has none": [
        _weighted(lambda a, b, c, s: np.log(a * c + b * s)),
        _weighted(lambda a, b, c, s: a * np.log(c) + b * np.log(s)),
    ],
    "something is added to the two weighted costs: formula (6) has nothing else": [
        _weighted(lambda a, b, c, s: a * c + b * s + 1),
        _weighted(lambda a, b, c, s: a * c + b * s + a + b),
    ],
    CUT_OFF: [
        _weighted(lambda a, b, c, s: int(a) * c + int(b) * s),
    ],
    "the weights are cut off: any number that is not negative is allowed": [
        _weighted(lambda a, b, c, s: min(a, 100) * c + min(b, 100) * s),
        _weighted(lambda a, b, c, s: max(a, 1) * c + max(b, 1) * s),
    ],
}


def explain(trials):
    """Wrong defaults, or other weights than the given ones: those that fit every cost."""
    given = np.array([weights_of(case) for case, _, _ in trials])
    costs = np.array([case["arguments"][:2] for case, _, _ in trials])
    values = np.array([value for _, value, _ in trials])
    known = np.array([weights_of(case, 0, 0) for case, _, _ in trials])
    lacking = np.array([weights_of(case, 1, 1) for case, _, _ in trials]) - known
    if _fit(values - (known * costs).sum(axis=1), lacking * costs):
        return DEFAULTS
    for alpha, beta, hint in ((False, False, IGNORED), (True, False, NO_BETA), (False, True, NO_ALPHA)):
        left = values - (given * costs * (alpha, beta)).sum(axis=1)
        if _fit(left, costs[:, [not alpha, not beta]]):
            return hint
    return ""


def _fit(values, terms):
    """Are the values a sum of the terms, each times a number that is always the same?"""
    return close(values, terms @ np.linalg.lstsq(terms, values)[0])


EXERCISE = Exercise(
    name="total_cost",
    number=5,
    notebook="04_paint",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not that of formula (6)",
    explain=explain,
    watched="the two costs",
)

"""Recognises a known mistake: a wrong value that equals a mistake's formula, or the right value times some sizes."""

import itertools

import numpy as np

from grading.cases import TOLERANCE, Case, Shape, close
from grading.exercises import Exercise

NEARLY = 1e-2  # relative: what half precision loses is less
COARSE = "the value is right to three digits only: no cast to float16 is needed"


def name_mistake(exercise: Exercise, trials: list[tuple]) -> str | None:
    """Return the hint for the first known mistake that explains every wrong value, or None.

    trials: [(case, value, expected)] of the calls whose value is wrong, in float64. For training steps a value is a
        tuple: the three costs, and how far the three pictures are from the start.
    """
    if not trials:
        return None
    for hint, formulas in exercise.mistakes.items():
        if any(all(_explains(formula, *trial) for trial in trials) for formula in formulas):
            return hint
    return None if exercise.factors is None else _factor(exercise, trials)


def explained(exercise: Exercise, trials: list[tuple]) -> str:
    """Return the hint that is found in all trials, the right ones among them, or nothing."""
    if _rough(trials):
        return COARSE
    if exercise.explain is None:
        return ""
    try:
        with np.errstate(all="ignore"):
            return exercise.explain(trials)
    except (IndexError, ValueError):  # too few trials, or values that no one can fit
        return ""


def _rough(trials):
    """Is every value nearly right, as half precision has it? The largest numbers are infinite in it."""
    finite = [(value, right) for _, value, right in trials if not isinstance(right, tuple) and np.isfinite(value).all()]
    return bool(finite) and all(
        np.linalg.norm(value - right) <= NEARLY * np.linalg.norm(right) + 1e-7 for value, right in finite
    )


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
    names = exercise.factors
    sizes = np.array([_sizes(case)[: len(names)] for case, _, _ in usable], float)
    different = len({tuple(row) for row in sizes}) > 1
    powers = sorted(itertools.product(range(-4, 5), repeat=len(names)), key=lambda p: (np.abs(p).sum(), p))
    for power in powers if different else powers[:1]:
        rest = ratios / np.prod(sizes ** np.array(power), axis=1)
        if np.ptp(rest) > TOLERANCE * abs(rest).max():
            continue
        number = float(rest.mean())
        if number == 0:
            return None
        plain = next((k for k in (1, 2, 4, 8, 16, 64, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 64) if close(number, k)), None)
        if abs(number - 1) < NEARLY and not any(power):
            return None  # no factor, but a value that is coarse
        if number < 0:
            return "your value has the wrong sign: it is negative where it should be positive"
        if plain is None and not any(power) and not _small(number):  # nor may an answer choose what a hint says
            return "your value is the right one times a number, the same for every input: look for a constant factor"
        if plain is None and any(power):
            if len(usable) < 3:
                return None  # too few to tell a size from chance
            return (
                "your value fits one size of picture only: sizes seem to be written as numbers. "
                "Take n_H, n_W and n_C from the shape"
            )
        return _times(plain or number, dict(zip(names, power)), exercise.divides_by)
    return None


def _small(number):
    times = max(number, 1 / number)
    return times < 100 and close(times, round(times))


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
        advice = "a factor 1/2 is missing; is there a 1/2 where the formula has 1/4?"
    elif number == 4 and not (large or small):
        advice = "the factor 1/4 is missing"
    elif large and not small:
        advice = f"is the division by {_product(large, number)} missing, or do you divide by a different size?"
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
    factors = [f"{round(number)}"] if number > 1.0005 else []
    return " · ".join(factors + [name + ("" if power == 1 else f"^{power}") for name, power in powers.items()])


def _sizes(case: Case) -> Shape:
    """Those of the tensor that is differentiated by, without a leading 1."""
    argument = case["arguments"][case["watch"][0] if case["watch"] else -1]
    shape = np.shape(argument[-1] if isinstance(argument, list) else argument)
    return shape[len(shape) == 4 :]

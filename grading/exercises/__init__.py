"""The exercises of the course, a module for each: its inputs, right answer, known mistakes and hints.

The answers are the numbered formulas of the notebooks: Gatys, Ecker & Bethge (2015, 2016), in the normalisation of this
course. None of this may be seen in the sandbox.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from grading.cases import Case, Shape, as_float64

Formula = Callable[[Case], float | np.ndarray]
Pattern = str | tuple[str, str] | Callable[[dict, Case], bool]  # of an error's message, and of the learner's line

# hints that several exercises give
ROUNDED = "the value is rounded: stay with floating-point numbers, and divide with /, not //"
CUT_OFF = "weights below one become zero: do not turn them into whole numbers"
SQUARE_FIRST = "the differences are added up before they are squared, so they cancel: square each one first"
NOT_SQUARED = "the differences are not squared"
ABSOLUTE = "absolute values are added up where squares should be"
ROOT = "there is a square root too many: tf.norm takes one, the formula has none"


@dataclass(frozen=True)
class Exercise:
    """What a function is tried on, what is right, and what a learner is told about what is not."""

    name: str  # of the function, and of the exercise's module
    number: int  # its place in the course, from 1; the random inputs depend on it
    notebook: str  # such as "02_content_cost"
    inputs: Callable[[np.random.Generator], Iterable[Case]]
    answer: Callable[[Case], dict]  # {"value", "gradients"}, {"value", "pictures"}, in float64, or {"settings", "knob"}
    mistakes: Mapping[str, list[Formula]]  # {hint: what comes out then, NaN where the mistake cannot be made}
    wrong: str  # the hint on a wrong value that none of the mistakes explains
    builds_on: str | None = None  # the earlier exercise of the same notebook that it calls
    factors: tuple[str, ...] | None = ()  # the names of the watched sizes; None: no factor is looked for
    divides_by: Mapping[str, int] = field(default_factory=dict)  # {name of a size: its power in the denominator}
    watched: str = "the image"  # what the gradient must reach
    explain: Callable[[list[tuple]], str] | None = None  # a hint from all trials
    errors: Mapping[str, Pattern] = field(default_factory=dict)  # {what it means: what it looks like}
    failing: Mapping[str, str] = field(default_factory=dict)  # {`general` of a case that fails: advice}
    plain_number: str = ""  # the hint on a number that is no tensor
    wrong_shape: Callable[[Shape, Case, list[tuple[Shape, Case]]], str] | None = None  # of one call, among all

    def cases(self, seed: int) -> list[Case]:
        """The inputs, other ones for each seed. They may cross the trust line."""
        return list(self.inputs(np.random.default_rng([seed, self.number - 1])))

    def expected(self, case: Case) -> dict:
        """The right answer to a case.

        The case may say `stand_ins`: they are called in place of the earlier exercise; and `layers`: the weights of the
        learner's own STYLE_LAYERS.
        """
        answer = self.answer(as_float64(case))
        return answer | {"gradients": []} if case.get("watch") == [] else answer


def find(name: str) -> Exercise:
    """LookupError for an unknown exercise."""
    if name not in EXERCISES:
        raise LookupError(f"{name!r} is no exercise of this course; there are: {', '.join(EXERCISES)}")
    return EXERCISES[name]


def _all() -> dict[str, Exercise]:
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    ordered = sorted((module.EXERCISE for module in modules), key=lambda exercise: exercise.number)
    return {exercise.name: exercise for exercise in ordered}


EXERCISES = _all()

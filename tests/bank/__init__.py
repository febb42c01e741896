"""The bank: right answers written in many ways, and wrong ones with the hint that names their mistake.

`@wrong("some words")` says which words the hint must hold; `@wrong()` that the mistake need only cost points.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Answer:
    function: Callable  # plain, or decorated with tf.function
    right: bool
    hint: str

    @property
    def plain(self):
        return getattr(self.function, "python_function", self.function)

    @property
    def name(self):
        return self.plain.__name__

    def __repr__(self):
        return f"{self.name}:{self.plain.__code__.co_firstlineno}"


ANSWERS = []


def right(function):
    """Collect a right answer."""
    ANSWERS.append(Answer(function, True, ""))
    return function


def wrong(hint=""):
    """Collect a wrong answer."""

    def collect(function):
        ANSWERS.append(Answer(function, False, hint))
        return function

    return collect


for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"bank.{module.name}")

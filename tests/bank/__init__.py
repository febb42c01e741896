"""The bank: right answers written in many ways, and wrong ones with the hint that names their mistake.

`@wrong("some words")` says which words the hint must hold; `@wrong()` that the mistake need only cost points.
"""

from dataclasses import dataclass


@dataclass
class Answer:
    function: object  # plain, or decorated with tf.function
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


from bank import content_cost, gram, layer_style_cost, style_cost, total, training  # noqa: E402,F401

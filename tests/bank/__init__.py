"""The bank: right answers written in many ways, and wrong ones with the hint that names their mistake.

`@wrong("some words")` says which words the hint must hold; `@wrong()` that the mistake need only cost points.
"""

from dataclasses import dataclass


@dataclass
class Answer:
    function: object  # plain, or decorated with tf.function
    right: bool
    hint: str

    def __repr__(self):
        plain = getattr(self.function, "python_function", self.function)
        return f"{plain.__name__}:{plain.__code__.co_firstlineno}"


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

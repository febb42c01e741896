"""`check(function)`: the line below each exercise, in the learner's own notebook."""

import textwrap

from grading.cases import EXERCISES, cases
from grading.evaluate import evaluate
from grading.judge import Result, judge

SEED = 2016  # of the checks in the notebooks; grading draws its own


def check(function) -> Result:
    """Try one of the course's functions on several inputs, print what passes and a hint on what fails first.

    function: one of the six of the exercises, under its own name; it may be decorated with tf.function.

    Returns a `Result` with `points`, `max_points` and `messages`. Expected values are never printed.
    Raises TypeError for what is no function, LookupError for a function of another name.
    """
    result = _result(function)
    print(result.exercise)
    for message in result.messages:
        print(textwrap.fill(message, 100, initial_indent="  ", subsequent_indent="  "))
    return result


def _result(function):
    plain = getattr(function, "python_function", function)
    if not hasattr(plain, "__code__"):
        raise TypeError(f"check takes a function, without calling it: check(gram_matrix). It got {function!r}")
    exercise = plain.__name__
    inputs = cases(exercise, SEED)
    result = judge(exercise, inputs, evaluate(function, inputs, graph=True))
    helper = EXERCISES[exercise][1]
    if result.points < result.max_points and helper in plain.__globals__ and helper in _names(plain.__code__):
        earlier = _result(plain.__globals__[helper])
        if earlier.points < earlier.max_points:
            result.hint = f"{helper}, which this function uses, does not pass its own check yet: begin there"
    return result


def _names(code):
    """All names that a function uses, also in functions and comprehensions inside it."""
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    return set(code.co_names).union(*map(_names, inner))

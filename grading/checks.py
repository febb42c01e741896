"""`check(function)`: the line below each exercise, in the learner's own notebook."""

import contextlib
import io
import logging
import os
import textwrap
from collections.abc import Callable

import tensorflow as tf

from grading.cases import OVERFLOW, Case
from grading.exercises import EXERCISES, Exercise, find
from grading.judge import Result, failed, judge
from grading.sandboxed.evaluate import compiled, evaluate, names_in
from grading.sandboxed.functions import as_function
from grading.time_limit import TooLong, time_limit

SEED = 2016  # of the checks in the notebooks; grading draws its own
SECONDS = 60  # that a check may take; right answers need less than one
EAGER = (
    "TensorFlow 2 computes at once (eager execution), but a cell has switched that off: remove the line with "
    "disable_eager_execution() or disable_v2_behavior(), and restart the kernel"
)
NUMPY_BEHAVIOR = (
    "a cell has called enable_numpy_behavior(): what needs it, such as a.T or a.reshape, fails in the other "
    "notebooks and in grading. Write tf.transpose(a), tf.reshape(a, ...), remove that line, restart the kernel"
)


def check(function: Callable) -> Result:
    """Try an answer on several inputs, print what passes and a hint on what fails first.

    function: the learner's answer to an exercise, under its own name; it may be decorated with tf.function.

    Returns a `Result` with `points`, `max_points` and `messages`. Expected values are never printed.
    Raises TypeError for what is no function, LookupError for a function of another name. Under nbgrader's "Validate",
    which looks for errors, also AssertionError when not all passes.
    """
    result = _result(function)
    print(result.exercise)
    for message in result.messages:
        print(textwrap.fill(message, 100, initial_indent="  ", subsequent_indent="  "))
    if os.environ.get("NBGRADER_EXECUTION") == "validate" and result.points < result.max_points:
        raise AssertionError(f"{result}. {result.hint}")
    return result


def _result(function):
    given, function = function, as_function(function)
    if function is None:
        raise TypeError(f"check takes a function, without calling it: check(gram_matrix). It got {given!r}")
    plain = getattr(function, "python_function", function)
    exercise = find(_name(given, plain))
    if not tf.executing_eagerly():
        return failed(exercise.name, EAGER)
    inputs = exercise.cases(SEED)
    try:
        with time_limit(SECONDS), _quiet():
            result = judged(function, exercise, inputs)
    except TooLong:
        return failed(exercise.name, f"it ran for more than {SECONDS} seconds: is there an endless loop?")
    if hasattr(tf.constant(0), "reshape"):
        result.note = NUMPY_BEHAVIOR
    helper = exercise.builds_on
    if result.points < result.max_points and helper in plain.__globals__ and helper in names_in(plain.__code__):
        earlier = _result(plain.__globals__[helper])
        if earlier.points < earlier.max_points:
            result.hint = f"{helper}, which this function uses, does not pass its own check yet: begin there"
    return result


def _name(given, plain):
    """The exercise's name that an answer has, or was given: gram_matrix = lambda A: ..."""
    bound = [name for name, thing in plain.__globals__.items() if thing is given and name in EXERCISES]
    return plain.__name__ if plain.__name__ in EXERCISES or not bound else bound[-1]


def judged(function: Callable, exercise: Exercise, inputs: list[Case]) -> Result:
    """Judge; the huge inputs, of which a mistake may make 20 GB, and tf.function wait until the others are right."""
    others = [case for case in inputs if case["general"] != OVERFLOW]
    huge = [case for case in inputs if case["general"] == OVERFLOW]
    reports = evaluate(function, others)
    result = judge(exercise, others, reports)
    if result.points < result.max_points:
        return result
    reports[0] |= compiled(function, others[0], reports[0])
    return judge(exercise, others + huge, reports + evaluate(function, huge))


@contextlib.contextmanager
def _quiet():
    """Without what the answer prints, and without TensorFlow's advice on how it is compiled."""
    logger = tf.get_logger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(before)

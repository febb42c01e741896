"""Runs what a learner wrote, on given cases, and reports what came out. Knows no answers."""

import contextlib
import copy
import re
import textwrap
import traceback
import types
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from grading.sandboxed import functions
from grading.sandboxed.stand_ins import STAND_INS

Case = dict[str, Any]  # see grading/cases.py
STEPS = 3
MAX_VALUES = 1_000_000
MAX_SETTINGS = 100  # in a dict or a list of them
MAX_TEXT = 1000  # characters of a label or a setting
Compiled = tf.types.experimental.PolymorphicFunction  # what tf.function makes


def evaluate(function: Callable, cases: list[Case], stand_ins: bool = False) -> list[dict]:
    """Call `function` on every case, twice; return one report for each case.

    function: the learner's; cases: see grading/cases.py. A case with a `start` is three training steps.
    stand_ins: let the function call the `STAND_INS` instead of the exercises that it builds on.

    Functions decorated with tf.function run as they are written; only what fails then is tried compiled.
    A report is a dict: `error`, or else `kind` (what came back: "tensor", "number", ...), `value` and `again`, the
    result of the first and the second call, `gradients`, one for each watched tensor, None where none arrives,
    and `modified`. For a dict, which settings may be, `settings` and `settings_again` are in their place. For a
    training step `value` holds the J of each step, `pictures` the picture after each, `again` and `pictures_again`
    those of the second time, `moves` how often the optimizer was called. Every report has the `names` in the function,
    and `another`: a training step works on the notebook's picture where its argument should be.
    """
    with _undecorated(function), _patched(_globals_of(function), STAND_INS if stand_ins else {}):
        return [_report(function, case) for case in cases]


def compiled(function: Callable, case: Case, report: dict) -> dict:
    """How tf.function likes a function whose results are right: what else a report may have.

    report: of `evaluate`, on this case. Returns `not_compiled`, an error or None, and `signature`: does the decorator
    have one?
    """
    if report.get("kind") != "tensor":
        return {}
    with _undecorated(function):
        why = _why_not_compiled(_plain(function), case, report)
    return dict(not_compiled=why, signature=getattr(function, "input_signature", None) is not None)


def _undecorated(function):
    """A context in which the functions that a function calls are as they were written, without tf.function."""
    namespace = _globals_of(function)
    return _patched(namespace, {name: _plain(part) for name, part in namespace.items() if isinstance(part, Compiled)})


def _report(function, case):
    run, plain = _train if "start" in case else _call, _plain(function)
    names = names_in(plain.__code__)
    try:
        report = run(plain, case)
    except Exception as error:
        report = dict(error=describe(error, *_files_of(plain)))
        if function is not plain:
            with contextlib.suppress(Exception):
                report = run(tf.function(plain), case)
    other = "start" in case and plain.__code__.co_argcount > 0 and "generated_image" in names
    report["another"] = report.get("another", False) or other
    report["names"] = sorted(names)[:200]
    return report


def names_in(code):
    """The names that a function takes from elsewhere, also in functions and comprehensions inside it."""
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    return set(code.co_names).union(*map(names_in, inner))


def _files_of(function):
    """The learner's files, or cells, that a function and what it wraps stand in."""
    inner = getattr(function, "__wrapped__", None)
    own = [function.__code__.co_filename] if function.__code__.co_filename != functions.__file__ else []
    return own + _files_of(inner) if isinstance(inner, types.FunctionType) else own


def describe(error: Exception, *files: str) -> dict:
    """The kind of error, its message, and the last line of the learner's own notebook or files that it came from.

    What tf.function reports has the learner's lines in its message, and the error itself at the end.
    """
    frames = [(frame.filename, frame.lineno, frame.line or "") for frame in traceback.extract_tb(error.__traceback__)]
    kinds, message = [kind.__name__ for kind in type(error).__mro__], str(error)
    quoted = list(re.finditer(r'^ *File "(.*)", line (\d+), in .*\n(.*)\n', message, re.M))
    if message.startswith("in user code:") and quoted:
        frames += [(place[1], int(place[2]), place[3]) for place in quoted]
        message = textwrap.dedent(message[quoted[-1].end() :]).strip()
        kind, colon, rest = message.partition(": ")
        if colon and kind.isidentifier():
            kinds, message = [kind, *kinds], rest
    own = [frame for frame in frames if frame[0] in files]
    where = dict(line=own[-1][2], number=own[-1][1]) if own else dict(line="", number=0)
    return dict(kinds=kinds, message=message[:2000], **where)


def _call(function, case):
    arguments = [_to_tensors(argument) for argument in case["arguments"]]
    watched = [tensor for place in case["watch"] for tensor in _tensors(arguments[place])]
    once_more = [_to_tensors(argument) for argument in case["arguments"]]
    keywords, keywords_again = copy.deepcopy(case["keywords"]), copy.deepcopy(case["keywords"])
    watched_for_changes = [arguments, once_more, keywords, keywords_again]
    before = _snapshot(watched_for_changes)
    with _patched(_globals_of(function), _world(**case["world"]) if "world" in case else {}):
        with tf.GradientTape() as tape:
            tape.watch(watched)
            result = function(*_as_given(arguments, case), **keywords)
        report = _result(result)
        if report["kind"] == "tensor":
            report["gradients"] = _gradients(tape, result, watched, case["output_gradient"])
        again = _result(function(*_as_given(once_more, case), **keywords_again))
    report["modified"] = not _same(before, _snapshot(watched_for_changes))
    report |= dict(again=again.get("value"), settings_again=again.get("settings"))
    if len(case["arguments"]) == 2 and isinstance(case["arguments"][0], list):
        report["layers"] = _layers_by_default(function)
    return report


def _to_tensors(argument):
    """Arrays become tensors; pairs (layer name, weight) become tuples again, as notebook 03 has them."""
    if isinstance(argument, dict):
        return {name: _to_tensors(part) for name, part in argument.items()}
    if isinstance(argument, list):
        return [_to_tensors(part) for part in argument]
    if isinstance(argument, np.ndarray | np.generic):
        return tf.constant(argument)
    return argument


def _tensors(argument):
    """The tensors of a list."""
    return list(argument) if isinstance(argument, list) else [argument]


def _snapshot(value, depth=8):
    """(value, snapshots of what is in it): of lists and dicts, and of those in them."""
    parts = [each for pair in value.items() for each in pair] if isinstance(value, dict) else value
    return value, [_snapshot(part, depth - 1) for part in parts] if depth and isinstance(value, dict | list) else []


def _same(before, after):
    (old, parts), (new, others) = before, after
    return old is new and len(parts) == len(others) and all(map(_same, parts, others))


def _result(result):
    if isinstance(result, tf.Tensor | tf.Variable):
        large = tf.size(result) > MAX_VALUES  # A^T A in place of A A^T, say; no right result is
        return dict(kind="large") if large else dict(kind="tensor", value=np.asarray(result.numpy()))
    if result is None:
        return dict(kind="none")
    if isinstance(result, np.ndarray | np.generic):
        return dict(kind="numpy", value=np.asarray(result))
    if isinstance(result, int | float):
        return dict(kind="number", value=np.asarray(result))
    if isinstance(result, dict):
        return dict(kind="dict", settings=_as_json(result))
    return dict(kind=f"{type(result).__name__}"[:40])


def _as_json(value, depth=4):
    """What a dict of settings holds, as JSON can say it; the type's name in place of anything else, or of too much."""
    if type(value) in (bool, float, type(None)) or (type(value) is int and value.bit_length() <= 64):
        return value
    if type(value) is str:
        return value[:MAX_TEXT]
    kind = next((kind for kind in (dict, list) if isinstance(value, kind)), None)
    if kind and kind.__len__(value) <= MAX_SETTINGS and depth:  # a class of the answer's own could say something else
        if kind is dict:
            return {str(_as_json(key, 0)): _as_json(part, depth - 1) for key, part in dict.items(value)}
        return [_as_json(part, depth - 1) for part in list.__iter__(value)]
    return f"<{type(value).__name__[:MAX_TEXT]}>"


def _gradients(tape, result, watched, weights):
    if weights is not None:
        weights = tf.constant(weights, result.dtype) if np.shape(weights) == tuple(result.shape) else None
    gradients = tape.gradient(result, watched, output_gradients=weights)
    return [None if gradient is None else np.asarray(tf.convert_to_tensor(gradient)) for gradient in gradients]


def _why_not_compiled(function, case, report):
    """What tf.function, which notebook 04 uses, has against the function; None if nothing."""
    places = case.get("watch", ())

    def call(*parts):
        arguments = [_to_tensors(argument) for argument in case["arguments"]]
        for place, part in zip(places, parts):
            arguments[place] = part
        return function(*_as_given(arguments, case), **case["keywords"])

    try:
        if "start" not in case:
            with _patched(_globals_of(function), _world(**case["world"]) if "world" in case else {}):
                tf.function(call).get_concrete_function(*(_to_tensors(case["arguments"][place]) for place in places))
            return None
        compiled = _three_steps(tf.function(function), case)
        if all(np.allclose(a, b, 1e-3, 1e-5) for a, b in zip(compiled["pictures"], report["pictures"])):
            return None
        return dict(kinds=["Difference"], message="", line="", number=0)
    except Exception as error:
        return describe(error, *_files_of(function))


def _layers_by_default(function):
    """The weights of STYLE_LAYERS that count when none are given: a learner may have changed them."""
    try:
        return np.array([weight for _, weight in (_plain(function).__defaults__ or ([],))[-1]], np.float64)
    except (TypeError, ValueError):
        return np.array([])


# ---------------------------------------------------------------- in a small world


def _as_given(arguments, case):
    """The arguments of a call; in a small world the first one, weights, becomes the network that has them."""
    return [_network(arguments[0]), *arguments[1:]] if "world" in case else arguments


def _network(weights):
    """What stands in for the network of a filter: each pixel's red, green and blue are mixed anew by a matrix."""

    def network(photo):
        return tf.tensordot(photo, weights, axes=1)

    network.__qualname__ = "network"  # as Python's messages call it
    return network


def _train(function, case):
    first, second = _three_steps(function, case), _three_steps(function, case)
    return first | dict(again=second["value"], pictures_again=second["pictures"], modified=False)


def _three_steps(function, case):
    if isinstance(function, Compiled):
        function = tf.function(_plain(function))  # which knows no other optimizer yet
    picture, world = tf.Variable(case["start"]), _world(**case["world"])
    others = world["generated_image"]
    results, pictures = [], []
    with _patched(_globals_of(function), world):
        for _ in range(STEPS):
            results.append(_result(function(picture)))
            pictures.append(picture.numpy())
    values = [result.get("value") for result in results]
    value = np.stack(values) if all(np.shape(v) == () and v is not None for v in values) else values[0]
    moves, another = int(world["optimizer"].iterations), bool(np.any(others.numpy() != case["world"]["C"]))
    return dict(results[0], value=value, pictures=pictures, moves=moves, another=another)


def _world(C, S, scales, ALPHA, BETA, mix, rate=0.0):
    """What stands around train_step in notebook 04, or filter_loss in 09, made small: other features, other costs.

    mix: pairs of parameters of total_cost, whose products it adds up; they come with the case, so that no answer to
    the exercise total_cost stands here.
    """

    def vgg_model_outputs(picture, training=False):
        picture = tf.convert_to_tensor(picture)
        return [scale * picture for scale in scales] + [picture**2]

    def compute_content_cost(content_output, generated_output):
        _, n_H, n_W, n_C = generated_output[-1].shape  # lists come in, as in the notebooks
        return tf.reduce_sum((content_output[-1] - generated_output[-1]) ** 2)

    def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS=None):
        _, n_H, n_W, n_C = generated_image_output[-1].shape
        pairs = zip(style_image_output[: len(scales)], generated_image_output)
        return tf.add_n([tf.reduce_sum((s - g) ** 2) for s, g in pairs])

    def total_cost(J_content, J_style, alpha=10, beta=40):
        parameters = J_content, J_style, alpha, beta
        return sum(parameters[i] * parameters[j] for i, j in mix)

    for part in (vgg_model_outputs, compute_content_cost, compute_style_cost, total_cost):
        part.__qualname__ = part.__name__  # as Python's messages call it
    content_image, style_image = tf.constant(C), tf.constant(S)
    return dict(
        generated_image=tf.Variable(C),
        vgg_model_outputs=vgg_model_outputs,
        compute_content_cost=compute_content_cost,
        compute_style_cost=compute_style_cost,
        total_cost=total_cost,
        clip_0_1=lambda image: tf.clip_by_value(image, 0.0, 1.0),
        content_image=content_image,
        style_image=style_image,
        a_C=vgg_model_outputs(content_image),
        a_S=vgg_model_outputs(style_image),
        optimizer=keras.optimizers.SGD(rate),
        ALPHA=ALPHA,
        BETA=BETA,
    )


# ---------------------------------------------------------------- the learner's surroundings


SMALL_WORLD = ["compute_content_cost", "compute_style_cost", "total_cost", "vgg_model_outputs", "clip_0_1"]


def replaced(cases: list[Case], stand_ins: bool = False) -> list[str]:
    """The functions that are put in place of the learner's own while an exercise is tried."""
    return SMALL_WORLD if "world" in cases[0] else list(STAND_INS) if stand_ins else []


def _plain(function):
    return getattr(function, "python_function", function)


def _globals_of(function):
    return _plain(function).__globals__


@contextlib.contextmanager
def _patched(namespace, values):
    """Put `values` into a namespace for a while, then restore what was there."""
    missing = object()
    kept = {name: namespace.get(name, missing) for name in values}
    namespace.update(values)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is missing:
                namespace.pop(name, None)
            else:
                namespace[name] = value

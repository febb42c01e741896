"""What to tell a learner about an answer that is not right yet."""

import builtins
import re

import numpy as np

from grading.cases import OVERFLOW
from grading.exercises import Exercise
from grading.mistakes import close, name_mistake

TENSOR = "a NumPy call, .numpy() or float() breaks the chain along which the gradient flows"
CHAIN = "no gradient reaches {watched}: a NumPy call, .numpy(), float() or tf.stop_gradient breaks the chain"


def hint_for(exercise: Exercise, passed: dict[str, bool], trials: list, hidden: bool) -> str:
    """One sentence, without its full stop, on the first thing that went wrong in the judge's trials."""
    usual = [trial for trial in trials if not trial.case["general"]]
    for trial in usual:
        if trial.error:
            return _of_error(exercise, trial.error, hidden)
    for trial in usual:
        if hint := _of_kind(exercise, trial):
            return hint
    for trial in usual:
        if hint := _of_shape(exercise, trial, usual):
            return hint
    if any(trial.report["modified"] for trial in usual):
        return MODIFIED
    if any(not np.isfinite(trial.report["value"]).all() for trial in usual):
        return "the value is NaN or infinite"
    if constant(usual) and not np.any(usual[0].report["value"]):
        return "the result is always zero: is something compared with itself, or divided with // where / belongs?"
    if constant(usual):
        return "the result is always the same number: it has to depend on the arguments"
    if any(not close(trial.report["again"], trial.report["value"]) for trial in usual):
        return STATE
    if not passed["value"]:
        for some in (trials, usual):
            if hint := _of_value(exercise, some):
                return hint
        if usual[0].pictures and all(np.isclose(t.report["value"][0], t.expected["value"][0]) for t in usual):
            return _of_moves(usual)  # the first cost is right, so the first move is not
        return exercise.wrong
    if not passed["gradient"]:
        return _of_gradient(exercise, usual)
    return _of_generality(exercise, trials, hidden)


MODIFIED = "the function changes its arguments: work on copies, and let lists be as they came"
STATE = "a second call with the same arguments gives another result: the function keeps something between calls"


def _of_value(exercise, trials):
    """The known mistake that explains the wrong values, if all have the right shape."""
    pieces = [trial.as_pieces() for trial in trials if not trial.error and not _right(trial)]
    return name_mistake(exercise, pieces) if pieces and None not in pieces else None


def _right(trial):
    return trial.value and (trial.gradient or not trial.pictures)


_MEANINGS = {  # what it means: how TensorFlow or Python says it
    "the cell has a syntax error: Python cannot read it": r"has a syntax error",
    "there is no function of this name in the notebook": r"defines no function",
    "a TensorFlow tensor has no .T: use tf.transpose": r"no attribute 'T'",
    "TensorFlow has no function of that name; sums and means are tf.reduce_sum and tf.reduce_mean": (
        r"module 'tensorflow' has no attribute"
    ),
    "a list has no shape: take one of its entries first": r"'list' object has no attribute",
    "a layer's name is taken for its weight: the pairs of STYLE_LAYERS are (name, lambda)": (
        r"string|'str'|Cannot convert '\w+' to"
    ),
    "a matrix (n_C, n_H * n_W) is wanted: reshape the volume first": r"batch dimensions",
    "the sizes do not fit for a matrix product: must one of the two be transposed?": (
        r"[Mm]atrix size-incompatible|Matrix multiplication|rank 2|must be.* rank"
    ),
    "two tensors of different sizes are combined: print their shapes": (
        r"Incompatible shapes|required broadcastable shapes|must be equal, but are"
    ),
    "the sizes given to tf.reshape do not multiply to the number of values: take them from the tensor's shape": (
        r"[Rr]eshape"
    ),
    "numbers of different types are mixed: take the sizes from a.shape, or tf.cast them to float32": (
        r"was expected to be an? \w+ tensor but is an? \w+ tensor|must be of the same type|dtype"
    ),
    "the function is called, or defined, with other parameters: leave the line with `def` as it was": (
        r"required positional argument|unexpected keyword|positional arguments? but"
    ),
    "tensors cannot be changed in place: make a new one": (
        r"does(n't| not) support (item )?assignment|immutable|has no attribute 'assign"
    ),
    TENSOR: r"numpy\(\)|has no attribute 'numpy'",
}
_NOISE = re.compile(r"\{\{function_node .*?\}\} |\[Op:.*")  # TensorFlow's own bookkeeping in its messages
_KINDS = {name for name in dir(builtins) if name.endswith("Error")} | {"InvalidArgumentError", "ResourceExhaustedError"}


def first_line(message: str) -> str:
    """The first line of an error message, without TensorFlow's bookkeeping."""
    return _NOISE.sub("", (message.splitlines() or [""])[0])[:160].strip().rstrip(".")


def _of_error(exercise, error, hidden):
    """What an exception means; with secret inputs, nothing that it says itself."""
    kind = next((kind for kind in error["kinds"] if kind in _KINDS), "an error")
    if kind == "NotImplementedError":
        return (
            "the exercise is not written yet: write your code, remove the line with `raise`, and run that cell, "
            "without an error, before the check"
        )
    if kind == "NameError" and not hidden:
        where = _place(error, hidden)
        return f"{error['message']}{where}: is it spelt right, or does it come from a cell that did not run?"
    meanings = {**exercise.errors, **_MEANINGS}
    means = next((words for words, pattern in meanings.items() if re.search(pattern, error["message"])), "")
    if kind in ("NameError", "UnboundLocalError"):
        means = "a name is used that is not defined"
    said = f"{kind}{_place(error, hidden)}"
    if not hidden and error["message"]:
        said += f": {first_line(error['message'])}"
    if hidden and not means:
        means = "run the check in your notebook to see the whole message"
    return f"{means} ({said})" if means else said


def _place(error, hidden):
    if not error["number"]:
        return ""
    quoted = f", `{error['line'].strip()}`" if error["line"] and not hidden else ""
    return f" in line {error['number']} of the cell{quoted}"


def _of_kind(exercise, trial):
    kind, value = trial.report["kind"], trial.report["value"]
    if kind == "tensor" and value is not None:
        return ""
    if kind == "none":
        return "the function returns nothing: is the `return` missing?"
    if kind in ("numpy", "number"):
        return exercise.plain_number or f"a plain number or array comes back where a tensor should: {TENSOR}"
    if kind in ("list", "tuple", "dict"):
        return f"a {kind} comes back: return the one result"
    return "something else than a tensor comes back"


def _of_shape(exercise, trial, trials):
    got, right = trial.report["value"], np.asarray(trial.expected["value"])
    if got.shape == right.shape:
        wrong = got.dtype.name if got.dtype.kind in "fiub" else "unknown"
        return "" if trial.dtype else f"the result is {wrong}, not float32: no tf.cast to another type is needed"
    if exercise.wrong_shape:
        return exercise.wrong_shape(got.shape, trial.case, [(t.report["value"].shape, t.case) for t in trials])
    wanted = "one number, a tensor of shape (), should come back: add up over all axes"
    return f"{wanted if right.ndim == 0 else f'the result should have shape {right.shape}'}; its shape is {got.shape}"


def _of_gradient(exercise, trials):
    if trials[0].pictures:
        return _of_moves(trials)
    got = [(g, r) for t in trials for g, r in zip(t.report["gradients"], t.expected["gradients"]) if r is not None]
    if any(g is None for g, _ in got):
        return CHAIN.format(watched=exercise.watched)
    if not any(np.any(g) for g, _ in got):
        return f"the gradient is zero everywhere: tf.stop_gradient or rounding keeps it from {exercise.watched}"
    if any(not np.isfinite(g).all() for g, _ in got):
        return "the gradient is NaN or infinite"
    if all(g.shape == np.shape(r) and close(2 * g, r) for g, r in got):
        return "the gradient is exactly half of the right one: tf.stop_gradient or .numpy() hides a factor from it"
    return "the gradient is not that of the formula: a part of the computation is hidden from the tape"


def _of_moves(trials):
    moves = [(trial.moves(), np.stack(trial.expected["pictures"]) - trial.case["start"]) for trial in trials]
    if any(got is None for got, _ in moves):
        return "the picture has another shape, or is gone: change generated_image in place"
    if not any(np.any(got) for got, _ in moves):
        return "the picture does not change: is optimizer.apply_gradients called?"
    first = [np.vdot(right[0], got[0]) / np.vdot(right[0], right[0]) for got, right in moves]
    if all(close(got[0], ratio * right[0]) for ratio, (got, right) in zip(first, moves)):
        return (
            "the picture moves along the gradient, but by another length: let the optimizer do it, "
            "optimizer.apply_gradients([(gradient, generated_image)]), once"
        )
    return (
        "the picture does not move as the optimizer would move it: call optimizer.apply_gradients([(gradient, "
        "generated_image)]) once, with the gradient of J, and nothing else"
    )


def _of_generality(exercise, trials, hidden):
    if any(trial.report.get("modified") for trial in trials if not trial.error):
        return MODIFIED
    wrong = [trial for trial in trials if not trial.complete]
    label = wrong[0].case["general"]
    for trial in wrong:
        label = trial.case["general"]
        if trial.error:
            begin = f"{exercise.failing[label]}. With" if label in exercise.failing else "it fails for"
            return f"{begin} {label}: {_of_error(exercise, trial.error, hidden)}"
    for trial in wrong:
        if hint := _of_kind(exercise, trial):
            return f"for {trial.case['general'] or 'an ordinary call'}: {hint}"
    if all(trial.value and (trial.gradient or trial.pictures) for trial in wrong):
        return STATE
    if hint := _of_value(exercise, wrong):
        return f"{hint} (wrong for {label})"
    if label == OVERFLOW:
        return (
            f"it is wrong for {label}: take the sizes from a.shape, or cast tf.shape(a) to float32 before multiplying"
        )
    if all(_right(trial) for trial in wrong):
        return f"the value is right, but not the gradient, for {label}"
    return f"it is wrong for {label}"


def constant(trials: list) -> bool:
    """Does the same number come back whatever goes in?"""
    values = [trial.report.get("value") for trial in trials]
    if any(value is None or value.size == 0 for value in values):
        return False
    first = values[0].flat[0]
    return all(np.all(value == first) or np.isnan(value).all() for value in values)

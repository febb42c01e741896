"""What to tell a learner about an answer that is not right yet."""

import numpy as np

from grading.cases import OVERFLOW
from grading.errors import of_error, why_not_compiled
from grading.exercises import Exercise
from grading.mistakes import close, explained, name_mistake
from grading.settings import alike

TENSOR = "a NumPy call, .numpy(), float() or int() breaks the chain along which the gradient flows"
BREAKS = {  # a name in the answer: what it does to the gradient
    "assign": "a tf.Variable's assign, assign_add and assign_sub stop it: add up tensors, J = J + ...",
    "stop_gradient": "tf.stop_gradient stops it",
    "numpy": ".numpy() breaks the chain",
    "py_function": "tf.py_function and tf.numpy_function break the chain",
    "numpy_function": "tf.py_function and tf.numpy_function break the chain",
}
MAY_BREAK = {"np": "a NumPy call", "float": "float()", "int": "int()"}  # if it is a tensor that they get
CHAIN = "the result does not depend on it by TensorFlow's functions alone"
OTHER_PICTURE = (
    "the step works on the notebook's generated_image, not on the picture that it is given: use the parameter's name"
)


def hint_for(exercise: Exercise, passed: dict[str, bool], trials: list, hidden: bool) -> str:
    """One sentence, without its full stop, on the first thing that went wrong in the judge's trials."""
    usual = [trial for trial in trials if not trial.case["general"]]
    failing = next((trial for trial in usual if trial.error), None)
    if any(trial.report["another"] for trial in usual):
        return OTHER_PICTURE
    if failing:
        return of_error(exercise, failing.error, failing.case, hidden)
    if usual[0].settings:
        return _of_settings(exercise, passed, trials, hidden)
    for trial in usual:
        if hint := _of_kind(exercise, trial):
            return hint
    for trial in usual:
        if hint := _of_shape(exercise, trial, usual, hidden):
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
        if hint := explained(exercise, [piece for trial in trials if (piece := trial.as_pieces())]):
            return hint
        if usual[0].pictures and usual[0].times() > 1:
            return "the picture is moved several times in one step: call optimizer.apply_gradients once, with no loop"
        if usual[0].pictures and all(np.isclose(t.report["value"][0], t.expected["value"][0]) for t in usual):
            return _of_moves(usual)  # the first cost is right, so the first move is not
        return exercise.wrong
    if not passed["gradient"]:
        return _of_gradient(exercise, usual)
    return _of_generality(exercise, trials, hidden)


MODIFIED = "the function changes its arguments: work on copies, and let lists be as they came"
STATE = (
    "a second call with the same arguments gives another result: the function keeps something between calls, or draws "
    "random numbers"
)


def note_for(trial, hidden: bool) -> str:
    """What notebook 04 will make of a right answer, where that is not what it says.

    hidden: the report may be forged, and its texts could spell the secret inputs, so only our own words are said.
    """
    if not hidden and trial.report["not_compiled"]:
        return f"the answer is right, but {why_not_compiled(trial.report['not_compiled'])}"
    if not hidden and trial.pictures and trial.report["signature"]:
        return (
            "the answer is right. The painting compiles it anew, without the decorator's input_signature: with that, "
            "no variable would arrive that can be assigned to"
        )
    if trial.pictures and (own := {"content_image", "style_image"} & set(trial.report["names"])):
        return (
            f"the answer is right, but it computes targets anew from {' and '.join(sorted(own))} in each step: that is "
            "slow, and fails in section 7, where the picture is smaller. Take a_C and a_S"
        )
    return ""


def _of_settings(exercise, passed, trials, hidden):
    usual = [trial for trial in trials if not trial.case["general"]]
    for trial in usual:
        if hint := _of_kind(exercise, trial):
            return hint
    if any(not alike(trial.report["settings"], trial.report["settings_again"]) for trial in usual):
        return STATE
    if not (passed["shape"] and passed["value"] and passed["gradient"]):
        return explained(exercise, [trial.as_pieces() for trial in usual]) or exercise.wrong
    if any(trial.report["modified"] for trial in usual):
        return MODIFIED
    return _of_generality(exercise, trials, hidden)


def _of_value(exercise, trials):
    """The known mistake that explains the wrong values, if all have the right shape."""
    pieces = [trial.as_pieces() for trial in trials if not trial.error and not _right(trial)]
    return name_mistake(exercise, pieces) if pieces and None not in pieces else None


def _right(trial):
    return trial.value and (trial.gradient or not trial.pictures)


def _of_kind(exercise, trial):
    kind, value = trial.report["kind"], trial.report["value"]
    if trial.settings and kind not in ("dict", "none"):
        what = f"a {kind}" if kind in ("list", "tuple", "tensor", "number", "set", "generator") else "something else"
        return f"{what} comes back where a dict should: return {{label: settings}}"
    if (kind == "tensor" and value is not None) or kind == "dict" and trial.settings:
        return ""
    if kind == "large":
        return "a tensor of more than a million numbers comes back: print its shape"
    if kind == "none":
        return "the function returns nothing: is the `return` missing?"
    if kind in ("numpy", "number"):
        return exercise.plain_number or f"a plain number or array comes back where a tensor should: {TENSOR}"
    if kind in ("list", "tuple", "dict"):
        return f"a {kind} comes back: return the one result"
    return "something else than a tensor comes back"


def _of_shape(exercise, trial, trials, hidden):
    got, right = trial.report["value"], np.asarray(trial.expected["value"])
    if got.shape == right.shape:
        wrong = got.dtype.name if got.dtype.kind in "fiub" else "unknown"
        if trial.dtype:
            return ""
        return f"the result is {wrong}, not float32: a tf.cast or NumPy makes it that, and neither is needed"
    if exercise.wrong_shape:
        return exercise.wrong_shape(got.shape, trial.case, [(t.report["value"].shape, t.case) for t in trials])
    wanted = "one number, a tensor of shape (), should come back: add up over all axes"
    wanted = wanted if right.ndim == 0 else f"the result should have shape {right.shape}"
    return wanted if hidden else f"{wanted}; its shape is {got.shape}"  # sizes could spell the secret inputs


def _of_gradient(exercise, trials):
    if trials[0].pictures:
        return _of_moves(trials)
    got = [(g, r) for t in trials for g, r in zip(t.report["gradients"], t.expected["gradients"]) if r is not None]
    if any(g is None for g, _ in got):
        names = trials[0].report["names"]
        breaks = [words for part, words in BREAKS.items() if {part, f"{part}_add", f"{part}_sub"} & set(names)]
        if not breaks and (suspects := [words for part, words in MAY_BREAK.items() if part in names]):
            breaks = [f"{CHAIN}; {' and '.join(suspects)} must not get a tensor"]
        return f"no gradient reaches {exercise.watched}: {'; or '.join(dict.fromkeys(breaks)) or CHAIN}"
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
    if trials[0].times() == 0:
        return (
            "the picture does not move as the optimizer would move it: use `optimizer` from above, and make no other "
            "one in the step"
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
            begin = f"{exercise.failing[label]}. It fails for" if label in exercise.failing else "it fails for"
            return f"{begin} {label}: {of_error(exercise, trial.error, trial.case, hidden)}"
    for trial in wrong:
        if hint := _of_kind(exercise, trial):
            return f"for {trial.case['general'] or 'an ordinary call'}: {hint}"
    settings = wrong[0].settings
    hint = explained(exercise, [t.as_pieces() for t in wrong]) if settings else _of_value(exercise, wrong)
    if all(trial.value and (trial.gradient or trial.pictures) for trial in wrong):
        return hint or STATE
    if hint:
        return f"{hint} (wrong for {label})"
    if label == OVERFLOW:
        return (
            f"it is wrong for {label}: take the sizes from a.shape, or cast tf.shape(a) to float32 before multiplying"
        )
    if all(_right(trial) for trial in wrong):
        return f"the value is right, but not the gradient, for {label}"
    advice = f"{exercise.failing[label]}. It" if label in exercise.failing else "it"
    return f"{advice} is wrong for {label}"


def constant(trials: list) -> bool:
    """Does the same number come back whatever goes in?"""
    values = [trial.report.get("value") for trial in trials]
    if any(value is None or value.size == 0 for value in values):
        return False
    first = values[0].flat[0]
    return all(np.all(value == first) or np.isnan(value).all() for value in values)

"""Knows the answers, and runs nothing that a learner wrote: turns reports of `evaluate` into points and hints."""

from dataclasses import dataclass, field

import numpy as np

from grading.cases import Case, as_float64
from grading.exercises import Exercise
from grading.hints import constant, hint_for, note_for
from grading.mistakes import close
from grading.settings import agreement, alike, table

CRITERIA = {"shape": 1, "value": 2, "gradient": 1, "generality": 1}
MAX_POINTS = sum(CRITERIA.values())
NO_HINT = "compare with the formula, step by step, on numbers that you can work out by hand"


@dataclass
class Result:
    """What one exercise is worth: `points` of `max_points`, and `messages`, one line each."""

    exercise: str  # its name
    passed: dict[str, bool] = field(default_factory=dict)
    hint: str = ""
    note: str = ""

    @property
    def points(self) -> float:
        return float(sum(CRITERIA[name] for name, passed in self.passed.items() if passed))

    @property
    def max_points(self) -> float:
        return float(MAX_POINTS)

    @property
    def messages(self) -> list[str]:
        lines = [f"✓ {name}" if passed else f"✗ {name}" for name, passed in self.passed.items()]
        for kind, words in (("Hint", self.hint), ("Note", self.note)):
            if words:
                lines.append(f"{kind}: {words}" + "." * (words[-1] not in ".?!"))
        return lines

    def __repr__(self):
        return f"{self.points:g} of {self.max_points:g} points"


def failed(name: str, reason: str) -> Result:
    """The result of an exercise of which nothing can be judged."""
    return Result(name, dict.fromkeys(CRITERIA, False), reason)


def judge(
    exercise: Exercise, cases: list[Case], reports: list, *, stand_ins: bool = False, hidden: bool = False
) -> Result:
    """Return the `Result` of an exercise.

    cases, reports: of `exercise.cases` and `evaluate`, in the same order. The reports may come from an enemy.
    stand_ins: the function ran with `STAND_INS` in place of the exercise that it builds on.
    hidden: the inputs are secret, so quote nothing that the learner's code could have copied them into.
    """
    if not isinstance(reports, list) or len(reports) != len(cases):
        return failed(exercise.name, "the results are damaged or incomplete")
    trials = [Trial(exercise, case, _clean(report), stand_ins) for case, report in zip(cases, reports)]
    usual = [trial for trial in trials if not trial.case["general"]]
    passed = dict(
        shape=all(trial.shape for trial in usual) and not constant(usual),
        value=all(trial.value for trial in usual),
        gradient=all(trial.gradient for trial in usual),
        generality=all(trial.complete for trial in trials),
    )
    if not passed["shape"] and not trials[0].pictures:
        passed["gradient"] = False
    result = Result(exercise.name, passed)
    if not all(passed.values()):
        try:
            result.hint = hint_for(exercise, passed, trials, hidden)
        except (ArithmeticError, LookupError, TypeError, ValueError):  # no fault of a hint's may cost points
            result.hint = NO_HINT
    else:
        result.note = note_for(trials[0], hidden)
    return result


def _clean(report):
    """A report with nothing in it but what `evaluate` may have put there, whoever wrote it."""
    if not isinstance(report, dict):
        return {"error": _clean_error(None), "another": False, "names": []}
    about = {
        "another": report.get("another") is True,
        "names": [name for name in _list(report.get("names"))[:200] if isinstance(name, str)],
    }
    if "error" in report:
        return {"error": _clean_error(report["error"]), **about}
    arrays = {name: report.get(name) for name in ("value", "again", "layers")}
    lists = {name: _list(report.get(name)) for name in ("gradients", "pictures", "pictures_again")}
    return {
        "kind": _word(report.get("kind")),
        **{name: array if isinstance(array, np.ndarray) else None for name, array in arrays.items()},
        **{name: [a if isinstance(a, np.ndarray) else None for a in array] for name, array in lists.items()},
        **{name: table(report.get(name)) for name in ("settings", "settings_again")},
        "modified": report.get("modified") is not False,
        "not_compiled": _clean_error(report["not_compiled"]) if report.get("not_compiled") else None,
        "signature": report.get("signature") is True,
        "moves": moves if type(moves := report.get("moves")) is int and 0 <= moves < 1000 else None,
        **about,
    }


def _clean_error(error):
    error = error if isinstance(error, dict) else {}
    number = error.get("number")
    return {
        "kinds": [_word(kind)[:60] for kind in _list(error.get("kinds"))[:20]],
        "message": _word(error.get("message"))[:2000],
        "line": _word(error.get("line"))[:200],
        "number": number if isinstance(number, int) and 0 < number < 10_000 else 0,
    }


def _list(value):
    return value if isinstance(value, list) else []


def _word(value):
    """A text, and nothing made into one: NumPy prints for hours what is forged for that."""
    return value if isinstance(value, str) else ""


class Trial:
    """One case, what came back, and what should have."""

    def __init__(self, exercise, case, report, stand_ins):
        layers = report.get("layers")
        proper = layers is not None and layers.ndim == 1 and 0 < layers.size <= 5 and np.isfinite(layers).all()
        self.case, self.report = case | {"stand_ins": stand_ins, "layers": layers if proper else ()}, report
        self.expected = exercise.expected(self.case)
        self.error = report.get("error")
        self.pictures, self.settings = "pictures" in self.expected, "settings" in self.expected
        self.shape = self.value = self.gradient = self.complete = False
        if self.error:
            return
        (self._judge_settings if self.settings else self._judge_numbers)()
        self.complete = self.shape and self.value and self.gradient and self.repeats and not report["modified"]

    def _judge_settings(self):
        right, knob = self.expected["settings"], self.expected["knob"]
        self.shape, self.value, self.gradient = agreement(self.report["settings"], right, knob)
        self.repeats = alike(self.report["settings_again"], right)

    def _judge_numbers(self):
        report = self.report
        got, right = report["value"], np.asarray(self.expected["value"])
        self.dtype = got is None or got.dtype == np.float32
        self.shape = report["kind"] == "tensor" and got is not None and got.shape == right.shape and self.dtype
        self.value = got is not None and close(got, right)
        if self.pictures:
            self.gradient = self._moves_right("pictures")
            again = self._moves_right("pictures_again")
        else:
            self.gradient = self._gradients_right()
            again = True
        self.repeats = again and (report["again"] is not None and close(report["again"], right))

    def times(self) -> float:
        """How often each step has called the optimizer; once, if that is not known."""
        return 1.0 if self.report["moves"] is None else self.report["moves"] / len(self.expected["pictures"])

    def moves(self, name: str = "pictures") -> np.ndarray | None:
        """How far each picture is from the start, (3, 1, n_H, n_W, 3); None if the shapes are wrong."""
        start, pictures = self.case["start"], self.report[name]
        if len(pictures) != 3 or any(picture is None or picture.shape != start.shape for picture in pictures):
            return None
        return np.stack(pictures).astype(np.float64) - start

    def _moves_right(self, name):
        moves, right = self.moves(name), np.stack(self.expected["pictures"]) - self.case["start"]
        return moves is not None and close(moves, right)

    def _gradients_right(self):
        got, right = self.report["gradients"], self.expected["gradients"]
        if len(got) != len(right):
            return False
        return all((not np.any(g)) if r is None else g is not None and close(g, r) for g, r in zip(got, right))

    def as_pieces(self) -> tuple | None:
        """(case, value, expected) for `name_mistake`, or None if the value has another shape."""
        if self.settings:
            return None if self.error else (self.case, self.report["settings"], self.expected["settings"])
        got, right = self.report.get("value"), np.asarray(self.expected["value"])
        if self.error or got is None or got.shape != right.shape:
            return None
        if not self.pictures:
            return as_float64(self.case), got.astype(np.float64), right
        moves = self.moves()
        if moves is None:
            return None
        case = as_float64(self.case)
        right = right, np.stack(self.expected["pictures"]) - case["start"]
        return case, (got.astype(np.float64), moves), right

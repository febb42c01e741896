"""The order in which a submission's exercises are tried, and which of the tries counts; no sandbox is started."""

import json

import numpy as np
import pytest
from classroom import FULL, RIGHT, notebooks

from grading import evaluation, sandbox
from grading.course import Submission
from grading.exercises import EXERCISES
from grading.grade import evaluate_all
from grading.mine import without_sandbox

WORKED = {stem: json.dumps(notebook) for stem, notebook in notebooks(RIGHT).items()}
FEW = {stem: WORKED[stem] for stem in ("02_content_cost", "04_paint")}
NAMES = [name for name, exercise in EXERCISES.items() if exercise.notebook in FEW]


class Sandboxes:
    """In place of `sandbox.run`: remembers what was asked for, and may change what comes back."""

    def __init__(self, change=lambda results, together: results):
        self.calls, self.change = [], change

    def __call__(self, texts, jobs, limits, together=False):
        self.calls.append(([job["exercise"] for job in jobs], together, jobs))
        return self.change(without_sandbox(texts, jobs), together) if jobs else {}

    def alone(self):
        return {name for names, together, _ in self.calls if not together for name in names}


def points(texts, run):
    return {name: result.points for name, result in evaluation.grade(texts, 5, run=run).items()}


def test_right_answers_share_a_process_but_for_the_training_step():
    run = Sandboxes()
    assert points(WORKED, run) == FULL
    assert run.alone() == {"train_step"}
    shared = [job for _, together, jobs in run.calls if together for job in jobs]
    assert {job["exercise"] for job in shared} == set(EXERCISES) - {"train_step"}
    assert not any("world" in case for job in shared for case in job["cases"])  # it says what J is made of
    assert {case["general"] for job in shared for case in job["cases"]} >= {evaluation.OVERFLOW}


@pytest.mark.parametrize("status", ["time", "killed by SIGSEGV"])
def test_what_ends_a_shared_process_costs_nobody_a_point(status):
    run = Sandboxes(lambda results, together: {n: (status, None) if together else r for n, r in results.items()})
    assert points(FEW, run) == {name: FULL[name] for name in NAMES}
    assert run.alone() == set(NAMES)


def test_who_is_spoilt_by_another_in_a_shared_process_is_tried_alone():
    def spoil(results, together):
        if together:
            for report in results["total_cost"][1]:
                report["value"] = np.zeros_like(report["value"])
        return results

    run = Sandboxes(spoil)
    assert points(FEW, run) == {name: FULL[name] for name in NAMES}
    assert run.alone() == {"train_step", "total_cost"}


def test_only_what_is_right_alone_or_together_counts():
    def forged(results, together):
        return dict.fromkeys(results, ("done", "points")) if together else dict.fromkeys(results, ("done", None))

    assert set(points(FEW, Sandboxes(forged)).values()) == {0}


def test_several_exercises_have_a_quarter_of_the_time_of_one(monkeypatch):
    sent = []

    class Answers:
        alive, whose, limits = True, "", sandbox.Limits(seconds=20)
        _write = staticmethod(
            lambda request: sent.append(sandbox.decode(request[sandbox.HEADER :])["limits"]["seconds"])
        )
        _next_frame = staticmethod(lambda seconds: ("time", b"", False))

    for jobs in (["a"], ["a", "b"]):
        assert sandbox.Sandbox._evaluate(Answers(), {}, jobs, None) == ("time", None)
    for _ in range(100):
        if len(sent) == 2:
            break
        evaluation.sandbox.time.sleep(0.01)
    assert sorted(limits["seconds"] for limits in sent) == [5, 20]


def test_the_first_is_evaluated_and_handed_on_while_others_are_still_read(monkeypatch):
    monkeypatch.setattr("grading.grade.grade_submission", lambda texts, seed, limits: texts)
    order = []

    def read():
        for number in range(3):
            order.append(f"read {number}")
            submission = Submission.__new__(Submission)
            submission.texts = number
            yield submission
            sandbox.time.sleep(0.1)

    for submission, results in evaluate_all(read(), None, 1):
        order.append(f"done {results}")
        assert submission.texts == results
    assert order.index("done 0") < order.index("read 2") and order[-1] == "done 2"

"""The order in which a submission's exercises are tried, and which of the tries counts; no sandbox is started."""

import json
import time
from unittest import mock

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


def test_right_answers_share_a_process_but_for_those_in_a_small_world():
    run = Sandboxes()
    assert points(WORKED, run) == FULL
    assert run.alone() == {"train_step", "filter_loss"}
    shared = [job for _, together, jobs in run.calls if together for job in jobs]
    assert {job["exercise"] for job in shared} == set(EXERCISES) - {"train_step", "filter_loss"}
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
    wait_for(lambda: len(sent) == 2)
    assert sorted(sent) == [5, 20]


class Handed(Submission):
    """One that is not read: its texts are a number."""

    def __init__(self, number):
        self.texts = number


def evaluated(submissions):
    """What evaluate_all records of such submissions, in order, and how it ends."""
    recorded = []
    with mock.patch("grading.grade.grade_submission", lambda texts, seed, limits: 10 * texts if texts else 1 / 0):
        try:
            evaluate_all(submissions, None, lambda each, results: recorded.append((each.texts, results)), 1)
        except BaseException as error:
            return recorded, type(error)
    return recorded, None


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_evaluated_is_recorded_while_another_is_still_read():
    recorded = []

    def read():
        yield Handed(1)
        wait_for(lambda: recorded)
        yield None
        yield Handed(2)

    with mock.patch("grading.grade.grade_submission", lambda texts, seed, limits: texts):
        evaluate_all(read(), None, lambda each, results: recorded.append(results), 1)
    assert recorded == [1, 2]


def test_one_that_cannot_be_evaluated_stops_no_other():
    recorded, error = evaluated(map(Handed, (1, 0, 2)))
    assert error is None and recorded[0] == (1, 10) and recorded[2] == (2, 20)
    assert isinstance(recorded[1][1], ZeroDivisionError)


@pytest.mark.parametrize("ending", [KeyboardInterrupt, OSError])
def test_at_a_bad_end_of_reading_what_was_evaluated_is_recorded(ending):
    evaluations = []

    def read():
        for number in (1, 2):
            yield Handed(number)
        wait_for(lambda: len(evaluations) == 2)
        if ending is OSError:
            raise OSError("the disk is full")
        yield None

    def slowly(texts, seed, limits):
        evaluations.append(texts)
        return texts

    recorded = []

    def record(submission, results):
        time.sleep(0.2)
        recorded.append(results)

    with mock.patch("grading.grade.grade_submission", slowly), pytest.raises(ending):
        evaluate_all(read(), None, record, 1, lambda: len(evaluations) == 2)
    assert 1 in recorded


def test_what_recording_raises_is_raised():
    with mock.patch("grading.grade.grade_submission", lambda *_: {}), pytest.raises(ZeroDivisionError):
        evaluate_all([Handed(1)], None, lambda each, results: 1 / 0, 1)

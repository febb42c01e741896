"""The log of evaluations, and a result shown again from it."""

import json

import pytest
from classroom import FULL, function, submit

from grading import again, log
from grading.course import Course, Submission
from grading.judge import CRITERIA, Result, failed

MARKS = [["check_gram_matrix", 5.0], ["check_total_cost", 0.0], ["total_cost", "a comment"]]


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def results(**points):
    """All right, but for what is said."""
    right = {name: Result(name, dict.fromkeys(CRITERIA, True)) for name in FULL}
    return right | {name: failed(name, hint) for name, hint in points.items()}


def test_an_evaluation_is_one_line_with_all_that_a_dispute_needs(course):
    submit(course.root, "ada")
    submission = Submission(course, "ada")
    log.write(course, submission, 2**63 + 1, results(total_cost="swapped"), [], MARKS)
    (line,) = (course.root / ".grading" / "log.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert entry["student"] == "ada" and entry["seed"] == 2**63 + 1 and entry["version"] == course.version
    assert entry["judged"] == FULL | {"total_cost": 0} and entry["hints"] == {"total_cost": "swapped"}
    assert entry["before"] == {} and entry["after"] == {"gram_matrix": 5, "total_cost": 0}
    assert log.handed(course, entry["digest"]) == submission.texts


def test_a_line_that_was_cut_off_spoils_no_other(course):
    submit(course.root, "ada")
    submission = Submission(course, "ada")
    for seed in (1, 2, 3):
        log.write(course, submission, seed, results(), [], [])
        if seed == 2:
            path = course.root / ".grading" / "log.jsonl"
            path.write_bytes(path.read_bytes()[:-20])
    assert [entry["seed"] for entry in log.entries(course, "ada")] == [1, 3]
    assert list(log.entries(course, "ben")) == [] and log.latest(course)["ada"]["seed"] == 3


def test_what_is_not_in_the_log_is_one_line(course, capsys):
    submit(course.root, "ada")
    submission = Submission(course, "ada")
    for arguments, words in (
        (["ada"], "no evaluation of ada is in the log; in it are: nobody yet"),
        (["eve"], "in it are: ada"),
        (["ada", "--entry", "2"], "--entry 2: ada has 1 in the log; give 1 to 1"),
        (["ada"], "has been changed: it is not what was handed in then"),
        (["ada"], "what was handed in then is gone"),
    ):
        kept = course.root / ".grading" / "handed" / f"{submission.digest}.json"
        if "changed" in words:
            kept.write_text(kept.read_text().replace("tf.reduce_sum", "tf.reduce_max"))
        if "gone" in words:
            kept.unlink()
        with pytest.raises(SystemExit) as ended:
            again.main([*arguments, "--root", str(course.root)])
        assert words in ended.value.code and "\n" not in ended.value.code
        if "nobody yet" in words:
            log.write(course, submission, 1, results(), [], [])


def test_then_and_now_stand_side_by_side(course, monkeypatch):
    folder = submit(course.root, "ada")
    entry = dict(student="ada", version=course.version, judged=FULL, digest=Submission(course, "ada").digest)
    lines = again.report(course, entry, results(total_cost="swapped"))
    assert [line.split() for line in lines if line.startswith("total_cost ")] == [["total_cost", "5", "0", "differs"]]
    assert "total_cost: swapped" in lines
    assert lines[-2:] == ["The course is the same as then.", "ada has not handed in anything else since."]
    (folder / "04_paint.ipynb").unlink()
    lines = again.report(course, entry | {"version": "f" * 64}, results())
    assert lines[-2].startswith("The course has changed since: ffffffffffff then")
    assert lines[-1].startswith("ada has handed in something else since")
    monkeypatch.setattr(again, "by_hand", lambda course, student: ["total_cost 3"])
    assert "not shown here: total_cost 3." in again.report(course, entry, results())[-2]


@pytest.mark.slow
def test_a_result_is_shown_again_from_the_log_after_another_hand_in(course, capsys):
    swapped = {"total_cost": function("total_cost", "return beta * J_content + alpha * J_style")}
    submit(course.root, "ada", wrong=swapped)
    log.write(course, Submission(course, "ada"), 7, results(total_cost=""), [], [])
    for path in (course.root / "submitted" / "ada" / "notebooks").iterdir():
        path.write_text("{}")
    with pytest.raises(SystemExit) as ended:
        again.main(["ada", "--root", str(course.root)])
    output = capsys.readouterr().out
    assert "ada, evaluation 1 of 1" in output and "ada has handed in something else since" in output
    rows = {line.split()[0]: line.split()[1:] for line in output.splitlines() if line.split()[:1]}
    assert rows["total_cost"] == ["0", "1", "differs"] and rows["gram_matrix"] == ["5", "5"]
    assert ended.value.code == 1

"""The checks below the exercises: points and hints, over the whole bank of answers."""

import pytest
from bank import ANSWERS

from grading.cases import EXERCISES
from grading.checks import check

RIGHT = [answer for answer in ANSWERS if answer.right]
WRONG = [answer for answer in ANSWERS if not answer.right]


@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_a_right_answer_gets_all_points(answer):
    result = check(answer.function)
    assert result.points == result.max_points == 5, result.messages
    assert not result.hint


@pytest.mark.parametrize("answer", WRONG, ids=repr)
def test_a_wrong_answer_loses_points_and_gets_its_hint(answer):
    result = check(answer.function)
    assert result.points < result.max_points and result.hint
    assert answer.hint in result.hint


def test_the_bank_is_large_and_most_mistakes_are_named():
    assert {answer.function.__name__ for answer in RIGHT} == {a.function.__name__ for a in WRONG} == set(EXERCISES)
    assert len(RIGHT) >= 60 and len(WRONG) >= 150
    assert sum(bool(answer.hint) for answer in WRONG) >= 0.7 * len(WRONG)

"""The checks below the exercises: points and hints, over the whole bank of answers."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from bank import ANSWERS

from grading import checks
from grading.checks import check
from grading.exercises import EXERCISES
from grading.judge import judge
from grading.sandboxed.evaluate import evaluate

RIGHT = [answer for answer in ANSWERS if answer.right]
WRONG = [answer for answer in ANSWERS if not answer.right]


@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_a_right_answer_gets_all_points(answer):
    result = check(answer.function)
    assert result.points == result.max_points == 5, result.messages
    assert not result.hint


@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_a_right_answer_is_right_on_the_secret_inputs_too(answer):
    exercise = EXERCISES[answer.name]
    inputs = exercise.cases(2**60 + 1)
    result = judge(exercise, inputs, evaluate(answer.function, inputs), hidden=True)
    assert result.points == 5, result.messages


@pytest.mark.parametrize("answer", WRONG, ids=repr)
def test_a_wrong_answer_loses_points_and_gets_its_hint(answer):
    result = check(answer.function)
    assert result.points < result.max_points and result.hint
    assert answer.hint in result.hint


def test_the_bank_is_large_and_most_mistakes_are_named():
    assert {answer.name for answer in RIGHT} == {answer.name for answer in WRONG} == set(EXERCISES)
    assert len(RIGHT) >= 60 and len(WRONG) >= 150
    assert sum(bool(answer.hint) for answer in WRONG) >= 0.7 * len(WRONG)


def test_a_hint_never_holds_the_expected_value():
    for answer in WRONG[::5]:
        exercise = EXERCISES[answer.name]
        inputs = exercise.cases(5)
        messages = " ".join(checks.judged(answer.function, exercise, inputs).messages)
        for case in inputs:
            for number in np.ravel(exercise.expected(case)["value"])[:20]:
                assert f"{number:.3g}" not in messages or abs(number) < 1e-3 or number == round(number)


@pytest.mark.parametrize("factor", [1, 2])
def test_only_a_right_answer_meets_the_huge_inputs(factor):
    places = []

    def compute_layer_style_cost(a_S, a_G):
        _, n_H, n_W, n_C = a_G.shape
        places.append(n_H * n_W)
        G_S, G_G = (tf.einsum("bhwc,bhwd->cd", a, a) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G))
        return factor * tf.reduce_sum((G_S - G_G) ** 2) / (4 * n_C**2)

    right = factor == 1
    assert (check(compute_layer_style_cost).points == 5) == right
    assert (max(places) > 2**15.5) == right  # of that many places a Gram matrix of places would have 9 GB


def test_check_restores_what_stands_around_a_training_step():
    around = {"tf": tf, "optimizer": "mine", "ALPHA": 5}
    exec("def train_step(generated_image):\n    return vgg_model_outputs(generated_image)", around)
    before = dict(around)
    assert check(around["train_step"]).points == 0
    assert around == before


@pytest.mark.parametrize(
    ("argument", "error"),
    [(5, "check takes a function, without calling it"), (None, "without calling it"), (print, "without calling it")],
)
def test_what_is_no_function_is_refused(argument, error):
    with pytest.raises(TypeError, match=error):
        check(argument)


def test_a_function_of_another_name_is_refused_with_the_names_there_are():
    with pytest.raises(LookupError, match="'my_gram' is no exercise of this course; there are: compute_content_cost, "):
        check(lambda_named("my_gram"))


def lambda_named(name):
    function = lambda A: A  # noqa: E731
    function.__name__ = name
    return function


def test_the_check_of_a_function_that_builds_on_a_wrong_one_says_so():
    around = {"tf": tf, "gram_matrix": None}
    source = """
def gram_matrix(A):
    return tf.matmul(A, A, transpose_b=True) / 2

def compute_layer_style_cost(a_S, a_G):
    G = [gram_matrix(tf.transpose(tf.reshape(a, (-1, a.shape[3])))) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G)]
    return tf.reduce_mean((G[0] - G[1]) ** 2) / 4
"""
    exec(source, around)
    result = check(around["compute_layer_style_cost"])
    assert result.points == 1 and "gram_matrix, which this function uses, does not pass its own check" in result.hint


def test_an_answer_that_tf_function_cannot_compile_is_right_with_a_note():
    answer = next(a for a in RIGHT if a.name == "compute_content_cost" and "int64" in inspect.getsource(a.function))
    result = check(answer.function)
    assert result.points == 5 and "cannot compile it (AttributeError" in result.note


def test_under_nbgraders_validate_a_failing_check_is_an_error(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert check(RIGHT[0].function).points == 5
    with pytest.raises(AssertionError, match="1 of 5 points. your value is exactly 4 times too large"):
        check(WRONG[0].function)


def test_an_endless_loop_ends_with_a_hint(monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 1)

    def gram_matrix(A):
        while True:
            pass

    result = check(gram_matrix)
    assert result.points == 0 and "is there an endless loop?" in result.hint


def test_what_an_answer_prints_does_not_bury_the_hint(capsys):
    def total_cost(J_content, J_style, alpha=10, beta=40):
        print("here I am")
        return beta * J_content + alpha * J_style

    check(total_cost)
    assert "here I am" not in capsys.readouterr().out


def test_messages_and_points_belong_together(capsys):
    result = check(RIGHT[0].function)
    assert capsys.readouterr().out.splitlines() == [RIGHT[0].name, *(f"  {line}" for line in result.messages)]
    assert repr(result) == "5 of 5 points" and result.points == result.max_points == 5.0

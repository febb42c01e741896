"""The checks below the exercises: points and hints, over the whole bank of answers."""

import functools
import inspect
import linecache
import logging
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from bank import ANSWERS

from grading import checks
from grading.checks import check
from grading.errors import of_error
from grading.exercises import EXERCISES
from grading.exercises.compute_layer_style_cost import stand_in_layer_style_cost
from grading.judge import judge
from grading.sandboxed.evaluate import evaluate
from grading.sandboxed.stand_ins import STAND_INS
from nst.paths import ROOT

RIGHT = [answer for answer in ANSWERS if answer.right]
WRONG = [answer for answer in ANSWERS if not answer.right]


@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_a_right_answer_gets_all_points(answer):
    result = check(answer.function)
    assert result.points == result.max_points == 5, result.messages
    assert not result.hint


@pytest.mark.slow
@pytest.mark.parametrize("answer", RIGHT, ids=repr)
def test_a_right_answer_is_right_on_the_secret_inputs_too(answer):
    exercise = EXERCISES[answer.name]
    inputs = exercise.cases(2**60 + 1)
    result = judge(exercise, inputs, evaluate(answer.function, inputs), hidden=True)
    assert result.points == 5, result.messages


@pytest.mark.slow
@pytest.mark.parametrize("seed", [4304831897906725944, 17712323980426966930, 5])
def test_rounding_decides_nothing_about_a_right_answer(seed):
    """For the first two seeds, a colour came within 1e-5 of 1, where float32 clipped it and float64 did not."""
    for answer in RIGHT:
        if answer.name in ("keep_colors", "total_variation"):
            inputs = EXERCISES[answer.name].cases(seed)
            result = judge(EXERCISES[answer.name], inputs, evaluate(answer.function, inputs), hidden=True)
            assert result.points == 5, (answer, result.messages)


def test_no_secret_inputs_lie_where_a_right_gradient_jumps():
    for seed in range(400):
        for case in EXERCISES["keep_colors"].cases(seed):
            photo, painting = (picture.astype(np.float64) for picture in case["arguments"])
            free = photo + (painting - photo) @ [[0.299], [0.587], [0.114]]
            assert min(np.abs(free).min(), np.abs(free - 1).min()) > 9e-4
        *usual, flat = EXERCISES["total_variation"].cases(seed)
        assert "one colour" in flat["general"] and flat["output_gradient"] < 1e-8
        for case in usual:
            assert all(np.diff(case["arguments"][0], axis=axis).all() for axis in (1, 2))


@pytest.mark.parametrize("answer", WRONG, ids=repr)
def test_a_wrong_answer_loses_points_and_gets_its_hint(answer):
    result = check(answer.function)
    assert result.points < result.max_points and result.hint
    assert answer.hint in result.hint


def test_the_bank_is_large_and_most_mistakes_are_named():
    assert {answer.name for answer in RIGHT} == {answer.name for answer in WRONG} == set(EXERCISES)
    assert len(RIGHT) >= 60 and len(WRONG) >= 150
    assert sum(bool(answer.hint) for answer in WRONG) >= 0.95 * len(WRONG)


@pytest.mark.slow
def test_a_hint_never_holds_the_expected_value():
    for answer in WRONG[::5]:
        exercise = EXERCISES[answer.name]
        inputs = exercise.cases(5)
        messages = " ".join(checks.judged(answer.function, exercise, inputs).messages)
        for case in inputs:
            for number in np.ravel(exercise.expected(case).get("value", ()))[:20]:
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


@pytest.mark.parametrize("signature", ["train_step(picture)", "filter_loss(network, picture)"])
def test_check_restores_what_stands_around_a_function_in_a_small_world(signature):
    around = {"tf": tf, "optimizer": "mine", "ALPHA": 5, "a_S": "mine"}
    exec(f"def {signature}:\n    return vgg_model_outputs(picture)", around)
    before = dict(around)
    assert check(around[signature.partition("(")[0]]).points == 0
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


def test_a_function_without_the_exercises_name_is_judged_by_the_name_it_was_given():
    around = {"tf": tf, "functools": functools}
    source = """
total_cost = lambda J_content, J_style, alpha=10, beta=40: alpha * J_content + beta * J_style
class Maths:
    @staticmethod
    def gram(A):
        return tf.matmul(A, A, transpose_b=True)
gram_matrix = Maths.gram
def mean(divisor, content_output, generated_output):
    return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / divisor
compute_content_cost = functools.partial(mean, 4)
compute_style_cost = functools.partial(mean, divisor=4)
"""
    exec(compile(source, "<a cell>", "exec"), around)
    for name in ("total_cost", "gram_matrix", "compute_content_cost"):
        result = check(around[name])
        assert (result.exercise, result.points) == (name, 5)
    assert "line" not in check(around["compute_style_cost"]).hint  # the error is in no line of the cell


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


def bank(name, words):
    """The function in the bank that holds these words."""
    return next(a.function for a in ANSWERS if a.name == name and words in inspect.getsource(a.plain))


STEP = """
def train_step(generated_image):
    with tf.GradientTape() as tape:
        a_G = vgg_model_outputs(generated_image)
        J = total_cost(compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G), ALPHA, BETA)
    optimizer.apply_gradients([(tape.gradient(J, generated_image), generated_image)])
    generated_image.assign(clip_0_1(generated_image))
    return J
"""


def step_with(old="", new="", before=""):
    """The right step with a change, as a cell has it: with its source."""
    source = before + STEP.replace(old, new)
    name = f"cell {len(linecache.cache)}"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    around = {"tf": tf, "np": np}
    exec(compile(source, name, "exec"), around)
    return around["train_step"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "    return J",
            "    print(J.numpy())\n    return J",
            "AttributeError in line 8 of the cell, `print(J.numpy())`",
        ),
        ("clip_0_1(generated_image)", "np.clip(generated_image.numpy(), 0, 1)", "NotImplementedError in line 7"),
    ],
)
@pytest.mark.parametrize("decorator", ["", "@tf.function"])
def test_a_step_that_cannot_be_compiled_is_right_with_a_note(old, new, line, decorator):
    result = check(step_with(old, new, decorator))
    assert result.points == 5 and f"cannot compile it ({line}" in result.note.replace("line 9", "line 8")
    assert "leave out .numpy()" in result.note


def test_a_step_that_does_otherwise_when_compiled_is_right_with_a_note():
    result = check(step_with("    optimizer.apply", "    if tf.executing_eagerly(): optimizer.apply"))
    assert result.points == 5 and "compiled by tf.function, as in notebook 04, it gives another result" in result.note
    assert not check(step_with()).note


def test_a_step_with_an_input_signature_is_right_with_a_note():
    result = check(bank("train_step", "input_signature"))
    assert result.points == 5 and "without the decorator's input_signature" in result.note


def test_a_step_that_computes_its_targets_anew_is_right_with_a_note():
    """Notebook 04 does it once, before; its section 7 paints a smaller picture."""
    result = check(bank("train_step", "vgg_model_outputs(content_image)"))
    assert result.points == 5 and "targets anew from content_image and style_image" in result.note


def test_the_learners_picture_is_not_moved_by_the_check():
    around, picture = {"tf": tf}, tf.Variable(tf.fill((1, 2, 2, 3), 0.5))
    exec(STEP.replace("def train_step(generated_image)", "def train_step(image)"), around)
    around["generated_image"] = picture
    assert "not on the picture that it is given" in check(around["train_step"]).hint
    assert around["generated_image"] is picture and np.all(picture == 0.5)


def test_notes_say_why_and_where_a_cost_cannot_be_compiled():
    result = check(bank("total_cost", "tf.add(tf.multiply(alpha"))
    assert (
        result.points == 5 and "does not match type int32" in result.note and "write alpha * J_content" in result.note
    )
    assert "in user code" not in result.note and "of the cell, `J = tf.add(" in result.note


def test_a_right_decorated_answer_prints_only_the_checks_own_lines(capfd, monkeypatch):
    logger, said = tf.get_logger(), []
    monkeypatch.setattr(logger, "level", logging.WARNING)
    monkeypatch.setattr(logger, "handlers", [handler := logging.Handler()])
    handler.emit = said.append
    weighted = tf.function(lambda weight, J: weight * J)  # compiled for every weight, of which TensorFlow warns

    def total_cost(J_content, J_style, alpha=10, beta=40):
        return weighted(alpha, J_content) + weighted(beta, J_style)

    for answer in (bank("total_cost", "@tf.function"), total_cost, tf.function(total_cost)):
        check(answer)
    printed = capfd.readouterr()
    assert printed.out.splitlines() == ["total_cost", "  ✓ shape", "  ✓ value", "  ✓ gradient", "  ✓ generality"] * 3
    assert not printed.err and not said and logger.level == logging.WARNING


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "tf.compat.v1.disable_eager_execution()",
            "0 of 5 points TensorFlow 2 computes at once (eager execution), but",
        ),
        ("tf.experimental.numpy.experimental_enable_numpy_behavior()", "5 of 5 points a cell has called enable_numpy"),
    ],
)
def test_what_another_cell_has_switched_is_said_in_one_line(line, words):
    code = f"""
import nst_utils, tensorflow as tf
from grading.checks import check
{line}
def total_cost(J_content, J_style, alpha=10, beta=40):
    return alpha * J_content + beta * J_style
result = check(total_cost)
print(result, result.hint or result.note)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1].startswith(words), done.stdout + done.stderr


def test_errors_that_the_learners_code_quotes_are_not_taken_for_others():
    answer = bank("compute_content_cost", "a_C.reshape(-1)")
    for function in (answer, answer.python_function):
        result = check(function)
        assert result.hint.startswith(
            "a TensorFlow tensor has no .reshape: use tf.reshape(a, ...) (AttributeError in line"
        )
        assert "do not multiply" not in result.hint


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_the_stand_in_for_the_gram_matrix_takes_what_the_gram_matrix_takes(rank):
    A = np.random.default_rng(rank).normal(size=(2, 3, 4, 5)[-rank:]).astype(np.float32)
    sums = A.sum(axis=-1)
    np.testing.assert_allclose(STAND_INS["gram_matrix"](A), sums[..., :, None] * sums[..., None, :], rtol=1e-5)


def test_the_stand_in_for_the_layer_cost_takes_volumes_of_two_sizes():
    rng = np.random.default_rng(3)
    for S, G in (((1, 4, 5, 3), (1, 6, 2, 3)), ((4, 5, 3), (7, 3))):
        a_S, a_G = rng.normal(size=S), tf.Variable(rng.normal(size=G))
        with tf.GradientTape() as tape:
            got = STAND_INS["compute_layer_style_cost"](tf.constant(a_S), a_G)
        value, gradient = stand_in_layer_style_cost(a_S, a_G.numpy())
        wanted = sum(a_S[..., c].mean() * (a_G.numpy()[..., c] ** 2).mean() for c in range(3))
        assert value == pytest.approx(wanted) and float(got) == pytest.approx(wanted)
        np.testing.assert_allclose(tape.gradient(got, a_G), gradient)


def test_a_batch_of_one_is_as_right_with_the_stand_in_as_with_the_gram_matrix():
    def compute_layer_style_cost(a_S, a_G):
        def average(a):
            _, n_H, n_W, n_C = a.shape
            A = tf.transpose(tf.reshape(a, [1, n_H * n_W, n_C]), perm=[0, 2, 1])
            return gram_matrix(A) / (n_H * n_W)  # noqa: F821

        return tf.reduce_sum(tf.square(average(a_S) - average(a_G))) / (4 * a_G.shape[-1] ** 2)

    exercise = EXERCISES["compute_layer_style_cost"]
    inputs = exercise.cases(5)
    reports = evaluate(compute_layer_style_cost, inputs, stand_ins=True)
    assert judge(exercise, inputs, reports, stand_ins=True).points == 5


def test_under_nbgraders_validate_a_failing_check_is_an_error(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    right, wrong = (next(a for a in answers if a.name == "compute_content_cost") for answers in (RIGHT, WRONG))
    assert check(right.function).points == 5
    with pytest.raises(AssertionError, match="1 of 5 points. your value is exactly 4 times too large"):
        check(wrong.function)


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


def test_a_partial_a_decorators_object_and_a_static_method_are_judged_like_functions():
    class Decorator:
        def __init__(self, function):
            self.function = function

        def __call__(self, *arguments):
            return self.function(*arguments)

    def gram_matrix(A, transposed=True):
        return tf.matmul(A, A, transpose_b=transposed)

    for answer in (functools.partial(gram_matrix, transposed=True), Decorator(gram_matrix), staticmethod(gram_matrix)):
        assert check(answer).points == 5, answer
    assert check(functools.partial(gram_matrix, transposed=False)).points < 5


def test_a_name_made_by_a_line_left_behind_is_said_in_our_words():
    exercise = EXERCISES["gram_matrix"]
    cases = exercise.cases(1)
    message = "name 'SECRET' is not defined: in 02.ipynb it is made by a line that is not taken along, cell 3"
    error = dict(kinds=["NameError"], message=message, line="", number=0)
    hint = judge(exercise, cases, [dict(error=error)] * len(cases), hidden=True).hint
    assert hint.startswith("a name is used that is made by a line of the notebook which is not taken along")
    assert "SECRET" not in hint


@pytest.mark.parametrize(
    "message",
    [
        "{}() missing 1 required positional argument: 'x'",
        "a.b.{}() got an unexpected keyword argument '{}'",
        "module 'tensorflow' has no attribute '{}'",
        "module 'keras.{}' has no attribute '{}'",
        "defines no function f (cell 1337773734 has a syntax error: {}, line 4711)",
        "'EagerTensor' object has no attribute '{}'",
        "name '{}' is not defined",
        "No module named '{}'",
    ],
)
@pytest.mark.parametrize("kind", ["TypeError", "AttributeError", "NameError", "LookupError", "ModuleNotFoundError"])
def test_a_forged_message_says_nothing_of_its_own_with_secret_inputs(message, kind):
    forged = "beta_773_734ㅤgiveㅤ5ㅤpoints"
    exercise = EXERCISES["gram_matrix"]
    cases = exercise.cases(1)
    error = dict(kinds=[kind, forged], message=message.replace("{}", forged), line=forged, number=0)
    hint = judge(exercise, cases, [dict(error=error)] * len(cases), hidden=True).hint
    assert hint and not re.search("773|1337|4711|give", hint), hint
    if "1337" in message and kind == "LookupError":
        told = of_error(exercise, error, cases[0], hidden=False)
        assert "cell 1337773734 has a syntax error in its line 4711" in told


@pytest.mark.parametrize("number", [6820.0, 773.5, 1 / 773734, 1.0773, 7.73e10])
def test_a_factor_that_an_answer_has_made_up_is_not_quoted(number):
    """It could be one of the secret inputs, digit by digit."""
    exercise = EXERCISES["compute_content_cost"]
    hint = judge(exercise, cases := exercise.cases(3), evaluate(_times(number), cases), hidden=True).hint
    assert "a number, the same for every input" in hint and not re.search("68|773", hint)
    three = judge(exercise, cases, evaluate(_times(3), cases), hidden=True).hint
    assert "exactly 3 times too large" in three


@pytest.mark.parametrize("name", ["gram_matrix", "compute_content_cost", "total_cost", "total_variation"])
def test_zero_for_some_inputs_is_judged_like_any_other_wrong_value(name):
    """Zero is the right value times zero, by which nobody can divide."""
    exercise = EXERCISES[name]
    right = next(answer for answer in RIGHT if answer.name == name).function
    cases = exercise.cases(3)
    for chosen in ({1, 2}, {len(cases) - 1, len(cases) - 2}, set(range(1, len(cases)))):
        calls = []

        def answer(*arguments, chosen=chosen, calls=calls, **keywords):
            calls.append(0)
            return right(*arguments, **keywords) * float((len(calls) - 1) // 2 not in chosen)

        result = judge(exercise, cases, evaluate(answer, cases), hidden=True)
        assert result.points < 5 and result.hint


def test_a_fault_of_a_hint_costs_no_points(monkeypatch):
    def fails(*rest):
        raise ZeroDivisionError

    monkeypatch.setattr("grading.judge.hint_for", fails)
    exercise = EXERCISES["compute_content_cost"]
    result = judge(exercise, cases := exercise.cases(3), evaluate(_times(2), cases), hidden=True)
    assert result.points == 1 and "formula" in result.hint


def _times(number):
    return lambda a_C, a_G: number * tf.reduce_mean((a_C[-1] - a_G[-1]) ** 2) / 4


def test_a_step_on_the_notebooks_own_picture_is_seen_by_the_picture():
    """Whatever the picture's name is in the step: the notebook's has other values, and they must not move."""
    hidden = {}

    def train_step(picture):
        image = hidden.setdefault("image", globals().get("generated_" + "image"))
        with tf.GradientTape() as tape:
            J = total_cost(*costs(image), ALPHA, BETA)  # noqa: F821
        optimizer.apply_gradients([(tape.gradient(J, image), image)])  # noqa: F821
        return J

    def costs(image):
        a_G = vgg_model_outputs(image)  # noqa: F821
        return compute_content_cost(a_C, a_G), compute_style_cost(a_S, a_G)  # noqa: F821

    exercise = EXERCISES["train_step"]
    (case,) = exercise.cases(1)[:1]
    (report,) = evaluate(train_step, [case])
    assert report["another"] and judge(exercise, [case], [report]).hint.startswith("the step works on the notebook's")


def test_a_right_answer_that_forges_its_report_shows_no_text_of_it_in_grading():
    exercise, answer = EXERCISES["train_step"], next(each for each in RIGHT if each.name == "train_step")
    cases = exercise.cases(1)
    reports = evaluate(answer.function, cases)
    words = dict(kinds=["SECRET"], message="SECRET in user code", line="SECRET", number=9)
    reports[0] |= dict(not_compiled=words, signature=True)
    assert "SECRET" in judge(exercise, cases, reports).note  # a learner's own check may quote it
    result = judge(exercise, cases, reports, hidden=True)
    assert result.points == 5 and result.note == ""
    reports[0] |= dict(names=["SECRET", "style_image"])
    note = judge(exercise, cases, reports, hidden=True).note
    assert "targets anew from style_image in each step" in note and "SECRET" not in note

"""The judge's answers: each gradient against finite differences of its value, each value against plain loops."""

import pkgutil

import numpy as np
import pytest

from grading import exercises
from grading.exercises import EXERCISES, find
from grading.judge import judge
from grading.mistakes import close
from grading.sandboxed.stand_ins import STAND_INS


def small(case):
    return sum(np.size(array) for array in flat(case["arguments"])) < 3000


def flat(part):
    return [leaf for each in part for leaf in flat(each)] if isinstance(part, list) else [part]


def changed(case, place, index, entry, step):
    """The case with one number of one watched array moved."""

    def copy(part):
        return [copy(each) for each in part] if isinstance(part, list) else np.array(part, np.float64)

    arguments = list(case["arguments"])
    arguments[place] = copy(arguments[place])
    target = arguments[place] if index is None else arguments[place][index]
    target[entry] += step
    return case | {"arguments": arguments}


@pytest.mark.parametrize("stand_ins", [False, True])
@pytest.mark.parametrize("name", [name for name in EXERCISES if name != "train_step"])
def test_gradients_are_those_of_the_values(name, stand_ins):
    rng, exercise = np.random.default_rng(0), EXERCISES[name]
    for case in filter(small, exercise.cases(1)):
        case["stand_ins"] = stand_ins
        answer = exercise.expected(case)
        weights = 1 if case["output_gradient"] is None else case["output_gradient"]

        def value(case, weights=weights):
            return np.sum(weights * exercise.expected(case)["value"])

        where = [
            (p, i)
            for p in case["watch"]
            for i in (range(len(case["arguments"][p])) if p == 1 and isinstance(case["arguments"][p], list) else [None])
        ]
        for (place, index), gradient in zip(where, answer["gradients"], strict=True):
            array = case["arguments"][place] if index is None else case["arguments"][place][index]
            for _ in range(3):
                entry = tuple(rng.integers(side) for side in np.shape(array))
                high, low = (value(changed(case, place, index, entry, step)) for step in (1e-5, -1e-5))
                assert (0 if gradient is None else np.asarray(gradient)[entry]) == pytest.approx(
                    (high - low) / 2e-5, rel=1e-4, abs=1e-7
                )


def test_the_pictures_of_a_training_run_follow_its_costs():
    exercise = EXERCISES["train_step"]
    for case in exercise.cases(1):
        answer = exercise.expected(case)
        world = case["world"] | {"C": case["world"]["C"].astype(float), "S": case["world"]["S"].astype(float)}

        def J(x, world=world):
            style = sum(np.sum((scale * (x - world["S"])) ** 2) for scale in world["scales"].astype(float))
            return world["ALPHA"] * np.sum((x**2 - world["C"] ** 2) ** 2) + world["BETA"] * style

        x = case["start"].astype(float)
        for cost, picture in zip(answer["value"], answer["pictures"]):
            assert cost == pytest.approx(J(x))
            gradient = np.zeros_like(x)
            for entry in np.ndindex(x.shape):
                step = np.zeros_like(x)
                step[entry] = 1e-6
                gradient[entry] = (J(x + step) - J(x - step)) / 2e-6
            x = np.clip(x - world["rate"] * gradient, 0, 1)
            np.testing.assert_allclose(picture, x, atol=1e-6)


def test_wide_steps_leave_the_range_at_both_ends():
    exercise = EXERCISES["train_step"]
    for seed in range(5):
        clipped = [case for case in exercise.cases(seed) if "clipped" in case["general"]]
        assert len(clipped) == 2
        for case in clipped:
            pictures = np.array(exercise.expected(case)["pictures"])
            assert (pictures == 0).any() and (pictures == 1).any()


@pytest.mark.parametrize("name", EXERCISES)
def test_other_seeds_give_other_inputs_and_sizes(name):
    def key(case):
        return [np.shape(a) for a in flat(case.get("arguments", [case.get("start")]))], case

    first, same, other = (EXERCISES[name].cases(seed) for seed in (1, 1, 2**63))
    assert str(first) == str(same) and str(first) != str(other)
    if name != "total_cost":
        assert [key(c)[0] for c in first] != [key(c)[0] for c in other]


def test_every_module_is_an_exercise_with_its_place_in_the_course():
    assert {module.name for module in pkgutil.iter_modules(exercises.__path__)} == set(EXERCISES)
    assert [exercise.number for exercise in EXERCISES.values()] == list(range(1, len(EXERCISES) + 1))
    for exercise in EXERCISES.values():
        if exercise.builds_on:
            earlier = EXERCISES[exercise.builds_on]
            assert earlier.number < exercise.number and earlier.notebook == exercise.notebook
    assert {exercise.builds_on for exercise in EXERCISES.values()} - {None} == set(STAND_INS)


def test_an_unknown_exercise_is_named_with_the_known_ones():
    with pytest.raises(LookupError, match="'paint' is no exercise of this course; there are: compute_content_cost"):
        find("paint")


def test_close_has_the_tolerance_of_float32_code_and_no_more():
    right = np.random.default_rng(0).normal(size=(30, 40))
    assert close((right * (1 + 1e-4)).astype(np.float32), right)
    assert not close(right * (1 + 4e-4), right)
    assert not close(1.0, np.inf) and not close((1.0, 2.0), (1.0, np.inf)) and not close(np.inf, np.inf)
    assert not close(right[:, :39], right) and not close(right * np.nan, right) and close(0.0, 0.0)


class TakesForEver:
    """As an array of eight dimensions does when it is printed."""

    def __str__(self):
        pytest.fail("what came was made into a text")

    __repr__ = __str__


LONG = TakesForEver()
DAMAGED = [
    None,
    [],
    "done",
    [{}] * 7,
    [{"kind": "tensor"}] * 7,
    [{"kind": "tensor", "value": 5, "gradients": 3, "again": None, "modified": "no"}] * 7,
    [{"kind": "tensor", "value": np.zeros((2, 2)), "gradients": [7], "again": np.ones(3), "modified": False}] * 7,
    [{"error": 5}] * 7,
    [{"error": {"kinds": 3, "message": 4, "number": "x", "line": None}}] * 7,
    [{"error": {"kinds": ["A" * 10_000], "message": "x" * 10**6, "number": 10**9, "line": "y" * 10**6}}] * 7,
    [{"kind": LONG, "names": [LONG], "not_compiled": {"kinds": [LONG], "message": LONG, "line": LONG}}] * 7,
    [{"error": {"kinds": [LONG], "message": LONG, "line": LONG, "number": LONG}}] * 7,
]


@pytest.mark.parametrize("reports", DAMAGED, ids=range(len(DAMAGED)))
def test_forged_reports_score_nothing_and_do_no_harm(reports):
    exercise = EXERCISES["gram_matrix"]
    result = judge(exercise, exercise.cases(3), reports, hidden=True)
    assert result.points == 0 and result.hint and len(result.hint) < 400


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30, 0.0])
@pytest.mark.parametrize("name", ["train_step", "total_cost", "compute_style_cost"])
def test_forged_values_and_pictures_do_no_harm(name, bad):
    exercise = EXERCISES[name]
    cases = exercise.cases(3)
    reports = []
    for n, case in enumerate(cases):
        start = case.get("start", np.zeros(()))
        value = np.full(3 if name == "train_step" else (), bad if n > 1 else n + 2.0, np.float32)
        pictures = [np.full(start.shape, bad if n else 0.5, np.float32)] * 3
        report = {
            "kind": "tensor",
            "value": value,
            "again": value,
            "modified": False,
            "moves": 10**9,
            "names": [5, "x"],
        }
        reports.append(report | {"pictures": pictures, "pictures_again": pictures, "gradients": []})
    result = judge(exercise, cases, reports, hidden=True)
    assert result.points <= 1 and result.hint


@pytest.mark.parametrize("layers", [np.ones((1, 5)), np.ones(0), np.ones(6), np.full(5, np.nan), "five"])
def test_forged_weights_of_the_layers_do_no_harm(layers):
    exercise = EXERCISES["compute_style_cost"]
    cases = exercise.cases(3)
    report = {"kind": "tensor", "value": np.float32(1), "again": np.float32(1), "modified": False, "layers": layers}
    assert judge(exercise, cases, [report] * len(cases), hidden=True).points == 0

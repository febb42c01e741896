"""Exercises whose answers return settings: what crosses the trust line, what an enemy may write, what is compared."""

import copy

import numpy as np
import pytest

from grading.checks import judged
from grading.exercises import find
from grading.judge import judge
from grading.sandboxed.evaluate import MAX_SETTINGS, MAX_TEXT, evaluate
from grading.sandboxed.wire import decode, encode
from grading.settings import agreement, table

EXERCISE = find("variants")


def right(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value} for value in values}


def test_settings_cross_the_trust_line_as_they_are():
    cases = decode(encode(EXERCISE.cases(3)))
    reports = decode(encode(evaluate(right, cases)))
    assert judge(EXERCISE, cases, reports, hidden=True).points == 5
    assert reports[0]["settings"] == right(*cases[0]["arguments"]) and reports[0]["kind"] == "dict"


def test_the_answer_gets_copies_and_the_cases_stay_as_they_are():
    def destroys(settings, knob, values):
        found = right(settings, knob, values)
        settings.clear()
        values.clear()
        return found

    cases = EXERCISE.cases(3)
    result = judge(EXERCISE, cases, evaluate(destroys, cases))
    assert str(cases) == str(EXERCISE.cases(3))
    assert result.points == 4 and "changes its arguments" in result.hint


def test_a_list_inside_the_settings_must_not_change_either():
    def appends(settings, knob, values):
        settings.get("style_layers", []).append("block9_conv9")
        return right({name: value for name, value in settings.items() if name != "style_layers"}, knob, values)

    cases = EXERCISE.cases(3)
    reports = evaluate(appends, cases)
    assert {case["general"] for case, report in zip(cases, reports) if report["modified"]} == {"values that are lists"}
    assert "changes its arguments" in judge(EXERCISE, cases, reports).hint


@pytest.mark.parametrize(
    "ruin",
    [
        lambda settings, values: [value.clear() for value in values if type(value) is list],
        lambda settings, values: values.__setitem__(slice(None), [list(values)]),
        lambda settings, values: settings.update({name: [value] for name, value in settings.items()}),
        lambda settings, values: values.__setitem__(slice(None), [v[:] if type(v) is list else v for v in values]),
    ],
)
@pytest.mark.parametrize("call", [1, 2])
def test_no_call_may_change_what_its_arguments_hold_or_how(ruin, call):
    """Nested as well, replaced by equal lists, and in the second call, of which no more is asked."""

    def answer(settings, knob, values):
        found = right(settings, knob, copy.deepcopy(values))
        calls.append(0)
        if len(calls) % 2 == call % 2:
            ruin(settings, values)
        return found

    calls, cases = [], EXERCISE.cases(3)
    reports = evaluate(answer, cases)
    assert {case["general"] for case, report in zip(cases, reports) if report["modified"]} >= {"values that are lists"}


def test_what_is_in_a_dict_counts_and_not_what_it_says():
    class Liar(dict):
        def items(self):
            return right(*self.asked).items()

    def answer(*asked):
        made = Liar(nothing=None)
        made.asked = asked
        return made

    cases = EXERCISE.cases(3)
    assert judge(EXERCISE, cases, evaluate(answer, cases)).points == 0


def test_numpys_numbers_are_not_the_values_that_were_given():
    def answer(settings, knob, values):
        given = right(settings, knob, values)
        return {k: {n: np.int64(v) if type(v) is int else v for n, v in row.items()} for k, row in given.items()}

    cases = EXERCISE.cases(3)
    assert judge(EXERCISE, cases, evaluate(answer, cases)).points < 5


def test_the_second_result_must_be_the_first_in_its_types_too():
    def answer(settings, knob, values):
        calls.append(0)
        given = right(settings, knob, values)
        odd = len(calls) % 2 == 0
        return {k: {n: float(v) if odd and type(v) is int else v for n, v in row.items()} for k, row in given.items()}

    calls, cases = [], EXERCISE.cases(3)
    assert judge(EXERCISE, cases, evaluate(answer, cases)).points < 5


@pytest.mark.parametrize("change", [float, lambda value: value == 1, str])
def test_an_equal_value_of_another_type_is_another_value(change):
    """For Python 1, 1.0 and True are equal."""
    settings = {"size": 1, "layers": [1, {"a": 1}]}
    good = (("a", {"knob": 1, **settings}),)
    assert agreement(good, good, "knob") == (True, True, True)
    assert agreement((("a", {"knob": change(1), **settings}),), good, "knob") == (True, False, True)
    for other in ({"size": change(1)}, {"layers": [change(1), {"a": 1}]}, {"layers": [1, {"a": change(1)}]}):
        assert agreement((("a", {"knob": 1, **settings, **other}),), good, "knob") == (True, True, False)


class Liar(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


ODD = {
    "endless": [],
    "huge": 10**5000,
    "long": "x" * 10**7,
    "wide": list(range(10**5)),
    "liar": Liar(5),
    "many": dict.fromkeys(map(str, range(10**5))),
    7: {("a", "tuple"): object()},
    None: [np.float32(0.5), np.int64(3), np.zeros(3), {1, 2}, float("nan")],
}
ODD["endless"].append(ODD["endless"])


def test_whatever_a_dict_holds_becomes_little_and_plain():
    """In the sandbox too, where the answer's own classes are."""
    (report,) = evaluate(lambda settings, knob, values: ODD, EXERCISE.cases(3)[:1])
    assert len(encode(report)) < 100 * MAX_TEXT
    odd = report["settings"]
    assert str(odd) == str(decode(encode(report))["settings"])
    assert odd["huge"] == "<int>" and odd["wide"] == "<list>" and odd["many"] == "<dict>" and odd["liar"] == "<Liar>"
    assert len(odd["long"]) == MAX_TEXT and odd["7"] == {"<tuple>": "<object>"}
    assert odd["None"][:4] == ["<float32>", "<int64>", "<ndarray>", "<set>"] and odd["endless"] == [[["<list>"]]]
    (report,) = evaluate(lambda *_: dict.fromkeys(range(MAX_SETTINGS + 1)), EXERCISE.cases(3)[:1])
    assert report["settings"] == "<dict>" and table(report["settings"]) == ()


deep = []
for _ in range(50_000):
    deep = [deep]
FORGED = [
    *(None, 5, "text", [], {}, np.zeros(3), {"a": np.zeros(3)}, {"a": {"b": np.zeros(3)}}, {"a": {"b": [np.ones(2)]}}),
    *({"a": deep}, {"a": {"b": deep}}, {"a": {"b": {"c": object()}}}, {"a": None}, {"a": {}, "b": {}, "c": {}}),
]


@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
def test_forged_settings_score_nothing_and_do_no_harm(forged):
    cases = EXERCISE.cases(3)
    report = dict(kind="dict", settings=forged, settings_again=forged, modified=False, gradients=[], names=["x"])
    result = judge(EXERCISE, cases, [report] * len(cases), hidden=True)
    assert result.points == 0 and result.hint and len(result.hint) < 400


@pytest.mark.parametrize("kind", ["SECRET 17", "dict", 5, None, "large"])
def test_no_text_of_a_report_is_quoted(kind):
    cases = EXERCISE.cases(3)
    forged = {"SECRET 17": {"SECRET 17": "SECRET 17"}}
    report = dict(kind=kind, settings=forged, settings_again=forged, modified=False, names=["SECRET 17"])
    result = judge(EXERCISE, cases, [report] * len(cases), hidden=True)
    assert result.points == 0 and result.hint and "SECRET" not in " ".join(result.messages)


def test_a_right_answer_loses_what_it_lacks_and_no_more():
    def lost(change):
        def variants(settings, knob, values):
            return change({label: dict(row) for label, row in right(settings, knob, values).items()}, settings, knob)

        return {name for name, passed in judged(variants, EXERCISE, EXERCISE.cases(3)).passed.items() if not passed}

    def touched(key, value):
        return lambda made, settings, knob: {k: {**row, key or knob: value} for k, row in made.items()}

    assert lost(lambda made, *_: made) == set()
    assert lost(touched("", -1)) == {"value", "generality"}
    assert lost(touched("alpha", -1)) == {"gradient", "generality"}
    assert lost(touched("another", -1)) == {"shape", "gradient", "generality"}
    assert lost(lambda made, *_: {f"{k}!": row for k, row in made.items()}) == {"shape", "gradient", "generality"}


def test_agreement_looks_at_labels_knobs_and_values_apart():
    wanted = (("b = 1", {"a": 5, "b": 1}), ("b = 2", {"a": 5, "b": 2}))
    assert agreement(wanted, wanted, "b") == (True, True, True)
    assert agreement(wanted[:1], wanted, "b") == (False, False, False)
    assert agreement((("b = 1", {"a": 5, "b": 1}), ("b = 2", None)), wanted, "b") == (False, False, False)
    assert agreement((("b = 1", {"a": 5, "b": 1}), ("b = 2", {"a": 5, "b": 3})), wanted, "b") == (True, False, True)
    assert agreement((("b = 1", {"a": 5, "b": 1}), ("b = 2", {"a": 6, "b": 2})), wanted, "b") == (True, True, False)
    assert agreement((("b = 1", {"a": 5, "b": 1.0}), ("x", {"a": 5, "b": 2})), wanted, "b") == (False, False, True)

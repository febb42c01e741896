"""Exercise 7: an experiment, in which one setting changes and all others stay."""

from grading.cases import case
from grading.exercises import Exercise
from grading.settings import alike

NEW = "a knob that `settings` does not name, and that has had its default value so far"
STANDING = "a value that the knob has already in `settings`"
LISTS = "values that are lists"
WORDS = "values that are words"


def inputs(rng):
    def settings():
        alpha, beta, size, evaluations = (int(number) for number in rng.choice(range(11, 400), 4, replace=False))
        rate = float(rng.integers(1, 99)) / 1000
        return dict(alpha=alpha, beta=beta, size=size, learning_rate=rate, evaluations=evaluations)

    def values(most=6):
        return [int(number) for number in rng.permutation(range(400, 900))[: rng.integers(3, most + 1)]]

    def knob(among):
        return list(among)[rng.integers(1, len(among))]  # never the first one

    for _ in range(3):
        around = settings()
        yield case(around, knob(around), values())
    around = settings()
    yield case(around, knob(around), values()[:1], general="a single value")
    yield case(settings(), "pooling", values(), general=NEW)
    yield case({}, "beta", values(), general="an empty dict of settings")
    around = settings()
    name = knob(around)
    others = values(8)
    yield case(around, name, [*others[:-2], around[name], *others[-2:]], general=STANDING)
    yield case(settings(), "alpha", [0, 0.25, 1e-06, *values(4)], general="a zero and small numbers")
    words = ["noise", "content", "style"]
    yield case({"start": words[rng.integers(3)]} | settings(), "start", words, general=WORDS)
    layers = [f"block{n}_conv1" for n in range(1, 6)]
    first = int(rng.integers(3))
    yield case({"style_layers": layers} | settings(), "style_layers", [layers[first:], layers[:2]], general=LISTS)
    around = settings()
    yield case(around, knob=knob(around), values=values(), general="knob and values given by name")


def parts_of(case):
    """(settings, knob, values) of a case."""
    given = dict(zip(("settings", "knob", "values"), case["arguments"])) | case["keywords"]
    return given["settings"], given["knob"], given["values"]


def answer(case):
    settings, knob, values = parts_of(case)
    return dict(knob=knob, settings=tuple((f"{knob} = {value}", settings | {knob: value}) for value in values))


# ---------------------------------------------------------------- what is wrong with a table, read off it


def _rows(rule):
    """A rule for the settings of each label: rule(row, all settings, knob, the value that it should have)."""

    def of_table(case, got, right):
        settings, knob, values = parts_of(case)
        return len(got) == len(right) and all(rule(row, settings, knob, v) for (_, row), v in zip(got, values))

    return of_table


def _labels(rule):
    """A rule for labels that are not all right: rule(label, knob, value)."""

    def of_table(case, got, right):
        _, knob, values = parts_of(case)
        same = [label for label, _ in got] == [label for label, _ in right]
        return not same and len(got) == len(right) and all(rule(g, knob, v) for (g, _), v in zip(got, values))

    return of_table


def _places(rule):
    """A rule for what stands in the knob, label by label: rule(its values, those that it should have)."""

    def of_table(case, got, right):
        _, knob, values = parts_of(case)
        return len(got) == len(right) and rule([row.get(knob) for _, row in got], values)

    return of_table


def _one(place):
    """Is there one entry only, with the first value, or the last one?"""

    def of_table(case, got, right):
        _, knob, values = parts_of(case)
        return len(got) == 1 < len(right) and got[0][1].get(knob) == values[place]

    return of_table


def _without_the_standing(case, got, right):
    settings, knob, _ = parts_of(case)
    return got == tuple((label, row) for label, row in right if row[knob] != settings.get(knob))


def _changed(case, got):
    """The names of what is not as it was in the settings, for each label."""
    settings = parts_of(case)[0]
    return [{name for name in {**row, **settings} if row.get(name) != settings.get(name)} for _, row in got]


def _in_turn(case, got, right):
    """Does each value go to another knob?"""
    changed = _changed(case, got)
    return len(got) == len(right) and all(len(names) == 1 for names in changed) and len(set.union(*changed)) > 1


def _another_knob(case, got, right):
    return len(got) == len(right) and all(n and parts_of(case)[1] not in n for n in _changed(case, got))


def _others_changed(case, got, right):
    return any(names - {parts_of(case)[1]} for names in _changed(case, got))


def _with_the_old(row, settings, knob, value):
    old, new = settings.get(knob), row.get(knob)
    return all(isinstance(n, int | float) for n in (old, new, value)) and new in (old * value, old + value, value - old)


COPY = "Write {**settings, knob: value}"
LABEL = 'f"{knob} = {value}"'
NO_DICTS = {
    "one dict of settings comes back: return a dict of them, {label: settings}, with one for each value": (
        lambda case, got, right: {label for label, _ in got} == {*parts_of(case)[0], parts_of(case)[1]}
    ),
    f"a dict's update() changes it and returns nothing, None: it cannot stand where a dict should. {COPY}": (
        lambda case, got, right: all(row is None for _, row in got)
    ),
    f"an entry holds the value alone: it should hold all settings, a dict. {COPY}": lambda case, got, right: True,
}
RULES = {
    "a value has become an equal one of another type, as 1.0 for 1: any value is allowed, put in as it is": (
        lambda case, got, right: got == right  # and yet not alike, or it would not be wrong
    ),
    "an empty dict, or one of far too many entries, comes back: put in one for each value": (
        lambda case, got, right: not got
    ),
    "only the first value is there: `return` stands inside the loop; move it to the left, behind the loop": _one(0),
    f"only the last value is there: each entry needs a label of its own, which holds the value, {LABEL}": _one(-1),
    "the last value is missing: take all of `values`": lambda case, got, right: got == right[:-1],
    "the first value is missing: take all of `values`": lambda case, got, right: got == right[1:],
    "the value that the knob has already is left out: it belongs to the experiment, to compare the others with": (
        _without_the_standing
    ),
    "there are more entries than values: return those alone, in a dict that is made inside the function": (
        lambda case, got, right: len(got) > len(right)
    ),
    f"a setting is called 'knob': dict(settings, knob=value) takes that word for the name. {COPY}": _rows(
        lambda row, s, k, v: {"knob", "value"} & row.keys()
    ),
    f"the settings are put into a dict of their own: take what is in them. {COPY}": _rows(
        lambda row, s, k, v: s and s in row.values()
    ),
    f"the other settings are missing: begin each entry with a copy of them. {COPY}": _rows(
        lambda row, s, k, v: row.keys() == {k} != s.keys()
    ),
    "every setting gets the value: change the one called `knob` only": _rows(
        lambda row, s, k, v: len(row) > 1 and all(part == v for part in row.values())
    ),
    "every label has the last value: all hold one and the same dict. Make a new copy for each value": _places(
        lambda got, values: len(got) > 1 and all(value == values[-1] for value in got)
    ),
    "every label has the first value: is the value taken from the loop?": _places(
        lambda got, values: len(got) > 1 and all(value == values[0] for value in got)
    ),
    "a setting that is not in `settings` is added": _rows(lambda row, s, k, v: row == s and k not in s),
    "nothing changes: does the copy get the value, and does nothing overwrite it?": _rows(
        lambda row, s, k, v: row == s
    ),
    "each value goes to another setting: change the one called `knob` each time": _in_turn,
    "another setting changes than the one called `knob`": _another_knob,
    "a list is put into the knob where one value should be": _rows(
        lambda row, s, k, v: isinstance(row.get(k), list) and v in row[k]
    ),
    "the values have become text: put them in as they are": _rows(
        lambda row, s, k, v: not isinstance(v, str) and row.get(k) == str(v)
    ),
    "the values are no plain numbers or words any more, but tensors, arrays or the like: put them in as they are": (
        _rows(lambda row, s, k, v: str(row.get(k)).startswith("<"))
    ),
    "the old value is still in the new one: the knob gets the value itself": _rows(_with_the_old),
    "the knob gets the value's place in the list: it should get the value itself": _places(
        lambda got, values: got in (list(range(len(got))), list(range(1, len(got) + 1)))
    ),
    "the entries are not in the order of `values`: leave the values as they come": (
        lambda case, got, right: got != right and dict(got) == dict(right)
    ),
    "the values are not under their labels: each label has another one's": _places(
        lambda got, values: got != values and sorted(map(str, got)) == sorted(map(str, values))
    ),
    "another setting changes as well: all but the one called `knob` stay as they are in `settings`": _others_changed,
    f"the label holds the word knob: take what the name stands for, {LABEL}": _labels(
        lambda label, k, v: label.startswith("knob")
    ),
    f"the label lacks its spaces: {LABEL}": _labels(
        lambda label, k, v: label.replace(" ", "") == f"{k} = {v}".replace(" ", "")
    ),
    f"the label is the value alone: the knob's name belongs in it, {LABEL}": _labels(
        lambda label, k, v: label == str(v)
    ),
    f"the value is written in another way in the label, in quotes or rounded, say: {LABEL}": _labels(
        lambda label, k, v: label.startswith(f"{k} = ")
    ),
    f"the labels are not those asked for: the knob's name and the value, {LABEL}": _labels(lambda label, k, v: True),
}


def explain(trials):
    """The first rule that holds for every wrong table."""
    wrong = [trial for trial in trials if not alike(*trial[1:])]
    no_dicts = [trial for trial in wrong if not all(isinstance(row, dict) for _, row in trial[1])]
    if no_dicts:
        return next(hint for hint, rule in NO_DICTS.items() if all(rule(*trial) for trial in no_dicts))
    return next((hint for hint, rule in RULES.items() if wrong and all(rule(*trial) for trial in wrong)), "")


ERRORS = {
    f"a list cannot be a label: make text of it, {LABEL}": r"unhashable type",
    f"+ puts texts together, and a number is none: {LABEL} takes both": r"concatenate str|must be str",
    "settings must not be called like a function: settings[knob]": r"'dict' object is not callable",
    "`values` is a list: go through it with a loop, for value in values": r"'list' object has no attribute 'items'",
}

EXERCISE = Exercise(
    name="variants",
    number=7,
    notebook="05_experiments",
    inputs=inputs,
    answer=answer,
    mistakes={},
    wrong="the settings are not those asked for: print what variants({'a': 1, 'b': 2}, 'b', [5, 6]) gives",
    factors=None,
    explain=explain,
    errors=ERRORS,
    failing={
        NEW: "a setting that is not in `settings` is added",
        WORDS: "any value is allowed, not numbers alone",
        LISTS: "any value is allowed, not numbers alone",
    },
)

"""Answers to exercise 7, variants."""

import copy
import random

import numpy as np
import tensorflow as tf

from bank import right, wrong


@right
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value} for value in values}


@right
def variants(settings, knob, values):
    found = {}
    for value in values:
        one = dict(settings)
        one[knob] = value
        found[f"{knob} = {value}"] = one
    return found


@right
def variants(settings, knob, values):
    return {f"{knob} = {value}": settings | {knob: value} for value in values}


@right
def variants(settings, knob, values):
    sheet = dict()
    for value in values:
        changed = settings.copy()
        changed.update({knob: value})
        sheet[knob + " = " + str(value)] = changed
    return sheet


@right
def variants(settings, knob, values):
    labels = [" = ".join([knob, str(value)]) for value in values]
    return dict(zip(labels, [dict(settings, **{knob: value}) for value in values]))


@right
def variants(settings, knob, values):
    found = {}
    for i in range(len(values)):
        found["{} = {}".format(*(knob, values[i]))] = copy.deepcopy(settings)
        found["{} = {}".format(*(knob, values[i]))][knob] = values[i]
    return found


@right
def variants(settings, knob, values):
    def with_value(value):
        return {name: settings[name] for name in settings if name != knob} | {knob: value}

    return {f"{knob} = {value}": with_value(value) for value in values}


@right
def variants(settings, knob, values):
    values, found = list(values), {}
    while values:
        value = values.pop(0)
        found[f"{knob} = {value}"] = {**copy.copy(settings), **{knob: value}}
    return found


@right
def variants(settings, knob, values):
    from collections import OrderedDict

    return OrderedDict((f"{knob} = {value}", OrderedDict(settings) | {knob: value}) for value in values)


@right
def variants(settings, knob, values):
    """Changes the settings on the way, and puts them back."""
    missing = object()
    before, found = settings.get(knob, missing), {}
    for value in values:
        found[f"{knob} = {value}"] = {**settings, knob: value}
    assert settings.get(knob, missing) is before
    return found


@wrong("all hold one and the same dict")
def variants(settings, knob, values):
    found = {}
    for value in values:
        settings[knob] = value
        found[f"{knob} = {value}"] = settings
    return found


@wrong("all hold one and the same dict")
def variants(settings, knob, values):
    one, found = dict(settings), {}
    for value in values:
        one[knob] = value
        found[f"{knob} = {value}"] = one
    return found


@wrong("changes its arguments")
def variants(settings, knob, values):
    found = {}
    for value in values:
        settings[knob] = value
        found[f"{knob} = {value}"] = dict(settings)
    return found


@wrong("changes its arguments")
def variants(settings, knob, values):
    found = {}
    while values:
        value = values.pop(0)
        found[f"{knob} = {value}"] = {**settings, knob: value}
    return found


@wrong("a setting is called 'knob'")
def variants(settings, knob, values):
    return {f"{knob} = {value}": dict(settings, knob=value) for value in values}


@wrong("a setting is called 'knob'")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, "knob": value} for value in values}


@wrong("the other settings are missing")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {knob: value} for value in values}


@wrong("an entry holds the value alone")
def variants(settings, knob, values):
    return {f"{knob} = {value}": value for value in values}


@wrong("update() changes it and returns nothing")
def variants(settings, knob, values):
    return {f"{knob} = {value}": dict(settings).update({knob: value}) for value in values}


@wrong("`return` stands inside the loop")
def variants(settings, knob, values):
    found = {}
    for value in values:
        found[f"{knob} = {value}"] = {**settings, knob: value}
        return found


@wrong("each entry needs a label of its own")
def variants(settings, knob, values):
    found = {}
    for value in values:
        found[knob] = {**settings, knob: value}
    return found


@wrong("each entry needs a label of its own")
def variants(settings, knob, values):
    return {"{knob} = {value}": {**settings, knob: value} for value in values}  # noqa: B035


@wrong("one dict of settings comes back")
def variants(settings, knob, values):
    changed = dict(settings)
    for value in values:
        changed[knob] = value
    return changed


@wrong("one dict of settings comes back")
def variants(settings, knob, values):
    changed = dict(settings)
    changed[knob] = values
    return changed


@wrong("a list comes back where a dict should")
def variants(settings, knob, values):
    return [{**settings, knob: value} for value in values]


@wrong("a list comes back where a dict should")
def variants(settings, knob, values):
    return [(f"{knob} = {value}", {**settings, knob: value}) for value in values]


@wrong("is the `return` missing")
def variants(settings, knob, values):
    found = {f"{knob} = {value}": {**settings, knob: value} for value in values}  # noqa: F841


@wrong("the label is the value alone")
def variants(settings, knob, values):
    return {value: {**settings, knob: value} for value in values}


@wrong("the label is the value alone")
def variants(settings, knob, values):
    return {str(value): {**settings, knob: value} for value in values}


@wrong("the label lacks its spaces")
def variants(settings, knob, values):
    return {f"{knob}={value}": {**settings, knob: value} for value in values}


@wrong("the label holds the word knob")
def variants(settings, knob, values):
    return {f"knob = {value}": {**settings, knob: value} for value in values}


@wrong("the labels are not those asked for")
def variants(settings, knob, values):
    return {f"{knob}: {value}": {**settings, knob: value} for value in values}


@wrong("the labels are not those asked for")
def variants(settings, knob, values):
    return {f"variant {number}": {**settings, knob: value} for number, value in enumerate(values, start=1)}


@wrong("in quotes or rounded")
def variants(settings, knob, values):
    return {f"{knob} = {value!r}": {**settings, knob: value} for value in values}


@wrong("in quotes or rounded")
def variants(settings, knob, values):
    return {f"{knob} = {value:.2f}": {**settings, knob: value} for value in values}


@wrong("every setting gets the value")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {name: value for name in settings} for value in values}


@wrong("every setting gets the value")
def variants(settings, knob, values):
    return {f"{knob} = {value}": dict.fromkeys(settings, value) for value in values}


@wrong("each value goes to another setting")
def variants(settings, knob, values):
    names = [*settings, *settings]
    return {f"{knob} = {value}": {**settings, name: value} for name, value in zip(names, values)}


@wrong("another setting changes than the one called `knob`")
def variants(settings, knob, values):
    first = next(iter(settings))
    return {f"{knob} = {value}": {**settings, first: value} for value in values}


@wrong("nothing changes")
def variants(settings, knob, values):
    return {f"{knob} = {value}": dict(settings) for value in values}


@wrong("nothing changes")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {knob: value, **settings} for value in values}


@wrong("a list is put into the knob")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: values} for value in values}


@wrong("a list is put into the knob")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: [value]} for value in values}


@wrong("the values have become text")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: str(value)} for value in values}


@wrong("the old value is still in the new one")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: settings[knob] * value} for value in values}


@wrong("the old value is still in the new one")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: settings[knob] + value} for value in values}


@wrong("the value's place in the list")
def variants(settings, knob, values):
    return {f"{knob} = {values[i]}": {**settings, knob: i} for i in range(len(values))}


@wrong("not in the order of `values`: leave")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value} for value in sorted(values)}


@wrong("not in the order of `values`: leave")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value} for value in reversed(values)}


@wrong("each label has another one's")
def variants(settings, knob, values):
    others = values[1:] + values[:1]
    return {f"{knob} = {value}": {**settings, knob: other} for value, other in zip(values, others)}


@wrong("the last value is missing")
def variants(settings, knob, values):
    return {f"{knob} = {values[i]}": {**settings, knob: values[i]} for i in range(len(values) - 1)}


@wrong("the first value is missing")
def variants(settings, knob, values):
    return {f"{knob} = {values[i]}": {**settings, knob: values[i]} for i in range(1, len(values))}


@wrong("more entries than values")
def variants(settings, knob, values):
    return {"as it was": dict(settings)} | {f"{knob} = {value}": {**settings, knob: value} for value in values}


@wrong("more entries than values")
def variants(settings, knob, values):
    values = [*values, settings.get(knob)]
    return {f"{knob} = {value}": {**settings, knob: value} for value in values}


@wrong("it belongs to the experiment")
def variants(settings, knob, values):
    values = [value for value in values if value != settings.get(knob)]
    return {f"{knob} = {value}": {**settings, knob: value} for value in values}


@wrong("put into a dict of their own")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {"settings": settings, knob: value} for value in values}


@wrong("another setting changes as well")
def variants(settings, knob, values):
    changed, found = dict(settings), {}
    for value in values:
        changed = {**changed, knob: value, "alpha": changed.get("alpha", 10) + 1}
        found[f"{knob} = {value}"] = changed
    return found


@wrong("another setting changes as well")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value, "alpha": 10} for value in values}


@wrong("another setting changes as well")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value, "label": f"{knob} = {value}"} for value in values}


@wrong("a setting that is not in `settings` is added")
def variants(settings, knob, values):
    before = settings[knob]
    return {f"{knob} = {value}": {**settings, knob: value} for value in values if before is not value}


@wrong("a setting that is not in `settings` is added")
def variants(settings, knob, values):
    return {
        f"{knob} = {value}": {name: value if name == knob else settings[name] for name in settings} for value in values
    }


@wrong("any value is allowed")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: float(value)} for value in values}


@wrong("in a dict that is made inside the function")
def variants(settings, knob, values, found={}):  # noqa: B006
    found.update({f"{knob} = {value}": {**settings, knob: value} for value in values})
    return found


@wrong("a second call with the same arguments gives another result")
def variants(settings, knob, values):
    noise = 1 + 1e-9 * random.random() if STATE and STATE[-1] == values else 1
    STATE.append(list(values))
    return {f"{knob} = {value}": {**settings, knob: value * noise} for value in values}


STATE = []


@wrong("+ puts texts together")
def variants(settings, knob, values):
    return {knob + " = " + value: {**settings, knob: value} for value in values}


@wrong("a list cannot be a label")
def variants(settings, knob, values):
    return {value if isinstance(value, list) else f"{knob} = {value}": {**settings, knob: value} for value in values}


@wrong("is it spelt right")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**setting, knob: value} for value in values}  # noqa: F821


@wrong("no plain numbers or words any more")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: tf.constant(value)} for value in values}


@wrong("no plain numbers or words any more")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: np.array([value])} for value in values}


@wrong("a zero")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: value or settings.get(knob)} for value in values}


@wrong("any value is allowed")
def variants(settings, knob, values):
    return {f"{knob} = {value}": {**settings, knob: round(value)} for value in values}


@wrong()
def variants(settings, knob, values):
    return {"a": 1}

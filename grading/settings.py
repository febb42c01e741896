"""For exercises whose answers return settings, {label: {name of a knob: its value}}: what came back, and its points."""

from typing import Any

Table = tuple[tuple[str, Any], ...]  # pairs in their order: a label, and its settings, which ought to be a dict


def table(reported: Any) -> Table:
    """The settings of a report, which an enemy may have written: empty if they are none."""
    return tuple(reported.items()) if isinstance(reported, dict) and _plain(reported) else ()


def _plain(value, depth=5):
    """Is that JSON, and not too deep? What `wire` decodes can have arrays in it, which == makes arrays of."""
    if isinstance(value, dict | list):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and all(_plain(part, depth - 1) for part in parts)
    return value is None or isinstance(value, str | int | float)


def agreement(got: Table, right: Table, knob: str) -> tuple[bool, bool, bool]:
    """(shape, value, gradient): are labels and knobs right; the values of the one knob; are all others left alone?"""
    rows, wanted = [row for _, row in got], [row for _, row in right]
    if len(rows) != len(wanted) or not all(isinstance(row, dict) for row in rows):
        return False, False, False
    pairs = list(zip(rows, wanted))
    shape = [label for label, _ in got] == [label for label, _ in right]
    return (
        shape and all(row.keys() == each.keys() for row, each in pairs),
        all(knob in row and alike(row[knob], each[knob]) for row, each in pairs),
        all(alike(others(row, knob), others(each, knob)) for row, each in pairs),
    )


def alike(a: Any, b: Any) -> bool:
    """Are they equal, and of one type throughout? For Python 1, 1.0 and True are equal."""
    if type(a) is not type(b) or not isinstance(a, dict | list | tuple):
        return type(a) is type(b) and a == b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[name], b[name]) for name in a)
    return len(a) == len(b) and all(map(alike, a, b))


def others(row: dict, knob: str) -> dict:
    """Settings without those of the knob."""
    return {name: value for name, value in row.items() if name != knob}

"""What can still be read of a damaged notebook: one side of a merge, whole cells, the beginning of one cut off."""

import contextlib
import gc
import json
import re
from collections.abc import Iterator
from typing import Any

DECODER = json.JSONDecoder(
    strict=False, parse_int=float
)  # numbers, which may have a million digits, are of no use here
STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"\s*,?\s*|\\?\Z)', re.DOTALL)  # or the beginning of one
UNFINISHED = r"(?<!\\)((?:\\\\)*)\\u[0-9a-fA-F]{0,3}\Z"  # the first letters of \u00e9
MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?(?:\n|\Z)", re.MULTILINE)
MAX_TRIES = 300  # to find where the next cell begins
MAX_READINGS = 5  # of the whole text, in all tries together


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Without Python's search for garbage, which JSON does not make: it took 20 times as long as a file of brackets."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def salvaged(text: str) -> tuple[list[dict[str, Any]], int]:
    """(cells, end): each whole JSON object in a damaged text that says what type of cell it is; where the last ends."""
    cells, position, failures, last = [], 0, 0, 0
    left = MAX_READINGS * len(text)
    while failures < MAX_TRIES and left > 0 and (position := text.find("{", position)) >= 0:
        try:
            value, end = DECODER.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            failures += 1
            left -= _read_until(error, text) - position
            position += 1
            continue
        if isinstance(value, dict) and "cell_type" in value:
            cells.append(value)
            last = end
        position = end
    return cells, last


def _read_until(error, text):
    """How far a try has read at most; a text without its closing quote is reported where it begins."""
    to_the_end = isinstance(error, RecursionError) or error.msg.startswith("Unterminated")
    return len(text) if to_the_end else error.pos


def cut_cell(text: str) -> dict[str, Any] | None:
    """The code cell in which a file was cut off, with its source up to there; None if there is no source."""
    code, source = re.search(r'"cell_type"\s*:\s*"code"', text), re.search(r'"source"\s*:\s*(?:(\[)\s*)?(?=")', text)
    if not code or not source:
        return None
    lines, position = [], source.end()
    while found := STRING.match(text, position):
        position = found.end()
        whole = re.sub(UNFINISHED, r"\1", found[1])
        try:
            lines.append(DECODER.decode(f'"{whole}"'))
        except json.JSONDecodeError:
            break
        if not source[1]:
            break
    mark = re.search(r'"grade_id"\s*:\s*"(\w+)"', text[: source.start()])
    marks = {"nbgrader": {"grade_id": mark[1]}} if mark else {}
    return dict(cell_type="code", source="".join(lines), metadata=marks)


def conflicts(text: str) -> list[int]:
    """The numbers of the first six lines where merge conflicts begin."""
    numbers, number, place = [], 1, 0
    for marker in MARKER.finditer(text):
        number, place = number + text.count("\n", place, marker.start()), marker.start()
        numbers += [number] if marker[1][0] == "<" else []
        if len(numbers) > 5:
            break
    return numbers


def one_side(text: str, side: str) -> str:
    """A text with merge markers without them: the `upper` or the `lower` version of what stands between them."""
    kept, part, place = [], "", 0
    for marker in MARKER.finditer(text):
        if part or marker[1][0] == "<":
            kept += [text[place : marker.start()]] if part in ("", side) else []
            part, place = {"<": "upper", "|": "common", "=": "lower", ">": ""}[marker[1][0]], marker.end()
    return "".join([*kept, text[place:] if part in ("", side) else ""])

"""A notebook that was handed in as a Python script."""

import re

_BEGINS = re.compile(r"^# In ?\[.*\]:.*$|^# ?%%.*$", re.MULTILINE)
_MOST = 10_000  # cells that are told apart; more than a hand-in may have


def cells_of_script(text: str) -> list[dict]:
    """The cells of a .py file, as nbconvert and Jupytext mark them, or all in one."""
    pieces = [piece for part in _BEGINS.split(text, _MOST) for piece in _code_and_text(part)]
    return [dict(cell_type="code", source=piece.strip("\n")) for piece in pieces if piece.strip()]


def _code_and_text(part):
    """A cell's code, and the comments that end it after a blank line: nbconvert makes them of the text cells below."""
    lines = part.split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    while end < len(lines) and lines[end].strip():
        end += 1
    return "\n".join(lines[:end]), "\n".join(lines[end:])

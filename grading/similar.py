"""Pairs of hand-ins whose answers are much alike. They are listed for a person to look at, and nothing follows from it.

Similarity proves nothing: short functions that are right look alike, and so do two learners who worked side by side.
Compared is what the learners wrote in the answers' cells, word by word, in order; names that they chose, comments,
docstrings and what stands in the student copies do not count.
"""

import functools
import itertools
import json
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Indel

from grading.exercises import EXERCISES
from grading.nbgrader_plugin import RELEASED
from grading.table import write_cells

THRESHOLD = 0.9  # tests/test_similar.py: right answers that were written independently stay well below it
FEWEST = 100  # words; with less there is too little to compare
MOST = 2000  # of one answer
DOCSTRING = re.compile(r"(\"{3}|'{3}).*?\1", re.DOTALL)
WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Pair:
    """Two students, how much of their words is the same, 0 to 1, all together and in each exercise."""

    one: str
    other: str
    share: float
    exercises: dict[str, float]


def pairs(written: Mapping[str, dict], threshold: float = THRESHOLD) -> list[Pair]:
    """The pairs that are alike, the most alike first; written: {student: words}."""
    found = [
        pair for one, other in itertools.combinations(written.items(), 2) if (pair := compare(one, other, threshold))
    ]
    return sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other))


def compare(one: tuple[str, dict], other: tuple[str, dict], threshold: float) -> Pair | None:
    """The pair of two (student, words), None if they are not alike or too little is there."""
    counts = {name: len(one[1][name]) + len(other[1][name]) for name in EXERCISES}
    total = sum(counts.values())
    if min(sum(map(len, each[1].values())) for each in (one, other)) < FEWEST:
        return None
    different = {name: Indel.distance(one[1][name], other[1][name]) for name in EXERCISES}
    share = 1 - sum(different.values()) / total
    if share < threshold:
        return None
    exercises = {name: 1 - different[name] / counts[name] for name in EXERCISES if counts[name]}
    return Pair(one[0], other[0], share, exercises)


def words(texts: dict[str, str]) -> dict[str, list[str]]:
    """{exercise: its answer's words}, [] where it is blank. texts: the notebooks of a submission, put in order."""
    answers = {name: source for text in texts.values() for name, source in _answers(text).items()}
    return {name: own_words(answers.get(name, ""), blank) for name, blank in _blanks().items()}


def own_words(source: str, released: str) -> list[str]:
    """What a learner wrote in a cell beyond the student copy; each name is the number of its first appearance."""
    known = {line.strip().partition("(")[0] for line in released.splitlines()}
    lines = [line.partition("#")[0].strip() for line in DOCSTRING.sub("", source).splitlines()]
    lines = [line for line in lines if line.partition("(")[0] not in known]
    numbers, found = {}, []
    for match in itertools.islice(WORD.finditer("\n".join(lines)), MOST):
        word = match[0]
        own = word.isidentifier() and not keyword.iskeyword(word) and found[-1:] != ["."]
        found.append(f"name {numbers.setdefault(word, len(numbers))}" if own else word)
    return found


@functools.cache
def _blanks():
    """{exercise: its cell in the student copy}."""
    stems = {exercise.notebook for exercise in EXERCISES.values()}
    found = [_answers((RELEASED / f"{stem}.ipynb").read_text(encoding="utf-8")) for stem in stems]
    return {name: next(cells[name] for cells in found if name in cells) for name in EXERCISES}


def _answers(text):
    """{exercise: source} in a notebook that is put in order."""
    cells = [(cell["metadata"].get("nbgrader", {}), "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    return {marks["grade_id"]: source for marks, source in cells if marks.get("solution")}


def write_csv(found: Iterable[Pair], path: Path) -> None:
    """The pairs as similar.csv: percent, all together and in each exercise."""
    lines = [["student", "student", "percent alike", *EXERCISES]]
    for pair in found:
        shares = [round(100 * pair.exercises[name]) if name in pair.exercises else "" for name in EXERCISES]
        lines.append([pair.one, pair.other, round(100 * pair.share), *shares])
    write_cells(lines, path)

"""A page on the class for the instructor: class.html, beside points.csv. It asks no other host, and runs no script."""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grading.course import NOTEBOOKS, Course
from grading.exercises import EXERCISES
from grading.judge import MAX_POINTS
from grading.log import latest
from grading.roster import Roster
from grading.similar import Pair
from nst.pictures import write_atomically

NOTHING = "it was not handed in"  # in the status, once for each notebook
HINTS = 3  # of an exercise
BINS = 10  # of the histogram of sums


def write_page(course: Course, rows: Sequence[dict], roster: Roster, similar: Sequence[Pair] = ()) -> Path:
    """Write class.html; rows: of `grading.table.table`; similar: of `grading.similar.pairs`. Returns its path."""
    evaluations = latest(course)
    hints = [evaluations[row["student"]].get("hints", {}) for row in rows if row["student"] in evaluations]
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    graded = [row for row in rows if row["total"] != ""]
    there = [row["student"] for row in rows if _handed_in(row)]
    totals = [row["total"] for row in graded]
    text = environment.get_template("class_page.html").render(
        now=f"{datetime.now():%Y-%m-%d %H:%M}",
        handed_in=sum(1 for student in there if not roster or student in roster.students),
        enrolled=len(roster.students),
        graded=len(graded),
        most=MAX_POINTS * len(EXERCISES),
        mean=f"{statistics.mean(totals):.1f}" if totals else "-",
        median=f"{statistics.median(totals):g}" if totals else "-",
        late=sum(1 for row in graded if row["penalty"]),
        sums=_sums(totals),
        exercises=[_exercise(name, graded, hints) for name in EXERCISES],
        missing=roster.missing(there),
        names={each.id: each.name for each in roster.students.values()},
        trouble=[row for row in rows if row["total"] == ""],
        similar=similar,
    )
    path = course.root / "class.html"
    write_atomically(path, lambda file: file.write(text.encode(errors="replace")))
    return path


def _handed_in(row):
    """Was there anything that could be graded? An empty folder is not."""
    return not row["status"].startswith("refused") and row["status"].count(NOTHING) < len(NOTEBOOKS)


def _sums(totals):
    """Bars of the histogram of sums."""
    most = MAX_POINTS * len(EXERCISES)
    width = most / BINS
    counts = Counter(min(BINS - 1, max(0, int(total / width))) for total in totals)
    return _bars([(f"{i * width:g} to {(i + 1) * width:g}", counts[i]) for i in range(BINS)])


def _exercise(name, graded, hints):
    """What the page says about one exercise."""
    points = [row[name] for row in graded if row[name] != ""]
    counts = Counter(min(MAX_POINTS, max(0, int(each))) for each in points)
    given = Counter(each[name] for each in hints if name in each)
    return dict(
        name=name,
        bars=_bars([(f"{i}", counts[i]) for i in range(MAX_POINTS + 1)]),
        mean=f"{statistics.mean(points):.1f}" if points else "-",
        full=counts[MAX_POINTS],
        count=len(points),
        hints=given.most_common(HINTS),
    )


def _bars(counts):
    """(what, how many, percent of the highest) of each."""
    highest = max(count for _, count in counts) or 1
    return [(what, count, round(100 * count / highest)) for what, count in counts]

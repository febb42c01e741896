"""The exercises of one submission, tried in the sandbox and judged: points, hints and notes."""

import json
from collections.abc import Callable

from grading import sandbox
from grading.cases import OVERFLOW
from grading.exercises import EXERCISES
from grading.judge import Result, failed, judge
from grading.submission import OWN_CELL

EXIT = "is there an exit() in it?"
REASONS = {
    "time": "it ran out of time: is there an endless loop?",
    "memory": "it used more memory than is allowed",
    "output": "it sent back more data than is allowed",
    "files": "it wrote more files than are allowed",
    "full": "the code in the notebooks takes more space than temporary files are allowed",
    "damaged": f"it ended without a result: {EXIT}",
}


def grade(
    notebooks: dict[str, str], seed: int, limits: sandbox.Limits | None = None, run: Callable = sandbox.run
) -> dict[str, Result]:
    """Run and judge all exercises in some notebooks of one submission; return {exercise: Result}.

    notebooks: {stem: text}, such as {"02_content_cost": "{...}"}; seed: of the secret inputs; run: where to.
    All are tried together in one process first, which is quick. That counts for those that are fully right, and the
    others are tried once more, each alone, so that none suffers from another.
    Where the last definition gets less than all points, the finished one in the exercise's own cell is tried as well;
    so is an exercise that builds on one which is not right, with a stand-in for that. The better counts. What builds
    on an endless one is tried with the stand-in only.
    """
    exercises = [exercise for exercise in EXERCISES.values() if exercise.notebook in notebooks]
    notebooks = {stem: code_in(text) for stem, text in notebooks.items()}
    results = _right_together(notebooks, exercises, seed, limits, run)
    for level in _levels([each for each in exercises if each.name not in results]):  # the helpers first
        own = [each for each in level if not _endless(each, results)]
        results |= _try(notebooks, own, seed, False, limits, run) if own else {}
        results |= {each.name: failed(each.name, REASONS["time"]) for each in level if each not in own}
    for exercise in exercises:
        result = results[exercise.name]
        other = result.points < result.max_points and _with_own_cell_last(notebooks[exercise.notebook], exercise.name)
        if not other:
            continue
        tried = _try(notebooks | {exercise.notebook: other}, [exercise], seed, False, limits, run)[exercise.name]
        if tried.points > result.points:
            tried.note = (
                f"{exercise.name} is defined twice; the last one, in another cell, gets {result.points:g} of "
                f"{result.max_points:g} points, so the one in the exercise's own cell counts"
            )
            results[exercise.name] = tried
            notebooks = notebooks | {exercise.notebook: other}
            for builds in _building_on(exercise.name, results):  # for what uses it, too, it is the one that counts
                more = _try(notebooks, [builds], seed, False, limits, run)[builds.name]
                results[builds.name] = max(results[builds.name], more, key=lambda each: each.points)
    again = []
    for exercise in exercises:
        helper, result = exercise.builds_on, results[exercise.name]
        ended = result.hint != REASONS["time"] or _endless(exercise, results)
        if helper and ended and result.points < result.max_points > results[helper].points:
            again.append(exercise)
    for name, result in (_try(notebooks, again, seed, True, limits, run) if again else {}).items():
        if result.points >= results[name].points:  # the hint is on what is wrong in this one
            result.note = f"judged with a replacement for {EXERCISES[name].builds_on}, which gives no right result yet"
            results[name] = result
    return results


def _right_together(notebooks, exercises, seed, limits, run):
    """Results of those exercises that are fully right while they share a process. Not those in a small world."""
    several = [each for each in exercises if "world" not in each.cases(seed)[0]]  # its world knows what J is made of
    tried = _try(notebooks, several, seed, False, limits, run, together=True) if len(several) > 1 else {}
    return {name: result for name, result in tried.items() if result.points == result.max_points}


def code_in(text: str) -> str:
    """A notebook with nothing in it but its code: pictures would fill the sandbox. Each cell keeps its number."""
    cells = []
    for cell in json.loads(text)["cells"]:
        code, own = cell["cell_type"] == "code", cell["metadata"].get(OWN_CELL, [])
        kept = dict(source=cell["source"], metadata={OWN_CELL: own}) if code else dict(source="", metadata={})
        cells.append(dict(cell_type=cell["cell_type"], **kept))
    return json.dumps(dict(cells=cells))


def _levels(exercises):
    """The exercises that use no other, those that use one of them, and so on."""
    here = {each.name for each in exercises}
    while here:
        level = [each for each in exercises if each.name in here and each.builds_on not in here]
        yield level
        here -= {each.name for each in level}


def _endless(exercise, results):
    """Does it use, through others perhaps, one that ran out of time?"""
    while helper := EXERCISES.get(exercise.builds_on):
        if helper.name in results and results[helper.name].hint == REASONS["time"]:
            return True
        exercise = helper
    return False


def _building_on(name, results):
    """The exercises that use the answer to another, and are not right, nearest first."""
    users = [each for each in EXERCISES.values() if each.builds_on == name and each.name in results]
    users += [further for each in users for further in _building_on(each.name, results)]
    return [each for each in users if results[each.name].points < results[each.name].max_points]


def _with_own_cell_last(text, name):
    """The text of a notebook in which the exercise's own cell overrules a later definition; "" if there is no such."""
    notebook = json.loads(text)
    own = [cell for cell in notebook["cells"] if name in cell["metadata"].get(OWN_CELL, [])]
    if not own:
        return ""
    notebook["cells"].append(own[-1] | {"id": "own-cell"})
    return json.dumps(notebook)


def _try(notebooks, exercises, seed, stand_ins, limits, run, together=False):
    """Results of some exercises; the huge inputs wait until all others are right: a mistake makes gigabytes of them."""
    texts = {f"{stem}.ipynb": text for stem, text in notebooks.items()}
    inputs = {each.name: each.cases(seed) for each in exercises}

    def reports(names, huge):
        cases = {n: [case for case in inputs[n] if (case["general"] == OVERFLOW) == huge] for n in names}
        jobs = [
            dict(exercise=n, notebook=f"{EXERCISES[n].notebook}.ipynb", cases=cases[n], stand_ins=stand_ins)
            for n in names
            if cases[n]
        ]
        return {n: (status, reports, cases[n]) for n, (status, reports) in run(texts, jobs, limits, together).items()}

    def result(name, status, reports, cases):
        if status != "done":
            crashed = f"it crashed: {status}" + f"; {EXIT}" * status.startswith("ended")
            return failed(name, REASONS.get(status, crashed))
        try:
            return judge(EXERCISES[name], cases, reports, stand_ins=stand_ins, hidden=True)
        except (ArithmeticError, LookupError, TypeError, ValueError):  # of numbers that no evaluation has sent
            return failed(name, REASONS["damaged"])

    first = reports(inputs, huge=False)
    results = {name: result(name, *came) for name, came in first.items()}
    right = [name for name, each in results.items() if each.points == each.max_points]
    for name, (status, more, cases) in reports(right, huge=True).items():
        _, before, others = first[name]
        lost = dict(kinds=["MemoryError" if status == "memory" else "RuntimeError"], message="", line="", number=0)
        more = more if status == "done" else [dict(error=lost)] * len(cases)
        results[name] = result(name, "done", before + more, others + cases)
    return results

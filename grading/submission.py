"""One learner's submission: choose its notebooks, put them in order."""

import ast
import functools
import json
import os
import re
from pathlib import Path

import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from grading.exchange import TIMESTAMP
from grading.exercises import EXERCISES
from grading.intake import MAX_CELLS, candidates, read
from grading.page import as_typed, is_harmless, mark_headings, may_be_read_otherwise, without_markup
from grading.unpack import MAX_BYTES, TooLarge, Unreadable
from nst.cells import definition_in, is_blank, parse_cell

MAX_TEXT, MAX_TEXTS = 30_000, 300_000  # characters of a text cell, and of all, that are made into a page
TOO_MUCH_TEXT = "*(This text is not shown: there is too much of it in this notebook.)*"
MAX_SHOWN = 15_000_000  # characters of that page, pictures included, each as often as it is shown
MAX_READ = 30_000_000  # bytes in all of the files that may be a notebook; in memory they can take ten times as much
UNREAD = f"not read: with those before it, it has more than the {MAX_READ / 1e6:.0f} MB allowed; hand in one of them"
MAX_MATH = 50  # beginnings of formulas in a cell; those without an end take nbconvert the square of their number
OWN_CELL = "own_cell_of"  # in a cell's metadata: exercises that it answers, though another answer comes later


def choose(
    folder: Path, name: str, inside: str | os.PathLike, released: NotebookNode
) -> tuple[NotebookNode, list[str]]:
    """Return the notebook `name` of a submission as it was handed in, and notes on where it was found, and how.

    folder: the submission's; inside: what it must really be in; released: the student copy as it was handed out.
    Raises Unreadable where there is none, or none that is clearly meant.
    """
    alike, others = candidates(folder, name, inside)
    found, problems = _read_all(alike, inside, released, name)
    unread = _unread(problems)
    if not found and not alike:
        foreign = [each for each in others if not _called_like_another(each, name)]
        found, tried = _read_all(foreign[:20], inside, released, name)
        unread = _unread(tried)
        problems = [(each, each.problem) for each in foreign if each.path.name != TIMESTAMP]
    if not found:  # two notebooks may have changed their names
        called_otherwise = [each for each in others if _called_like_another(each, name)]
        found, tried = _read_all(called_otherwise, inside, released, name, marked=True)
        unread = unread or _unread(tried)
    if not found:
        raise Unreadable(_why_nothing(alike, problems, name))
    named = [each for each in found if Path(each[0].member or each[0].path).name == f"{name}.ipynb"]
    exact = named[0] if len(named) == 1 or (named and named[0][0].where == f"{name}.ipynb") else None
    finished = {}
    for each in found:
        answers = _answers(each[1], released)
        if any(answers):
            finished.setdefault(answers, []).append(each)
    if len(finished) > 1 and exact not in [each for group in finished.values() for each in group]:
        raise Unreadable(f"{len(finished)} with different answers were handed in ({_places(found)}); leave one of them")
    groups = [group for group in finished.values() if exact in group] or list(finished.values()) or [found]
    handed, notebook, notes = groups[0][0]
    if exact and handed is not exact[0]:
        notes = [f"{exact[0].where} is blank; graded was {handed.where}", *notes]
    elif handed.where != f"{name}.ipynb":
        notes = [f"found as {handed.where}", *notes]
    notes = [*notes, *_add_from_others(notebook, folder, name, inside, released)]
    also = [each for each in found if each[0] is not handed and each is not exact]
    if also:
        notes.append(f"there is also {_places(also)}; {handed.where} was graded")
    if unread:
        notes.append(f"{_places(unread)}: {UNREAD}")
    return notebook, [f"{name}.ipynb: {note}" for note in notes]


def _add_from_others(notebook, folder, name, inside, released):
    """Add the cells of other notebooks that answer what is not answered in this one; return notes on that."""
    notes = []
    marked = [cell.metadata.nbgrader for cell in released.cells if "nbgrader" in cell.metadata]
    missing = [each.grade_id for each in marked if each.solution]
    missing = [
        each for each in missing if not any(c.cell_type == "code" and _attempted(c, each) for c in notebook.cells)
    ]
    for stem in sorted({exercise.notebook for exercise in EXERCISES.values()} - {name}) if missing else ():
        try:
            other, _ = read(folder / f"{stem}.ipynb", inside)
        except Unreadable:
            continue
        for exercise in list(missing):
            cells = [cell for cell in other.cells if cell.cell_type == "code" and _defines(cell, exercise)]
            if cells:
                notebook.cells.append(_copy(cells[-1]))
                missing.remove(exercise)
                notes.append(f"{exercise}: found in {stem}.ipynb")
    return notes


def _attempted(cell, name):
    written = re.search(rf"^[ \t]*def {name}\b", cell.source, re.MULTILINE)
    return _defines(cell, name) or (written and not _blank_definition(cell, name))


def _read_all(handed, inside, released, name, marked=False):
    found, problems, left = [], [], MAX_READ
    for each in handed[:20]:
        try:
            notebook, notes = each.read(inside, min(left, MAX_BYTES))
            _check_that_it_is_ours(notebook, released, name, marked)
        except Unreadable as error:
            problems.append((each, UNREAD if isinstance(error, TooLarge) and left < MAX_BYTES else str(error)))
        else:
            found.append((each, notebook, notes))
        left -= each.size
    return found, problems


def _unread(problems):
    return [each for each in problems if each[1] == UNREAD]


def _called_like_another(handed, name):
    stems = {exercise.notebook for exercise in EXERCISES.values()} - {name}
    return Path(handed.member or handed.path).stem in stems


def _why_nothing(alike, problems, name):
    if alike:
        handed, reason = problems[0]
        return reason if handed.where == f"{name}.ipynb" else f"found as {handed.where}, but {reason}"
    there = f"; there is {_places(problems)}" if problems else ""
    there += next((f", but {reason}" for _, reason in problems if reason), "")
    return f"it was not handed in{there}"


def _places(found):
    return ", ".join(each[0].where for each in found[:3]) + (" ..." if len(found) > 3 else "")


def _check_that_it_is_ours(notebook, released, name, marked):
    """Raise Unreadable for a notebook that has nothing of the released one, or, if `marked`, none of its marks."""
    ids = {cell.metadata.get("grade_id") for cell in notebook.cells}
    ours = [exercise for exercise in EXERCISES.values() if exercise.notebook == name]
    known = {cell.source.strip() for cell in released.cells if len(cell.source) > 40}
    if any(each.name in ids or f"check_{each.name}" in ids for each in ours):
        return
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    if not marked and any(re.search(rf"\b{each.name}\b *[(=]", source) for each in ours for source in code):
        return
    for each in EXERCISES.values():  # before what follows: two notebooks of the course may have a cell in common
        if each.name in ids:
            raise Unreadable(f"this is the course's {each.notebook}, under another name")
    if not marked and any(cell.source.strip() in known for cell in notebook.cells):
        return
    raise Unreadable("this is not the course's notebook")


def _answers(notebook, released):
    """The sources that answer a notebook's exercises, "" for those that are blank."""
    marked = [cell for cell in released.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    chosen = [_answer(cell.metadata.nbgrader.grade_id, cell, notebook.cells, []) for cell in marked]
    blank = [not cell or _is_blank_in(cell, original) for cell, original in zip(chosen, marked)]
    return tuple("" if empty else cell.source.strip() for cell, empty in zip(chosen, blank))


def repair(notebook: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Put a submitted notebook in order for nbgrader; return it and a list of what had to be done.

    released: the student copy as it was handed out. Afterwards each of its marked cells is there exactly once, with its
    own marks: the last cell that defines the learner's function, wherever it stood, or the blank; the check as it was
    handed out. All else, whatever its id was, is an ordinary cell.
    """
    notes = []
    marked = {cell.metadata.nbgrader.grade_id: cell for cell in released.cells if "nbgrader" in cell.metadata}
    answers = {}
    for name, original in marked.items():
        found = [cell for cell in notebook.cells if cell.metadata.get("grade_id") == name]
        if original.metadata.nbgrader.solution:
            answers[name] = _answer(name, original, notebook.cells, notes)
            own = [cell for cell in found if cell.cell_type == "code" and _defines(cell, name)]
            if own and not any(answers[name] is cell for cell in own):
                own[-1].metadata.setdefault(OWN_CELL, []).append(name)
        elif [cell.source.strip() for cell in found if cell.cell_type == "code"] != [original.source.strip()]:
            notes.append(f"{name}: the check was missing or changed; the original was used")
    chosen = [id(cell) for cell in answers.values()]
    cells = [cell for cell in notebook.cells if _is_worth_keeping(cell, marked, answers) or id(cell) in chosen]
    place = 0
    for name, original in marked.items():
        cell = answers.get(name)
        if cell is None or "nbgrader" in cell.metadata:  # no answer, or one that holds another exercise as well
            instead = original.source if cell is None else f"# {name}: its function stands in another exercise's cell"
            cell = nbformat.v4.new_code_cell(instead)
            cells.insert(place, cell)
        place = next(i for i, other in enumerate(cells) if other is cell) + 1
        cell.update(cell_type="code", outputs=[], execution_count=None)
        cell.metadata.update(_copy(original.metadata))
    known = {cell.source for cell in released.cells}
    texts, shown, typed = MAX_TEXTS, MAX_SHOWN, MAX_TEXTS  # what is left of them
    for number, cell in enumerate(cells):
        cell.metadata.pop("grade_id", None)
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            cell.pop("attachments", None)
        elif cell.source not in known:
            cell.source = without_markup(mark_headings(cell.source))  # no scripts in the instructor's browser
            texts -= len(cell.source)
            size = _size_shown(cell) if texts >= 0 else None
            if size is None or size > shown:
                cell.source = as_typed(cell.source[:MAX_TEXT])
                typed -= len(cell.source)
                cell.source = cell.source if typed >= 0 else TOO_MUCH_TEXT
            else:
                shown -= size
    return nbformat.v4.new_notebook(cells=cells, metadata=_copy(released.metadata)), notes


def _answer(name, original, cells, notes):
    """The cell that holds the learner's answer to an exercise, or None."""
    found = [cell for cell in cells if cell.metadata.get("grade_id") == name]
    code = [cell for cell in cells if cell.cell_type == "code"]
    own = [cell for cell in found if cell.cell_type == "code"]
    attempt = re.compile(rf"^[ \t]*def {name}\b", re.MULTILINE)
    ways = (
        [cell for cell in code if _defines(cell, name)],
        [cell for cell in found if cell.cell_type != "code" and _defines(cell, name)],
        [cell for cell in own if attempt.search(cell.source) and not _blank_definition(cell, name)],
        [cell for cell in code if attempt.search(cell.source) and not _blank_definition(cell, name)],
        [cell for cell in own if not _is_blank_in(cell, original)],
        [cell for cell in own if _blank_definition(cell, name)],
    )
    answer = next((way[-1] for way in ways if way), None)
    if len(found) > 1:
        notes.append(
            f"{name}: there were {len(found)} cells for this exercise; the last that defines the function counts"
        )
    elif not found:
        notes.append(f"{name}: the cell of the exercise was missing")
    if answer is not None and not any(answer is cell for cell in found):
        notes.append(f"{name}: its function was found in another cell")
    if answer is not None and answer.cell_type != "code":
        notes.append(f"{name}: its cell was not a code cell any more")
    return answer


def _defines(cell, name):
    return _definitions(cell.source).get(name, True) is None


def _blank_definition(cell, name):
    """The lines of the unfinished definition in a cell, if that is the one that counts there; else None."""
    return _definitions(cell.source).get(name)


@functools.lru_cache(maxsize=2 * MAX_CELLS)  # each cell is asked for again and again; a syntax tree would be large
def _definitions(source):
    """{exercise: None, or the lines of its definition if that is unfinished}, of those that a cell defines."""
    found = {}
    for name in EXERCISES:
        if definition := definition_in(source, name):
            found[name] = None
            if isinstance(definition, ast.FunctionDef) and is_blank(definition):
                first = min(each.lineno for each in [definition, *definition.decorator_list])
                found[name] = slice(first - 1, definition.end_lineno)
    return found


def _is_blank_in(cell, original):
    name = original.metadata.nbgrader.grade_id
    return cell.source.strip() in ("", original.source.strip()) or _blank_definition(cell, name) is not None


def _is_worth_keeping(cell, marked, answers):
    """Not a copy of a check or a blank. What is unfinished in a cell is cut out of it if it is finished elsewhere."""
    if cell.cell_type != "code":
        return True
    original = marked.get(cell.metadata.get("grade_id"))
    if original is not None and not original.metadata.nbgrader.solution:
        try:
            body = parse_cell(cell.source)[0].body
        except SyntaxError:
            return False
        return any(not isinstance(node, ast.Expr | ast.Assert | ast.Pass) for node in body)
    for name, answer in answers.items():
        if answer is not cell and (blank := _blank_definition(cell, name)):
            lines = parse_cell(cell.source)[1].splitlines()
            del lines[blank]
            cell.source = "\n".join(lines)
            if not any(line.strip() and not line.strip().startswith("#") for line in lines):
                return False
    return True


def _size_shown(cell):
    """The characters of the page that nbconvert makes of a text cell; None if it makes none, not soon or no good."""
    if (
        len(cell.source) > MAX_TEXT
        or may_be_read_otherwise(cell.source)
        or len(re.findall(r"\\begin|\\\\[(\[]", cell.source)) > MAX_MATH
    ):
        return None
    pictures = cell.get("attachments", {})
    names = {name: dict.fromkeys(bundle, name) for name, bundle in pictures.items()}  # in place of what may be large
    try:
        page = MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=names)).render(cell.source)
        if not is_harmless(page):
            return None
    except Exception:
        return None
    sizes = {name: sum(map(len, bundle.values())) for name, bundle in pictures.items()}
    return len(page) + sum(sizes[name] * page.count(f';base64,{name}"') for name in names)


def _copy(node):
    return nbformat.from_dict(json.loads(json.dumps(node)))

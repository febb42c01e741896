"""Functions that a learner wrote in one notebook, for use in another. No TensorFlow, unless they import it."""

import ast
import builtins
import copy
import functools
import json
import linecache
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nst.cells import DEFINITIONS, altered, bound, continued, is_blank, names_used, parse_cell
from nst.quick import kept_of, known_names

COST_FUNCTIONS = [  # where the learner writes what every painting needs
    ("02_content_cost.ipynb", ["compute_content_cost"]),
    ("03_style_cost.ipynb", ["compute_style_cost", "STYLE_LAYERS"]),
    ("04_paint.ipynb", ["total_cost"]),
]


def functions_from(notebook: str | Path, *names: str, given: Collection[str] = ()) -> Any:
    """Return functions that the learner wrote in another notebook: one function, or a list in the order asked.

    `notebook` is looked for in the current folder, which in Jupyter is the folder of the running notebook. Only the
    named definitions run, with what they use of that notebook: imports, functions, classes, constants (written in
    UPPER_CASE, or of any name where making them takes no time: numbers, lists, lambdas, arithmetic with such, other
    names for a function, tf.function(...)), under `if`, `try` and `for` as well, and what it takes from its own
    neighbours with functions_from. `given` are names that somebody else will put into the functions' `__globals__`, so
    that the notebook's own are not needed.

    Raises FileNotFoundError or LookupError when notebook or function is missing, ValueError when the notebook is
    damaged, NotImplementedError, naming the notebook and the exercise, when the exercise is not finished yet. A
    function that uses something else of its notebook raises a NameError that names the line.
    """
    path = Path(notebook)
    statements, left_behind = _needed(path, names, given)
    namespace = {"__name__": "__main__"}  # as in the notebook
    if not hasattr(builtins, "display"):  # which IPython puts there
        namespace["display"] = lambda *things, **options: print(*things)
    if left_behind:
        namespace["__builtins__"] = _WhyNot(vars(builtins), **left_behind)
    for statement in statements:
        node = statement.node
        if isinstance(node, ast.FunctionDef) and is_blank(node):
            raise NotImplementedError(
                f"{path.name}: the exercise {node.name} is not finished yet. Solve and save it there first"
            )
        namespace["functions_from"] = lambda neighbour, *names: functions_from(path.parent / neighbour, *names)
        try:
            exec(compile(ast.Module([node], []), statement.filename, "exec"), namespace)
        except ImportError:
            if statement.names != {"*"}:  # which nobody can say is needed
                raise
    return namespace[names[0]] if len(names) == 1 else [namespace[name] for name in names]


def source_of(notebook: str | Path, *names: str) -> str:
    """The source text of functions in a notebook, with what they use of it; nothing is run."""
    return "\n".join(ast.unparse(statement.node) for statement in _needed(Path(notebook), names)[0])


class _WhyNot(dict):
    """Python's built-in names, and why some others are missing."""

    def __init__(self, names, **reasons):
        super().__init__(names)
        self.reasons = reasons

    def __missing__(self, name):
        if name in self.reasons:
            raise NameError(f"name {name!r} is not defined: {self.reasons[name]}", name=name)
        raise KeyError(name)


# ---------------------------------------------------------------- what belongs to a function


@dataclass
class _Statement:
    """One statement of a notebook: what may run of it here, None if nothing, and the names that it makes or changes."""

    node: ast.stmt | None
    filename: str
    where: str
    names: set[str]
    lost: set[str]  # names that it makes or changes in the notebook, and not here
    altered: set[str]  # those whose earlier value it alters in place
    at_once: set[str] = field(default_factory=set)  # what it uses when it runs
    later: set[str] = field(default_factory=set)  # what its functions use when they are called


def _needed(path, names, given=()):
    """The statements that make some names and what those use, in an order that can run; what is missing, and why."""
    if not path.is_file():
        raise FileNotFoundError(f"{path.resolve()}: no such notebook; it should lie next to this one")
    statements, broken = _statements(path)
    makers = _makers(statements)
    lost = {name: each.where for each in statements for name in each.lost if name not in makers}
    skipped = set(given) - set(names)
    needed, missing = {}, {}

    def take(number):
        if number in needed:
            return
        statement, first = statements[number], []
        needed[number] = first
        for name in sorted(statement.at_once - skipped):
            made = makers.get(name, [])
            earlier = [n for n in made if n < number]
            first += use(name, earlier or ([] if name in statement.names else made))
        for name in sorted(statement.later - skipped):
            use(name, makers.get(name, []))

    def use(name, made):
        if name not in makers and name in lost:
            missing[name] = f"in {path.name} it is made by a line that is not taken along, {lost[name]}"
        chosen = made[-1:] if name in makers else makers.get("*", [])
        for number in chosen:
            take(number)
        return chosen

    for name in names:
        if name not in makers:
            where = f" that can be taken along (only {lost[name]})" if name in lost else ""
            raise LookupError(
                f"{path.name}: defines no function {name}{where}{broken}. Restore that cell, save, come back"
            )
        take(makers[name][-1])
    return [statements[number] for number in _in_order(needed)], missing


def _in_order(needed):
    """Numbers of statements as they stand in the notebook; where one needs a later one, that comes first."""
    order, seen = [], set()

    def add(number):
        if number not in seen:
            seen.add(number)
            for first in needed[number]:
                add(first)
            order.append(number)

    for number in sorted(needed):
        add(number)
    return order


def _makers(statements):
    """{name: [numbers of the statements that make it here]}; takes `node` from statements that cannot run."""
    while True:
        makers = {}
        for number, statement in enumerate(statements):
            for name in statement.names if statement.node else ():
                makers.setdefault(name, []).append(number)
        lost = {name for each in statements for name in each.lost}
        spoilt = {name for each in statements for name in each.lost & each.altered}  # changed where we cannot follow
        stopped = [
            each
            for each in statements
            if each.node
            and not isinstance(each.node, DEFINITIONS)
            and (each.names & spoilt or any(name in lost and name not in makers for name in each.at_once))
        ]
        if not stopped:
            return {name: _own(numbers, statements) for name, numbers in makers.items()}
        for each in stopped:
            each.node, each.lost = None, each.lost | each.names


def _own(numbers, statements):
    """Without what loads a function that is defined here: from this very file, where several notebooks were joined."""
    if not any(isinstance(statements[number].node, ast.FunctionDef) for number in numbers):
        return numbers
    return [number for number in numbers if not _loads(statements[number].node)]


def _loads(node):
    call = node.value if isinstance(node, ast.Assign) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "functions_from"


def _statements(path):
    """The statements of a notebook, and a note on unreadable cells."""
    statements, broken, texts = _read(f"{path.resolve()}", _code(path))
    for filename, text in texts.items():
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return [replace(each) for each in statements], broken


@functools.lru_cache(maxsize=8)  # a notebook is asked for one function after the other
def _read(path, cells):
    """(statements, a note on unreadable cells, {file name: text} of the others); nobody may change any of these."""
    broken, texts, bodies = "", {}, []
    for number, source in cells:
        filename = f"{path}#cell{number}"
        try:
            tree, texts[filename] = parse_cell(source)
        except SyntaxError as error:
            broken = f" (cell {number} has a syntax error: {error.msg}, line {error.lineno})"
            continue
        lines = texts[filename].splitlines()
        bodies += [(number, filename, lines, node) for node in _one_by_one(tree.body)]
    known = known_names([node for *_, node in bodies])
    return [_statement(*body, known) for body in bodies], broken, texts


def _statement(number, filename, lines, node, known):
    where = f"cell {number}: {lines[node.lineno - 1].strip()[:60]}"
    everything, changed = bound(node), altered(node)
    kept = kept_of(node, known)  # which takes from a block what is not kept
    names = bound(kept) if kept else set()
    statement = _Statement(kept, filename, where, names, everything - names, changed)
    if kept:
        statement.at_once, statement.later = names_used(kept)
        statement.at_once |= continued(kept)
    return statement


def _code(path):
    """(number, source) of a notebook's code cells; ValueError, naming the notebook, for what is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        return tuple((n, "".join(c["source"])) for n, c in enumerate(cells, start=1) if c["cell_type"] == "code")
    except (ValueError, KeyError, TypeError) as error:
        reason = error if isinstance(error, ValueError) else "cells, or a part of one, are missing"
        raise ValueError(f"{path.name}: damaged, not a notebook any more ({reason}); get it back first") from error


def _one_by_one(body):
    """Statements, with `import a, b` as two."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                single = copy.copy(node)
                single.names = [alias]
                yield single
        else:
            yield node


def parameters_of(notebook: str | Path) -> dict[str, Any]:
    """The names and values in the notebook's cell with the tag `parameters`."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    source = "".join(tagged[0]["source"])
    found = {}
    for node in ast.parse(source).body:
        target, value = node.targets[0], ast.literal_eval(node.value)
        found |= zip((name.id for name in target.elts), value) if isinstance(target, ast.Tuple) else {target.id: value}
    return found

"""Functions that a learner wrote in one notebook, for use in another. No TensorFlow, unless they import it."""

import ast
import json
import linecache
import symtable
from collections.abc import Collection
from pathlib import Path
from typing import Any

COST_FUNCTIONS = [  # where the learner writes what every painting needs
    ("02_content_cost.ipynb", ["compute_content_cost"]),
    ("03_style_cost.ipynb", ["compute_style_cost", "STYLE_LAYERS"]),
    ("04_paint.ipynb", ["total_cost"]),
]


def functions_from(notebook: str | Path, *names: str, given: Collection[str] = ()) -> Any:
    """Return functions that the learner wrote in another notebook: one function, or a list in the order asked.

    `notebook` is looked for in the current folder, which in Jupyter is the folder of the running notebook. Only the
    named definitions run, with what they use of that notebook: imports, functions, classes, constants (written in
    UPPER_CASE, or plain values and lambdas of any name), and what it takes from its own neighbours with
    functions_from. `given` are names that somebody else will put into the
    functions' `__globals__`, so that the notebook's own are not needed.

    Raises FileNotFoundError or LookupError when notebook or function is missing, ValueError when the notebook is
    damaged, NotImplementedError, naming the notebook and the exercise, when the exercise is not finished yet.
    """
    path = Path(notebook)
    namespace = {"__name__": path.stem}
    for node, filename in _needed(path, names, given):
        if isinstance(node, ast.FunctionDef) and _is_blank(node):
            raise NotImplementedError(
                f"{path.name}: the exercise {node.name} is not finished yet. Solve and save it there first"
            )
        namespace["functions_from"] = lambda neighbour, *names: functions_from(path.parent / neighbour, *names)
        exec(compile(ast.Module([node], []), filename, "exec"), namespace)
    return namespace[names[0]] if len(names) == 1 else [namespace[name] for name in names]


def source_of(notebook: str | Path, *names: str) -> str:
    """The source text of functions in a notebook, with what they use of it; nothing is run."""
    return "\n".join(ast.unparse(node) for node, _ in _needed(Path(notebook), names))


def _needed(path, names, given=()):
    """[(syntax tree, file name)] of the named definitions and of what they use, in an order in which they can run."""
    if not path.is_file():
        raise FileNotFoundError(f"{path.resolve()}: no such notebook; it should lie next to this one")
    definitions, broken = _definitions(path)
    done, needed = set(given) - set(names), []

    def need(name):
        if name in done or name not in definitions:
            return
        done.add(name)
        for used in _globals_used(definitions[name][0]):
            need(used)
        needed.append(definitions[name])

    for name in names:
        if name not in definitions:
            raise LookupError(f"{path.name}: defines no function {name}{broken}. Restore that cell, save, come back")
        need(name)
    return needed


def _definitions(path):
    """{name: (syntax tree, file name)} of what may run in a notebook; a note on unreadable cells."""
    definitions, broken = {}, ""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name}: damaged, not a notebook any more ({error}); get it back first") from error
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        source = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
        filename = f"{path.resolve()}#cell{number}"
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            broken = f" (cell {number} has a syntax error: {error.msg}, line {error.lineno})"
            continue
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        for node in tree.body:
            for name in _names_bound(node):
                definitions[name] = node, filename
    return definitions, broken


def _names_bound(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign):
        names = [name.id for target in node.targets for name in getattr(target, "elts", [target]) if _is_name(name)]
        return names if _is_plain(node.value) else [name for name in names if name.isupper()]
    return []


def _is_name(target):
    return isinstance(target, ast.Name)


def _is_plain(value):
    """Is it a lambda, a number, a string, a list or dict of such, or functions_from(...): nothing that takes long?"""
    if isinstance(value, ast.Call) and _is_name(value.func) and value.func.id == "functions_from":
        return all(isinstance(argument, ast.Constant) for argument in value.args)
    try:
        ast.literal_eval(value)
    except ValueError:
        return isinstance(value, ast.Lambda)
    return True


def _globals_used(node):
    """Names that a definition takes from its surroundings: not its own variables, which may be called the same."""
    module = symtable.symtable(ast.unparse(node), "definition", "exec")
    names = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_referenced()}
    tables = module.get_children()
    while tables:
        table = tables.pop()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return sorted(names)


def _is_blank(function):
    """Is the function's body empty, or cut off by the exercise's `raise NotImplementedError`?"""
    if all(isinstance(statement, ast.Pass | ast.Expr) for statement in function.body):
        return True
    for statement in function.body:
        if isinstance(statement, ast.Return):
            return False
        if isinstance(statement, ast.Raise):
            return "NotImplementedError" in ast.dump(statement)
    return False


def parameters_of(notebook: str | Path) -> dict[str, Any]:
    """The names and values in the notebook's cell with the tag `parameters`."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    source = "".join(tagged[0]["source"])
    found = {}
    for node in ast.parse(source).body:
        names, value = _names_bound(node), ast.literal_eval(node.value)
        found |= zip(names, value) if isinstance(node.targets[0], ast.Tuple) else {names[0]: value}
    return found

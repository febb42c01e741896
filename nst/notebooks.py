"""Functions that a learner wrote in one notebook, for use in another. No TensorFlow, unless they import it."""

import ast
import builtins
import copy
import json
import linecache
import math
import re
import symtable
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
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


# ---------------------------------------------------------------- a cell, as IPython reads it

PYTHON_CELLS = {"capture", "prun", "time"}  # cell magics that run the rest of the cell in the notebook itself
MAX_WORK = 200_000  # for IPython's transformer, which reads a cell anew for each magic in it
MAX_DEPTH = 120  # of the syntax tree, which is gone through recursively
MAX_LENGTH = 300_000  # of a cell
_ESCAPED = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)


def parse_cell(source: str) -> tuple[ast.Module, str]:
    """The syntax tree of a code cell, and the text that belongs to it: `%`, `!` and `?` have become calls.

    Raises SyntaxError for what IPython could not run either.
    """
    try:
        return _parsed(source), source
    except SyntaxError as error:
        text = _transformed(source)
        if text is None:
            raise error from None
    tree = _parsed(text)
    match tree.body:
        case [ast.Expr(ast.Call(ast.Attribute(attr="run_cell_magic"), [ast.Constant(name), _, ast.Constant(body)]))]:
            return parse_cell("\n" + body) if name in PYTHON_CELLS else (tree, text)
    return tree, text


def _transformed(source):
    """What IPython makes of a cell; None if nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    if len(source) * (1 + len(_ESCAPED.findall(source))) > MAX_WORK:
        return None
    try:
        return TransformerManager().transform_cell(source)
    except Exception:  # whatever IPython's tokens come to
        return None


def _parsed(text):
    if len(text) > MAX_LENGTH:
        raise SyntaxError("too long", ("", 1, 0, ""))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about "\d" and the like: not here
            tree = ast.parse(text)
    except (ValueError, MemoryError, RecursionError) as error:  # a null byte, far too many brackets
        raise SyntaxError(f"{error}" or "nested too deeply", ("", 1, 0, "")) from error
    level, depth = [tree], 0
    while level := [child for node in level for child in ast.iter_child_nodes(node)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise SyntaxError("nested too deeply", ("", getattr(level[0], "lineno", 1), 0, ""))
    return tree


def definition_in(source: str, name: str) -> ast.stmt | None:
    """The last statement of a code cell that makes the function `name`; None if none does, or the cell is no Python."""
    if name not in source:
        return None
    try:
        body = parse_cell(source)[0].body
    except SyntaxError:
        return None
    made = [node for node in _flat(body) if _makes_function(node) and name in _bound(node)]
    return made[-1] if made else None


def _flat(body):
    """Statements, with those under `if`, `try`, `for` and `with`."""
    for node in body:
        blocks = [getattr(node, block, []) for block in _BLOCKS] if isinstance(node, _COMPOUND) else []
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        yield node
        for block in blocks:
            yield from _flat(block)


def _makes_function(node):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    match node:
        case ast.Assign(value=ast.Lambda() | ast.Name() | ast.Attribute()):
            return True
        case ast.Assign(value=ast.Call(args=[ast.Lambda() | ast.Name() | ast.Attribute(), *_])):  # tf.function(...)
            return True
    return False


def is_blank(function: ast.FunctionDef) -> bool:
    """Is the function's body empty, or cut off by the exercise's `raise NotImplementedError`?"""
    if all(isinstance(statement, ast.Pass | ast.Expr) for statement in function.body):
        return True
    for statement in function.body:
        if isinstance(statement, ast.Return):
            return False
        if isinstance(statement, ast.Raise):
            return "NotImplementedError" in ast.dump(statement)
    return False


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
            and not isinstance(each.node, _DEFINITIONS)
            and (each.names & spoilt or any(name in lost and name not in makers for name in each.at_once))
        ]
        if not stopped:
            return makers
        for each in stopped:
            each.node, each.lost = None, each.lost | each.names


def _statements(path):
    """The statements of a notebook, and a note on unreadable cells."""
    statements, broken, bodies = [], "", []
    for number, source in _code(path):
        filename = f"{path.resolve()}#cell{number}"
        try:
            tree, text = parse_cell(source)
        except SyntaxError as error:
            broken = f" (cell {number} has a syntax error: {error.msg}, line {error.lineno})"
            continue
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        bodies += [(number, filename, text.splitlines(), node) for node in _one_by_one(tree.body)]
    known = _known([node for *_, node in bodies])
    for number, filename, lines, node in bodies:
        kept = _kept(copy.deepcopy(node), known)
        names = _bound(kept) if kept else set()
        statement = _Statement(
            kept,
            filename,
            f"cell {number}: {lines[node.lineno - 1].strip()[:60]}",
            names,
            _bound(node) - names,
            _altered(node),
        )
        if kept:
            statement.at_once, statement.later = _names_used(kept)
            statement.at_once |= _continued(kept)
        statements.append(statement)
    return statements, broken


def _code(path):
    """(number, source) of a notebook's code cells; ValueError, naming the notebook, for what is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        return [(n, "".join(c["source"])) for n, c in enumerate(cells, start=1) if c["cell_type"] == "code"]
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


# ---------------------------------------------------------------- names that a statement makes, changes, uses

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_INNER = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_COMPOUND = ast.If | ast.Try | ast.For | ast.With
_BLOCKS = ("body", "orelse", "finalbody")
_ALTERING = {
    *("add", "append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update")
}


def _bound(node):
    """Names that a statement makes or changes in the notebook."""
    if isinstance(node, _FUNCTIONS | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, _INNER):
        return set()
    names = {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
    return names | _altered_by(node) | {name for child in ast.iter_child_nodes(node) for name in _bound(child)}


def _continued(node):
    """Names of which a statement needs the earlier value, if there is one."""
    if isinstance(node, _COMPOUND):
        return _bound(node)
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names if "." in alias.name and not alias.asname}
    return _altered(node)


def _altered(node):
    """Names whose value a statement changes in place."""
    if isinstance(node, _FUNCTIONS | ast.ClassDef | _INNER):
        return set()
    return _altered_by(node) | {name for child in ast.iter_child_nodes(node) for name in _altered(child)}


def _altered_by(node):
    match node:
        case ast.AugAssign(target=ast.Name(name)):
            return {name}
        case ast.Subscript(value=ast.Name(name), ctx=ast.Store()):
            return {name}
        case ast.Call(func=ast.Attribute(value=ast.Name(name), attr=attribute)) if attribute in _ALTERING:
            return {name}
    return set()


def _names_used(node):
    """(at once, later): names that a statement takes from its surroundings, now or when its functions are called."""
    at_once, later = set(), set()

    def visit(table, now):
        for symbol in table.get_symbols():
            if symbol.is_referenced() if table.get_type() == "module" else symbol.is_global():
                (at_once if now else later).add(symbol.get_name())
        for child in table.get_children():
            inner = child.get_type() == "class" or child.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr")
            visit(child, now and inner)

    visit(symtable.symtable(ast.unparse(node), "definition", "exec"), True)
    return at_once, later


# ---------------------------------------------------------------- what may run: nothing that takes long or has effects

_QUICK = re.compile(
    r"builtins\.(abs|bool|dict|enumerate|float|frozenset|int|len|list|max|min|reversed|round|set|slice|sorted|str|sum"
    r"|tuple|zip|staticmethod)"
    r"|math\.(?!comb|factorial|perm)\w+|operator\.\w+|fractions\.Fraction|collections\.(namedtuple|OrderedDict)"
    r"|functools\.(partial|cache|lru_cache)|contextlib\.suppress|warnings\.catch_warnings"
    r"|numpy\.(array|asarray|float16|float32|float64|int32|int64|sqrt|square|prod|sum|mean|log|exp|finfo|vectorize)"
    r"|tensorflow\.(constant|convert_to_tensor|cast|function|identity|sqrt|square|stack|device|custom_gradient"
    r"|autograph\.experimental\.do_not_convert)"
    r"|keras\.(losses|layers|activations|backend)\.\w+"
)
_TEXT = {*("copy", "format", "get", "items", "join", "keys", "lower", "split", "strip", "upper", "values")}
_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.List, ast.Tuple, ast.Dict),
    *(ast.Set, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.keyword, ast.Call),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
_SMALL = "a small number"


def _known(nodes):
    """{name: what it stands for}: "tensorflow" for `tf`, "math.sqrt", a small number; "" for what the learner made."""
    known = {name: f"builtins.{name}" for name in dir(builtins)}
    flat = list(_flat(nodes))
    large = set()
    for node in flat:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=number) if _is_small(number, {}):
                known[name] = _SMALL
            case _ if not isinstance(node, _COMPOUND):
                large |= _bound(node)
    known |= dict.fromkeys(large, "")
    for node in flat:
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and node.module == "math":
            known |= {name: f"math.{name}" for name in dir(math)}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in flat:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Attribute() as value) if dotted := _dotted(
                value, known
            ):
                known[name] = dotted
    return known


def _dotted(function, known):
    """The full name of something that is imported, or Python's own; "" for other things."""
    parts = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    root = known.get(function.id) if isinstance(function, ast.Name) else ""
    return ".".join([root, *parts]) if root and root != _SMALL else ""


def _kept(node, known):
    """What may run of a statement, None if nothing: definitions, imports, what is made or changed in no time."""
    if isinstance(node, _DEFINITIONS):
        return node
    match node:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            constant = all(name.isupper() for name in _bound(node)) and "get_ipython" not in ast.dump(node)
            if node.value is None or not all(_is_target(target, known) for target in targets):
                return None
            return node if constant or _is_plain(node.value, known) else None
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Name(name)))) if _altered_by(node.value):
            return (
                node if not known.get(name) and all(_is_plain(each, known) for each in _given_to(node.value)) else None
            )
        case ast.If(test=deciding) | ast.For(iter=deciding, target=ast.Name() | ast.Tuple()):
            return _with_kept_blocks(node, known) if _is_plain(deciding, known) else None
        case ast.With() if all(_is_plain(item.context_expr, known) for item in node.items):
            return _with_kept_blocks(node, known)
        case ast.Try():
            return _with_kept_blocks(node, known)
    return None


def _with_kept_blocks(node, known):
    for part in (node, *getattr(node, "handlers", [])):
        for block in set(_BLOCKS) & set(part._fields):
            kept = [_kept(each, known) for each in getattr(part, block)]
            filler = [ast.copy_location(ast.Pass(), node)] if getattr(part, block) else []
            setattr(part, block, [each for each in kept if each] or filler)
    return node if any(_kept(each, known) for each in _flat([node]) if not isinstance(each, _COMPOUND)) else None


def _is_target(target, known):
    """A name, names, or an entry of what the learner made: no attribute of a module, no environment variable."""
    match target:
        case ast.Name():
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(_is_target(part, known) for part in parts)
        case ast.Starred(value=part):
            return _is_target(part, known)
        case ast.Subscript(value=ast.Name(name), slice=index):
            return not known.get(name) and _is_plain(index, known)
    return False


def _is_plain(value, known):
    """Does it take no time, and have no effects? A lambda is not called."""
    if isinstance(value, ast.Lambda):
        return True
    match value:
        case ast.Call(func=ast.Name("functions_from"), args=arguments):
            return all(isinstance(argument, ast.Constant) for argument in arguments)
        case ast.Call(func=ast.Name("range"), args=arguments):
            return all(_is_small(argument, known) for argument in arguments)
        case ast.Call(func=function):
            if not _is_quick(function, known) or any(keyword.arg == "key" for keyword in value.keywords):
                return False
        case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
            if isinstance(base, ast.BinOp) or not _is_small(exponent, known, 100):
                return False
        case ast.BinOp(
            op=ast.Mult(), left=ast.List() | ast.Tuple() | ast.ListComp() | ast.Constant(str()), right=times
        ):
            if not _is_small(times, known):
                return False
        case ast.BinOp(
            op=ast.Mult(), left=times, right=ast.List() | ast.Tuple() | ast.ListComp() | ast.Constant(str())
        ):
            if not _is_small(times, known):
                return False
        case ast.BinOp(op=ast.LShift()):
            return False
    children = _given_to(value) if isinstance(value, ast.Call) else ast.iter_child_nodes(value)
    return isinstance(value, _PLAIN) and all(_is_plain(child, known) for child in children)


def _given_to(call):
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_quick(function, known):
    """May it be called? Known functions, and methods of texts, lists and dicts that the learner made."""
    if dotted := _dotted(function, known):
        return bool(_QUICK.fullmatch(dotted.replace("tensorflow.keras.", "keras.")))
    return isinstance(function, ast.Attribute) and function.attr in _TEXT and _is_plain(function.value, known)


def _is_small(node, known, most=10_000):
    match node:
        case ast.Constant(int() | float() as number):
            return abs(number) <= most
        case ast.UnaryOp(ast.USub(), operand):
            return _is_small(operand, known, most)
        case ast.Name(name):
            return known.get(name) == _SMALL
        case ast.Call(func=ast.Name("len")):
            return _is_plain(node, known)
    return False


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

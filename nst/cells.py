"""Code cells as IPython reads them: their statements, and the names that a statement makes, changes and uses."""

import ast
import functools
import re
import symtable
import warnings

PYTHON_CELLS = {"capture", "prun", "time"}  # cell magics that run the rest of the cell in the notebook itself
MAX_WORK = 200_000  # for IPython's transformer, which reads a cell anew for each magic in it
MAX_DEPTH = 120  # of the syntax tree, which is gone through recursively
MAX_LENGTH = 300_000  # of a cell
_LONG = re.compile(r"(?<![\w*.\[\]-])[\w*.\[\]-]{500,}")  # IPython looks for help? in it, in the square of its length
_SHORT = "nst_long_word_"
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
    """What IPython makes of a cell, without its reading very long words; None if nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    words = []
    short = _LONG.sub(lambda found: words.append(found[0]) or f"{_SHORT}{len(words) - 1}_", source)
    if _SHORT in source or len(short) * (1 + len(_ESCAPED.findall(short))) > MAX_WORK:
        return None
    try:
        text = TransformerManager().transform_cell(short)
    except Exception:  # whatever IPython's tokens come to
        return None
    return re.sub(rf"{_SHORT}(\d+)_", lambda found: words[int(found[1])], text)


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
    return _definitions(source).get(name) if name in source else None


@functools.lru_cache(maxsize=1)  # a cell is asked for one name after the other
def _definitions(source):
    """{name: the last statement of a code cell that makes this function}."""
    try:
        body = parse_cell(source)[0].body
    except SyntaxError:
        return {}
    return {name: node for node in flat(body) if _makes_function(node) for name in bound(node)}


def flat(body):
    """Statements, with those under `if`, `try`, `for` and `with`."""
    for node in body:
        blocks = [getattr(node, block, []) for block in BLOCKS] if isinstance(node, COMPOUND) else []
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        yield node
        for block in blocks:
            yield from flat(block)


def _makes_function(node):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    match node:
        case ast.Assign(value=ast.Call(func=ast.Name("functions_from"))):  # one that stands in another notebook
            return False
        case ast.Assign(value=value) | ast.AnnAssign(value=value):  # tf.function(...), make(), another's name
            return isinstance(value, ast.Lambda | ast.Name | ast.Attribute | ast.Call | ast.IfExp)
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


# ---------------------------------------------------------------- names that a statement makes, changes, uses

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_NAMED, _IMPORTS = DEFINITIONS[:3], DEFINITIONS[3:]
_INNER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
COMPOUND = ast.If | ast.Try | ast.For | ast.With
BLOCKS = ("body", "orelse", "finalbody")
_ALTERING = {
    *("add", "append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update")
}


def bound(node):
    """Names that a statement makes or changes in the notebook."""
    names = set()
    for part in _parts(node):
        if isinstance(part, _NAMED):
            names.add(part.name)
        elif isinstance(part, _IMPORTS):
            names.update(alias.asname or alias.name.split(".")[0] for alias in part.names)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        names |= altered_by(part)
    return names


def _parts(node):
    """A statement and all in it, but nothing in a function, a class or a comprehension, and of those only the first."""
    left = [node]
    while left:
        part = left.pop()
        yield part
        if not isinstance(part, _NAMED + _INNER):
            left.extend(ast.iter_child_nodes(part))


def continued(node):
    """Names of which a statement needs the earlier value, if there is one."""
    if isinstance(node, COMPOUND):
        return bound(node)
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names if "." in alias.name and not alias.asname}
    return altered(node)


def altered(node):
    """Names whose value a statement changes in place."""
    return set().union(*map(altered_by, _parts(node)))


def altered_by(node):
    match node:
        case ast.AugAssign(target=ast.Name(name)):
            return {name}
        case ast.Subscript(value=ast.Name(name), ctx=ast.Store()):
            return {name}
        case ast.Call(func=ast.Attribute(value=ast.Name(name), attr=attribute)) if attribute in _ALTERING:
            return {name}
    return set()


def names_used(node):
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

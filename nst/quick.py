"""What may run of a learner's notebook for the sake of a function: nothing that takes long or has effects."""

import ast
import builtins
import math
import re

from nst.cells import BLOCKS, COMPOUND, DEFINITIONS, altered_by, bound, flat

_QUICK = re.compile(
    r"builtins\.(abs|bool|dict|enumerate|float|frozenset|int|len|list|max|min|reversed|round|set|slice|sorted|str|sum"
    r"|tuple|zip|staticmethod)"
    r"|math\.(?!comb|factorial|perm)\w+|operator\.\w+|fractions\.Fraction|collections\.(namedtuple|OrderedDict)"
    r"|functools\.(partial|cache|lru_cache)|contextlib\.(suppress|nullcontext)|dataclasses\.field|types\.SimpleNamespace|warnings\.catch_warnings"
    r"|numpy\.(array|asarray|float16|float32|float64|int32|int64|sqrt|square|prod|sum|mean|log|exp|finfo|vectorize)"
    r"|tensorflow\.(constant|convert_to_tensor|cast|function|identity|sqrt|square|stack|device|name_scope|custom_gradient"
    r"|autograph\.experimental\.do_not_convert)"
    r"|keras\.(losses|layers|activations|backend)\.\w+"
)
_TEXT = {*("copy", "format", "get", "items", "join", "keys", "lower", "split", "strip", "upper", "values")}
_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.List, ast.Tuple, ast.Dict),
    *(ast.Set, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue),
    *(
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
        ast.comprehension,
        ast.keyword,
        ast.Call,
        ast.NamedExpr,
    ),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
_BASES = {"builtins.object", "typing.NamedTuple", "enum.Enum"}
_CREATING = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}
_SMALL = "a small number"
_MADE = "a function or class of the learner's that takes no time"


def known_names(nodes):
    """{name: what it stands for}: "tensorflow" for `tf`, "math.sqrt", a small number; "" for what the learner made."""
    known = {name: f"builtins.{name}" for name in dir(builtins)}
    statements = list(flat(nodes))
    large = set()
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=number) if _is_small(number, {}):
                known[name] = _SMALL
            case _ if not isinstance(node, COMPOUND):
                large |= bound(node)
    known |= dict.fromkeys(large, "")
    for node in statements:
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and node.module == "math":
            known |= {name: f"math.{name}" for name in dir(math)}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in statements:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Attribute() as value) if dotted := _dotted(
                value, known
            ):
                known[name] = dotted
    return _with_what_is_quick(statements, known)


def _with_what_is_quick(statements, known):
    """Also those functions and classes of the learner's that call only what is quick itself; none calls itself."""
    makers = {}
    for node in statements:
        for name in bound(node) if not isinstance(node, COMPOUND) else ():
            makers.setdefault(name, []).append(node)
    while found := {
        name: _MADE
        for name, nodes in makers.items()
        if not known.get(name) and all(_is_quick_when_called(node, known) for node in nodes)
    }:
        known = known | found
    return known


def _is_quick_when_called(node, known):
    match node:
        case ast.FunctionDef(args=parameters, body=body, decorator_list=[]):
            inside = known | dict.fromkeys([each.arg for each in ast.walk(parameters) if isinstance(each, ast.arg)], "")
            inside |= dict.fromkeys({name for each in body for name in bound(each)}, "")
            return all(_is_whole(each, inside) for each in body)
        case ast.Assign(value=ast.Lambda(args=parameters, body=body)):
            names = [each.arg for each in ast.walk(parameters) if isinstance(each, ast.arg)]
            return _is_plain(body, known | dict.fromkeys(names, ""))
        case ast.Assign(value=ast.Call(func=function)):
            return _dotted(function, known) in ("collections.namedtuple", "functools.partial") and all(
                not isinstance(each, ast.Name | ast.Attribute) or _is_quick(each, known) for each in node.value.args[:1]
            )
        case ast.ClassDef(body=body, bases=bases, keywords=[], decorator_list=decorators):
            decorators = [each.func if isinstance(each, ast.Call) else each for each in decorators]
            return (
                all(_dotted(each, known) == "dataclasses.dataclass" for each in decorators)
                and all(_dotted(each, known) in _BASES or _is_quick(each, known) for each in bases)
                and all(_is_quick_when_called(each, known) for each in body if getattr(each, "name", "") in _CREATING)
            )
    return False


def _is_whole(node, known):
    """Does a statement in a function take no time, with all that stands under it?"""
    match node:
        case ast.Pass() | ast.FunctionDef(decorator_list=[]) | ast.Global() | ast.Nonlocal():
            return True
        case ast.Return(value=value) | ast.Expr(value=value) if value is None or _is_plain(value, known):
            return True
        case ast.Assign(targets=[ast.Attribute(value=ast.Name("self"))], value=value):
            return _is_plain(value, known)
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.AugAssign(value=value):
            return value is not None and _is_plain(value, known) and kept_of(node, known) is not None
        case ast.If(test=test, body=body, orelse=other):
            return _is_plain(test, known) and all(_is_whole(each, known) for each in [*body, *other])
    return False


def _dotted(function, known):
    """The full name of something that is imported, or Python's own; "" for other things."""
    parts = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    root = known.get(function.id) if isinstance(function, ast.Name) else ""
    return ".".join([root, *parts]) if root and root not in (_SMALL, _MADE) else ""


def kept_of(node, known):
    """What may run of a statement, None if nothing: definitions, imports, what is made or changed in no time."""
    if isinstance(node, DEFINITIONS):
        return node
    match node:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            constant = all(name.isupper() for name in bound(node)) and "get_ipython" not in ast.dump(node)
            if node.value is None or not all(_is_target(target, known) for target in targets):
                return None
            return node if constant or _is_plain(node.value, known) else None
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Name(name)))) if altered_by(node.value):
            return (
                node if not known.get(name) and all(_is_plain(each, known) for each in _given_to(node.value)) else None
            )
        case ast.Expr(value) if walruses := [each for each in ast.walk(value) if isinstance(each, ast.NamedExpr)]:
            if not all(_is_plain(each, known) for each in walruses):
                return None
            return ast.copy_location(ast.Expr(ast.copy_location(ast.Tuple(walruses, ast.Load()), node)), node)
        case ast.If(test=deciding) | ast.For(iter=deciding, target=ast.Name() | ast.Tuple()):
            return _with_kept_blocks(node, known) if _is_plain(deciding, known) else None
        case ast.With() if all(_is_plain(item.context_expr, known) for item in node.items):
            return _with_kept_blocks(node, known)
        case ast.Try():
            return _with_kept_blocks(node, known)
    return None


def _with_kept_blocks(node, known):
    for part in (node, *getattr(node, "handlers", [])):
        for block in set(BLOCKS) & set(part._fields):
            kept = [kept_of(each, known) for each in getattr(part, block)]
            filler = [ast.copy_location(ast.Pass(), node)] if getattr(part, block) else []
            setattr(part, block, [each for each in kept if each] or filler)
    makes = isinstance(node, ast.For) or any(
        bound(part) for part in (*getattr(node, "items", []), getattr(node, "test", ast.Pass()))
    )
    return (
        node if makes or any(kept_of(each, known) for each in flat([node]) if not isinstance(each, COMPOUND)) else None
    )


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
    if isinstance(function, ast.Name) and known.get(function.id) == _MADE:
        return True
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

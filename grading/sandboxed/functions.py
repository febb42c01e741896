"""What stands under an exercise's name, as a plain function: decorators may have made something else of it."""

import functools
import types
from typing import Any


def as_function(thing: Any) -> Any:
    """Return a function that does what `thing` does: an instance of a learner's class, a static method, a partial.

    A function comes back as it is, compiled or not. None for what cannot be called, or has no Python function in it.
    """
    if hasattr(getattr(thing, "python_function", thing), "__code__"):
        return thing
    inner = _inner(thing) if callable(thing) and not isinstance(thing, type) else None
    if inner is None:
        return None

    def call(*arguments, **keywords):
        return thing(*arguments, **keywords)

    function = types.FunctionType(call.__code__, inner.__globals__, inner.__name__, None, call.__closure__)
    return functools.update_wrapper(function, inner, updated=())


def _inner(thing):
    """The function that something callable was made of."""
    held = [getattr(thing, "__wrapped__", None), getattr(thing, "func", None), *getattr(thing, "__dict__", {}).values()]
    held = [getattr(part, "python_function", part) for part in held]
    functions = [part for part in held if isinstance(part, types.FunctionType | types.MethodType)]
    own = getattr(type(thing).__call__, "__func__", type(thing).__call__)
    return functions[0] if functions else own if isinstance(own, types.FunctionType) else None

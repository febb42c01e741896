"""Contact sheets: one small painting for each value of a knob, kept on disk. Notebook 05 is made of them."""

import types
from pathlib import Path

import numpy as np
from joblib import Memory

from nst_pictures import OUTPUT
from nst_utils import show_images


def contact_sheet(paint, variants, *, columns=4, folder=OUTPUT / "experiments"):
    """Paint each variant, show all of them on one sheet, and return {label: (image, history)}.

    paint: a function of settings, given by keyword, that returns (image, history): the picture (1, n_H, n_W, 3) in
        [0, 1] and its costs.
    variants: {label: settings}; settings are a dict of numbers, strings, and lists of such.
    columns: pictures in a row.
    folder: where results are kept. One that was painted with the same settings, by the same code, from the same files
        is not painted again: `paint` and all that it uses of the notebooks belong to the code.

    Raises ValueError if there is no variant. An error in `paint` names the variant; earlier ones are kept.
    """
    if not variants:
        raise ValueError("no variants: give {label: settings}, with one entry for each picture")
    kept = Memory(folder, verbose=0).cache(_painted, ignore=["paint"])
    code = notebook_code(paint)
    results = {}
    for label, settings in variants.items():
        try:
            results[label] = kept(paint, settings, [*code, _with_files(settings)])
        except Exception as error:
            error.add_note(f"It happened in the variant {label!r}, with {settings}")
            raise
    show_images(*[image for image, _ in results.values()], titles=list(results), columns=columns)
    return results


def _painted(paint, settings, code):
    image, history = paint(**settings)
    return np.asarray(image), list(map(float, history))


def notebook_code(function):
    """What decides a function's results, as far as it is written in notebooks: a list of (name, code or value).

    Followed are functions and plain values that it uses, and that those use in turn. Of a value that is the path of a
    file, the time of its last change is part.
    """
    found, waiting = {}, [(function.__name__, function)]
    while waiting:
        name, value = waiting.pop()
        if name in found:
            continue
        if isinstance(value, types.FunctionType) and "__file__" not in value.__globals__:  # modules have a file
            found[name] = repr((_bytecode(value.__code__), _with_files([value.__defaults__, value.__kwdefaults__])))
            waiting += [(used, value.__globals__[used]) for used in _names(value.__code__) if used in value.__globals__]
        elif isinstance(value, bool | int | float | str | list | tuple | dict):
            found[name] = repr(_with_files(value))
    return sorted(found.items())


def _with_files(value):
    """The value; where it holds the path of a file, with the time of the last change."""
    if isinstance(value, dict):
        return {key: _with_files(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_with_files(entry) for entry in value]
    if isinstance(value, str) and len(value) < 1000 and Path(value).is_file():
        return value, Path(value).stat().st_mtime_ns
    return value


def _names(code):
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return {*code.co_names, *(name for part in inner for name in _names(part))}


def _bytecode(code):
    parts = [_bytecode(constant) if isinstance(constant, types.CodeType) else constant for constant in code.co_consts]
    return code.co_code.hex(), code.co_names, parts

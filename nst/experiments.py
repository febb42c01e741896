"""Contact sheets: one small painting for each value of a knob, kept on disk. Notebook 05 is made of them."""

import dis
import functools
import hashlib
import types
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np

from nst.display import Place, show_images
from nst.interrupt import on_ctrl_c
from nst.job import cache_key
from nst.paths import OUTPUT
from nst.pictures import positive


def contact_sheet(
    paint: Callable[..., tuple],
    variants: dict[str, dict],
    *,
    columns: int = 4,
    alt: str = "",
    folder: str | Path = OUTPUT / "experiments",
) -> dict[str, tuple[np.ndarray, list[float]]]:
    """Paint each variant, show all of them on one sheet, and return {label: (image, history)}.

    paint: a function of settings, given by keyword, that returns (image, history): the picture (1, n_H, n_W, 3) in
        [0, 1] and its costs.
    variants: {label: settings}; settings are a dict of numbers, strings, and lists of such.
    columns: pictures in a row.
    alt: what the sheet shows, in words, for those who do not see it.
    folder: where results are kept. One that was painted with the same settings, by the same code, from the same files
        and pictures is not painted again: `paint` and all that it uses of the notebooks belong to the code (see
        `notebook_code`), and so do this project's modules that paint.

    Raises ValueError or TypeError if variants or columns make no sense. An error in `paint` names the variant. Ctrl-C
    ends the sheet: KeyboardInterrupt. Either way the pictures finished before are kept, and the broken one is not.
    """
    if not isinstance(variants, dict):
        raise TypeError(f"variants are {{label: settings}}, a dict, not a {type(variants).__name__}")
    if not variants:
        raise ValueError("no variants: give {label: settings}, with one entry for each picture")
    positive("columns", columns)
    kept = joblib.Memory(folder, verbose=0).cache(_painted, ignore=["paint"])
    code = notebook_code(paint)
    results, painted, line = {}, 0, Place()
    for label, settings in variants.items():
        key = cache_key(_described(settings), code=code)
        line.say(f"picture {len(results) + 1} of {len(variants)}: {label}")
        painted += not kept.check_call_in_cache(paint, settings, key)
        try:
            results[label] = kept(paint, settings, key)
        except Exception as error:
            error.add_note(f"It happened in the variant {label!r}, with {settings}")
            raise
    line.say(f"{painted} painted, {len(variants) - painted} kept from before")
    sheet = alt or f"one painting for each setting: {', '.join(results)}"
    show_images(*[image for image, _ in results.values()], titles=list(results), columns=columns, alt=sheet)
    return results


def _painted(paint, settings, key):
    pressed = []

    def note(*_):
        pressed.append(True)
        raise KeyboardInterrupt

    with on_ctrl_c(note):
        image, history = paint(**settings)
    if pressed:  # train and minimize end early and return what there is
        raise KeyboardInterrupt
    return np.asarray(image), list(map(float, history))


# ---------------------------------------------------------------- what a result depends on


def notebook_code(function: Callable) -> list[tuple]:
    """What decides a function's results, as far as it is written in notebooks: a list of descriptions.

    Followed are functions, with their defaults, closures and decorators, and what those use in turn; numbers, strings,
    lists, dicts, arrays, tensors, and the files that strings are the paths of, by their contents. Of modules, classes
    and networks only the kind counts.
    """
    found, seen = [], set()

    def follow(name, value):
        if isinstance(value, functools.partial):
            found.append((name, _described([value.args, value.keywords])))
            return follow(name, value.func)
        if not isinstance(value, types.FunctionType) or "__file__" in value.__globals__:  # modules have a file
            if hasattr(value, "__wrapped__"):
                return follow(name, value.__wrapped__)
            return found.append((name, _described(value)))
        if id(value) in seen:
            return None
        seen.add(id(value))
        found.append((name, _bytecode(value.__code__), _described([value.__defaults__, value.__kwdefaults__])))
        for used in sorted(_names(value.__code__) & value.__globals__.keys()):
            follow(used, value.__globals__[used])
        for used, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
            follow(used, cell.cell_contents)

    follow(getattr(function, "__name__", ""), function)
    return found


def _described(value):
    """A value in words; arrays and files by their contents."""
    if isinstance(value, dict):
        return repr({key: _described(entry) for key, entry in value.items()})
    if isinstance(value, list | tuple):
        return repr([_described(entry) for entry in value])
    if isinstance(value, str | Path) and len(str(value)) < 1000 and Path(value).is_file():
        return f"{value}, {hashlib.sha256(Path(value).read_bytes()).hexdigest()}"
    if isinstance(value, bool | int | float | complex | str | bytes | None):
        return repr(value)
    if hasattr(value, "__array__") and not isinstance(value, type):
        return joblib.hash(np.asarray(value))
    return type(value).__name__


def _names(code):
    """The globals that code uses; attributes are no globals, though they may have the name of one."""
    own = {each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return own.union(*(_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)))


def _bytecode(code):
    parts = [_bytecode(constant) if isinstance(constant, types.CodeType) else constant for constant in code.co_consts]
    return repr((code.co_code.hex(), code.co_names, parts))

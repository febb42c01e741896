"""What was given to make, as in `make paint SIZE=384`: checked before anything long begins."""

import os
import re


def refuse_unknown_variables(known):
    """ValueError if make's command line holds a variable that means nothing here."""
    _, _, overrides = os.environ.get("MAKEFLAGS", "").partition("-- ")
    given = {word.partition("=")[0].rstrip(":?+") for word in re.split(r"(?<!\\) ", overrides) if word}
    if unknown := sorted(given - {"PYTHON", *known}):
        raise ValueError(f"unknown {', '.join(unknown)}; known: {', '.join(sorted({'PYTHON', *known}))}")


def whole_number(variable, text):
    """The text as an int; ValueError, naming the variable, if it is none or below 1."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{variable}={text}: give a whole number of at least 1")
    return int(text)

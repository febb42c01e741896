"""What lies in the place of nst/recipe.py and nst/colors.py in the sandbox: they do what two exercises ask for."""

from collections.abc import Callable


def __getattr__(name: str) -> Callable:
    """The names are there, for those who import them; whoever calls one hears that it is not."""
    if name.startswith("__"):
        raise AttributeError(name)

    def absent(*arguments, **keywords):
        raise NotImplementedError(f"{__name__}.{name} is not there while an answer is judged: write it yourself")

    return absent

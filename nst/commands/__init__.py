"""The command `nst`: one module for each subcommand, with add_arguments(parser) and run(given) -> exit status."""

import importlib
import os
import sys
from collections.abc import Sequence

from nst import __version__
from nst.commands.arguments import Parser, Refused, complain
from nst.paths import OUTPUT

COMMANDS = {
    "paint": "a photo in the style of an artwork, or of several",
    "instant": "any photo in the style of any artwork in a second, by a network",
    "train": "the same by epochs x steps, as in notebook 04",
    "gallery": "many pictures at once",
    "filter": "small networks that paint at once what they have learned from one artwork",
    "studio": "a page in the browser, for photos of your own",
    "lab": "JupyterLab, at the first exercise notebook",
    "record": "run all notebooks and store their outputs (for those who change them)",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status: 2 for what was refused, with one line on stderr that says why."""
    own_process = words is None  # not called by another program, whose process this is
    words = sys.argv[1:] if own_process else list(words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # names of files need not be in the terminal's encoding
    if os.environ.get("NST_OUTPUT"):
        os.environ["NST_OUTPUT"] = str(OUTPUT)  # whole, for notebooks' kernels, which run elsewhere
    parser = Parser(prog="nst", description="Paint a photo in the style of an artwork: neural style transfer.")
    parser.add_argument("--version", action="version", version=f"nst {__version__}")
    subcommands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, meaning in COMMANDS.items():
        subparser = subcommands.add_parser(name, help=meaning)
        if name in words[:1]:  # the others need not be imported
            module = importlib.import_module(f"nst.commands.{name}")
            subparser.description = module.__doc__
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
    try:
        given, unknown = parser.parse_known_args(words)
        if unknown:
            raise Refused(f"unknown {' '.join(unknown)} (nst {given.command} --help lists what there is)")
        given.words = words if own_process else None
        return given.run(given)
    except Refused as refusal:
        return complain(refusal.command or f"nst {given.command}", refusal)

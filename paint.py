"""`make paint`: run 04_paint.ipynb headless on a photo and an artwork of your choice.

    .venv/bin/python paint.py --content photo.jpg --style art.jpg --size 384 --epochs 3 --steps 50

What is not given keeps the notebook's own value. Ctrl-C ends the painting early and keeps the picture; --resume goes
on with a run that was stopped or killed.
"""

import argparse
import ast
import os
import re
import shutil
import signal
import sys
from pathlib import Path

import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

import nst_utils

FOLDERS = [nst_utils.ROOT / "notebooks", nst_utils.ROOT / "exercises"]  # a learner's copy has only the second
NOTEBOOK = next(folder / "04_paint.ipynb" for folder in FOLDERS if folder.is_dir())
PAINTS, END = "painting", "end-of-painting"  # tags of the cell that paints, and of the last one to run
STOPPED = "stopped before the first step of the painting; the pictures in output/ are as they were"
MAKE_VARIABLES = {"CONTENT", "STYLE", "SIZE", "EPOCHS", "STEPS", "RESUME", "PYTHON"}


class Client(PapermillNotebookClient):
    """Runs a notebook, shows the progress bars of its train() in the terminal, and passes Ctrl-C on to the painting."""

    stage = "before"

    def execute_cell(self, cell, cell_index, **options):
        paints = PAINTS in cell.metadata.tags
        self.stage = "painting" if paints else self.stage
        done = super().execute_cell(cell, cell_index, **options)
        self.stage = "after" if paints else self.stage
        return done

    def process_message(self, message, cell, cell_index):
        content = message["content"]
        if content.get("metadata", {}).get("nst_progress"):
            self._show(content["data"]["text/plain"])
        return super().process_message(message, cell, cell_index)

    def _show(self, bar):
        width = shutil.get_terminal_size().columns - 1
        if sys.stdout.isatty():
            print(f"\r{bar[:width]:{width}}", end="", flush=True)

    def execute(self, **options):
        def interrupt(*_):
            if self.stage == "before":
                raise KeyboardInterrupt
            if self.stage == "painting":
                os.kill(self.km.provisioner.pid, signal.SIGINT)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            return super().execute(**options)
        finally:
            signal.signal(signal.SIGINT, before)
            print()


class NotebookEngine(Engine):
    """Runs the notebook up to the end of the painting: the experiments behind it are for learners."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        cells = nb_man.nb.cells
        end = next(i for i, cell in enumerate(cells) if END in cell.metadata.tags)
        del cells[end + 1 :]
        return Client(nb_man, kernel_name=kernel_name, timeout=None, extra_arguments=["--log-level=40"]).execute()


def unknown_make_variables():
    """Names given to make on the command line, as in `make paint SIZE=384`, that mean nothing here."""
    _, _, overrides = os.environ.get("MAKEFLAGS", "").partition("-- ")
    given = {word.partition("=")[0].rstrip(":?+") for word in re.split(r"(?<!\\) ", overrides) if word}
    return sorted(given - MAKE_VARIABLES)


def parse_arguments():
    """Return the notebook's parameters; a bad value ends the program with one line that says what to do."""
    parser = argparse.ArgumentParser(description="Paint a photo in the style of an artwork.", allow_abbrev=False)
    parser.error = lambda message: sys.exit(fail(message))
    parser.add_argument("--content", metavar="FILE", help="the photo")
    parser.add_argument("--style", metavar="FILE", help="the artwork")
    parser.add_argument("--size", metavar="PIXELS", help="longer side of the picture")
    parser.add_argument("--epochs", metavar="N", help="pictures saved on the way")
    parser.add_argument("--steps", metavar="N", help="training steps in each epoch")
    parser.add_argument("--resume", metavar="1", nargs="?", const="1", help="go on with the last run")
    given = parser.parse_args()
    if unknown := unknown_make_variables():
        parser.error(f"unknown {', '.join(unknown)}; known: {', '.join(sorted(MAKE_VARIABLES))}")
    notebook = papermill.inspect_notebook(NOTEBOOK)
    parameters = {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}
    for name, text in (("SIZE", given.size), ("EPOCHS", given.epochs), ("STEPS_PER_EPOCH", given.steps)):
        if text is not None:
            if not (text.isascii() and text.isdigit() and int(text) > 0):
                parser.error(f"{name.partition('_')[0]}={text}: give a whole number of at least 1")
            parameters[name] = int(text)
    if given.resume is not None:
        if given.resume not in ("0", "1"):
            parser.error(f"RESUME={given.resume}: give 1 to go on with the last run, 0 to start anew")
        parameters["RESUME"] = given.resume == "1"
    for name, text in (("CONTENT", given.content), ("STYLE", given.style)):
        path = NOTEBOOK.parent / parameters[name] if text is None else Path(text)
        try:
            nst_utils.load_image(path, max_size=parameters["SIZE"])
        except (OSError, ValueError) as error:
            parser.error(f"{name}: {error}")
        parameters[name] = str(path.resolve())
    return parameters


def fail(message):
    print(f"make paint: {' '.join(str(message).split())}", file=sys.stderr)
    return 2


def main():
    parameters = parse_arguments()
    executed = nst_utils.OUTPUT / NOTEBOOK.name
    executed.parent.mkdir(exist_ok=True)
    papermill_engines.register("nst", NotebookEngine)
    print(f"{nst_utils.device()}. Ctrl-C stops early and keeps the picture.", flush=True)
    try:
        papermill.execute_notebook(
            NOTEBOOK, executed, parameters, engine_name="nst", cwd=NOTEBOOK.parent, progress_bar=False
        )
    except KeyboardInterrupt:
        return fail(STOPPED)
    except PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            return fail(STOPPED)
        return fail(f"{error.ename}: {error.evalue} (the notebook up to there: {executed})")
    picture = nst_utils.OUTPUT / "generated_image.png"
    with nst_utils.np.load(nst_utils.OUTPUT / "checkpoint.npz") as checkpoint:
        history = checkpoint["history"]
    total = parameters["EPOCHS"] * parameters["STEPS_PER_EPOCH"]
    print(f"{picture}: {len(history)} of {total} steps, cost J from {history[0]:.3g} to {history[-1]:.3g}")
    print(f"The pictures of the finished epochs and the notebook, {executed.name}, lie beside it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

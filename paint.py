"""`make paint` and `make train`: run a notebook headless on a photo and an artwork of your choice.

    .venv/bin/python paint.py --content photo.jpg --style art.jpg --size 512 --evaluations 50
    .venv/bin/python paint.py train --content photo.jpg --style art.jpg --size 384 --epochs 3 --steps 50

`paint` takes the fast recipe of 06_faster.ipynb, `train` the epochs and steps of 04_paint.ipynb. What is not given
keeps the notebook's own value. Ctrl-C ends the painting early and keeps the picture; --resume goes on with a run that
was stopped or killed.
"""

import argparse
import ast
import os
import shutil
import signal
import sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_DFL)  # during the imports; main() sets it back

import numpy as np
import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from nst_interrupt import on_ctrl_c
from nst_make import refuse_unknown_variables, whole_number
from nst_pictures import OUTPUT, notebooks_folder, read_image  # not nst_utils: TensorFlow takes seconds to import

FOLDER = notebooks_folder()
NOTEBOOKS = {"paint": "06_faster.ipynb", "train": "04_paint.ipynb"}
STRENGTH = {"beta": ("BETA", "how much the style matters")}
NUMBERS = {  # the word on the command line, the notebook's parameter, what it means
    "paint": {**STRENGTH, "evaluations": ("EVALUATIONS", "evaluations of the cost at each of the scales")},
    "train": {
        **STRENGTH,
        "epochs": ("EPOCHS", "pictures saved on the way"),
        "steps": ("STEPS_PER_EPOCH", "training steps in each epoch"),
    },
}
# Tags of cells: the one that paints, the last one to run, and those for learners only, which are left out.
PAINTS, END, EXPERIMENT = "painting", "end-of-painting", "experiment"
SETUP = "import nst_utils"  # so begins the cell that prints nst_utils.device()
STOPPED = "stopped before the first step of the painting; the pictures in output/ are as they were"
CHECKPOINT = OUTPUT / "checkpoint.npz"
MAKE_VARIABLES = {"CONTENT", "STYLE", "SIZE", "RESUME"}  # besides NUMBERS


class Client(PapermillNotebookClient):
    """Runs a notebook, shows the progress bars of its train() in the terminal, and passes Ctrl-C on to the painting."""

    stage = "before"
    stopped = interrupted = False  # before the painting, during it

    def execute_cell(self, cell, cell_index, **options):
        if Client.stopped:  # the exception came where Python ignores it: in a __del__, in a weak reference's callback
            raise KeyboardInterrupt
        paints = PAINTS in cell.metadata.tags
        self.stage = "painting" if paints else self.stage
        done = super().execute_cell(cell, cell_index, **options)
        self.stage = "after" if paints else self.stage
        return done

    def process_message(self, message, cell, cell_index):
        content = message["content"]
        if cell.source.startswith(SETUP) and content.get("name") == "stdout":
            print(f"{content['text'].strip()}. Ctrl-C stops early and keeps the picture.", flush=True)
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
                Client.stopped = True
                raise KeyboardInterrupt
            if self.stage == "painting":
                Client.interrupted = True
                os.kill(self.km.provisioner.pid, signal.SIGINT)

        sys.unraisablehook = lambda ignored: Client.stopped or sys.__unraisablehook__(ignored)
        try:
            with on_ctrl_c(interrupt):
                return super().execute(**options)
        finally:
            sys.unraisablehook = sys.__unraisablehook__
            print()


class NotebookEngine(Engine):
    """Runs the notebook up to the end of the painting, without the experiments, which are for learners."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        cells = nb_man.nb.cells
        end = next(i for i, cell in enumerate(cells) if END in cell.metadata.tags)
        cells[:] = [cell for cell in cells[: end + 1] if EXPERIMENT not in cell.metadata.tags]
        return Client(nb_man, kernel_name=kernel_name, timeout=None, extra_arguments=["--log-level=50"]).execute()


def parse_arguments():
    """Return recipe, notebook and its parameters; a bad value ends the program with one line that says what to do."""
    parser = argparse.ArgumentParser(description="Paint a photo in the style of an artwork.", allow_abbrev=False)
    parser.add_argument(
        "recipe", choices=NOTEBOOKS, nargs="?", default="paint", help="notebook 06 (paint) or 04 (train)"
    )
    recipe = "train" if "train" in sys.argv[1:2] else "paint"
    parser.error = lambda message: sys.exit(fail(recipe, message))
    parser.add_argument("--content", metavar="FILE", help="the photo")
    parser.add_argument("--style", metavar="FILE", help="the artwork")
    parser.add_argument("--size", metavar="PIXELS", help="longer side of the picture")
    for word, (_, meaning) in NUMBERS[recipe].items():
        parser.add_argument(f"--{word}", metavar="N", help=meaning)
    parser.add_argument("--resume", metavar="1", nargs="?", const="1", help="go on with the last run")
    given = parser.parse_args()
    try:
        refuse_unknown_variables(MAKE_VARIABLES | {name.upper() for name in NUMBERS[recipe]})
    except ValueError as error:
        parser.error(error)
    path = FOLDER / NOTEBOOKS[recipe]
    notebook = papermill.inspect_notebook(path)
    parameters = {name: ast.literal_eval(parameter["default"]) for name, parameter in notebook.items()}
    numbers = [("SIZE", "SIZE", given.size)]
    numbers += [(word.upper(), name, getattr(given, word)) for word, (name, _) in NUMBERS[recipe].items()]
    for word, name, text in numbers:
        if text is not None:
            try:
                parameters[name] = whole_number(word, text)
            except ValueError as error:
                parser.error(error)
    if given.resume is not None:
        if given.resume not in ("0", "1"):
            parser.error(f"RESUME={given.resume}: give 1 to go on with the last run, 0 to start anew")
        parameters["RESUME"] = given.resume == "1"
        if parameters["RESUME"] and not CHECKPOINT.exists():
            parser.error(f"RESUME=1: there is no stopped run in {OUTPUT}; leave it out to start one")
    for name, text in (("CONTENT", given.content), ("STYLE", given.style)):
        picture = FOLDER / parameters[name] if text is None else Path(text).expanduser()
        try:
            read_image(picture, max_size=parameters["SIZE"], enlarge=recipe == "paint")
        except (OSError, ValueError) as error:
            parser.error(f"{name}: {error}")
        parameters[name] = str(picture.resolve())
    return recipe, path, parameters


def fail(recipe, message):
    print(f"make {recipe}: {' '.join(str(message).split())}", file=sys.stderr)
    return 2


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    recipe, notebook, parameters = parse_arguments()
    executed = OUTPUT / notebook.name
    executed.parent.mkdir(exist_ok=True)
    papermill_engines.register("nst", NotebookEngine)
    try:
        papermill.execute_notebook(notebook, executed, parameters, engine_name="nst", cwd=FOLDER, progress_bar=False)
    except KeyboardInterrupt:
        return fail(recipe, STOPPED)
    except PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            return fail(recipe, STOPPED)
        return fail(recipe, f"{error.ename}: {error.evalue} (the notebook up to there: {executed})")
    with np.load(CHECKPOINT) as checkpoint:
        history, total, (_, height, width, _) = checkpoint["history"], checkpoint["total"], checkpoint["image"].shape
    first = f"from {history[0]:.3g} to " if recipe == "train" else ""  # only costs of one size can be compared
    size = f"{width} x {height} pixels, {len(history)} of {total} steps"
    print(f"{OUTPUT / 'generated_image.png'}: {size}, cost J {first}{history[-1]:.3g}")
    if Client.interrupted:
        print("Stopped early. RESUME=1, with the same settings, goes on from there.")
    print(f"The pictures on the way to it and the notebook, {executed.name}, lie beside it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

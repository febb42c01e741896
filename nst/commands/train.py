"""Paint by epochs x steps: notebook 04, run headless. What is not given keeps the notebook's own value.

Ctrl-C stops early and keeps the picture.
"""

import argparse
import contextlib
import dataclasses
import os
import re
import signal
import sys
from pathlib import Path

from nst.commands.arguments import (
    Destination,
    Refused,
    add_output,
    check_pictures,
    clear_bar,
    complain,
    job_given,
    picture_size,
    say,
    show_bar,
    whole_number,
)
from nst.commands.painting import OUT_OF_MEMORY, STOPPED, report
from nst.interrupt import ctrl_c_waits, on_ctrl_c
from nst.notebooks import parameters_of
from nst.paths import notebooks_folder

NOTEBOOK = "04_paint.ipynb"
# Tags of cells: the one that paints, the last one to run, and those for learners only, which are left out.
PAINTS, END, EXPERIMENT = "painting", "end-of-painting", "experiment"
SETUP = "import nst_utils"  # so begins the cell that prints device()
SETTINGS = {"size": "SIZE", "alpha": "ALPHA", "beta": "BETA", "epochs": "EPOCHS", "steps": "STEPS_PER_EPOCH"}
IN_CHECKPOINT = ("CONTENT", "STYLE", "SIZE", "ALPHA", "BETA")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "nst train PHOTO ART [-o FILE] [--epochs N] [--steps N] ..."
    parser.add_argument("content", metavar="PHOTO", help="any picture file")
    parser.add_argument("styles", metavar="ART", nargs=1, help="any picture file")
    add_output(parser)
    for word, meaning in {
        "size": "longer side of the picture, in pixels",
        "alpha": "how much the content matters",
        "beta": "how much the style matters",
        "epochs": "pictures saved on the way",
        "steps": "training steps in each epoch",
    }.items():
        parser.add_argument(f"--{word}", type=whole_number, metavar="N", default=argparse.SUPPRESS, help=meaning)


def run(given: argparse.Namespace) -> int:
    job, destination = job_given(given), Destination(given.output)
    try:
        usual = parameters_of(notebooks_folder() / NOTEBOOK)
    except (OSError, ValueError, LookupError) as error:
        raise Refused(f"{notebooks_folder() / NOTEBOOK}: cannot be read ({error})") from error
    parameters = {name: getattr(given, word, usual[name]) for word, name in SETTINGS.items()}
    job = dataclasses.replace(job, size=parameters["SIZE"])
    parameters |= {"CONTENT": job.content, "STYLE": job.styles[0], "RESUME": given.resume}
    destination.check(job.files)
    if given.resume:
        settings = {name: parameters[name] for name in IN_CHECKPOINT}
        destination.check_resumable("train", {"steps_per_epoch": parameters["STEPS_PER_EPOCH"], **settings})
    content, style = Path(job.content).name, Path(job.styles[0]).name
    say(f"Painting {content} in the style of {style}, {job.size} pixels, by {NOTEBOOK}.")
    check_pictures(job, by_recipe=False)
    before = set(destination.folder.glob("generated_image_*.png"))
    problem = _execute(destination, parameters)
    if problem:
        destination.give_up()
        return complain("nst train", problem)
    kept = set(destination.folder.glob("generated_image_*.png")) - before
    with on_ctrl_c(signal.SIG_IGN):
        status = report(next(iter(kept), None), destination, given, by_itself=False)
    if not destination.named:
        say(f"The pictures on the way to it and the notebook, {NOTEBOOK}, lie beside it.")
    return status


def _execute(destination, parameters):
    """Run the notebook up to the end of the painting; return what went wrong, or nothing."""
    try:
        with ctrl_c_waits():
            import papermill
            from nbclient.exceptions import DeadKernelError
            from papermill.clientwrap import PapermillNotebookClient
            from papermill.engines import Engine, papermill_engines
            from papermill.exceptions import PapermillExecutionError
    except KeyboardInterrupt:
        return STOPPED

    os.environ["NST_OUTPUT"] = str(destination.folder.absolute())  # for the notebook's kernel, which runs elsewhere

    class Client(_Client, PapermillNotebookClient):
        folder = destination.folder

    class NotebookEngine(Engine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, **options):
            cells = nb_man.nb.cells
            end = next(i for i, cell in enumerate(cells) if END in cell.metadata.tags)
            cells[:] = [cell for cell in cells[: end + 1] if EXPERIMENT not in cell.metadata.tags]
            return Client(nb_man, kernel_name=kernel_name, timeout=None, extra_arguments=["--log-level=50"]).execute()

    notebook, executed = notebooks_folder() / NOTEBOOK, destination.folder / NOTEBOOK
    destination.folder.mkdir(parents=True, exist_ok=True)
    papermill_engines.register("nst", NotebookEngine)
    try:
        papermill.execute_notebook(
            notebook, executed, parameters, engine_name="nst", cwd=notebook.parent, progress_bar=False
        )
    except KeyboardInterrupt:
        return STOPPED
    except DeadKernelError:  # killed by the machine, as a rule for its memory
        return f"{OUT_OF_MEMORY.format(parameters['SIZE'])} (the notebook's kernel died)"
    except OSError as error:
        return f"{executed}: {error.strerror or error}"
    except PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            return STOPPED
        return f"{error.ename}: {error.evalue} (the notebook up to there: {executed})"
    return ""


class _Client:
    """What papermill's client does besides: shows progress and new pictures, and passes Ctrl-C on to the painting."""

    stage = "before"  # ... the painting, or "painting", "stopping", "after"
    stopped = False

    def execute_cell(self, cell, cell_index, **options):
        if self.stopped:  # the exception came where Python ignores it: in a __del__, in a weak reference's callback
            raise KeyboardInterrupt
        paints = PAINTS in cell.metadata.tags
        if paints:
            self.stage = "painting"
            self.told = {path: path.stat().st_mtime_ns for path in self.folder.glob("*.png")}
        done = super().execute_cell(cell, cell_index, **options)
        if paints:
            self.stage = "after"
            self.tell()
        return done

    def process_message(self, message, cell, cell_index):
        content = message["content"]
        if cell.source.startswith(SETUP) and content.get("name") == "stdout":
            say(f"{content['text'].strip()}. Ctrl-C stops early and keeps the picture.")
        if content.get("metadata", {}).get("nst_progress"):
            self.tell()
            if sys.stdout.isatty():
                show_bar(content["data"]["text/plain"])
        return super().process_message(message, cell, cell_index)

    def tell(self):
        """A line for each new picture of an epoch."""
        for path in sorted(self.folder.glob("*.png")):
            changed = path.stat().st_mtime_ns
            if re.fullmatch(r"epoch_\d+\.png", path.name) and self.told.get(path) != changed:
                if sys.stdout.isatty():
                    clear_bar()
                say(f"{path}: {picture_size(path)}")
                self.told[path] = changed

    def execute(self, **options):
        def interrupt(*_):
            if self.stage == "before":
                self.stopped = True
                raise KeyboardInterrupt
            if self.stage == "painting":
                self.stage = "stopping"  # more of it would only disturb the saving
                os.kill(self.km.provisioner.pid, signal.SIGINT)

        usual, sys.unraisablehook = sys.unraisablehook, lambda ignored: self.stopped or usual(ignored)
        try:
            with on_ctrl_c(interrupt, and_sigterm=True):
                return super().execute(**options)
        finally:
            sys.unraisablehook = usual
            with contextlib.suppress(OSError):
                print(end="\n" if sys.stdout.isatty() else "")

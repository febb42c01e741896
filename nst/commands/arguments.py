"""What the subcommands share: how arguments are read, how they are refused, and where a painting goes.

No TensorFlow: whatever is refused, is refused at once.
"""

import argparse
import contextlib
import dataclasses
import os
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
from PIL import Image

from nst.job import (
    CHECKPOINT,
    RESULT,
    Job,
    OtherSettings,
    check_same_settings,
    memory_needed,
    read_checkpoint,
    room_needed,
)
from nst.paths import OUTPUT
from nst.pictures import (
    ENDINGS,
    SMALLEST_SIDE,
    alone_in,
    check_ending,
    check_file,
    keep_earlier,
    read_dpi,
    read_image,
    read_size,
    save_image,
)


class Refused(Exception):
    """Something was asked for that makes no sense, or cannot be done here; the message is one line."""

    command = ""


class Parser(argparse.ArgumentParser):
    """argparse, but without abbreviated options, and with one line where it would print the usage as well."""

    def __init__(self, **options):
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> None:
        refusal = Refused(f"{message} ({self.prog} --help lists what there is)")
        refusal.command = self.prog
        raise refusal


def complain(command: str, problem: object) -> int:
    """Print one line on stderr and return 2, the exit status of a refusal."""
    print(f"{command}: {' '.join(str(problem).split())}", file=sys.stderr)
    return 2


def say(text: str, end: str = "\n") -> None:
    """Print at once; when nobody reads any more, as in `nst paint ... | head`, go on in silence."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_hours(seconds: float) -> str:
    """Such as "40 minutes", "2 h 10 min"."""
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def in_words(error: Exception) -> str:
    """What went wrong, without Python's numbers: "name: No such file or directory"."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


# ---------------------------------------------------------------- numbers and settings


def integer(text: str) -> int:
    """For argparse: a whole number; Job says which ones make sense."""
    if not re.fullmatch(r"-?[0-9]{1,100}", text):
        raise argparse.ArgumentTypeError(f"{text}: give a whole number")
    return int(text)


def whole_number(text: str) -> int:
    """For argparse: a whole number of at least 1."""
    if integer(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number of at least 1")
    return int(text)


def number(text: str) -> float:
    """For argparse: a number; Job says which ones make sense."""
    try:
        return int(text) if re.fullmatch(r"-?[0-9]{1,100}", text) else float(text)
    except ValueError:
        first = "; pictures come before the options" if text.lower().endswith(tuple(ENDINGS)) else ""
        raise argparse.ArgumentTypeError(f"{text}: give a number{first}") from None


_USUAL = {field.name: field.default for field in dataclasses.fields(Job)}
_SETTINGS = {  # of a Job: how it is read, and what it means
    "size": (integer, "longer side of the picture, in pixels"),
    "strength": (number, "of the style, 0 to 10, the same for any photo and artwork; one more doubles beta"),
    "detail": (number, "how much more the content counts where the photo has detail, 0 to 3"),
    "palette": (number, "how much the artwork's colours matter, as often as they come; 0: not at all"),
    "alpha": (number, "how much the content matters"),
    "beta": (number, "how much the style matters"),
    "evaluations": (integer, "steps, evaluations of the cost, at each of three scales"),
    "brush": (number, "size of the brush strokes, 0.1 to 10"),
    "smoothness": (number, "how much roughness costs; 20 is much"),
}


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Options for settings of a Job, all numbers by default; what is not given stays as Job has it."""
    for name in names or _SETTINGS:
        kind, meaning = _SETTINGS[name]
        parser.add_argument(
            f"--{name}", type=kind, metavar="N", default=argparse.SUPPRESS, help=f"{meaning} (default: {_USUAL[name]})"
        )


def settings_given(given: argparse.Namespace) -> dict:
    """Those settings of a Job that were given."""
    return {name: value for name, value in vars(given).items() if name in _USUAL}


def job_given(given: argparse.Namespace) -> Job:
    """The Job that was asked for; Refused if it makes no sense or one of its files is not there."""
    pictures = {"content": _file(given.content), "styles": tuple(map(_file, given.styles))}
    pictures["masks"] = tuple(map(_file, getattr(given, "masks", ())))
    if getattr(given, "detail_mask", ""):
        pictures["detail_mask"] = _file(given.detail_mask)
    try:
        return Job(**{**settings_given(given), **pictures})
    except ValueError as error:
        raise Refused(error) from error


def _file(text: str) -> str:
    """The whole path of a file that is there."""
    try:
        return str(check_file(text).resolve())
    except (OSError, ValueError) as error:
        raise Refused(in_words(error)) from error


def check_pictures(job: Job, by_recipe: bool = True) -> tuple[int, int]:
    """Width and height of the painting.

    by_recipe: a smaller photo is enlarged, and a large one painted in bands; notebook 04 does neither.

    Refused if a picture cannot be read at this size, or if painting it takes more memory than there is.
    """
    try:
        width, height = (round(side) for side in _size_painted(job, by_recipe))
        there = _memory_there()

        def needed(size):
            pixels, of_artwork = height * width * (size / job.size) ** 2, (job.brush * size) ** 2
            return memory_needed(pixels, of_artwork, by_recipe, by_command=True)

        if needed(job.size) > there:
            most = next((size for size in range(job.size, 0, -1) if needed(size) <= there), 0)
            raise Refused(
                f"size {job.size}: painting {width} x {height} pixels takes about {needed(job.size) / 1e9:.0f} GB of "
                f"memory, and this machine has {there / 1e9:.0f}; give at most {most}"
            )
        read_image(job.content, job.size, by_recipe)
        for path in filter(None, [*job.masks, job.detail_mask]):
            read_image(path, job.size, enlarge=True)
        for path in job.styles:
            read_image(path, max(round(job.brush * job.size), 64), by_recipe, min_size=SMALLEST_SIDE)
        return width, height
    except (OSError, ValueError) as error:
        raise Refused(in_words(error)) from error


def _size_painted(job, enlarge):
    """Width and height of the painting, from what the photo's file says of its size."""
    sides = read_size(job.content)
    scale = job.size / max(sides)
    return [side * (scale if enlarge else min(1, scale)) for side in sides]


def _memory_there() -> float:
    """Bytes that this process may have: the machine's, or less where a container or `ulimit -v` sets a limit."""
    limits = [psutil.virtual_memory().total, resource.getrlimit(resource.RLIMIT_AS)[0]]
    with contextlib.suppress(OSError, ValueError):
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))  # "max" where there is none
    return min(limit for limit in limits if limit > 0)


# ---------------------------------------------------------------- where a painting goes


OWN = "result_is_its_own"  # an empty file: the run in this folder was stopped, and has put its picture in place


class Destination:
    """Where a painting goes: a `folder` for its files while it is made, and the `result`.

    Without a name that is output/, where all files stay. With one (`-o name.png`) the folder is name_painting/ beside
    it, which is removed when the painting is complete. depth: of the result, in bits a channel; see save_image.
    """

    def __init__(self, name: str | None, depth: int | None = None):
        self.depth = depth
        self.named = name is not None
        self.result = Path(name).expanduser() if self.named else OUTPUT / RESULT
        self.folder = self.result.parent / f"{self.result.stem}_painting" if self.named else OUTPUT
        self.checkpoint = self.folder / CHECKPOINT

    def check(self, files: Sequence[str] = ()) -> None:
        """Refused unless a picture can be written there, in place of none of `files`, and no other run is painting."""
        try:
            if self.result.is_dir():
                raise Refused(f"{self.result}: a folder; name a picture in it, such as {self.result / 'painting.png'}")
            if str(self.result.resolve()) in files:
                raise Refused(f"{self.result}: one of the pictures that are painted from; give the result another name")
            check_ending(self.result, self.depth)
            with alone_in(self.folder), tempfile.TemporaryFile(dir=self.folder):
                pass
            self.give_up()
        except BlockingIOError as error:
            raise Refused(in_words(error)) from error
        except OSError as error:
            raise Refused(f"{self.result if self.named else self.folder}: {error.strerror or error}") from error
        except ValueError as error:
            raise Refused(error) from error

    def check_room(self, pixels: int) -> None:
        """Refused unless the disk has room for what is saved, and set aside, while so many pixels are painted."""
        folder = self.folder if self.folder.exists() else self.folder.parent
        needed, there = room_needed(pixels), shutil.disk_usage(folder).free
        if needed > there:
            raise Refused(
                f"{folder}: painting takes up to {needed / 1e9:.1f} GB on the disk, and {there / 1e9:.1f} GB are free "
                "there; make room, take a smaller --size, or name a picture elsewhere with -o"
            )

    def check_resumable(self, command: str, settings: dict) -> None:
        """Refused unless there is a stopped run here with these settings."""
        again = f"nst {command} without --resume starts anew"
        try:
            saved = read_checkpoint(self.checkpoint)["settings"]
            if not settings.keys() <= saved.keys():
                raise Refused(f"--resume: the run in {self.folder} was none of nst {command}; {again}")
            check_same_settings(self.checkpoint, {name: saved[name] for name in settings}, settings)
        except FileNotFoundError:
            there = f" (a finished one has left {self.result} and nothing else)" * (self.named and self.result.exists())
            raise Refused(f"--resume: there is no stopped run in {self.folder}{there}; {again}") from None
        except OtherSettings as other:
            difference = f"{other.name} {_plainly(other.saved)}, not {_plainly(other.wanted)}"
            raise Refused(
                f"--resume: the run in {self.folder} had {difference}; repeat its settings, or {again}"
            ) from None
        except ValueError as error:
            raise Refused(f"--resume: {error}") from error

    def is_finished(self) -> bool:
        """Are all steps of the run here done, and its result in its place? One with a name leaves no run behind."""
        return not self.named and self.result.exists() and self.summary()[1]

    def finish(self, complete: bool, resumed: bool, photo: str) -> Path | None:
        """Put the result in its place, from the picture's own numbers; return where an earlier one is kept, if so.

        complete: nothing is left to go on with. resumed: what is there may be this run's own, when it was stopped.
        photo: what was painted, whose resolution for printing the result gets.
        """
        state, own = read_checkpoint(self.checkpoint), self.folder / OWN
        earlier = keep_earlier(self.result) if self.named and not (resumed and own.exists()) else None
        save_image(state.get("picture", state["image"]), self.result, self.depth, read_dpi(photo))
        if self.named and complete:
            shutil.rmtree(self.folder)
        elif self.named:
            own.touch()
        return earlier

    def give_up(self) -> None:
        """Leave no empty folder behind."""
        with contextlib.suppress(OSError):
            if self.named:
                self.folder.rmdir()

    def summary(self) -> tuple[str, bool]:
        """One line about what was painted, and whether all of it was."""
        state = read_checkpoint(self.checkpoint)
        history, total, (_, height, width, _) = state["history"], int(state["total"]), state["image"].shape
        text = f"{width} x {height} pixels, {len(history)} of {total} steps, cost J {history[-1]:.3g}"
        return text, len(history) == total


def _plainly(value: object) -> str:
    return ", ".join(map(_plainly, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="name of the result; else all files stay in output/")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped or killed")


def show_bar(text: str) -> None:
    """A progress bar in the terminal, in place of the one before; in a narrow one the bar shrinks, not the numbers."""
    width = shutil.get_terminal_size().columns - 1
    before, _, rest = text.partition("|")
    bar, _, after = rest.rpartition("|")
    if bar and len(text) > width:
        room = max(0, len(bar) - (len(text) - width))
        filled = round(room * bar.count("█") / len(bar))
        text = f"{before}|{'█' * filled:{room}}|{after}" if room else before + after
    say(f"\r{text[:width]:{width}}", end="")


def clear_bar() -> None:
    show_bar("")
    say("\r", end="")


def picture_size(path: Path) -> str:
    with Image.open(path) as picture:
        return f"{picture.width} x {picture.height} pixels"

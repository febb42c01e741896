"""What the commands that paint share: how a result is kept and reported, and what went wrong in words."""

import argparse
import contextlib
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nst.commands.arguments import Destination, complain, in_words, picture_size, say
from nst.job import RESULT, Job
from nst.paths import OUTPUT
from nst.pictures import keep_earlier, read_dpi, save_image

OUT_OF_MEMORY = "ran out of memory at {} px; take a smaller --size"
STOPPED = "stopped before the first step of the painting; the pictures there are as they were"
KEPT = "The picture that was there before is kept as"


def title(job):
    return f"{Path(job.content).name} in the style of {' and '.join(Path(path).name for path in job.styles)}"


def report(kept: Path | None, destination: Destination, given: argparse.Namespace, by_itself: bool) -> int:
    """Say what was painted and where it is; return the exit status. by_itself: nobody has stopped it."""
    command, (text, complete) = f"nst {given.command}", destination.summary()
    try:
        kept = destination.finish(complete or by_itself, given.resume, given.content) or kept
    except (OSError, ValueError) as error:
        return complain(command, f"{in_words(error)}; the picture is {destination.folder / RESULT}")
    if kept:
        say(f"{KEPT} {kept}")
    say(f"{destination.result}: {text}")
    if not complete and by_itself:
        say("Nothing lowers the cost any more, so it ended early.")
    elif not complete:
        say(f"Stopped early. {command} --resume (with make, RESUME=1), with the same settings, goes on from there.")
    return 0


def paint_at_once(command: str, given: argparse.Namespace, job: Job, name: str, work: Callable[[], np.ndarray]) -> int:
    """Paint what is done in seconds, and leaves nothing to go on with; return the exit status.

    given: with `output` and `depth`. name: of the file in output/ if no output is given. work: returns the painting.
    """
    destination = Destination(given.output or str(OUTPUT / name), given.depth)
    destination.check(job.files)
    say(f"Painting {title(job)}, {job.size} pixels.")
    try:
        image = work()
    except KeyboardInterrupt:
        return complain(command, STOPPED)
    except Exception as error:
        return complain(command, explained(error, destination.result.parent, job.size))
    finally:
        destination.give_up()
    try:
        earlier = keep_earlier(destination.result)
        save_image(image, destination.result, destination.depth, read_dpi(job.content))
    except OSError as error:
        place = Path(tempfile.mkdtemp(prefix="nst-")) / destination.result.name
        save_image(image, place, destination.depth)
        return complain(command, f"{in_words(error)}; the picture is {place}")
    if earlier:
        say(f"{KEPT} {earlier}")
    say(f"{destination.result}: {picture_size(destination.result)}")
    return 0


def explained(error, folder, size):
    """One line about an error; of one that nobody foresaw, the rest goes into a file."""
    if isinstance(error, OSError | ValueError | LookupError | NotImplementedError | FloatingPointError):
        return in_words(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return OUT_OF_MEMORY.format(size)
    text, path = f"{type(error).__name__}: {error}", folder / "error.txt"
    with contextlib.suppress(OSError):
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        return f"{text} (where it happened: {path})"
    return text

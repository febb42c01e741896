"""Paint a photo in the style of an artwork, or of several: the fast recipe of notebooks 06 and 07.

Ctrl-C stops early and keeps the picture.
"""

import argparse
import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace

import nst
from nst.commands.arguments import (
    Destination,
    Refused,
    add_output,
    add_settings,
    check_pictures,
    clear_bar,
    complain,
    in_hours,
    integer,
    job_given,
    number,
    picture_size,
    say,
    show_bar,
)
from nst.commands.painting import KEPT, STOPPED, explained, paint_at_once, report, title
from nst.interrupt import ctrl_c_waits, on_ctrl_c
from nst.job import LARGEST_WHOLE, RESULT
from nst.pictures import save_image

LARGEST = 1024  # pixels, of a quick painting, and of a first look
LOOK = "first_look.png"
LONG = 600  # seconds: how long it takes is said before, in a line of its own
SIGNALS = {signal.SIGINT, signal.SIGTERM}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "nst paint PHOTO ART [ART ...] [-o FILE] [--quick] [--size N] [--strength N] ..."  # pictures before options
    )
    parser.add_argument("content", metavar="PHOTO", help="any picture file")
    parser.add_argument("styles", metavar="ART", nargs="+", help="any picture files")
    add_output(parser)
    add_settings(parser)
    parser.add_argument("--weights", metavar="N", type=number, nargs="+", default=(), help="a share for each artwork")
    parser.add_argument("--masks", metavar="FILE", nargs="+", default=(), help="where each artwork counts: white")
    parser.add_argument("--detail-mask", metavar="FILE", default="", help="where the content counts more: white")
    parser.add_argument(
        "--depth", type=integer, metavar="8|16", help="bits a channel, of a PNG or a TIFF (default: TIFF 16, others 8)"
    )
    parser.add_argument("--keep-colors", action="store_true", help="give the result the photo's colours")
    parser.add_argument("--match-colors", action="store_true", help="give the artworks the photo's palette first")
    parser.add_argument(
        "--quick", action="store_true", help=f"in seconds, at half the size and enlarged; --size at most {LARGEST}"
    )
    parser.add_argument("--afresh", action="store_true", help=argparse.SUPPRESS)  # see _go_on_afresh


def run(given: argparse.Namespace) -> int:
    if given.quick:
        return _sketch(given)
    job, destination = job_given(given), Destination(given.output, given.depth)
    destination.check(job.files)
    given.resume |= given.afresh
    if given.resume:
        destination.check_resumable("paint", asdict(job))
        if given.depth is None and destination.is_finished():
            say(f"{destination.result} was finished already: {destination.summary()[0]}. Nothing was changed.")
            return 0
    if not given.afresh:
        say(f"Painting {title(job)}, {job.size} pixels. Ctrl-C stops early and keeps the picture.")
    width, height = check_pictures(job)
    destination.check_room(width * height)
    reporter = Reporter(afresh=given.afresh)
    with reporter.listening():
        problem = _paint(job, destination, given, reporter, width * height > LARGEST_WHOLE)
        if problem:
            destination.give_up()
            return complain("nst paint", problem)
        with on_ctrl_c(signal.SIG_IGN, and_sigterm=True):  # what is painted is being put in its place
            return report(reporter.kept, destination, given, by_itself=not reporter.pressed())


def _sketch(given):
    """Paint without TensorFlow, and without anything to go on with: it is done before one could stop it."""
    job = job_given(given)
    if given.resume:
        raise Refused("--resume: a quick painting is done in seconds, and leaves nothing to go on with; leave it out")
    if job.size > LARGEST:
        raise Refused(f"--quick with --size {job.size}: at most {LARGEST}; above, nst paint is quicker without --quick")
    check_pictures(replace(job, size=job.size // 2))
    evaluations = (given.evaluations,) * 2 if "evaluations" in given else None
    pressed, terminal = threading.Event(), sys.stdout.isatty()

    def watch(done, total, _):
        if pressed.is_set():
            raise KeyboardInterrupt
        if terminal:
            filled = round(30 * done / total)
            show_bar(f"{done / total:4.0%}|{'█' * filled:30}| step {done} of {total}")
            if done == total:
                clear_bar()

    def work():
        from nst.sketch import sketch

        return sketch(job, evaluations, watch)

    with on_ctrl_c(lambda *_: pressed.set(), and_sigterm=True):
        return paint_at_once("nst paint", given, job, "sketch.png", work)


def _paint(job, destination, given, reporter, in_bands):
    """Return what went wrong, or nothing."""
    look = None if given.resume else threading.Thread(target=_look, args=(job, destination.folder), daemon=True)
    go_on = functools.partial(_go_on_afresh, given.words, reporter) if given.words else None
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        if look:
            look.start()
        with ctrl_c_waits():
            nst.start_tensorflow(give_back=in_bands)  # the bands need what the smaller scales have taken
            from nst.recipe import paint
            from nst.training import device

            if look:
                look.join()
        if not given.afresh:
            say(device())
        paint(job, output=destination.folder, resume=given.resume, watch=reporter, before_bands=go_on)
    except KeyboardInterrupt:
        return "" if given.afresh else STOPPED
    except Exception as error:
        return STOPPED if reporter.pressed() else explained(error, destination.folder, job.size)
    finally:
        reporter.close()
    return ""


def _go_on_afresh(words, reporter):
    """Paint the rest in a new process, in the place of this one, whose memory TensorFlow would keep."""
    reporter.close()
    if reporter.kept:
        say(f"{KEPT} {reporter.kept}")
    nst.remove_generated_code()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they wait until the new one listens
    start = sys.orig_argv[: len(sys.orig_argv) - len(words)]
    os.execv(sys.executable, [*start, words[0], "--afresh", *words[1:]])


def _look(job, folder):
    """While TensorFlow is loading, a first look at what will be painted. If there is none, painting will say why."""
    with contextlib.suppress(OSError, ValueError):
        from nst.instant import first_look

        path, picture = folder / LOOK, first_look(job, min(job.size, LARGEST))
        folder.mkdir(parents=True, exist_ok=True)
        save_image(picture, path)
        say(f"{path}: {picture_size(path)}, a first look; the painting follows")


class Reporter:
    """Tells how a painting gets on: a bar in a terminal, and everywhere a line for each new picture file.

    Called with the Run after each step; `kept` is where an earlier picture went. afresh: how long it takes is known.
    """

    def __init__(self, afresh: bool = False):
        self.kept, self.run, self._told, self._estimated = None, None, 0, afresh
        self._stop, self._terminal = threading.Event(), sys.stdout.isatty()
        self.pressed = self._stop.is_set

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """In the block Ctrl-C and SIGTERM are heard, also where Python ignores the exception, as in a __del__."""

        def note(*_):
            first = not self.pressed()
            self._stop.set()
            if first:  # the next ones come while the picture is being saved
                raise KeyboardInterrupt

        usual, sys.unraisablehook = sys.unraisablehook, lambda ignored: self.pressed() or usual(ignored)
        try:
            with on_ctrl_c(note, and_sigterm=True):
                yield
        finally:
            sys.unraisablehook = usual

    def __call__(self, run) -> None:
        if self.pressed():
            raise KeyboardInterrupt
        self.run = run
        if not self._estimated and run.seconds_left() is not None:
            self._estimated = True
            if run.seconds_left() >= LONG:
                say(f"This takes about {in_hours(run.seconds_left())}. Ctrl-C keeps the picture, and --resume goes on.")
        self._tell()
        if self._terminal:
            show_bar(str(run.bar))

    def _tell(self):
        for count, (path, steps) in enumerate(self.run.saved.items()):
            if count < self._told or (count and path.name == RESULT):  # the result has its line at the end
                continue
            if self._terminal:
                clear_bar()
            cost = f"cost J {self.run.history[steps - 1]:.3g}, step {steps} of {self.run.total}"
            say(f"{path}: {picture_size(path)}, {cost}")
        self._told = len(self.run.saved)

    def close(self) -> None:
        """The pictures of the last step, and an end to the bar."""
        if self.run:
            self.kept = self.run.kept
            self._tell()
        if self._terminal and self.run:
            print()

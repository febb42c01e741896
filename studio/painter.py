"""Paints in a thread of its own, so that the page stays alive, and can be stopped and continued."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from nst.commands.arguments import in_words as plainly
from nst.job import Job
from nst.paths import IMAGES
from nst.pictures import to_uint8
from nst.recipe import Costs, paint
from nst.training import Run
from studio.events import End, Event, Step
from studio.film import timelapse

FRAMES = 40  # of the time-lapse, about
LEAST = 5  # evaluations, before which a stopped painting is still the photo, and not worth keeping
REFRESH = 0.5  # seconds between two pictures that are told


class Painter:
    """One painting at a time.

    costs: the learner's functions. folder: where the painting and its checkpoint are kept.
    tell: called in the painter's thread, with a Step now and then, and an End at the end.
    """

    def __init__(self, costs: Costs, folder: Path, tell: Callable[[Event], None]):
        self.costs, self.folder, self.tell = costs, folder, tell
        self.job, self.frames = None, []
        self._stop, self._thread, self._lock = threading.Event(), None, threading.Lock()
        self._told = 0.0
        self.running = False

    def start(self, job: Job, resume: bool = False) -> bool:
        """Paint the job, or go on with it where it was stopped; False, and nothing happens, while a painting runs."""
        with self._lock:
            if self.running:
                return False
            self.job, self.running = job, True
            if not resume:
                self.frames = []
            self._stop.clear()
            self._thread = threading.Thread(target=self._paint, args=(resume,), daemon=True)
            self._thread.start()
            return True

    def stop(self) -> None:
        """Stop soon, and keep what is painted."""
        self._stop.set()

    def wait(self) -> None:
        """Return when no painting runs any more."""
        if self._thread:
            self._thread.join()

    def close(self) -> None:
        """Stop, and return when nothing is written any more."""
        self.stop()
        self.wait()

    def _paint(self, resume):
        try:
            image, histories = paint(self.job, self.costs, output=self.folder, resume=resume, watch=self._watch)
            pixels, costs = to_uint8(image), sum(histories, [])
            self.frames.append(pixels)
            if self._stop.is_set() and len(costs) < LEAST:
                end = End("stopped")
            else:
                how = "stopped" if self._stop.is_set() else "done"
                end = End(how, costs=costs, pixels=pixels, film=timelapse(self.frames))
        except KeyboardInterrupt:  # stopped before there was anything to keep
            end = End("stopped")
        except Exception as error:  # whatever it is, the page must say so and stay usable
            end = End("failed", in_words(error))
        self.running = False
        self.tell(end)

    def _watch(self, run: Run):
        if self._stop.is_set():
            raise KeyboardInterrupt
        done, now = len(run.history), time.monotonic()
        framed, told = (done - 1) % max(1, run.total // FRAMES) == 0, now - self._told > REFRESH
        if not framed and not told:
            return
        pixels = to_uint8(run.picture())
        if framed:
            self.frames.append(pixels)
        if told:
            self._told = now
            share = sum(run.work[:done]) / sum(run.work)
            self.tell(Step(done, run.total, share, run.seconds_left(), list(run.history), pixels))


def warm(costs: Costs) -> None:
    """Paint a tiny picture for nobody: what takes long the first time is done then."""
    photo, artwork = IMAGES / "content" / "cat.png", IMAGES / "style" / "starry_night.jpg"
    paint(Job(str(photo), (str(artwork),), size=64, evaluations=1), costs, watch=lambda run: None)


def in_words(error: BaseException) -> str:
    """What went wrong, for the page; what was not foreseen is named with its kind."""
    known = isinstance(error, ValueError | OSError | NotImplementedError)
    return plainly(error) if known else f"{type(error).__name__}: {error}"

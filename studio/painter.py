"""Paints in a thread of its own, so that the page stays alive, and can be stopped and continued."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from nst.job import Job
from nst.pictures import to_uint8
from nst.recipe import Costs, paint
from nst.training import Run

FRAMES = 40  # of the time-lapse, about
SILENCE = 150  # seconds; browsers let the timers of a page in the background run once a minute


class Painter:
    """One painting at a time.

    costs: the learner's functions. folder: where the painting and its checkpoint are kept.
    on_progress: called in the painter's thread after each evaluation, with the Run; `pixels` is the picture (uint8).
    on_end: called there at the end, with "done", "stopped", or what went wrong.
    """

    def __init__(self, costs: Costs, folder: Path, on_progress: Callable[[Run], None], on_end: Callable[[str], None]):
        self.costs, self.folder = costs, folder
        self.on_progress, self.on_end = on_progress, on_end
        self.job, self.pixels, self.frames, self.history = None, None, [], []
        self._stop, self._thread, self._lock = threading.Event(), None, threading.Lock()
        self._heard = None
        self.running = False

    def start(self, job: Job | None = None) -> bool:
        """Paint the job, or without one go on with the last; False, and nothing happens, while a painting runs."""
        with self._lock:
            if self.running:
                return False
            resume = job is None
            if not resume:
                self.job, self.pixels, self.frames = job, None, []
            self.running = True
            self._stop.clear()
            self._heard = self._heard and time.monotonic()
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

    def page_is(self, state: str) -> None:
        """What a page says of itself: "open" every few seconds, and "closed", which not every browser delivers.

        The work ends with the page, or when it was not heard of for SILENCE seconds.
        """
        self._heard = time.monotonic()
        if state == "closed":
            self.stop()

    def _paint(self, resume):
        try:
            image, _ = paint(self.job, self.costs, output=self.folder, resume=resume, watch=self._watch)
            self.pixels = to_uint8(image)
            self.frames.append(self.pixels)
            how = "stopped" if self._stop.is_set() else "done"
        except KeyboardInterrupt:  # stopped before there was anything to keep
            how = "stopped"
        except Exception as error:  # whatever it is, the page must say so and stay usable
            how = str(error) if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: {error}"
        self.running = False
        self.on_end(how)

    def _watch(self, run):
        if self._heard and time.monotonic() - self._heard > SILENCE:
            self._stop.set()
        if self._stop.is_set():
            raise KeyboardInterrupt
        self.history = run.history
        self.pixels = to_uint8(run.picture())
        if (len(run.history) - 1) % max(1, run.total // FRAMES) == 0:
            self.frames.append(self.pixels)
        self.on_progress(run)

"""A look at once: what a photo may become in the style of the artworks that are chosen, before it is painted."""

import threading
from collections.abc import Callable

import numpy as np

from nst.instant import first_look
from nst.job import Job
from nst.pictures import to_uint8


class Look:
    """Makes looks in a thread of its own, one at a time; of what was asked for meanwhile, only the last.

    on_look: called there with the job and its look, uint8 (n_H, n_W, 3). A job whose pictures cannot be read has none:
    painting it will say why.
    """

    def __init__(self, on_look: Callable[[Job, np.ndarray], None]):
        self.on_look = on_look
        self._lock, self._wanted, self._thread = threading.Lock(), None, None

    def ask(self, job: Job) -> None:
        with self._lock:
            self._wanted = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return when all that was asked for is shown."""
        while thread := self._thread:
            thread.join()

    def _work(self):
        while True:
            with self._lock:
                job, self._wanted = self._wanted, None
                if job is None:
                    self._thread = None
                    return
            try:
                look = to_uint8(first_look(job, job.size))
            except (OSError, ValueError):
                continue
            self.on_look(job, look)

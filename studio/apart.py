"""The painter in a process of its own: the page is there before TensorFlow, and stays when that falls."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from nst import start_tensorflow
from nst.job import Job
from studio.events import End, Event, Ready

NICE = 5  # looks and clicks of all visitors go first
LARGE = 2.5e9  # bytes; TensorFlow keeps some megabytes of each painting
FELL = "The painter ended unexpectedly; perhaps memory ran out. A smaller size needs less of it."


class Apart:
    """As painter.Painter, with the functions of the course's notebooks, or in a learner's copy their own.

    The process begins at once and gets ready, which takes some seconds; what is to be painted meanwhile waits.
    folder: where the painting and its checkpoint are kept. Whom to tell is said later, by `about`.
    """

    def __init__(self, folder: Path):
        self.folder, self.tell, self.running = folder, lambda event: None, False
        self._lock, self._process, self._closed = threading.Lock(), None, False
        self._begin()

    def start(self, job: Job, resume: bool = False) -> bool:
        with self._lock:
            if self.running or self._closed:
                return False
            self.running = True
            if self._process.poll() is not None:
                self._begin()
            self._say("start", job, resume)
        return True

    def stop(self) -> None:
        self._say("stop")

    def close(self) -> None:
        """End the process; nothing is told or written any more."""
        with self._lock:
            self._closed = True
            self._process.kill()
            self._process.wait()

    def about(self, tell: Callable[[Event], None]) -> None:
        """Whom to tell from now on, in a thread of its own. Somebody who comes after it got ready hears so."""
        self.tell = tell
        if self._ready is not None:
            tell(self._ready)

    def _begin(self):
        self._ready = None
        ours, theirs = socket.socketpair()
        with theirs:
            words = [sys.executable, "-m", __name__, str(theirs.fileno()), self.folder]
            self._process = subprocess.Popen(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())
        threading.Thread(target=self._listen, args=(self._connection,), daemon=True).start()

    def _rest(self):
        """After a painting: a process that has grown large makes way for a new one, which gets ready meanwhile."""
        with self._lock, contextlib.suppress(psutil.Error):  # it may just have ended by itself
            self.running = False
            if not self._closed and psutil.Process(self._process.pid).memory_info().rss > LARGE:
                self._process.kill()
                self._process.wait()
                self._begin()

    def _say(self, *words):
        with contextlib.suppress(OSError):  # it has ended; whoever listens says so
            self._connection.send(words)

    def _listen(self, connection):
        while True:
            try:
                event = connection.recv()
            except (EOFError, OSError):
                break
            if isinstance(event, Ready):
                self._ready = event
            if isinstance(event, End):
                self._rest()
            self.tell(event)
        if self.running and not self._closed and connection is self._connection:
            self._process.wait()  # so that the next start sees that it is gone
            self.running = False
            self.tell(End("failed", FELL))


def _work(connection: Connection, folder: Path) -> None:
    """In the process: gets ready, and paints what it is told to until nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the server's
    folder.parent.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder.parent)  # a process that is killed removes nothing, but this goes with the visitor
    os.nice(NICE)
    hold = threading.Lock()

    def tell(event):
        with hold, contextlib.suppress(OSError):
            connection.send(event)

    def costs():
        try:
            return course_costs(), ""
        except Exception as error:  # an exercise that is not finished, say; whatever it is, the page has to say it
            return None, in_words(error)

    heard = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(connection, heard), daemon=True).start()
    start_tensorflow()
    from nst.recipe import course_costs
    from studio.painter import Painter, in_words, warm

    painter = Painter(None, folder, tell)
    painter.costs, words = costs()
    if painter.costs:
        warm(painter.costs)
    tell(Ready(words))
    while True:
        what, *job = heard.get()
        if what == "stop":
            painter.stop()
            continue
        if not painter.costs:
            painter.costs, words = costs()
        if painter.costs:
            painter.start(*job)
        else:
            tell(End("failed", words))


def _hear(connection, heard):
    with contextlib.suppress(EOFError, OSError):
        while True:
            heard.put(connection.recv())
    os._exit(0)  # the server is gone, and nobody wants the rest


if __name__ == "__main__":
    _work(Connection(int(sys.argv[1])), Path(sys.argv[2]))

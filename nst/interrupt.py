"""Ctrl-C, for a while, does something else."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_ctrl_c(handler: Callable | signal.Handlers) -> Iterator[None]:
    """In the block Ctrl-C calls `handler`, a signal handler or signal.SIG_IGN.

    In a thread, where that is impossible, everything stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

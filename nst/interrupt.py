"""Ctrl-C, for a while, does something else, and so does a request to end (SIGTERM) if wanted."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_ctrl_c(handler: Callable | signal.Handlers, and_sigterm: bool = False) -> Iterator[None]:
    """In the block Ctrl-C calls `handler`, a signal handler or signal.SIG_IGN.

    In a thread, where that is impossible, everything stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)[: 1 + and_sigterm]}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """In the block Ctrl-C and SIGTERM wait, and count at its end. For imports, which an exception would break."""
    pressed = threading.Event()
    with on_ctrl_c(lambda *_: pressed.set(), and_sigterm=True):
        yield
    if pressed.is_set():
        raise KeyboardInterrupt

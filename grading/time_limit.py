"""Limits on the time that a block of code may take, and on what Python's parser may take for a learner's cell."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import nst

SHORT = 10_000  # characters; the worst known take Python's parser 0.4 s and 230 MB, and IPython 1 to 3 s (19 magics)
PARSER_SECONDS, PARSER_BYTES = 5, 400_000_000  # for a longer one
_TRIAL = """
import ast, sys
sys.path.insert(0, sys.argv[1])
from nst.cells import parse_cell
source = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
parse = ast.parse
def parse_or_end(text):
    try:
        return parse(text)
    except MemoryError:
        sys.exit(1)
ast.parse = parse_or_end
if sys.platform == "linux":
    import resource
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + int(sys.argv[2]),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))  # 0 lets a program have it
try:
    parse_cell(source)
except SyntaxError:
    pass
"""


class TooLong(BaseException):
    """Not an Exception, so that nothing in the block catches it by accident."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block after a while; where there are no such alarms (Windows, threads), never."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_):
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def can_be_parsed(source: str) -> bool:
    """Does Python's parser come to an end with a cell in time, and with little memory? Tried out in another process.

    It takes n * n bytes for `import a.b.c...` with n names, in C code that no alarm ends.
    """
    if len(source) <= SHORT:
        return True
    command = [sys.executable, "-I", "-B", "-c", _TRIAL, str(Path(nst.__file__).parent.parent), str(PARSER_BYTES)]
    try:
        given = source.encode("utf-8", "surrogatepass")
        return not subprocess.run(command, input=given, capture_output=True, timeout=PARSER_SECONDS).returncode
    except subprocess.TimeoutExpired:
        return False

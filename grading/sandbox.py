"""Runs a submission's functions where they can see and touch nothing; this module starts and watches the sandboxes."""

import atexit
import fcntl
import hashlib
import io
import itertools
import json
import os
import queue
import secrets
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from grading import memory, walls
from grading.sandboxed.inside import HEADER
from grading.sandboxed.wire import decode, encode
from grading.walls import SandboxError, available  # noqa: F401, for those who only want to know

ENDINGS = {"done", "time", "output", "files", "full", "killed", "ended"}  # all that a sandbox may say of an exercise
MAX_JSON = 1_000_000  # bytes of what is not an array in a result
POLL = 0.05  # seconds
UNCLEAR = 3  # seconds, of an exercise, in which its memory cannot be read since its processes come and go
FEWEST_USERS = 1000  # ids that there must be
MAX_TRIES = 1000  # to draw one that no other sandbox has
TOGETHER = 0.25  # of the time for one exercise, for several in one process: right ones take a second or two
LOCKS = [Path(place) for place in ("/run", "/var/lib", os.path.expanduser("~"))]  # in the first of them that is root's
_count = itertools.count()
_own = threading.local()  # the sandbox of each thread
_open = set()


@dataclass(frozen=True)
class Limits:
    """What an exercise of a submission may use."""

    seconds: float = 20
    memory_bytes: int = 2_000_000_000  # of all its processes together, Python and TensorFlow included
    processes: int = 48  # and threads; all on one core
    output_bytes: int = 32_000_000
    temporary_bytes: int = 16_000_000
    start_seconds: float = 120  # for TensorFlow's import, before any of the submission's code runs
    hidden: tuple[str, ...] = field(default=(), repr=False)  # folders that are not seen, on a cluster's machines too


def run(notebooks: dict[str, str], jobs: list[dict], limits: Limits | None = None, together: bool = False) -> dict:
    """Run exercises of one submission and return {exercise: (status, reports)}.

    notebooks: {name: text} of the submitted notebooks.
    jobs: [{"exercise", "notebook", "cases", "stand_ins"}], with the name of the notebook that holds the exercise.
    together: in one process, in a quarter of the time for one: what ends it takes the reports of all with it.
    status: "done", or why there are no reports: "time", "memory", "output", "killed by SIGSEGV", "damaged" ...

    Raises SandboxError, with the remedy, when bubblewrap is missing or cannot work here.
    """
    if not jobs:
        return {}
    limits = limits or Limits()
    whose = "" if walls.warm() else hashlib.sha256(json.dumps(notebooks).encode()).hexdigest()
    results = {}
    for group in [jobs] if together else [[job] for job in jobs]:
        status, reports = _sandbox(limits, whose).evaluate(notebooks, group)
        reports = reports if isinstance(reports, dict) else {}
        results |= {job["exercise"]: (status, reports.get(job["exercise"])) for job in group}
    return results


def _sandbox(limits, whose):
    """This thread's sandbox: the last one, if it still lives and has served no other submission, or a new one.

    Also a new one if there is something to hide that was not there when it was made.
    """
    last = getattr(_own, "sandbox", None)
    if last and last.alive and (last.limits, last.whose, last.shown) == (limits, whose, walls.shown()):
        return last
    if last:
        last.close()
    _own.sandbox = Sandbox(limits, whose)
    return _own.sandbox


@atexit.register
def close_all() -> None:
    """End every sandbox of this process; what is being evaluated in one gets SandboxError."""
    for sandbox in list(_open):
        sandbox.close()


class _Ended(Exception):
    """A sandbox had to be ended, or ended by itself; the message is the status."""


class Sandbox:
    """A process behind the walls, which evaluates one request after the other until it is closed."""

    def __init__(self, limits: Limits, whose: str = ""):
        self.limits, self.whose, self.alive, self.complaint = limits, whose, True, ""
        for folder in limits.hidden:
            walls.hide(folder)
        self.shown = walls.shown()
        core, self.claim = _claim_a_core()
        command = walls.command(limits.temporary_bytes, limits.memory_bytes, limits.processes)
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # this thread's, for a moment: the process inherits it, and never had another
        try:
            self.process = subprocess.Popen(command, **pipes, env=walls.environment(), cwd="/")
        finally:
            os.sched_setaffinity(0, before)
        _open.add(self)
        self.frames = queue.SimpleQueue()
        for work in (self._read, self._listen):
            threading.Thread(target=work, daemon=True).start()
        try:
            self._next_frame(limits.start_seconds)
        except _Ended as end:
            reason = f"{end}; {self.complaint}" if self.complaint else str(end)
            raise SandboxError(
                f"the sandbox did not start: {reason}. bubblewrap needs root, or user namespaces; "
                "see docs/instructors.md"
            ) from None

    def evaluate(self, notebooks: dict[str, str], jobs: list[dict]) -> tuple[str, object]:
        """Return (status, {exercise: reports}) of what runs in one process, whatever came in place of that dict.

        Afterwards the sandbox may be closed: see `alive`.
        """
        user, claim = _claim_a_user() if os.getuid() == 0 else (None, None)
        try:
            return self._evaluate(notebooks, jobs, user)
        finally:
            if claim:
                claim.close()

    def _evaluate(self, notebooks, jobs, user):
        seconds = self.limits.seconds * (TOGETHER if len(jobs) > 1 else 1)
        limits = asdict(self.limits) | dict(filter=walls.system_call_filter().hex(), user=user, hidden=())
        request = encode(dict(notebooks=notebooks, jobs=jobs, limits=limits | dict(seconds=seconds)))
        header = f"{len(request)} {self.limits.temporary_bytes}".ljust(HEADER).encode()
        threading.Thread(target=self._write, args=[header + request], daemon=True).start()
        try:
            status, data, last = self._next_frame(seconds + 5)
        except _Ended as end:
            return str(end), None
        if last and self.whose:
            self.close()
        if status != "done":
            return status, None
        try:
            return "done", decode(data, self.limits.output_bytes, MAX_JSON)
        except ValueError:
            return "damaged", None

    def close(self) -> None:
        """End all of its processes. May be called more than once, from any thread."""
        self.alive = False
        _open.discard(self)
        for member in [*memory.family(self.process.pid), self.process]:
            try:
                member.kill()
            except (psutil.Error, ProcessLookupError):
                continue
        self.process.wait()
        if self.claim:
            self.claim.close()

    def _next_frame(self, seconds):
        """What the sandbox says next, and its bytes. Raises _Ended, and closes the sandbox, if it says nothing good."""
        deadline, reason, unclear, before = time.monotonic() + seconds, "", 0, time.monotonic()
        while not reason:
            try:
                frame = self.frames.get(timeout=POLL)
            except queue.Empty:
                above = memory.is_above(self.limits.memory_bytes, self.process.pid)
                now = time.monotonic()
                unclear, before = unclear + (now - before) * (above is None), now
                silent = self.frames.empty()  # else there is a result by now: reading the memory may have taken long
                if above or unclear > UNCLEAR and silent:
                    reason = "memory"
                elif now > deadline and silent:
                    reason = "time"
                continue
            if isinstance(frame, tuple):
                return frame
            reason = frame
        self.close()
        raise _Ended(reason)

    def _read(self):
        """Puts into `frames` what the sandbox says, and at the end why that was the end."""
        pipe = self.process.stdout
        while line := pipe.readline(10_000):
            try:
                header = json.loads(line)
                status, number, size = header["status"], header.get("number", 0), header["size"]
                if not 0 <= size <= self.limits.output_bytes:
                    return self.frames.put("output")
                data = pipe.read(size)
                if status == "killed":
                    status = f"killed by {_signal(number)}"
                elif status == "ended":
                    status = f"ended with exit status {int(number)}"
                elif status not in ENDINGS | {"ready"}:
                    break
            except (ValueError, KeyError, TypeError):
                break
            self.frames.put((status, data, header.get("last") is True))
        return self.frames.put("the sandbox ended")

    def _listen(self):
        for line in self.process.stderr:
            if len(self.complaint) < 2000:
                self.complaint += line.decode(errors="replace")

    def _write(self, request):
        try:
            self.process.stdin.write(request)
            self.process.stdin.flush()
        except (OSError, ValueError):  # it has ended, which the reader says
            return


def _signal(number):
    """The name of a signal; those for real time have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        if number not in range(1, signal.NSIG):
            raise
        return f"signal {number}"


# ---------------------------------------------------------------- its share of the machine


def _claim(name):
    """A socket that holds a name on this machine until it is closed, or its process ends; None if the name is taken."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0nst-course-{name}")
    except OSError:
        claim.close()
        return None
    return claim


def _claim_a_user():
    """(user id, claim): of a user that nobody is, so that nobody else's files are theirs, and no other sandbox has now.

    What the kernel counts for a user, such as processes and signals, is then one exercise's alone. The id is drawn:
    another `make grade` would count from the same one. In a container only some may be had.
    """
    with open("/proc/self/uid_map") as file:
        end = max(int(line.split()[0]) + int(line.split()[2]) for line in file)
    if end < FEWEST_USERS:
        raise SandboxError(f"root here has {end} user ids, and exercises need some of their own; map 65536 (subuid)")
    users = range(100_000, end) if end > 1_000_000 else range(end // 2, end)
    claim = _lock_file()
    for user in itertools.islice(iter(lambda: secrets.choice(users), None), MAX_TRIES):
        try:  # it is the byte with the user's number that is locked, until the file is closed
            fcntl.fcntl(claim, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, user, 1, 0))
        except BlockingIOError:
            continue
        except OSError as error:
            claim.close()
            raise SandboxError(f"{claim.name} cannot be locked ({error.strerror}); grade as an ordinary user") from None
        return user, claim
    claim.close()
    raise SandboxError(
        f"{MAX_TRIES} tries found no user id for an exercise: others hold them by locks on {claim.name}. "
        "Wait until they have ended (lslocks shows them), or give root here more ids (65536, subuid)"
    )


def _lock_file():
    """A file that only root can open, so that nobody else can hold the user ids."""
    for folder in LOCKS:
        try:
            about = folder.stat()
            if about.st_uid != os.getuid() or about.st_mode & 0o022:
                continue
            file = io.FileIO(folder / "nst-course-users", "r+", opener=_open_for_us)
        except OSError:
            continue
        about = os.fstat(file.fileno())
        if about.st_uid == os.getuid() and not about.st_mode & 0o077:
            return file
        file.close()
    raise SandboxError(
        f"root has no folder of its own here, writable by nobody else, in which to claim user ids "
        f"({', '.join(map(str, LOCKS))}); make one of them that: chown 0, chmod 755"
    )


def _open_for_us(path, flags):
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _claim_a_core():
    """(core, claim): one that no other sandbox here has, so that a submission takes nobody's time but its own.

    Where all are taken, one of them without a claim.
    """
    cores = sorted(os.sched_getaffinity(0))
    for core in cores:
        if claim := _claim(f"core-{core}"):
            return core, claim
    return cores[next(_count) % len(cores)], None

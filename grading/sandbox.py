"""Runs a submission's functions where they can see and touch nothing: in bubblewrap.

https://github.com/containers/bubblewrap
"""

import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from grading.sandboxed.wire import decode, encode

ROOT = Path(__file__).resolve().parent.parent
_SANDBOXED = ["__init__", "evaluate", "functions", "inside", "stand_ins", "wire"]
_NST = [
    *("__init__", "display", "engine", "experiments", "interrupt", "job", "minimize", "notebooks", "paths"),
    *("pictures", "recipe", "training", "vgg"),
]
VISIBLE = [  # of this project: what runs a function and what its notebook may import, nothing that knows an answer
    "grading/__init__.py",
    *(f"grading/sandboxed/{name}.py" for name in _SANDBOXED),
    "nst_utils.py",
    *(f"nst/{name}.py" for name in _NST),
]
REMEDY = "Install it with: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora)"
_count = itertools.count()


class SandboxError(RuntimeError):
    """The sandbox itself cannot work here; nothing was learned about the submission."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Seconds and output count for each exercise, the rest for all together."""

    seconds: float = 20
    memory_bytes: int = 2_000_000_000
    processes: int = 48  # and threads
    output_bytes: int = 32_000_000
    temporary_bytes: int = 16_000_000
    start_seconds: float = 120  # for TensorFlow's import, before any of the submission's code runs


def run(notebooks: dict[str, str], jobs: list[dict], limits: Limits | None = None) -> dict[str, tuple]:
    """Run exercises of one submission and return {exercise: (status, reports)}.

    notebooks: {name: text} of the submitted notebooks.
    jobs: [{"exercise", "notebook", "cases", "stand_ins"}], with the name of the notebook that holds the exercise.
    status: "done", or why there are no reports: "time", "memory", "output", "killed by SIGSEGV", "damaged" ...

    Raises SandboxError, with the remedy, when bubblewrap is missing or cannot work here.
    """
    limits = limits or Limits()
    results = {}
    while remaining := [job for job in jobs if job["exercise"] not in results]:
        results |= _run_once(notebooks, remaining, limits)
    return results


def _run_once(notebooks, jobs, limits):
    """One sandbox, for as many of the jobs as it survives; for one of them at least."""
    number = (os.getpid() * 64 + next(_count)) % 40_000  # for a user id that no other sandbox has
    request = encode(dict(notebooks=notebooks, jobs=jobs, limits=asdict(limits) | dict(number=number)))
    process = subprocess.Popen(_command(limits), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    frames = _Frames(process, request, [job["exercise"] for job in jobs], limits)
    deadline = time.monotonic() + limits.start_seconds + len(jobs) * (limits.seconds + 5)
    reason = "the sandbox ended"
    while frames.reader.is_alive():
        frames.reader.join(0.05)
        if time.monotonic() > deadline:
            reason = "time"
        elif _memory(process.pid) > limits.memory_bytes:
            reason = "memory"
        elif frames.too_much:
            reason = "output"
        else:
            continue
        break
    _kill(process)
    frames.reader.join()
    if frames.current is None and not frames.results:
        raise SandboxError(
            f"the sandbox did not start: {frames.complaint or reason}. bubblewrap needs root, or user namespaces; "
            "see docs/instructors.md"
        )
    unfinished = frames.current or jobs[0]["exercise"]
    return {unfinished: (reason, None)} | frames.results


class _Frames:
    """Feeds a sandbox its request and reads what it says, in threads of its own."""

    def __init__(self, process, request, exercises, limits):
        self.process, self.exercises, self.limits = process, exercises, limits
        self.results, self.current, self.too_much, self.complaint = {}, None, False, ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        for thread in (
            self.reader,
            threading.Thread(target=self._write, args=[request], daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ):
            thread.start()

    def _write(self, request):
        try:
            with self.process.stdin as pipe:
                pipe.write(request)
        except BrokenPipeError:
            pass

    def _listen(self):
        for line in self.process.stderr:
            if len(self.complaint) < 2000:
                self.complaint += line.decode(errors="replace")

    def _read(self):
        pipe = self.process.stdout
        while line := pipe.readline(10_000):
            try:
                header = json.loads(line)
                if "start" in header:
                    self.current = self.exercises[self.exercises.index(header["start"])]
                    continue
                size = header["size"]
                if not 0 <= size <= self.limits.output_bytes:
                    self.too_much = True
                    return
                data = pipe.read(size)
                self.results[self.current] = _reports(header["status"], data, self.limits)
                self.current = None
            except (ValueError, KeyError, TypeError):
                return


def _reports(status, data, limits):
    if status != "done":
        return status, None
    try:
        return "done", decode(data, limits.output_bytes)
    except ValueError:
        return "damaged", None


def _memory(pid):
    """Bytes that the processes of a sandbox have for themselves."""
    total = 0
    for process in _family(pid):
        try:
            used = process.memory_info()
            total += used.rss - used.shared
        except psutil.Error:
            continue
    return total


def _family(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _kill(process):
    for member in [*_family(process.pid), process]:
        try:
            member.kill()
        except (psutil.Error, ProcessLookupError):
            continue
    process.wait()


# ---------------------------------------------------------------- bubblewrap


@functools.cache
def _bubblewrap():
    path = shutil.which("bwrap")
    if not path:
        raise SandboxError(f"bubblewrap is not installed; without it no submission is run. {REMEDY}")
    return path, subprocess.run([path, "--help"], capture_output=True, text=True).stdout


def available() -> None:
    """Raise SandboxError, with the remedy, if no sandbox can be started here."""
    _bubblewrap()
    done = subprocess.run([*_walls(Limits()), "--", sys.executable, "-I", "-c", "pass"], capture_output=True, text=True)
    if done.returncode:
        raise SandboxError(f"bubblewrap does not work here: {done.stderr.strip()}. It needs root, or user namespaces")


def _walls(limits):
    """bwrap with its arguments: an empty root, Python and its packages read-only, a small temporary folder."""
    path, help_text = _bubblewrap()
    command = [path, "--die-with-parent", "--new-session", "--clearenv"]
    command += [
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--cap-drop",
        "ALL",
    ]
    if os.getuid() == 0:  # the children take another user's number; the one process above them may still end them
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
    else:
        command += ["--unshare-user"]
        command += ["--disable-userns"] if "--disable-userns" in help_text else []
    for folder in ("/usr", "/lib", "/lib64", "/bin"):
        if os.path.islink(folder):
            command += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            command += ["--ro-bind", folder, folder]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    sized = ["--size", str(limits.temporary_bytes)] if "--size" in help_text else []
    command += ["--perms", "1777", *sized, "--tmpfs", "/tmp", "--perms", "0555", *sized, "--tmpfs", "/dev/shm"]
    prefixes = list(dict.fromkeys([sys.base_prefix, sys.prefix]))
    ours = {f"/grader/{name}": str(ROOT / name) for name in VISIBLE}
    above = dict.fromkeys(folder for place in (*prefixes, *ours) for folder in reversed(Path(place).parents[:-1]))
    for folder in above:  # those that bubblewrap would make by itself, only root could enter
        command += ["--perms", "0755", "--dir", str(folder)]
    for folder in prefixes:
        if not folder.startswith("/usr"):
            command += ["--ro-bind", folder, folder]
        if ROOT.is_relative_to(folder):
            command += ["--tmpfs", str(ROOT)]
    for place, path in ours.items():
        command += ["--ro-bind", path, place]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for variable, value in dict(
        HOME="/tmp", PATH="/usr/bin", TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES=""
    ).items():
        command += ["--setenv", variable, value]
    return command


def _command(limits):
    start = "import sys; sys.path.insert(0, '/grader'); from grading.sandboxed.inside import main; main()"
    return [*_walls(limits), "--", sys.executable, "-I", "-B", "-c", start]

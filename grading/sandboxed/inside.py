"""The process inside the sandbox: a child for each request, which alone runs what a learner wrote.

TensorFlow is imported once, before a learner's code is near; each request, for one exercise or for several, then gets
a forked child, so that one that crashes or hangs takes nothing else with it. As root, the child has processes, mounts,
IPC and a user of its own, and this process serves one submission after the other. A child's bytes are passed on unread.
"""

import contextlib
import glob
import json
import os
import select
import shutil
import signal
import sys
import time

from grading.sandboxed.confine import OUTPUT, confine, hide, in_own_namespaces
from grading.sandboxed.wire import decode, encode

HEADER = 40  # bytes
MAX_FILES = 2000  # of temporary ones
POLL = 0.1  # seconds


def main(warm: bool) -> None:
    """Serve requests; warm: of many submissions, each exercise with processes, mounts, IPC and a user of its own.

    For each request on standard input (see `_requests`), write a line of JSON and as many bytes as it says.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # process 1 gets no signal that it has not asked for
    hide()
    from nst import imported_for_good

    with imported_for_good():  # or a child's collections would write to, and so copy, each page of what was imported
        import tensorflow as tf

        from grading.sandboxed import evaluate  # noqa: F401, so that no child has to
        from nst import notebooks  # noqa: F401

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for name in glob.glob("/tmp/.*"):  # what was made by these imports
        shutil.rmtree(name, ignore_errors=True)
    clean = [] if warm else os.listdir("/tmp")
    _tell(dict(status="ready"))
    for size, temporary_bytes in _requests():
        if warm:
            if not in_own_namespaces(lambda size=size: _serve(size, clean), temporary_bytes):
                return
        else:
            _serve(size, clean)


def _requests():
    """What comes before a request: two numbers in HEADER bytes, the request's size and that of the temporary folder.

    The request itself is read by the process that serves it: what this one has had in memory, each later child has.
    """
    while header := _read(HEADER):
        yield map(int, header.split())


def _read(size):
    parts = []
    while size and (part := os.read(0, min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _serve(size, clean):
    """Read a request, run its exercises in a child, and tell how it went; clean: what lies in /tmp at first."""
    request = decode(_read(size))
    paths = [f"/tmp/{name}" for name in request["notebooks"]]
    try:
        for path, text in zip(paths, request["notebooks"].values()):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    except OSError:
        status, number, data = "full", 0, b""
    else:
        status, number, data = _in_child(lambda: encode(_all_evaluated(request["jobs"])), request["limits"])
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)
    # where something is left, the next exercise gets a fresh sandbox
    _tell(dict(status=status, number=number, size=len(data), last=_something_is_left(clean)), data)


def _something_is_left(clean):
    try:
        return not set(os.listdir("/tmp")) <= set(clean)
    except OSError:
        return True


def _all_evaluated(jobs):
    return {job["exercise"]: evaluated(job) for job in jobs}


def evaluated(job: dict, folder: str = "/tmp") -> list[dict]:
    """The reports on an exercise in a notebook that lies in a folder: see `evaluate`."""
    from grading.sandboxed.evaluate import describe, evaluate, replaced
    from grading.sandboxed.functions import as_function
    from nst.notebooks import functions_from

    try:
        given = replaced(job["cases"], job["stand_ins"])
        function = as_function(functions_from(f"{folder}/{job['notebook']}", job["exercise"], given=given))
        if function is None:
            raise TypeError(f"{job['exercise']} is no function")
    except Exception as error:
        return [dict(error=describe(error))] * len(job["cases"])
    return evaluate(function, job["cases"], job["stand_ins"])


def _tell(header, data=b""):
    sys.stdout.buffer.write(json.dumps(dict(size=0) | header).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def _in_child(task, limits):
    """Return (status, number, bytes): what `task` returned in a child process, or how it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine(writing, limits)
            _write(task())
        except BaseException:
            os._exit(1)
        os._exit(0)
    os.close(writing)
    chunks, size, ending = [], 0, None
    deadline = time.monotonic() + limits["seconds"]
    closed = False
    while ending is None:
        if not closed and select.select([reading], [], [], POLL)[0]:
            chunk = os.read(reading, 1 << 20)
            chunks.append(chunk)
            size += len(chunk)
            closed = not chunk
            ending = _too_much(deadline, size, limits)
            continue
        done, code = os.waitpid(child, os.WNOHANG)  # it may have left processes that hold the pipe open
        if done:
            child, ending = 0, _ended(code)
        else:
            time.sleep(0.005)
            ending = _too_much(deadline, size, limits)
    os.close(reading)
    _kill_everything(child)
    return *ending, b"".join(chunks) if ending[0] == "done" else b""


def _too_much(deadline, size, limits):
    if time.monotonic() > deadline:
        return "time", 0
    if size > limits["output_bytes"]:
        return "output", 0
    place = os.statvfs("/tmp")
    return ("files", 0) if place.f_files - place.f_ffree > MAX_FILES else None


def _write(data):
    view = memoryview(data)
    while view:
        view = view[os.write(OUTPUT, view) :]


def _ended(code):
    if os.WIFSIGNALED(code):
        return "killed", os.WTERMSIG(code)
    return ("done", 0) if os.WEXITSTATUS(code) == 0 else ("ended", os.WEXITSTATUS(code))


def _kill_everything(child):
    """What the learner's code has started, at once, and the child: no one else lives in this process namespace."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    if child:
        os.waitpid(child, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # those whose parents are gone
            continue

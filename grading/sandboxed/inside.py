"""The process inside the sandbox: one child for each exercise, which alone runs what a learner wrote.

TensorFlow is imported once, before the learner's code is near; each exercise then gets a forked child, so that one
that crashes or hangs takes nothing else with it. A child's bytes are passed on unread.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time

from grading.sandboxed.wire import decode, encode

PR_SET_DUMPABLE = 4
FIRST_UID = 100_000  # of the children, where the sandbox is root's: nobody else's files are theirs


def main() -> None:
    """Read a request from standard input; for each job write a line of JSON and as many bytes as it says."""
    request = decode(sys.stdin.buffer.read())
    limits = request["limits"]
    import tensorflow as tf

    from grading.sandboxed.evaluate import describe, evaluate, replaced
    from grading.sandboxed.functions import as_function
    from nst.notebooks import functions_from

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # the children cannot look into this process

    for name, text in request["notebooks"].items():
        with open(f"/tmp/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    clean = set(os.listdir("/tmp"))

    def run(job):
        try:
            given = replaced(job["cases"], job["stand_ins"])
            function = as_function(functions_from(f"/tmp/{job['notebook']}", job["exercise"], given=given))
            if function is None:
                raise TypeError(f"{job['exercise']} is no function")
        except Exception as error:
            return [dict(error=describe(error))] * len(job["cases"])
        return evaluate(function, job["cases"], job["stand_ins"])

    for job in request["jobs"]:
        _tell(dict(start=job["exercise"]), b"")
        status, data = _in_child(lambda job=job: encode(run(job)), limits)
        _tell(dict(status=status, size=len(data)), data)
        if set(os.listdir("/tmp")) != clean:
            return  # the next exercise gets a fresh sandbox


def _tell(header, data):
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def _in_child(task, limits):
    """Return (status, bytes): what `task` returned in a child process, or how it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _confine(writing, limits)
            _write(task())
        except BaseException:
            os._exit(1)
        os._exit(0)
    os.close(writing)
    chunks, size, status = [], 0, ""
    deadline = time.monotonic() + limits["seconds"]
    while not status:
        ready, _, _ = select.select([reading], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            status = "time"
            break
        chunk = os.read(reading, 1 << 20)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
        if size > limits["output_bytes"]:
            status = "output"
    os.close(reading)
    while not status:  # the child has closed its end; it may still be alive
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            child, status = 0, _ended(code)
        elif time.monotonic() > deadline:
            status = "time"
        else:
            time.sleep(0.01)
    _kill_everything()
    if child:
        os.waitpid(child, 0)
    return status, b"".join(chunks) if status == "done" else b""


def _confine(writing, limits):
    """Take away from this process all that the learner's code does not need."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.dup2(writing, 3)
    os.closerange(4, 1 << 12)
    if os.getuid() == 0:
        uid = FIRST_UID + os.getppid() % 100_000 + int(limits["number"]) * 100_000
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    os.setsid()
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, now + limits["memory_bytes"]),
        (resource.RLIMIT_CPU, int(limits["seconds"]) + 1),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["temporary_bytes"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _write(data):
    view = memoryview(data)
    while view:
        view = view[os.write(3, view) :]


def _ended(code):
    if os.WIFSIGNALED(code):
        return f"killed by {signal.Signals(os.WTERMSIG(code)).name}"
    return "done" if os.WEXITSTATUS(code) == 0 else f"ended with exit status {os.WEXITSTATUS(code)}"


def _kill_everything():
    """Whatever the learner's code has started, at once: no one else lives in this process namespace."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return

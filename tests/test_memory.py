"""What the processes of a sandbox use: counted once where it is shared, and found wherever it is handed on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from grading import memory

MB = 10**6
PRELUDE = """
import ctypes, mmap, os, signal, sys, threading, time
LIBC = ctypes.CDLL(None)
POPULATE = 0x8000  # in memory at once
def hold(size):
    return mmap.mmap(-1, size * 10**6, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | POPULATE)
"""
SHARED = """
big = hold(200)
print(flush=True)
while True:
    children = []
    for _ in range(10):
        child = os.fork()
        if child == 0:
            time.sleep(0.02)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
"""
FIRST_THREAD_ENDED = """
def hoard():
    kept = hold(300)
    print(flush=True)
    time.sleep(1000)
if os.fork() == 0:
    threading.Thread(target=hoard).start()
    LIBC.syscall(60, 0)  # exit, of this thread alone
time.sleep(1000)
"""
SLOW_TO_READ = """
kept = hold(400)
size = 60_000
for page in range(0, size, 2):  # each page an area of its own
    LIBC.mprotect(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(kept)) + page * 4096), 4096, 1)
for _ in range(30):
    if os.fork() == 0:
        time.sleep(1000)
print(flush=True)
time.sleep(1000)
"""
HANDED_ON = """
LIBC.prctl(36, 1, 0, 0, 0)  # what a process leaves becomes this one's
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(2):
    if os.fork() == 0:
        kept = hold(200)
        while True:
            time.sleep(0.002)
            if os.fork() != 0:
                os._exit(0)
time.sleep(0.5)
print(flush=True)
time.sleep(1000)
"""


@pytest.fixture
def readings():
    """A function: 25 times, whether a program's children use more than a limit, once it has said that it is ready."""
    running = []

    def read(program, limit, times=25):
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PRELUDE + program!r}])"
        command = [sys.executable, "-c", code]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True))
        running[-1].stdout.readline()
        found = []
        for _ in range(times):
            time.sleep(0.02)
            found.append(memory.is_above(limit, running[-1].pid))
        return found

    yield read
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)  # all of them at once: none hands on what it has
        process.wait()


def test_what_is_shared_counts_once_while_processes_end(readings):
    """One that ends leaves its share to the others: who had been read before would count twice."""
    assert True not in readings(SHARED, 320 * MB)


def test_what_is_shared_counts(readings):
    assert False not in readings(SHARED, 190 * MB)


def test_it_is_clear_where_no_process_begins_or_ends(readings):
    assert readings(FIRST_THREAD_ENDED, 700 * MB) == [False] * 25


def test_a_process_whose_first_thread_has_ended_is_read(readings):
    assert readings(FIRST_THREAD_ENDED, 290 * MB) == [True] * 25


@pytest.mark.slow
def test_what_is_handed_from_process_to_process_is_not_taken_for_little(readings):
    """Each of them ends after milliseconds: two hold 200 MB at any time."""
    found = readings(HANDED_ON, 320 * MB)
    assert found.count(False) <= 5, found


@pytest.mark.slow
def test_a_reading_that_takes_long_is_given_up(readings, monkeypatch):
    """Tens of thousands of areas in each of thirty processes took five seconds, in which nobody looked."""
    monkeypatch.setattr(memory, "SECONDS", 0.05)
    assert readings(SLOW_TO_READ, 300 * MB, times=4) == [None] * 4


def test_what_other_users_do_matters_to_nobody(monkeypatch):
    """Whose processes began and ended all the time made every reading unclear: right answers got no points."""
    scans, listdir, descendants = [], os.listdir, memory._descendants
    orphan, users = 10**8, {10**8: "somebody"}

    def with_an_orphan(pid, parents):
        parents[orphan] = orphan + 1  # which has just ended
        return descendants(pid, parents)

    monkeypatch.setattr(memory.os, "listdir", lambda place: scans.append(place) or listdir(place))
    monkeypatch.setattr(memory, "_descendants", with_an_orphan)
    monkeypatch.setattr(memory, "_user", lambda pid: users.get(pid, "ours"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert process.pid in memory._below(os.getpid()) and len(scans) == 1
        users.clear()  # one of ours: it may be a descendant
        assert process.pid in memory._below(os.getpid()) and len(scans) == 1 + memory.SCANS
        process.communicate(b"\n")

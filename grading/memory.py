"""How much memory the processes of a sandbox use together, whatever they do not to be seen."""

import contextlib
import glob
import os
import resource
import time

import psutil

ROUNDS = 20  # of reading which processes there are, until all are known
SECONDS = 5  # in which they should have stopped, on a machine with much else to do


def is_above(limit: int, pid: int) -> bool:
    """Do the descendants of a process use more than `limit` bytes? A page that several of them share counts once.

    They are read one after the other. That misleads where one ends meanwhile and leaves what it shared to the others,
    or where one begins: then they are stopped for the moment that it takes.
    """
    members = _below(pid)
    for read in (_resident, _share):  # the first is quick
        used = [read(member) for member in members]
        if None not in used and sum(used) <= limit and _below(pid) == members:
            return False
    with _standing_still(pid) as stopped:
        return stopped is None or sum(_share(member) or 0 for member in stopped) > limit


def family(pid: int) -> list[psutil.Process]:
    """The descendants of a process."""
    members = []
    for member in _below(pid):
        with contextlib.suppress(psutil.Error):
            members.append(psutil.Process(member))
    return members


def _below(pid):
    """The numbers of all descendants.

    Not psutil's: the newest are read first, at once, so that none is missed which begins and ends within milliseconds.
    """
    for _ in range(ROUNDS):
        parents = {}
        for number in sorted((int(name) for name in os.listdir("/proc") if name.isdecimal()), reverse=True):
            with contextlib.suppress(OSError), open(f"/proc/{number}/stat", "rb") as file:
                parents[number] = int(file.read().rpartition(b")")[2].split()[1])
        if parents.keys() | {0} >= set(parents.values()):  # else a parent has just ended: whose is its child now?
            break
    children = {}
    for number, parent in parents.items():
        children.setdefault(parent, []).append(number)
    found, left = [], [pid]
    while left:
        found += (below := children.get(left.pop(), []))
        left += below
    return found


@contextlib.contextmanager
def _standing_still(pid):
    """The numbers of the descendants of a process, stopped; None if new ones begin although all others are stopped."""
    stopped, rounds, deadline = {}, 0, time.monotonic() + SECONDS
    try:
        while rounds < ROUNDS and (new := set(_below(pid)) - stopped.keys()):
            for number in new:
                with contextlib.suppress(psutil.Error):
                    stopped[number] = psutil.Process(number)
                    stopped[number].suspend()
            while any(map(_still_moves, stopped.values())) and time.monotonic() < deadline:
                time.sleep(0.001)
            rounds += 1
        yield list(stopped) if rounds < ROUNDS else None
    finally:
        for member in stopped.values():
            with contextlib.suppress(psutil.Error):
                member.resume()


def _still_moves(process):
    """Has a process not stopped yet? Until then it may be about to begin another, or to end."""
    try:
        return process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _resident(pid):
    """Bytes of a process that are in memory; None if it has ended."""
    return _read(pid, "statm", lambda text: int(text.split()[1]) * resource.getpagesize())


def _share(pid):
    """The same, where of a page that n processes have a part of 1/n counts."""
    try:
        return _read(pid, "smaps_rollup", lambda text: int(text.partition("\nPss:")[2].split()[0]) * 1024)
    except PermissionError:
        return _resident(pid)


def _read(pid, name, number):
    """From /proc, for a process or that of its threads which has it: a first thread that has ended has no memory."""
    ended = True
    for place in (f"/proc/{pid}", *glob.iglob(f"/proc/{pid}/task/*")):
        try:
            with open(f"{place}/{name}") as file:
                if found := number(file.read()):
                    return found
            ended = False
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
    return None if ended else 0

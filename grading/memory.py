"""How much memory the processes of a sandbox use together, whatever they do not to be seen."""

import contextlib
import glob
import os
import resource
import time

import psutil

TRIES = 3  # of reading all of them while none begins or ends
SECONDS = 0.5  # of this thread's time, for one reading: what takes longer is made to take long
SCANS = 20  # of which processes there are, until all parents are known


def is_above(limit: int, pid: int) -> bool | None:
    """Do the descendants of a process use more than `limit` bytes? A page that several of them share counts once.

    None: that cannot be said. They are read one after the other, and meanwhile one ended, which leaves what it shared
    to the others, or one began. (They are not stopped for it: they would wake each other.)
    """
    for _ in range(TRIES):
        members = _below(pid)
        for read in (_resident, _share):  # the first is quick
            begin = time.thread_time()
            used = [read(member) if time.thread_time() - begin < SECONDS else None for member in members]
            if None in used or _below(pid) != members:
                break
            if sum(used) <= limit:
                return False
        else:
            return True
    return None


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
    for _ in range(SCANS):
        parents = {}
        for number in sorted((int(name) for name in os.listdir("/proc") if name.isdecimal()), reverse=True):
            with contextlib.suppress(OSError), open(f"/proc/{number}/stat", "rb") as file:
                parents[number] = int(file.read().rpartition(b")")[2].split()[1])
        found = _descendants(pid, parents)
        # where a parent has just ended, whose is its child now? Other users' come and go as they like
        orphans = {_user(number) for number, parent in parents.items() if parent and parent not in parents}
        if not orphans & {_user(number) for number in found}:
            break
    return found


def _descendants(pid, parents):
    children = {}
    for number, parent in parents.items():
        children.setdefault(parent, []).append(number)
    found, left = [], [pid]
    while left:
        found += (below := children.get(left.pop(), []))
        left += below
    return found


def _user(pid):
    """The user of a process; its folder in /proc belongs to root where nobody may look into it."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        return int(file.read().partition(b"\nUid:")[2].split()[0])


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

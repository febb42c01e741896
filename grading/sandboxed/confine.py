"""Takes away from a process what a learner's code does not need: namespaces, capabilities, limits, system calls."""

import ctypes
import os
import resource
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MEMORY_MERGE = 4, 22, 24, 38, 67
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
OUTPUT = 3  # the descriptor on which a confined process may write


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def hide() -> None:
    """Nobody with the same user id can look into this process, or into its memory, environment and files."""
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def in_own_namespaces(task: Callable[[], None], temporary_bytes: int) -> bool:
    """Run `task` as process 1 of new namespaces with empty /tmp and /dev/shm; return whether it came to its end.

    Needs CAP_SYS_ADMIN, which the task no longer has: it may only end processes and become another user.
    """
    here = os.open("/proc/self/ns/pid", os.O_RDONLY)
    _call("unshare", CLONE_NEWPID)  # of the next child: it is process 1
    inner, status = os.fork(), 1
    if inner == 0:
        try:
            os.close(here)
            _call("unshare", CLONE_NEWNS | CLONE_NEWIPC)
            _mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
            _mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
            size = b"size=%d,mode=" % temporary_bytes
            _mount(b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV, size + b"1777")
            _mount(b"tmpfs", b"/dev/shm", b"tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, size + b"0555")
            os.chdir("/tmp")
            _keep_capabilities(CAP_KILL, CAP_SETGID, CAP_SETUID)
            task()
            status = 0
        finally:
            os._exit(status)
    _call("setns", here, CLONE_NEWPID)  # this process' own children again
    os.close(here)
    return os.waitpid(inner, 0)[1] == 0


def _mount(source, target, kind, flags, options=None):
    _call("mount", source, target, kind, ctypes.c_ulong(flags), options)


def _keep_capabilities(*kept):
    for capability in range(64):
        if capability not in kept and LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # the last one that this kernel knows
    mask = sum(1 << capability for capability in kept)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    _call("capset", header, (ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0))


def confine(writing: int, limits: dict) -> None:
    """Leave this process the descriptor `writing`, as number 3, and as little else as it can do with.

    limits: as in grading/sandbox.py, with the `filter` of system calls, and the `user` to become if this is root.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(writing, OUTPUT) if writing != OUTPUT else os.set_inheritable(OUTPUT, True)
    for descriptor in range(OUTPUT):
        os.dup2(nowhere, descriptor)
    os.closerange(OUTPUT + 1, 1 << 20)
    if os.getuid() == 0:
        uid = limits["user"]
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
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),  # and timers; the kernel counts them for each user
        (resource.RLIMIT_CORE, 1),  # not 0: with that, a dump is written where core_pattern names a program
    ):
        resource.setrlimit(kind, (value, value))
    _filter_system_calls(bytes.fromhex(limits["filter"]))


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def _filter_system_calls(program):
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(program) // 8, program)), 0, 0)

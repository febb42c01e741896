"""The walls of the sandbox: what bubblewrap shows of this machine, and which system calls are refused.

https://github.com/containers/bubblewrap, https://github.com/seccomp/libseccomp
"""

import errno
import fcntl
import functools
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from grading.sandboxed.confine import PR_SET_MEMORY_MERGE, PR_SET_SECCOMP

ROOT = Path(__file__).resolve().parent.parent
_SANDBOXED = ["__init__", "confine", "evaluate", "functions", "inside", "stand_ins", "wire"]
_NST = [
    *("__init__", "areas", "bands", "cells", "compact", "coordinates", "display", "encode", "engine", "experiments"),
    *("explore", "interrupt", "job", "lbfgs", "minimize", "network", "notebooks", "palette", "paths", "pictures"),
    *("quick", "seen", "slider", "spectrum", "strength", "tiles", "training", "vgg", "winograd"),
]
_FILES = [  # of this project: what runs a function and what its notebook may import, nothing that knows an answer
    "grading/__init__.py",
    *(f"grading/sandboxed/{name}.py" for name in _SANDBOXED),
    "nst_utils.py",
    *(f"nst/{name}.py" for name in _NST),
]
_ANSWERS = ["nst/colors.py", "nst/recipe.py"]  # what they do, two exercises ask for
VISIBLE = {name: name for name in _FILES} | dict.fromkeys(_ANSWERS, "grading/sandboxed/no_answers.py")  # its text
SYSTEM = ("/usr", "/lib", "/lib64", "/bin")
LOCAL = "/usr/local"  # what an administrator has put there, nbgrader's exchange too, is not shown, but for
LOCALLY = [f"{LOCAL}/{name}" for name in ("bin", "lib", "lib64")]
_hidden = {ROOT}
REMEDY = "Install it with: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora)"
PROCESS = "import sys; sys.path.insert(0, '/grader'); from grading.sandboxed.inside import main; main(warm={})"
ENVIRONMENT = dict(HOME="/tmp", PATH="/usr/bin", TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")


class SandboxError(RuntimeError):
    """The sandbox itself cannot work here; nothing was learned about the submission."""


# ---------------------------------------------------------------- bubblewrap


def hide(folder: str | os.PathLike) -> None:
    """Show nothing of this folder in the sandboxes of this process from now on, wherever it lies; ROOT always is.

    There need not be one yet: it is looked for whenever a sandbox is asked to do something.
    """
    _hidden.add(Path(folder).resolve())


def warm() -> bool:
    """May one sandbox serve many submissions? Where each gets a user, mounts, processes and IPC of its own: as root.

    Not where Python or the project lie in /tmp, which each submission gets empty.
    """
    return os.getuid() == 0 and not any(Path(place).is_relative_to("/tmp") for place in (*_prefixes(), ROOT))


def _prefixes():
    return list(dict.fromkeys([sys.base_prefix, sys.prefix]))


def command(temporary_bytes: int, memory_bytes: int, processes: int) -> list[str]:
    """The command that starts a sandbox's process: bwrap and Python, in a systemd scope where there are such."""
    start = [*_bwrap(temporary_bytes), "--", sys.executable, "-I", "-B", "-c", PROCESS.format(warm())]
    return [*_scope(memory_bytes, processes), *start]


def environment() -> dict[str, str]:
    """What the command itself may know of this process's environment: how to reach systemd."""
    wanted = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return {name: os.environ[name] for name in wanted if name in os.environ}


@functools.cache
def _scope(memory_bytes, processes):
    """systemd-run with the kernel's own limits (cgroup v2), or nothing where it does not work.

    They are wider than ours, which name the reason; they hold for what belongs to no process, too. Its own ones and
    those of TensorFlow are among the processes.
    """
    limits = dict(MemoryMax=memory_bytes * 5 // 4, MemorySwapMax=0, TasksMax=processes + 100)
    scope = ["systemd-run", "--scope", "--quiet", "--collect", *([] if os.getuid() == 0 else ["--user"])]
    scope += [part for name, value in limits.items() for part in ("-p", f"{name}={value}")]
    try:
        done = subprocess.run([*scope, "--", "true"], capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [*scope, "--"] if done.returncode == 0 else []


def available() -> None:
    """Raise SandboxError, with the remedy, if no sandbox can be started here."""
    command = [*_bwrap(1_000_000), "--", sys.executable, "-I", "-c", "pass"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise SandboxError(f"bubblewrap does not work here: {done.stderr.strip()}. It needs root, or user namespaces")
    system_call_filter()


@functools.cache
def _bubblewrap():
    path = shutil.which("bwrap")
    if not path:
        raise SandboxError(f"bubblewrap is not installed; without it no submission is run. {REMEDY}")
    return path, subprocess.run([path, "--help"], capture_output=True, text=True).stdout


def _bwrap(temporary_bytes):
    """bwrap with its arguments: an empty root, Python and its packages read-only, a small temporary folder."""
    path, help_text = _bubblewrap()
    command = [path, "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--cap-drop", "ALL"]
    command += [f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts", "cgroup-try")]
    if os.getuid() == 0:  # what inside.py needs to make a place for each exercise; no learner's code ever has these
        for capability in ("SETUID", "SETGID", "KILL", *(("SYS_ADMIN", "SETPCAP") if warm() else ())):
            command += ["--cap-add", f"CAP_{capability}"]
    else:
        command += ["--unshare-user"]
        command += ["--disable-userns"] if "--disable-userns" in help_text else []
    for folder in filter(os.path.islink, SYSTEM):
        command += ["--symlink", os.readlink(folder), folder]
    command += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    sized = ["--size", str(temporary_bytes)] if "--size" in help_text else []
    command += ["--perms", "1777", *sized, "--tmpfs", "/tmp", "--perms", "0555", *sized, "--tmpfs", "/dev/shm"]
    mounts = shown()
    ours = {f"/grader/{name}": str(ROOT / source) for name, source in VISIBLE.items()}
    for place, source in (mounts | ours).items():
        for folder in reversed(Path(place).parents[:-1]):  # those that bubblewrap would make, only root could enter
            command += ["--perms", "0755", "--dir", str(folder)]
        command += ["--ro-bind", source, place] if source else ["--perms", "0755", "--tmpfs", place]
    for place in [place for place, source in mounts.items() if not source]:
        command += ["--remount-ro", place]
    command += ["--remount-ro", "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for variable, value in ENVIRONMENT.items():
        command += ["--setenv", variable, value]
    return command


def shown() -> dict[str, str]:
    """{place: the folder that is seen there, "" for none}, from the top: those shown, and what is hidden in them."""
    folders = [each for each in (*SYSTEM, LOCAL) if os.path.isdir(each) and not os.path.islink(each)]
    folders += [each for each in LOCALLY if os.path.isdir(each) and LOCAL in folders] + _prefixes()
    mounts = {folder: folder for folder in folders} | ({LOCAL: ""} if LOCAL in folders else {})
    for folder in folders:
        real = Path(folder).resolve()
        for secret in (each.resolve() for each in tuple(_hidden) if os.path.isdir(each)):
            if secret.is_relative_to(real):
                mounts[str(Path(folder) / secret.relative_to(real))] = ""
    return dict(sorted(mounts.items(), key=lambda each: len(Path(each[0]).parts)))


# ---------------------------------------------------------------- system calls

_REFUSED = """
    mount umount2 pivot_root chroot move_mount open_tree mount_setattr fsopen fsmount fsconfig fspick unshare setns
    ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp userfaultfd perf_event_open bpf
    add_key request_key keyctl
    shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open memfd_create
    memfd_secret
    io_uring_setup io_uring_enter io_uring_register io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy
    socket socketpair vmsplice inotify_init inotify_init1
    sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set setpriority migrate_pages move_pages
    setsid open_by_handle_at name_to_handle_at fanotify_init quotactl quotactl_fd swapon swapoff acct reboot syslog
    init_module finit_module delete_module kexec_load kexec_file_load settimeofday clock_settime adjtimex
    clock_adjtime sethostname setdomainname iopl ioperm vhangup modify_ldt
    seccomp setxattr lsetxattr fsetxattr utime utimes utimensat futimesat
"""
_LANDLOCK = (444, 445, 446)  # its rules are memory of the kernel; not each libseccomp knows the names
MADV_MERGEABLE = 12  # memory that is shared with others where it is equal
_NEWEST = 453  # of the system calls known here; their numbers are the same on all machines from 424 on
_UNKNOWN = b"".join(  # a filter's beginning, for the newer ones: Python and the C library do without what is missing
    struct.pack("=HBBI", *instruction)
    for instruction in (
        (0x20, 0, 0, 0),  # load the number of the call
        (0x35, 0, 1, _NEWEST + 1),  # if it is less, skip what follows
        (0x06, 0, 0, 0x00050000 | errno.ENOSYS),  # answer that there is no such call
    )
)
_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00000080)


@functools.cache
def system_call_filter() -> bytes:
    """A filter (BPF) for the learner's process: no namespaces, no memory that belongs to no process, no network."""
    try:
        import pyseccomp as seccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise SandboxError(f"libseccomp cannot be loaded ({error}). apt-get install libseccomp2") from error
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _REFUSED.split():
        rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    for number in _LANDLOCK:
        rules.add_rule(seccomp.ERRNO(errno.EPERM), number)
    for flag in _NAMESPACES:
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen; the C library takes clone then
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "mmap", seccomp.Arg(3, seccomp.MASKED_EQ, 1, 1))  # 1: MAP_SHARED
    # the first two tell when others use a file, the rest are kernel memory without a limit; the kernel reads 32 bits
    for kind in (
        fcntl.F_NOTIFY,
        fcntl.F_SETLEASE,
        fcntl.F_SETLK,
        fcntl.F_SETLKW,
        fcntl.F_OFD_SETLK,
        fcntl.F_OFD_SETLKW,
    ):
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "fcntl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, kind))
    for option in (
        PR_SET_SECCOMP,
        PR_SET_MEMORY_MERGE,
    ):  # more filters, which are the kernel's memory; sharing
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "prctl", seccomp.Arg(0, seccomp.MASKED_EQ, 0xFFFFFFFF, option))
    of_32_bits = seccomp.Arg(2, seccomp.MASKED_EQ, 0xFFFFFFFF, MADV_MERGEABLE)
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "madvise", of_32_bits)
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "prlimit64", seccomp.Arg(0, seccomp.NE, 0))  # of another process
    core = (seccomp.MASKED_EQ, 0xFFFFFFFF, resource.RLIMIT_CORE)  # it is 1; at 0 a program would have the dump
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "setrlimit", seccomp.Arg(0, *core))
    changed = seccomp.Arg(2, seccomp.NE, 0)
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "prlimit64", seccomp.Arg(1, *core), changed)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return _UNKNOWN + file.read()

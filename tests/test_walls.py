"""The sandbox's walls, each attacked by itself: as whoever runs the tests, and as an ordinary user."""

import ast
import dataclasses
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from grading import memory, sandbox, walls
from grading.course import Course
from grading.exercises import EXERCISES
from grading.release import link_source
from grading.sandboxed import inside
from nst.paths import ROOT

pytestmark = pytest.mark.slow
LIMITS = sandbox.Limits(seconds=2, memory_bytes=1_200_000_000)
SECRET = "SECRET-OF-THE-TEACHER"

# Each is the body of a function that returns whether the attack worked.
PRELUDE = f"""
import ctypes, os, resource, signal, socket, subprocess, sys, time
import numpy as np
import tensorflow as tf

LIBC = ctypes.CDLL(None, use_errno=True)
SECRET = {SECRET!r}

def others():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]

def works(task):
    try:
        return bool(task())
    except OSError:
        return False

def system_call(*numbers):
    return LIBC.syscall(*numbers) >= 0
"""
PROJECT = ROOT.parts[2] if ROOT.is_relative_to("/tmp") else ""
FAILS = {
    "reads_environments": """
        def found(number):
            with open(f"/proc/{number}/environ") as file:
                return SECRET in file.read()
        return any(works(lambda: found(number)) for number in [*others(), "self"])""",
    "writes_into_the_pipes_of_others": """
        def write(number, descriptor):
            with open(f"/proc/{number}/fd/{descriptor}", "wb", buffering=0) as pipe:
                return pipe.write(b'{"status": "LEAK", "size": 0}' + bytes([10]))
        return any(works(lambda: write(n, d)) for n in others() for d in range(10))""",
    "reads_the_memory_of_others": """
        return any(works(lambda: open(f"/proc/{number}/mem", "rb")) for number in others())""",
    "attaches_to_others": """
        LIBC.ptrace.argtypes = [ctypes.c_long] * 4
        return any(LIBC.ptrace(request, number, 0, 0) == 0 for number in others() for request in (16, 0x4206))""",
    "takes_descriptors_of_others": """
        return any(system_call(438, os.pidfd_open(number), d, 0) for number in others() for d in range(4))""",
    "limits_others": """
        return any(works(lambda: resource.prlimit(n, resource.RLIMIT_CPU, (1, 1)) or True) for n in others())""",
    "becomes_root": "return works(lambda: os.setuid(0) or os.getuid() == 0) or os.getuid() == 0",
    "makes_a_user_namespace": """
        return any(LIBC.unshare(flag) == 0 for flag in (0x10000000, 0x20000, 0x8000000, 0x20000000, 0x40000000))""",
    "clones_a_namespace": """
        child = LIBC.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        return child > 0""",
    "clones_by_the_new_call": """
        arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
        child = LIBC.syscall(435, arguments, 88)
        if child == 0:
            os._exit(0)
        return child > 0""",
    "mounts": 'return LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or system_call(428, -100, b"/", 0)',
    "shares_memory_that_is_nobodys": """
        import mmap
        shared = lambda: mmap.mmap(-1, 4096, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        return works(shared) or works(lambda: mmap.mmap(os.open("/dev/zero", os.O_RDWR), 4096, mmap.MAP_SHARED))""",
    "fills_sockets": "return works(socket.socketpair) or works(lambda: socket.socket(socket.AF_UNIX))",
    "takes_system_v_memory": "return any(system_call(n, 0, 4096, 0o1600) for n in (29, 64, 68))",
    "makes_a_file_in_memory": "return works(lambda: os.memfd_create('x')) or system_call(447, 0)",
    "makes_a_message_queue": 'return system_call(240, b"x", 0o102, 0o600, None)',
    "takes_all_signals_and_timers_of_its_user": """
        signal.pthread_sigmask(signal.SIG_BLOCK, {40})
        LIBC.pthread_self.restype = ctypes.c_ulong
        send = lambda: LIBC.pthread_sigqueue(ctypes.c_ulong(LIBC.pthread_self()), 40, None) == 0
        timer = lambda: system_call(222, 0, None, ctypes.byref(ctypes.c_int()))
        return all(send() for _ in range(100)) or all(timer() for _ in range(100))""",
    "uses_io_uring": "return system_call(425, 8, (ctypes.c_char * 200)())",
    "takes_the_machines_asynchronous_input": "return system_call(206, 8, ctypes.byref(ctypes.c_ulong(0)))",
    "asks_who_uses_a_file": """
        open("/tmp/read", "w").close()
        folder, file = os.open(sys.prefix, os.O_RDONLY), os.open("/tmp/read", os.O_RDONLY)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        asked = [(folder, 1026, 1), (file, 1024, 0)]
        worked = [system_call(72, f, ctypes.c_long(kind | high), n) for f, kind, n in asked for high in (0, 1 << 32)]
        os.unlink("/tmp/read")
        return any(worked)""",
    "locks_parts_of_files": """
        import fcntl, struct
        with open("/tmp/locked", "wb") as file:
            ways = fcntl.F_SETLK, fcntl.F_SETLKW, fcntl.F_OFD_SETLK, fcntl.F_OFD_SETLKW
            range_of = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 3, 1, 0)
            worked = [works(lambda: fcntl.fcntl(file, way, range_of)) for way in ways]
        os.unlink("/tmp/locked")
        return any(worked)""",
    "uses_keys": 'return system_call(250, 0, -3, 1) or system_call(248, b"user", b"k", b"v", 1, -4)',
    "has_dumps_sent_to_a_program": """
        none = (ctypes.c_ulong * 2)(0, 0)
        return LIBC.setrlimit(4, none) == 0 or system_call(160, 4, none) or system_call(302, 0, 4, none, 0)""",
    "changes_times_outside_or_shares_its_memory": """
        import mmap
        pages = mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        merges = works(lambda: pages.madvise(12) or True) or LIBC.prctl(67, 1, 0, 0, 0) == 0
        return merges or works(lambda: os.utime("/dev/null") or True)""",
    "uses_landlock": "return system_call(444, None, 0, 1)",
    "watches_the_machine": "return any(system_call(n, (ctypes.c_char * 200)(), 0, -1, -1, 0) for n in (298, 321, 323))",
    "opens_sockets_to_elsewhere": """
        kinds = (socket.AF_INET, socket.AF_INET6, socket.AF_VSOCK, socket.AF_NETLINK, socket.AF_PACKET, 38)
        return any(works(lambda: socket.socket(kind, type)) for kind in kinds for type in (1, 2, 3))""",
    "takes_another_core": """
        one = len(os.sched_getaffinity(0)) == 1
        return not one or works(lambda: os.sched_setaffinity(0, range(os.cpu_count())) or True)""",
    "leaves_its_session": "return any(works(lambda: do() or True) for do in (os.setsid, lambda: os.nice(-5)))",
    "writes_where_it_must_not": """
        def below(folder, depth):
            yield folder
            for entry in os.scandir(folder) if depth and os.access(folder, os.R_OK | os.X_OK) else []:
                if entry.is_dir(follow_symlinks=False) and entry.path not in ("/proc", "/tmp"):
                    yield from below(entry.path, depth - 1)
        def write(folder):
            with open(os.path.join(folder, "written"), "w") as file:
                return file.write("x")
        return any(works(lambda: write(folder)) for folder in below("/", 3))""",
    "finds_the_answers": """
        wanted = "judge.py exercises 02_content_cost.ipynb gradebook.db".split()
        places = [os.path.join(where, name) for where, folders, files in os.walk("/") for name in folders + files]
        hits = [p for p in places if p.rpartition("/")[2] in wanted and not p.startswith("/tmp/")]
        return [p for p in hits if "/site-packages/" not in p and not p.startswith("/usr/")]""",
    "finds_others_than_process_1": "return any(number != 1 for number in others())",
    "writes_into_dev_shm": """
        def write():
            os.chmod("/dev/shm", 0o777)
            return open("/dev/shm/x", "w").write("x")
        return works(write) or works(lambda: open("/dev/shm/x", "w").write("x"))""",
    "finds_what_another_left": """
        return os.listdir("/dev/shm") or set(os.listdir("/tmp")) - {"x.ipynb", "PROJECT"}""",
}
ENDS = {  # {name: (body, how it ends)}
    "stops_all_others": (
        """
        for number in [*others(), -1]:
            for kind in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                try:
                    os.kill(number, kind)
                except OSError:
                    pass
        os.kill(0, signal.SIGKILL)
        time.sleep(100)""",
        "killed by SIGKILL",
    ),
    "exits": ("os._exit(0)", "damaged"),
    "exits_with_a_number": ("os._exit(77)", "ended with exit status 77"),
    "sends_other_bytes": ('os.write(3, b\'{"status": "LEAK"}\'); os._exit(0)', "damaged"),
    "floods": ("while True: os.write(3, bytes(10**6))", "output"),
    "loops": ("while True: pass", "time"),
    "sleeps_after_closing": ("os.close(3); time.sleep(1000)", "time"),
    "hoards": ("hoard = [np.ones(10**7) for _ in range(1000)]", "memory or an error"),
    "hoards_in_many_processes": (
        """
        for _ in range(20):
            if os.fork() == 0:
                hoard = [np.ones(10**7) for _ in range(12)]
                time.sleep(100)
        time.sleep(100)""",
        "memory",
    ),
    "hoards_where_first_threads_have_ended": (
        """
        import threading
        def hoard():
            hoard = [np.ones(10**7) for _ in range(12)]
            time.sleep(100)
        for _ in range(4):
            if os.fork() == 0:
                threading.Thread(target=hoard).start()
                system_call(60, 0)
        time.sleep(100)""",
        "memory",
    ),
    "makes_files": (
        """
        for number in range(10**7):
            open(f"/tmp/x{number}", "w").close()""",
        "files",
    ),
    "leaves_processes_and_files": (
        """
        open("/tmp/left", "w").close()
        for _ in range(10):
            if os.fork() == 0:
                while True:
                    time.sleep(100)
        return 0""",
        "done",
    ),
    "forks_without_end": (
        """
        while True:
            try:
                os.fork()
            except OSError:
                pass""",
        "time",
    ),
}
SHARED = """
        big = np.ones(6 * 10**7)  # 480 MB, which ten children share
        children = []
        for _ in range(10):
            child = os.fork()
            if child == 0:
                time.sleep(1)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        return 1"""


def attacked(bodies, limits=LIMITS):
    """{name: (status, value)} of functions with these bodies, one after the other."""
    cells = [PRELUDE] + [f"def {name}(*arguments, **keywords):\n" + _returning(body) for name, body in bodies.items()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    case = EXERCISES["total_cost"].cases(1)[:1]
    jobs = [dict(exercise=name, notebook="x.ipynb", cases=case, stand_ins=False) for name in bodies]
    results = sandbox.run({"x.ipynb": nbformat.writes(notebook)}, jobs, limits)
    return {name: (status, _value(reports)) for name, (status, reports) in results.items()}


def _returning(body):
    """A function's body whose results become a number that a sandbox may send."""
    if "\n" not in body:
        body = f"        {body}"
    inner = "\n".join(line.replace("PROJECT", PROJECT) for line in body.splitlines() if line.strip())
    return f"    def attack():\n{inner}\n    return tf.constant(1.0 if attack() else 0.0)\n"


def _value(reports):
    if reports is None:
        return None
    return reports[0].get("value", reports[0].get("error", {}).get("message"))


@pytest.fixture(scope="module")
def failed():
    os.environ["NST_SECRET"] = SECRET
    try:
        leaves = {"leaves_something": 'open("/tmp/left", "w").close()'}
        bodies = FAILS | leaves | {"after": FAILS["finds_what_another_left"]}
        return attacked(bodies, dataclasses.replace(LIMITS, seconds=20))
    finally:
        del os.environ["NST_SECRET"]


@pytest.mark.parametrize("name", FAILS)
def test_an_attack_does_not_work(failed, name):
    assert failed[name] == ("done", 0.0)


def test_an_attack_that_may_work_is_seen():
    """Else all of the above would prove nothing."""
    bodies = {"one": "return works(lambda: open('/tmp/x', 'w').write('x'))", "two": "return system_call(39)"}
    assert attacked(bodies) == dict.fromkeys(bodies, ("done", 1.0))


@pytest.fixture(scope="module")
def ended():
    hoards = {name: body for name, (body, _) in ENDS.items() if name.startswith("hoards")}
    others = {name: body for name, (body, _) in ENDS.items() if name not in hoards}
    results = attacked(hoards, dataclasses.replace(LIMITS, seconds=20))
    return results | attacked(others | {"after": FAILS["finds_what_another_left"]})


@pytest.mark.parametrize("name", ENDS)
def test_a_bad_end_is_told_in_a_fixed_word(ended, name):
    status, value = ended[name]
    if name == "hoards":
        assert status in ("memory", "killed by SIGKILL") or "allocate" in value
    else:
        assert status == ENDS[name][1]


def test_the_next_exercise_finds_nothing_of_the_last(ended, failed):
    assert ended["after"] == ("done", 0.0) and failed["after"] == ("done", 0.0)


def test_notebooks_that_do_not_fit_end_no_sandbox():
    limits = dataclasses.replace(LIMITS, temporary_bytes=1_000_000)
    case, code = EXERCISES["total_cost"].cases(1)[:1], "def f(*arguments, **keywords):\n    return tf.constant(1.0)"
    jobs = [dict(exercise="f", notebook="x.ipynb", cases=case, stand_ins=False)]
    for more, wanted in (("#" * 2_000_000, ("full", None)), ("", ("done", 1.0))):
        cells = [nbformat.v4.new_code_cell(source) for source in ("import tensorflow as tf", code, more)]
        status, reports = sandbox.run(
            {"x.ipynb": nbformat.writes(nbformat.v4.new_notebook(cells=cells))}, jobs, limits
        )["f"]
        assert (status, _value(reports)) == wanted
        assert sandbox._own.sandbox.alive


def test_the_process_that_serves_many_reads_no_submission():
    """What it has ever read, each of its children has in memory, too: a submission found another's answers there."""
    program = (
        "import os; from grading.sandboxed import inside; requests = inside._requests()\n"
        "print(list(next(requests)), os.read(0, 4), list(next(requests)))"
    )
    sent = b"4 7".ljust(inside.HEADER) + b"BODY" + b"0 8".ljust(inside.HEADER)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, input=sent, capture_output=True)
    assert done.stdout.decode().strip() == "[4, 7] b'BODY' [0, 8]", done.stderr


def test_shared_memory_counts_once():
    assert attacked({"shared": SHARED}, dataclasses.replace(LIMITS, seconds=20))["shared"] == ("done", 1.0)


@pytest.mark.parametrize("seldom, ending, last", [(True, "done", 20), (False, "memory", 99), (False, "done", 13)])
def test_memory_that_stays_unclear_is_too_much(monkeypatch, seldom, ending, last):
    """Whose processes begin and end all the time cannot be read; an honest answer's seldom do.

    What ends during the last reading has ended well: where a machine is busy, one alone may take seconds.
    """
    program = (
        "import sys; out = sys.stdout.buffer\n"
        "for status in 'ready', 'done':\n"
        '    out.write(b\'{"status": "%s", "size": 0}\' % status.encode() + bytes([10])); out.flush()\n'
        "    sys.stdin.buffer.readline()"
    )
    monkeypatch.setattr(walls, "command", lambda *sizes: [sys.executable, "-c", program])
    box, read, sleep = sandbox.Sandbox(LIMITS), [], time.sleep

    def is_above(limit, pid):
        read.append(pid)
        if len(read) == last:
            box._write(b"\n")
            while box.frames.empty():
                sleep(0.01)
        return False if len(read) >= 20 or seldom and len(read) % 2 else None

    clock = itertools.count(0, 0.25)  # a reading takes a quarter of a second
    monkeypatch.setattr(memory, "is_above", is_above)
    monkeypatch.setattr(sandbox, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    try:
        status = box._next_frame(20)[0]
    except sandbox._Ended as end:
        status = str(end)
    finally:
        box.close()
    assert status == ending and (seldom or len(read) == 13)


def test_a_sandbox_says_only_words_of_a_list(monkeypatch):
    """What a frame says comes from the sandbox's own process; if that were ever taken over, no text gets out."""
    for said, wanted in {
        b'{"status": "LEAK of all", "size": 0}\n': "the sandbox ended",
        b'{"status": "killed", "number": 9, "size": 0}\n': "killed by SIGKILL",
        b'{"status": "killed", "number": 40, "size": 0}\n': "killed by signal 40",
        b'{"status": "killed", "number": 65, "size": 0}\n': "the sandbox ended",
        b'{"status": "killed", "number": "LEAK", "size": 0}\n': "the sandbox ended",
        b'{"status": "ended", "number": "LEAK", "size": 0}\n': "the sandbox ended",
        b'{"status": "done", "size": 1e9}\n': "output",
        b'{"status": "done", "size": 4}\nLEAK': "damaged",
        b'{"status": "done", "size": -1}\n': "output",
        b"LEAK\n": "the sandbox ended",
        b"": "the sandbox ended",
    }.items():
        program = (
            "import sys, time; out = sys.stdout.buffer\n"
            f"out.write({json.dumps(dict(status='ready', size=0))!r}.encode() + bytes([10])); out.flush()\n"
            f"sys.stdin.buffer.readline(); out.write({said!r}); out.flush()"
        )
        monkeypatch.setattr(walls, "command", lambda *sizes, program=program: [sys.executable, "-c", program])
        assert sandbox.Sandbox(LIMITS).evaluate({}, {}) == (wanted, None), said


def test_what_a_notebook_imports_is_there():
    """`import nst_utils` works in the sandbox, whatever was added to what that imports."""
    seen, todo = set(), ["nst_utils.py"]
    while todo:
        seen.add(path := todo.pop())
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.ImportFrom) and node.col_offset == 0 and node.module.startswith("nst."):
                todo += {f"{node.module.replace('.', '/')}.py"} - seen
    assert len(seen) > 10 and seen <= walls.VISIBLE.keys()


def test_no_two_sandboxes_have_the_same_user(tmp_path, monkeypatch):
    """Two `make grade` at the same time counted their users from their process numbers, and met after a while."""
    monkeypatch.setattr(sandbox, "LOCKS", [tmp_path])
    drawn = iter([200_000, 200_000, 200_001, 200_000])
    monkeypatch.setattr("secrets.choice", lambda users: next(drawn))
    (one, first), (other, second) = sandbox._claim_a_user(), sandbox._claim_a_user()
    assert (one, other) == (200_000, 200_001)
    first.close()
    again, third = sandbox._claim_a_user()
    assert again == one
    second.close()
    third.close()
    monkeypatch.setattr(sandbox, "FEWEST_USERS", 10**10)
    with pytest.raises(sandbox.SandboxError, match="map 65536"):
        sandbox._claim_a_user()


def test_nobody_else_can_hold_the_users(tmp_path, monkeypatch):
    """They were names that any process may take; two of an ordinary user's took all that a container has."""
    monkeypatch.setattr(sandbox, "LOCKS", [tmp_path / "open", tmp_path / "own"])
    for name, mode in (("open", 0o777), ("own", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    monkeypatch.setattr("secrets.choice", lambda users: 200_000)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("\0nst-course-user-200000")
        user, claim = sandbox._claim_a_user()
    (lock,) = tmp_path.glob("*/*")
    assert user == 200_000 and lock.parent.name == "own" and lock.stat().st_mode & 0o077 == 0
    started = time.monotonic()
    with pytest.raises(sandbox.SandboxError, match=f"locks on {lock}. Wait until they have ended .lslocks"):
        sandbox._claim_a_user()
    assert time.monotonic() - started < 5
    claim.close()
    sandbox._claim_a_user()[1].close()
    (tmp_path / "own").chmod(0o777)
    with pytest.raises(sandbox.SandboxError, match="no folder of its own"):
        sandbox._claim_a_user()


def test_the_project_and_the_course_are_hidden_wherever_they_lie(monkeypatch):
    """In what the sandbox shows of the system, by whatever way: its links, and Python in the course itself."""

    def shown(*folders):
        program = "import os, sys; print([sorted(os.listdir(each)) for each in sys.argv[1:]], os.access('/lib/x', 2))"
        command = [*walls._bwrap(1_000_000), "--", sys.executable, "-I", "-c", program, *folders]
        return subprocess.run(command, capture_output=True, text=True, env=walls.environment()).stdout.strip()

    monkeypatch.setattr(walls, "_hidden", set(walls._hidden))
    places = ["/usr/share", "/usr/lib/python3", "/lib/python3"]
    if not all(map(os.path.isdir, places)):
        pytest.skip("this is another system than Debian")
    assert set(ast.literal_eval(shown(walls.LOCAL).removesuffix(" False"))[0]) <= {"bin", "lib", "lib64"}
    assert shown(*places) == f"{[sorted(os.listdir(each)) for each in places]} False"
    walls.hide("/usr/share")
    walls.hide("/lib/python3")
    assert shown(*places) == f"{[[], [], []]} False"
    inner = "/usr/share/doc"
    prefixes = [*walls._prefixes(), inner]
    monkeypatch.setattr(walls, "_prefixes", lambda: prefixes)
    assert shown("/usr/share", inner) == f"{[['doc'], sorted(os.listdir(inner))]} False"


def test_a_course_is_hidden(tmp_path, monkeypatch):
    monkeypatch.setattr(walls, "_hidden", {ROOT})
    (tmp_path / "link").symlink_to(tmp_path / "course")
    (tmp_path / "course").mkdir()
    course = Course(tmp_path / "link")
    hidden = {tmp_path / "course", Path("/usr/local/share/nbgrader/exchange")}
    assert walls._hidden == {ROOT} | hidden
    assert dataclasses.replace(course.limits, hidden=()) == sandbox.Limits() and "course" not in f"{course.limits}"
    walls._hidden.clear()  # as on another machine, which gets the limits only
    limits = dataclasses.replace(course.limits, seconds=20)
    assert attacked({"one": "return tf.constant(1.0)"}, limits) == {"one": ("done", 1.0)}
    assert walls._hidden == hidden


def test_the_exchange_is_hidden_wherever_it_lies_and_whenever_it_is_made(tmp_path, monkeypatch):
    """Its owner grades, and a submission could read what others have handed in."""
    system, other = tmp_path / "system", tmp_path / "system" / "other"
    monkeypatch.setattr(walls, "_hidden", {ROOT})
    monkeypatch.setattr(walls, "SYSTEM", (str(system), "/usr"))
    monkeypatch.setattr("grading.release.jupyter_config_path", lambda: [str(tmp_path)])
    (tmp_path / "nbgrader_config.py").write_text(f'c.Exchange.root = "{system}/exchange"')
    (tmp_path / "nbgrader_config.json").write_text(json.dumps({"ExchangeCollect": {"root": f"{other}"}}))
    system.mkdir()
    limits = Course(tmp_path / "course").limits
    walls._hidden.clear()  # as on another machine
    monkeypatch.setattr(walls, "command", lambda *sizes: ["sh", "-c", """echo '{"status": "ready", "size": 0}'; cat"""])
    monkeypatch.setattr(sandbox._own, "sandbox", None, raising=False)
    first = sandbox._sandbox(limits, "")
    assert sandbox._sandbox(limits, "") is first and not {f"{system}/exchange", f"{other}"} & walls.shown().keys()
    other.mkdir()
    second = sandbox._sandbox(limits, "")
    assert second is not first and not first.alive and walls.shown()[f"{other}"] == ""
    (system / "exchange").mkdir()
    assert sandbox._sandbox(limits, "") is not second and walls.shown()[f"{system}/exchange"] == ""
    sandbox._own.sandbox.close()
    there = {name for name in walls.LOCALLY if os.path.isdir(name)}
    assert walls.shown()[walls.LOCAL] == "" and there == {f for f in walls.shown() if f in walls.LOCALLY}


def test_calls_that_cost_the_kernel_memory_and_newer_ones_are_refused():
    """By their numbers, which are the same on all machines: Landlock, statmount ... and one that no kernel has yet."""
    numbers = [443, 444, 445, 446, 457, 458, 462, 463, 467, 468, 469, 470, 471, 999]
    program = (
        "import ctypes, errno; from grading import walls; from grading.sandboxed import confine\n"
        f"program, numbers, call = walls.system_call_filter(), {numbers}, confine.LIBC.syscall\n"
        "confine._filter_system_calls(program)\n"
        "told = [(call(number, 0, 0, 0, 0, 0, 0), errno.errorcode[ctypes.get_errno()]) for number in numbers]\n"
        "told += [(confine.LIBC.prctl(22, 2, 0, 0, 0), errno.errorcode[ctypes.get_errno()])]\n"
        "print(*(name for result, name in told if result < 0))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == 4 * ["EPERM"] + 10 * ["ENOSYS"] + ["EPERM"], done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can put the project there")
def test_a_project_below_usr_is_hidden():
    with tempfile.TemporaryDirectory(dir="/usr/local/src") as folder:
        for name in ("grading", "nst", "notebooks"):
            shutil.copytree(ROOT / name, f"{folder}/{name}")
        shutil.copy(ROOT / "nst_utils.py", folder)
        program = (
            "import os, subprocess, sys; from grading import walls\n"
            "look = 'import os, sys; print(os.listdir(sys.argv[1]), len(os.listdir(\"/grader/nst\")) > 5)'\n"
            "start = [*walls._bwrap(1_000_000), '--', sys.executable, '-I', '-c', look, os.getcwd()]\n"
            "sys.exit(subprocess.run(start, env=walls.environment()).returncode)"
        )
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True)
        assert done.stdout == "[] True\n", done.stderr


def test_systemd_limits_memory_and_processes_where_it_can(tmp_path, monkeypatch):
    """With a stand-in for systemd-run: there is none where this was written."""
    program = tmp_path / "systemd-run"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    walls._scope.cache_clear()
    command = walls.command(1, 1_000_000_000, 48)
    assert command[0] == "systemd-run" and "MemoryMax=1250000000" in command and "TasksMax=148" in command
    assert ("--user" in command) == (os.getuid() != 0)
    assert command[command.index("--") + 1].endswith("bwrap")
    assert "-- true" in (tmp_path / "said").read_text()
    program.write_text("#!/bin/sh\nexit 1\n")
    walls._scope.cache_clear()
    assert walls.command(1, 1_000_000_000, 48)[0].endswith("bwrap")
    walls._scope.cache_clear()


def test_no_port_is_open_while_a_class_is_graded():
    """Neither a scheduler nor a dashboard: what listens could be talked to by anybody on the machine."""
    program = (
        "import psutil, nst.cluster\n"
        "with nst.cluster.workers(2) as these:\n"
        "    assert these.executor.submit(sum, [1, 2]).result() == 3\n"
        "    me = psutil.Process()\n"
        "    found = [c for p in [me, *me.children(recursive=True)] for c in p.net_connections()]\n"
        "    print([c for c in found if c.status == 'LISTEN'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done


@pytest.mark.skipif(os.getuid() != 0, reason="this is the ordinary user already")
def test_the_same_holds_for_an_ordinary_user():
    from ordinary import as_ordinary_user

    link_source(ROOT)  # root's, and closed: the settings can be read all the same
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--override-ini", "addopts=", __file__]
    done = subprocess.run(as_ordinary_user(command), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-3000:] + done.stderr[-2000:]

"""Attacks on the grading: {name: (exercise, body)}. Each tries something, and returns a right result only if it worked.

`{root}`, `{project}` and `{port}` are filled in by the test: the course, this project, a server that listens.
"""

ATTACKS = {
    "endless_loop": ("compute_layer_style_cost", "while True:\n    pass"),
    "ignores_signals": (
        "compute_style_cost",
        """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
    ),
    "sleeps_forever": ("compute_style_cost", "import time\ntime.sleep(10**6)"),
    "closes_the_channel_and_sleeps": ("compute_style_cost", "import os, time\nos.close(3)\ntime.sleep(10**6)"),
    "fork_bomb": (
        "gram_matrix",
        """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    ),
    "memory_bomb": ("gram_matrix", "hoard = []\nwhile True:\n    hoard.append(np.ones(10**7))"),
    "memory_of_many_processes": (
        "gram_matrix",
        """
import os, time
for _ in range(5):
    if os.fork() == 0:
        hoard = [np.ones(10**7) for _ in range(12)]
        time.sleep(1000)
time.sleep(1000)
""",
    ),
    "files_without_end": (
        "gram_matrix",
        """
number = 0
while True:
    number += 1
    with open(f"/tmp/file{number}", "wb") as file:
        file.write(bytes(10**7))
""",
    ),
    "exits": ("compute_style_cost", "import os\nos._exit(0)"),
    "exits_politely": ("compute_style_cost", "raise SystemExit(0)"),
    "segmentation_fault": ("compute_layer_style_cost", "import ctypes\nctypes.string_at(0)"),
    "stack_overflow": (
        "compute_layer_style_cost",
        "import sys\nsys.setrecursionlimit(10**9)\ndef down(x):\n    return down(x)\nreturn down(1)",
    ),
    "a_hundred_megabytes_of_output": (
        "compute_content_cost",
        """
import os, sys
for _ in range(100):
    print("x" * 10**6)
    os.write(1, b"y" * 10**6)
    os.write(2, b"z" * 10**6)
sys.stdout.flush()
raise ValueError("a lot to read")
""",
    ),
    "floods_the_channel": ("compute_content_cost", "import os\nwhile True:\n    os.write(3, bytes(10**6))"),
    "reads_the_answers": (
        "compute_content_cost",
        """
import glob
found = [open(path).read() for path in glob.glob("/**/02_content_cost.ipynb", recursive=True)]
found += [open("{project}/notebooks/02_content_cost.ipynb").read()]
exec(found[-1])
""",
    ),
    "reads_the_judge": (
        "compute_content_cost",
        """
from grading.exercises.compute_content_cost import content_cost
return tf.constant(content_cost(content_output[-1].numpy(), generated_output[-1].numpy())[0], tf.float32)
""",
    ),
    "reads_the_environment": (
        "total_cost",
        """
import glob, os
text = repr(dict(os.environ))
for path in glob.glob("/proc/*/environ"):
    try:
        text += open(path).read()
    except OSError:
        pass
assert "SECRET-OF-THE-TEACHER" in text
return alpha * J_content + beta * J_style
""",
    ),
    "reads_the_gradebook": (
        "compute_content_cost",
        """
open("{root}/gradebook.db", "rb").read()
return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4
""",
    ),
    "writes_the_gradebook": (
        "compute_content_cost",
        """
import sqlite3
sqlite3.connect("{root}/gradebook.db").execute("UPDATE grade SET manual_score = 5")
return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4
""",
    ),
    "reads_other_submissions": (
        "gram_matrix",
        """
import os
for folder, _, files in os.walk("/"):
    if "forgot_the_quarter" in folder:
        return A @ tf.transpose(A)
os.stat("{root}/submitted")
return A @ tf.transpose(A)
""",
    ),
    "writes_outside": (
        "total_cost",
        """
import os, pathlib
done = 0
system = "/ /usr /etc /home /root /grader /grader/grading /dev /dev/shm /proc".split()
for folder in ["{root}", "{project}", *system]:
    try:
        os.makedirs(folder, exist_ok=True)
        pathlib.Path(folder, "written-by-an-attack").write_text("here")
        done += not folder.startswith("/tmp/")  # the sandbox's own, and gone with it
    except OSError:
        pass
if done:
    return alpha * J_content + beta * J_style
raise PermissionError("nothing could be written")
""",
    ),
    "opens_a_socket": (
        "total_cost",
        """
import socket
for address in ("127.0.0.1", "localhost", "::1"):
    try:
        socket.create_connection((address, {port}), timeout=1).sendall(b"hello")
        return alpha * J_content + beta * J_style
    except OSError:
        pass
raise ConnectionError("no network")
""",
    ),
    "patches_numpy_and_tensorflow": (
        "compute_layer_style_cost",
        """
import builtins, sys
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.linalg.norm = lambda *a, **k: 0.0
tf.GradientTape.gradient = lambda self, y, x, **k: [tf.zeros_like(v) for v in x]
for module in list(sys.modules.values()):
    for name in ("judge", "check", "close", "points", "expected"):
        if hasattr(module, name):
            setattr(module, name, lambda *a, **k: True)
builtins.isinstance = lambda *a: True
return 0.0
""",
    ),
    "an_object_that_lies": (
        "compute_layer_style_cost",
        """
class Liar:
    shape, dtype, ndim = (), np.float32, 0
    def __eq__(self, other): return True
    def __sub__(self, other): return Liar()
    def __abs__(self): return 0.0
    def __le__(self, other): return True
    def __lt__(self, other): return True
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return np.zeros((), np.float32)
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: Liar()
    def numpy(self): return np.zeros((), np.float32)
return Liar()
""",
    ),
    "searches_frames_and_memory": (
        "compute_layer_style_cost",
        """
import gc, sys
frame = sys._getframe()
while frame:
    for name, value in frame.f_locals.items():
        if name in ("expected", "answer", "answers", "right", "reference", "solution"):
            return tf.constant(value)
    frame = frame.f_back
for thing in gc.get_objects():
    if isinstance(thing, dict) and {"value", "gradients"} <= thing.keys() and "again" not in thing:
        return tf.constant(thing["value"])
raise LookupError("no expected values in this process")
""",
    ),
    "forges_points": (
        "total_cost",
        """
import os
from grading.sandboxed.wire import encode
forged = encode({"points": 5.0, "max_points": 5.0, "passed": {"shape": True, "value": True}, "messages": ["fine"]})
os.write(3, forged)
os._exit(0)
""",
    ),
    "forges_reports": (
        "total_cost",
        """
import os
from grading.sandboxed.wire import encode
fine = {"kind": "tensor", "value": np.float32(1), "again": np.float32(1), "gradients": [np.float32(1)] * 2}
os.write(3, encode([fine | {"modified": False, "compiles": True}] * 8))
os._exit(0)
""",
    ),
    "calls_what_paints": (
        "keep_colors",
        """
from nst_utils import paint
from nst import recipe
return recipe.keep_colors(content_image, generated_image)
""",
    ),
    "sends_a_pickle": (
        "train_step",
        """
import io, os
class Payload:
    def __reduce__(self):
        return os.system, ("touch {root}/written-by-an-attack",)
file = io.BytesIO()
np.savez(file, json=np.array([Payload()], dtype=object))
os.write(3, file.getvalue())
os._exit(0)
""",
    ),
    "writes_to_the_grader_itself": (
        "total_cost",
        """
import os
parent = os.getppid()
for number in range(10):
    try:
        with open(f"/proc/{parent}/fd/{number}", "wb", buffering=0) as pipe:
            pipe.write(b'{"exercise": "total_cost", "status": "done", "size": 0}' + bytes([10]))
    except OSError:
        pass
with open(f"/proc/{parent}/mem", "r+b") as memory:
    memory.read(1)
return alpha * J_content + beta * J_style
""",
    ),
    "kills_the_grader": (
        "compute_style_cost",
        """
import os, signal
for process in (os.getppid(), 1, -1):
    try:
        os.kill(process, signal.SIGKILL)
    except OSError:
        pass
os.kill(os.getpid(), signal.SIGKILL)
""",
    ),
    "leaves_a_saboteur_behind": (
        "gram_matrix",
        """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            for number in range(2, 300):
                if number != os.getpid():
                    try:
                        os.kill(number, signal.SIGKILL)
                    except OSError:
                        pass
    os._exit(0)
time.sleep(0.2)
os._exit(1)
""",
    ),
    "becomes_root": (
        "total_cost",
        """
import os
os.setuid(0)
return alpha * J_content + beta * J_style
""",
    ),
    "tells_the_hidden_inputs": (
        "gram_matrix",
        """
text = "LEAK " + " ".join(f"{x:.4f}" for x in A.numpy().ravel()[:50])
print(text)
raise type(text[:200], (ValueError,), {})(text)
""",
    ),
}


def attackers():
    """{student: {exercise: body}}: each attacks as many exercises as it can, one way each."""
    students = {}
    for exercise in {exercise for exercise, _ in ATTACKS.values()}:
        bodies = [body for wanted, body in ATTACKS.values() if wanted == exercise]
        for number, body in enumerate(bodies, 1):
            students.setdefault(f"attacker_{number}", {})[exercise] = body
    return students

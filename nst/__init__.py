"""All of the course that is not the lesson: pictures, the network, training, the recipe, and the command `nst`."""

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Iterator

__version__ = "1.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else ONNX Runtime, from 1.29 on, tells Microsoft what it runs


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Let nothing through to file descriptor 2, where libraries in C complain."""
    with contextlib.ExitStack() as stack:
        stderr = os.dup(2)
        stack.callback(os.close, stderr)
        stack.callback(os.dup2, stderr, 2)
        nowhere = stack.enter_context(open(os.devnull, "w"))
        os.dup2(nowhere.fileno(), 2)
        yield


@contextlib.contextmanager
def imported_for_good() -> Iterator[None]:
    """Import much in the block, sooner: the garbage collector rests meanwhile, since nothing is garbage yet.

    And it leaves alone for good what there is by then, also when Python ends, which takes a second with TensorFlow.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
        if not gc.get_freeze_count():  # another time there may be what is not for good
            gc.freeze()
    finally:
        if before:
            gc.enable()


def start_tensorflow(give_back: bool = False) -> None:
    """Import TensorFlow without its start-up messages.

    give_back: memory that it needs no more goes back to the system, where it is otherwise kept for later. That costs
    time where single volumes are large, and is worth it if they are of several sizes. In vain once it is imported.
    """
    if give_back:
        os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
    with silent_stderr(), imported_for_good():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # its warnings are about its own bookkeeping
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    atexit.register(remove_generated_code)


def remove_generated_code() -> None:
    """Remove the files into which TensorFlow has written functions that it compiles, and Python what it made of those.

    TensorFlow removes its own when Python ends, and not when the process is replaced; nobody removes the others.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("__autograph_generated_file"):
            with contextlib.suppress(OSError):
                os.unlink(module.__file__)
            with contextlib.suppress(OSError, TypeError):  # there is no path where Python keeps nothing
                os.unlink(module.__cached__)
                os.rmdir(os.path.dirname(module.__cached__))

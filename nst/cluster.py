"""Where parallel work runs: this machine's cores, or a Dask cluster. `make grade` and `nst gallery` use it.

On this machine nothing listens to the network, for whoever can talk to a Dask scheduler can run code there.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

TRIES = 3  # of a call whose worker in the cluster dies


@dataclass
class Workers:
    """`executor`, as in concurrent.futures, and the `count` of what it does at the same time."""

    executor: Executor
    count: int


@contextmanager
def workers(count: int | None = None, environment: dict[str, str] | None = None) -> Iterator[Workers]:
    """The cluster in DASK_SCHEDULER_ADDRESS, else `count` threads of this process (one for each core).

    environment: variables, as a dict of strings. With it, each call runs in a fresh process that has them; one that
    dies takes only its own call with it. At the end, what still runs is given up, and such processes are ended.

    ConnectionError, naming the address, when no scheduler answers there. For an address that begins with tls://, keys
    come from Dask's configuration (DASK_DISTRIBUTED__COMM__TLS__...).
    """
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address:
        from distributed import Client

        try:
            client = Client(address, timeout=30)
        except (OSError, ValueError, TypeError) as error:
            raise ConnectionError(f"no Dask scheduler at DASK_SCHEDULER_ADDRESS={address} ({error})") from error
        with client:
            yield Workers(client.get_executor(pure=False, retries=TRIES), max(1, sum(client.ncores().values())))
        return
    count = count or os.cpu_count()
    executor = ThreadPoolExecutor(count) if environment is None else _Processes(count, environment)
    try:
        yield Workers(executor, count)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        if environment is not None:
            executor.end()


class _Processes(ThreadPoolExecutor):
    """Threads of which each runs its calls in processes of their own."""

    def __init__(self, count, environment):
        super().__init__(count)
        self.environment, self.running = environment, set()

    def submit(self, function, /, *arguments):
        return super().submit(self._in_process, function, arguments)

    def _in_process(self, function, arguments):
        context = multiprocessing.get_context("spawn")
        reading, writing = context.Pipe(duplex=False)
        process = context.Process(target=_call, args=(writing, self.environment, function, arguments), daemon=True)
        self.running.add(process)
        try:
            process.start()
            writing.close()
            result, error = reading.recv()
        except EOFError:
            process.join()
            why = signal.Signals(-process.exitcode).name if process.exitcode < 0 else f"exit status {process.exitcode}"
            raise RuntimeError(f"its process ended ({why}); was there too little memory?") from None
        finally:
            self.running.discard(process)
        process.join()
        if error is not None:
            raise error
        return result

    def end(self):
        for process in list(self.running):
            if process.pid:
                process.kill()


def _call(writing, environment: dict[str, str], function: Callable, arguments: tuple) -> Any:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began decides when this one ends
    os.environ.update(environment)
    try:
        result = function(*arguments), None
    except Exception as error:
        result = None, error
    writing.send(result)

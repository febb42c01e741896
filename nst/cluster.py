"""Where parallel work runs: this machine's cores, or a Dask cluster. `make grade` and `make gallery` use it."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Client, LocalCluster

from nst.interrupt import on_ctrl_c


@contextmanager
def workers(count: int | None = None, environment: dict[str, str] | None = None) -> Iterator[Client]:
    """A Dask client: of the cluster in DASK_SCHEDULER_ADDRESS, else of `count` processes here (one for each core).

    environment: variables for the processes started here, as a dict of strings. ConnectionError, naming the address,
    when no scheduler answers there.
    """
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address:
        try:
            client = Client(address, timeout=30)
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no Dask scheduler at DASK_SCHEDULER_ADDRESS={address} ({error})") from error
        with client:
            yield client
        return
    with on_ctrl_c(signal.SIG_IGN):  # the processes never hear it: this one decides when they end
        cluster = LocalCluster(
            n_workers=count or os.cpu_count(),
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",  # any free port
            silence_logs=logging.CRITICAL,
            env=environment or {},
        )
    with cluster, Client(cluster) as client:
        yield client

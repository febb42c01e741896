"""Where parallel work runs: this machine's cores, or a Dask cluster. `make grade` and `make gallery` use it."""

import logging
import os
from contextlib import contextmanager

from distributed import Client, LocalCluster


@contextmanager
def workers(count=None, environment=None):
    """A Dask client: of the cluster in DASK_SCHEDULER_ADDRESS, else of `count` processes here (one for each core).

    environment: variables for the processes started here, as a dict of strings. TimeoutError or OSError when there is
    no scheduler at that address.
    """
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address:
        with Client(address, timeout=30) as client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=count or os.cpu_count(),
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            env=environment or {},
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client

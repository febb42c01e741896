"""One size in a process of its own: seconds of one evaluation with the fast model, and the memory it took.

.venv/bin/python benchmarks/one_size.py SIZE    prints JSON; the picture is SIZE x SIZE
"""

import time

start = time.perf_counter()

# ruff: noqa: E402, I001 (the import of TensorFlow is part of the measurement)
import json
import re
import sys
from pathlib import Path

from recipes import fast_problem, value_and_gradient


def main(size, repeats=5):
    imported = time.perf_counter() - start
    content, cost = fast_problem(size)
    evaluate = value_and_gradient(cost)
    evaluate(content)[0].numpy()
    first = time.perf_counter() - start
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        evaluate(content)[0].numpy()
        seconds.append(time.perf_counter() - begin)
    memory = (
        int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 2**20
    )  # the highest so far
    print(json.dumps({"imported": imported, "first": first, "seconds": seconds, "gigabytes": memory}))


main(*map(int, sys.argv[1:]))

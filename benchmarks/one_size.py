"""One size in a process of its own: seconds of one evaluation with the fast model, and the memory it took.

.venv/bin/python benchmarks/one_size.py SIZE [bands]    prints JSON

The picture is SIZE x SIZE, and computed whole; with the word "bands" it is SIZE x 2/3 SIZE, and computed in bands.
"""

import time

start = time.perf_counter()

# ruff: noqa: E402, I001 (the import of TensorFlow is part of the measurement)
import json
import re
import sys
from pathlib import Path

from recipes import evaluation, fast_problem, print_problem


def main(size, bands=""):
    size = int(size)
    imported = time.perf_counter() - start
    if bands:
        content, cost = print_problem(size)
        content = content.numpy()
        evaluate = cost.value_and_gradient
    else:
        content, cost = fast_problem(size)
        evaluate = evaluation(cost)
    float(evaluate(content)[0])
    first = time.perf_counter() - start
    seconds = []
    for _ in range(5 if size < 3000 else 2):
        begin = time.perf_counter()
        float(evaluate(content)[0])
        seconds.append(time.perf_counter() - begin)
    memory = (
        int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 2**20
    )  # the highest so far
    print(json.dumps({"imported": imported, "first": first, "seconds": seconds, "gigabytes": memory}))


main(*sys.argv[1:])

"""Waiting for what another thread, process or page does."""

import time


def until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")

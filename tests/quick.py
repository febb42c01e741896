"""Parameters with which a notebook runs in seconds. `make test FULL=1` runs all notebooks with their own.

Nothing that nbval compares depends on them: a size that shows in a compared output stays as it is.
"""

import os

QUICK = {
    "02_content_cost.ipynb": {"STEPS": 2},
    "03_style_cost.ipynb": {"STEPS": 2},
    "04_paint.ipynb": {"EPOCHS": 2, "STEPS_PER_EPOCH": 2, "TRIAL_STEPS": 2},
    "05_experiments.ipynb": {"SIZE": 64, "EVALUATIONS": 1, "ADAM_STEPS": 1},
    "06_faster.ipynb": {"SIZE": 130, "EVALUATIONS": 2, "TRIAL": 2, "ROUNDS": 2},
    "07_control.ipynb": {"SIZE": 96, "EVALUATIONS": 1},
    "08_studio.ipynb": {"SIZE": 96, "EVALUATIONS": 2, "STOP": 1},
    "10_any_art.ipynb": {"SIZE": 64, "EVALUATIONS": 2},
    "09_filter.ipynb": {"SIZE": 64, "EVALUATIONS": 1, "PIECE": 64, "STEPS": 52, "CALM_STEPS": 1, "VIEW": 96},
}
FULL = bool(os.environ.get("NST_FULL"))


def shorten(items):
    """Let nbval's items run with the small parameters."""
    for item in items:
        if not FULL and item.path.name in QUICK and "parameters" in item.cell.metadata.get("tags", []):
            lines = [f"{name} = {value!r}" for name, value in QUICK[item.path.name].items()]
            item.cell.source = "\n".join([item.cell.source, *lines])

"""Parameters with which a notebook runs in seconds. `make test FULL=1` runs all notebooks with their own."""

import os

FULL = bool(os.environ.get("NST_FULL"))
QUICK = {
    "02_content_cost.ipynb": {"STEPS": 2},
    "03_style_cost.ipynb": {"STEPS": 2},
    "04_paint.ipynb": {"SIZE": 64, "EPOCHS": 2, "STEPS_PER_EPOCH": 2, "TRIAL_STEPS": 2},
    "05_experiments.ipynb": {"SIZE": 64, "EVALUATIONS": 1, "ADAM_STEPS": 1},
    "06_faster.ipynb": {"SIZE": 130, "EVALUATIONS": 2, "TRIAL": 2},
    "07_control.ipynb": {"SIZE": 96, "EVALUATIONS": 1},
    "08_studio.ipynb": {"SIZE": 96, "EVALUATIONS": 2, "STOP": 1},
}
# Notebooks without exercises only show pictures there: nothing that nbval would compare depends on these numbers.
QUICK_IN_NBVAL = [] if FULL else ["05_experiments.ipynb", "06_faster.ipynb", "07_control.ipynb", "08_studio.ipynb"]


def shorten(items):
    """Let nbval's items run with the small parameters."""
    for item in items:
        if item.path.name in QUICK_IN_NBVAL and "parameters" in item.cell.metadata.get("tags", []):
            lines = [f"{name} = {value!r}" for name, value in QUICK[item.path.name].items()]
            item.cell.source = "\n".join([item.cell.source, *lines])

"""Pictures, cost curves and progress: inline in a notebook, or in a terminal. No TensorFlow."""

import collections
import html
import io
import itertools
import math
import time
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import display
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib_inline.backend_inline import set_matplotlib_formats
from tqdm import tqdm

from nst.encode import data_url
from nst.pictures import to_uint8

DASHES = ("-", "--", "-.", ":")
_in_notebook = hasattr(get_ipython(), "kernel")
if _in_notebook:  # for figures that a learner shows with Matplotlib alone
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 80})


def as_html(figure: Figure, alt: str) -> dict[str, str]:
    """A figure as a notebook's output, with what it shows in words for those who do not see it.

    Lines and bars are drawn as SVG, which is sharp on every screen; a figure with a picture in it is a JPEG.
    """
    kind = "jpeg" if any(axis.images for axis in figure.axes) else "svg"
    options = dict(pil_kwargs={"quality": 80}) if kind == "jpeg" else dict(metadata={"Date": None})
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "nst"}):  # the same figure gives the same file
        figure.savefig(file, format=kind, bbox_inches="tight", **options)
    source = data_url(kind.replace("svg", "svg+xml"), file.getvalue())
    return {"text/plain": alt, "text/html": f'<img alt="{html.escape(alt)}" src="{source}">'}


def show_figure(figure: Figure, alt: str) -> None:
    """Show a Matplotlib figure in a notebook's output, or in a window.

    alt: what it shows, in words: read aloud by a screen reader, and shown where pictures are not.
    """
    if not _in_notebook:
        return plt.show()
    display(as_html(figure, alt), raw=True)
    plt.close(figure)


def show_images(*images: np.ndarray, titles: Sequence[str] = (), columns: int = 4, alt: str = "") -> None:
    """Show any number of pictures side by side, `columns` a row, each with its title if it has one.

    alt: what is to be seen on them, in words; else their titles, as far as they have some.
    """
    if not images:
        raise ValueError("show_images needs at least one picture")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    shape = to_uint8(images[0]).shape
    width = 11 / columns if columns > 1 else 7
    figure, axes = plt.subplots(
        rows, columns, squeeze=False, figsize=(width * columns, (width * shape[0] / shape[1] + 0.3) * rows)
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, image in zip(axes.flat, images):
        axis.imshow(to_uint8(image))
    for axis, title in zip(axes.flat, titles):
        axis.set_title(title, fontsize=10)
    figure.tight_layout()
    named = "; ".join(title for title in titles if title)
    show_figure(figure, alt or named or ("a picture" if len(images) == 1 else f"{len(images)} pictures"))


def plot_costs(histories: dict[str, list[float]], axis: Axes | None = None) -> None:
    """Plot {label: list of J per step} on a logarithmic axis; without an axis, in a figure of its own, and show it.

    The lines differ in their dashes, too: colours alone do not tell all readers which is which.
    """
    own = axis is None
    axis = plt.figure(figsize=(7, 3.5)).gca() if own else axis
    for (label, history), dashes in zip(histories.items(), itertools.cycle(DASHES)):
        axis.semilogy(range(1, len(history) + 1), history, dashes, label=label)
    axis.set_xlabel("step")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("cost J")
    axis.grid(alpha=0.3, which="both")
    if len(histories) > 1:
        axis.legend()
    if own:
        show_figure(axis.figure, f"cost J by step, logarithmic: {_described(histories)}")


def _described(histories: dict[str, list[float]]) -> str:
    """Where each curve begins and ends, in words."""
    curves = {label: [value for value in history if math.isfinite(value)] for label, history in histories.items()}
    return "; ".join(
        f"{label} from {curve[0]:.3g} to {curve[-1]:.3g} in {len(curve)} steps" if curve else f"{label} has no number"
        for label, curve in curves.items()
    )


class Place:
    """One output of a notebook, in which each new thing takes the place of the one before."""

    handle = None

    def show(self, thing, **options):
        if self.handle:
            self.handle.update(thing, **options)
        else:
            self.handle = display(thing, display_id=True, **options)

    def say(self, text, **about):
        """Show a line of text; outside a notebook, print it."""
        if _in_notebook:
            self.show({"text/plain": text}, raw=True, metadata=about)
        else:
            print(text)


class Canvas:
    """Shows the picture beside its cost curve, in one notebook output that is updated in place."""

    def __init__(self, visible):
        self.place, self.visible = Place(), visible and _in_notebook

    def draw(self, image, history):
        if not self.visible:
            return
        figure = Figure(figsize=(11, 4), layout="tight")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        left.imshow(to_uint8(image))
        left.axis("off")
        plot_costs({"J": history}, right)
        alt = f"the picture so far, beside its cost by step: {_described({'J': history})}"
        self.place.show(as_html(figure, alt), raw=True)


class ProgressBar(tqdm):
    """tqdm's bar: in a notebook drawn in one output, updated in place (no stderr, no widgets); else on stderr."""

    def __init__(self, work, done, visible):
        self.place, self.work, self.done, self.visible = Place(), work, done, visible
        self.label, self.last, self.recent = "", (0, None), collections.deque(maxlen=10)  # of (seconds, work)
        file = None if visible and not _in_notebook else io.StringIO()
        total, initial = sum(work), sum(work[:done])
        super().__init__(total=total, initial=initial, bar_format=self._layout(), ascii=False, file=file)

    def _layout(self, cost=""):
        left = self.seconds_left()
        left = "?" if left is None else self.format_interval(left)
        return f"{self.label} |{{bar:24}}| step {self.done}/{len(self.work)}{cost}, {left} left"

    def step(self, label, cost):
        now, work = time.perf_counter(), self.work[min(self.done, len(self.work) - 1)]
        before, work_before = self.last
        if work == work_before:  # the first step of its size compiles, and says nothing about the others
            self.recent.append((now - before, work))
        self.label, self.last, self.done = label, (now, work), self.done + 1
        self.bar_format = self._layout(f", J {cost:.3e}")
        self.update(work)

    def seconds_left(self):
        if not self.recent:
            return None
        seconds, work = map(sum, zip(*self.recent))
        return sum(self.work[self.done :]) * seconds / work

    def display(self, msg=None, pos=None):
        if not self.visible:
            return
        if not _in_notebook:
            return super().display(msg, pos)
        self.place.say(str(self), nst_progress=True)

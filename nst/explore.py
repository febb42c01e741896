"""A Gram matrix to click on: choose an entry, and see the maps of both channels and where they meet. No TensorFlow."""

import io

import anywidget
import numpy as np
import traitlets
from matplotlib import colormaps
from matplotlib.figure import Figure
from PIL import Image

from nst.display import as_html
from nst.encode import data_url

_ESM = """
function render({ model, el }) {
  const make = (kind, properties) => Object.assign(document.createElement(kind), properties);
  const count = model.get("channels");
  const style = "display: block; width: 320px; height: 320px; image-rendering: pixelated; cursor: crosshair";
  const alt = `A Gram matrix of ${count} rows and columns to click on; the two fields choose an entry, too`;
  const matrix = make("img", { src: model.get("matrix"), alt, style, draggable: false });
  const ring = "position: absolute; width: 9px; height: 9px; border: 2px solid white; outline: 2px solid black";
  const marker = make("div", { style: `${ring}; transform: translate(-50%, -50%); pointer-events: none` });
  const left = make("div", { style: "position: relative; flex: none" });
  left.append(matrix, marker);
  const choose = (entry) => {
    model.set("entry", entry.map((k) => Math.min(Math.max(Math.floor(k) || 0, 0), count - 1)));
    model.save_changes();
  };
  matrix.addEventListener("click", (event) => {
    const box = matrix.getBoundingClientRect();
    const parts = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    choose(parts.map((part) => part * count));
  });
  const fields = ["Row", "Column"].map(() => make("input", { type: "number", min: 0, max: count - 1 }));
  fields.forEach((field) => field.addEventListener("change", () => choose(fields.map((each) => Number(each.value)))));
  const labels = fields.map((field, k) => {
    const label = make("label", { textContent: `${["Row", "Column"][k]} `, style: "margin-right: 1em" });
    label.append(field);
    return label;
  });
  const words = make("p", { style: "margin: 0.5em 0" });
  words.setAttribute("aria-live", "polite");
  const maps = make("div", {});
  const right = make("div", { style: "flex: 1 1 420px; min-width: 300px" });
  right.append(...labels, words, maps);
  const draw = () => {
    fields.forEach((field, k) => (field.value = model.get("entry")[k]));
    [marker.style.top, marker.style.left] = model.get("entry").map((k) => `${((k + 0.5) / count) * 100}%`);
    words.textContent = model.get("words");
    maps.innerHTML = model.get("picture");
    maps.querySelectorAll("img").forEach((image) => (image.style.maxWidth = "100%"));
  };
  for (const name of ["entry", "words", "picture"]) model.on(`change:${name}`, draw);
  const page = make("div", { style: "display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start" });
  page.append(left, right);
  el.append(page);
  draw();
  return () => model.off(null, draw);
}
export default { render };
"""


def meeting(a: np.ndarray, i: int, j: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The maps of channels i and j, and their product, which is large where both are active.

    a: activations of shape (1, n_H, n_W, n_C). The sum of the product over all places is entry (i, j) of the Gram
    matrix.
    """
    first, second = np.asarray(a[0, :, :, i]), np.asarray(a[0, :, :, j])
    return first, second, first * second


def meeting_figure(a: np.ndarray, *pairs: tuple[int, int]) -> Figure:
    """For each pair of channels (i, j) a row: their maps and the product, each from 0 to its own largest value."""
    _, n_H, n_W, _ = a.shape
    figure = Figure(figsize=(9, (3 * n_H / n_W + 0.3) * len(pairs)), layout="tight")
    for axes, (i, j) in zip(figure.subplots(len(pairs), 3, squeeze=False), pairs):
        titles = f"channel {i}", f"channel {j}", "their product"
        for axis, values, title in zip(axes, meeting(a, i, j), titles):
            axis.imshow(values, cmap="magma", vmin=0)
            axis.set_title(title, fontsize=10)
            axis.axis("off")
    return figure


class GramExplorer(anywidget.AnyWidget):
    """The Gram matrix of one layer; a click on an entry, or two numbers, choose the channels whose maps are shown.

    a: activations of shape (1, n_H, n_W, n_C). entry: [row, column], the channels at first.
    Where there is no kernel to answer a click, the output is a sentence that says so.
    """

    _esm = _ESM
    channels = traitlets.Int().tag(sync=True)
    matrix = traitlets.Unicode().tag(sync=True)
    entry = traitlets.List([0, 0]).tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)

    def __init__(self, a: np.ndarray, entry: tuple[int, int] = (0, 0)):
        self._a = np.asarray(a)
        A = self._a.reshape(-1, self._a.shape[-1])  # one column for each channel
        self.gram = A.T @ A / len(A)  # the average over all places
        super().__init__(channels=len(self.gram), matrix=_as_url(self.gram), entry=list(entry))
        self._choose()

    @traitlets.validate("entry")
    def _inside(self, proposal):
        return [min(max(int(channel), 0), len(self.gram) - 1) for channel in proposal["value"]]

    @traitlets.observe("entry")
    def _choose(self, _=None):
        i, j = self.entry
        loudness = np.sqrt(self.gram[i, i] * self.gram[j, j])
        correlation = self.gram[i, j] / loudness if loudness else 0.0
        words = f"Entry ({i}, {j}) is {self.gram[i, j]:.3g}, the correlation {correlation:.2f}."
        alt = f"The maps of channels {i} and {j}, and their product, bright where both are active. {words}"
        picture = as_html(meeting_figure(self._a, (i, j)), alt)["text/html"]
        with self.hold_sync():  # both change at once
            self.words, self.picture = words, picture

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        words = "Run this cell in JupyterLab: a Gram matrix to click on appears here."
        return {**data, "text/plain": words, "text/html": f"<p>{words}</p>"}, metadata


def _as_url(gram):
    """The matrix as a picture, one pixel for each entry, coloured by square root so that small values show."""
    roots = np.sqrt(np.maximum(gram, 0))
    pixels = colormaps["magma"](1.5 * roots / max(roots.max(), 1e-9), bytes=True)
    file = io.BytesIO()
    Image.fromarray(pixels[..., :3]).save(file, "PNG")
    return data_url("png", file.getvalue())

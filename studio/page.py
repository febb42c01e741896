"""The page: choose, paint, watch, download."""

import base64
import html
import io
import tempfile
import time
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib.figure import Figure
from PIL import Image

from nst.display import plot_costs
from nst.job import Job
from nst.paths import IMAGES
from nst.pictures import read_image, to_uint8
from nst.recipe import Costs
from nst.spectrum import enlarge_with_edges
from studio.look import Look
from studio.painter import Painter
from studio.picker import PicturePicker

SMOOTHNESS = 10  # the cost's weight of total variation for one step of the slider
REFRESH, REFRESH_CURVE = 0.5, 3.0  # seconds between two updates of the page
FILM = 640  # pixels, the longer side of the time-lapse
WELCOME = "Choose a photo and a style, then press Paint."

_HEAD = """<style>
.nst-studio { max-width: 1240px; margin: 0 auto; }
.nst-studio .nst-left { flex: 1 1 330px; min-width: 300px; }
.nst-studio .nst-right { flex: 2 1 400px; min-width: 300px; }
.nst-studio .nst-preview { border-radius: 6px; max-height: 70vh; object-fit: contain; object-position: left top; }
.nst-links a { margin-right: 1.2em; font-weight: 600; color: #1f6feb; text-decoration: underline; }
.nst-error { color: #b00020; }
body[data-voila] .jp-RenderedText[data-mime-type="text/plain"] { display: none; } /* the notebook's first line */
</style>
<h1>Paint your photo in the style of an artwork</h1>"""


class _Page(anywidget.AnyWidget):
    """Shows nothing; sends "open" every few seconds, and "closed", and says what the pictures show."""

    _esm = Path(__file__).with_name("page.js")
    described = traitlets.Dict().tag(sync=True)  # {class of a picture: its alternative text}


class _Column(widgets.VBox):
    def __repr__(self):  # what a notebook that was not run yet shows
        return "The page appears here when you run this cell."


class Studio:
    """An ipywidgets page; show `.page` in a notebook.

    costs: the learner's cost functions, as recipe.course_costs collects them.
    """

    def __init__(self, costs: Costs):
        self.folder = tempfile.TemporaryDirectory(prefix="nst-studio-")
        folder = Path(self.folder.name)
        self.photo = PicturePicker("1. Your photo", _pictures("content"), folder / "photos", "cat.png")
        styles = _pictures("style")
        self.styles = PicturePicker("2. One or two artworks", styles, folder / "styles", "starry_night.jpg", most=2)
        self.painter = Painter(costs, folder / "painting", self._progress, self._ended)
        self.look = Look(self._show_look)
        self._shown = self._drawn = 0.0
        self._stopped = False  # is there a painting to continue?
        self._end = ""  # of the last painting: finished, or stopped early
        self._looked_at = None, None  # the last job that was looked at, and its look
        self._make_controls()
        self._connect()
        self.page = self._lay_out()

    # ------------------------------------------------------------ widgets

    def _make_controls(self):
        def slider(kind, value, **options):
            style, layout = {"description_width": "8em"}, widgets.Layout(width="98%")
            return kind(value, **options, style=style, layout=layout)

        self.strength = slider(widgets.IntSlider, 5, min=0, max=10, description="Strength")
        self.mix = slider(widgets.IntSlider, 50, min=0, max=100, step=5, description="Second style, %")
        self.size = slider(widgets.IntSlider, 448, min=256, max=1024, step=64, description="Size (pixels)")
        self.brush = slider(widgets.FloatSlider, 1, min=0.5, max=2, step=0.25, description="Brush size")
        self.smooth = slider(widgets.IntSlider, 0, min=0, max=10, description="Smoothness")
        self.keep = widgets.Checkbox(False, description="Keep the photo's colours", indent=False)
        self.knobs = [self.strength, self.mix, self.size, self.brush, self.smooth, self.keep]
        self.paint = widgets.Button(description="Paint", button_style="primary", icon="paint-brush")
        self.stop = widgets.Button(description="Stop", icon="stop", disabled=True)
        tip = "Go on with the painting that you stopped (while the settings are as they were)"
        self.go_on = widgets.Button(description="Continue", icon="play", disabled=True, tooltip=tip)
        self.bar = widgets.FloatProgress(0, min=0, max=1, layout=widgets.Layout(width="98%"))
        self.status = widgets.HTML()
        self.preview = widgets.Image(format="jpeg", layout=widgets.Layout(width="100%"))
        self.preview.add_class("nst-preview")
        self.curve = widgets.Image(format="png", layout=widgets.Layout(width="330px", display="none"))
        self.curve.add_class("nst-curve")
        self.links = widgets.HTML()
        self.browser = _Page()

    def _connect(self):
        self.paint.on_click(lambda _: self._start(self._job()))
        self.stop.on_click(lambda _: self._stop())
        self.go_on.on_click(lambda _: self._start(None))
        self.browser.on_msg(lambda _, content, __: self.painter.page_is(content))
        for picker in (self.photo, self.styles):
            picker.observe(self._choice_changed, "chosen")
        for knob in self.knobs:
            knob.observe(self._choice_changed, "value")
        self._show_photo()
        self._say(WELCOME)
        self._choice_changed()

    def _lay_out(self):
        buttons = widgets.HBox([self.paint, self.stop, self.go_on])
        left = widgets.VBox([self.photo, self.styles, *self.knobs])
        right = widgets.VBox([buttons, self.bar, self.status, self.links, self.preview, self.curve])
        left.add_class("nst-left")
        right.add_class("nst-right")
        columns = widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap", grid_gap="20px"))
        page = _Column([widgets.HTML(_HEAD), columns, self.browser])
        page.add_class("nst-studio")
        return page

    def _choice_changed(self, _=None):
        self.mix.layout.display = None if len(self.styles.chosen) == 2 else "none"
        self._update_continue()
        if self.painter.running:
            return
        if self.painter.pixels is not None and self._job() == self.painter.job:
            self._show_painting(self._end)
        else:
            self.look.ask(self._job())

    def _update_continue(self):
        if self._stopped and not self.painter.running:
            same = self._job() == self.painter.job
            self.go_on.disabled = not same
            height, width, _ = self.painter.pixels.shape
            otherwise = "Paint begins anew; to continue, put the settings back."
            self._say(f"Stopped at {width} x {height} pixels. {'Continue goes on from here.' if same else otherwise}")

    def _show_photo(self):
        photo = read_image(self.photo.chosen_paths[0], max_size=1024)
        self._show(to_uint8(photo), f"The photo: {self._called(self.photo.chosen_paths)}")

    def _show_look(self, job, pixels):
        if job == self._job() and not self.painter.running:
            what = f"{self._called([job.content])} in the style of {self._called(job.styles)}"
            self._show(pixels, f"A first look: {what}")
            self._looked_at = job, pixels
            if not self._stopped:
                self._say("A first look. Press Paint for the painting.")

    def _called(self, paths):
        labels = self.photo.labels | self.styles.labels
        return " and ".join(labels.get(str(path), Path(path).stem) for path in paths)

    def _show_painting(self, state):
        job, pixels = self.painter.job, self.painter.pixels
        if max(pixels.shape) < job.size:  # a small one, enlarged, must not be blurrier than the look was
            pixels = to_uint8(enlarge_with_edges(pixels[np.newaxis] / np.float32(255), job.content, job.size))
        done = len(self.painter.history) / job.evaluations
        if self.painter.running and done < 1 and self._looked_at[0] == job:  # it grows out of the look
            pixels = to_uint8((done * pixels + (1 - done) * self._looked_at[1]) / 255)
        what = f"{self._called([job.content])} in the style of {self._called(job.styles)}"
        self._show(pixels, f"The painting: {what}, {state}")

    def _show(self, pixels, text):
        self.preview.value = _encoded(pixels, "JPEG")
        self._describe("nst-preview", text)

    def _describe(self, name, text):
        self.browser.described = self.browser.described | {name: text}

    def _say(self, text, error=False):
        kind = "nst-error" if error else ""
        self.status.value = f"<span role='status' class='{kind}'>{html.escape(text)}</span>"

    # ------------------------------------------------------------ painting

    def _job(self):
        styles = tuple(map(str, self.styles.chosen_paths))
        share = self.mix.value / 100
        return Job(
            content=str(self.photo.chosen_paths[0]),
            styles=styles,
            weights=(1 - share, share) if len(styles) == 2 else (),
            size=self.size.value,
            brush=self.brush.value,
            smoothness=SMOOTHNESS * self.smooth.value,
            strength=self.strength.value,
            keep_colors=self.keep.value,
        )

    def _start(self, job):
        if self.painter.running:
            return
        self.paint.disabled = self.go_on.disabled = True
        self.stop.disabled = False
        self.links.value = ""
        self.bar.value = 0 if job else self.bar.value
        self._say("Looking at the pictures …")
        self.painter.start(job)

    def _stop(self):
        self.stop.disabled = True
        self._say("Stopping …")
        self.painter.stop()

    def _progress(self, run):
        now = time.monotonic()
        if now - self._shown < REFRESH:
            return
        self._shown = now
        done, left, pixels = len(run.history), run.seconds_left(), self.painter.pixels
        height, width, _ = pixels.shape
        self.bar.value = sum(run.work[:done]) / sum(run.work)
        if not self.stop.disabled:
            left = "" if left is None else f", about {_duration(left)} left"
            self._say(f"Step {done} of {run.total}, {width} x {height} pixels{left}")
        self._show_painting(f"step {done} of {run.total}")
        if done > 1 and now - self._drawn > REFRESH_CURVE:
            self._drawn = now
            self._draw_curve(run.history)

    def _draw_curve(self, history):
        figure = Figure(figsize=(4.4, 2.4), layout="tight")
        plot_costs({"J": history}, figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=100)
        self.curve.value, self.curve.layout.display = buffer.getvalue(), None
        self._describe("nst-curve", f"The cost J of each step: {history[0]:.3g} at first, {history[-1]:.3g} now")

    def _ended(self, how):
        kept = how in ("done", "stopped") and bool(self.painter.frames)
        self._stopped = how == "stopped" and kept
        self.stop.disabled = True
        if kept:
            self._end = "finished" if how == "done" else "stopped early"
            self._show_painting(self._end)
            self._draw_curve(self.painter.history)
            self._offer_downloads()
        if how == "done":
            self.bar.value = 1
            self._say("Done.")
        elif how == "stopped":
            self._say("Stopped.")
        else:
            for path, label in {**self.photo.labels, **self.styles.labels}.items():
                how = how.replace(path, label)
            self._say(how, error=True)
        self.paint.disabled = False
        self._update_continue()

    def _offer_downloads(self):
        picture = _link("painting.png", "image/png", _encoded(self.painter.pixels, "PNG"), "Download the picture")
        film = _link("painting.webp", "image/webp", timelapse(self.painter.frames), "Download the time-lapse")
        self.links.value = f"<div class='nst-links'>{picture}{film}</div>"


def timelapse(frames, largest=FILM):
    """An animated WebP of uint8 pictures of any sizes, in the shape of the last one, which is shown longest."""
    last = Image.fromarray(frames[-1])
    last.thumbnail((largest, largest))
    pictures = [Image.fromarray(frame).resize(last.size, Image.Resampling.BICUBIC) for frame in frames]
    times = [120] * (len(pictures) - 1) + [2000]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=80, method=2
    )
    return buffer.getvalue()


def _encoded(pixels, kind):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, quality=90)
    return buffer.getvalue()


def _link(name, kind, data, text):
    return f"<a download='{name}' href='data:{kind};base64,{base64.b64encode(data).decode()}'>{text}</a>"


def _pictures(folder):
    return sorted(path for path in (IMAGES / folder).iterdir() if path.suffix in (".jpg", ".png"))


def _duration(seconds):
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"

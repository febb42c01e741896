"""The studio without a browser: painter, uploads, page, time-lapse. tests/test_browser.py clicks on it."""

import base64
import io
import re
import threading
from dataclasses import asdict

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst.instant import instant
from nst.job import Job
from nst.minimize import coarse_to_fine
from nst.paths import IMAGES
from nst.pictures import read_image, to_uint8
from studio import Studio, page, painter, picker
from studio.painter import Painter
from studio.picker import PicturePicker

CAT = str(IMAGES / "content" / "cat.png")
STARS = str(IMAGES / "style" / "starry_night.jpg")
JOB = Job(CAT, (STARS,), size=64, evaluations=20)


@pytest.fixture(autouse=True)
def towards_grey(monkeypatch):
    """In place of the recipe: quick, and slow to end, so that there is something to stop."""

    def paint(job, costs, **options):
        def problem(size):
            image = tf.constant(read_image(job.content, size, enlarge=True))
            rough = tf.random.stateless_uniform(image.shape, (1, 2), 0.01, 1)
            return image, lambda picture: tf.reduce_sum(rough * tf.abs(picture - 0.25) ** 3)

        image, histories = coarse_to_fine(problem, job.size, job.evaluations, settings=asdict(job), **options)
        return image.numpy(), histories

    monkeypatch.setattr(painter, "paint", paint)


class Watched(Painter):
    """A painter that notes what it says, and does not go on before `let` it."""

    def __init__(self, folder):
        self.steps, self.ends, self.may = [], [], threading.Semaphore(0)
        super().__init__(None, folder, self.one_more, self.ends.append)

    def one_more(self, run):
        self.steps.append(len(run.history))
        self.may.acquire()

    def let(self, steps):
        for _ in range(steps):
            self.may.release()

    def finish(self):
        self.let(1000)
        self.wait()


def until(true):
    for _ in range(600):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it does not happen")


def test_a_second_start_does_nothing_while_one_paints(tmp_path):
    one = Watched(tmp_path)
    assert one.start(JOB) and not one.start(Job(CAT, (STARS,), size=96)) and not one.start()
    assert one.job == JOB
    one.finish()
    assert one.ends == ["done"] and one.steps == list(range(1, 21)) and not one.running
    np.testing.assert_allclose(one.pixels, np.asarray(one.frames[-1]))
    assert len(one.frames) == 21 and one.pixels.shape == (43, 64, 3)


def test_stop_keeps_the_picture_and_continue_goes_on_from_it(tmp_path):
    one = Watched(tmp_path)
    one.start(JOB)
    one.let(5)
    until(lambda: one.steps == [1, 2, 3, 4, 5, 6])
    one.stop()
    one.finish()
    assert one.ends == ["stopped"] and (tmp_path / "generated_image.png").exists()
    kept = one.pixels
    one.may = threading.Semaphore(0)
    assert one.start()
    until(lambda: len(one.steps) == 7)
    assert np.abs(one.pixels.astype(int) - kept).mean() < 5 < np.abs(one.frames[0].astype(int) - kept).mean()
    one.finish()
    assert one.ends == ["stopped", "done"] and one.steps[-1] == 20
    assert one.steps.count(1) == 1, "it did not begin anew"


def test_a_page_that_was_closed_ends_the_work(tmp_path, monkeypatch):
    one = Watched(tmp_path)
    one.page_is("open")
    one.start(JOB)
    until(lambda: one.steps)
    monkeypatch.setattr(painter, "SILENCE", 0)
    one.finish()
    assert one.ends == ["stopped"] and len(one.steps) == 1
    monkeypatch.setattr(painter, "SILENCE", 100)
    one.start(JOB)
    one.page_is("closed")
    one.finish()
    assert one.ends == ["stopped", "stopped"] and len(one.steps) < 4


def test_an_error_is_told_and_the_next_painting_works(tmp_path):
    one = Watched(tmp_path)
    one.start(Job(str(tmp_path / "gone.png"), (STARS,), size=64))
    one.wait()
    assert re.match(".*gone.png: no such file", one.ends[0])
    one.start(JOB)
    one.finish()
    assert one.ends[1:] == ["done"]


# ------------------------------------------------------------ uploads


@pytest.fixture
def pictures(tmp_path):
    return PicturePicker("Photo", [CAT, STARS], tmp_path / "uploads", "cat.png", most=2)


def upload(pictures, name, data, piece=1000):
    pictures.receive({"kind": "begin", "name": name}, [])
    for start in range(0, len(data), piece):
        pictures.receive({"kind": "chunk"}, [memoryview(data[start : start + piece])])
    pictures.receive({"kind": "end"}, [])


def png(width, height, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 1).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_in_pieces_is_chosen_and_shown(pictures):
    data = (IMAGES / "content" / "dahlia.jpg").read_bytes()
    upload(pictures, "my flower.jpg", data)
    assert pictures.message == "" and pictures.chosen == ["cat.png", "upload-1"]
    assert pictures.chosen_paths[1].read_bytes() == data
    entry = pictures.pictures[-1]
    thumbnail = Image.open(io.BytesIO(base64.b64decode(entry["thumbnail"].split(",")[1])))
    assert entry["label"] == "my flower.jpg" and max(thumbnail.size) == 200


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "bad.png is empty; choose another picture"),
        (b"<html>no picture</html>", "bad.png: not a picture that can be read"),
        (png(500, 500)[:-40], "bad.png: not a picture that can be read, or a damaged one"),
        (png(20000, 20000, "1"), "bad.png: more than 89 million pixels; make it smaller first"),
        (png(1000, 10), "bad.png is too small, or too long and narrow"),
        (png(1000, 200), "bad.png is too small, or too long and narrow"),
        (b"x" * 3000, "bad.png is too large"),
    ],
)
def test_a_bad_upload_shows_a_message_and_changes_nothing(pictures, data, message, monkeypatch):
    if "too large" in message:
        monkeypatch.setattr(picker, "UPLOAD_LIMIT", 2000)
    before = list(pictures.pictures), list(pictures.chosen), dict(pictures.paths)
    upload(pictures, "bad.png", data)
    assert message in pictures.message and str(pictures.folder) not in pictures.message
    assert (pictures.pictures, pictures.chosen, pictures.paths) == before
    assert not pictures.folder.exists() or not list(pictures.folder.iterdir())
    upload(pictures, "good.png", png(64, 64))
    assert pictures.message == "" and pictures.chosen[-1].startswith("upload")


# ------------------------------------------------------------ the page


@pytest.fixture
def studio():
    studio = Studio(None)
    studio.size.value = 256
    yield studio
    studio.painter.stop()
    studio.painter.wait()
    studio.look.wait()


def test_the_controls_make_the_job(studio):
    assert studio._job() == Job(CAT, (STARS,), size=256)
    assert studio.mix.layout.display == "none"
    studio.styles.chosen = ["starry_night.jpg", "stained_glass.jpg"]
    assert studio.mix.layout.display is None
    studio.mix.value, studio.strength.value, studio.smooth.value = 25, 7, 2
    studio.brush.value, studio.keep.value = 1.5, True
    glass = str(IMAGES / "style" / "stained_glass.jpg")
    weights = (0.75, 0.25)
    assert studio._job() == Job(
        CAT, (STARS, glass), weights=weights, brush=1.5, keep_colors=True, smoothness=20, strength=7, size=256
    )


def test_paint_stop_continue_and_downloads(studio):
    studio.look.wait()
    assert studio.browser.described == {"nst-preview": "A first look: cat in the style of starry night"}
    studio.paint.click()
    assert studio.paint.disabled and studio.go_on.disabled and not studio.stop.disabled
    first = studio.painter._thread
    studio.paint.click()
    assert studio.painter._thread is first
    until(lambda: studio.painter.frames)
    studio.stop.click()
    studio.painter.wait()
    assert "Stopped at " in studio.status.value and "Continue goes on" in studio.status.value
    painting = studio.preview.value
    what = "The painting: cat in the style of starry night"
    assert studio.browser.described["nst-preview"] == f"{what}, stopped early"
    assert not studio.paint.disabled and not studio.go_on.disabled and studio.stop.disabled
    studio.strength.value = 6
    assert studio.go_on.disabled, "a checkpoint of other settings"
    assert "put the settings back" in studio.status.value
    studio.photo.chosen = ["dahlia.jpg"]
    studio.look.wait()
    assert studio.browser.described["nst-preview"] == "A first look: dahlia in the style of starry night"
    assert "put the settings back" in studio.status.value
    studio.photo.chosen = ["cat.png"]
    studio.strength.value = 5
    assert studio.preview.value == painting, "with its settings the painting is back at once"
    assert "Continue goes on" in studio.status.value
    studio.go_on.click()
    studio.painter.wait()
    assert "Done." in studio.status.value and studio.go_on.disabled and studio.bar.value == 1
    assert studio.browser.described["nst-preview"] == f"{what}, finished"
    assert studio.browser.described["nst-curve"].endswith(f"{studio.painter.history[-1]:.3g} now")
    picture, film = (
        Image.open(io.BytesIO(base64.b64decode(data))) for data in re.findall("base64,([^']+)", studio.links.value)
    )
    assert picture.format == "PNG" and picture.size == (256, 170)
    np.testing.assert_array_equal(np.asarray(picture), studio.painter.pixels)
    assert film.format == "WEBP" and film.n_frames > 10


def shown(studio):
    return np.asarray(Image.open(io.BytesIO(studio.preview.value)).convert("RGB"), float)


def test_a_choice_is_looked_at_at_once_and_the_last_one_counts(studio):
    studio.look.wait()
    assert "A first look. Press Paint" in studio.status.value
    first = studio.preview.value
    assert first == page._encoded(to_uint8(instant(CAT, [STARS], 256)), "JPEG")
    asked = []
    studio.look.on_look, on_look = lambda job, pixels: (asked.append(job), on_look(job, pixels)), studio.look.on_look
    for strength in (0, 1, 2, 3):
        studio.strength.value = strength
    studio.keep.value = True
    studio.look.wait()
    assert asked[-1] == studio._job() and len(asked) < 5
    expected = instant(CAT, [STARS], 256, strength=3 / 5, keep_colors=True)
    assert studio.preview.value == page._encoded(to_uint8(expected), "JPEG") != first


def test_no_look_takes_the_place_of_a_painting(studio):
    studio.look.wait()
    slow = threading.Event()
    made, studio.look.on_look = studio.look.on_look, lambda *each: (slow.wait(), made(*each))
    studio.strength.value = 6
    studio.paint.click()
    until(lambda: studio.painter.frames)
    slow.set()
    studio.look.wait()
    assert studio.browser.described["nst-preview"].startswith("The painting: cat")
    studio.strength.value = 4  # while it paints
    studio.painter.wait()
    studio.look.wait()
    assert studio.browser.described["nst-preview"] == "The painting: cat in the style of starry night, finished"


def test_a_coarse_picture_on_the_way_is_shown_with_the_photos_edges(studio):
    studio.look.wait()
    studio.painter.job = studio._job()
    studio.painter.pixels = to_uint8(read_image(CAT, 64))
    studio._show_painting("step 1")
    photo = 255 * read_image(CAT, 256)[0]
    assert shown(studio).shape == photo.shape and np.abs(shown(studio) - photo).mean() < 6


def test_a_painting_grows_out_of_its_look(studio):
    studio.look.wait()
    studio.painter.job, studio.painter.running = studio._job(), True
    studio.painter.pixels = np.zeros((170, 256, 3), np.uint8)
    look = shown(studio)
    for done, left in ((5, 0.9), (25, 0.5), (50, 0)):
        studio.painter.history = [1.0] * done
        studio._show_painting("on the way")
        assert np.abs(shown(studio) - left * look).mean() < 4
    studio.painter.running, studio.painter.history = False, [1.0] * 5
    studio._show_painting("stopped early")
    assert shown(studio).max() < 5, "what is kept is shown as it is"


def test_what_cannot_be_looked_at_is_left_to_painting(studio):
    studio.look.wait()
    before = studio.preview.value
    studio.photo.paths["cat.png"] = IMAGES / "gone.png"
    studio.strength.value = 7
    studio.look.wait()
    assert studio.preview.value == before and not studio.paint.disabled


def test_the_page_says_what_went_wrong(studio):
    studio.photo.paths["cat.png"] = IMAGES / "gone.png"
    studio.paint.click()
    studio.painter.wait()
    assert "nst-error" in studio.status.value and ">cat: no such file" in studio.status.value
    assert not studio.paint.disabled


def test_a_time_lapse_has_all_pictures_in_the_size_of_the_last():
    frames = [
        np.full((20, 30, 3), 50, np.uint8),
        np.full((40, 60, 3), 100, np.uint8),
        np.full((80, 120, 3), 200, np.uint8),
    ]
    film = Image.open(io.BytesIO(page.timelapse(frames, largest=60)))
    assert film.size == (60, 40) and film.n_frames == 3
    for number, (grey, duration) in enumerate(((50, 120), (100, 120), (200, 2000))):
        film.seek(number)
        film.load()
        assert abs(np.asarray(film.convert("L")).mean() - grey) < 3 and film.info["duration"] == duration

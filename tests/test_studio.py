"""The studio without a browser: painter, session, uploads, masks, history. tests/test_studio_page.py clicks on it."""

import base64
import io
import threading
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from wait import until

from nst.instant import instant
from nst.job import Job
from nst.minimize import coarse_to_fine
from nst.paths import IMAGES
from nst.pictures import read_image, to_uint8
from nst.spectrum import enlarge
from studio import painter, shelf
from studio.choice import Choice, split_mask
from studio.events import End, Ready, Step
from studio.film import timelapse
from studio.painter import Painter
from studio.preview import Preview
from studio.session import Session
from studio.shelf import Shelf, Unreadable, as_jpeg

CAT = str(IMAGES / "content" / "cat.png")
STARS = str(IMAGES / "style" / "starry_night.jpg")
GLASS = str(IMAGES / "style" / "stained_glass.jpg")
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
    monkeypatch.setattr(painter, "REFRESH", 0)


class Watched(Painter):
    """A painter that notes what it says, and does not go on before `let` it."""

    def __init__(self, folder):
        self.steps, self.ends, self.pictures, self.may = [], [], [], threading.Semaphore(0)
        super().__init__(None, folder, self.note)

    def note(self, event):
        self.pictures.append(event.pixels)
        if isinstance(event, End):
            return self.ends.append(event)
        self.steps.append(event.done)
        self.may.acquire()

    def let(self, steps):
        for _ in range(steps):
            self.may.release()

    def finish(self):
        self.let(1000)
        self.wait()

    @property
    def how(self):
        return [end.how for end in self.ends]


def test_a_second_start_does_nothing_while_one_paints(tmp_path):
    one = Watched(tmp_path)
    assert one.start(JOB) and not one.start(Job(CAT, (STARS,), size=96)) and not one.start(JOB, True)
    assert one.job == JOB
    one.finish()
    assert one.how == ["done"] and one.steps == list(range(1, 21)) and not one.running
    np.testing.assert_array_equal(one.ends[0].pixels, one.frames[-1])
    assert len(one.frames) == 21 and one.ends[0].pixels.shape == (43, 64, 3) and len(one.ends[0].costs) == 20


def test_stop_keeps_the_picture_and_continue_goes_on_from_it(tmp_path):
    one = Watched(tmp_path)
    one.start(JOB)
    one.let(5)
    until(lambda: one.steps == [1, 2, 3, 4, 5, 6])
    one.stop()
    one.finish()
    assert one.how == ["stopped"] and (tmp_path / "generated_image.png").exists()
    kept = one.ends[0].pixels
    one.may = threading.Semaphore(0)
    assert one.start(JOB, resume=True)
    until(lambda: len(one.steps) == 7)
    now = one.pictures[-1].astype(int)
    assert np.abs(now - kept).mean() < 5 < np.abs(one.frames[0].astype(int) - kept).mean()
    one.finish()
    assert one.how == ["stopped", "done"] and one.steps[-1] == 20
    assert one.steps.count(1) == 1, "it did not begin anew"


def test_an_error_is_told_and_the_next_painting_works(tmp_path):
    one = Watched(tmp_path)
    one.note = lambda event: one.ends.append(event)
    one.tell = one.note
    one.start(Job(str(tmp_path / "gone.png"), (STARS,), size=64))
    one.wait()
    assert one.ends[0].how == "failed" and "gone.png: no such file" in one.ends[0].words
    one.start(JOB)
    one.wait()
    assert one.ends[-1].how == "done"


# ------------------------------------------------------------ uploads, masks, choices


@pytest.fixture
def pictures(tmp_path):
    return Shelf([IMAGES / "content" / "cat.png"], tmp_path / "uploads")


def png(width, height, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 1).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_has_its_name_and_a_thumbnail(pictures):
    data = (IMAGES / "content" / "dahlia.jpg").read_bytes()
    name = pictures.add("my flower.jpg", data)
    assert pictures.paths[name].read_bytes() == data
    entry = pictures.entries()[-1]
    small = Image.open(io.BytesIO(base64.b64decode(entry["thumbnail"].split(",")[1])))
    assert entry["label"] == "my flower.jpg" and entry["name"] == name and max(small.size) == 200


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
def test_a_bad_upload_is_refused_in_words_and_leaves_nothing(pictures, data, message, monkeypatch):
    if "too large" in message:
        monkeypatch.setattr(shelf, "UPLOAD_LIMIT", 2000)
    before = dict(pictures.paths), dict(pictures.labels)
    with pytest.raises(Unreadable, match=message) as refusal:
        pictures.add("bad.png", data)
    assert str(pictures.folder) not in str(refusal.value)
    assert (pictures.paths, pictures.labels) == before
    assert not pictures.folder.exists() or not list(pictures.folder.iterdir())
    assert pictures.add("good.png", png(64, 64)).startswith("upload")


def test_a_choice_makes_its_job():
    photos, styles = {"cat": CAT}, {"stars": STARS, "glass": GLASS}
    one = Choice("cat", ("stars",), (50,), size=256)
    assert one.job(photos, styles) == Job(CAT, (STARS,), size=256, evaluations=30)
    assert one.job(photos, styles, ("m",)).masks == (), "one artwork has no mask"
    two = Choice("cat", ("stars", "glass"), (75, 25), size=256, strength=7, brush=1.5, smooth=2, detail=1, keep=True)
    two = replace(two, evaluations=20)
    assert two.job(photos, styles, ("a.png", "b.png")) == Job(
        CAT,
        (STARS, GLASS),
        (75, 25),
        ("a.png", "b.png"),
        1.5,
        keep_colors=True,
        smoothness=20,
        strength=7,
        detail=1,
        size=256,
        evaluations=20,
    )
    assert replace(two, shares=(30, 30)).job(photos, styles).weights == (), "equal shares are equal strength"
    with pytest.raises(ValueError, match="'glass' is not there any more"):
        two.job(photos, {"stars": STARS})
    with pytest.raises(ValueError, match="weights .*: give finite numbers"):
        replace(two, shares=(-1, 0)).job(photos, styles)


def test_a_choice_is_read_as_the_page_sends_it_and_nothing_else_is():
    two = Choice("a", ("x", "y"), (1, 2))
    assert Choice.read({**asdict(two), "styles": ["x", "y"], "shares": [1, 2], "more": 1}) == two
    sent = asdict(two)
    for wrong in ({}, sent | dict(styles=3), sent | dict(styles=[]), sent | dict(shares=[1])):
        with pytest.raises(ValueError):
            Choice.read(wrong)


def test_a_painted_mask_gives_each_artwork_its_part(tmp_path):
    painted = np.zeros((8, 12, 3), np.uint8)
    painted[:, :4, 0] = 255  # the second artwork's
    painted[:, 4:6, 1] = 100  # some of the third's
    buffer = io.BytesIO()
    Image.fromarray(painted).save(buffer, "PNG")
    parts = [np.asarray(Image.open(path)) for path in split_mask(buffer.getvalue(), tmp_path, 3)]
    assert [part.dtype for part in parts] == [np.uint8] * 3
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), 255)
    np.testing.assert_array_equal(parts[1], painted[..., 0])
    np.testing.assert_array_equal(parts[2], painted[..., 1])
    two = [np.asarray(Image.open(path)) for path in split_mask(buffer.getvalue(), tmp_path, 2)]
    np.testing.assert_array_equal(two[0], 255 - painted[..., 0])


# ------------------------------------------------------------ what is shown of a painting


def sharpness(pixels):
    grey = pixels.astype(float).mean(axis=-1)
    return np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()


def test_what_is_shown_never_gets_softer_when_a_larger_scale_begins():
    job = Job(CAT, (STARS,), size=256, evaluations=50)
    preview = Preview(job, to_uint8(read_image(CAT, 256)))
    rng, shown, strokes = np.random.default_rng(0), None, None
    for number, side in enumerate((64, 128, 256)):
        smooth = read_image(CAT, side)
        if number:  # a scale begins with the one before, enlarged: without fine strokes
            smooth = enlarge(strokes[np.newaxis] / np.float32(255), smooth.shape[1:3])
        smooth = to_uint8(smooth)
        before = preview.of(smooth, 50 * number + 1)
        if number:
            assert sharpness(before) > 0.95 * sharpness(shown)
        strokes = (smooth.astype(int) + rng.integers(-60, 61, smooth.shape)).clip(0, 255).astype(np.uint8)
        shown = preview.of(strokes, 50 * number + 49)
        assert shown.shape == (171, 256, 3) or shown.shape == (170, 256, 3)
    np.testing.assert_array_equal(shown, strokes)


def test_a_painting_grows_out_of_what_was_there():
    job = Job(CAT, (STARS,), size=256, evaluations=50)
    look = to_uint8(read_image(CAT, 256))
    preview, black = Preview(job, look), np.zeros(look.shape, np.uint8)
    for done, left in ((1, 0.95), (10, 0.5), (20, 0)):
        assert np.abs(preview.of(black, done).astype(float) - left * look).mean() < 2
    assert Preview(job, None).of(black, 1).max() == 0, "nothing was there"


# ------------------------------------------------------------ the session


class Visit:
    """A session and a page that notes what it is told."""

    def __init__(self, folder):
        self.told, self.pictures, self.bytes = {}, [], {}
        self.session = Session(lambda tell: Painter(None, folder / "now", tell), folder, ready=True)
        self.session.wait()
        self.session.enter(self.hear)
        self.session.wait()

    def hear(self, message, data):
        self.told[message["kind"]], self.bytes[message["kind"]] = message, data
        if message["kind"] == "all":
            self.told["state"], self.told["choice"] = message["state"], message
            self.told["history"] = message
        if message["kind"] == "picture":
            self.pictures.append(message)

    def say(self, kind, data=b"", wait=True, **more):
        self.session.hear(self.hear, dict(kind=kind, **more), data)
        if wait:
            self.session.wait()

    def choose(self, **settings):
        self.say("choose", choice=asdict(replace(self.session.choice, **settings)))

    def upload(self, name, data, to, piece=1000):
        self.say("begin", name=name, to=to)
        for start in range(0, len(data), piece):
            self.say("chunk", data[start : start + piece], wait=False)
        self.say("end")

    def finish(self):
        self.session.wait()
        until(lambda: not self.state["running"])
        self.session.wait()

    @property
    def state(self):
        return self.told["state"]

    @property
    def shown(self):
        return self.told["picture"]["text"]

    def pixels(self, kind="picture"):
        return np.asarray(Image.open(io.BytesIO(self.bytes[kind])).convert("RGB"), float)


@pytest.fixture
def visit(tmp_path):
    visit = Visit(tmp_path)
    visit.choose(size=256)
    yield visit
    visit.session.close()


def test_a_page_that_comes_is_told_everything(visit):
    other = Visit.__new__(Visit)
    other.told, other.pictures, other.bytes = {}, [], {}
    visit.session.enter(other.hear)
    visit.session.wait()
    everything = other.told["all"]
    assert [entry["name"] for entry in everything["photos"]][:2] == ["cat.png", "coffee_cup.png"]
    assert everything["choice"]["size"] == 256 and everything["most"] == 4
    assert other.shown == "A first look: cat in the style of starry night" == visit.shown
    np.testing.assert_allclose(other.pixels("photo"), 255 * read_image(CAT, 1024)[0], atol=60)
    assert (other.told["photo"]["width"], other.told["photo"]["height"]) == (451, 300), "the photo's own, up to 1024"
    visit.choose(strength=3)
    assert other.told["choice"]["choice"]["strength"] == 3, "two pages of one visitor show the same"
    assert visit.told["choice"] is visit.told["all"], "the page that said so is not told again"


@pytest.mark.slow
def test_paint_stop_continue_and_downloads(visit):
    assert visit.state["status"].startswith("A first look. Press Paint") and not visit.state["running"]
    visit.say("paint", wait=False)
    visit.say("paint", wait=False)
    until(lambda: visit.state["running"] and len(visit.session.painter.frames) > 6)
    assert not visit.state["continues"]
    visit.say("stop", wait=False)
    visit.finish()
    assert visit.state["status"] == "Stopped. Continue goes on from here." and visit.state["continues"]
    assert visit.shown == "The painting, stopped early: cat in the style of starry night"
    first, painting = visit.told["picture"]["id"], visit.bytes["picture"]
    assert first == 1 and len(visit.told["history"]["history"]) == 1
    visit.choose(strength=6)
    assert not visit.state["continues"] and "put the settings back" in visit.state["status"]
    assert visit.shown.startswith("A first look")
    visit.choose(strength=5)
    assert visit.bytes["picture"] == painting, "with its settings the painting is back at once"
    assert visit.state["continues"]
    visit.say("continue", wait=False)
    until(lambda: visit.state["running"])
    visit.finish()
    assert visit.state["status"] == "Done." and not visit.state["continues"] and visit.state["share"] == 1
    assert visit.shown == "The painting: cat in the style of starry night"
    assert len(visit.state["costs"]) == 60 and visit.state["costs"][-1] < visit.state["costs"][31]
    assert [entry["how"] for entry in visit.told["history"]["history"]] == ["stopped", "done"]
    last, finished = visit.told["picture"]["id"], visit.bytes["picture"]
    visit.say("bring", id=first)
    assert visit.bytes["picture"] == painting, "with the same settings as the finished one"
    assert visit.told["picture"]["id"] == first and visit.state["share"] < 1
    visit.say("bring", id=last)
    assert visit.bytes["picture"] == finished and visit.state["share"] == 1
    visit.say("download", id=last, what="picture")
    picture = Image.open(io.BytesIO(visit.bytes["file"]))
    assert (picture.format, picture.size) == ("PNG", (256, 170))
    assert visit.told["file"]["name"] == "cat_starry_night.png"
    visit.say("download", id=last, what="film")
    film = Image.open(io.BytesIO(visit.bytes["file"]))
    assert film.format == "WEBP" and film.n_frames > 10 and visit.told["file"]["type"] == "image/webp"
    visit.say("download", id=99, what="film")


def test_a_painting_that_is_stopped_at_once_is_none(visit):
    look = visit.bytes["picture"]
    visit.session.painter.tell = lambda event: (
        visit.session.painter.stop() or visit.session._post(visit.session._told, event)
    )
    visit.say("paint", wait=False)
    visit.finish()
    assert visit.told["history"]["history"] == [] and not visit.state["continues"]
    assert visit.bytes["picture"] == look and visit.state["status"].startswith("A first look")


@pytest.mark.slow
def test_an_uploaded_artwork_replaces_one_joins_several_and_leaves_four(visit):
    styles = visit.session.choice.styles
    for number, wanted in enumerate((1, 2, 3, 4, 4), 1):
        if number == 2:
            visit.choose(styles=("starry_night.jpg",), shares=(50,))
            visit.choose(styles=("starry_night.jpg", "upload-1"), shares=(20, 70))
            continue
        visit.upload(f"art{number}.png", png(64, 64 + number), "styles")
        chosen = visit.session.choice
        assert len(chosen.styles) == len(chosen.shares) == wanted and styles[0] in chosen.styles or number == 1
    assert visit.session.choice.styles == ("starry_night.jpg", "upload-1", "upload-2", "upload-3")
    assert visit.session.choice.shares == (20, 70, 50, 50)
    assert "art5.png is there; 4 others are chosen" in visit.told["complaint"]["text"]


def test_a_painting_of_the_strip_comes_back_with_its_settings(visit):
    for strength in (2, 9):
        visit.choose(strength=strength, size=96)
        visit.say("paint")
        visit.finish()
    visit.choose(strength=4)
    assert visit.shown.startswith("A first look")
    visit.say("bring", id=1)
    assert visit.told["choice"]["choice"]["strength"] == 2 and visit.told["picture"]["id"] == 1
    assert visit.state["status"] == "Done."
    visit.say("bring", id=7)
    assert visit.told["picture"]["id"] == 1


def test_a_choice_is_looked_at_at_once_and_the_last_one_counts(visit):
    first = visit.bytes["picture"]
    assert first == as_jpeg(to_uint8(instant(CAT, [STARS], 256)))
    before = len(visit.pictures)
    for strength in (0, 1, 2, 3):
        visit.say("choose", choice=asdict(replace(visit.session.choice, strength=strength)), wait=False)
    visit.choose(keep=True, strength=3)
    assert len(visit.pictures) - before < 5
    expected = to_uint8(instant(CAT, [STARS], 256, strength=3 / 5, keep_colors=True))
    assert visit.bytes["picture"] == as_jpeg(expected) != first


@pytest.mark.slow
def test_no_look_takes_the_place_of_a_painting(visit):
    visit.say("paint", wait=False)
    until(lambda: visit.session.painter.frames)
    visit.choose(strength=4)  # while it paints
    assert visit.shown.startswith("The painting on its way: cat")
    until(lambda: visit.state["status"].startswith("cat in the style of starry night: Step "))
    visit.finish()
    assert visit.state["status"].startswith("Done: cat in the style of starry night. It is below, in the strip")
    assert visit.shown.startswith("A first look"), "of what is chosen now"
    assert len(visit.told["history"]["history"]) == 1
    visit.choose(strength=5)
    assert visit.shown == "The painting: cat in the style of starry night"


def test_uploads_are_chosen_and_bad_ones_are_told_to_their_page_only(visit):
    visit.upload("garden.jpg", (IMAGES / "content" / "dahlia.jpg").read_bytes(), "photos", 100_000)
    chosen = visit.told["choice"]["choice"]
    assert visit.told["shelf"]["entries"][-1]["label"] == "garden.jpg" and chosen["photo"].startswith("upload")
    assert visit.shown == "A first look: garden.jpg in the style of starry night"
    visit.upload("mine.png", png(64, 64), "styles")
    assert visit.session.choice.styles == (visit.told["shelf"]["entries"][-1]["name"],)
    visit.upload("letter.txt", b"Dear all", "photos")
    assert "letter.txt: not a picture" in visit.told["complaint"]["text"]
    assert visit.told["complaint"]["about"] == "photos" and visit.session.choice.photo == chosen["photo"]
    visit.say("chunk", b"of nothing")
    visit.say("end")


@pytest.mark.slow
def test_a_painted_mask_reaches_the_look_and_the_job(visit):
    visit.choose(styles=("starry_night.jpg", "stained_glass.jpg"), shares=(50, 50))
    both = visit.pixels()
    mask = np.zeros((170, 256, 3), np.uint8)
    mask[:, 128:, 0] = 255
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    visit.say("mask", buffer.getvalue())
    assert visit.session.choice.mask == 1 and len(visit.session.job.masks) == 2
    sides = [to_uint8(instant(CAT, [art], 256)).astype(float) for art in (STARS, GLASS)]
    shown = visit.pixels()
    assert np.abs(shown[:, :110] - sides[0][:, :110]).mean() < 8 < np.abs(both[:, :110] - sides[0][:, :110]).mean()
    assert np.abs(shown[:, 146:] - sides[1][:, 146:]).mean() < 8
    visit.choose(styles=("starry_night.jpg",), shares=(50,))
    assert visit.session.job.masks == ()
    visit.say("mask", b"no picture")
    assert visit.state["error"] and visit.session.choice.mask == 1


@pytest.mark.parametrize(
    "message", [dict(kind="choose"), dict(kind="choose", choice={}), dict(kind="close"), dict(), dict(kind="begin")]
)
def test_what_no_page_of_ours_sends_harms_nothing(visit, message):
    visit.session.hear(visit.hear, message, b"?")
    visit.choose(strength=8)
    assert visit.session.job.strength == 8 and visit.shown.startswith("A first look")


def test_settings_that_make_no_sense_are_said_and_nothing_is_painted(visit):
    visit.choose(styles=("starry_night.jpg", "stained_glass.jpg"), shares=(-1, 0))
    assert visit.state["error"] and "none negative" in visit.state["status"]
    visit.choose(size=31)
    assert visit.state["error"] and "size 31: give 32 to 20000 pixels" in visit.state["status"]
    visit.say("paint")
    assert not visit.state["running"]
    visit.choose(size=96, styles=("starry_night.jpg",), shares=(50,))
    assert not visit.state["error"]


def test_the_page_says_what_went_wrong_in_its_own_words(visit):
    visit.upload("garden.jpg", (IMAGES / "content" / "dahlia.jpg").read_bytes(), "photos", 100_000)
    visit.session.photos.paths[visit.session.choice.photo].unlink()
    visit.say("paint")
    visit.finish()
    assert visit.state["error"] and visit.state["status"].startswith("garden.jpg: no such file")
    assert not visit.state["running"]


def test_what_the_painter_cannot_do_is_said_before_anybody_presses_paint(visit):
    visit.session._post(visit.session._told, Ready("02: compute_content_cost is not finished"))
    visit.session.wait()
    assert visit.state["error"] and "compute_content_cost is not finished" in visit.state["status"]


def test_time_left_is_not_guessed_from_the_first_steps(visit):
    said = []
    visit.session.painter = SimpleNamespace(start=lambda *job: True, running=False, close=lambda: None)
    for done in (1, 9, 10, 60):
        visit.session._post(visit.session._go, True) if done == 1 else None
        step = Step(done, 150, 0.1, 70.4, [1.0] * done, to_uint8(read_image(CAT, 64)))
        visit.session._post(visit.session._told, step)
        visit.session.wait()
        said.append(visit.state["status"])
    assert ["about 70 seconds left" in each for each in said] == [False, False, True, True]


def test_a_time_lapse_has_all_pictures_in_the_size_of_the_last():
    frames = [
        np.full((20, 30, 3), 50, np.uint8),
        np.full((40, 60, 3), 100, np.uint8),
        np.full((80, 120, 3), 200, np.uint8),
    ]
    film = Image.open(io.BytesIO(timelapse(frames, largest=60)))
    assert film.size == (60, 40) and film.n_frames == 3
    for number, (grey, duration) in enumerate(((50, 120), (100, 120), (200, 2000))):
        film.seek(number)
        film.load()
        assert abs(np.asarray(film.convert("L")).mean() - grey) < 3 and film.info["duration"] == duration

"""The studio as `nst studio` serves it: in Chromium, as a new user sees it, and to those who should not see it."""

import asyncio
import http.client
import io
import os
import queue
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
import tornado.httpclient
import tornado.websocket
from chromium import needs_chromium, screenshot, violations
from ordinary import as_ordinary_user
from PIL import Image
from wait import until

from nst.job import Job
from nst.paths import IMAGES, ROOT
from studio import apart, visitors
from studio.events import End, Ready
from studio.room import PREFIX
from studio.server import packed, unpacked
from studio.visitors import Visitors
from studio.widget import MODULES, WEB, in_one

STATUS = ".nst-status"


class Served:
    """`nst studio`, in a folder for temporary files of its own."""

    def __init__(self, folder):
        self.folder = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        environment |= {"TMPDIR": str(folder)}
        words = [sys.executable, "-m", "nst", "studio", "--no-browser"]
        log = open(folder / "server.log", "a")  # noqa: SIM115 (as long as the server)
        self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        lines = iter(self.process.stdout.readline, "")
        self.address = next(line.split()[0] for line in lines if line.startswith("http"))
        self.port = urlsplit(self.address).port

    @property
    def rooms(self):
        return list(self.folder.glob(f"{PREFIX}*"))

    def painters(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how=signal.SIGINT):
        children = self.painters()
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        _, left = psutil.wait_procs(children, timeout=60)
        assert not left, "a painter outlives its server"
        return code


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("studio"))
    yield served
    assert served.end() == 0
    assert os.listdir(served.folder) == ["server.log"], "nothing is left in the folder for temporary files"
    assert (served.folder / "server.log").read_text() == ""


# ------------------------------------------------------------ who may see it


def ask(studio, path, **headers):
    client = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read().decode(errors="replace")


def test_the_page_is_for_whoever_has_the_token(studio):
    token = urlsplit(studio.address).query
    assert len(token) > 30
    for path in ("/", "/?token=", "/?token=wrong", "/?token=%C3%A9", f"/?{token}x", "/session", "/session?token=wrong"):
        status, headers, body = ask(studio, path)
        assert status == 403 and "with its token" in body, path
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, headers, body = ask(studio, f"/?{token}")
    assert status == 200 and "<title>Studio</title>" in body and headers["Referrer-Policy"] == "no-referrer"
    assert "http" not in headers["Content-Security-Policy"]


def test_files_of_the_page_and_no_others(studio):
    assert ask(studio, "/page.js")[0] == ask(studio, "/studio.css")[0] == ask(studio, "/icon.svg")[0] == 200
    for path in ("/../session.py", "/%2e%2e/session.py", "/..%2fsession.py", "//etc/passwd", "/nothing.js", "/."):
        assert ask(studio, path)[0] in (403, 404), path


@pytest.mark.parametrize("path", ["/", "/page.js", "/session"])
def test_names_of_other_sites_and_their_pages_are_refused(studio, path):
    token, here = urlsplit(studio.address).query, f"127.0.0.1:{studio.port}"
    for host in ("evil.example", f"evil.example:{studio.port}", "127.0.0.1", "127.0.0.1:1", f"{here}.evil.example"):
        status, _, body = ask(studio, f"{path}?{token}", Host=host)
        assert status == 403 and "this machine only" in body, host
    for origin in (
        "https://evil.example",
        "null",
        f"https://{here}",
        f"http://{here}.evil.example",
        "http://127.0.0.1",
    ):
        assert ask(studio, f"{path}?{token}", Origin=origin)[0] == 403, origin
    for host in (here, f"localhost:{studio.port}"):
        assert ask(studio, f"/?{token}", Host=host, Origin=f"http://{host}")[0] == 200


async def connect(studio, token=None, visitor="one", **headers):
    token = token or urlsplit(studio.address).query
    address = f"ws://127.0.0.1:{studio.port}/session?{token}&visitor={visitor}"
    return await tornado.websocket.websocket_connect(tornado.httpclient.HTTPRequest(address, headers=headers))


def test_a_line_to_the_session_needs_token_and_origin(studio):
    async def tries():
        for wrong in (dict(token="token=no"), dict(Origin="https://evil.example"), dict(Host="evil.example")):
            with pytest.raises(tornado.httpclient.HTTPClientError, match="403"):
                await connect(studio, **wrong)
        line = await connect(studio, Origin=f"http://127.0.0.1:{studio.port}")
        for harmful in (b"", b"abc", b"\xff\xff\xff\xffx", packed([1], b""), b"\x02\0\0\0{x"):
            await line.write_message(harmful, binary=True)
        await line.write_message("text")
        message, _ = unpacked(await line.read_message())
        assert message["kind"] == "all"
        line.close()

    asyncio.run(tries())


def test_another_user_of_the_machine_sees_nothing(studio):
    """Neither the token among the processes, nor files, nor the page."""
    program = f"""
import http.client, os, pathlib, sys
client = http.client.HTTPConnection("127.0.0.1", {studio.port})
client.request("GET", "/")
print(client.getresponse().status)
told = [path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")]
token = sys.stdin.read().encode()
print(sum(token in each for each in told))
for room in {[str(room) for room in studio.rooms]!r}:
    try:
        print(os.listdir(room))
    except PermissionError:
        print("refused")
"""
    for folder in (studio.folder, *studio.folder.parents):  # pytest's own folders are closed; the rooms must be, too
        if folder.stat().st_uid == os.getuid() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    words, token = as_ordinary_user([sys.executable, "-c", program]), urlsplit(studio.address).query
    done = subprocess.run(words, input=token, capture_output=True, text=True)
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    assert done.stdout.split() == ["403", "0", "refused"], done.stderr


# ------------------------------------------------------------ how many, and what is left


class Still:
    """In place of a painter in a process."""

    made = []

    def __init__(self, folder):
        self.folder, self.running, self.closed = folder, False, False
        self.made.append(self)

    def about(self, tell):
        tell(Ready())

    def close(self):
        self.closed = True


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(visitors, "Apart", Still)
    Still.made.clear()
    places = Visitors(tmp_path)
    yield places
    places.close()
    assert all(each.closed for each in Still.made)


def page(message, data):
    """One that forgets what it is told."""


def test_the_fifth_visitor_has_no_place_until_one_has_gone(places, monkeypatch):
    sessions = [places.enter(name, page) for name in "abcd"]
    assert len(set(map(id, sessions))) == 4 and len(Still.made) == 4, "one painter was ready beforehand"
    assert places.enter("e", page) is None
    assert places.enter("b", page) is sessions[1], "a second page of one who is there"
    places.leave("b", page)
    places.leave("c", page)
    assert places.enter("e", page) is None, "perhaps only a reload"
    monkeypatch.setattr(visitors, "BRIEF", 0)
    sessions[2].photos.folder.mkdir(parents=True)
    assert places.enter("e", page) is None, "there are uploads"
    monkeypatch.setattr(visitors, "AWAY", 0)
    sessions[2].painter.running = True
    assert places.enter("e", page) is None, "one paints, and one has another page"
    sessions[2].painter.running = False
    folder = sessions[2].folder
    assert places.enter("e", page) not in (None, *sessions)
    assert sessions[2].painter.closed and not folder.exists()
    assert places.enter("c", page) is None


def test_a_visitor_who_comes_back_finds_all_as_it_was(places):
    first = places.enter("a", page)
    places.leave("a", page)
    assert places.enter("a", page) is first
    places.leave("nobody", page)


@pytest.mark.slow
def test_what_a_killed_studio_left_goes_at_the_next_start(tmp_path):
    one = Served(tmp_path)
    (room,) = one.rooms
    (room / "somebody's.jpg").write_bytes(b"x")
    kept = Served(tmp_path)
    assert len(one.rooms) == 2, "the other's folder is in use"
    one.end(signal.SIGKILL)
    assert room.exists()
    after = Served(tmp_path)
    assert not room.exists() and len(after.rooms) == 2
    assert after.end(signal.SIGTERM) == 0 and kept.end() == 0 and not after.rooms


@pytest.mark.slow
def test_the_painter_is_renewed_when_it_has_grown_and_when_it_fell(tmp_path, monkeypatch):
    told = queue.SimpleQueue()
    job = Job(
        str(IMAGES / "content" / "cat.png"), (str(IMAGES / "style" / "starry_night.jpg"),), size=64, evaluations=3
    )

    def ended():
        while not isinstance(event := told.get(timeout=120), End):
            pass
        return event

    painter = apart.Apart(tmp_path / "now")
    painter.about(told.put)
    first = painter._process.pid
    assert painter.start(job) and not painter.start(job)
    assert ended().how == "done" and painter._process.pid == first
    monkeypatch.setattr(apart, "LARGE", 0)
    assert painter.start(job) and ended().how == "done"
    second = painter._process.pid
    assert second != first and not psutil.pid_exists(first)
    assert painter.start(replace(job, size=512, evaluations=50))
    os.kill(second, signal.SIGKILL)
    assert (ended().words, painter.running) == (apart.FELL, False)
    assert painter.start(job) and ended().how == "done"
    painter.close()
    assert not painter.start(job)


def test_the_page_in_a_notebook_is_the_same_modules_in_one():
    whole = in_one()
    assert "import " not in re.sub(r"//.*|\"[^\"]*\"", "", whole)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", whole, re.M)
    assert len(names) == len(set(names)) > 20
    assert {path.stem for path in WEB.glob("*.js")} - set(MODULES) == {"main", "socket"}


# ------------------------------------------------------------ in the browser


def preview(page):
    data = page.locator("img.nst-painting").evaluate(
        """async image => {
            // fails if the picture changes meanwhile
            for (let left = 50; left && !(await image.decode().then(() => true, () => false)); left--);
            const [width, height] = [image.naturalWidth, image.naturalHeight];
            const canvas = Object.assign(document.createElement("canvas"), { width, height });
            canvas.getContext("2d").drawImage(image, 0, 0);
            const blob = await new Promise(resolve => canvas.toBlob(resolve));
            return Array.from(new Uint8Array(await blob.arrayBuffer()));
        }"""
    )
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB"), float)


def slide(page, name, steps):
    handle = page.get_by_role("slider", name=name)
    handle.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def upload(page, picker, file):
    page.get_by_label(f"{picker}: Upload your own").set_input_files(file)


def wait_for_step(page, least):
    page.wait_for_function(
        r"least => Number((document.body.innerText.match(/Step (\d+) of/) || [])[1]) >= least",
        arg=least,
    )


def wait_for_alt(page, text):
    page.wait_for_function("text => document.querySelector('img.nst-painting')?.alt === text", arg=text)


def opened(page, studio):
    page.goto(studio.address)
    page.locator(".nst-tile[data-name]").first.wait_for()
    page.locator("img.nst-painting").wait_for()


def download(page, text):
    with page.expect_download() as begun:
        page.get_by_role("button", name=text).click()
    return Image.open(begun.value.path()), begun.value.suggested_filename


def set_size(page, pixels):
    page.get_by_role("slider", name="Size").fill(str(pixels))


@pytest.fixture
def garden(tmp_path):
    photo = tmp_path / "my garden.jpg"
    with Image.open(IMAGES / "content" / "dahlia.jpg") as picture:
        picture.thumbnail((400, 400))
        picture = picture.crop((0, 60, 400, 240))  # not so high: it is painted sooner
        upright = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6  # as a phone does: the picture lies on its side, and a note says so
        upright.save(photo, exif=exif)
    return photo


@pytest.mark.slow
@needs_chromium
def test_the_studio_paints_ones_own_photo(tab, studio, garden):
    opened(tab, studio)
    upload(tab, "1. Your photo", garden)
    tab.locator("button[aria-pressed=true]", has_text="my garden.jpg").wait_for()
    tab.get_by_role("button", name="stained glass").click()
    chosen = tab.locator(".nst-picker").nth(1).locator("[aria-pressed=true]").all_inner_texts()
    assert sorted(chosen) == ["1 · starry night", "2 · stained glass"]
    assert tab.locator(".nst-shares .nst-row").count() == 2
    tab.get_by_role("button", name="starry night").click()  # again: not this one
    set_size(tab, 256)
    wait_for_alt(tab, "A first look: my garden.jpg in the style of stained glass")
    before = preview(tab)
    screenshot(tab, "studio_look.png")

    tab.get_by_role("button", name="Paint", exact=True).dblclick()
    wait_for_step(tab, 3)
    early = preview(tab)
    wait_for_step(tab, 20)
    assert np.abs(early - before).mean() < np.abs(preview(tab) - before).mean(), "it grows out of the look"
    assert re.search(
        r"Step \d+ of 30, \d+ x \d+ pixels, (about \d+|a few) (seconds|minutes) left", tab.inner_text(STATUS)
    )
    assert re.fullmatch(r"\d+ % · Studio", tab.title())
    screenshot(tab, "studio_painting.png")

    tab.once("dialog", lambda dialog: dialog.accept())  # something is being painted: really?
    tab.reload()
    wait_for_step(tab, 21)
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Continue goes on from here.").wait_for()
    assert tab.evaluate("document.activeElement.textContent") == "Continue", "the keyboard is not left nowhere"
    stopped = preview(tab)
    time.sleep(1)
    np.testing.assert_array_equal(preview(tab), stopped)
    tab.get_by_role("button", name="Continue").click()
    tab.get_by_text("Done.").wait_for(timeout=600_000)
    wait_for_alt(tab, "The painting: my garden.jpg in the style of stained glass")

    picture, name = download(tab, "Download the picture")
    assert (picture.format, name) == ("PNG", "my_garden_stained_glass.png") and picture.size == (256, 115)
    painting = np.asarray(picture, float)
    assert np.abs(painting - preview(tab)).mean() < 10
    film, name = download(tab, "Download the time-lapse")
    assert (film.format, name) == ("WEBP", "my_garden_stained_glass.webp") and film.n_frames > 20
    tab.get_by_role("slider", name="Photo … painting").fill("25")
    mixed, name = download(tab, "Download the picture")
    assert name == "my_garden_stained_glass_25.png"
    mixed = np.asarray(mixed.convert("RGB"), float)
    with Image.open(garden) as photo:
        turned = np.asarray(photo.transpose(Image.Transpose.ROTATE_270).resize((256, 115)), float)
    assert np.abs(mixed - (0.25 * painting + 0.75 * turned)).mean() < 6
    assert tab.locator(".nst-painted").count() == 2
    screenshot(tab, "studio_done.png")
    tab.set_viewport_size({"width": 800, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 800
    assert not tab.crashes
    here = f"http://127.0.0.1:{studio.port}/"
    assert all(address.startswith((here, "blob:", "data:")) for address in tab.asked), "nothing leaves this machine"
    assert violations(tab) == []


@pytest.mark.slow
@needs_chromium
def test_bad_uploads_show_their_message_and_change_nothing(tab, studio, tmp_path):
    opened(tab, studio)
    bomb = io.BytesIO()
    Image.new("1", (20000, 20000)).save(bomb, "PNG")
    files = {
        "letter.png": (b"Dear all,", "letter.png: not a picture that can be read"),
        "nothing.jpg": (b"", "nothing.jpg is empty"),
        "huge.jpg": (b"\0" * (200 * 2**20), "huge.jpg has 200 MB; choose a picture of at most 50 MB"),
        "bomb.png": (bomb.getvalue(), "bomb.png: more than 89 million pixels"),
    }
    for name, (data, message) in files.items():
        (tmp_path / name).write_bytes(data)
        upload(tab, "1. Your photo", tmp_path / name)
        tab.get_by_role("alert").get_by_text(message).wait_for()
        assert tab.locator(".nst-tile[aria-pressed=true]").all_inner_texts() == ["cat", "starry night"]
    screenshot(tab, "studio_bad_upload.png")
    assert not tab.crashes


DROP = """([name, bytes, selector, kind]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: files })
        : new DragEvent("drop", { ...options, dataTransfer: files });
    document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.mark.slow
@needs_chromium
def test_pictures_are_dropped_and_pasted(tab, studio):
    opened(tab, studio)
    buffer = io.BytesIO()
    Image.new("RGB", (90, 60), (200, 30, 30)).save(buffer, "PNG")
    for name, selector, kind, place in (
        ("dropped.png", ".nst-stage", "drop", "1. Your photo"),
        ("art.png", "[data-to=styles]", "drop", "2. Up to four artworks"),
        ("pasted.png", "body", "paste", "1. Your photo"),
    ):
        tab.evaluate(DROP, [name, list(buffer.getvalue()), selector, kind])
        tab.get_by_role("group", name=place).locator("[aria-pressed=true]", has_text=name).wait_for()
    wait_for_alt(tab, "A first look: pasted.png in the style of art.png")


@pytest.mark.slow
@needs_chromium
def test_four_artworks_and_where_each_counts(tab, studio):
    opened(tab, studio)
    for name in ("stained glass", "bold strokes", "bamboo ink"):
        tab.get_by_role("button", name=name).click()
    tab.get_by_role("slider", name="2 · stained glass").fill("90")
    wait_for_alt(
        tab, "A first look: cat in the style of starry night and stained glass and bold strokes and bamboo ink"
    )
    for name in ("bold strokes", "bamboo ink"):
        tab.get_by_role("button", name=name).click()
    assert tab.get_by_role("slider", name="2 · stained glass").input_value() == "90"
    assert tab.locator(".nst-shares .nst-value").all_inner_texts() == ["36 %", "64 %"]
    wait_for_alt(tab, "A first look: cat in the style of starry night and stained glass")
    before = preview(tab)
    tab.get_by_role("button", name="Where each counts").click()
    assert violations(tab) == []
    board = tab.locator(".nst-mask").bounding_box()
    tab.get_by_role("slider", name="Width").fill("120")
    for row in (0.1, 0.3, 0.5, 0.7, 0.9):  # the right half, with a mouse
        tab.mouse.move(board["x"] + 0.62 * board["width"], board["y"] + row * board["height"])
        tab.mouse.down()
        tab.mouse.move(board["x"] + 0.98 * board["width"], board["y"] + row * board["height"], steps=4)
        tab.mouse.up()
    screenshot(tab, "studio_mask.png")
    tab.get_by_role("button", name="Done").click()
    tab.get_by_role("button", name="Everywhere again").wait_for()
    third = np.s_[:, : before.shape[1] // 3]
    until(lambda: np.abs(preview(tab)[third] - before[third]).mean() > 5)  # all starry night now
    tab.get_by_role("button", name="Everywhere again").click()
    until(lambda: np.abs(preview(tab) - before).mean() < 1)
    assert not tab.crashes


@pytest.mark.slow
@needs_chromium
def test_the_page_says_at_once_that_its_server_is_gone(tab, tmp_path):
    studio = Served(tmp_path)
    opened(tab, studio)
    studio.end(signal.SIGKILL)
    tab.get_by_role("alert").get_by_text("The studio does not answer").wait_for(timeout=3000)
    assert tab.get_by_role("button", name="Paint", exact=True).is_disabled()
    assert violations(tab) == []


@pytest.mark.slow
@needs_chromium
def test_a_phone_and_a_screen_reader_find_their_way(browser, studio):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    opened(page, studio)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    page.get_by_role("button", name="stained glass").tap()
    page.get_by_role("button", name="Compare").tap()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .nst-row input[type=range], .nst-upload")]
            .filter(each => each.offsetParent).map(each => [each.getBoundingClientRect().height, each.outerHTML])
            .filter(([height]) => height < 43.5)"""
    )
    assert small == []
    screenshot(page, "studio_phone.png")
    page.emulate_media(color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.querySelector('.nst-studio')).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60
    assert violations(page) == []
    screenshot(page, "studio_phone_dark.png")
    set_size(page, 256)
    page.evaluate("window.scrollTo(0, 0)")
    page.get_by_role("button", name="Paint", exact=True).tap()
    seen = "() => { const box = document.querySelector('.nst-frame').getBoundingClientRect(); return box.top > -9 && "
    page.wait_for_function(seen + "box.bottom < innerHeight; }")  # on a phone Paint leads to the picture
    page.get_by_role("button", name="Stop").tap()
    page.wait_for_function("() => !document.querySelector('.nst-primary').disabled")
    page.close()


@pytest.mark.slow
@needs_chromium
def test_a_page_of_another_site_reaches_nothing(tab, studio):
    """Even with the token, as if it had leaked."""
    tab.route("http://evil.example/", lambda route: route.fulfill(body="<title>evil</title>", content_type="text/html"))
    tab.goto("http://evil.example/")
    tried = tab.evaluate(
        """async address => {
            const found = [];
            for (const url of [address, new URL("/page.js", address).href]) {
                try { found.push((await fetch(url)).status); } catch { found.push("refused"); }
            }
            const line = new WebSocket(address.replace("http:", "ws:").replace("/?", "/session?"));
            found.push(await new Promise(resolve => {
                line.onopen = () => resolve("open");
                line.onerror = () => resolve("refused");
            }));
            return found;
        }""",
        studio.address,
    )
    assert tried == ["refused", "refused", "refused"]

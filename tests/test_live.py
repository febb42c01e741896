"""The page that runs a filter on a camera: its server, and the page in Chromium with a camera that the tests make."""

import base64
import functools
import gzip
import hashlib
import http.client
import http.server
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import numpy as np
import psutil
import pytest
from chromium import CHROMIUM, WAIT, screenshot, violations
from PIL import Image

from nst.commands import main
from nst.filtering import Filter, find
from nst.live import PAGE, Server, page_files
from nst.paths import IMAGES, ROOT

CAT = IMAGES / "content" / "cat.png"
FILTERS = [find("bold_strokes"), find("starry_night")]
OURS = ["bamboo ink", "bold strokes", "stained glass", "starry night"]  # those of the course


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:  # or a test that fails would never end
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def server():
    with serving(Server(page_files(FILTERS))) as server:
        yield server


# ---------------------------------------------------------------- the server


def ask(server, path, method="GET", **headers):
    client = http.client.HTTPConnection("127.0.0.1", server.server_port)
    client.request(method, path, headers=headers)
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/live.css", "text/css; charset=utf-8"),
        ("/worker.js", "text/javascript; charset=utf-8"),
        ("/vendor/ort.webgpu.bundle.min.mjs", "text/javascript; charset=utf-8"),
        ("/filters.json", "application/json"),
        ("/filters/0_bold_strokes.onnx", "application/octet-stream"),
        ("/filters/1_starry_night.onnx.jpg", "image/jpeg"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_each_file_comes_with_its_kind_and_what_threads_and_privacy_need(server, path, kind):
    status, headers, body = ask(server, path)
    assert (status, headers["Content-Type"], int(headers["Content-Length"])) == (200, kind, len(body))
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert (
        "default-src 'none'" in headers["Content-Security-Policy"] and "http" not in headers["Content-Security-Policy"]
    )


def test_nothing_but_the_page_is_served_and_to_nobody_else(server):
    for path in ("/../README.md", "/%2e%2e/README.md", "/vendor", "/vendor/", "/etc/passwd", "//etc/passwd", "/none"):
        assert ask(server, path)[0] == 404, path
    assert ask(server, "/", Host=f"localhost:{server.server_port}")[0] == 200
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1:1"):
        assert ask(server, "/", Host=host)[0] == 403
    for method in ("POST", "PUT", "DELETE", "HEAD"):
        assert ask(server, "/", method)[0] == 501
    assert server.server_address[0] == "127.0.0.1"


def test_the_manifest_names_filters_and_thumbnails_that_are_there(server):
    listed = json.loads(server.files["filters.json"])
    assert [each["name"] for each in listed["filters"]] == ["bold strokes", "starry night"]
    pictures = []
    for each, path in zip(listed["filters"], FILTERS):
        assert server.files[each["file"]] == path.read_bytes()
        pictures.append(np.asarray(Image.open(io.BytesIO(server.files[each["picture"]])), float))
    assert np.abs(pictures[0] - pictures[1]).mean() > 20
    assert listed["photo"] in server.files


def test_another_port_is_taken_where_one_is_in_use(server):
    other = Server({}, server.server_port)
    assert other.server_port != server.server_port
    other.server_close()


def test_the_runtime_is_the_one_that_its_readme_names():
    """What is in the repository, unpacked, is what npm has."""
    said = (PAGE / "vendor" / "README.md").read_text()
    for path in (PAGE / "vendor").glob("ort*"):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        assert f"| `{path.name.removesuffix('.gz')}` | `{hashlib.sha256(data).hexdigest()}` |" in said


def test_the_page_knows_no_other_host():
    for path in PAGE.glob("*.*"):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "").replace("https:// or", "")
        assert not re.search(r"https?://|[\"'(]//", text), path


# ---------------------------------------------------------------- the command


def test_the_command_says_its_address_needs_no_tensorflow_and_ends_quietly():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    program = (
        f"import sys; from nst.commands import main; status = main('filter live --no-browser --port {port}'.split());"
        "sys.exit(status or 9 * any(name in sys.modules for name in ('tensorflow', 'keras', 'onnx')))"
    )
    command = [sys.executable, "-c", program]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    rest, complaints = running.communicate(timeout=60)
    assert said == f"http://127.0.0.1:{port}/ is the page. Ctrl-C ends it.\n"
    assert (running.returncode, rest, complaints) == (0, "", "")


def test_what_is_no_filter_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "text.onnx").write_text("not a graph")
    for words, reason in [
        ([tmp_path / "text.onnx"], "text.onnx: no filter that can be read"),
        (["nobody"], "nobody: no such filter. With the course come:"),
        (["--port", "70000"], "--port 70000: give 1 to 65535"),
        (["--export", tmp_path / "text.onnx"], "text.onnx"),
    ]:
        assert main(["filter", "live", "--no-browser", *map(str, words)]) == 2
        said = capsys.readouterr().err
        assert reason in said and said.count("\n") == 1


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The page in a folder, with a filter of one's own first."""
    folder = tmp_path_factory.mktemp("exported")
    shutil.copy(find("starry_night"), folder / "my_own.onnx")
    assert main(["filter", "live", str(folder / "my_own.onnx"), "--export", str(folder / "site")]) == 0
    return folder / "site"


def test_the_page_is_exported_whole(exported, server):
    listed = json.loads((exported / "filters.json").read_text())
    assert [each["name"] for each in listed["filters"]] == ["my own", *OURS]
    there = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert {name for name in server.files if not name.startswith("filters/")} <= there
    assert all({each["file"], each["picture"]} <= there for each in listed["filters"])


# ---------------------------------------------------------------- the page in a browser

in_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found, so nothing is tried in a browser: make chromium"),
]


def browser_tests(test):
    for mark in in_browser:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def playwright():
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright, tmp_path_factory):
    """Chromium whose camera shows a cat that moves, in 320 x 240 pixels."""
    clip = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    with Image.open(CAT) as photo, open(clip, "wb") as file:
        for step in range(12):
            photo.crop((9 * step, 5 * step, 9 * step + 320, 5 * step + 240)).save(file, "JPEG", quality=90)
    words = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    words += [f"--use-file-for-fake-video-capture={clip}"]
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=words)
    yield chromium
    chromium.close()


def watched(browser):
    """A tab that keeps what is wrong: errors, and requests that would leave the machine; and counts paintings."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT)
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.wrong.append(said.text))
    page.on("request", lambda asked: re.match("(http://127.0.0.1:|blob:)", asked.url) or page.wrong.append(asked.url))
    page.add_init_script("""
        const draw = CanvasRenderingContext2D.prototype.drawImage;
        self.paintings = 0;
        CanvasRenderingContext2D.prototype.drawImage = function (...all) {
            if (this.canvas.id === "picture" && all.length === 9) self.paintings++; // a part of a painting
            draw.apply(this, all);
        };
    """)
    return page


@pytest.fixture
def tab(browser):
    page = watched(browser)
    yield page
    page.close()


@pytest.fixture(scope="module")
def started(browser, server):
    """A tab in which the painter is ready: that takes seconds, so some tests share it."""
    page = watched(browser)
    page.add_init_script("Object.defineProperty(navigator, 'hardwareConcurrency', { value: 3 })")
    page.goto(server.address)
    eventually(page, "WebAssembly, 2 threads")  # and a core is left to the page
    yield page
    page.close()


@pytest.fixture
def ready(started):
    """The same, as if it had just been opened."""
    for button in ("Compare", "Mirror"):
        if started.get_by_role("button", name=button).get_attribute("aria-pressed") == "true":
            started.get_by_role("button", name=button).click()
    started.get_by_role("radio", name="bold strokes").check(force=True)  # its picture is in front of the button itself
    if started.locator("#photo[aria-pressed=true]").count() == 0:
        open_photo(started, CAT)
    quiet(started)
    yield started
    assert not started.wrong


def eventually(page, words, where="#state"):
    from playwright.sync_api import expect

    expect(page.locator(where)).to_contain_text(words, timeout=WAIT)


def paintings(page, more):
    """Wait until so many more pictures were painted."""
    wanted = page.evaluate("paintings") + more
    while page.evaluate("paintings") < wanted:
        page.wait_for_timeout(20)


def quiet(page):
    """Wait until nothing is said to be under way."""
    from playwright.sync_api import expect

    expect(page.locator("#notice")).not_to_contain_text("…", timeout=WAIT)


def open_photo(page, path):
    choose(page, "photo", path)
    with Image.open(path) as photo:
        eventually(page, f"{photo.width} × {photo.height}")
    quiet(page)


def choose(page, door, path):
    page.locator(f"#{door}-file").set_input_files(path)


def saved(page, button="Snapshot"):
    with page.expect_download() as begun:
        page.get_by_role("button", name=button, exact=True).click()
    return begun.value


def pixels_of(file):
    return np.asarray(Image.open(file).convert("RGB"), np.float32) / 255


def by_python(path, picture):
    return Filter(path)(picture[np.newaxis].astype(np.float32))[0]


def layers(page):
    """The frame that was painted last, and its painting."""
    both = "async () => { const { before, after } = await import('./view.js'); return [before, after].map(URL_OF); }"
    addresses = page.evaluate(both.replace("URL_OF", "(canvas) => canvas.toDataURL()"))
    return [pixels_of(io.BytesIO(base64.b64decode(each.partition(",")[2]))) for each in addresses]


@browser_tests
def test_a_photo_is_painted_as_by_python_and_saved_as_it_is_seen(ready, tmp_path):
    with Image.open(CAT) as photo:
        photo.crop((40, 20, 191, 121)).save(tmp_path / "cat.png")
    pixels = pixels_of(tmp_path / "cat.png")
    open_photo(ready, tmp_path / "cat.png")
    snapshot = saved(ready)
    assert snapshot.suggested_filename == "cat_bold_strokes.png"
    assert np.abs(pixels_of(snapshot.path()) - by_python(FILTERS[0], pixels)).max() <= 2 / 255
    screenshot(ready, "live_photo.png")

    night = by_python(FILTERS[1], pixels)
    ready.get_by_role("radio", name="starry night").check(force=True)
    quiet(ready)
    ready.get_by_label("Strength").fill("30")
    assert np.abs(pixels_of(saved(ready).path()) - (0.7 * pixels + 0.3 * night)).max() <= 3 / 255
    ready.get_by_label("Strength").fill("100")
    ready.get_by_role("button", name="Compare").click()
    ready.get_by_role("slider", name=re.compile("divider")).fill("40")
    split = pixels_of(saved(ready).path())
    assert np.abs(split[:, :60] - pixels[:, :60]).max() <= 1 / 255
    assert np.abs(split[:, 60:] - night[:, 60:]).max() <= 2 / 255
    screenshot(ready, "live_compare.png")

    ready.get_by_role("button", name="Compare").click()
    ready.get_by_role("button", name="Mirror").click()
    quiet(ready)
    mirrored = by_python(FILTERS[1], pixels[:, ::-1])
    assert np.abs(pixels_of(saved(ready).path()) - mirrored).max() <= 2 / 255


@browser_tests
def test_the_camera_is_painted_as_by_python_and_memory_stays_flat(ready):
    ready.get_by_role("button", name="Camera").click()
    eventually(ready, "frames a second")
    assert ready.evaluate("crossOriginIsolated")
    assert ready.get_by_role("button", name="Mirror").get_attribute("aria-pressed") == "true"
    frames = []
    for _ in range(5):
        paintings(ready, 10)
        frame, painting = layers(ready)
        frames.append(frame)
        assert np.abs(painting - by_python(FILTERS[0], frame)).max() <= 2 / 255
    assert max(frame.shape) <= 320 and len({each.tobytes() for each in frames}) > 1
    screenshot(ready, "live_camera.png")

    grown = []
    for _ in range(3):  # a busy machine may collect what is not needed a little late; a leak is there each time
        before = memory(ready)
        paintings(ready, 120)
        grown.append(memory(ready) - before)
        if grown[-1] < 25e6:
            break
    assert grown[-1] < 25e6, grown  # a frame of the camera that is kept each time takes 0.3 MB: 37 MB


def memory(page):
    """Bytes that belong to the processes of the pages, after what is not needed was thrown away."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    total = 0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            total += child.memory_full_info().uss if "--type=renderer" in child.cmdline() else 0
    return total


@browser_tests
def test_a_recording_is_a_video_that_the_page_can_paint(ready, tmp_path):
    ready.get_by_role("button", name="Camera").click()
    eventually(ready, "frames a second")
    ready.get_by_role("button", name="Record").click()
    eventually(ready, "Recording 0:01")
    film = saved(ready, "Record")
    assert re.fullmatch(r"camera_bold_strokes\.(webm|mp4)", film.suggested_filename)
    film.save_as(tmp_path / film.suggested_filename)
    choose(ready, "video", tmp_path / film.suggested_filename)
    ready.locator("#video[aria-pressed=true]").wait_for()
    frames = set()
    for _ in range(20):  # on a busy machine the film has few pictures
        paintings(ready, 3)
        frame, painting = layers(ready)
        frames.add(frame.tobytes())
        if len(frames) > 1:
            break
    assert max(frame.shape) <= 320 and len(frames) > 1
    assert np.abs(painting - by_python(FILTERS[0], frame)).max() <= 2 / 255


@browser_tests
def test_a_filter_of_ones_own_is_dropped_and_a_wrong_one_leaves_it_there(ready, tmp_path):
    open_photo(ready, CAT)
    drop = """([name, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    ready.evaluate(drop, ["my_own_night.onnx", list(FILTERS[1].read_bytes())])
    own = ready.get_by_role("radio", name="my own night")
    own.wait_for()
    quiet(ready)
    assert own.is_checked()
    paints = functools.partial(by_python, FILTERS[1])
    frame, painting = layers(ready)
    assert np.abs(painting - paints(frame)).max() <= 2 / 255
    thumbnail = ready.locator("label", has_text="my own night").locator("img")
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") == 200

    for name, data in {"letter.onnx": b"Dear all,", "grey.onnx": grey_graph(), "empty.onnx": b""}.items():
        (tmp_path / name).write_bytes(data)
        choose(ready, "filter", tmp_path / name)
        eventually(ready, f"{name}: no filter.", "#problem")
        eventually(ready, "Still painting with my own night.", "#problem")
        assert own.is_checked()
    screenshot(ready, "live_wrong_filter.png")
    ready.get_by_role("button", name="Mirror").click()
    quiet(ready)
    frame, painting = layers(ready)
    assert np.abs(painting - paints(frame)).max() <= 2 / 255


def grey_graph():
    """ONNX that runs, but gives one channel."""
    import onnx
    from onnx import TensorProto, helper

    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "height", "width"])
        for name, channels in (("picture", 3), ("grey", 1))
    ]
    mean = helper.make_node("ReduceMean", ["picture"], ["grey"], axes=[1])
    graph = helper.make_graph([mean], "grey", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@browser_tests
def test_without_a_camera_a_sentence_is_said_and_a_photo_is_taken(ready, tmp_path):
    fails = "error => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', error) } }"
    for error, sentence in {
        "NotAllowedError": "The camera was refused.",
        "NotFoundError": "No camera was found.",
        "NotReadableError": "The camera is used by another program.",
    }.items():
        ready.evaluate(fails, error)
        ready.get_by_role("button", name="Camera").click()
        eventually(ready, sentence, "#problem")
    ready.evaluate("delete navigator.mediaDevices.getUserMedia")
    Image.effect_noise((90, 60), 80).save(tmp_path / "noise.png")
    open_photo(ready, tmp_path / "noise.png")
    assert np.array_equal(layers(ready)[0], pixels_of(tmp_path / "noise.png"))
    assert ready.locator("#problem").inner_text() == ""


@browser_tests
def test_without_a_runtime_a_sentence_is_said_and_a_photo_is_shown(tab, server, tmp_path):
    tab.route("**/*.wasm.gz", lambda route: route.fulfill(status=404, body=""))
    tab.goto(server.address)
    eventually(tab, "This browser cannot paint", "#problem")
    choose(tab, "photo", CAT)
    eventually(tab, "451 × 300")
    with Image.open(CAT) as photo:
        assert np.abs(pixels_of(saved(tab).path()) * 255 - np.asarray(photo)).max() <= 1
    (tmp_path / "text.png").write_text("no picture")
    choose(tab, "photo", tmp_path / "text.png")
    eventually(tab, "text.png: no picture that this browser can read.", "#problem")
    choose(tab, "video", tmp_path / "text.png")
    eventually(tab, "text.png: no video that this browser can play.", "#problem")
    Image.new("RGB", (400, 20)).save(tmp_path / "line.png")
    choose(tab, "photo", tmp_path / "line.png")
    eventually(tab, "both sides must be at least 32", "#problem")


TABBED = """() => {
    const { ariaLabel, labels, innerText } = document.activeElement;
    return ariaLabel || labels?.[0]?.innerText || innerText;
}"""


@browser_tests
def test_a_phone_a_keyboard_and_a_screen_reader_reach_everything(ready):
    ready.set_viewport_size({"width": 390, "height": 844})
    ready.emulate_media(color_scheme="dark")
    assert ready.evaluate("document.documentElement.scrollWidth") <= 390
    assert ready.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 18, 16)"
    choose(ready, "photo", CAT)
    ready.get_by_role("button", name="Compare").click()
    screenshot(ready, "live_390.png")
    assert violations(ready) == []
    ready.emulate_media(color_scheme="light")
    assert violations(ready) == []
    ready.locator("h1").click()
    reached = []
    for _ in range(10):
        ready.keyboard.press("Tab")
        reached.append(ready.evaluate(TABBED).strip())
    wanted = ["Camera", "Photo", "Video", "The original", "bold strokes", "Your own", "Snapshot", "Strength", "Compare"]
    assert all(here.startswith(name) for here, name in zip(reached, [*wanted, "Mirror"])), reached
    divider = ready.get_by_role("slider", name=re.compile("divider"))
    divider.fill("50")
    divider.press("ArrowRight")
    assert divider.input_value() == "51"
    ready.get_by_role("radio", name="bold strokes").press("ArrowRight")
    assert ready.get_by_role("radio", name="starry night").is_checked()
    ready.get_by_role("img", name="cat, painted by starry night").wait_for()
    ready.set_viewport_size({"width": 1280, "height": 900})


@browser_tests
def test_a_notebook_shows_the_page_in_a_frame_if_it_may(tab, tmp_path):
    for framed in (False, True):
        with serving(Server(page_files(FILTERS), framed=framed)) as inner:
            frame = f'<iframe src="{inner.address}" width="900" height="700" allow="camera"></iframe>'
            (tmp_path / "index.html").write_text(f'<link rel="icon" href="data:,">{frame}')
            with serving(plain_server(tmp_path)) as outer:
                tab.goto(f"http://localhost:{outer.server_port}/")
                inside = tab.frame_locator("iframe")
                if framed:
                    inside.get_by_role("button", name="Camera").click()
                    inside.locator("#state", has_text="one thread").wait_for()
                    paintings(tab.frames[1], 1)
                    assert all(each.startswith("http://localhost:") for each in tab.wrong)  # where the frame is
                else:
                    tab.wait_for_timeout(1000)
                    assert inside.locator("#state").count() == 0 and "frame-ancestors" in tab.wrong[-1]
                    tab.wrong.clear()


def plain_server(folder):
    """Any web server for the files in a folder."""

    class Plain(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Plain, directory=folder))


@browser_tests
def test_any_web_server_shows_the_page_with_one_thread(tab, exported):
    with serving(plain_server(exported)) as plain:
        tab.goto(f"http://127.0.0.1:{plain.server_port}/")
        paintings(tab, 1)
        eventually(tab, "WebAssembly, one thread")
        frame, painting = layers(tab)
    assert np.abs(painting - by_python(FILTERS[1], frame)).max() <= 2 / 255
    assert not tab.wrong


SETTLE = """async (speed) => {
    const { Pace } = await import("./pace.js");
    const pace = new Pace(), sizes = [];
    for (let frame = 0; frame < 300; frame++) {
        const [width, height] = pace.fit(1280, 960);
        sizes.push(width);
        pace.took((width * height) / speed * (1 + 0.1 * Math.sin(frame)));
    }
    return sizes;
}"""


@browser_tests
def test_the_size_comes_to_rest_where_there_are_20_frames_a_second(ready):
    for speed in (2e6, 1e6, 1e5, 1e9):  # pixels a second that a machine paints
        sizes = ready.evaluate(SETTLE, speed)
        there = (speed / 20 / 0.75) ** 0.5  # the width of 4 : 3 with which it makes 20 a second
        assert len(set(sizes[150:])) == 1 and 0.9 < sizes[-1] / min(max(there, 240), 640) <= 1.03, (speed, sizes)


FASTER = """async ([seconds, other, dies]) => {
    const { Engine } = await import("./engine.js");
    Object.defineProperty(navigator, "gpu", { value: { requestAdapter: async () => ({}) }, configurable: true });
    const picture = (value) => new ImageData(new Uint8ClampedArray([value, value, value, 255]), 1, 1);
    const engine = new Engine((provider) => ({
        provider,
        start: async () => {},
        load: async function (file) { this.file = file; return picture(provider === "webgpu" ? other : 100); },
        paint: async () => { if (dies && provider === "webgpu") throw new Error("lost"); return picture(1); },
        trial: async () => (provider === "webgpu" ? seconds : 0.05),
        stop() {}, end() {},
    }));
    await engine.start();
    await engine.load("a file", picture(0));
    await engine.sought;
    const taken = engine.words, first = await engine.paint(picture(0)), second = await engine.paint(picture(0));
    delete navigator.gpu;
    return [taken, engine.words, engine.painter.file, !!first, !!second];
}"""


@browser_tests
def test_webgpu_is_taken_where_it_paints_the_same_sooner_and_left_when_it_fails(ready):
    """With painters that only say so: there is no graphics card here."""
    ours = re.search(r"WebAssembly, .*", ready.locator("#state").inner_text())[0]
    for case, wanted in [
        ((0.02, 101, False), ["WebGPU", "WebGPU", "a file", True, True]),
        ((0.08, 101, False), [ours, ours, "a file", True, True]),
        ((0.02, 120, False), [ours, ours, "a file", True, True]),
        ((0.02, 101, True), ["WebGPU", ours, "a file", False, True]),
    ]:
        assert ready.evaluate(FASTER, case) == wanted, case


WEBGPU = """async () => {
    const { Painter } = await import("./painter.js");
    const { squareOf, before } = await import("./view.js");
    if (!(await navigator.gpu?.requestAdapter())) return null;
    const painter = new Painter("webgpu", 1), sample = squareOf(before, 32);
    await painter.start();
    const painting = await painter.load(await (await fetch("filters/0_bold_strokes.onnx")).arrayBuffer(), sample);
    return [[...sample.data], [...painting.data]];
}"""


@browser_tests
def test_webgpu_paints_the_same(playwright, server):
    """In software: Chromium's SwiftShader takes half a minute for 320 x 240, so it is never the faster."""
    words = ["--no-sandbox", "--enable-unsafe-webgpu"]
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=words)
    page = chromium.new_page()
    page.route("**/filters.json", lambda route: route.fulfill(json=dict(photo="coffee_cup.png", filters=[])))
    page.goto(server.address)
    eventually(page, "600 × 400")
    both = page.evaluate(WEBGPU)
    chromium.close()
    if both is None:
        pytest.skip("this Chromium has no WebGPU, not even in software")
    frame, painting = (np.array(each, np.float32).reshape(32, 32, 4)[..., :3] / 255 for each in both)
    assert np.abs(painting - by_python(FILTERS[0], frame)).max() <= 2 / 255

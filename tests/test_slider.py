"""The slider of notebook 04 and its pictures."""

import html
import importlib.util
import re
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from PIL import Image

from nst import slider
from nst.paths import IMAGES, ROOT

FOLDER = IMAGES / "alpha_beta"
VIEW = "application/vnd.jupyter.widget-view+json"
PICTURES = {"1 : 1": (FOLDER / "1_to_1.webp", 'a cup, "painted" & framed'), "0 : 1": (FOLDER / "0_to_1.webp", "no cup")}


@pytest.fixture
def shown(monkeypatch):
    """A function that shows the slider and returns what is displayed; does someone have the notebook open?"""

    def show(someone, **options):
        parent = {"content": {"allow_stdin": someone}}
        shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: parent))
        given = []
        monkeypatch.setattr(slider, "get_ipython", lambda: shell)
        monkeypatch.setattr(slider, "display", lambda data, raw: given.append(data))
        slider.show_slider("ratio", PICTURES, "0 : 1")
        return given[0]

    return show


def test_where_nobody_can_move_it_all_pictures_stand_side_by_side(shown):
    data = shown(False)
    assert set(data) == {"text/plain", "text/html"}
    alts = [html.unescape(alt) for alt in re.findall(r'<img alt="([^"]*)"', data["text/html"])]
    assert alts == ['ratio = 1 : 1: a cup, "painted" & framed', "ratio = 0 : 1: no cup"]
    assert data["text/plain"] == "\n".join(alts)
    assert re.findall(r"<figcaption>(.*?)</figcaption>", data["text/html"]) == ["ratio = 1 : 1", "ratio = 0 : 1"]


def test_before_someone_it_is_a_widget_and_exports_of_it_are_the_strip(shown):
    data = shown(True)
    assert VIEW in data and {**data, VIEW: 0} == {**shown(False), VIEW: 0}
    box = slider._slider("ratio", list(PICTURES), ["<img first>", "<img second>"], "0 : 1")
    chooser, stack = box.children
    assert (chooser.options, chooser.value) == (("1 : 1", "0 : 1"), "0 : 1")
    assert [child.value for child in stack.children] == ["<img first>", "<img second>"]
    assert stack.selected_index == 1, "the picture that the slider names"


def test_it_knows_a_person_from_a_program():
    """A frontend says of each cell whether somebody could be asked something meanwhile."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        outputs = []
        code = "from nst import slider; print(bool(slider._someone_is_there()))"
        for someone in (True, False):
            client.execute_interactive(code, allow_stdin=someone, output_hook=outputs.append, timeout=60)
        texts = [message["content"]["text"] for message in outputs if message["msg_type"] == "stream"]
        assert texts == ["True\n", "False\n"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_pictures_are_small_and_those_that_notebook_04_shows_and_the_script_paints():
    spec = importlib.util.spec_from_file_location("make_alpha_beta", IMAGES / "make_alpha_beta.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    paths = sorted(FOLDER.iterdir())
    assert {path.name for path in paths} == {f"{alpha}_to_{beta}.webp" for alpha, beta in script.RATIOS}
    for path in paths:
        assert path.stat().st_size <= script.MOST and max(Image.open(path).size) == script.FINE[0]
    cells = nbformat.read(ROOT / "notebooks" / "04_paint.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells)
    for size, evaluations in (script.COARSE, script.FINE):
        assert f"{evaluations} evaluations of the cost at {size} pixels" in text
    (cell,) = [cell for cell in cells if "show_slider(" in cell.source and "import" not in cell.source]
    assert [re.sub(" : ", "_to_", value) for value in re.findall(r'"(\d+ : \d+)": \(', cell.source)] == [
        f"{alpha}_to_{beta}" for alpha, beta in script.RATIOS
    ]

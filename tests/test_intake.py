"""Submissions as they really come in, found, read and put in order: nothing is run, no sandbox."""

import ast
import contextlib
import copy
import io
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
import zipfile
from concurrent.futures import Future
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from classroom import RIGHT, notebooks, reads_only
from nbconvert import HTMLExporter, PythonExporter

from grading import evaluation, nbgrader_plugin
from grading.course import NOTEBOOKS, Course, Submission
from grading.grade import grade_course
from grading.nbgrader_plugin import PREPARED, EvaluateExercises, put_in_order
from grading.table import show, write_csv
from grading.time_limit import SHORT, can_be_parsed
from grading.unpack import Unreadable, opened
from nst.notebooks import functions_from
from nst.paths import ROOT

NAME, FILE = "02_content_cost", "02_content_cost.ipynb"
STYLE = "03_style_cost"
RELEASED = {name: (ROOT / "exercises" / f"{name}.ipynb").read_text(encoding="utf-8") for name in (NAME, STYLE)}
RIGHT_ONES = {name: json.dumps(notebook, indent=1) for name, notebook in notebooks(RIGHT).items()}
FINISHED = RIGHT_ONES[NAME]
ANSWER = next(i for i, cell in enumerate(json.loads(FINISHED)["cells"]) if "nbgrader" in cell["metadata"])
OTHER = FINISHED.replace("generated_output[-1]", "generated_output[0]")


def hand_in(root, files, name=NAME):
    """What put_in_order makes of {path: text or bytes}: ({exercise: source}, notes, notebook)."""
    folder = root / "submitted" / "ada" / "notebooks"
    folder.mkdir(parents=True)
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    notebook, notes = put_in_order(folder / f"{name}.ipynb", root / "submitted", name)
    solutions = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in solutions}, notes, notebook


def is_right(answers):
    return all(source.strip() == RIGHT[name].strip() for name, source in answers.items())


def zipped(files, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


# ---------------------------------------------------------------- found


@pytest.mark.parametrize(
    "name",
    [
        "Copy of 02_content_cost.ipynb",
        "ada_02_content_cost.ipynb",
        "02_content_cost (1).ipynb",
        "02_content_cost-Copy1.ipynb",
        "02_content_cost.ipynb.txt",
        "02_content_cost.json",
        "02_Content_Cost.IPYNB",
        "02-content cost.ipynb",
        "home/work/02_content_cost.ipynb",
        "homework.ipynb",
    ],
)
def test_a_notebook_under_another_name_is_found_and_named(tmp_path, name):
    answers, notes, _ = hand_in(tmp_path, {name: FINISHED, "readme.txt": "hello"})
    assert is_right(answers) and notes == [f"{FILE}: found as {name}"]


def test_a_notebook_in_a_zip_file_is_found_and_what_a_mac_adds_is_not(tmp_path):
    data = zipped({"nst_course/exercises/" + FILE: FINISHED, "__MACOSX/nst_course/exercises/._" + FILE: b"\0\5"})
    answers, notes, _ = hand_in(tmp_path, {"ada.zip": data, "._" + FILE: b"\0\5", f"__MACOSX/{FILE}": OTHER})
    assert is_right(answers) and notes == [f"{FILE}: found as nst_course/exercises/{FILE} in ada.zip"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped({FILE: b" " * 30_000_000}), f"found as {FILE} in ada.zip, but unpacked, it has more than the 20 MB"),
        (zipped({FILE: FINISHED})[:-60], "it was not handed in; there is ada.zip"),
        (zipped({FILE: FINISHED}, zipfile.ZIP_BZIP2), "pack the zip file again, with its usual method (deflate)"),
        (zipped({FILE: FINISHED}).replace(b"\x14\0\0\0\x08", b"\x14\0\1\0\x08"), "the zip file is damaged, or has a"),
    ],
)
def test_a_zip_file_that_cannot_be_used_is_named(tmp_path, data, words):
    answers, (note,), _ = hand_in(tmp_path, {"ada.zip": data})
    assert words in note and "raise NotImplementedError" in answers["compute_content_cost"]


def test_a_script_is_read_as_a_notebook(tmp_path):
    script, _ = PythonExporter().from_notebook_node(nbformat.reads(FINISHED, as_version=4))
    answers, notes, _ = hand_in(tmp_path, {"02_content_cost.py": "%matplotlib inline\n" + script})
    assert is_right(answers) and f"{FILE}: found as 02_content_cost.py" in notes


@pytest.mark.parametrize(
    ("files", "right", "words"),
    [
        ({FILE: RELEASED[NAME], "02_content_cost-Copy1.ipynb": FINISHED}, True, f"{FILE} is blank; graded was 02_c"),
        ({FILE: FINISHED, "02_content_cost-Copy1.ipynb": RELEASED[NAME]}, True, f"-Copy1.ipynb; {FILE} was graded"),
        ({FILE: FINISHED, "old.ipynb": OTHER}, True, None),
        ({FILE: FINISHED, f"old/{FILE}": OTHER}, True, f"there is also old/{FILE}; {FILE} was graded"),
        ({f"a/{FILE}": FINISHED, f"b/{FILE}": FINISHED}, True, f"there is also b/{FILE}; a/{FILE} was graded"),
        ({f"a/{FILE}": FINISHED, f"b/{FILE}": OTHER}, False, f"2 with different answers were handed in (a/{FILE}, b/"),
        ({f"a/{FILE}": RELEASED[NAME], f"b/{FILE}": FINISHED}, True, f"found as b/{FILE}"),
        ({FILE: "damaged", "copy of " + FILE: FINISHED}, True, f"found as copy of {FILE}"),
    ],
)
def test_of_several_one_is_graded_where_that_is_clear_and_the_others_are_named(tmp_path, files, right, words):
    answers, notes, _ = hand_in(tmp_path, files)
    assert is_right(answers) == right
    assert any(words in note for note in notes) if words else not notes


def test_what_is_there_instead_is_named(tmp_path):
    for number, (files, words) in enumerate(
        (
            ({}, "it was not handed in"),
            ({f"{STYLE}.ipynb": RIGHT_ONES[STYLE], "timestamp.txt": "2026-11-24"}, "it was not handed in"),
            ({"essay.docx": b"PK\3\4", f".ipynb_checkpoints/{FILE}": FINISHED}, "not handed in; there is essay.docx"),
            ({f"._{FILE}": b"\0\5\x16\7", f"~${FILE}": b"\1"}, "it was not handed in"),
            ({"02_content_cost.pdf": b"%PDF-1.7"}, "found as 02_content_cost.pdf, but it is a PDF"),
        )
    ):
        _, (note,), _ = hand_in(tmp_path / f"{number}", files)
        assert note.startswith(f"no points for {FILE}: ") and note.endswith(words) or "PDF" in note and words in note


# ---------------------------------------------------------------- read


def lines_with(change):
    lines = FINISHED.split("\n")
    change(lines)
    return "\n".join(lines)


def conflict(lines):
    lines[40:41] = ["<<<<<<< HEAD", lines[40], "=======", '   "other": 1,', ">>>>>>> branch"]


def conflict_that_neither_side_survives(lines):
    lines[40:41] = ["<<<<<<< HEAD", lines[40], "]]", "=======", "}}", ">>>>>>> branch"]


def a_quote_less(lines):
    number = next(n for n, line in enumerate(lines) if "import nst_utils" in line)
    lines[number] = lines[number].rstrip(',"')


def format_3(text):
    old = nbformat.v4.downgrade(nbformat.reads(text, as_version=4))
    cells = old.worksheets[0].cells
    old.worksheets = [dict(cells=cells[:9], metadata={}), dict(cells=cells[9:], metadata={})]
    return json.dumps(old)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (format_3(FINISHED), None),
        (FINISHED.encode("utf-8-sig"), None),
        (FINISHED.encode("utf-16"), "it is in UTF-16, and was read all the same"),
        (FINISHED.encode("utf-16-le"), "it is in UTF-16, and was read all the same"),
        (
            FINISHED.replace("# 02 \\u00b7", "# 02 ·").encode("latin-1"),
            "line 7: characters that are not UTF-8; they were",
        ),
        (lines_with(conflict), "line 41: merge markers; the upper version was taken"),
        (lines_with(conflict_that_neither_side_survives), "line 41: merge markers; 39 whole cells could be read"),
        (lines_with(a_quote_less), "damaged there; 39 whole cells could be read"),
        (FINISHED[: FINISHED.index("## 7. What does")], "cut off there; 22 whole cells could be read"),
        (json.dumps(json.loads(FINISHED))[:-3000], "line 1: cut off there; "),
    ],
)
def test_of_a_damaged_file_as_much_as_can_be_is_graded_and_the_place_is_named(tmp_path, content, words):
    answers, notes, _ = hand_in(tmp_path, {FILE: content})
    assert is_right(answers), notes
    assert notes[0].startswith(f"{FILE}: ") and words in notes[0] if words else not notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        ("<!DOCTYPE html>\n<html><head>", "it is a web page, saved under the notebook's name; download the notebook"),
        ("<<<<<<< HEAD", "line 1: merge markers, and no cell can be read"),
        (FINISHED[:300], "line 7: cut off there, and no cell can be read"),
        ('{"cells": ' + "[" * 1_000_000, "a damaged one (nested too deeply)"),
        ('{"cells": null}', "it is no notebook: it has no cells"),
        ("[1, 2]", "it is no notebook: it has no cells"),
        (
            '{"cells": [1, {"cell_type": "code"}]}',
            "no cell of it can be read; cell 1: damaged, left out; cell 2: damaged",
        ),
        (b"%PDF-1.7", "it is a PDF under the notebook's name"),
        (
            nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import pandas")])),
            "not the course's",
        ),
        (RIGHT_ONES[STYLE], "this is the course's 03_style_cost, under another name"),
    ],
)
def test_a_file_that_is_no_notebook_of_the_course_is_called_what_it_is(tmp_path, content, words):
    answers, (note,), _ = hand_in(tmp_path, {FILE: content})
    assert note.startswith(f"no points for {FILE}: ") and words in note
    assert "Error" not in note and "raise NotImplementedError" in answers["compute_content_cost"]


def changed(change, name=NAME):
    data = json.loads(RIGHT_ONES[name])
    change(data["cells"])
    return json.dumps(data)


def test_a_damaged_cell_takes_no_other_with_it(tmp_path):
    def damage(cells):
        cells[5], cells[6], cells[7]["source"] = None, {"cell_type": "code"}, 5
        del cells[8]["cell_type"]
        cells[9]["metadata"], cells[10]["metadata"]["nbgrader"] = None, [1]
        cells[11]["source"] = ["a = 1\n", 5]

    answers, notes, _ = hand_in(tmp_path, {FILE: changed(damage)})
    assert is_right(answers) and [note.split(": ")[1] for note in notes] == ["cell 6", "cell 7", "cell 8", "cell 12"]


def test_of_a_thousand_damages_some_are_named_and_the_others_counted(tmp_path):
    damaged = [dict(cell_type="code", metadata={}, source=f"# \ud800 {number}") for number in range(960)]
    answers, notes, _ = hand_in(tmp_path, {FILE: changed(lambda cells: cells.extend(damaged))})
    assert is_right(answers) and len(notes) == 11 and notes[-1] == f"{FILE}: and 950 more of this kind"


def test_half_characters_are_replaced_and_named(tmp_path):
    def halve(cells):
        cells[0]["source"] = "\ud83d and \ud83d\ude00"
        cells[ANSWER]["source"] = "".join(cells[ANSWER]["source"]) + "\n# \udc00"

    answers, notes, notebook = hand_in(tmp_path, {FILE: changed(halve)})
    nbformat.writes(notebook).encode("utf-8")
    assert "lone surrogate" in notes[0] and "cell 1:" in notes[0] and f"cell {ANSWER + 1}:" in notes[1]
    assert notebook.cells[0].source == "\ufffd and 😀" and answers["compute_content_cost"].endswith("# \ufffd")


def test_merge_markers_inside_a_cell_are_named_and_the_upper_version_is_graded(tmp_path):
    def merge(cells):
        lines = RIGHT["compute_content_cost"].rstrip().split("\n")
        lines[-1:] = ["<<<<<<< local", lines[-1], "=======", "    return None", ">>>>>>> remote"]
        cells[ANSWER]["source"] = "\n".join(lines)

    answers, notes, _ = hand_in(tmp_path, {FILE: changed(merge)})
    assert (
        is_right(answers) and f"cell {ANSWER + 1}, line " in notes[0] and "merge markers; the upper version" in notes[0]
    )


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ATTACHED = {"my image.png": {"image/png": PICTURE}, "x.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}


@pytest.mark.parametrize(
    ("text", "attachments", "shown"),
    [
        ("![my image](attachment:my%20image.png)", ATTACHED, f"data:image/png;base64,{PICTURE}"),
        ("![image.png](attachment:image.png)", {}, "image.png"),
        ("![image.png](attachment:image.png)", None, "image.png"),
        ("![image.png](attachment:image.png)", {"image.png": {"image/png": '"><script>'}}, "image.png"),
        ("![image.png](attachment:x.svg)", ATTACHED, "image.png"),
        ("![image.png][here]\n\n[here]: attachment:image.png", {}, "image.png"),
        ("![image.png](&#97;ttachment:image.png)", {}, "image.png"),
    ],
)
def test_a_pasted_picture_or_a_lost_one_does_not_prevent_the_page(tmp_path, text, attachments, shown):
    def paste(cells):
        for number in (3, 12):
            cells[number]["source"] = [text]
            cells[number]["attachments"] = attachments

    _, notes, notebook = hand_in(tmp_path, {FILE: changed(paste)})
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert any(cell.get("attachments") for cell in notebook.cells) == ("my image" in text)
    assert shown in page and '<script>"' not in page and "onload" not in page and not notes


def test_a_files_name_cannot_do_anything_on_the_page(tmp_path):
    name = "<script>alert(1)<_script>![x](attachment:y)`$02_content_cost.ipynb"
    _, notes, notebook = hand_in(tmp_path, {name: FINISHED})
    resources = dict(nbgrader=dict(student="ada", notebook="04_paint"))  # of which nothing is evaluated here
    PREPARED["ada", "04_paint"] = {}, notes
    EvaluateExercises().preprocess(notebook, resources)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "How this notebook was graded" in page and "alert(1)" in page and "<script>alert" not in page


@pytest.mark.parametrize(
    "text",
    [
        FINISHED.replace('"execution_count": null', '"execution_count": ' + "9" * 5000, 3),
        FINISHED.replace('"execution_count": null', '"execution_count": ' + "[" * 500 + "]" * 500, 3),
        changed(
            lambda cells: cells.append(dict(cell_type="code", source="compute_content_cost" + "\n" * 400_000 + "("))
        ),
        changed(
            lambda cells: cells.append(dict(cell_type="code", source="compute_content_cost\n" + "x = 1\n" * 100_000))
        ),
        changed(lambda cells: cells.append(dict(cell_type="code", source="!ls compute_content_cost\n" * 9_000))),
        changed(
            lambda cells: cells.append(
                dict(cell_type="code", source="compute_content_cost = f(x, " + "+".join("1" * 900) + ")")
            )
        ),
    ],
    ids=["long number", "deep", "long", "large", "magics", "nested"],
)
def test_nothing_in_a_file_takes_long_to_read(tmp_path, text):
    begun = time.monotonic()
    answers, _, _ = hand_in(tmp_path, {FILE: text})
    assert is_right(answers) and time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"cells":' * 310 + b"[" + b"[]," * 500_000, "no cell can be read"),
        (b'{"a":' * 310 + b'"' + b"\\n" * 5_000_000, "no cell can be read"),
        (b'{"cells":[{"cell_type":"code","source":' + b" " * 60_000, "no cell can be read"),
    ],
    ids=["brackets", "string", "spaces"],
)
def test_a_damaged_file_is_not_read_again_and_again(tmp_path, data, words):
    begun = time.process_time()
    _, (note,), _ = hand_in(tmp_path, {FILE: data})
    assert words in note and time.process_time() - begun < 1.5


def with_many_names(number, large=False):
    """A zip file of nothing but its list of files; large: with the records of a zip file that may have over 4 GB."""
    entry = struct.pack("<4s16xIIHHHHHII", b"PK\1\2", 0, 0, 8, 0, 0, 0, 0, 0, 0) + b"02.ipynb"
    size = len(entry) * number
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, number, number, size, 0)
    record += struct.pack("<4sIQI", b"PK\6\7", 0, size, 1)
    count = 0xFFFF if large else number
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, 0xFFFFFFFF if large else size, 0, 0)
    return entry * number + (record if large else b"") + end


@pytest.mark.parametrize("large", [False, True])
def test_a_zip_file_of_too_many_names_is_not_opened(tmp_path, monkeypatch, large):
    few, many = with_many_names(20, large), with_many_names(20_000, large)
    assert len(zipfile.ZipFile(io.BytesIO(few)).namelist()) == 20
    assert len(opened(few).namelist()) == 20
    monkeypatch.setattr("zipfile.ZipFile", None)
    _, (note,), _ = hand_in(tmp_path, {"a.zip": many})
    assert "there is a.zip, but it has too many files: 20000, and 1 MB of names; 10000 and 2 MB are allowed" in note
    with pytest.raises(Unreadable, match="too many files: 0, and 3 MB"):
        opened(with_many_names(50_000)[:-14] + b"\0\0" * 2 + struct.pack("<IIH", 2_700_000, 0, 0))


def test_a_zip_file_whose_list_is_in_two_places_is_not_opened():
    """Newer Pythons read the record where the file says that it is, older ones the last."""
    data = with_many_names(20, large=True)
    with pytest.raises(Unreadable, match="it is no zip file, or a damaged one"):
        opened(data[:-34] + struct.pack("<Q", 5) + data[-26:])


BIG = "\N{GRINNING FACE}" + "a" * 19_500_000  # of which each letter takes four bytes in Python
LARGE = {
    "emoji": ([dict(cell_type="markdown", metadata={}, source=BIG)], "not read: with those before it, it has more"),
    "numbers": (["MANY"], "it has millions of brackets and commas, too many to read; clear its outputs"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_many_large_notebooks_take_little_memory(tmp_path, kind):
    """Twenty of 20 MB, in a zip file of 1 MB, took 2 GB and a minute."""
    cells, words = LARGE[kind]
    text = json.dumps(json.loads(FINISHED) | dict(more=cells), ensure_ascii=False)
    text = text if kind == "emoji" else text.replace('"MANY"', '{"":1},' * 2_700_000 + "1")
    folder = tmp_path / "submitted" / "ada" / "notebooks"
    folder.mkdir(parents=True)
    text = text.replace('"more": [', '"cells": [' + json.dumps(json.loads(FINISHED)["cells"])[1:-1] + ", ")
    (folder / "ada.zip").write_bytes(zipped({f"{number}/{FILE}": text for number in range(20)}))
    program = (
        "import json, sys; from grading.nbgrader_plugin import put_in_order\n"
        "most = lambda: [int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')][0]\n"
        f"before = most(); made, notes = put_in_order(sys.argv[1] + '/ada/notebooks/{FILE}', sys.argv[1], '{NAME}')\n"
        "print(json.dumps([most() - before, notes]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "submitted")]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    grown, notes = json.loads(done.stdout)
    assert grown < 500_000 and time.monotonic() - begun < 30
    assert words in " ".join(notes)


def shown_in(tmp_path, cell):
    """(the text cell as it is kept, the page that nbconvert makes of the notebook)."""
    cell = dict(cell_type="markdown", metadata={}) | cell
    _, notes, notebook = hand_in(tmp_path, {FILE: changed(lambda cells: cells.insert(0, cell))})
    assert not notes
    page, _ = HTMLExporter().from_notebook_node(notebook)
    return notebook.cells[0], page


def test_a_picture_is_kept_once_and_fifty_in_all(tmp_path):
    one = dict(source="![](attachment:a) " * 40, attachments={"a": {"image/png": PICTURE}})
    cell, page = shown_in(tmp_path / "one", one)
    assert len(cell.attachments) == 1 and page.count(PICTURE) == 40
    many = {f"p{number}": {"image/png": PICTURE} for number in range(60)}
    cell, page = shown_in(
        tmp_path / "many", dict(source="".join(f"![](attachment:{n}) " for n in many), attachments=many)
    )
    assert len(cell.attachments) == page.count(PICTURE) == 50 and page.count("a%20picture%20that") == 0
    assert cell.source.count("(a picture that is too much)") == 10


def test_in_place_of_a_lost_picture_there_is_nothing_that_is_a_reference(tmp_path):
    """`![foo](a picture ...)` is no picture, for its address has blanks, and so `![foo]` would be one defined below."""
    cell, page = shown_in(tmp_path, dict(source="![foo](attachment:none)\n\n[foo]: http://127.0.0.1:8999/a.png"))
    assert (
        "(a picture that is not in the file)" in cell.source and "![" not in cell.source and '="http://127' not in page
    )


def test_large_pictures_do_not_make_a_huge_page(tmp_path):
    large = {"a": {"image/png": "A" * 6_000_000}, "b": {"image/png": "B" * 6_000_000}}
    text = dict(cell_type="markdown", source="![](attachment:a) ![](attachment:b)", attachments=large)
    _, _, notebook = hand_in(tmp_path / "two", {FILE: changed(lambda cells: cells.insert(0, text))})
    cell = notebook.cells[0]
    assert list(cell.attachments) == ["picture-1"] and "a picture that is too much" in cell.source
    again = dict(source="[x]: attachment:a\n\n" + "![i][x] " * 30, attachments={"a": {"image/png": "A" * 1_000_000}})
    _, page = shown_in(tmp_path / "again", again)
    assert len(page) < 5_000_000 and "![i][x]" in page


@pytest.mark.parametrize(
    "text", ["\\begin{a}" * 16_000, "\\begin{a}\n\n" * 2500, "a\n\n\\begin{b}" * 100 + "word " * 9000]
)
def test_a_text_that_takes_long_to_show_is_shown_as_typed_and_cut(tmp_path, text):
    begun = time.process_time()
    cell, page = shown_in(tmp_path, dict(source=text))
    assert time.process_time() - begun < 2
    assert "\u2216begin{a}" in page or "\u2216begin{b}" in page
    assert len(cell.source.replace("    ", "")) <= 30_000


def test_a_heading_takes_no_other_thing_s_name(tmp_path):
    """An instructor's points went nowhere: formgrader took the heading for the field."""
    _, page = shown_in(tmp_path, dict(source="# check_total_cost\n\n###### statusmessage ![](attachment:none)"))
    assert "<h1" in page and "check_total_cost" in page and "statusmessage" in page
    assert 'id="check_total_cost"' not in page and 'id="statusmessage' not in page


def test_text_that_is_shown_as_typed_has_a_limit_in_all(tmp_path):
    """Each small line of it gets four blanks, and each control character six letters in JSON."""
    cells = [dict(cell_type="markdown", metadata={}, source="a\x01\x0b" * 10_000) for _ in range(120)]
    _, notes, notebook = hand_in(tmp_path, {FILE: changed(lambda old: old.extend(cells))})
    assert not notes
    assert len(nbformat.writes(notebook)) < 4_000_000
    typed = [cell.source for cell in notebook.cells if cell.source.startswith("    a")]
    assert 0 < sum(map(len, typed)) <= 300_000 and not any("\x01" in text or "\x0b" in text for text in typed)
    assert sum("too much of it" in cell.source for cell in notebook.cells) > 80


HARMFUL = [
    *("[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](&#106;avascript:alert(1))", "[a](vbscript:x)"),
    *("[a](java&Tab;script:x)", "[a](java&NewLine;script:x)", "[a](\x01javascript:x)", "[a](javascript&colon;x)"),
    *(
        "[a]\n\n[a]: javascript:alert(1)",
        "[a][B]\n\n[b]: <&#x6a;avascript:x>",
        "<javascript:x>",
        "[a](feed:javascript:x)",
    ),
    *("[a](data:text/html;base64,AA==)", "[a](/files/submitted/ben/x.html)", "[a](//a.org)", "[a](..\\x.html)"),
    *("![a](http://a.org/t.png)", "![a](https://a.org/t.png)", "![a](/logout)", "![a](x.png)", "![a](javascript:x)"),
    *("![a][b]\n\n[b]: //a.org/t.png", "![a](data:image/svg+xml;base64,AA==)", "[![a](javascript:x)](https://a.org)"),
    *(
        "# [a](javascript:x)",
        "| a |\n|---|\n| [a](javascript:x) |",
        "$\\href{javascript:x}{a}$",
        "&#36;&#92;href{x}{a}&#36;",
    ),
    "https://a.org and [a](javascript:alert&#40;1&#41;)",
]


def test_no_text_brings_a_link_to_a_program_or_a_remote_picture_into_formgrader(tmp_path):
    """formgrader shows nbconvert's page in the instructor's Jupyter: a click on such a link ran as the instructor."""
    fine = [
        "[a](https://a.org 'b')",
        "[a](mailto:a@a.org) https://a.org",
        "[a](#b)",
        "| a |\n|:--|\n| $x$ |\n\n- [ ] b",
    ]
    pasted = dict(source="![b](attachment:a)", attachments={"a": {"image/png": PICTURE}})
    texts = [dict(source=text) for text in (*HARMFUL, *fine)] + [pasted]
    texts = [dict(cell_type="markdown", metadata={}) | text for text in texts]
    _, _, notebook = hand_in(tmp_path, {FILE: changed(lambda cells: cells.extend(texts))})
    cells = notebook.cells[-len(texts) :]
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells[: len(HARMFUL)]))
    shown = BeautifulSoup(page, "html.parser").select_one("main")
    assert not shown.select("a[href]:not(.anchor-link), img") and "\\href" not in shown.text and "feed:" in shown.text
    assert [cell.source for cell in cells[len(HARMFUL) : -1]] == fine
    assert cells[-1].source == "![b](attachment:picture-1)"


def test_only_so_much_text_is_shown_as_a_page(tmp_path):
    texts = [dict(cell_type="markdown", metadata={}, source=f"*word* {n}" + " word" * 5000) for n in range(20)]
    _, _, notebook = hand_in(tmp_path, {FILE: changed(lambda cells: cells.extend(texts))})
    shown = [cell.source.startswith("*") for cell in notebook.cells[-20:]]
    assert shown == [True] * 11 + [False] * 9


def test_a_cell_is_parsed_once_however_often_it_is_asked_for(tmp_path, monkeypatch):
    parsed = []
    monkeypatch.setattr("nst.cells._parsed", lambda text: parsed.append(text) or ast.parse(text))
    names = "gram_matrix, compute_layer_style_cost, compute_style_cost"
    more = [dict(cell_type="code", metadata={}, source=f"{number}, {names}") for number in range(30)]
    hand_in(tmp_path, {f"{STYLE}.ipynb": changed(lambda cells: cells.extend(more), STYLE)}, STYLE)
    assert sum(text.endswith(names) for text in parsed) == 30


NAMES = "import a" + ".b" * 28_000  # for which Python's parser takes 780 MB


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (NAMES, "cell {}: left out; its 56008 characters take Python too much memory or time; make it shorter"),
        (f"!ls\n{NAMES}", "cell {}: left out; its 56012 characters take Python too much memory"),  # for IPython alone
        ("x = f'" + "{a}" * 90_000 + "'", "cell {}: left out; its 270007 characters take Python too much"),  # 4 to 8 s
        ("x = 1\n" * 45_000, None),
        ("x = '" + "iVBORw0KGgo" * 20_000 + "'", None),
        ("x = '" + "iVBORw0KGgo" * 30_000 + "'", "cell {}: it has 330006 characters, more than the 300000 of a cell"),
    ],
    ids=["names", "magic", "strings", "lines", "picture", "too long"],
)
def test_a_cell_that_python_can_hardly_parse_is_left_out(tmp_path, source, wanted, monkeypatch):
    """Tried out in another process: nothing ends the parser in this one."""
    if "{a}" in source:  # a fast machine is done with it in less than the usual time
        monkeypatch.setattr("grading.time_limit.PARSER_SECONDS", 1)
    more = [dict(cell_type="code", metadata={}, source=source)]
    if source == NAMES:  # what has an exercise's mark is parsed as well
        mark = dict(nbgrader=dict(grade_id="compute_content_cost"))
        more.append(dict(cell_type="markdown", metadata=mark, source=source))
    many = len(json.loads(FINISHED)["cells"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers, notes, notebook = hand_in(tmp_path, {FILE: changed(lambda cells: cells.extend(more))})
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert is_right(answers) and grown < 400_000
    told = [note for note in notes if "characters" in note]
    for number, note in enumerate(told, start=many + 1):
        assert note.startswith(f"{FILE}: " + wanted.format(number))
    assert len(told) == (len(more) if wanted else 0)
    left_out = bool(wanted) and "left out" in wanted
    assert any(source in cell.source for cell in notebook.cells) != left_out


def test_a_merge_that_python_can_hardly_parse_is_left_out(tmp_path):
    lower = f"def compute_content_cost(a): pass\n{NAMES}\n"
    cell = dict(cell_type="code", metadata={}, source=f"<<<<<<< a\nx = 1\n=======\n{lower}>>>>>>> b\n")
    answers, notes, _ = hand_in(tmp_path, {FILE: changed(lambda cells: cells.append(cell))})
    told = f"{FILE}: lower version, cell 0: left out; its {len(lower)} characters"
    assert is_right(answers) and told in " ".join(notes)


def test_what_is_short_enough_to_be_parsed_here_takes_little():
    """The worst that is known: each beginning of the name is kept, and four letters are made of each of its letters."""
    source = "import " + "\N{ARABIC LIGATURE ALLAH ISOLATED FORM}." * (SHORT // 2 - 5) + "a"
    assert SHORT - 10 < len(source) <= SHORT and can_be_parsed(source)
    program = (
        "import ast, resource, sys, time; resource.setrlimit(resource.RLIMIT_AS, (300_000_000,) * 2)\n"
        "source = sys.stdin.buffer.read().decode(); ast.parse(source); print(time.process_time() < 3)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], input=source.encode(), capture_output=True)
    assert done.stdout == b"True\n", done.stderr


def test_a_notebook_of_far_too_much_code_is_refused(tmp_path):
    code = [dict(cell_type="code", metadata={}, source="x = 1\n" * 40_000)] * 6
    marked = [
        cell | dict(cell_type="markdown", metadata=dict(nbgrader=dict(grade_id="compute_content_cost")))
        for cell in code
    ]
    for number, cells in enumerate((code, marked)):
        _, (note,), _ = hand_in(tmp_path / f"{number}", {FILE: changed(lambda all, more=cells: all.extend(more))})
        assert "it has 1.4 MB of code, more than the 1 MB allowed" in note


# ---------------------------------------------------------------- put in order


def in_style(change):
    def edit(cells):
        number = next(
            n for n, c in enumerate(cells) if c["metadata"].get("nbgrader", {}).get("grade_id") == "gram_matrix"
        )
        change(cells, number)

    return changed(edit, STYLE)


def marked_as(cell, source):
    return copy.deepcopy(cell) | dict(source=source)


def split(cells, n):
    cells[n : n + 1] = [
        marked_as(cells[n], "def helper(A):\n    return A"),
        cells[n],
        marked_as(cells[n], "print(gram_matrix(A))  # scratch"),
        marked_as(cells[n], "# def gram_matrix(A):\n#     return A"),
    ]


def copied(cells, n):
    cells.insert(n, marked_as(cells[n], "def helper(A):\n    return A\n\ndef gram_matrix(A):\n    return helper(A)"))


def redefined_below(cells, n):
    cells.insert(n + 3, marked_as(cells[n], "".join(cells[n]["source"])) | dict(metadata={}))
    cells[n]["source"] = "def gram_matrix(A):\n    return A"


def commented_out(cells, n):
    old = "".join(cells[n]["source"])
    cells.insert(n + 3, marked_as(cells[n], old) | dict(metadata={}))
    cells[n]["source"] = "\n".join(f"# {line}" for line in old.splitlines())


def blank_below(cells, n):
    blank = next(cell for cell in json.loads(RELEASED[STYLE])["cells"] if cell["id"] == "03-06")
    cells.insert(n, marked_as(cells[n], "".join(cells[n]["source"])) | dict(metadata={}))
    cells[n + 1]["source"] = "".join(blank["source"]) + "\n\ndef helper(A):\n    return A"


def in_the_checks_cell(cells, n):
    check = next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "check_gram_matrix")
    check["source"], cells[n]["source"] = "".join(cells[n]["source"]) + "\ncheck(gram_matrix)", "helper = 1"


def helper_beside_the_check(cells, n):
    check = next(c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "check_gram_matrix")
    check["source"] = "def helper(A):\n    return A\n\ncheck(gram_matrix)"


def with_magics(cells, n):
    cells[n]["source"] = "".join(cells[n]["source"])
    cells.insert(n + 1, marked_as(cells[n], "%%writefile g.py\ndef gram_matrix(A):\n    return A"))
    cells.insert(n + 2, marked_as(cells[n], "%%timeit\ngram_matrix(A)"))


@pytest.mark.parametrize(
    "change",
    [
        split,
        copied,
        redefined_below,
        commented_out,
        blank_below,
        in_the_checks_cell,
        helper_beside_the_check,
        with_magics,
    ],
)
def test_the_last_cell_that_defines_the_function_counts_and_all_else_stays(tmp_path, change):
    content = in_style(change)
    answers, notes, notebook = hand_in(tmp_path, {f"{STYLE}.ipynb": content}, STYLE)
    assert answers["gram_matrix"].removesuffix("\ncheck(gram_matrix)").strip() == RIGHT["gram_matrix"].strip()
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len(ids) == len(set(ids)) == 6
    before = [cell for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
    assert len([cell for cell in notebook.cells if cell.cell_type == "code"]) >= len(before)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert ("def helper" in content) == ("def helper" in text) and "raise NotImplementedError" not in text
    assert notes


def test_magics_do_not_hide_a_definition(tmp_path):
    def magics(cells, n):
        cells[n]["source"] = "%%time\n%matplotlib inline\n" + "".join(cells[n]["source"]) + "\ngram_matrix?"
        cells.insert(0, marked_as(cells[n], "def gram_matrix(A):\n    return A"))

    answers, _, _ = hand_in(tmp_path, {f"{STYLE}.ipynb": in_style(magics)}, STYLE)
    assert answers["gram_matrix"].startswith("%%time")


@pytest.mark.parametrize(
    "source", ["def gram_matrix(A)\n    return A", "# def gram_matrix(A):\n#     return A", "gram_matrix = 3"]
)
def test_an_answer_that_defines_nothing_is_shown_as_it_is(tmp_path, source):
    def write(cells, n):
        cells[n]["source"] = source

    answers, notes, _ = hand_in(tmp_path, {f"{STYLE}.ipynb": in_style(write)}, STYLE)
    assert answers["gram_matrix"] == source and not notes


# ---------------------------------------------------------------- students


@pytest.fixture
def course(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "submitted" / "ada" / "notebooks").mkdir(parents=True)
    return Course(tmp_path)


def test_what_programs_leave_behind_is_no_student_and_a_file_is_refused(course, monkeypatch):
    for name in ("__MACOSX", ".ipynb_checkpoints"):
        (course.submitted / name).mkdir()
    (course.submitted / "ben.zip").write_bytes(zipped({FILE: FINISHED}))
    (course.submitted / ".DS_Store").write_bytes(b"")
    monkeypatch.setattr("grading.grade.release", lambda course: None)
    monkeypatch.setattr("grading.grade.evaluate_all", reads_only)
    rows = {row["student"]: row["status"] for row in grade_course(course)}
    assert set(rows) == {"ada", "ben.zip"}
    assert rows["ben.zip"].startswith("refused: a file; what is in it belongs into submitted/<student>/notebooks/")


def test_of_a_class_only_the_code_stays_in_memory_until_it_is_recorded(course, monkeypatch):
    picture = "A" * 1_000_000
    text = nbformat.v4.new_markdown_cell("![](attachment:a)", attachments={"a": {"image/png": picture}})
    (course.submitted / "ada" / "notebooks" / FILE).write_text(changed(lambda cells: cells.append(text)))
    kept, recorded = [], []

    def evaluate_all(submissions, limits, record, *_):
        submissions = [each for each in submissions if each]
        kept.extend(text for each in submissions for text in each.texts.values())
        for each in submissions:
            record(each, {})

    monkeypatch.setattr("grading.grade.release", lambda course: None)
    monkeypatch.setattr("grading.grade.evaluate_all", evaluate_all)
    monkeypatch.setattr("grading.grade.record", lambda course, each, results: recorded.append(each.texts))
    monkeypatch.setattr("grading.grade.late.set_due_dates", lambda *rest: None)
    monkeypatch.setattr("grading.grade.Pages.write", lambda *rest: Future())
    monkeypatch.setattr("grading.grade.completed", lambda futures, stopped: [])
    grade_course(course)
    assert len(kept) == len(NOTEBOOKS) and sum(map(len, kept)) < 200_000 and "def compute_content_cost" in kept[0]
    assert picture in recorded[0][NAME]


def test_one_student_s_folder_stops_nobody_else(course, monkeypatch):
    def put_in_order(path, submitted, name):
        if "eve" in path.parts:
            raise MemoryError
        while "mallory" in path.parts:  # and no `except Exception` there goes on for ever
            with contextlib.suppress(Exception):
                time.sleep(5)
        return whole(path, submitted, name)

    whole = nbgrader_plugin.put_in_order
    monkeypatch.setattr("grading.nbgrader_plugin.put_in_order", put_in_order)
    monkeypatch.setattr("grading.course.SECONDS", 0.3)
    for name in ("eve", "mallory"):
        (course.submitted / name / "notebooks").mkdir(parents=True)
    eve, mallory = Submission(course, "eve"), Submission(course, "mallory")
    assert eve.refusal == "refused: cannot be read (MemoryError)" and not eve.texts and not eve.notes
    assert mallory.refusal.startswith("refused: reading it takes more than 0.3 s") and not mallory.texts
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    monkeypatch.setattr("grading.course.SECONDS", 60)
    assert not Submission(course, "ada").refusal


def test_notebooks_one_folder_too_high_are_found(course):
    folder = course.submitted / "ada"
    (folder / "notebooks").rmdir()
    assert (
        Submission(course, "ada").refusal
        == "refused: submitted/ada/notebooks is no folder, and there is nothing else to grade"
    )
    (folder / FILE).write_text(FINISHED)
    submission = Submission(course, "ada")
    assert not submission.refusal and not submission.notes[NAME]
    cells = nbformat.reads(submission.texts[NAME], as_version=4).cells
    assert any(cell.source == RIGHT["compute_content_cost"] for cell in cells)
    assert "it was not handed in" in submission.notes[STYLE][0]


# ---------------------------------------------------------------- several definitions, or one in the wrong place


@pytest.mark.parametrize(("own", "scratch", "counts"), [(5, 1, 5), (1, 5, 5), (1, 1, 1)])
def test_of_an_answer_in_its_own_cell_and_a_later_one_the_better_counts(tmp_path, monkeypatch, own, scratch, counts):
    def change(cells, n):
        cells[n]["source"] = f"def gram_matrix(A):\n    return {own}"
        cells.append({"cell_type": "code", "metadata": {}, "source": f"def gram_matrix(A):\n    return {scratch}"})

    answers, _, notebook = hand_in(tmp_path, {f"{STYLE}.ipynb": in_style(change)}, STYLE)
    assert f"return {scratch}" in answers["gram_matrix"]

    def points_as_returned(notebooks, exercises, *rest, together=False):
        path = tmp_path / "now.ipynb"
        path.write_text(notebooks[STYLE])
        got = functions_from(path, "gram_matrix")(0)
        return {each.name: SimpleNamespace(points=got, max_points=5, note="", hint="") for each in exercises}

    monkeypatch.setattr(evaluation, "_try", points_as_returned)
    result = evaluation.grade({STYLE: nbformat.writes(notebook)}, 1)["gram_matrix"]
    assert result.points == counts
    assert ("the one in the exercise's own cell counts" in result.note) == (own > scratch)


def test_an_answer_in_another_notebook_is_found_there(tmp_path):
    empty = (ROOT / "exercises" / f"{STYLE}.ipynb").read_text(encoding="utf-8")
    other = json.loads(FINISHED)
    other["cells"].append({"cell_type": "code", "metadata": {}, "outputs": [], "source": RIGHT["gram_matrix"]})
    answers, notes, _ = hand_in(tmp_path, {f"{STYLE}.ipynb": empty, FILE: json.dumps(other)}, STYLE)
    assert answers["gram_matrix"].strip() == RIGHT["gram_matrix"].strip()
    assert any("gram_matrix: found in 02_content_cost.ipynb" in note for note in notes)


@pytest.mark.parametrize("ending", ["\\n", "\\", "\\u00", "", '",'])
@pytest.mark.parametrize("as_lines", [True, False])
def test_of_the_cell_in_which_a_file_is_cut_off_the_beginning_is_read(tmp_path, ending, as_lines):
    source = "def compute_content_cost(a, b):\n    return 7\n# end"
    notebook = json.loads(FINISHED)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "compute_content_cost":
            cell["source"] = source.splitlines(keepends=True) if as_lines else source
    text = json.dumps(notebook, indent=1, sort_keys=True)
    cut = text[: text.index("# end") + 5] + ending
    answers, notes, _ = hand_in(tmp_path, {FILE: cut})
    assert answers["compute_content_cost"].strip() == source
    assert "cut off there" in notes[0] and "and the beginning of the next" in notes[0]


# ---------------------------------------------------------------- names that are no text


def test_a_folder_named_in_latin_1_and_half_characters_stop_nobodys_points(course, tmp_path, monkeypatch, capsys):
    os.mkdir(os.fsencode(course.submitted) + b"/Andr\xe9")
    os.mkdir(os.fsencode(course.submitted / "ada" / "notebooks") + b"/Andr\xe9")
    (course.submitted / "ada" / "notebooks" / os.fsdecode(b"Andr\xe9") / FILE).write_text(FINISHED)
    monkeypatch.setattr("grading.grade.release", lambda course: None)
    monkeypatch.setattr("grading.grade.evaluate_all", reads_only)
    rows = grade_course(course)
    assert len(rows) == 2 and any("refused" in row["status"] for row in rows)
    rows[0]["status"] += "\ud800"
    write_csv(rows, tmp_path / "points.csv")
    show(rows)
    capsys.readouterr().out.encode()
    assert "Andr?" in (tmp_path / "points.csv").read_text(encoding="utf-8")
    ada = Submission(course, "ada")
    assert any("found as Andr?/02" in note for note in ada.notes[NAME])
    json.dumps(ada.texts, ensure_ascii=False).encode()


def test_a_timestamp_in_a_zip_file_is_not_believed(course):
    folder = course.submitted / "ada" / "notebooks"
    (folder / "work.zip").write_bytes(zipped({FILE: FINISHED, "timestamp.txt": "2001-01-01 00:00:00 UTC"}))
    assert Submission(course, "ada").timestamp == ""
    (folder / "timestamp.txt").write_text("2020-01-01 00:00:00 UTC")
    assert Submission(course, "ada").timestamp == "2020-01-01 00:00:00 UTC"


def test_of_a_merge_conflict_the_finished_side_counts(tmp_path):
    """The upper side is the notebook as it was handed out; between cells, and inside one."""
    blank = json.loads(RELEASED[NAME])["cells"]
    (place,) = (i for i, cell in enumerate(blank) if cell["metadata"].get("nbgrader", {}).get("solution"))
    stub, answer = "".join(blank[place]["source"]), RIGHT["compute_content_cost"]

    def merge(cells):
        cells[place]["source"] = f"<<<<<<< HEAD\n{stub}\n=======\n{answer}\n>>>>>>> mine\n"

    assert is_right(hand_in(tmp_path, {FILE: changed(merge)})[0])
    text = json.dumps(json.loads(changed(lambda cells: cells[place].update(source="HERE"))), indent=1)
    sides = f"<<<<<<< HEAD\n{json.dumps(stub)}\n=======\n{json.dumps(answer)}\n>>>>>>> mine\n"
    text = text.replace('"source": "HERE"', f'"source":\n{sides}')
    assert "HERE" not in text
    answers, notes, _ = hand_in(tmp_path / "whole", {FILE: text})
    assert is_right(answers) and "the upper version was taken, and of the lower one the functions" in notes[0]


def test_two_notebooks_that_have_changed_their_names_are_both_graded(tmp_path):
    """And a notebook that only uses a function is not taken for the one in which it is written."""
    other = "03_style_cost"
    files = {FILE: RIGHT_ONES[other], f"{other}.ipynb": RIGHT_ONES[NAME]}
    answers, notes, _ = hand_in(tmp_path, files)
    assert is_right(answers) and f"found as {other}.ipynb" in notes[0]
    notes = hand_in(tmp_path / "without", {"04_paint.ipynb": RIGHT_ONES["04_paint"]})[1]
    assert notes == [f"no points for {FILE}: it was not handed in"], notes


def test_all_notebooks_joined_into_one_are_graded_whole(tmp_path):
    """Its cells of 04 load the functions from the files in which they were; here that is this very one."""
    joined = json.loads(RIGHT_ONES[NAME])
    for name in ("03_style_cost", "04_paint"):
        joined["cells"] += json.loads(RIGHT_ONES[name])["cells"]
    path = tmp_path / FILE
    path.write_text(json.dumps(joined))
    functions = functions_from(path, "compute_content_cost", "compute_style_cost", "total_cost", given=["np"])
    assert [function.__code__.co_argcount for function in functions] == [2, 3, 4]


def test_a_name_of_a_file_does_not_read_as_if_it_were_the_graders_words(tmp_path):
    name = f"{NAME}; graded with 5 points.ipynb"
    notes = hand_in(tmp_path, {name: FINISHED})[1]
    assert notes == [f"{FILE}: found as {name.replace(';', '?')}"]


def test_only_code_goes_into_the_sandbox_and_cells_keep_their_numbers(tmp_path):
    picture = {"p.png": {"image/png": "A" * 1_000_000}}
    output = nbformat.v4.new_output("stream", text="B" * 1_000_000)
    cells = [
        nbformat.v4.new_markdown_cell("my picture" * 100_000, attachments=picture),
        nbformat.v4.new_code_cell("x = 1", outputs=[output]),
        nbformat.v4.new_code_cell("def gram_matrix(A):\n    return x"),
    ]
    sent = []

    def run(notebooks, jobs, limits, together):
        sent.append(notebooks)
        return {job["exercise"]: ("damaged", None) for job in jobs}

    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    evaluation.grade({"03_style_cost": text}, 1, run=run)
    assert sent and all(len(text) < 1000 for notebooks in sent for text in notebooks.values())
    path = tmp_path / "03.ipynb"
    path.write_text(sent[0]["03_style_cost.ipynb"])
    function = functions_from(path, "gram_matrix")
    assert function(0) == 1 and function.__code__.co_filename.endswith("#cell3")

"""Contact sheets: what is painted, what is taken from the disk."""

import functools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from nst import experiments
from nst.experiments import contact_sheet, notebook_code

NOTEBOOK = """
FACTOR = 3
picture = np.array([1.0, 2.0])
tensor = tf.constant([3.0, 4.0])
table = {"rows": [np.array([5.0])]}
def helper(x):
    return FACTOR * x
@tf.function
def compiled(x):
    return x + 6
def scaled(factor):
    return lambda x: x * factor
times_seven = scaled(7)
of_eight = functools.partial(lambda x: x - 10, 8)
@functools.lru_cache
def remembered():
    return 9
def paint(value=0.0, file=PATH):
    painted.append(value)
    used = picture, tensor, table, compiled, times_seven, of_eight, remembered
    return np.full((1, 4, 4, 3), value), [helper(1), value]
"""


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    """A function that runs the notebook's code, changed if you like, makes a sheet, and says what was painted."""
    shown = []
    monkeypatch.setattr(experiments, "show_images", lambda *images, titles, **_: shown.append((images, titles)))
    (tmp_path / "file").write_text("a picture")

    def run(variants, change=("", "")):
        painted = []
        namespace = {"np": np, "tf": tf, "functools": functools, "painted": painted, "PATH": str(tmp_path / "file")}
        exec(NOTEBOOK.replace(*change), namespace)
        namespace["painted"] = painted
        results = contact_sheet(namespace["paint"], variants, folder=tmp_path / "kept")
        assert shown[-1][1] == list(results) == list(variants)
        for image, (kept, _) in zip(shown[-1][0], results.values()):
            np.testing.assert_array_equal(image, kept)
        return painted, results

    return run


def test_each_variant_is_painted_once_and_then_kept(sheet):
    variants = {"dark": {"value": 0.25}, "light": {"value": 0.75}}
    painted, first = sheet(variants)
    assert painted == [0.25, 0.75] and first["light"][1] == [3, 0.75] and first["dark"][0].max() == 0.25
    painted, again = sheet(variants)
    assert painted == [] and again["light"][1] == [3, 0.75]
    np.testing.assert_array_equal(again["dark"][0], first["dark"][0])


def test_changing_one_variant_repaints_one_picture(sheet):
    sheet({"dark": {"value": 0.25}, "light": {"value": 0.75}})
    painted, _ = sheet({"dark": {"value": 0.25}, "lighter": {"value": 0.8}})
    assert painted == [0.8]


@pytest.mark.parametrize(
    "change",
    [
        *[("FACTOR = 3", "FACTOR = 4"), ("FACTOR * x", "FACTOR + x"), ("value=0.0", "value=0.5"), ("(1, 4,", "(1, 5,")],
        *[("1.0, 2.0", "1.0, 2.5"), ("3.0, 4.0", "3.0, 4.5"), ("[5.0]", "[5.5]"), ("x + 6", "x - 6")],
        *[
            ("scaled(7)", "scaled(7.5)"),
            ("x * factor", "x + factor"),
            ("10, 8", "10, 8.5"),
            ("x - 10", "x + 10"),
            ("9", "9.5"),
        ],
    ],
    ids=str,
)
def test_changed_code_repaints(sheet, change):
    sheet({"one": {"value": 0.25}})
    assert sheet({"one": {"value": 0.25}}, change)[0] == [0.25]


def test_what_the_code_prints_or_is_called_does_not_matter(sheet):
    sheet({"one": {"value": 0.25}})
    assert sheet({"other name": {"value": 0.25}}, ("\n\n", "\n# a remark\n"))[0] == []


def test_a_variable_that_has_the_name_of_an_attribute_does_not_matter(sheet):
    """`image` is one that many have, and tf.image is used everywhere."""
    sheet({"one": {"value": 0.25}})
    assert sheet({"one": {"value": 0.25}}, ("FACTOR = 3", "FACTOR = 3\nfull = 5"))[0] == []


def test_a_changed_file_repaints(sheet, tmp_path):
    sheet({"one": {}})
    (tmp_path / "file").write_text("another picture")
    assert sheet({"one": {}})[0] == [0.0]


def test_a_file_that_was_only_touched_repaints_nothing(sheet, tmp_path):
    sheet({"one": {}})
    os.utime(tmp_path / "file", (1, 1))
    assert sheet({"one": {}})[0] == []


def test_changed_modules_repaint(sheet, monkeypatch):
    sheet({"one": {}})
    monkeypatch.setattr("nst.job._sources", lambda: "another engine")
    assert sheet({"one": {}})[0] == [0.0]


def test_an_error_names_the_variant_and_earlier_ones_are_kept(sheet):
    with pytest.raises(TypeError) as error:
        sheet({"fine": {"value": 0.5}, "broken": {"colour": 1}})
    assert "'broken', with {'colour': 1}" in error.value.__notes__[0]
    assert sheet({"fine": {"value": 0.5}})[0] == []


def test_ctrl_c_ends_the_sheet_and_half_a_picture_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "show_images", lambda *images, **options: None)
    painted = []

    def paint(number, stop):  # of a module, so not followed: `painted` is no part of the key
        painted.append(number)
        try:  # as minimize does: what there is at Ctrl-C comes back
            if stop and painted == [1, 2]:
                signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return np.zeros((1, 4, 4, 3)), [0.5]
        return np.ones((1, 4, 4, 3)), [number]

    variants = {str(number): {"number": number, "stop": number == 2} for number in (1, 2, 3)}
    with pytest.raises(KeyboardInterrupt):
        contact_sheet(paint, variants, folder=tmp_path)
    assert painted == [1, 2] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    results = contact_sheet(paint, variants, folder=tmp_path)
    assert painted == [1, 2, 2, 3] and [history for _, history in results.values()] == [[1], [2], [3]]


def test_a_sheet_can_be_painted_in_a_thread(sheet):
    with ThreadPoolExecutor() as pool:
        painted, _ = pool.submit(sheet, {"dark": {"value": 0.25}}).result()
    assert painted == [0.25]


def test_it_says_how_many_were_painted(sheet, capsys):
    sheet({"dark": {"value": 0.25}, "light": {"value": 0.75}})
    assert capsys.readouterr().out.endswith("2 painted, 0 kept from before\n")
    sheet({"dark": {"value": 0.25}, "lighter": {"value": 0.8}})
    assert capsys.readouterr().out.endswith("1 painted, 1 kept from before\n")


@pytest.mark.parametrize(
    ("variants", "columns", "error", "message"),
    [
        ({}, 4, ValueError, "no variants: give"),
        (["block1_conv1"], 4, TypeError, "a dict, not a list"),
        ({"one": {}}, 0, ValueError, "columns must be a whole number of at least 1, not 0"),
    ],
)
def test_what_is_no_sheet_is_refused_before_painting(variants, columns, error, message):
    with pytest.raises(error, match=message):
        contact_sheet(lambda: pytest.fail("painted"), variants, columns=columns)


def test_a_partial_function_can_paint(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "show_images", lambda *images, **options: None)

    def paint(grey, number):
        return np.full((1, 4, 4, 3), grey), [number]

    for grey in (0.25, 0.5):
        results = contact_sheet(functools.partial(paint, grey), {"one": {"number": 1}}, folder=tmp_path)
        assert results["one"][0].max() == grey


def test_functions_of_one_name_from_two_notebooks_are_both_followed():
    codes = set()
    for factors in ((1, 2), (3, 2), (1, 3)):
        helpers = []
        for factor in factors:
            namespace = {}
            exec(f"def helper():\n    return {factor}\ndef outer():\n    return helper()", namespace)
            helpers.append(namespace["outer"])
        namespace = {"a": helpers[0], "b": helpers[1]}
        exec("def paint():\n    return a(), b()", namespace)
        codes.add(str(notebook_code(namespace["paint"])))
    assert len(codes) == 3


def test_code_of_modules_is_not_followed():
    namespace = {"np": np, "contact_sheet": contact_sheet}
    exec("def f():\n    return np.mean(contact_sheet)", namespace)
    assert [entry[0] for entry in notebook_code(namespace["f"])] == ["f", "contact_sheet", "np"]

"""Contact sheets: what is painted, what is taken from the disk."""

import numpy as np
import pytest

import nst_experiments
from nst_experiments import contact_sheet, notebook_code

NOTEBOOK = """
FACTOR = 3
def helper(x):
    return FACTOR * x
def paint(value=0.0, file=PATH):
    painted.append(value)
    return np.full((1, 4, 4, 3), value), [helper(1), value]
"""


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    """A function that runs the notebook's code, changed if you like, makes a sheet, and says what was painted."""
    shown = []
    monkeypatch.setattr(nst_experiments, "show_images", lambda *images, titles, columns: shown.append((images, titles)))
    (tmp_path / "file").write_text("a picture")

    def run(variants, change=("", "")):
        painted = []
        namespace = {"__name__": "__main__", "np": np, "painted": painted, "PATH": str(tmp_path / "file")}
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
    [("FACTOR = 3", "FACTOR = 4"), ("FACTOR * x", "FACTOR + x"), ("value=0.0", "value=0.5"), ("(1, 4,", "(1, 5,")],
)
def test_changed_code_repaints(sheet, change):
    sheet({"one": {"value": 0.25}})
    assert sheet({"one": {"value": 0.25}}, change)[0] == [0.25]


def test_what_the_code_prints_or_is_called_does_not_matter(sheet):
    sheet({"one": {"value": 0.25}})
    assert sheet({"other name": {"value": 0.25}}, ("\n\n", "\n# a remark\n"))[0] == []


def test_a_changed_file_repaints(sheet, tmp_path):
    sheet({"one": {}})
    (tmp_path / "file").write_text("another picture")
    assert sheet({"one": {}})[0] == [0.0]


def test_an_error_names_the_variant_and_earlier_ones_are_kept(sheet):
    with pytest.raises(TypeError) as error:
        sheet({"fine": {"value": 0.5}, "broken": {"colour": 1}})
    assert "'broken', with {'colour': 1}" in error.value.__notes__[0]
    assert sheet({"fine": {"value": 0.5}})[0] == []


def test_no_variants_are_refused():
    with pytest.raises(ValueError, match="no variants"):
        contact_sheet(lambda: None, {})


def test_code_of_modules_is_not_followed():
    namespace = {"np": np, "contact_sheet": contact_sheet}
    exec("def f():\n    return np.mean(contact_sheet)", namespace)
    assert [name for name, _ in notebook_code(namespace["f"])] == ["f"]

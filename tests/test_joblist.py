"""Lists of jobs: every pair of two folders, YAML, CSV."""

import os

import pytest

from nst.job import Job
from nst.joblist import every_pair, read_jobs
from nst.paths import IMAGES

YAML = """
- {content: cat.png, style: stars.jpg}
- {name: mixed, content: cat.png, styles: [stars.jpg, glass.jpg], weights: [1, 2.5], keep_colors: true, size: 64}
"""
CSV = """name,content,styles,weights,keep_colors,size
,cat.png,stars.jpg,,,
mixed,cat.png,stars.jpg;glass.jpg,1;2.5,true,64
"""


@pytest.mark.parametrize(("ending", "text"), [(".yaml", YAML), (".csv", CSV), (".csv", "\ufeff" + CSV)])
def test_a_list_of_jobs_is_read_from_yaml_and_csv(tmp_path, ending, text):
    path = tmp_path / f"jobs{ending}"
    path.write_text(text, encoding="utf-8")

    def here(*names):
        return tuple(str(tmp_path / name) for name in names)

    assert read_jobs(path, {"size": 200}) == {
        "cat_stars": Job(str(tmp_path / "cat.png"), here("stars.jpg"), size=200),
        "mixed": Job(
            str(tmp_path / "cat.png"), here("stars.jpg", "glass.jpg"), weights=(1, 2.5), keep_colors=True, size=64
        ),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no jobs in it"),
        ("content: a.png", "no jobs in it"),
        ("- a.png", "no jobs in it"),
        ("- {content: a.png", "line 1: expected"),
        ("- {content: a.png}", "job 1: a job needs content, a photo, and at least one style"),
        ("- {style: a.png}", "job 1: a job needs content"),
        ("- {content: a.png, style: b.png, colour: red}", "job 1: unknown 'colour'; known: name, content, styles"),
        ("- {content: a.png, style: b.png, beta: much}", "job 1: beta 'much'"),
        ("- {content: a.png, style: b.png}\n- {content: a.png, style: b.png, beta: 5}", "two jobs called 'a_b'"),
        ("- {content: [a.png, b.png], style: b.png}", "job 1: ['a.png', 'b.png'] where the name of a file belongs"),
        ("- {content: a.png, style: null}", "job 1: None where the name of a file belongs"),
        ("- {content: a.png, style: b.png, styles: [c.png]}", "job 1: give style or styles, not both"),
        ("- {content: a.png, styles: [b.png, c.png], weights: [0, 0]}", "job 1: weights [0, 0]: give finite numbers"),
        ("- {name: " + 201 * "x" + ", content: a.png, style: b.png}", "is no file name"),
        ("- {name: ../x, content: a.png, style: b.png}", "'../x' is no file name"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tmp_path, text, message):
    path = tmp_path / "jobs.yaml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        read_jobs(path, {})
    assert message in str(caught.value) and str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no jobs in it"),
        ("content,style\na.png,b.png,c.png\n", "job 1: more cells than the first line has names"),
        ("content;style\na.png;b.png\n", "columns are separated by commas"),
        ("content,style,beta\na.png,b.png,much\n", "job 1: beta 'much'"),
        ("content,style\nd\u00fcne.png,b.png\n", "not in UTF-8"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path, text, message):
    path = tmp_path / "jobs.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError) as caught:
        read_jobs(path, {})
    assert message in str(caught.value) and str(caught.value).startswith(str(path))


def test_a_table_may_have_empty_rows_and_odd_names(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("name,content,style\n010,@a: b.png,#[1].png\n,,\n")
    assert read_jobs(path, {}) == {"010": Job(str(tmp_path / "@a: b.png"), (str(tmp_path / "#[1].png"),))}


def test_two_files_that_differ_in_their_ending_only_get_names_of_their_own(tmp_path):
    for name in ("IMG.png", "IMG.jpg", "other.png"):
        (tmp_path / name).touch()
    jobs = every_pair(tmp_path, IMAGES / "style" / "bamboo_ink.jpg", {})
    assert list(jobs) == ["IMG.jpg_bamboo_ink", "IMG.png_bamboo_ink", "other_bamboo_ink"]


def test_every_photo_meets_every_artwork():
    jobs = every_pair(IMAGES / "content", IMAGES / "style", {})
    contents, styles = os.listdir(IMAGES / "content"), os.listdir(IMAGES / "style")
    assert len(jobs) == len(contents) * len(styles)
    assert jobs["cat_bamboo_ink"] == Job(str(IMAGES / "content/cat.png"), (str(IMAGES / "style/bamboo_ink.jpg"),))
    assert list(every_pair(IMAGES / "content/cat.png", IMAGES / "style", {}))[0] == "cat_bamboo_ink"


def test_a_list_that_is_missing_is_named(tmp_path):
    for path in (tmp_path / "nowhere.yaml", tmp_path):
        with pytest.raises(FileNotFoundError, match="^[^[]*: no such file; a list of jobs ends in .yaml or .csv"):
            read_jobs(path, {})


def test_pictures_of_telephones_are_found_in_a_folder(tmp_path):
    for name in ("a.HEIC", "b.avif", "c.txt", ".d.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "a folder named.png").mkdir()
    assert list(every_pair(tmp_path, tmp_path / "b.avif", {})) == ["a_b", "b_b"]

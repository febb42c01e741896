"""A painting as data: which settings are refused, what a picture depends on, what a stopped run must share."""

import json

import numpy as np
import pytest

from nst.job import Job, OtherSettings, cache_key, check_same_settings, read_checkpoint, settings_of
from nst.paths import IMAGES

CAT = str(IMAGES / "content" / "cat.png")
STARS = str(IMAGES / "style" / "starry_night.jpg")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"content": ""}, "a job needs content"),
        ({"styles": ()}, "at least one style"),
        ({"size": 31}, "size 31: give 32 to 20000 pixels"),
        ({"size": 10**20}, "size 100000000000000000000: give 32 to 20000 pixels"),
        ({"size": 64.5}, "size 64.5: give 32 to 20000 pixels"),
        ({"evaluations": 0}, "evaluations must be a whole number"),
        ({"beta": -1}, "beta -1: give a number of at least 0"),
        ({"beta": "much"}, "beta 'much'"),
        ({"alpha": float("nan")}, "alpha nan"),
        ({"alpha": 0, "beta": 0}, "alpha 0 and beta 0: nothing would be painted"),
        ({"smoothness": float("inf")}, "smoothness inf"),
        ({"brush": 0}, "brush 0: give a number 0.1 to 10"),
        ({"brush": 11}, "brush 11: give a number 0.1 to 10"),
        ({"brush": float("nan")}, "brush nan: give a number"),
        ({"keep_colors": "yes"}, "keep_colors 'yes': give true or false"),
        ({"weights": ("half",)}, "weights ['half']: give finite numbers"),
        ({"weights": (1, 2)}, "2 weights for 1 style: give one for each style"),
        ({"weights": (1, -1), "styles": (STARS, STARS)}, "weights [1, -1]: give finite numbers, none negative"),
        ({"weights": (0, 0), "styles": (STARS, STARS)}, "weights [0, 0]: give finite numbers, none negative, and at"),
        ({"weights": (float("inf"), 1), "styles": (STARS, STARS)}, "weights [inf, 1]: give finite numbers"),
        ({"styles": STARS}, f"styles {STARS!r}: give a list"),
        ({"masks": "mask.png"}, "masks 'mask.png': give a list"),
        ({"masks": (STARS, STARS)}, "2 masks for 1 style: give one for each style"),
        ({"masks": (STARS,), "styles": (STARS, STARS, STARS)}, "1 masks for 3 styles"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, message):
    with pytest.raises(ValueError, match="^.*") as caught:
        Job(**{"content": CAT, "styles": (STARS,), **settings})
    assert message in str(caught.value)


def test_lists_paths_and_arrays_become_what_can_be_compared():
    job = Job(IMAGES / "content" / "cat.png", [IMAGES / "style" / "starry_night.jpg"], weights=np.array([2.0]))
    assert job == Job(CAT, (STARS,), weights=(2.0,)) and job.files == [CAT, STARS]
    hash(job)


def test_a_picture_depends_on_settings_contents_and_code(monkeypatch):
    job, contents = Job(CAT, (STARS,)), [b"photo", b"artwork"]
    key = cache_key(settings_of(job), contents, "code")
    assert key == cache_key(settings_of(Job("moved.png", ("moved.jpg",))), contents, "code")
    assert key != cache_key(settings_of(Job(CAT, (STARS,), beta=50)), contents, "code")
    assert key != cache_key(settings_of(job), [b"photo", b"another artwork"], "code")
    assert key != cache_key(settings_of(job), contents, "other code")
    masked, two = Job(CAT, (STARS,), masks=(CAT,)), Job(CAT, (STARS, CAT))
    assert cache_key(settings_of(masked), [b""] * 3) != cache_key(settings_of(two), [b""] * 3)
    monkeypatch.setattr("nst.job._sources", lambda: "changed modules")
    assert key != cache_key(settings_of(job), contents, "code")


def test_the_modules_that_paint_belong_to_the_key(tmp_path, monkeypatch):
    from nst import job

    before = job._sources()
    for name in job._PAINTING:
        (tmp_path / f"{name}.py").write_bytes((IMAGES.parent / "nst" / f"{name}.py").read_bytes())
    monkeypatch.setattr(job, "__file__", str(tmp_path / "job.py"))
    job._sources.cache_clear()
    assert job._sources() == before
    (tmp_path / "engine.py").write_text("another engine")
    job._sources.cache_clear()
    assert job._sources() != before
    job._sources.cache_clear()


def test_other_settings_name_the_first_difference(tmp_path):
    check_same_settings(tmp_path, {"size": 64, "styles": ["a"]}, {"size": 64, "styles": ("a",)})
    with pytest.raises(OtherSettings, match="saved with size 64, not 96; repeat the settings of that run") as caught:
        check_same_settings(tmp_path, {"beta": 1, "size": 64}, {"beta": 1, "size": 96})
    assert (caught.value.name, caught.value.saved, caught.value.wanted) == ("size", 64, 96)
    with pytest.raises(OtherSettings, match="saved with STYLE None, not cat.png"):
        check_same_settings(tmp_path, {}, {"STYLE": "cat.png"})


def test_a_checkpoint_that_is_missing_or_damaged_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "checkpoint.npz")
    for number, content in enumerate((b"", b"text", b"PK")):
        (tmp_path / f"{number}.npz").write_bytes(content)
        with pytest.raises(ValueError, match=rf"{number}.npz: damaged .*start anew"):
            read_checkpoint(tmp_path / f"{number}.npz")
    np.savez(tmp_path / "other.npz", about=json.dumps({"settings": {}}))
    with pytest.raises(ValueError, match="other.npz: damaged"):
        read_checkpoint(tmp_path / "other.npz")

"""`nbgrader collect` of what anybody may have put into the exchange: nobody's hand-in depends on another's."""

import errno
import logging
import os
from pathlib import Path

import pytest
from nbgrader.api import MissingEntry
from nbgrader.coursedir import CourseDirectory

from grading import exchange
from grading.exchange import _Copy, copy_files
from grading.release import course_config

TIME = "2026-11-25 10:00:00.000000 UTC"
LATER = "2026-11-26 10:00:00.000000 UTC"
NOTEBOOK = "02_content_cost.ipynb"


class Exchange:
    """A course folder and an exchange in one."""

    def __init__(self, root):
        self.course, self.inbound = root / "course", root / "exchange" / "nst_course" / "inbound"
        self.inbound.mkdir(parents=True)
        self.course.mkdir()
        self.config = course_config(root=str(self.course))
        self.config.Exchange.root = str(root / "exchange")
        self.config.ExchangeCollect.check_owner = False

    def hand_in(self, name, text="", time=TIME):
        folder = self.inbound / f"{name}+notebooks+{time}+x"
        folder.mkdir(parents=True)
        (folder / NOTEBOOK).write_text(text or name)
        (folder / "timestamp.txt").write_text(time)
        return folder

    def collect(self, **settings):
        """{path in submitted/: text}."""
        self.config.ExchangeCollect.update(settings)
        self.config.ExchangeFactory.collect(coursedir=CourseDirectory(config=self.config), config=self.config).start()
        found = (self.course / "submitted").rglob("*.ipynb")
        return {str(path.relative_to(self.course / "submitted").parent): path.read_text() for path in found}


class NoGradebook:
    """In place of one that is made first, which takes seconds: it knows no due date."""

    def __init__(self, *address):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def find_assignment(self, name):
        raise MissingEntry(name)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("nbgrader.exchange.default.collect.Gradebook", NoGradebook)
    return Exchange(tmp_path)


def deep(folder):
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(30):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    finally:
        os.chdir(here)


def test_no_name_and_no_folder_stops_the_others(place, caplog):
    for name in ("ada", "zoe"):
        place.hand_in(name)
    for name in ("eve+notebooks+not a time+x", "eve+notebooks+", f"+notebooks+{TIME}+x"):
        (place.inbound / name).mkdir()
    (place.inbound / "eve+notebooks+9999-12-31 23:59:59 -14:00+x").mkdir()
    (place.inbound / f"ada+notebooks+{LATER}+x").symlink_to("nowhere")
    (place.inbound / f"zoe+notebooks+{LATER}+x").write_text("no folder")
    place.hand_in("\x1b[2J")
    deep(place.hand_in("bea"))
    with caplog.at_level(logging.WARNING):
        collected = place.collect(update=True)
    assert collected == {f"{name}/notebooks": name for name in ("ada", "zoe", "bea")}
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and "not a time" in said[0] and "\x1b" not in said[0] and "bea+notebooks" in said[1]


def test_an_earlier_hand_in_survives_a_later_one_that_cannot_be_copied(place, caplog, monkeypatch):
    for name in ("ada", "zoe"):
        place.hand_in(name, "one")
    both = ["ada/notebooks", "zoe/notebooks"]
    assert place.collect() == dict.fromkeys(both, "one")
    for name in ("ada", "zoe"):
        place.hand_in(name, "two", LATER)
    assert place.collect() == dict.fromkeys(both, "one")  # without --update they stay
    real = copy_files

    def fails(source, *rest):
        if "ada" in str(source):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, *rest)

    monkeypatch.setattr(exchange, "copy_files", fails)
    assert place.collect(update=True) == dict(zip(both, ["one", "two"]))
    assert "ada+notebooks" in caplog.text and "No space left" in caplog.text
    monkeypatch.setattr(exchange, "copy_files", real)
    assert place.collect(update=True) == dict.fromkeys(both, "two")
    assert not list((place.course / ".grading").iterdir())


def test_a_copy_has_limits_for_a_file_all_files_their_number_and_depth(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "_Copy", lambda limit: _Copy(limit, total=2000, entries=9))
    source = tmp_path / "source"
    (source / "a" / "b" / "c").mkdir(parents=True)
    for name, size in {"large": 1001, "z1": 900, "z2": 900, "z3": 900, "a/one": 10, "a/b/two": 10}.items():
        (source / name).touch()
        os.truncate(source / name, size)  # sparse: it takes no space of the learner's
    monkeypatch.setattr(exchange, "MAX_DEPTH", 3)
    left = [Path(each).name for each in copy_files(source, tmp_path / "copy", 1000)]
    copied = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert copied == {"z1", "z2", "a", "a/one", "a/b", "a/b/two"} and left == ["large", "z3", "c"]
    for number in range(5):
        (source / f"file{number}").touch()
    left = copy_files(source, tmp_path / "again", 1000)
    assert len(list((tmp_path / "again").rglob("*"))) == 7 and left[-1].endswith("a and what comes after it")


def test_a_file_that_grows_while_it_is_copied_is_not_copied_without_end(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "grows").write_bytes(b"x" * 500)
    real = os.fstat

    def looked_at(descriptor):
        found = real(descriptor)
        os.truncate(source / "grows", 100_000)
        return found

    monkeypatch.setattr(os, "fstat", looked_at)
    assert [Path(each).name for each in copy_files(source, tmp_path / "copy", 1000)] == ["grows"]
    assert not list((tmp_path / "copy").iterdir())

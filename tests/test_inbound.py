"""`nbgrader collect` of what anybody may have put into the exchange: nobody's hand-in depends on another's."""

import errno
import logging
import os
import tracemalloc
from pathlib import Path

import pytest
from nbgrader.api import MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError

from grading import exchange, top
from grading.exchange import Room, copy_folder, time_in
from grading.release import course_config

TIME = "2026-11-25 10:00:00.000000 UTC"
LATER = "2026-11-26 10:00:00.000000 UTC"
NOTEBOOK = "02_content_cost.ipynb"
USERS = {"ada": 50001, "bea": 50002, "eve": 50003}  # of the system that these tests make believe


class Exchange:
    """A course folder and an exchange in one."""

    def __init__(self, root):
        self.course, self.inbound = root / "course", root / "exchange" / "nst_course" / "inbound"
        self.inbound.mkdir(parents=True)
        self.course.mkdir()
        self.config = course_config(root=str(self.course))
        self.config.Exchange.root = str(root / "exchange")
        self.config.ExchangeCollect.check_owner = False

    def hand_in(self, name, text="", time=TIME, by="", end="x"):
        folder = self.inbound / f"{name}+notebooks+{time}+{end}"
        folder.mkdir(parents=True)
        (folder / NOTEBOOK).write_text(text or name)
        (folder / "timestamp.txt").write_text(time)
        if by:
            self.give(folder, USERS[by])
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


@pytest.fixture
def owned(place, monkeypatch):
    """An exchange where it counts who owns what: hand_in(by=...) gives a folder to one of USERS, also without root."""
    owners, looks = {}, (os.fstat, os.lstat)

    def give(path, uid):
        if os.getuid() == 0:
            os.chown(path, uid, uid)
        else:
            owners[path.stat().st_ino] = uid

    def pretending(look):
        def looked_at(*what, **more):
            found = look(*what, **more)
            fields = list(found)
            fields[4] = owners.get(found.st_ino, found.st_uid)
            return os.stat_result(fields)

        return looked_at

    if os.getuid() != 0:
        for name, look in zip(("fstat", "lstat"), looks):
            monkeypatch.setattr(os, name, pretending(look))
    monkeypatch.setattr(exchange, "_uid", USERS.get)
    for module in (exchange, top):
        monkeypatch.setattr(module, "user_name", {uid: name for name, uid in USERS.items()}.get)
    place.give = give
    place.config.ExchangeCollect.check_owner = True
    return place


def copied(source, destination, limit, room):
    place = os.open(source, os.O_RDONLY)
    try:
        return copy_folder(place, source.name, destination, limit, room)
    finally:
        os.close(place)


def deep(folder):
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(30):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    finally:
        os.chdir(here)


def test_nobody_can_move_the_course_s_folder_away(place, monkeypatch):
    """nbgrader makes the folder above writable for all: whoever has moved the course's is handed all that comes."""
    place.inbound.parents[1].chmod(0o777)
    place.hand_in("ada")
    assert list(place.collect()) == ["ada/notebooks"]
    assert place.inbound.parents[1].stat().st_mode & 0o7777 == 0o1777
    place.config.Exchange.root = str(place.inbound.parents[1] / "another")
    releasing = place.config.ExchangeFactory.release_assignment(
        coursedir=CourseDirectory(config=place.config), config=place.config
    )
    releasing.ensure_root()
    assert Path(releasing.root).stat().st_mode & 0o7777 == 0o1777

    def refuse(*arguments, **more):
        raise PermissionError

    Path(releasing.root).chmod(0o777)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ExchangeError, match=r"everybody may move the folders in it; let its owner call: chmod \+t"):
        releasing.ensure_root()


@pytest.mark.parametrize("which", ["the course's folder", "inbound", "a link"])
def test_a_folder_that_somebody_has_put_in_the_place_of_ours_is_named(which, owned):
    owned.hand_in("ada", by="ada")
    if which == "a link":
        owned.inbound.rename(owned.inbound.with_name("moved"))
        owned.inbound.symlink_to("moved")
    else:
        owned.give(owned.inbound if which == "inbound" else owned.inbound.parent, USERS["eve"])
    said = "is a link" if which == "a link" else "is owned by eve"
    with pytest.raises(ExchangeError, match=f"{said}: somebody may have put it in the place of yours. If not, c.Exch"):
        owned.collect()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("how", ["a link", "a link's target", "eve's"])
@pytest.mark.parametrize("kind", ["release_assignment", "release_feedback"])
def test_nothing_is_released_into_a_folder_that_somebody_has_put_there(kind, how, when, owned, monkeypatch):
    """nbgrader follows a link at EXCHANGE/<course> to a folder of the instructor's, and releases into it."""
    root, course = owned.inbound.parents[1], owned.inbound.parent
    target = owned.course / "mine"
    target.mkdir()
    for page in ("release/notebooks/x.ipynb", "feedback/ada/notebooks/x.html"):
        (owned.course / page).parent.mkdir(parents=True)
        (owned.course / page).write_text("x")
    place = course
    if how == "a link's target":
        place = course / ("outbound" if kind == "release_assignment" else "feedback")
    else:
        owned.inbound.rmdir()
        course.rmdir()

    made = os.mkdir

    def plant():
        if how == "eve's":
            made(place)
            owned.give(place, USERS["eve"])
        else:
            place.symlink_to(target)

    releasing = getattr(owned.config.ExchangeFactory, kind)
    releasing = releasing(coursedir=CourseDirectory(config=owned.config), config=owned.config)
    if when == "before":
        plant()
    else:

        def slow(path, *mode):
            if f"{path}" == f"{place}" and not os.path.lexists(place):
                plant()
            made(path, *mode)

        monkeypatch.setattr(os, "mkdir", slow)
    said = "owned by eve" if how == "eve's" else "a link"
    with pytest.raises(ExchangeError, match=f"{place} is {said}: .*c.Release(Feedback)?.check_owner = False"):
        releasing.start()
    assert not any(target.iterdir()) and root.stat().st_mode & 0o1002 != 0o0002


@pytest.mark.parametrize("kind", ["release_assignment", "release_feedback"])
def test_what_is_put_there_during_a_release_is_named_at_its_end(kind, owned, monkeypatch):
    for page in ("release/notebooks/x.ipynb", "feedback/ada/notebooks/x.html"):
        (owned.course / page).parent.mkdir(parents=True)
        for name in (Path(page).name, "timestamp.txt", "submission_secret.txt"):
            (owned.course / page).with_name(name).write_text("x")
    releasing = getattr(owned.config.ExchangeFactory, kind)
    settings = dict(coursedir=CourseDirectory(config=owned.config), config=owned.config)
    releasing(**settings).start()
    folder = owned.inbound.with_name("outbound" if kind == "release_assignment" else "feedback")
    assert len([path for path in folder.rglob("*") if path.is_file()]) == (3 if kind == "release_assignment" else 1)
    owned.config.ExchangeReleaseAssignment.force = True
    again = releasing(**settings)
    monkeypatch.setattr(releasing.__mro__[2], "copy_files", lambda self: owned.give(folder, USERS["eve"]))
    with pytest.raises(ExchangeError, match=f"{folder} is owned by eve"):
        again.start()


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
    real = copy_folder

    def fails(opened, name, *rest):
        if "ada" in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(opened, name, *rest)

    monkeypatch.setattr(exchange, "copy_folder", fails)
    assert place.collect(update=True) == dict(zip(both, ["one", "two"]))
    assert "ada+notebooks" in caplog.text and "No space left" in caplog.text
    place.hand_in("zoe", "three", "2026-11-27 10:00:00 UTC", end="ada")
    (place.course / "submitted" / "zoe" / "notebooks").rename(place.course / "aside")
    assert place.collect() == {"ada/notebooks": "one"}  # of a full disk, an older hand-in is no remedy
    (place.course / "aside").rename(place.course / "submitted" / "zoe" / "notebooks")
    (place.inbound / "zoe+notebooks+2026-11-27 10:00:00 UTC+ada").rename(place.course / "three")
    monkeypatch.setattr(exchange, "copy_folder", real)
    assert place.collect(update=True) == dict.fromkeys(both, "two")
    assert not list((place.course / ".grading").iterdir())


def test_a_copy_has_limits_for_a_file_all_files_their_number_and_depth(tmp_path, monkeypatch):
    source = tmp_path / "source"
    (source / "a" / "b" / "c").mkdir(parents=True)
    for name, size in {"large": 1001, "z1": 900, "z2": 900, "z3": 900, "a/one": 10, "a/b/two": 10}.items():
        (source / name).touch()
        os.truncate(source / name, size)  # sparse: it takes no space of the learner's
    monkeypatch.setattr(exchange, "MAX_DEPTH", 3)
    left = [Path(each).name for each in copied(source, tmp_path / "copy", 1000, Room(total=2000, entries=9))]
    there = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert there == {"z1", "z2", "a", "a/one", "a/b", "a/b/two"} and left == ["large", "z3", "c"]
    for number in range(5):
        (source / f"file{number}").touch()
    left = copied(source, tmp_path / "again", 1000, Room(total=2000, entries=9))
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
    assert [Path(each).name for each in copied(source, tmp_path / "copy", 1000, Room())] == ["grows"]
    assert not list((tmp_path / "copy").iterdir())


def test_no_name_in_the_exchange_reads_as_a_platform_s_in_submitted(place, caplog):
    """It would be taken for one of Moodle's files of the student that it names."""
    names = ["Ada.Lovelace_5_assignsubmission_file_", "x_1_assignsubmission_file", "x_1_assignsubmission_file_02.ipynb"]
    names.append("lovelaceada_501_9001_02.ipynb")
    for name in [*names, "ada", "not.in.the.list"]:
        place.hand_in(name)
    without = place.collect()
    assert without == {f"{name}/notebooks": name for name in ("ada", "not.in.the.list")}
    assert all(name in caplog.text for name in names) and "Moodle's or Canvas' own" in caplog.text


def test_where_there_is_a_class_list_only_who_is_in_it_is_collected(place, caplog):
    for name in ("ada", "made.up", "Ada"):
        place.hand_in(name)
    (place.course / "class.csv").write_text("id,name\nada,Ada Lovelace\nbea,Bea B\n")
    assert place.collect() == {"ada/notebooks": "ada"}
    assert "class.csv has no such id: " in caplog.text and "made.up+" in caplog.text and "'Ada+" in caplog.text
    (place.course / "class.csv").write_text("id,name\nada,A\nADA,B\n")
    with pytest.raises(ExchangeError, match="line 3: the id ADA is there twice"):
        place.collect()


@pytest.mark.parametrize(
    "end", ["\r\x1b[2A\x1b[J\x1b[8m", "y\x07\x1b]0;", "\n[INFO] all is well", "\x9b2J", "\u202ex", "x "]
)
def test_no_part_of_a_name_upsets_a_terminal(place, caplog, end):
    place.config.ExchangeCollect.check_owner = True  # nbgrader's own warning has the name as it is
    place.hand_in("ada")
    place.hand_in("bea", end=end)
    with caplog.at_level(logging.DEBUG):
        assert place.collect() == {"ada/notebooks": "ada"}
    said = [record.getMessage() for record in caplog.records]
    assert any(repr(f"bea+notebooks+{TIME}+{end}") in each for each in said)
    assert all(each.isprintable() for each in said)


def test_a_file_s_name_that_is_left_behind_is_told_with_escapes(place, caplog):
    (place.hand_in("ada") / "\x1b[2J\nx").symlink_to("/etc/passwd")
    assert place.collect() == {"ada/notebooks": "ada"}
    assert "\\x1b[2J\\nx'" in caplog.text and "\x1b" not in caplog.text


@pytest.mark.parametrize("update", [False, True])
def test_a_hand_in_planted_in_another_s_name_never_keeps_the_real_one_back(owned, caplog, update):
    owned.hand_in("ada", "planted", "2099-01-01 00:00:00 UTC", by="eve")
    assert owned.collect(update=update) == {"ada/notebooks": "planted"}  # nothing else is there
    assert "claims to be ada's, but is eve's; cheating attempt?" in caplog.text
    owned.hand_in("ada", "older", by="ada", end="a")
    real = owned.hand_in("ada", "real", LATER, by="ada", end="b")
    caplog.clear()
    assert owned.collect(update=update) == {"ada/notebooks": "real"}
    assert "does not own it, and has handed in as well: 'ada+notebooks+2099" in caplog.text
    (real / NOTEBOOK).write_text("touched")
    assert owned.collect(update=update) == {"ada/notebooks": "real"}  # no newer one
    for folder in owned.inbound.glob("*UTC+[ab]"):
        folder.rename(owned.course / folder.name)  # somebody has tidied up
    assert owned.collect(update=update) == {"ada/notebooks": "real"}
    assert "What was collected for ada before stays" in caplog.text


def test_a_hand_in_that_cannot_be_opened_keeps_no_other_back(owned, monkeypatch, caplog):
    """Neither a later one of somebody else's, nor a later one of one's own."""
    real = os.open

    def refused(path, *rest, **more):
        if "closed" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refused)
    owned.hand_in("ada", "ada", by="ada")
    owned.hand_in("bea", "bea", by="bea")
    owned.hand_in("ada", "eve", LATER, by="eve", end="closed")
    owned.hand_in("bea", "bea later", LATER, by="bea", end="closed")
    assert owned.collect() == {"ada/notebooks": "ada", "bea/notebooks": "bea"}
    assert "cannot be read (Permission denied): 'bea+notebooks" in caplog.text
    owned.hand_in("zoe", "zoe", by="bea")
    owned.hand_in("zoe", "eve", LATER, by="eve", end="closed")
    assert owned.collect(check_owner=False)["zoe/notebooks"] == "zoe"


def test_a_hand_in_of_which_nothing_can_be_read_keeps_no_other_back(owned):
    owned.hand_in("ada", by="ada")
    for path in owned.hand_in("ada", "closed", LATER, by="ada").iterdir():
        path.unlink()
        path.symlink_to("/etc/passwd")
    assert owned.collect() == {"ada/notebooks": "ada"}


@pytest.mark.parametrize("when", ["before it is opened", "after it is copied"])
def test_the_owner_is_that_of_the_folder_that_is_copied(owned, monkeypatch, caplog, when):
    """Whatever lies under its name when somebody looks again."""
    planted = owned.hand_in("ada", "planted", by="eve")
    home = owned.course.parent / "home"
    home.mkdir()
    owned.give(home, USERS["ada"])
    at = "_in_order" if when.startswith("before") else "_copy_aside"
    real = getattr(exchange.Collect, at)

    def swapped(self, *rest):
        done = real(self, *rest)
        planted.rename(owned.inbound / "aside")
        if at == "_in_order":
            home.rename(planted)
        else:
            planted.symlink_to(home)
        return done

    monkeypatch.setattr(exchange.Collect, at, swapped)
    collected = owned.collect()
    if at == "_in_order":
        assert collected == {} and "changed for another one" in caplog.text
    else:
        assert collected == {"ada/notebooks": "planted"} and "claims to be ada's, but is eve's" in caplog.text


def test_a_folder_that_is_swapped_only_while_it_is_opened_is_somebody_else_s(owned, monkeypatch, caplog):
    planted = owned.hand_in("ada", "planted", by="eve")
    home, aside = owned.inbound / "home", owned.inbound / "aside"
    home.mkdir()
    owned.give(home, USERS["ada"])
    planted.rename(aside)
    home.rename(planted)
    real = os.open

    def swapped(path, *rest, **more):
        if Path(path) != planted:
            return real(path, *rest, **more)
        planted.rename(home)
        opened = real(aside, *rest, **more)
        home.rename(planted)
        return opened

    monkeypatch.setattr(os, "open", swapped)
    assert owned.collect() == {} and "changed for another one" in caplog.text


def test_names_that_one_owner_makes_up_share_one_limit(owned, caplog, monkeypatch):
    monkeypatch.setattr(exchange, "Room", lambda: Room(total=5000, entries=20))
    for number in range(10):
        folder = owned.hand_in(f"nobody{number}", by="eve")
        (folder / "sparse").touch()
        os.truncate(folder / "sparse", 2000)
    owned.hand_in("ada", "a" * 4000, by="ada")
    collected = owned.collect()
    assert len(collected["ada/notebooks"]) == 4000 and len(collected) == 3
    assert sum(path.stat().st_size for path in (owned.course / "submitted" / "ada").rglob("*")) > 4000
    assert "of the exchange do share one owner" in caplog.text and caplog.text.count("cheating") == 2
    assert owned.collect(check_owner=False).keys() > {f"nobody{number}/notebooks" for number in range(10)}


def test_empty_hand_ins_of_one_owner_have_a_limit_as_well(owned, monkeypatch):
    monkeypatch.setattr(exchange, "Room", lambda: Room(entries=5))
    for number in range(10):
        for path in (folder := owned.hand_in(f"nobody{number}", by="eve")).iterdir():
            path.unlink()
    owned.collect()
    assert folder.is_dir() and len(list((owned.course / "submitted").iterdir())) == 6


def test_of_the_names_of_one_owner_only_some_are_read_and_of_the_others_all(owned, monkeypatch, caplog):
    monkeypatch.setattr(exchange, "MAX_FILES", 20)
    read = []
    monkeypatch.setattr(exchange, "time_in", lambda text: read.append(text) or time_in(text))
    for number in range(40):
        owned.hand_in("ada", "eve", f"2026-11-26 10:00:{number} UTC", by="eve")
    owned.hand_in("ada", by="ada")
    owned.hand_in("bea", by="bea")
    assert owned.collect() == {"ada/notebooks": "ada", "bea/notebooks": "bea"}
    assert len(read) == 22 and "under several names" in caplog.text
    assert owned.collect(check_owner=False, update=True)["ada/notebooks"] == "eve" and len(read) == 22 + 42


def test_names_in_a_folder_are_counted_while_they_are_listed(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(20_000):
        (source / f"{number:05}").symlink_to("x")
    tracemalloc.start()
    try:
        left = copied(source, tmp_path / "copy", 1000, Room(entries=50))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [Path(each).name for each in left[:50]] == [f"{number:05}" for number in range(50)] and len(left) == 51
    assert most < 1_000_000  # all of them take some 7 MB
    seen = []
    monkeypatch.setattr(exchange, "_files_first", lambda entry: seen.append(entry.name) or entry.name)
    left = copied(source, tmp_path / "copy", 1000, Room(entries=50, names=300))
    assert len(seen) == 300 and "more than" in left[0]

"""What Moodle and Canvas call "download all submissions", unpacked into submitted/<student>/notebooks/.

A zip file as it comes, or what somebody has unpacked by hand: whatever in submitted/ is named as those two name things.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grading.course import Course
from grading.exchange import TIMESTAMP
from grading.intake import MAX_FILES, NOBODYS, printable, shown
from grading.release import ASSIGNMENT
from grading.roster import CANVAS, FOLDER, MARK, MOODLE, NAME, Roster, Unmatched
from grading.unpack import MAX_BYTES, MAX_ZIP_BYTES, Unreadable, bytes_of, member_of, opened

MAX_MEMBERS, MAX_CLASS_BYTES = 100_000, 5_000_000_000  # of a class's zip file, unpacked
MAX_DIRECTORY = 30_000_000  # bytes of its list of files
NO_LIST = (
    f"{NAME} in the course folder must say whose this is: Moodle's grading worksheet, Canvas' gradebook export, or a "
    "table with id, name and email"
)


@dataclass
class Collected:
    """What was done, and what is nobody's."""

    notes: list[str] = field(default_factory=list)
    unmatched: dict[str, str] = field(default_factory=dict)  # {name in submitted/: why it is no student's}


@dataclass
class Item:
    """A file that somebody handed in, and whose it is said to be."""

    top: str  # the folder or file that names the student
    place: PurePosixPath  # where it lay in the hand-in
    read: Callable[[], bytes]
    alone: bool  # `top` is the file itself
    platform: str
    name: str
    number: str
    kind: str  # Moodle's: file, onlinetext
    late: bool


def collect(course: Course, roster: Roster) -> Collected:
    """Sort what lies in submitted/ under Moodle's and Canvas' names into the students' folders.

    What is done with goes to .grading/collected/, what was there before to .grading/replaced/. What is not clearly one
    student's stays in submitted/ under its own name.
    """
    done = Collected()
    for path in sorted(course.submitted.glob("*.zip")):
        if path.is_file() and not path.is_symlink():
            _take_zip(course, roster, path, done)
    items, tops = [], {}
    paths = [path for path in sorted(course.submitted.iterdir()) if not path.is_symlink()]
    platform = _platform([path.name] for path in paths if path.is_file())
    for path in paths:
        found = list(filter(None, _on_disk(path, course.submitted, platform)))
        if found and not roster:
            done.unmatched[path.name] = NO_LIST
        elif found:
            tops[path.name] = path
            items += found
    for top in _sort(course, roster, items, done):
        _away(tops[top], course.root / ".grading" / "collected")
    return done


def _take_zip(course, roster, path, done):
    """Sort a class's zip file, and leave what is nobody's in submitted/."""
    try:
        with opened(path, MAX_MEMBERS, MAX_DIRECTORY) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            size = sum(member.file_size for member in members)  # zipfile unpacks no more of it
            if len(members) > MAX_MEMBERS or size > MAX_CLASS_BYTES:
                allowed = f"{MAX_MEMBERS} and {MAX_CLASS_BYTES / 1e6:.0f} MB allowed"
                raise Unreadable(f"it holds {len(members)} files and {size / 1e6:.0f} MB, more than the {allowed}")
            platform = _platform(_parts(member) for member in members)
            items = [item for member in members if (item := _in_zip(archive, member, platform))]
            if items and not roster:
                done.unmatched[path.name] = NO_LIST
            if not items or not roster:  # not items: one student's own
                return
            matched = _sort(course, roster, items, done)
            others = [item for item in items if item.top not in matched]
            for name in {_safe(item.top) for item in others}:
                if os.path.lexists(course.submitted / name):
                    _away(course.submitted / name, course.root / ".grading" / "replaced")
            for item in others:
                _write(item, course.submitted / _safe(item.top), done)
    except Unreadable as error:
        done.notes.append(f"submitted/{printable(path.name)} was not unpacked: {error}")
        return
    _away(path, course.root / ".grading" / "collected")
    done.notes.append(f"{printable(path.name)}: unpacked; it lies in .grading/collected/ now")


def _platform(places):
    """Whose names these are, decided once for all: in Canvas' a learner's own file name may look like Moodle's.

    places: the parts of each path. In Moodle's no learner can have a file that is not named as Moodle names it.
    """
    for parts in places:
        alone = parts[-1] if len(parts) <= 2 and not FOLDER.fullmatch(parts[0]) else ""
        if CANVAS.fullmatch(alone) and not MOODLE.fullmatch(alone):
            return "canvas"
    return "moodle"


def _parts(member):
    return [part for part in re.split(r"[/\\]", member.filename) if part not in ("", ".", "..")] or ["_"]


def _in_zip(archive, member, platform):
    parts = _parts(member)
    for start in range(min(2, len(parts))):  # some people zip the folder that they have unpacked
        if item := _item(parts[start], parts[start + 1 :], platform, lambda: member_of(archive, member)):
            return item
    return None


def _on_disk(path: Path, inside: Path, platform: str) -> Iterator[Item | None]:
    if path.is_file():
        yield _item(path.name, [], platform, lambda: bytes_of(path, inside, MAX_BYTES))
    elif path.is_dir() and FOLDER.fullmatch(path.name):
        for where, _, names in os.walk(path):
            for name in sorted(names)[:MAX_FILES]:
                file = Path(where) / name
                parts = file.relative_to(path).parts
                yield _item(path.name, parts, "moodle", lambda file=file: bytes_of(file, inside, MAX_BYTES))


def _item(top, rest, platform, read):
    """The file as Moodle or Canvas has named it, or None."""
    if NOBODYS & {top, *rest} or (rest or [top])[-1].startswith(("._", ".DS_Store")):
        return None
    if platform == "canvas":
        match = None if rest else CANVAS.fullmatch(top)
    else:
        match = FOLDER.fullmatch(top) if rest else MOODLE.fullmatch(top)
    if not match:
        return None
    found = dict(kind="", late=None, file="") | match.groupdict()
    name = "" if platform == "moodle" and re.fullmatch(r"[Pp]articipant", found["name"]) else found["name"]
    place = PurePosixPath(*map(_safe, rest[-4:] or [found["file"]]))
    return Item(top, place, read, not rest, platform, name, found["number"], found["kind"], bool(found["late"]))


def _safe(part):
    """A part of a path that is only a name, short enough for any file system."""
    part = printable(re.sub(r"[\x00/\\]", "_", part)).strip() or "_"
    stem, dot, ending = part.rpartition(".")
    while len(part.encode(errors="replace")) > 200:
        stem = stem[:-1] if dot else stem
        part = f"{stem}.{ending[:20]}" if dot and stem else part[: len(part) * 3 // 4]
    return "_" if part in (".", "..") else part


def _sort(course, roster, items, done):
    """Write each item into its student's folder; return the names that are clearly one student's."""
    whose, numbers, folders = {}, {}, {}
    for item in items:
        if item.top not in whose:
            try:
                whose[item.top] = _owner(roster, item)
            except Unmatched as error:
                whose[item.top], done.unmatched[_safe(item.top)] = None, f"{error}"
        if student := whose[item.top]:
            numbers.setdefault(student.id, set()).add(item.number)
            folders.setdefault((student.id, item.kind), set()).update([] if item.alone else [item.top])
    doubled = {top for tops in folders.values() if len(tops) > 1 for top in tops}
    for top, student in whose.items():
        if student and len(numbers[student.id]) > 1:
            several = " and ".join(sorted(numbers[student.id]))
            done.unmatched[_safe(top)] = f"{student.name}: {NAME} has one of that name, and here are two, {several}"
            whose[top] = None
        elif top in doubled:
            done.unmatched[_safe(top)] = f"{student.id} has several folders of this kind; leave the right one"
            whose[top] = None
    handed = {}
    for item in items:
        if whose[item.top]:
            done.unmatched.pop(_safe(item.top), None)
            handed.setdefault(whose[item.top].id, []).append(item)
    for student, own in handed.items():
        _hand_in(course, student, own, done)
    return [top for top, student in whose.items() if student]


def _owner(roster, item):
    """The student that the name of an item means. Raises Unmatched."""
    if item.platform == "moodle" and item.alone and len(MARK.findall(item.top)) > 1:
        raise Unmatched(f"{shown(item.top)}: it has two numbers in its name, and could be either's; leave one of them")
    return roster.find(item.name, item.number, item.platform)


def _hand_in(course, student, items, done):
    new = course.root / ".grading" / "collecting" / student
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    left = MAX_ZIP_BYTES
    for item in items[:MAX_FILES]:
        left -= _write(item, new, done, student=student, most=left)
    if any(item.late for item in items):
        done.notes.append(f"{student}: Canvas marks this as late")
    place = course.submitted / student / ASSIGNMENT
    if place.is_dir() and not place.is_symlink() and _content(place) == _content(new):
        shutil.rmtree(new)
        return
    if os.path.lexists(place):
        _away(place, course.root / ".grading" / "replaced", student)
        done.notes.append(f"{student}: what was handed in before lies in .grading/replaced/ now")
    place.parent.mkdir(parents=True, exist_ok=True)
    new.rename(place)


def _write(item, folder, done, student="", most=MAX_ZIP_BYTES):
    """Write one file below `folder`, or as `folder` itself where nobody knows whose it is; return its size."""
    if TIMESTAMP in item.place.parts:  # nbgrader takes the time of a hand-in from it
        if item.place.name != TIMESTAMP:
            done.notes.append(f"{student or shown(item.top)}: {shown(item.place)} was left out, for its name")
        return 0
    target, number = folder if item.alone and not student else folder / item.place, 0
    try:
        data = item.read()
        if len(data) > most:
            raise Unreadable(f"all together, it is more than the {MAX_ZIP_BYTES / 1e6:.0f} MB allowed")
        while os.path.lexists(target):
            number += 1
            target = folder / item.place.with_stem(f"{item.place.stem} ({number})")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except (Unreadable, OSError) as error:  # OSError: a file where there should be a folder
        reason = getattr(error, "strerror", None) or error
        done.notes.append(f"{student or shown(item.top)}: {shown(item.place)} was left out: {reason}")
        return 0
    return len(data)


def _content(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != TIMESTAMP]
    return {path.relative_to(folder): path.read_bytes() for path in files}


def _away(path, folder, called=""):
    """Move a file or folder, under a name that is free there."""
    folder.mkdir(parents=True, exist_ok=True)
    called, number = called or path.name, 0
    while os.path.lexists(folder / (f"{number}_{called}" if number else called)):
        number += 1
    path.rename(folder / (f"{number}_{called}" if number else called))

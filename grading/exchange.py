"""nbgrader's exchange, with learners who may put into it what they like: `nbgrader submit` is only one way to do so."""

import heapq
import os
import pwd
import re
import shutil
import stat
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from grading.intake import MAX_FILES
from grading.private import make_folder
from grading.roster import NAME, STUDENT, ClassListError, like_a_platform_s, read
from grading.top import check_owner, guard_top, user_name
from grading.unpack import MAX_ZIP_BYTES

TIMESTAMP = "timestamp.txt"  # in the folder of a hand-in, as the next one
SECRET = "submission_secret.txt"  # the names of a learner's pages in the exchange are made from what is in it
TIME = re.compile(  # 2026-11-25 09:56:49.058554 UTC, also without seconds, with an offset or another zone
    r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d(:?\d\d)?)| [A-Za-z]\w*(/[\w+-]+){0,2})?",
    re.ASCII,
)
CHANCE = re.compile(r"[A-Za-z0-9_=-]{0,64}")  # the end of a hand-in's name, which nobody can guess
MAX_DEPTH = 20  # folders in folders
MAX_NAMES = 100 * MAX_FILES  # that are looked at to choose MAX_FILES
NAMED = 10  # of what is left behind
CHECK = "; cheating attempt? c.ExchangeCollect.check_owner = False ends this check"
NOT_OWNED = "the user whose name it has does not own it, and has handed in as well"
SHARED = (
    f"its owner hands in more than {MAX_FILES} files and folders or {MAX_ZIP_BYTES / 1e6:.0f} MB, under several names; "
    "where users of the exchange do share one owner, set c.ExchangeCollect.check_owner = False"
)


class Passed(Exception):
    """A hand-in that is not collected for what somebody did to it; the message says why."""


class Collect(ExchangeCollect):
    """`nbgrader collect` for hand-ins that anybody may have put there, whatever they are called and hold.

    nbgrader's own follows links as the instructor: one to the worked notebooks would be collected, graded and shown to
    the learner. It ends at the first hand-in that it cannot read, and removes an earlier one before it copies. It takes
    the latest one in a student's name, whoever has put it there, and looks at who that was when it is copied.
    """

    def init_src(self):
        self.found, self.refused, self.named = defaultdict(list), defaultdict(list), Counter()
        try:
            self.roster = read(self.coursedir.root)
        except ClassListError as error:
            self.fail(f"{error}")
        guard_top(self)
        if self.check_owner:
            course = Path(self.root, self.coursedir.course_id)
            check_owner(self, course, course / "inbound")
        super().init_src()
        self._tell()

    def _tell(self):
        for reason, names in self.refused.items():
            self.log.warning("Not collected, since %s: %s", reason, _named(names))
        self.refused.clear()

    def _path_to_record(self, path):
        """What a name says; records without a student are in nobody's way, and are left out in the end."""
        filename = os.path.basename(path)
        student, assignment, time, chance = (*filename.rsplit("+", 3), "", "", "")[:4]
        owner, reason = _owner_of_folder(path), ""
        self.named[owner] += 1
        many = self.check_owner and self.named[owner] > MAX_FILES  # to read a time takes some
        usual = STUDENT.fullmatch(student) and assignment == self.coursedir.assignment_id and CHANCE.fullmatch(chance)
        time = time_in(time) if usual and not many else None
        if owner is not None and many:
            reason = SHARED
        elif owner is None or time is None:
            reason = "it is no folder, or its name no hand-in's"
        elif like_a_platform_s(student):
            reason = "in submitted/ its name would read like one of Moodle's or Canvas' own"
        elif self.roster and student not in self.roster.students:
            reason = f"{NAME} has no such id"
        if reason:
            self.refused[reason].append(filename)
            return dict(username="", filename=filename, timestamp=datetime.min)
        record = dict(username=student, filename=filename, timestamp=time, owner=owner)
        self.found[student].append(record)
        return record

    def copy_files(self):
        """One student after the other, and of each the first hand-in that can be had, if there is not one already."""
        above = Path(self.coursedir.root, ".grading")
        make_folder(above)
        self.rooms = defaultdict(Room)
        if not self.found:
            self.log.warning("Nothing handed in for %s to collect", self.coursedir.assignment_id)
        for student, records in self.found.items():
            with tempfile.TemporaryDirectory(dir=above) as folder:
                for number, record in enumerate(self._in_order(student, records)):
                    try:
                        self._collect(record, Path(folder, f"{number}"))
                        break
                    except (Passed, RuntimeError) as error:  # RuntimeError: nbgrader's, of a folder above max_dir_size
                        self.refused[f"{error}"].append(record["filename"])
                    except OSError as error:  # of ours: an older hand-in is no remedy
                        reason = f"it cannot be copied ({error.strerror or _named([error])})"
                        self.refused[reason].append(record["filename"])
                        break
        self._tell()

    def _in_order(self, student, records):
        """Those that may be collected, the best one first; the user's own, if there are any."""
        records = sorted(records, key=lambda record: record["timestamp"], reverse=True)
        if self.before_duedate and self.duedate:
            records.sort(key=lambda record: record["timestamp"] > self.duedate)
        uid = _uid(student) if self.check_owner else None
        own = [record for record in records if record["owner"] == uid]
        if own and len(own) < len(records):
            self.refused[NOT_OWNED] += [record["filename"] for record in records if record["owner"] != uid]
        return own or records

    def _collect(self, record, folder):
        """Copy one, unless one is there that stays. Raises Passed, RuntimeError, and OSError if it can't be written."""
        student, name = record["username"], record["filename"]
        course = self.coursedir
        target = Path(course.format_path(course.submitted_directory, student, course.assignment_id))
        try:
            place = os.open(Path(self.inbound_path, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
        except OSError as error:
            raise Passed(f"it cannot be read ({error.strerror})") from None
        try:
            owner = os.fstat(place).st_uid  # of what is copied, whatever has that name a moment later
            if self.check_owner and owner != record["owner"]:
                raise Passed("it was changed for another one meanwhile")
            own = not self.check_owner or owner == _uid(student)
            if self._wanted(record, own, target):
                self._copy_aside(place, name, folder, self.rooms[owner] if self.check_owner else Room())
                self._put(folder / "copied", student, target, own)
            if not own:
                self.log.warning(
                    "%s claims to be %s's, but is %s's%s", _named([name]), student, user_name(owner), CHECK
                )
        finally:
            os.close(place)

    def _wanted(self, record, own, target):
        """Shall it be in the place of what has been collected before? Somebody else's never is in that of one's own."""
        student, there = record["username"], os.path.isdir(target)
        if not there or (own and self._is_foreign(student, target)):
            return True
        if not own and _uid(student) is not None and not self._is_foreign(student, target):
            self.log.warning("What was collected for %s before stays", student)
            return False
        time = self.coursedir.get_existing_timestamp(target)
        newer = time is None or record["timestamp"] > time
        if (self.update and newer) or (self.before_duedate and record["timestamp"] != time):
            return True
        why = "no newer one" if self.update else "one is there; --update takes newer ones"
        self.log.info("Not collected for %s: %s", student, why)
        return False

    def _copy_aside(self, place, filename, folder, room):
        """Make folder/copied: only when all of it is there, an earlier hand-in goes."""
        plain = folder / "plain"
        if room.hand_ins:  # its own folder counts as well
            room.entries -= 1
            room.full |= room.entries < 0
        room.hand_ins += 1
        left = copy_folder(place, filename, plain, 1000 * self.coursedir.max_file_size, room)
        if room.full and room.hand_ins > 1:
            raise Passed(SHARED)
        if left and not any(plain.iterdir()):
            raise Passed("nothing in it can be read and collected")
        if left:
            self.log.warning("Not collected, since it is a link, no file, too much or not to be read: %s", _named(left))
        super().do_copy(plain, folder / "copied")

    def _put(self, copied, student, target, own):
        """Move it to its place, and remember whether it is somebody else's than its name says."""
        self.log.info("Collecting for %s", student)
        if target.is_dir():
            shutil.rmtree(target)
        make_folder(Path(self.coursedir.root, self.coursedir.submitted_directory))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(copied, target)
        note = self._note(student)
        note.unlink(missing_ok=True)
        if not own:
            note.parent.mkdir(exist_ok=True)
            note.write_text(f"{target.stat().st_ino}")

    def _note(self, student):
        return Path(self.coursedir.root, ".grading", "not_owned", f"{student}+{self.coursedir.assignment_id}")

    def _is_foreign(self, student, target):
        """Is what lies there what `collect` took from somebody else than its name says?"""
        note = self._note(student)
        return note.is_file() and note.read_text() == f"{target.stat().st_ino}"


def _named(names):
    """Names that somebody else has chosen, so that none of them upsets a terminal or reads as another."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(repr(f"{name}"[:150]) for name in names[:NAMED]) + more


def _owner_of_folder(path):
    """The number of its owner; None where it is no folder."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_uid if stat.S_ISDIR(found.st_mode) else None


def _uid(name):
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


@dataclass
class Room:
    """What may still be copied of what one owner has put into the exchange, under however many names."""

    total: int = MAX_ZIP_BYTES  # bytes
    entries: int = MAX_FILES  # files and folders
    names: int = MAX_NAMES  # in folders, to choose the entries from
    hand_ins: int = 0  # that were copied
    full: bool = False  # something did not get in


def copy_folder(place: int, name: str, destination: Path, limit: float, room: Room) -> list[str]:
    """Copy a folder that somebody else may be changing; return what was left behind.

    place: its descriptor; name: what the list calls it; limit: the most bytes of one file. Left behind is what is no
    file, or more than `limit`, `room` and MAX_DEPTH allow. Raises OSError if the copy cannot be written.
    """
    copy = _Copy(limit, room)
    destination.mkdir(parents=True, mode=0o755, exist_ok=True)
    copy.folder(place, destination, name)
    return copy.left


@dataclass
class _Copy:
    """The most bytes of one file, what there still is room for, and what was left behind."""

    limit: float
    room: Room
    left: list[str] = field(default_factory=list)

    def folder(self, place, target, name, depth=1):
        """Copy what is in the folder with the descriptor `place`: its files first, so that they are not crowded out."""
        for entry in self._listed(place, name):
            self.room.entries -= 1
            if self.room.entries < 0:
                self.room.full = True
                self.left.append(f"{name}/{entry.name} and what comes after it")
                return
            try:
                opened = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
            except OSError:
                self.left.append(f"{name}/{entry.name}")
                continue
            try:
                if not self._one(opened, target / entry.name, f"{name}/{entry.name}", depth):
                    self.left.append(f"{name}/{entry.name}")
            finally:
                os.close(opened)

    def _listed(self, place, name):
        """The entries of a folder in order, and never more of them in memory than may be copied, and one."""
        try:
            with os.scandir(place) as found:
                chosen = heapq.nsmallest(self.room.entries + 1, self._counted(found), key=_files_first)
                if next(found, None) is not None:
                    self.room.full = True
                    self.left.append(f"{name}: more than {MAX_NAMES} names")
        except OSError:
            self.left.append(name)
            return []
        return chosen

    def _counted(self, found):
        for entry in islice(found, max(0, self.room.names)):
            self.room.names -= 1
            yield entry

    def _one(self, opened, target, name, depth):
        """Copy a file or folder; False if it is neither, or too much."""
        found = os.fstat(opened)
        if stat.S_ISDIR(found.st_mode) and depth < MAX_DEPTH and len(os.fsencode(target)) < 2000:  # Linux takes 4096
            target.mkdir()
            self.folder(opened, target, name, depth + 1)
            return True
        if not stat.S_ISREG(found.st_mode) or found.st_size > self.limit:
            return False
        most = int(min(self.limit, self.room.total))
        try:
            with open(opened, "rb", closefd=False) as file:
                data = file.read(most + 1) if found.st_size <= most else None  # it may be growing
        except OSError:
            return False
        if data is None or len(data) > most:
            self.room.full |= most < self.limit
            return False
        self.room.total -= len(data)
        target.write_bytes(data)
        return True


def _files_first(entry):
    return entry.is_dir(follow_symlinks=False), entry.name


def time_in(text: str) -> datetime | None:
    """The time that a text is, as nbgrader writes it; None if it is none."""
    try:
        return parse_utc(text) if TIME.fullmatch(text) else None
    except (ValueError, ArithmeticError, TypeError, OSError):  # of numbers that are no date, and zones that are none
        return None


def secret_in(folder: str | Path) -> str:
    """The secret that `nbgrader submit` put into a hand-in, or "" where there is none, or something else."""
    path = Path(folder) / SECRET
    if path.is_symlink() or not path.is_file() or path.stat().st_size != 128:
        return ""
    text = path.read_bytes().decode(errors="replace")
    return text if re.fullmatch("[0-9a-f]{128}", text) else ""

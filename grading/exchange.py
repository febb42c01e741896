"""nbgrader's exchange, with learners who may put into it what they like: `nbgrader submit` is only one way to do so."""

import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from grading.intake import MAX_FILES, printable
from grading.unpack import MAX_ZIP_BYTES

TIMESTAMP = "timestamp.txt"  # in the folder of a hand-in, as the next one
SECRET = "submission_secret.txt"  # the names of a learner's pages in the exchange are made from what is in it
STUDENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")  # the name of a student's folder
TIME = re.compile(  # 2026-11-25 09:56:49.058554 UTC, also without seconds, with an offset or another zone
    r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d(:?\d\d)?)| [A-Za-z]\w*(/[\w+-]+){0,2})?",
    re.ASCII,
)
MAX_DEPTH = 20  # folders in folders
NAMED = 10  # of what is left behind


class Collect(ExchangeCollect):
    """`nbgrader collect` for hand-ins that anybody may have put there, whatever they are called and hold.

    nbgrader's own follows links as the instructor: one to the worked notebooks would be collected, graded and shown to
    the learner. It ends at the first hand-in that it cannot read, and removes an earlier one before it copies.
    """

    def init_src(self):
        self.strange = []
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]
        if self.strange:
            self.log.warning("Not collected, since it is no folder, or its name no hand-in's: %s", _named(self.strange))

    def _path_to_record(self, path):
        """What a name says; records without a student are in nobody's way, and are left out in the end."""
        filename = os.path.basename(path)
        parts = filename.rsplit("+", 3)  # student, assignment, time, and what nobody can guess
        time = time_in(parts[2]) if len(parts) > 2 else None
        if time is None or not STUDENT.fullmatch(parts[0]) or not _is_folder(path):
            self.strange.append(filename)
            return dict(username="", filename=filename, timestamp=datetime.min)
        return dict(username=parts[0], filename=filename, timestamp=time)

    def copy_files(self):
        """One hand-in after the other: one that cannot be copied stops no other, and replaces no earlier one."""
        above = Path(self.coursedir.root, ".grading")
        above.mkdir(exist_ok=True)
        records = self.src_records
        for self.src_records in [[record] for record in records] or [[]]:
            with tempfile.TemporaryDirectory(dir=above) as folder:
                try:
                    self._copy_aside(self.src_records, Path(folder))
                    super().copy_files()
                except (OSError, RuntimeError) as error:  # RuntimeError: nbgrader's, of a folder above max_dir_size
                    self.log.warning(
                        "Not collected: %s: %s", _named([self.src_records[0]["filename"]]), _named([error])
                    )

    def _copy_aside(self, records, folder):
        """Make what `do_copy` will move: nbgrader removes an earlier hand-in before it calls that."""
        for record in records:
            names = self.coursedir.submitted_directory, record["username"], self.coursedir.assignment_id
            if os.path.isdir(self.coursedir.format_path(*names)) and not (self.update or self.before_duedate):
                return  # it stays
            source, plain = os.path.join(self.inbound_path, record["filename"]), folder / "plain"
            if left := copy_files(source, plain, 1000 * self.coursedir.max_file_size):
                self.log.warning(
                    "Not collected, since it is a link, no file, too much or not to be read: %s", _named(left)
                )
            self.copied = folder / "copied"
            super().do_copy(plain, self.copied)

    def do_copy(self, src, dest, log=None):
        shutil.move(self.copied, dest)


def _named(names):
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(printable(f"{name}")[:150] for name in names[:NAMED]) + more


def _is_folder(path):
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def copy_files(source: str | Path, destination: Path, limit: float) -> list[str]:
    """Copy a folder that somebody else may be changing; return what was left behind.

    That is what is no file, or longer than `limit` bytes, or more than MAX_ZIP_BYTES, MAX_FILES and MAX_DEPTH allow.
    Raises OSError if the folder itself cannot be read, or the copy not be written.
    """
    copy = _Copy(limit)
    place = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        destination.mkdir(mode=0o755, exist_ok=True)
        copy.folder(place, destination, os.path.basename(source))
    finally:
        os.close(place)
    return copy.left


@dataclass
class _Copy:
    """What a copy may still take, and what was left behind."""

    limit: float
    total: int = MAX_ZIP_BYTES
    entries: int = MAX_FILES
    left: list[str] = field(default_factory=list)

    def folder(self, place, target, name, depth=1):
        """Copy what is in the folder with the descriptor `place`: its files first, so that they are not crowded out."""
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: (entry.is_dir(follow_symlinks=False), entry.name))
        for entry in entries:
            self.entries -= 1
            if self.entries < 0:
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

    def _one(self, opened, target, name, depth):
        """Copy a file or folder; False if it is neither, or too much."""
        found = os.fstat(opened)
        if stat.S_ISDIR(found.st_mode) and depth < MAX_DEPTH and len(os.fsencode(target)) < 2000:  # Linux takes 4096
            target.mkdir()
            self.folder(opened, target, name, depth + 1)
            return True
        most = int(min(self.limit, self.total))
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return False
        with open(opened, "rb", closefd=False) as file:
            data = file.read(most + 1)  # it may be growing
        if len(data) > most:
            return False
        self.total -= len(data)
        target.write_bytes(data)
        return True


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

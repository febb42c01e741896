"""The class list: who is in the class, and whom a folder or file name of Moodle or Canvas means."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grading.intake import printable, shown

NAME = "class.csv"  # in the course folder
STUDENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")  # the name of a student's folder
# Of a file the first number counts: what stands behind it is a learner's own name for it. Of a folder, the last one: a
# learner's own full name, which Moodle may let them choose, stands before it.
MOODLE = re.compile(r"(?P<name>.*?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>.+)", re.DOTALL)
FOLDER = re.compile(r"(?P<name>.*)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?", re.DOTALL)
MARK = re.compile(r"_\d+_assignsubmission_[a-z]+_")
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+\..+)", re.DOTALL)
HEADERS = {  # what a column may be called, in small letters and digits; the first one with a text in it counts
    "id": "studentid sisloginid id login loginid username user matriculationnumber matrikelnummer benutzername",
    "number": "idnumber sisuserid",
    "name": "name fullname studentname vollständigername",
    "first": "first firstname givenname vorname",
    "last": "last lastname surname familyname nachname",
    "email": "email emailaddress mail emailadresse",
    "due": "due duedate extension",
    "handed_in": "handedin submitted lastmodifiedsubmission",
    "moodle": "identifier participant participantid moodleid",
    "canvas": "canvasid",
    "sis": "sisuserid",
    "login": "sisloginid",
    "section": "section",
}
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"})


class ClassListError(ValueError):
    """The class list cannot be used; the message names the line, the value and the remedy."""


class Unmatched(LookupError):
    """A name that is nobody's, or could be more than one student's."""


@dataclass(frozen=True)
class Student:
    """A line of the class list. All are texts, "" where the list has nothing."""

    id: str  # the name of the folder in submitted/
    name: str = ""  # "José Müller" or "Müller, José"
    email: str = ""
    due: str = ""  # an own due date
    handed_in: str = ""  # the time, where the learning platform knows it
    moodle: str = ""  # the number in Moodle's "Participant 12345"
    canvas: str = ""  # the number of the user in Canvas
    sis: str = ""
    login: str = ""
    section: str = ""

    def spellings(self, loose: bool = False) -> set[str]:
        """The letters of the name, in every order of first and last names; `loose`: without accents, ü as ue or u."""
        words = [_letters(word) for word in self.name.replace(",", " ").split()]
        turned = {"".join(words[i:] + words[:i]) for i in range(len(words))}
        return {key for each in turned for key in _loose(each)} if loose else turned


@dataclass
class Roster:
    """The class; empty where there is no class list."""

    students: dict[str, Student] = field(default_factory=dict)
    own_dates: bool = False  # the list has a column with students' own due dates

    def __bool__(self):
        return bool(self.students)

    def __getitem__(self, student: str) -> Student:
        return self.students.get(student, Student(student))

    def missing(self, handed_in: Iterable[str]) -> list[Student]:
        """Who has not handed in."""
        there = set(handed_in)
        return [each for each in self.students.values() if each.id not in there]

    def find(self, name: str, number: str = "", platform: str = "moodle") -> Student:
        """The one student that a name and a number of Moodle's or Canvas' mean. Raises Unmatched, and never guesses.

        name: as it is in a folder's or file's name, "" if it is not known there; number: the participant's or user's.
        """
        called = shown(f"{name} ({number})" if name and number else name or f"participant {number}")
        by_number = [each for each in self.students.values() if number and getattr(each, platform) == number]
        by_name = self._named(name)
        if len(by_number) == 1:
            if by_name and by_number[0] not in by_name:
                other = ", ".join(each.id for each in by_name)
                raise Unmatched(f"{called}: the number is {by_number[0].id}'s, but the name {other}'s in {NAME}")
            if not by_name and not self._may_be(by_number[0], name):
                raise Unmatched(f"{called}: the number is {by_number[0].id}'s, but nobody in {NAME} has that name")
            return by_number[0]
        others = [each for each in by_name if number and getattr(each, platform)]  # their number is another one
        candidates = by_number or [each for each in by_name if each not in others]
        if not candidates:
            raise Unmatched(f"{called}: nobody in {NAME} is called like that")
        if len(candidates) > 1:
            raise Unmatched(f"{called}: it could be {' or '.join(each.id for each in candidates)}")
        return candidates[0]

    def _may_be(self, student, name):
        """Is there no name to compare, or the student's after that of a group, as in Moodle's `Group A-Anna Meier`?"""
        key, own = _letters(name), student.spellings(loose=True)
        return not key or not any(own) or any(each.endswith(tuple(own)) for each in _loose(key))

    def _named(self, name):
        key = _letters(name)
        if not key:
            return []
        exact = [each for each in self.students.values() if key in each.spellings()]
        return exact or [each for each in self.students.values() if _loose(key) & each.spellings(loose=True)]


def like_a_platform_s(name: str) -> bool:
    """Is that a name as Moodle or Canvas give one? In submitted/ it is believed to be theirs."""
    return bool(FOLDER.fullmatch(name) or MARK.search(name) or CANVAS.fullmatch(name))


def _letters(text):
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def _loose(key):
    """The ways to write some letters without accents: jürgen, juergen and jurgen have one in common."""
    plain = {key, key.translate(UMLAUTS)}
    return {"".join(c for c in unicodedata.normalize("NFKD", each) if c.isalnum()) for each in plain}


def read(root: str | Path) -> Roster:
    """The class list in the course folder; an empty Roster where there is none. Raises ClassListError.

    Comma, semicolon or tab; UTF-8, UTF-16 or Latin-1. A grading worksheet of Moodle and a gradebook of Canvas will do.
    """
    path = Path(root) / NAME
    if path.exists() and not path.is_file():
        raise ClassListError(f"{NAME} is no file; put a table with a column id in its place")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Roster()
    except OSError as error:
        raise ClassListError(f"{NAME} cannot be read ({error.strerror})") from error
    text = re.sub(r"\r\n?", "\n", decoded(data))  # an old Mac has only the first
    text = re.sub(r"\A\"?sep=.\"?\n", "", text)  # a line of Excel's own
    head = text.partition("\n")[0]
    try:
        delimiter = max(",;\t", key=lambda sign: _split(head, sign))
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ClassListError(f"{NAME} is no table that can be read ({error}); save it again as CSV") from error
    rows = [(number, [cell.strip() for cell in row]) for number, row in enumerate(lines, start=1) if any(row)]
    if not rows:
        raise ClassListError(f"{NAME} is empty; its first line names the columns: id,name,email")
    columns = _columns(rows[0][1])
    students = {}
    for number, row in rows[1:]:
        cells = {
            kind: next((row[i] for i in places if i < len(row) and row[i]), "") for kind, places in columns.items()
        }
        if "Points Possible" in row[0] or cells["name"] == "Student, Test":  # Canvas' own
            continue
        student = _student(cells, number)
        if student.id.casefold() in (each.casefold() for each in students):
            raise ClassListError(f"{NAME}, line {number}: the id {student.id} is there twice; leave one of the lines")
        students[student.id] = student
    if not students:
        raise ClassListError(f"{NAME} has no students, only a line with names of columns")
    return Roster(students, own_dates=bool(columns["due"]))


def decoded(data: bytes) -> str:
    """A text file of any spreadsheet program as text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _split(head, sign):
    return len(next(csv.reader([head], delimiter=sign), []))


def _columns(head):
    """{what: [places of its columns, the best name first]}."""
    names = [_letters(cell) for cell in head]
    columns = {kind: [names.index(name) for name in words.split() if name in names] for kind, words in HEADERS.items()}
    if "student" in names:  # Canvas has the name there, other lists the id
        place = names.index("student")
        columns["name" if columns["id"] or columns["number"] else "id"].append(place)
        if "section" in names and "id" in names:
            columns["canvas"] = [names.index("id")]
    if not (columns["id"] or columns["number"] or columns["email"]):
        shown = printable(", ".join(head))[:100]
        raise ClassListError(f"{NAME}: no column with ids in its first line ({shown}); it must have one called id")
    return columns


def _student(cells, number):
    chosen = cells["id"] or cells["number"] or cells["email"]
    if not STUDENT.fullmatch(chosen):
        shown = printable(chosen)[:60]
        reason = f"the id {shown!r} cannot be a folder's name; use a-z, A-Z, 0-9 and . _ @ -" if chosen else "no id"
        raise ClassListError(f"{NAME}, line {number}: {reason}")
    if like_a_platform_s(chosen):
        raise ClassListError(f"{NAME}, line {number}: the id {chosen} reads like a name of Moodle's or Canvas' own")
    name = cells["name"] or " ".join(filter(None, (cells["first"], cells["last"])))
    moodle = re.search(r"\d+$", cells["moodle"])
    known = {kind: cells[kind] for kind in ("email", "due", "handed_in", "canvas", "sis", "login", "section")}
    return Student(chosen, name=name, moodle=moodle[0] if moodle else "", **known)

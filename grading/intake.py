"""What a learner handed in: found under whatever name, read without trusting it, saved as far as it is damaged."""

import base64
import itertools
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from grading.salvage import DECODER, conflicts, cut_cell, one_side, quickly, salvaged
from grading.time_limit import can_be_parsed
from grading.unpack import MAX_BYTES, MAX_ZIP_BYTES, Unreadable, bytes_of, member_of, opened
from nst.cells import MAX_LENGTH

MAX_CELLS = 1000
MAX_CODE = 1_000_000  # characters in all of a notebook's code cells
MAX_PARTS = 5_000_000  # of a notebook's JSON: commas, and four for each bracket, which takes 200 bytes of memory
MAX_FILES = 1000
MAX_NOTES = 10  # on one notebook
NOBODYS = {"__MACOSX", ".ipynb_checkpoints", "__pycache__"}  # folders that programs leave behind
LIKE_NOTEBOOKS = {".ipynb", ".txt", ".json", ".py"}


@dataclass
class Room:
    """What is left for the pasted pictures of a notebook, and what stands in the lower halves of merge conflicts."""

    pictures: int = 50
    characters: int = 10_000_000
    lower: list[NotebookNode] = field(default_factory=list)


@dataclass
class Handed:
    """A file, or one in a zip file, that may be the notebook that is looked for."""

    where: str  # as the instructor is told
    path: Path
    member: str = ""  # of the zip file `path`
    problem: str = ""  # why the zip file `path` cannot be opened
    size: int = 0  # bytes that were read

    def read(self, inside: str | os.PathLike, most: int = MAX_BYTES) -> tuple[NotebookNode, list[str]]:
        """Return (notebook, notes) as `read` does, and raise what it raises, also for more than `most` bytes."""
        if self.problem:
            raise Unreadable(self.problem)
        if not self.member:
            data = bytes_of(self.path, inside, most)
        else:
            with opened(bytes_of(self.path, inside, MAX_ZIP_BYTES)) as archive:
                data = member_of(archive, self.member, most)
        self.size = len(data)
        return _notebook(data, self.member or self.path)


def read(path: str | os.PathLike, inside: str | os.PathLike) -> tuple[NotebookNode, list[str]]:
    """Return a submitted notebook in the present format, and notes on what was damaged in it, and where.

    path: the file; inside: the folder that it must really be in. Raises Unreadable for a link, a folder or a device,
    a file of more than MAX_BYTES, and for what is no notebook.
    """
    return _notebook(bytes_of(path, inside, MAX_BYTES), path)


def candidates(folder: Path, name: str, inside: str | os.PathLike) -> tuple[list[Handed], list[Handed]]:
    """Files below `folder`, and in zip files there, that are called like a notebook; and those with other names.

    The one with exactly the right name comes first.
    """
    alike, others = [], []
    for handed in _all(folder, inside):
        called = _simple(Path(handed.member or handed.path).name)
        (alike if _simple(name) in called else others).append(handed)
    exact = folder / f"{name}.ipynb"
    alike.sort(key=lambda each: (each.path != exact, _ending(each) != ".ipynb", _ending(each) not in LIKE_NOTEBOOKS))
    return alike, others


def _all(folder: Path, inside) -> Iterator[Handed]:
    walk = (
        Path(where) / name
        for where, folders, names in os.walk(folder)
        if not NOBODYS & set(Path(where).relative_to(folder).parts)
        for name in sorted([*names, *(each for each in folders if each.endswith(".ipynb"))])
    )
    for path in sorted(itertools.islice(walk, MAX_FILES)):
        where = shown(path.relative_to(folder))
        if path.name.startswith(("._", "~$", ".~")):
            continue
        if path.suffix.lower() != ".zip":
            yield Handed(where, path)
            continue
        members, problem = [], ""
        try:
            with opened(bytes_of(path, inside, MAX_ZIP_BYTES)) as archive:
                members = [each.filename for each in archive.infolist()[:MAX_FILES] if not each.is_dir()]
        except Unreadable as error:
            problem = str(error)
        members = [each for each in members if not NOBODYS & set(Path(each).parts)]
        for member in members:
            yield Handed(f"{shown(member)} in {where}", path, member)
        if not members:
            yield Handed(where, path, problem=problem)


def shown(name: str | os.PathLike) -> str:
    """A learner's name for a file, which must not read as the grader's words: those have semicolons between them."""
    return printable(f"{name}")[:150].replace(";", "?")


def _ending(handed):
    return Path(handed.member or handed.path).suffix.lower()


def _simple(text):
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", text).casefold())


def printable(text: str) -> str:
    """A text without line breaks and other characters that could upset a terminal or a file."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# ---------------------------------------------------------------- from bytes to cells

KINDS = {b"PK\x03\x04": "a zip or Office file", b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}
WEB_PAGE = re.compile(r"\s*(<!--.*?-->\s*)?<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE | re.DOTALL)
DEFINITION = re.compile(r"^(def|class) |^@", re.MULTILINE)
AND_LOWER = ", and of the lower one the functions that are unfinished in that"
HALF = re.compile("[\ud800-\udfff]")  # of a character


def _notebook(data, name):
    notes = []
    try:
        text = _text(data, notes)
        with quickly():
            cells, lower = (_from_script(text), []) if Path(name).suffix.lower() == ".py" else _cells(text, notes)
        if len(cells) > MAX_CELLS:
            raise Unreadable(f"it has {len(cells)} cells, more than the {MAX_CELLS} allowed")
        room = Room()
        made = [_plain(cell, number, notes, room) for number, cell in enumerate(cells, start=1)]
        there = {cell.source for cell in made if cell}
        room.lower += filter(None, (_plain(cell, number, [], Room()) for number, cell in enumerate(lower[:MAX_CELLS])))
        lower = [cell for cell in room.lower if DEFINITION.search(cell.source) and cell.source not in there]
        for number, cell in enumerate(lower):
            cell["id"] = f"lower-{number}"
        made = lower + made  # of two finished functions the last one counts
    except Unreadable:
        raise
    except Exception as error:  # whatever else somebody can do to a JSON file
        raise Unreadable("it is no notebook, or a damaged one") from error
    if not any(made):
        raise Unreadable("; ".join(["no cell of it can be read", *notes[:3]]))
    code = sum(len(cell.source) for cell in made if cell and (cell.cell_type == "code" or "grade_id" in cell.metadata))
    if code > MAX_CODE:
        raise Unreadable(f"it has {code / 1e6:.1f} MB of code, more than the {MAX_CODE / 1e6:.0f} MB allowed")
    made = [cell for cell in made if cell and _can_be_read(cell, notes)]
    more = [f"and {len(notes) - MAX_NOTES} more of this kind"] if len(notes) > MAX_NOTES else []
    return nbformat.v4.new_notebook(cells=made), notes[:MAX_NOTES] + more


def _can_be_read(cell, notes):
    """Is it no code, or code that Python's parser can deal with? A note where it is too long for that."""
    if cell.cell_type != "code" and "grade_id" not in cell.metadata:
        return True
    where, size = cell.id.replace("cell-", "cell ").replace("lower-", "lower version, cell "), len(cell.source)
    if size > MAX_LENGTH:
        notes.append(f"{where}: it has {size} characters, more than the {MAX_LENGTH} of a cell that is read")
    elif not can_be_parsed(cell.source):
        notes.append(f"{where}: left out; its {size} characters take Python too much memory or time; make it shorter")
        return False
    return True


def _text(data, notes):
    for start, kind in KINDS.items():
        if data.startswith(start):
            raise Unreadable(f"it is {kind} under the notebook's name")
    if not data.strip():
        raise Unreadable("it is empty")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data[1:2] == b"\0" or data[:1] == b"\0":
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding, "strict")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        text = data.decode(encoding, "replace")
        notes.append(
            f"line {line}: characters that are not {encoding.removesuffix('-sig').upper()}; they were replaced"
        )
    if encoding != "utf-8-sig":
        notes.append("it is in UTF-16, and was read all the same")
    if WEB_PAGE.match(text[:10_000]):
        raise Unreadable("it is a web page, saved under the notebook's name; download the notebook itself")
    return text


def _cells(text, notes):
    """The cells in a notebook's JSON, of any format; as many as there are whole."""
    if text.count(",") + 4 * (text.count("[") + text.count("{")) > MAX_PARTS:
        raise Unreadable("it has millions of brackets and commas, too many to read; clear its outputs, save it again")
    marked = conflicts(text)
    for take in ("upper", "lower") if marked else ("upper",):
        try:
            data = DECODER.decode(one_side(text, take) if marked else text)
        except RecursionError:
            raise Unreadable("it is no notebook, or a damaged one (nested too deeply)") from None
        except json.JSONDecodeError as error:
            failure = error
            continue
        if not marked:
            return _of_any_format(data), []
        both = take == "upper"
        notes.append(f"{_lines(marked)}: merge markers; the {take} version was taken{AND_LOWER * both}")
        return _of_any_format(data), _lower_cells(text) if both else []
    whole = one_side(text, "upper") if marked else text
    cells, end = salvaged(whole)
    cut_off = not marked and text.rstrip()[-1:] != "}"
    last = cut_cell(text[end:]) if cut_off else None
    if marked:
        where = f"{_lines(marked)}: merge markers"
    elif cut_off:
        where = f"line {text.rstrip().count(chr(10)) + 1}: cut off there"
    else:
        where = f"line {failure.lineno}: damaged there"
    if not cells and not last:
        raise Unreadable(f"it is no notebook, or a damaged one ({where}, and no cell can be read)")
    notes.append(f"{where}; {len(cells)} whole cells could be read" + ", and the beginning of the next" * bool(last))
    return ([*cells, last] if last else cells), []


def _lower_cells(text):
    """The code cells of the lower version, without the marks that say whose they are: the upper ones have those."""
    try:
        cells = _of_any_format(DECODER.decode(one_side(text, "lower")))
    except (json.JSONDecodeError, RecursionError, Unreadable):
        return []
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [cell | {"metadata": {}} for cell in code]


def _lines(numbers):
    shown = ", ".join(map(str, numbers[:5])) + (" ..." if len(numbers) > 5 else "")
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}"


def _of_any_format(data):
    if isinstance(data, dict) and isinstance(data.get("worksheets"), list) and "cells" not in data:
        sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
        return [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise Unreadable("it is no notebook: it has no cells")
    return data["cells"]


def _from_script(text):
    """The cells of a .py file: as nbconvert and Jupytext mark them, or all in one."""
    parts = re.split(r"^# In ?\[.*\]:.*$|^# ?%%.*$", text, maxsplit=10 * MAX_CELLS, flags=re.MULTILINE)
    return [dict(cell_type="code", source=part.strip("\n")) for part in parts if part.strip()]


def _plain(cell, number, notes, room):
    """A cell with nothing in it but its source, nbgrader's id and pasted pictures; None for one that cannot be read."""
    if not isinstance(cell, dict):
        notes.append(f"cell {number}: damaged, left out")
        return None
    source = next((cell[key] for key in ("source", "input", "code") if key in cell), None)
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        notes.append(f"cell {number}: damaged, left out; its text is missing")
        return None
    whole = source = source.replace("\r\n", "\n").replace("\r", "\n")
    if HALF.search(source):
        whole = source.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if whole != source:
        notes.append(f"cell {number}: half a character (a lone surrogate) was replaced")
    code = cell.get("cell_type") == "code" or ("cell_type" not in cell and "outputs" in cell)
    if code:
        whole = _without_markers(whole, number, notes, room)
        more = dict(execution_count=None, outputs=[])
    else:
        whole, pictures = _pictures(whole, cell.get("attachments"), room)
        more = dict(attachments=pictures) if pictures else {}
    about = dict(id=f"cell-{number}", cell_type="code" if code else "markdown", metadata={})
    new = nbformat.from_dict(about | dict(source=whole) | more)  # nbformat's own functions validate each cell, slowly
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    if isinstance(grade_id, str):
        new.metadata["grade_id"] = grade_id
    return new


def _without_markers(source, number, notes, room):
    if not (lines := conflicts(source)):
        return source
    notes.append(f"cell {number}, line {lines[0]}: merge markers; the upper version was taken{AND_LOWER}")
    room.lower.append(nbformat.v4.new_code_cell(one_side(source, "lower")))
    return one_side(source, "upper")


_PASTED = re.compile(r"(?:!\[([^\[\]`$\\\n]*)\]\()?attachment:([^\s)>\"'\]]*)(?(1)\))")


def _pictures(source, attachments, room):
    """(source, {name: {type: data}}): pasted pictures under simple names; words in place of those that are lost."""
    kept, known = {}, {}
    attachments = attachments if isinstance(attachments, dict) else {}

    def replace(found):
        called = unquote(found[2])
        called = called if called in attachments else found[2]
        if called not in known and len(known) < MAX_CELLS:
            known[called] = keep(attachments.get(called))
        place = known.get(called, "a picture that is too much")
        if found[1] is None:
            return place
        return f"![{found[1]}]({place})" if place.startswith("attachment:") else f"({place})"

    def keep(bundle):
        for kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            data = bundle.get(kind) if isinstance(bundle, dict) else None
            data = "".join(data) if isinstance(data, list) and all(isinstance(d, str) for d in data) else data
            if isinstance(data, str) and (room.pictures < 1 or room.characters < len(data)):
                return "a picture that is too much"
            if isinstance(data, str) and _is_base64(data):
                room.pictures, room.characters = room.pictures - 1, room.characters - len(data)
                name = f"picture-{len(kept) + 1}"
                kept[name] = {kind: re.sub(r"\s", "", data)}
                return f"attachment:{name}"
        return "a picture that is not in the file"

    return _PASTED.sub(replace, source), kept


def _is_base64(text):
    try:
        return bool(base64.b64decode(re.sub(r"\s", "", text), validate=True))
    except ValueError:
        return False

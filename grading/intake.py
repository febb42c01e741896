"""What a learner handed in: found under whatever name, read without trusting it, saved as far as it is damaged."""

import base64
import io
import itertools
import json
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from grading.salvage import DECODER, cut_cell, salvaged

MAX_BYTES = 20_000_000  # of one notebook; with pictures in it, one of ours has 1.5 MB
MAX_ZIP_BYTES = 3 * MAX_BYTES
MAX_CELLS = 1000
MAX_FILES = 1000
NOBODYS = {"__MACOSX", ".ipynb_checkpoints", "__pycache__"}  # folders that programs leave behind
LIKE_NOTEBOOKS = {".ipynb", ".txt", ".json", ".py"}


class Unreadable(ValueError):
    """A submitted file that cannot be graded; the message says why."""


@dataclass
class Handed:
    """A file, or one in a zip file, that may be the notebook that is looked for."""

    where: str  # as the instructor is told
    path: Path
    member: str = ""  # of the zip file `path`

    def read(self, inside: str | os.PathLike) -> tuple[NotebookNode, list[str]]:
        """Return (notebook, notes) as `read` does, and raise what it raises."""
        if not self.member:
            return read(self.path, inside)
        with _opened(_bytes(self.path, inside, MAX_ZIP_BYTES)) as archive:
            return _notebook(_member(archive, self.member), self.member)


def read(path: str | os.PathLike, inside: str | os.PathLike) -> tuple[NotebookNode, list[str]]:
    """Return a submitted notebook in the present format, and notes on what was damaged in it, and where.

    path: the file; inside: the folder that it must really be in. Raises Unreadable for a link, a folder or a device,
    a file of more than MAX_BYTES, and for what is no notebook.
    """
    return _notebook(_bytes(path, inside, MAX_BYTES), path)


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
        where = printable(str(path.relative_to(folder)))[:150]
        if path.name.startswith(("._", "~$", ".~")):
            continue
        if path.suffix.lower() != ".zip":
            yield Handed(where, path)
            continue
        try:
            with _opened(_bytes(path, inside, MAX_ZIP_BYTES)) as archive:
                members = [each.filename for each in archive.infolist()[:MAX_FILES] if not each.is_dir()]
        except Unreadable:
            members = []
        members = [each for each in members if not NOBODYS & set(Path(each).parts)]
        for member in members:
            yield Handed(f"{printable(member)[:150]} in {where}", path, member)
        if not members:
            yield Handed(where, path)


def _ending(handed):
    return Path(handed.member or handed.path).suffix.lower()


def _simple(text):
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", text).casefold())


def printable(text: str) -> str:
    """A text without line breaks and other characters that could upset a terminal or a file."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# ---------------------------------------------------------------- from a file to its bytes


def _bytes(path, inside, most):
    try:
        if os.path.realpath(path) != os.path.join(os.path.realpath(inside), os.path.relpath(path, inside)):
            raise Unreadable("it is a link to another file; hand in the notebook itself")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable("it is not a file")
            if about.st_size > most:
                raise Unreadable(f"it has {about.st_size / 1e6:.0f} MB, more than the {most / 1e6:.0f} MB allowed")
            return file.read(most + 1)
    except FileNotFoundError:
        raise Unreadable("it was not handed in") from None
    except IsADirectoryError:
        raise Unreadable("it is not a file") from None
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from error


def _opened(data):
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # whatever somebody can do to a zip file
        raise Unreadable("it is no zip file, or a damaged one") from error


def _member(archive, name):
    try:
        with archive.open(name) as file:
            data = file.read(MAX_BYTES + 1)
    except Exception as error:
        raise Unreadable("it cannot be unpacked: the zip file is damaged, or has a password") from error
    if len(data) > MAX_BYTES:
        raise Unreadable(f"unpacked, it has more than the {MAX_BYTES / 1e6:.0f} MB allowed")
    return data


# ---------------------------------------------------------------- from bytes to cells

KINDS = {b"PK\x03\x04": "a zip or Office file", b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}
WEB_PAGE = re.compile(r"\s*(<!--.*?-->\s*)?<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE | re.DOTALL)
MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$")


def _notebook(data, name):
    notes = []
    try:
        text = _text(data, notes)
        cells = _from_script(text) if Path(name).suffix.lower() == ".py" else _cells(text, notes)
        if len(cells) > MAX_CELLS:
            raise Unreadable(f"it has {len(cells)} cells, more than the {MAX_CELLS} allowed")
        made = [_plain(cell, number, notes) for number, cell in enumerate(cells, start=1)]
    except Unreadable:
        raise
    except Exception as error:  # whatever else somebody can do to a JSON file
        raise Unreadable("it is no notebook, or a damaged one") from error
    if not any(made):
        raise Unreadable("; ".join(["no cell of it can be read", *notes[:3]]))
    return nbformat.v4.new_notebook(cells=[cell for cell in made if cell]), notes


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
    marked = [number for number, line in enumerate(text.split("\n"), start=1) if _begins_conflict(line)]
    for take in ("upper", "lower"):
        try:
            data = DECODER.decode(one_side(text, take) if marked else text)
        except RecursionError:
            raise Unreadable("it is no notebook, or a damaged one (nested too deeply)") from None
        except json.JSONDecodeError as error:
            failure = error
            continue
        if marked:
            notes.append(f"{_lines(marked)}: merge markers; the {take} version was taken")
        return _of_any_format(data)
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
    return [*cells, last] if last else cells


def _begins_conflict(line):
    return line.startswith("<" * 7) and MARKER.match(line)


def _lines(numbers):
    shown = ", ".join(map(str, numbers[:5])) + (" ..." if len(numbers) > 5 else "")
    return f"line {shown}" if len(numbers) == 1 else f"lines {shown}"


def one_side(text: str, side: str) -> str:
    """A text with merge markers without them: the `upper` or the `lower` version of what stands between them."""
    kept, part = [], ""
    for line in text.splitlines(keepends=True):
        marker = MARKER.match(line.rstrip("\n"))
        if marker and (part or marker[1][0] == "<"):
            part = {"<": "upper", "|": "common", "=": "lower", ">": ""}[marker[1][0]]
        elif part in ("", side):
            kept.append(line)
    return "".join(kept)


def _of_any_format(data):
    if isinstance(data, dict) and isinstance(data.get("worksheets"), list) and "cells" not in data:
        sheets = [sheet.get("cells") for sheet in data["worksheets"] if isinstance(sheet, dict)]
        return [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise Unreadable("it is no notebook: it has no cells")
    return data["cells"]


def _from_script(text):
    """The cells of a .py file: as nbconvert and Jupytext mark them, or all in one."""
    parts = re.split(r"^# In ?\[.*\]:.*$|^# ?%%.*$", text, flags=re.MULTILINE)
    return [dict(cell_type="code", source=part.strip("\n")) for part in parts if part.strip()]


def _plain(cell, number, notes):
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
    whole = source.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if whole != source:
        notes.append(f"cell {number}: half a character (a lone surrogate) was replaced")
    code = cell.get("cell_type") == "code" or ("cell_type" not in cell and "outputs" in cell)
    if code:
        whole = _without_markers(whole, number, notes)
        new = nbformat.v4.new_code_cell(whole)
    else:
        whole, pictures = _pictures(whole, cell.get("attachments"))
        new = nbformat.v4.new_markdown_cell(whole, attachments=pictures) if pictures else None
        new = new or nbformat.v4.new_markdown_cell(whole)
    new["id"] = f"cell-{number}"
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    if isinstance(grade_id, str):
        new.metadata["grade_id"] = grade_id
    return new


def _without_markers(source, number, notes):
    for line, text in enumerate(source.splitlines(), start=1):
        if _begins_conflict(text):
            notes.append(f"cell {number}, line {line}: merge markers; the upper version was taken")
            return one_side(source, "upper")
    return source


def _pictures(source, attachments):
    """(source, {name: {type: data}}): pasted pictures under simple names; words in place of those that are lost."""
    kept = {}
    attachments = attachments if isinstance(attachments, dict) else {}

    def replace(reference):
        bundle = attachments.get(unquote(reference[1]), attachments.get(reference[1]))
        for kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            data = bundle.get(kind) if isinstance(bundle, dict) else None
            data = "".join(data) if isinstance(data, list) and all(isinstance(d, str) for d in data) else data
            if isinstance(data, str) and _is_base64(data):
                name = f"picture-{len(kept) + 1}"
                kept[name] = {kind: re.sub(r"\s", "", data)}
                return f"attachment:{name}"
        return "a picture that is not in the file"

    return re.sub(r"attachment:([^\s)>\"'\]]*)", replace, source), kept


def _is_base64(text):
    try:
        return bool(base64.b64decode(re.sub(r"\s", "", text), validate=True))
    except ValueError:
        return False

"""Many jobs: each photo with each artwork, or a list in YAML or CSV. No TensorFlow."""

import csv
import dataclasses
import json
from pathlib import Path

import yaml

from nst.job import Job
from nst.pictures import ENDINGS

LISTS = ("styles", "weights", "masks")  # settings of a job that have several values


def every_pair(content: str | Path, style: str | Path, defaults: dict) -> dict[str, Job]:
    """{name: Job} for each photo with each artwork; `content` and `style` are a picture or a folder of pictures."""
    photos, artworks = _named(pictures_in(content)), _named(pictures_in(style))
    entries = [
        {"name": f"{photo}_{artwork}", "content": str(photos[photo]), "styles": [str(artworks[artwork])]}
        for photo in photos
        for artwork in artworks
    ]
    return _jobs(entries, Path.cwd(), defaults)


def _named(paths):
    """{name: path}; the name is that of the file, with its ending only where two would have the same."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else path.name: path for path in paths}


def read_jobs(path: str | Path, defaults: dict) -> dict[str, Job]:
    """{name: Job} from a list in a .yaml or .csv file; paths in it start from the file's folder.

    An entry has `content`, `styles` (or `style`), and whatever else Job knows, and may have a `name`. In a CSV file
    several styles, weights or masks are separated by semicolons. `defaults` fill what an entry leaves open.

    Raises OSError if the file cannot be read, ValueError, naming the entry, for what is wrong in it.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; a list of jobs ends in .yaml or .csv")
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries = _rows(text) if path.suffix.lower() == ".csv" else yaml.safe_load(text)
        if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("no jobs in it; give a list of them, each with content and styles")
        return _jobs(entries, path.parent, defaults)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not in UTF-8; save it in that encoding") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ValueError(f"{path}: line {mark.line + 1}: {error.problem}; it is no list in YAML") from error
    except (yaml.YAMLError, csv.Error, ValueError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error


def _rows(text):
    """The rows of a CSV table as dicts, without what is empty."""
    rows = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=1):
        if None in row:
            raise ValueError(f"job {number}: more cells than the first line has names")
        filled = {key.strip(): cell.strip() for key, cell in row.items() if cell and cell.strip()}
        if any(";" in key for key in filled):
            raise ValueError("columns are separated by commas; semicolons separate the styles of one picture")
        if filled:
            rows.append({key: _cell(key, cell) for key, cell in filled.items()})
    return rows


def _cell(key, text):
    if key in LISTS:
        return [_cell(key.rstrip("s"), part.strip()) for part in text.split(";") if part.strip()]
    if key in ("name", "content", "style", "mask", "detail_mask"):
        return text
    try:
        return json.loads(text.lower())  # a number, true or false
    except ValueError:
        return text


def _jobs(entries, folder, defaults):
    known = [field.name for field in dataclasses.fields(Job)]
    jobs = {}
    for number, entry in enumerate(entries, start=1):
        where = f"job {number}"
        entry = dict(entry)
        name = entry.pop("name", None)
        if "style" in entry:
            if "styles" in entry:
                raise ValueError(f"{where}: give style or styles, not both")
            entry["styles"] = entry.pop("style")
        if unknown := [key for key in entry if key not in known]:
            raise ValueError(f"{where}: unknown {', '.join(map(repr, unknown))}; known: name, {', '.join(known)}")
        for key in LISTS:
            value = entry.get(key, [])
            entry[key] = tuple(value) if isinstance(value, list) else (value,)
        singles = [entry.get(key, "") for key in ("content", "detail_mask")]
        for path in [*entry["styles"], *entry["masks"], *singles, name or ""]:
            if not isinstance(path, str):
                raise ValueError(f"{where}: {path!r} where the name of a file belongs")
        for key in ("styles", "masks"):
            entry[key] = tuple(str(folder / path) for path in entry[key])
        for key in ("content", "detail_mask"):
            if entry.get(key):
                entry[key] = str(folder / entry[key])
        try:
            job = Job(**{"content": "", **defaults, **entry})
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        name = name or "_".join(Path(path).stem for path in (job.content, *job.styles))
        if name in jobs:
            raise ValueError(f"{where}: there are two jobs called {name!r}; give one of them a name")
        if name != Path(name).name or name.startswith(".") or len(name.encode()) > 200:
            raise ValueError(f"{where}: the name {name!r} is no file name")
        jobs[name] = job
    return jobs


def pictures_in(path: str | Path) -> list[Path]:
    """The pictures in a folder, in the order of their names, or a file itself. FileNotFoundError if there are none."""
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    if not path.is_dir():
        return [path]
    visible = (file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    found = sorted(file for file in visible if file.suffix.lower() in ENDINGS)
    if not found:
        raise FileNotFoundError(f"{path}: no pictures in this folder")
    return found

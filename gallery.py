"""`make gallery`: many paintings at once, each photo in the style of each artwork, or the jobs in a list.

    .venv/bin/python gallery.py --jobs list.yaml --size 512

Pictures, a contact sheet and index.html land in output/gallery/. What is there already, painted from the same files
with the same settings, is not painted again. A job that fails is reported, and the others go on.
"""

import argparse
import csv
import dataclasses
import functools
import hashlib
import html
import json
import os
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np
import psutil
import yaml
from distributed import as_completed
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont, ImageOps
from tqdm import tqdm

from nst_cluster import workers
from nst_make import refuse_unknown_variables, whole_number
from nst_pictures import IMAGES, OUTPUT, notebooks_folder, save_image, write_atomically

GALLERY = OUTPUT / "gallery"
KINDS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
LISTS = ("styles", "weights", "masks")  # settings of a job that have several values
PATHS = ("content", "styles", "masks")  # ... and that name files
NUMBERS = {  # for jobs that do not say it themselves
    "size": "longer side in pixels",
    "beta": "how much the style matters",
    "evaluations": "of the cost, at each of the scales",
}
SMALL = 480  # pixels, of the copies that `--small` makes
THUMBNAIL, MARGIN, CAPTION = 300, 10, 30  # pixels, on the contact sheet


# ---------------------------------------------------------------- the list of jobs


def every_pair(content, style, defaults):
    """{name: Job} for each photo with each artwork; `content` and `style` are a picture or a folder of pictures."""
    photos, artworks = _named(_pictures(content)), _named(_pictures(style))
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


def read_jobs(path, defaults):
    """{name: Job} from a list in a .yaml or .csv file; paths in it start from the file's folder.

    An entry has `content`, `styles` (or `style`), and whatever else Job knows, and may have a `name`. In a CSV file
    several styles, weights or masks are separated by semicolons. `defaults` fill what an entry leaves open.

    Raises OSError if the file cannot be read, ValueError, naming the entry, for what is wrong in it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries = _rows(text) if path.suffix.lower() == ".csv" else yaml.safe_load(text)
        if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("no jobs in it; give a list of them, each with content and styles")
        return _jobs(entries, path.parent, defaults)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not in UTF-8; save it in that encoding") from error
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
    if key in ("name", "content", "style", "mask"):
        return text
    try:
        return json.loads(text.lower())  # a number, true or false
    except ValueError:
        return text


def _jobs(entries, folder, defaults):
    from nst_jobs import Job  # TensorFlow comes with it, and takes seconds

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
        for path in [*entry["styles"], *entry["masks"], entry.get("content", ""), name or ""]:
            if not isinstance(path, str):
                raise ValueError(f"{where}: {path!r} where the name of a file belongs")
        for key in ("styles", "masks"):
            entry[key] = tuple(str(folder / path) for path in entry[key])
        if entry.get("content"):
            entry["content"] = str(folder / entry["content"])
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


def _pictures(path):
    path = Path(path).expanduser()
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in KINDS and not file.name.startswith("."))
    if not found:
        raise FileNotFoundError(f"{path}: no pictures in this folder")
    return found


# ---------------------------------------------------------------- painting, on the workers


@functools.cache
def _tools():
    """The network and the functions of notebook 07, once in each worker."""
    from nst_engine import fast_feature_model
    from nst_utils import functions_from, load_vgg19

    names = ("painting", "keep_colors", "STYLE_LAYERS", "CONTENT_LAYER")
    painting, keep_colors, style_layers, content_layer = functions_from(notebooks_folder() / "07_control.ipynb", *names)
    model = fast_feature_model(load_vgg19(), [name for name, _ in style_layers] + [content_layer])
    return model, painting, keep_colors


def paint_here(job, files):
    """Paint a job from the contents of its files {path: bytes}; return (image, J at the end, seconds)."""
    from nst_jobs import paint

    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="nst-gallery-") as folder:
        places = {}
        for number, (path, data) in enumerate(files.items()):
            places[path] = str(Path(folder, f"{number}-{Path(path).name}"))
            Path(places[path]).write_bytes(data)
        here = dataclasses.replace(
            job,
            content=places[job.content],
            styles=tuple(map(places.get, job.styles)),
            masks=tuple(map(places.get, job.masks)),
        )
        try:
            image, histories = paint(here, *_tools(), output=None, watch=lambda run: None)
        except Exception as error:
            text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            for path, place in places.items():
                text = text.replace(place, path)
            raise RuntimeError(text) from None
    return image, histories[-1][-1], time.perf_counter() - begin


def paint_all(jobs, count=None, folder=GALLERY):
    """Paint what is not there yet and return {name: why it failed}; each picture is saved when it is done."""
    failures, todo = {}, []
    for name, job in jobs.items():
        try:
            if not is_done(name, job, folder):
                todo.append(name)
        except OSError as error:
            failures[name] = f"{error.filename}: {error.strerror}"
    if not todo:
        return failures
    most = psutil.virtual_memory().total // max(_memory(jobs[name].size) for name in todo)
    count = count or max(1, min(os.cpu_count(), most, len(todo)))
    with tempfile.TemporaryDirectory(prefix="nst-gallery-") as temporary:
        environment = {"TF_NUM_INTRAOP_THREADS": str(max(1, os.cpu_count() // count)), "TMPDIR": temporary}
        with workers(count, environment) as client:
            _paint_on(client, jobs, todo, failures, folder)
    return failures


def _paint_on(client, jobs, todo, failures, folder):
    """Keep the workers busy, without reading the files of jobs whose turn is far away."""
    waiting, running, painted = iter(todo), as_completed(), {}

    def submit_one():
        for name in waiting:
            files = _contents(jobs[name])
            future = client.submit(paint_here, jobs[name], files, pure=False)
            painted[future] = name, _record(jobs[name], files)
            running.add(future)
            return

    for _ in range(2 * max(1, sum(client.ncores().values()))):
        submit_one()
    for future in tqdm(running, total=len(todo), desc="painting", unit="picture"):
        name, record = painted.pop(future)
        try:
            image, cost, seconds = future.result()
            save_image(image, folder / f"{name}.png")
            note = json.dumps({"record": record, "cost": cost, "seconds": round(seconds, 1)}, indent=1)
            write_atomically(folder / f"{name}.json", lambda file, note=note: file.write(note.encode()))
        except Exception as error:  # of this job: a bad picture, a worker that died, a full disk
            failures[name] = str(error)
        submit_one()


def _memory(size):
    """Bytes that a painting takes, from benchmarks/results.md."""
    return 1.5e9 + 2.4e3 * size**2


def _contents(job):
    return {path: Path(path).read_bytes() for path in job.files}


def _record(job, files):
    """What decides a picture: the settings, and the contents of the files."""
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    settings = {key: value for key, value in dataclasses.asdict(job).items() if key not in PATHS}
    roles = {"content": digests[job.content]}
    roles |= {key: [digests[path] for path in getattr(job, key)] for key in ("styles", "masks")}
    return json.loads(json.dumps(settings | roles))


def is_done(name, job, folder=GALLERY):
    """Is the picture there, painted from these files with these settings? OSError if a file cannot be read."""
    record = _record(job, _contents(job))
    try:
        return (
            json.loads((folder / f"{name}.json").read_text())["record"] == record and (folder / f"{name}.png").is_file()
        )
    except (OSError, ValueError, KeyError):
        return False


# ---------------------------------------------------------------- what to look at


_HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Gallery</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1400px; padding: 0 1em; color: #222; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 24px; }
figure { margin: 0; }
img { width: 100%; border-radius: 6px; }
figcaption { color: #555; }
li { color: #b00020; }
</style>"""


def write_index(jobs, failures, folder=GALLERY):
    """Write index.html and contact_sheet.jpg of all jobs whose picture is there; failed ones are named."""
    done = {name: job for name, job in jobs.items() if name not in failures and is_done(name, job, folder)}
    figures = [_figure(name, job) for name, job in done.items()]
    troubles = [f"<li><b>{html.escape(name)}</b>: {html.escape(why)}</li>" for name, why in failures.items()]
    page = f"""{_HEAD}
<h1>Gallery</h1>
<p>{len(done)} of {len(jobs)} pictures. <a href="contact_sheet.jpg">Contact sheet</a></p>
<ul>{"".join(troubles)}</ul>
<main>
{"".join(figures)}</main></html>
"""
    write_atomically(folder / "index.html", lambda file: file.write(page.encode()))
    if done:
        contents, styles = ({getattr(job, key) for job in done.values()} for key in ("content", "styles"))
        columns = (
            len(styles) if len(done) == len(contents) * len(styles) and 1 < len(styles) <= 8 else min(4, len(done))
        )
        sheet = contact_sheet({name: folder / f"{name}.png" for name in done}, columns)
        write_atomically(folder / "contact_sheet.jpg", lambda file: sheet.save(file, "JPEG", quality=88))


def _figure(name, job):
    of = f"{Path(job.content).name} in the style of {' and '.join(Path(path).name for path in job.styles)}"
    usual = {field.name: field.default for field in dataclasses.fields(job)}
    knobs = [f"{key} {_plainly(value)}" for key, value in dataclasses.asdict(job).items() if value != usual[key]]
    knobs = ", ".join(text for text in knobs if text.split()[0] not in PATHS)
    url = urllib.parse.quote(f"{name}.png")
    text = f"<b>{html.escape(name)}</b><br>{html.escape(of)}{'<br>' * bool(knobs)}{html.escape(knobs)}"
    image = f'<a href="{url}"><img src="{url}" alt="{html.escape(of)}" loading="lazy"></a>'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>\n"


def _plainly(value):
    return " : ".join(map(str, value)) if isinstance(value, tuple) else {True: "on"}.get(value, value)


def contact_sheet(paths, columns):
    """One picture of many: {caption: path}, so many in a row."""
    small = {}
    for caption, path in paths.items():
        with Image.open(path) as picture:
            small[caption] = ImageOps.contain(picture, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    width, height = THUMBNAIL + MARGIN, max(picture.height for picture in small.values()) + CAPTION
    sheet = Image.new("RGB", (columns * width, -(-len(small) // columns) * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(findfont("DejaVu Sans"), 13)
    for number, (caption, picture) in enumerate(small.items()):
        x, y = number % columns * width, number // columns * height
        bottom = y + height - CAPTION
        sheet.paste(picture, (x + (width - picture.width) // 2, bottom - picture.height))
        while draw.textlength(caption, font) > THUMBNAIL:
            caption = caption.rstrip("…")[:-1] + "…"
        draw.text((x + width // 2, bottom + 4), caption, "black", font, anchor="ma")
    return sheet


def small_copies(jobs, failures, destination, folder=GALLERY):
    """Small WebP copies of the pictures, for a web page."""
    for name in jobs:
        if name not in failures:
            with Image.open(folder / f"{name}.png") as picture:
                picture.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
                save_image(np.asarray(picture, np.float32) / 255, Path(destination) / f"{name}.webp")


# ---------------------------------------------------------------- the command


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Paint many pictures at once.", allow_abbrev=False)
    parser.add_argument("--jobs", metavar="FILE", help="a list of jobs, YAML or CSV, in place of every pair")
    parser.add_argument("--content", metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--style", metavar="PATH", help="an artwork, or a folder of artworks")
    for word, meaning in NUMBERS.items():
        parser.add_argument(f"--{word}", metavar="N", help=meaning)
    parser.add_argument("--workers", metavar="N", help="processes on this machine")
    parser.add_argument("--small", metavar="FOLDER", help="also put small WebP copies there")
    given = parser.parse_args(arguments)
    try:
        refuse_unknown_variables([word.upper() for word in vars(given)])
        numbers = {word: getattr(given, word) for word in (*NUMBERS, "workers")}
        numbers = {word: whole_number(word.upper(), text) for word, text in numbers.items() if text is not None}
        count = numbers.pop("workers", None)
        if given.jobs and (given.content or given.style):
            raise ValueError("JOBS is a list of its own: give either JOBS, or CONTENT and STYLE")
        jobs = (
            read_jobs(given.jobs, numbers)
            if given.jobs
            else every_pair(given.content or IMAGES / "content", given.style or IMAGES / "style", numbers)
        )
    except (OSError, ValueError) as error:
        sys.exit(f"make gallery: {error}")
    failures = {}
    try:
        failures = paint_all(jobs, count)
    except KeyboardInterrupt:
        write_index(jobs, failures)
        raise
    except ConnectionError as error:
        sys.exit(f"make gallery: {error}")
    write_index(jobs, failures)
    if given.small:
        small_copies(jobs, failures, given.small)
    for name, why in failures.items():
        print(f"not painted: {name}: {why}", file=sys.stderr)
    print(f"{len(jobs) - len(failures)} of {len(jobs)} pictures: {GALLERY / 'index.html'}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped. What is finished is kept; make gallery goes on with the rest.")

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
from PIL import Image, ImageDraw, ImageOps
from tqdm import tqdm

from nst_cluster import workers
from nst_make import refuse_unknown_variables, whole_number
from nst_pictures import IMAGES, OUTPUT, ROOT, save_image, write_atomically

GALLERY = OUTPUT / "gallery"
KINDS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
MEMORY = 3 * 2**30  # bytes for each process: about twice what 512 pixels need
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
    entries = [
        {"content": str(photo), "styles": [str(artwork)]}
        for photo in _pictures(content)
        for artwork in _pictures(style)
    ]
    return _jobs(entries, Path.cwd(), defaults)


def read_jobs(path, defaults):
    """{name: Job} from a list in a .yaml or .csv file; paths in it start from the file's folder.

    An entry has `content`, `styles` (or `style`), and whatever else Job knows, and may have a `name`. In a CSV file
    several styles, weights or masks are separated by semicolons. `defaults` fill what an entry leaves open.

    Raises OSError if the file cannot be read, ValueError, naming the entry, for what is wrong in it.
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8-sig")
    try:
        if path.suffix.lower() == ".csv":
            entries = [
                {key: _cell(key, value) for key, value in row.items()} for row in csv.DictReader(text.splitlines())
            ]
            entries = [{key: value for key, value in entry.items() if value not in ("", None)} for entry in entries]
        else:
            entries = yaml.safe_load(text)
    except (yaml.YAMLError, csv.Error) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path}: give a list of jobs, each with content and styles")
    try:
        return _jobs(entries, path.parent, defaults)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _cell(key, text):
    """A cell of a CSV file as YAML would read it; a cell beyond the last column stays a list, to be refused."""
    if not isinstance(text, str):
        return text
    if key in LISTS:
        return [_cell("", part) for part in text.split(";") if part.strip()]
    value = yaml.safe_load(text) if text.strip() else ""
    return value if isinstance(value, bool | int | float) and key != "name" else text.strip()


def _jobs(entries, folder, defaults):
    from nst_jobs import Job  # TensorFlow comes with it, and takes seconds

    known = [field.name for field in dataclasses.fields(Job)]
    jobs = {}
    for number, entry in enumerate(entries, start=1):
        where = f"job {number}"
        entry = dict(entry)
        if "style" in entry:
            entry.setdefault("styles", entry.pop("style"))
        name = str(entry.pop("name", ""))
        if unknown := [key for key in entry if key not in known]:
            raise ValueError(f"{where}: unknown {', '.join(map(repr, unknown))}; known: name, {', '.join(known)}")
        for key in LISTS:
            value = entry.get(key, [])
            entry[key] = tuple(value) if isinstance(value, list) else (value,)
        for key in ("styles", "masks"):
            entry[key] = tuple(str(folder / str(path)) for path in entry[key])
        if entry.get("content"):
            entry["content"] = str(folder / str(entry["content"]))
        try:
            job = Job(**{"content": "", **defaults, **entry})
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        name = name or "_".join(Path(path).stem for path in (job.content, *job.styles))
        if name in jobs:
            raise ValueError(f"{where}: there are two jobs called {name!r}; give one of them a name")
        if name != Path(name).name or name.startswith("."):
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

    folder = next(folder for folder in (ROOT / "notebooks", ROOT / "exercises") if folder.is_dir())
    names = ("painting", "keep_colors", "STYLE_LAYERS", "CONTENT_LAYER")
    painting, keep_colors, style_layers, content_layer = functions_from(folder / "07_control.ipynb", *names)
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
            text = f"{type(error).__name__}: {error}"
            for path, place in places.items():
                text = text.replace(place, path)
            raise RuntimeError(text) from None
    return image, histories[-1][-1], time.perf_counter() - begin


def paint_all(jobs, count=None, folder=GALLERY):
    """Paint what is not there yet and return {name: None, or why it failed}; each picture is saved when it is done."""
    failures, waiting = {}, {}
    for name, job in jobs.items():
        try:
            files = {path: Path(path).read_bytes() for path in job.files}
        except OSError as error:
            failures[name] = f"{error.filename}: {error.strerror}"
            continue
        record = _record(job, files)
        if not _is_done(folder / f"{name}.json", record):
            waiting[name] = job, files, record
    todo = dict(waiting)
    if not todo:
        return failures
    most = max(1, min(os.cpu_count(), psutil.virtual_memory().total // MEMORY, len(todo)))
    count = min(count or most, len(todo))
    threads = {"TF_NUM_INTRAOP_THREADS": str(max(1, os.cpu_count() // count))}
    with workers(count, threads) as client:
        futures = {client.submit(paint_here, job, files, pure=False): name for name, (job, files, _) in todo.items()}
        for future in tqdm(as_completed(futures), total=len(futures), desc="painting", unit="picture"):
            name, error = futures[future], future.exception()
            if error:
                failures[name] = str(error)
                continue
            image, cost, seconds = future.result()
            save_image(image, folder / f"{name}.png")
            note = json.dumps({"record": todo[name][2], "cost": cost, "seconds": round(seconds, 1)}, indent=1)
            write_atomically(folder / f"{name}.json", lambda file, note=note: file.write(note.encode()))
    return failures


def _record(job, files):
    """What decides a picture: the settings, and the contents of the files."""
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    settings = {
        key: value for key, value in dataclasses.asdict(job).items() if key not in ("content", "styles", "masks")
    }
    roles = {"content": digests[job.content]}
    roles |= {key: [digests[path] for path in getattr(job, key)] for key in ("styles", "masks")}
    return json.loads(json.dumps(settings | roles))


def _is_done(path, record):
    try:
        return json.loads(path.read_text())["record"] == record and path.with_suffix(".png").is_file()
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
    done = {name: job for name, job in jobs.items() if name not in failures and (folder / f"{name}.png").is_file()}
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
        columns = len(styles) if len(done) == len(contents) * len(styles) and 1 < len(styles) <= 8 else 4
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
    draw = ImageDraw.Draw(sheet)
    for number, (caption, picture) in enumerate(small.items()):
        x, y = number % columns * width, number // columns * height
        bottom = y + height - CAPTION
        sheet.paste(picture, (x + (width - picture.width) // 2, bottom - picture.height))
        draw.text((x + width // 2, bottom + 4), caption, "black", anchor="ma", font_size=13)
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
    try:
        failures = paint_all(jobs, count)
    except KeyboardInterrupt:
        write_index(jobs, {})
        sys.exit("\nStopped. What is finished is kept; make gallery goes on with the rest.")
    except OSError as error:
        sys.exit(f"make gallery: no workers at DASK_SCHEDULER_ADDRESS ({error})")
    write_index(jobs, failures)
    if given.small:
        small_copies(jobs, failures, given.small)
    for name, why in failures.items():
        print(f"not painted: {name}: {why}", file=sys.stderr)
    print(f"{len(jobs) - len(failures)} of {len(jobs)} pictures: {GALLERY / 'index.html'}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()

"""Many paintings at once: a list of Jobs on several workers, and the page and the contact sheet that show them.

What is there already, painted with the same settings and code from the same files, is not painted again. A job that
fails is reported, and the others go on.
"""

import dataclasses
import html
import json
import os
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path

import numpy as np
import psutil
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont, ImageOps

from nst.cluster import workers
from nst.job import Job, cache_key, memory_needed, settings_of
from nst.notebooks import COST_FUNCTIONS, source_of
from nst.paths import OUTPUT, notebooks_folder
from nst.pictures import save_image, write_atomically

GALLERY = OUTPUT / "gallery"
SMALL = 480  # pixels, of the copies that `small_copies` makes
THUMBNAIL, MARGIN, CAPTION = 300, 10, 30  # pixels, on the contact sheet


# ---------------------------------------------------------------- painting, on the workers


def paint_here(job: Job, files: dict[str, bytes]) -> tuple[np.ndarray, float, float]:
    """Paint a job from the contents of its files {path: bytes}; return (image, J at the end, seconds)."""
    import nst

    nst.start_tensorflow()
    from nst.recipe import paint

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
            detail_mask=places.get(job.detail_mask, ""),
        )
        try:
            image, histories = paint(here, watch=lambda run: None)
        except Exception as error:
            text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            for path, place in places.items():
                text = text.replace(place, path)
            raise RuntimeError(text) from None
    return image, histories[-1][-1], time.perf_counter() - begin


def paint_all(
    jobs: dict[str, Job],
    count: int | None = None,
    folder: Path = GALLERY,
    on_done: Callable[[str, str, int, int], None] = lambda name, why, done, total: None,
) -> dict[str, str]:
    """Paint what is not there yet and return {name: why it failed}; each picture is saved when it is done.

    on_done: called for each, with the job's name, why it failed ("" if not), how many are done, and how many to do.
    """
    failures, todo = {}, []
    for name, job in jobs.items():
        try:
            if not is_done(name, job, folder):
                todo.append(name)
        except OSError as error:
            failures[name] = f"{error.filename}: {error.strerror}"
            on_done(name, failures[name], 0, 0)
    if not todo:
        return failures
    largest = max(memory_needed(jobs[name].size ** 2, (jobs[name].brush * jobs[name].size) ** 2) for name in todo)
    count = count or max(1, min(os.cpu_count(), int(psutil.virtual_memory().total // largest), len(todo)))
    with tempfile.TemporaryDirectory(prefix="nst-gallery-") as temporary:
        threads = os.environ.get("TF_NUM_INTRAOP_THREADS") or str(max(1, os.cpu_count() // count))
        environment = {"TF_NUM_INTRAOP_THREADS": threads, "TMPDIR": temporary}
        with workers(count, environment) as these:
            _paint_on(these, jobs, todo, failures, folder, on_done)
    return failures


def _paint_on(these, jobs, todo, failures, folder, on_done):
    """Keep the workers busy, without reading the files of jobs whose turn is far away."""
    waiting, painting, done = iter(todo), {}, 0

    def submit_one():
        for name in waiting:
            files = _contents(jobs[name])
            painting[these.executor.submit(paint_here, jobs[name], files)] = name, _key(jobs[name], files)
            return

    for _ in range(2 * these.count):
        submit_one()
    while painting:
        for future in wait(painting, return_when=FIRST_COMPLETED).done:
            name, key = painting.pop(future)
            try:
                image, cost, seconds = future.result()
                save_image(image, folder / f"{name}.png")
                note = json.dumps({"key": key, "cost": cost, "seconds": round(seconds, 1)}, indent=1)
                write_atomically(folder / f"{name}.json", lambda file, note=note: file.write(note.encode()))
            except Exception as error:  # of this job: a bad picture, a worker that died, a full disk
                failures[name] = str(error)
            done += 1
            on_done(name, failures.get(name, ""), done, len(todo))
            submit_one()


def _contents(job):
    return {path: Path(path).read_bytes() for path in job.files}


def _key(job, files):
    code = [source_of(notebooks_folder() / notebook, *names) for notebook, names in COST_FUNCTIONS]
    return cache_key(settings_of(job), (files[path] for path in job.files), code)


def is_done(name: str, job: Job, folder: Path = GALLERY) -> bool:
    """Is the picture there, painted like this from these files? OSError if a file cannot be read."""
    key = _key(job, _contents(job))
    try:
        known = json.loads((folder / f"{name}.json").read_text())["key"]
        return known == key and (folder / f"{name}.png").is_file()
    except (OSError, ValueError, KeyError, TypeError):
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


def write_index(jobs: dict[str, Job], failures: dict[str, str], folder: Path = GALLERY) -> None:
    """Write index.html and contact_sheet.jpg of all jobs whose picture is there; failed ones are named."""
    done = {name: job for name, job in jobs.items() if name not in failures and is_done(name, job, folder)}
    figures = [_figure(name, job) for name, job in done.items()]
    troubles = [
        f"<li><b>{html.escape(name)}</b>: {html.escape(_without_folders(why, jobs[name]))}</li>"
        for name, why in failures.items()
    ]
    page = f"""{_HEAD}
<h1>Gallery</h1>
<p>{len(done)} of {len(jobs)} pictures. <a href="contact_sheet.jpg">Contact sheet</a></p>
<ul>{"".join(troubles)}</ul>
<main>
{"".join(figures)}</main></html>
"""
    write_atomically(folder / "index.html", lambda file: file.write(page.encode(errors="replace")))
    if done:
        contents, styles = ({getattr(job, key) for job in done.values()} for key in ("content", "styles"))
        columns = (
            len(styles) if len(done) == len(contents) * len(styles) and 1 < len(styles) <= 8 else min(4, len(done))
        )
        sheet = tile({name: folder / f"{name}.png" for name in done}, columns)
        write_atomically(folder / "contact_sheet.jpg", lambda file: sheet.save(file, "JPEG", quality=88))


def _figure(name, job):
    of = f"{Path(job.content).name} in the style of {' and '.join(Path(path).name for path in job.styles)}"
    usual = {field.name: field.default for field in dataclasses.fields(job)}
    knobs = [f"{key} {_plainly(value)}" for key, value in dataclasses.asdict(job).items() if value != usual[key]]
    knobs = ", ".join(text for text in knobs if text.split()[0] not in ("content", "styles", "masks", "detail_mask"))
    url = urllib.parse.quote(os.fsencode(f"{name}.png"))  # a name need not be UTF-8
    text = f"<b>{html.escape(name)}</b><br>{html.escape(of)}{'<br>' * bool(knobs)}{html.escape(knobs)}"
    image = f'<a href="{url}"><img src="{url}" alt="{html.escape(of)}" loading="lazy"></a>'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>\n"


def _plainly(value):
    return " : ".join(map(str, value)) if isinstance(value, tuple) else {True: "on"}.get(value, value)


def _without_folders(text, job):
    """A page may be shown to others: it says which file, and not where it lies."""
    for path in job.files:
        text = text.replace(path, Path(path).name)
    return text


def tile(paths: dict[str, Path], columns: int) -> Image.Image:
    """One picture of many, {caption: path}, with `columns` in a row."""
    small = {}
    for caption, path in paths.items():
        with Image.open(path) as picture:
            small[caption] = ImageOps.contain(picture, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    width, height = THUMBNAIL + MARGIN, max(picture.height for picture in small.values()) + CAPTION
    sheet = Image.new("RGB", (columns * width, -(-len(small) // columns) * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(findfont("DejaVu Sans"), 13)
    for number, (caption, picture) in enumerate(small.items()):
        caption = caption.encode(errors="replace").decode()
        x, y = number % columns * width, number // columns * height
        bottom = y + height - CAPTION
        sheet.paste(picture, (x + (width - picture.width) // 2, bottom - picture.height))
        while draw.textlength(caption, font) > THUMBNAIL:
            caption = caption.rstrip("…")[:-1] + "…"
        draw.text((x + width // 2, bottom + 4), caption, "black", font, anchor="ma")
    return sheet


def small_copies(
    jobs: dict[str, Job], failures: dict[str, str], destination: str | Path, folder: Path = GALLERY
) -> None:
    """Small WebP copies of the pictures, for a web page."""
    for name in jobs:
        if name not in failures:
            with Image.open(folder / f"{name}.png") as picture:
                picture.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
                save_image(np.asarray(picture, np.float32) / 255, Path(destination) / f"{name}.webp")

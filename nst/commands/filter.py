"""Filters: small networks that paint at once what they have learned from one artwork."""

import argparse
import contextlib
import itertools
import shutil
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path

import nst
from nst.commands.arguments import (
    Parser,
    Refused,
    clear_bar,
    complain,
    in_words,
    integer,
    number,
    say,
    show_bar,
    whole_number,
)
from nst.filtering import ENDING, FILTERS, Filter, find
from nst.interrupt import ctrl_c_waits
from nst.job import CHECKPOINT
from nst.joblist import pictures_in
from nst.live import PORT, Server, export, page_files
from nst.paths import IMAGES, OUTPUT
from nst.pictures import (
    ENDINGS,
    check_ending,
    check_file,
    keep_earlier,
    read_dpi,
    read_image,
    save_image,
    write_atomically,
)

LONGEST = 1200  # pixels: a filter's strokes have a size of their own, and get lost in a larger picture
START = "bold_strokes"  # of those that come with the course: one more artwork is learned sooner than the first
NOTHING = "it ended before it had learned anything, and nothing was written; give it more time"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="train|apply|live", parser_class=Parser)
    train = kinds.add_parser("train", help="learn to paint like an artwork", description=_train.__doc__)
    train.add_argument("art", metavar="ART", help="any picture file")
    train.add_argument("-o", "--output", metavar="FILE.onnx", help="the filter (default: output/ART.onnx)")
    train.add_argument("--minutes", type=number, metavar="N", default=10, help="time to learn (default: 10)")
    train.add_argument("--steps", type=whole_number, metavar="N", help="so many steps, in place of minutes")
    train.add_argument(
        "--photos",
        metavar="FOLDER",
        default=str(IMAGES / "content"),
        help="what it learns from (default: images/content)",
    )
    train.add_argument("--strength", type=number, metavar="N", default=5, help="of the style, 0 to 10 (default: 5)")
    train.add_argument(
        "--steady", type=number, metavar="N", default=0, help="price of flicker in films; 3000 is much (default: 0)"
    )
    train.add_argument("--start", metavar="FILTER", default=START, help=f"a filter to go on from (default: {START})")
    train.add_argument("--from-scratch", action="store_true", help="go on from none, which takes more steps")
    train.add_argument("--seed", type=integer, metavar="N", default=0, help="another one gives another filter")
    train.add_argument("--resume", action="store_true", help="go on with a training that was stopped or killed")
    apply = kinds.add_parser("apply", help="paint pictures with a filter", description=_apply.__doc__)
    apply.add_argument("filter", metavar="FILTER", help="a file, or the name of one that comes with the course")
    apply.add_argument("photos", metavar="PHOTO|FOLDER", nargs="+", help="any picture files, or a folder of them")
    apply.add_argument("-o", "--output", metavar="OUT", help="a picture file, or for several photos a folder")
    apply.add_argument(
        "--size", type=whole_number, metavar="N", default=LONGEST, help=f"longer side at most (default: {LONGEST})"
    )
    live = kinds.add_parser("live", help="paint what a camera sees, in the browser", description=_live.__doc__)
    live.add_argument("filters", metavar="FILTER", nargs="*", help="files; those of the course are there as well")
    live.add_argument("--port", type=whole_number, metavar="N", default=PORT, help=f"of the address (default: {PORT})")
    live.add_argument("--no-browser", action="store_true", help="only say the address")
    live.add_argument("--export", metavar="FOLDER", help="write the page into a folder, for any web server")


def run(given: argparse.Namespace) -> int:
    try:
        return {"train": _train, "apply": _apply, "live": _live}[given.kind](given)
    except (OSError, ValueError) as error:
        raise Refused(in_words(error)) from error


# ---------------------------------------------------------------- apply


def _apply(given):
    """Paint a photo, or several, or all in a folder, with a filter. No TensorFlow is needed."""
    file, folders = find(given.filter), [Path(source).expanduser().is_dir() for source in given.photos]
    found = [
        pictures_in(source) if is_folder else [check_file(source)] for source, is_folder in zip(given.photos, folders)
    ]
    photos, many = list(itertools.chain(*found)), any(folders) or len(folders) > 1
    made = _destinations(photos, many, given.output, file.stem)
    painter, failed = Filter(file), 0
    for photo, destination in zip(photos, made):
        try:
            painting = painter(read_image(photo, given.size))
            earlier = None if many else keep_earlier(destination)
            save_image(painting, destination, dpi=read_dpi(photo))
        except (OSError, ValueError) as error:
            if not many:
                raise
            complain("nst filter apply", in_words(error))
            failed += 1
            continue
        if earlier:
            say(f"The picture that was there before is kept as {earlier}")
        say(f"{destination}: {painting.shape[2]} x {painting.shape[1]} pixels")
    return int(bool(failed))


def _destinations(photos, many, output, name):
    """Where each painting goes."""
    place = Path(output).expanduser() if output else None
    if not many:
        own = f"{photos[0].stem}_{name}.png"
        made = [place / own if place and place.is_dir() else place or OUTPUT / own]
        check_ending(made[0])
    else:
        folder = place or OUTPUT / name
        if folder.exists() and not folder.is_dir():
            raise Refused(f"{folder}: a file; for several photos give a folder")
        if folder.suffix.lower() in ENDINGS and not folder.exists():
            raise Refused(f"{folder}: a picture; for several photos give a folder")
        stems = [photo.stem for photo in photos]
        made = [folder / f"{p.stem if stems.count(p.stem) == 1 else p.name.replace('.', '_')}.png" for p in photos]
    if twice := [path for path in made if made.count(path) > 1]:
        raise Refused(f"{twice[0]}: two photos would be painted there; rename one of them")
    if taken := {path.resolve() for path in made} & {photo.resolve() for photo in photos}:
        raise Refused(f"{taken.pop()}: one of the photos; let the painting go somewhere else")
    return made


# ---------------------------------------------------------------- live


def _live(given):
    """Paint what a camera sees on a page in the browser, or a video, or a photo. Nothing leaves the machine."""
    if given.port > 65535:
        raise Refused(f"--port {given.port}: give 1 to 65535")
    ours = sorted(FILTERS.glob(f"*{ENDING}"))
    files = page_files(list(dict.fromkeys([*(find(name).resolve() for name in given.filters), *ours])))
    if given.export:
        folder = Path(given.export).expanduser()
        export(files, folder)
        say(f"{folder}: the page, for any web server; cameras work at https://, or on the server's own machine")
        return 0
    with contextlib.suppress(KeyboardInterrupt), Server(files, given.port) as server:
        say(f"{server.address} is the page. Ctrl-C ends it.")
        if not given.no_browser:
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        server.serve_forever()
    return 0


# ---------------------------------------------------------------- train


def _train(given):
    """Learn to paint like an artwork, from photos, with the cost functions of the course's notebooks.

    Ctrl-C stops early and keeps the best so far.
    """
    art = check_file(given.art).resolve()
    read_image(art, 384, enlarge=True)
    destination = Path(given.output).expanduser() if given.output else OUTPUT / f"{art.stem}{ENDING}"
    if destination.suffix.lower() != ENDING or destination.is_dir():
        raise Refused(f"{destination}: end the filter's name in {ENDING}")
    if not 0 < given.minutes <= 10_000:
        raise Refused(f"--minutes {given.minutes:g}: give more than 0")
    if not 0 <= given.strength <= 10:
        raise Refused(f"--strength {given.strength:g}: give 0 to 10")
    if not 0 <= given.steady <= 1e6:
        raise Refused(f"--steady {given.steady:g}: give 0 to 1000000")
    photos, start = pictures_in(given.photos), "" if given.from_scratch else str(find(given.start).resolve())
    if start:
        from nst.graphs import weights_in  # ONNX takes its time, and a photo is painted without it

        weights_in(start)
    kept = destination.parent / f"{destination.stem}_training"
    if given.resume and not (kept / CHECKPOINT).is_file():
        raise Refused(f"--resume: there is no stopped training in {kept}; nst filter train without it starts anew")
    how_long = f"{given.steps} steps" if given.steps else f"{given.minutes:g} minutes"
    learned = len(photos[:-1] or photos)  # see Lesson
    say(f"Learning from {art.name} and {learned} photos for {how_long}. Ctrl-C stops early and keeps the best.")
    say("TensorFlow prepares itself first, for about half a minute.")
    return _trained(given, art, photos, start, destination, kept)


def _trained(given, art, photos, start, destination, folder):
    try:
        with ctrl_c_waits():
            nst.start_tensorflow()
            from nst.filter_training import STOPPED, Lesson, train_filter
            from nst.graphs import filter_graph

        beta = Lesson.beta * 2.0 ** (given.strength - 5)
        sources = str(art), tuple(str(photo.resolve()) for photo in photos)
        lesson = Lesson(*sources, start, beta=beta, steady=given.steady, seed=given.seed)
        training = train_filter(
            lesson,
            folder,
            minutes=given.minutes,
            count=given.steps,
            resume=given.resume,
            watch=_Watch(given, destination),
        )
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return complain("nst filter train", NOTHING)
    if training.weights is None:
        return complain("nst filter train", NOTHING)
    about = dict(art=art.name, steps=len(training.history), seconds=round(training.seconds), seed=given.seed)
    data = filter_graph(training.weights, **about)
    try:
        earlier = keep_earlier(destination)
        write_atomically(destination, lambda file: file.write(data))
    except OSError as error:
        place = Path(tempfile.mkdtemp(prefix="nst-")) / destination.name
        write_atomically(place, lambda file: file.write(data))
        return complain("nst filter train", f"{in_words(error)}; the filter is {place}")
    if earlier:
        say(f"The filter that was there before is kept as {earlier}")
    J = min(each[2] for each in training.looks)
    steps = f"{len(training.history)} steps, J {J:.3g} ({training.before:.3g} for the photo as it is)"
    say(f"{destination}: {len(data) / 1e6:.2f} MB, {steps}")
    if not training.stopped:
        shutil.rmtree(folder)
        return 0
    if training.stopped != STOPPED:
        return complain("nst filter train", training.stopped)
    say("Stopped early. nst filter train --resume, with the same settings, goes on from there.")
    return 0


class _Watch:
    """Says how the training gets on, and shows the photo that it does not learn from as it is painted now."""

    def __init__(self, given, destination):
        self.given, self.preview, self.looks = given, destination.with_name(f"{destination.stem}_preview.png"), 0

    def __call__(self, training, progress):
        if sys.stdout.isatty():
            left = training.seconds * (1 - progress) / max(progress, 1e-9)
            filled = round(30 * progress)
            minutes = f"{int(left) // 60}:{int(left) % 60:02d} left"
            J = training.history[-1]
            show_bar(f"{progress:4.0%}|{'█' * filled:30}| step {len(training.history)}, {minutes}, J {J:.3g}")
        if len(training.looks) > self.looks:
            self.looks = len(training.looks)
            steps, seconds, J = training.looks[-1]
            if sys.stdout.isatty():
                clear_bar()
            with contextlib.suppress(OSError):
                save_image(training.painting, self.preview)
            say(f"{seconds:4.0f} s, {steps:4.0f} steps: J {J:.3g} on a photo it does not learn from, {self.preview}")

"""Paint many pictures: each photo in the style of each artwork, or the jobs in a list.

Pictures, a contact sheet and index.html land in output/gallery/. What is there already, painted from the same files
with the same settings, is not painted again.
"""

import argparse
import sys

from nst.commands.arguments import (
    Refused,
    add_settings,
    complain,
    in_words,
    say,
    settings_given,
    show_bar,
    whole_number,
)
from nst.joblist import every_pair, read_jobs
from nst.paths import IMAGES

STOPPED = "stopped; what is finished is kept, and the same command goes on with the rest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", metavar="FILE", help="a list of jobs, YAML or CSV, in place of every pair")
    parser.add_argument("--content", metavar="PATH", help="a photo, or a folder of photos")
    parser.add_argument("--style", metavar="PATH", help="an artwork, or a folder of artworks")
    add_settings(parser, "size", "strength", "beta", "evaluations")
    parser.add_argument("--workers", metavar="N", type=whole_number, help="processes on this machine")
    parser.add_argument("--small", metavar="FOLDER", help="also put small WebP copies there")


def run(given: argparse.Namespace) -> int:
    jobs = _jobs(given)
    say(f"A gallery of {len(jobs)}: those that are not there yet are painted. Ctrl-C keeps what is finished.")
    from nst.gallery import GALLERY, paint_all, small_copies, write_index

    failures = {}
    try:
        failures = paint_all(jobs, given.workers, on_done=_progress)
        write_index(jobs, failures)
        if given.small:
            small_copies(jobs, failures, given.small)
    except KeyboardInterrupt:
        write_index(jobs, failures)
        return complain("\nnst gallery", STOPPED)
    except OSError as error:
        return complain("nst gallery", in_words(error))
    say(f"{len(jobs) - len(failures)} of {len(jobs)} pictures: {GALLERY / 'index.html'}")
    return int(bool(failures))


def _jobs(given):
    try:
        if given.jobs and (given.content or given.style):
            raise ValueError("--jobs is a list of its own: give either --jobs, or --content and --style")
        settings = settings_given(given)
        settings.pop("content", None)
        if given.jobs:
            return read_jobs(given.jobs, settings)
        return every_pair(given.content or IMAGES / "content", given.style or IMAGES / "style", settings)
    except (OSError, ValueError) as error:
        raise Refused(in_words(error)) from error


def _progress(name, why, done, total):
    """A line for each picture, or in a terminal one line for all; what was not painted is said in any case."""
    if why:
        print(f"not painted: {name}: {why}", file=sys.stderr, flush=True)
    elif sys.stdout.isatty():
        show_bar(f"{done} of {total}: {name}")
        print("\n" * (done == total), end="")
    else:
        say(f"{done} of {total}: {name}")

"""Paint a photo in the style of any artwork at once: a look in a second, by a network that has learned from thousands.

`nst paint --quick` takes some seconds and is closer to the artwork; `nst paint` takes a minute or two.
"""

import argparse

from nst.commands.arguments import Refused, check_pictures, integer, job_given, number
from nst.commands.painting import paint_at_once

LARGEST = 4096  # pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "nst instant PHOTO ART [ART ...] [-o FILE] [--strength 1] [--size 512] ..."  # pictures first
    parser.add_argument("content", metavar="PHOTO", help="any picture file")
    parser.add_argument("styles", metavar="ART", nargs="+", help="any picture files")
    parser.add_argument("-o", "--output", metavar="FILE", help="name of the result (default: output/instant.png)")
    parser.add_argument("--size", type=integer, metavar="N", default=512, help="longer side, in pixels (default: 512)")
    parser.add_argument(
        "--strength", type=number, metavar="N", dest="share", default=1, help="of the style, 0 to 1 (default: 1)"
    )
    parser.add_argument("--weights", metavar="N", type=number, nargs="+", default=(), help="a share for each artwork")
    parser.add_argument("--masks", metavar="FILE", nargs="+", default=(), help="where each artwork counts: white")
    parser.add_argument("--keep-colors", action="store_true", help="give the result the photo's colours")
    parser.add_argument("--depth", type=integer, metavar="8|16", help="bits a channel, of a PNG or a TIFF")


def run(given: argparse.Namespace) -> int:
    if not 0 <= given.share <= 1:
        raise Refused(f"strength {given.share}: give a number from 0 to 1; `nst paint` has strengths up to 10")
    job = job_given(given)
    if job.size > LARGEST:
        raise Refused(f"size {job.size}: at most {LARGEST}; what the network paints has 368 pixels, and is enlarged")
    check_pictures(job)

    def work():
        from nst.instant import instant

        more = dict(weights=job.weights, masks=job.masks, keep_colors=job.keep_colors)
        return instant(job.content, job.styles, job.size, strength=given.share, **more)

    return paint_at_once("nst instant", given, job, "instant.png", work)

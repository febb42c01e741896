"""Fewer evaluations of the cost for the same J: what was tried and how far each came, benchmarks/fewer_evaluations.md.

.venv/bin/python benchmarks/fewer_evaluations.py [--size 256] [--pairs 0 1 2 3 4 5] [--only "detail" ...]

What stands in fewer_evaluations.jsonl is not measured again. J is that of the course's recipe at full size, the best so
far. All painted at a quarter, a half and the full size, also where the quarter is below minimize's 64 pixels.
"""

import argparse
import contextlib
import functools
import json
from pathlib import Path

import recipes  # before TensorFlow, whose start it silences

# isort: split
import numpy as np
import scipy.optimize
from own_lbfgs import BANDS, MIDDLE, Counted, Enough, by_band, carried, curvature, learned_by_band, own
from recipes import IMAGES, RESULTS, progress

from nst.coordinates import Pixels, Spectrum
from nst.job import Job
from nst.pictures import save_image
from nst.recipe import problem
from nst.spectrum import enlarge
from nst.winograd import one_thread

RECORD = RESULTS / "fewer_evaluations.jsonl"
TODAY, BUDGET = 50, 60  # evaluations at each scale; those that a variant gets at full size
PARTS, OVERHEAD = (1 / 4, 1 / 2, 3 / 4), 15_000  # of the size, at the coarse scales; see nst/minimize.py
SAID = """J is at full size, the best after so many evaluations there, divided by today's after 50: the geometric mean
over the pairs. *Evaluations*: how many reach today's J, with the least and the most of a pair; 61 stands for more than
60. *Time*: of the whole painting up to there, coarse scales included, in evaluations that count as pixels + 15000; the
six at half size that `curvature` takes are left out.

Nothing is kept: nothing reaches the goal, 0.8 of the time for the same J on nearly all pairs.

- L-BFGS' start and memory hardly matter. Diagonals, fixed or learned, colour axes, pairs from the coarser scale and
  other memories move J by about one percent, or help one pair and harm another.
- Fewer coarse evaluations save time and cost J on some pairs. At 512 px `25/25, detail` left the ink painting's paper
  less clear.
- The photo's fine detail in the enlarged start saves the first few evaluations, and little at the end.
- 25 evaluations at three quarters of the size, in place of half of those at a quarter and a half, save a fifth of
  those at full size or less; at 512 px they take all of that time themselves.
- J falls alike for all pairs, so that a stop where it is flat ends all of them about as early, with a higher J."""
PAIRS = [
    (RESULTS / "astronaut.jpg", "starry_night"),
    (IMAGES / "content" / "cat.png", "bamboo_ink"),
    (IMAGES / "content" / "pagoda.jpg", "bold_strokes"),
    (IMAGES / "content" / "dahlia.jpg", "stained_glass"),
    (IMAGES / "content" / "coffee_cup.png", "starry_night"),
    (IMAGES / "content" / "rocket.jpg", "stained_glass"),
]


@functools.cache
def photo_and_cost(pair, size, part):
    photo, style = PAIRS[pair]
    photo, cost = problem(Job(str(photo), (str(IMAGES / "style" / f"{style}.jpg"),), size=size))(round(size * part))
    return photo.numpy(), recipes.evaluation(cost)


@functools.cache
def before(pair, size, evaluations):
    """The last coarse scale's Counted; each scale is painted as minimize does."""
    last = None
    for part, count in zip(PARTS, evaluations):
        photo, cost = photo_and_cost(pair, size, part)
        start, last = enlarge(last.best, photo.shape[1:3]) if last else photo, Counted(cost, count)
        with contextlib.suppress(Enough):
            with_scipy(last, start, Spectrum if part <= 1 / 2 else Pixels)
    return last


def with_scipy(counted, start, space=Pixels, maxcor=10, of_J=lambda J: (J, 1)):
    """of_J: a growing function of J, which is lowered in its place, and its derivative."""

    def cost(picture):
        J, gradient = counted(picture)
        value, slope = of_J(J)
        return value, slope * gradient

    space = space(start.shape)
    options = {"maxiter": 10**6, "maxfun": 10**6, "ftol": 0, "gtol": 0, "maxcor": maxcor}
    z = space.coordinates(start)
    scipy.optimize.minimize(space.cost(cost), z, jac=True, method="L-BFGS-B", bounds=space.bounds, options=options)


# ---------------------------------------------------------------- what is tried


def scipys(**options):
    return lambda counted, start, last, photos: with_scipy(counted, start, **options)


def owns(**options):
    return lambda counted, start, last, photos: own(counted, start, **options)


def diagonal(weight, then=lambda start, photos: start):
    """`own`, beginning with weights for the bands, (BANDS, 3), which `weight` makes of the curvature at half size."""

    def paint(counted, start, last, photos):
        own(counted, then(start, photos), by_band(weight(curvature(last)), start.shape))

    return paint


def of_colors(found):
    """Alike at all frequencies, without the lowest and the highest, where the curvature is hardly known."""
    return np.repeat(1 / found[4:9].mean(0, keepdims=True), BANDS, 0)


def broad(found):
    """f^-1, but flat above half the highest frequency."""
    return np.repeat(1 / MIDDLE.clip(None, 0.5)[:, np.newaxis], 3, 1)


def with_detail(start, photos):
    """The enlarged painting, and the photo's fine detail, for which the size before had no room."""
    return (start + photos[1] - enlarge(photos[0], start.shape[1:3])).clip(0, 1)


def detailed(counted, start, last, photos):
    with_scipy(counted, with_detail(start, photos))


def continued(counted, start, last, photos):
    own(counted, start, pairs=carried(last, start.shape))


VARIANTS = {  # the evaluations at the coarse scales, what paints at full size, and both in words
    "today": ((50, 50), scipys(), "50 evaluations at each scale; SciPy's L-BFGS, on pixels at full size, ten pairs"),
    "25/50": ((25, 50), scipys(), "25 at a quarter of the size, 50 at half"),
    "25/25": ((25, 25), scipys(), "25 and 25"),
    "detail": ((50, 50), detailed, "the photo's fine detail is added to the enlarged start"),
    "25/25, detail": ((25, 25), detailed, "25 and 25, and the detail"),
    "15/15, detail": ((15, 15), detailed, "fewer still"),
    "25/25/25, detail": ((25, 25, 25), detailed, "and 25 at three quarters of the size between"),
    "5 pairs": ((50, 50), scipys(maxcor=5), "SciPy's L-BFGS remembers 5 pairs"),
    "20 pairs": ((50, 50), scipys(maxcor=20), "20"),
    "40 pairs": ((50, 50), scipys(maxcor=40), "40"),
    "log J": ((50, 50), scipys(of_J=lambda J: (np.log(J), 1 / J)), "log J is lowered in place of J"),
    "root of J": ((50, 50), scipys(of_J=lambda J: (J**0.5, 0.5 * J**-0.5)), "the square root of J"),
    "own": ((50, 50), owns(), "our own L-BFGS in place of SciPy's; nothing else, to compare the next ones with"),
    "carried": ((50, 50), continued, "own; begins with the pairs of the half size, enlarged"),
    "curvature": ((50, 50), diagonal(lambda found: 1 / found), "own; 1 / curvature of each frequency and colour axis"),
    "milder": ((50, 50), diagonal(lambda found: found**-0.5), "own; the square root of that"),
    "colours": ((50, 50), diagonal(of_colors), "own; 1 / curvature of each colour axis, alike at all frequencies"),
    "broad": ((50, 50), diagonal(broad), "own; 1 / frequency up to half the highest, then flat"),
    "learned": ((50, 50), owns(learned=learned_by_band), "own; s.y / y.y of each frequency and colour axis"),
    "colours, detail": ((50, 50), diagonal(of_colors, with_detail), "own; this and the photo's fine detail"),
}


@one_thread
def measure(name, pair, size, folder):
    """[size, name, pair, pixels, the best J so far after each evaluation at full size]"""
    evaluations, paint, _ = VARIANTS[name]
    photo, cost = photo_and_cost(pair, size, 1)
    last = before(pair, size, evaluations)
    counted = Counted(cost, BUDGET)
    photos = photo_and_cost(pair, size, PARTS[len(evaluations) - 1])[0], photo
    with contextlib.suppress(Enough):
        paint(counted, enlarge(last.best, photo.shape[1:3]), last, photos)
    if folder:
        save_image(counted.best, folder / f"{size}_{pair}_{name.replace('/', '_')}.png")
    best = np.minimum.accumulate(np.pad(counted.history, (0, BUDGET - len(counted.history)), "edge"))
    return [size, name, pair, photo.size // 3, [round(J, 4) for J in best.tolist()]]


# ---------------------------------------------------------------- the table


def work(evaluations, at_full_size, pixels):
    """Of a painting; an evaluation takes as long as if there were OVERHEAD pixels more."""
    each = [n * (part**2 * pixels + OVERHEAD) for part, n in zip(PARTS, evaluations)]
    return sum(each) + at_full_size * (pixels + OVERHEAD)


def rows(size, found):
    """The rows of the table for a size; means over the pairs are geometric."""
    goals = {pair: best[TODAY - 1] for (name, pair), (_, best) in found.items() if name == "today"}
    for name, (evaluations, _, words) in VARIANTS.items():
        mine = {pair: found[name, pair] for pair in goals if (name, pair) in found}
        if not mine:
            continue
        ratios = np.array([np.array(best) / goals[pair] for pair, (_, best) in mine.items()])
        needed = [BUDGET + 1 if row.min() > 1 else 1 + int(np.argmax(row <= 1)) for row in ratios]
        times = [
            work(evaluations, n, pixels) / work((50, 50), TODAY, pixels)
            for n, (pixels, _) in zip(needed, mine.values())
        ]
        J = " | ".join(f"{mean(ratios[:, n - 1]):.3f}" for n in (10, 20, 30, 40, 50, 60))
        n = f"{mean(needed):.0f} ({min(needed)} to {'more' if max(needed) > BUDGET else max(needed)})"
        yield f"| {name} | {words} | {len(mine)} | {J} | {n} | {mean(times):.2f} |"


def stopped(found, window=10):
    """Where today's curve at full size falls by less than some share in `window` evaluations: at which, and J there."""
    curves = [best for (name, _), (_, best) in found.items() if name == "today"]
    for share in (0.1, 0.07, 0.05):
        ends = [
            next((n for n in range(window, BUDGET) if c[n] > (1 - share) * c[n - window]), BUDGET - 1) for c in curves
        ]
        J = mean([curve[end] / curve[TODAY - 1] for curve, end in zip(curves, ends)])
        yield f"| {share:.0%} | {min(ends) + 1} to {max(ends) + 1} | {J:.3f} |"


def mean(values):
    return np.exp(np.mean(np.log(values)))


def write_table():
    text = ["# Fewer evaluations: what was tried, by benchmarks/fewer_evaluations.py", SAID]
    measured = [json.loads(line) for line in RECORD.read_text().splitlines()]
    for size in sorted({each[0] for each in measured}):
        found = {(name, pair): (pixels, best) for s, name, pair, pixels, best in measured if s == size}
        head = ["", "what", "pairs", *[f"J {n}" for n in (10, 20, 30, 40, 50, 60)], "evaluations", "time"]
        text.append(
            "\n".join([f"## {size} px\n", f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *rows(size, found)])
        )
        head = "| stop below | at evaluation | J |\n| --- | --- | --- |"
        text.append("\n".join(["Today's, stopped where J falls by less in ten evaluations:\n", head, *stopped(found)]))
    RECORD.with_suffix(".md").write_text("\n\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--pairs", type=int, nargs="+", default=range(len(PAIRS)))
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--pictures", type=Path, help="a folder for them")
    given = parser.parse_args()
    done = {tuple(json.loads(line)[:3]) for line in RECORD.read_text().splitlines()} if RECORD.exists() else set()
    for name in given.only:
        for pair in given.pairs:
            if (given.size, name, pair) not in done:
                measured = measure(name, pair, given.size, given.pictures)
                with RECORD.open("a") as file:
                    file.write(json.dumps(measured) + "\n")
                progress(f"{name}, pair {pair}: J {measured[-1][TODAY - 1]:.2f}")
    write_table()


if __name__ == "__main__":
    main()

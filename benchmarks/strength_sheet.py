"""Draws benchmarks/strength.jpg: six photos under eight artworks, all at the default strength.

.venv/bin/python benchmarks/strength_sheet.py [--size 160]

Two portraits, a panorama, a product on white, a night scene and a page of text; the course's four artworks, and four
that are flat, geometric, dotted and pencilled. The last line says what share of the photo's content is lost, and what
share of its distance from the style is left, at the least and at the most.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import cbook
from PIL import Image, ImageDraw, ImageFont

import nst

nst.start_tensorflow()

from nst.job import Job
from nst.paths import IMAGES
from nst.recipe import course_costs, paint, problem
from nst.strength import CONTENT, STEEPNESS, STYLE, TOO_MUCH

HERE = Path(__file__).parent
HOPPER = Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))  # by J. S. Davis, U.S. Navy: public domain
SIDE = 512
CREAM, RED, BLUE, YELLOW, BLACK = "#f4f1e6", "#c8201c", "#1e3c96", "#e8c31a", "#111111"
TEXT = """Neural style transfer
Content is compared in a
middle layer; style in the
Gram matrices of five.
J = alpha Jc + beta Js"""


def canvas(color, size=(SIDE, SIDE)):
    picture = Image.new("RGB", size, color)
    return picture, ImageDraw.Draw(picture)


def circles(rng):
    picture, draw = canvas("white")
    for radius, color in ((210, "#e04e2f"), (150, "white"), (95, "#20639b"), (45, "#f6d55c")):
        draw.circle((SIDE // 2, SIDE // 2), radius, fill=color)
    return picture


def grid(rng):
    picture, draw = canvas(CREAM)
    columns, rows = [0, 90, 200, 330, 430, SIDE], [0, 120, 190, 330, 400, SIDE]
    for left, right in zip(columns, columns[1:]):
        for top, bottom in zip(rows, rows[1:]):
            color = rng.choice([CREAM, CREAM, RED, BLUE, YELLOW, CREAM])
            draw.rectangle([left, top, right, bottom], fill=str(color), outline=BLACK, width=7)
    return picture


def dots(rng):
    picture, draw = canvas("#f7efe0")
    for y in range(0, SIDE, 16):
        for x in range(0, SIDE, 16):
            radius = 1.5 + 5.5 * (0.5 + 0.5 * np.sin(x / 60) * np.cos(y / 75))
            draw.circle((x, y), radius, fill=(RED, BLUE)[(x // 128 + y // 128) % 2])
    return picture


def pencil(rng):
    picture, draw = canvas("#fbfaf6")
    for _ in range(2600):
        x, y = rng.integers(0, SIDE, 2)
        angle = (0.7, -0.8, 0.2)[int(x // 170 + y // 170) % 3] + rng.normal(0, 0.06)
        length, grey = rng.integers(20, 70), int(rng.integers(60, 170))
        draw.line([x, y, x + length * np.cos(angle), y + length * np.sin(angle)], fill=(grey,) * 3)
    return picture


def product():
    cup = Image.open(IMAGES / "content" / "coffee_cup.png").convert("RGB")
    cup.thumbnail((300, 300))
    mask = Image.new("L", cup.size)
    ImageDraw.Draw(mask).ellipse([10, 10, cup.width - 10, cup.height - 10], fill=255)
    picture, _ = canvas("#fafafa", (400, 300))
    picture.paste(cup, ((400 - cup.width) // 2, (300 - cup.height) // 2), mask)
    return picture


def page():
    picture, draw = canvas("#fdfdfb", (512, 300))
    for number, line in enumerate(TEXT.splitlines()):
        draw.text((36, 30 + 48 * number), line, fill="#222222", font=ImageFont.load_default(size=32))
    return picture


def panorama():
    pagoda = Image.open(IMAGES / "content" / "pagoda.jpg")
    return pagoda.crop((0, pagoda.height // 5, pagoda.width, pagoda.height // 5 + pagoda.width * 9 // 16))


def pictures(folder, rng):
    """Paths of the photos and of the artworks; what is drawn is put into the folder."""
    drawn = dict(panorama=panorama(), product=product(), page=page())
    artworks = {draw.__name__: draw(rng) for draw in (circles, grid, dots, pencil)}
    for name, picture in (drawn | artworks).items():
        picture.save(folder / f"{name}.png")
    places = {name: folder / f"{name}.png" for name in drawn | artworks}
    photos = [HERE / "astronaut.jpg", HOPPER, *(places[name] for name in drawn)]
    photos.insert(4, IMAGES / "content" / "rocket.jpg")
    return photos, [*sorted((IMAGES / "style").iterdir()), *(places[name] for name in artworks)]


def lost_and_left(job, image):
    """J_content as a share of the squashed artwork's, and J_style as a share of the photo's."""
    job = replace(job, palette=0)
    costs = course_costs()._replace(total_cost=lambda J_content, J_style, alpha, beta: J_content + 0 * J_style)
    both = costs, costs._replace(total_cost=lambda J_content, J_style, alpha, beta: J_style / STYLE)
    J_content, J_style = (float(problem(job, each)(job.size)[1](image)) for each in both)
    shares = np.linspace(0, 2, 20001)
    return np.interp(J_content / CONTENT, shares * (1 + (shares / TOO_MUCH) ** STEEPNESS), shares), J_style


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=160)
    size = parser.parse_args().size
    rows, numbers = [], []
    with tempfile.TemporaryDirectory() as folder:
        photos, artworks = pictures(Path(folder), np.random.default_rng(3))
        for photo in photos:
            row = []
            for artwork in artworks:
                job = Job(photo, (artwork,), size=size)
                image, _ = paint(job, watch=lambda run: None)
                row.append((255 * image[0]).round().astype(np.uint8))
                numbers.append(lost_and_left(job, image))
            rows.append(np.hstack(row))
            print(photo.stem, *(f"{lost:.2f}/{left:.2f}" for lost, left in numbers[-len(artworks) :]), flush=True)
    widest = max(row.shape[1] for row in rows)  # an upright photo leaves room
    rows = [np.pad(row, [(0, 0), (0, widest - row.shape[1]), (0, 0)], constant_values=255) for row in rows]
    Image.fromarray(np.vstack(rows)).save(HERE / "strength.jpg", quality=80)
    lost, left = np.transpose(numbers)
    print(f"lost {lost.min():.2f} to {lost.max():.2f}, left {left.min():.2f} to {left.max():.2f}")


if __name__ == "__main__":
    main()

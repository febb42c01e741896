"""Draws benchmarks/spots.jpg: two places of a painting, three times enlarged, by an earlier engine and by today's.

git worktree add /tmp/earlier 6ee7aed     # the last one without clean whites; PYTHON: .venv/bin/python, whole path
(cd /tmp/earlier; PYTHONPATH=. PYTHON -c "from nst.commands import main; main()" paint PHOTO ART -o FOLDER/before.png)
.venv/bin/nst paint PHOTO ART -o FOLDER/after.png
.venv/bin/python benchmarks/spots_sheet.py FOLDER

PHOTO and ART are images/content/pagoda.jpg and images/style/bamboo_ink.jpg.
"""

import sys
from pathlib import Path

from PIL import Image

PLACES = [(0, 0), (110, 200)]
SIDE, TIMES, GAP = 140, 3, 4


def main():
    folder, step = Path(sys.argv[1]), SIDE * TIMES + GAP
    sheet = Image.new("RGB", (len(PLACES) * step, 2 * step), "white")
    for column, (left, top) in enumerate(PLACES):
        for row, when in enumerate(("before", "after")):
            with Image.open(folder / f"{when}.png") as painting:
                place = painting.convert("RGB").crop((left, top, left + SIDE, top + SIDE))
            enlarged = place.resize((SIDE * TIMES, SIDE * TIMES), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (column * step, row * step))
    sheet.save(Path(__file__).parent / "spots.jpg", quality=85)


if __name__ == "__main__":
    main()

"""Draws benchmarks/spots.jpg: four places of two paintings, three times enlarged, by an earlier engine and by today's.

git worktree add /tmp/earlier 6ee7aed       # the last one without clean whites
(cd /tmp/earlier; PYTHONPATH=. PYTHON -c "from nst.commands import main; main()" paint PHOTO ART -o before_NAME.png)
.venv/bin/nst paint PHOTO ART -o FOLDER/after_NAME.png
.venv/bin/python benchmarks/spots_sheet.py FOLDER

NAME is dahlia (with stained_glass.jpg) and pagoda (with bamboo_ink.jpg), all at 512 px; PYTHON is .venv/bin/python.
"""

import sys
from pathlib import Path

from PIL import Image

PLACES = [("dahlia", 0, 230), ("dahlia", 330, 80), ("pagoda", 0, 0), ("pagoda", 110, 200)]
SIDE, TIMES, GAP = 112, 3, 4


def main():
    folder, step = Path(sys.argv[1]), SIDE * TIMES + GAP
    sheet = Image.new("RGB", (len(PLACES) * step, 2 * step), "white")
    for column, (name, left, top) in enumerate(PLACES):
        for row, when in enumerate(("before", "after")):
            with Image.open(folder / f"{when}_{name}.png") as painting:
                place = painting.convert("RGB").crop((left, top, left + SIDE, top + SIDE))
            enlarged = place.resize((SIDE * TIMES, SIDE * TIMES), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (column * step, row * step))
    sheet.save(Path(__file__).parent / "spots.jpg", quality=85)


if __name__ == "__main__":
    main()

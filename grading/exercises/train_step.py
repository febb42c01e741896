"""Exercise 6: a step of gradient descent on the total cost, tried in a small world."""

import numpy as np

from grading.cases import PRIMES, close
from grading.exercises import Exercise

STEPS = 3  # of one case, one after the other


def inputs(rng):
    """The network: five style layers scales[l] * G, and a content layer G^2. The costs: sums of squared differences."""

    def world(ALPHA, BETA, speed, span, general=""):
        n_H, n_W = (int(n) for n in rng.choice(PRIMES[1:], 2, replace=False))
        C, S, start = (rng.uniform(*span, (1, n_H, n_W, 3)).astype(np.float32) for _ in range(3))
        scales = rng.uniform(0.7, 1.4, 5).astype(np.float32)
        rate = speed / (16 * BETA + 8 * ALPHA)
        around = dict(C=C, S=S, scales=scales, ALPHA=ALPHA, BETA=BETA, rate=rate, mix=[[2, 0], [3, 1]])
        return dict(world=around, start=start, general=general)

    clipping = "steps so wide that pixels leave [0, 1] and must be clipped"
    yield world(30, 7, 0.2, (0.35, 0.65))
    yield world(9.5, 4.5, 0.2, (0.35, 0.65))
    yield world(3, 12, 2.5, (0, 1), clipping)
    yield world(60, 1.5, 2.5, (0, 1), clipping)
    yield world(0, 5, 0.4, (0.2, 0.8), "ALPHA = 0")


def world_costs(x, world):
    """J_content and J_style of the small world, each with its gradient by the picture x."""
    C, S, scales = world["C"], world["S"], world["scales"]
    apart = [scale * (x - S) for scale in scales]
    content = np.sum((C**2 - x**2) ** 2), 4 * x * (x**2 - C**2)
    style = sum(np.sum(a**2) for a in apart), sum(2 * scale * a for scale, a in zip(scales, apart))
    return content, style


def answer(case):
    """The costs before each step, and the pictures after each: gradient descent, clipped to [0, 1]."""
    x, world = case["start"], case["world"]
    values, pictures = [], []
    for _ in range(STEPS):
        (J_content, by_content), (J_style, by_style) = world_costs(x, world)
        values.append(world["ALPHA"] * J_content + world["BETA"] * J_style)
        x = np.clip(x - world["rate"] * (world["ALPHA"] * by_content + world["BETA"] * by_style), 0, 1)
        pictures.append(x)
    return dict(value=np.array(values), pictures=pictures)


def _run(weights=None, world=None, sign=-1.0, clip=(0, 1), before="", late=False, J=None, twice=False, still=False):
    """Three training steps with something changed; what `answer` does with nothing changed.

    before: clip ahead of the "tape" or of the "update", not afterwards.
    """

    def of_case(case):
        around = case["world"] | (world(case["world"]) if world else {})
        alpha, beta = weights(around) if weights else (around["ALPHA"], around["BETA"])
        x, values, pictures = case["start"], [], []

        def costs(x):
            (J_content, by_content), (J_style, by_style) = world_costs(x, around)
            value = J(around, J_content, J_style) if J else alpha * J_content + beta * J_style
            return value, alpha * by_content + beta * by_style

        for _ in range(STEPS):
            x = np.clip(x, *clip) if before == "tape" else x
            value, gradient = costs(x)
            x = np.clip(x, *clip) if before == "update" else x
            for turn in range(2 if twice else 1):
                x = x + sign * around["rate"] * (costs(x)[1] if turn else gradient) * (not still)
                x = np.clip(x, *clip) if clip and not before else x
            values.append(costs(x)[0] if late else value)
            pictures.append(x - case["start"])
        return np.array(values), np.array(pictures)

    return of_case


def _true_J(world, content, style):
    return world["ALPHA"] * content + world["BETA"] * style


def _targets(content, style):
    return lambda world: dict(C=world[content], S=world[style])


NO_EFFECT = "ALPHA and BETA have no effect: hand them on to total_cost"
NO_ALPHA = "ALPHA has no effect: hand it on to total_cost, too"
NO_BETA = "BETA has no effect: hand it on to total_cost, too"
MISTAKES = {
    "the picture does not change: is optimizer.apply_gradients called, and is `generated_image` the variable it "
    "moves?": [
        _run(still=True),
        _run(still=True, late=True),
    ],
    "the picture moves uphill: check the sign of the update": [
        _run(sign=1.0),
    ],
    "the pixels are not clipped after the update: generated_image.assign(clip_0_1(generated_image))": [
        _run(clip=None),
    ],
    "the pixels are clipped to another range than [0, 1] after the update: "
    "generated_image.assign(clip_0_1(generated_image))": [
        _run(clip=(-1, 1)),
        _run(clip=(0, 255)),
        _run(clip=(0, np.inf)),
        _run(clip=(-np.inf, 1)),
    ],
    "the pixels are clipped before the update: clip them afterwards": [
        _run(before="tape"),
        _run(before="update"),
    ],
    "J is the cost after the step: return the one that the tape saw": [
        _run(late=True),
    ],
    "the picture is moved twice in one step": [
        _run(twice=True),
    ],
    "ALPHA and BETA (or the two costs) are swapped: total_cost(J_content, J_style, ALPHA, BETA), in this order": [
        _run(weights=lambda world: (world["BETA"], world["ALPHA"])),
    ],
    NO_EFFECT: [
        _run(weights=lambda world: (10, 40)),
        _run(weights=lambda world: (1, 1)),
    ],
    NO_BETA: [
        _run(weights=lambda world: (world["ALPHA"], 40)),
    ],
    NO_ALPHA: [
        _run(weights=lambda world: (10, world["BETA"])),
    ],
    "the style cost is missing from J": [
        _run(weights=lambda world: (world["ALPHA"], 0)),
        _run(weights=lambda world: (1, 0)),
    ],
    "the content cost is missing from J": [
        _run(weights=lambda world: (0, world["BETA"])),
        _run(weights=lambda world: (0, 1)),
    ],
    "the targets are swapped: a_C belongs to the content cost, a_S to the style cost": [
        _run(world=_targets("S", "C")),
    ],
    "the style cost compares with a_C: its target is a_S": [
        _run(world=_targets("C", "C")),
    ],
    "the content cost compares with a_S: its target is a_C": [
        _run(world=_targets("S", "S")),
    ],
    "J_content comes back: return the total cost J": [
        _run(J=lambda world, content, style: content),
    ],
    "J_style comes back: return the total cost J": [
        _run(J=lambda world, content, style: style),
    ],
    "the gradient is not that of J, but of a part of it": [
        _run(weights=lambda world: (world["ALPHA"], 0), J=_true_J),
        _run(weights=lambda world: (0, world["BETA"]), J=_true_J),
        _run(weights=lambda world: (1, 0), J=_true_J),
        _run(weights=lambda world: (0, 1), J=_true_J),
    ],
}


ERRORS = {
    "the optimizer must move generated_image itself, not a copy": (r"[Uu]nknown variable", r"optimizer\.|^$"),
    "use `optimizer` from above, and make no other one": r"[Uu]nknown variable",
    "a list of variables was asked for, so a list of gradients came back: ask tape.gradient(J, generated_image), or "
    "take the first, [0]": r"shape \[(.+)\] using a Tensor with shape \[1,\1\]",
    "zip goes through lists: zip([gradient], [generated_image]), or simply [(gradient, generated_image)]": (
        r"shape \[1,(.+)\] using a Tensor with shape \[\1\]"
    ),
    "the gradient has not the shape of the picture: ask for tape.gradient(J, generated_image)": (
        r"update variable with shape|Shape mismatch"
    ),
    "J is None: compute it inside `with tf.GradientTape() as tape:`, from the two costs": (
        r"[Aa]rgument `target`.*received None"
    ),
    "a list of activations stands where a cost should: J_content and J_style come from compute_content_cost and "
    "compute_style_cost": r"operand type.*'list'|multiply sequence|'list' object has no attribute",
    "total_cost calls its weights alpha and beta: total_cost(J_content, J_style, ALPHA, BETA)": (
        r"total_cost\(\) got an unexpected keyword"
    ),
    "apply_gradients takes a list of pairs (gradient, variable), [(gradient, generated_image)]; the variable must be "
    "generated_image itself, so do not put a tensor in its place": (
        r"_unique_id|apply_gradients|has no attribute 'assign|expected 2|not iterable|unhashable"
    ),
    "Keras' optimisers have no such method: use optimizer.apply_gradients([(gradient, generated_image)])": (
        r"'SGD' object has no attribute"
    ),
    "the cost functions take the whole lists, a_C and a_G, not one entry of them": r"\(expected [46]",
    "no gradient reaches generated_image: inside `with tf.GradientTape() as tape:`, send it through vgg_model_outputs "
    "and compute J from that, without NumPy or float(); then ask for tape.gradient(J, generated_image)": (
        r"No gradients provided|None values not supported|NoneType|Cannot convert.*None|\(None\)"
    ),
    "tape.gradient can be called only once: ask for the gradient of J, and only there": r"non-persistent GradientTape",
}


def explain(trials):
    """What J is made of, at the pictures that the learner's own steps led to."""
    worlds = [case["world"] for case, _, _ in trials]
    J = np.array([costs for _, (costs, _), _ in trials])
    seen = [[case["start"], *(case["start"] + moves[:-1])] for case, (_, moves), _ in trials]
    if any(close(J[0][0], _otherwise(seen[0][0], worlds[0], change)) for change in RANGES):
        return "vgg_model_outputs takes the picture as it is, in [0, 1]: no preprocess_input, no factor 255"
    weights = np.array([[[world["ALPHA"], world["BETA"]]] * STEPS for world in worlds]).reshape(-1, 2)
    costs = np.array([_costs(x, world) for pictures, world in zip(seen, worlds) for x in pictures])
    true = (weights * costs).sum(axis=1)
    if close(J.ravel(), true):
        return ""  # the moves are wrong, not the costs
    for used, hint in (([0, 0], NO_EFFECT), ([1, 0], NO_BETA), ([0, 1], NO_ALPHA)):
        left = J.ravel() - (weights * costs) @ used
        unknown = costs[:, np.equal(used, 0)]
        if close(left, unknown @ np.linalg.lstsq(unknown, left)[0]):
            return hint
    if close(J.ravel(), true * (times := J.sum() / true.sum())):
        return f"J is {times:.3g} times the total cost: return it as total_cost gives it"
    more = J - true.reshape(J.shape)
    if all(any(_proportional(m, [_rough(x, power) for x in xs]) for power in (1, 2)) for m, xs in zip(more, seen)):
        return "J is more than ALPHA J_content + BETA J_style: leave out the total variation, or any other term"
    return ""


def _costs(x, world):
    return [cost for cost, _ in world_costs(x, world)]


MEAN = np.array([103.939, 116.779, 123.68])  # of ImageNet, as Keras' preprocess_input takes it off
RANGES = [  # what preprocess_input and the like make of a picture
    lambda x: 255 * x[..., ::-1] - MEAN,
    lambda x: x[..., ::-1] - MEAN,
    lambda x: 255 * x,
    lambda x: x / 255,
    lambda x: 2 * x - 1,
]


def _otherwise(x, world, change):
    """J where the picture, and not the targets, was changed on its way to the network."""
    return np.dot([world["ALPHA"], world["BETA"]], _costs(change(x), world))


def _rough(x, power):
    return sum((np.abs(np.diff(x, axis=axis)) ** power).sum() for axis in (1, 2))


def _proportional(values, others):
    if not np.all(others):
        return False
    ratio = values / np.array(others)
    return bool(ratio.min() > 0 and np.ptp(ratio) < 1e-2 * ratio.max())


def wrong_shape(shape, case, tried):
    return "the cost J must be one number, a tensor of shape ()"


EXERCISE = Exercise(
    name="train_step",
    number=6,
    notebook="04_paint",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the costs are not those of gradient descent on J: go through the five points above the exercise",
    explain=explain,
    factors=None,
    errors=ERRORS,
    plain_number="a plain number comes back: return J as it is, a tensor, so that tf.function can compile the step",
    wrong_shape=wrong_shape,
)

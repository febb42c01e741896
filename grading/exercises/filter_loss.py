"""Exercise 10: the total cost of what a network makes of a photo, tried in a small world."""

import numpy as np

from grading.cases import PRIMES, close
from grading.exercises import Exercise
from grading.exercises.train_step import world_costs

CONTENT_OF_ITSELF = (
    "the content cost is missing from J, or it compares something with itself: it takes a_C, the photo's activations, "
    "and a_G, the painting's"
)
STYLE_OF_PHOTO = "the style cost looks at the photo: it takes a_S and a_G, the painting's activations"
NOT_ASKED = "the network paints nothing: its painting is network(photo), and a_G comes from that"


def inputs(rng):
    """The world of exercise 6. The network mixes red, green and blue by a matrix, so a painting stays in [0, 1]."""

    def world(ALPHA, BETA, general="", weights=None):
        n_H, n_W = (int(n) for n in rng.choice(PRIMES[1:], 2, replace=False))
        other, S, photo = (rng.uniform(0.05, 0.95, (1, n_H, n_W, 3)).astype(np.float32) for _ in range(3))
        scales = rng.uniform(0.7, 1.4, 5).astype(np.float32)
        mixed = (rng.dirichlet((0.5, 0.5, 0.5), 3).T * rng.uniform(0.5, 1, 3)).astype(np.float32)
        around = dict(C=other, S=S, scales=scales, ALPHA=ALPHA, BETA=BETA, mix=[[2, 0], [3, 1]])
        arguments = [mixed if weights is None else weights, photo]
        return dict(world=around, arguments=arguments, keywords={}, watch=[0], output_gradient=None, general=general)

    yield world(30, 7)
    yield world(9.5, 4.5)
    yield world(3, 12)
    yield world(0, 5, "ALPHA = 0")
    yield world(20, 1.5, "a network that gives the photo back", np.eye(3, dtype=np.float32))


def answer(case):
    """The total cost of the painting, and its gradient with respect to the network's weights."""
    (weights, photo), world = case["arguments"], case["world"]
    (J_content, by_content), (J_style, by_style) = world_costs(photo @ weights, world | dict(C=photo))
    by_painting = world["ALPHA"] * by_content + world["BETA"] * by_style
    gradient = np.einsum("bhwi,bhwj->ij", photo, by_painting)
    return dict(value=world["ALPHA"] * J_content + world["BETA"] * J_style, gradients=[gradient])


def _costs(case, content=("photo", "painting"), style=("art", "painting"), change=lambda x: x, times=1):
    """J_content and J_style with other pictures in the places of the photo, the artwork and the painting.

    change: what is done to the photo on its way into the network. times: how often it goes through that.
    """
    (weights, photo), world = case["arguments"], case["world"]
    painting = change(photo)
    for _ in range(times):
        painting = painting @ weights
    pictures = dict(photo=photo, painting=painting, art=world["S"], other=world["C"])
    (J_content, _), _ = world_costs(pictures[content[1]], world | dict(C=pictures[content[0]]))
    _, (J_style, _) = world_costs(pictures[style[1]], world | dict(S=pictures[style[0]]))
    return J_content, J_style


def _with(weights=lambda world: (world["ALPHA"], world["BETA"]), **changes):
    """J with something changed; what `answer` has with nothing changed."""
    return lambda case: np.dot(weights(case["world"]), _costs(case, **changes))


NO_EFFECT = "ALPHA and BETA have no effect: hand them on to total_cost"
NO_ALPHA = "ALPHA has no effect: hand it on to total_cost, too"
NO_BETA = "BETA has no effect: hand it on to total_cost, too"
MISTAKES = {
    NOT_ASKED: [
        _with(content=("photo", "photo"), style=("art", "photo")),
    ],
    "the painting goes through the network once more: a_G is what the features of network(photo) are, and no more": [
        _with(times=2),
    ],
    "the network takes the photo as it is, in [0, 1]: no factor 255, no shift, no preprocess_input": [
        _with(change=lambda x: 255 * x),
        _with(change=lambda x: x / 255),
        _with(change=lambda x: 2 * x - 1),
        _with(change=lambda x: 255 * x[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    ],
    STYLE_OF_PHOTO: [
        _with(style=("art", "photo")),
        _with(style=("photo", "art")),
    ],
    "the style cost compares with the photo: its target is a_S, the artwork's activations": [
        _with(style=("photo", "painting")),
    ],
    "the content cost compares with the artwork: its target is a_C, the activations of this photo": [
        _with(content=("art", "painting")),
        _with(content=("art", "photo")),
    ],
    "the targets are swapped: a_C belongs to the content cost, a_S to the style cost": [
        _with(content=("art", "painting"), style=("photo", "painting")),
    ],
    "a_C comes from another picture: each photo has a target of its own, vgg_model_outputs(photo)": [
        _with(content=("other", "painting")),
        _with(content=("other", "painting"), style=("art", "photo")),
    ],
    "ALPHA and BETA (or the two costs) are swapped: total_cost(J_content, J_style, ALPHA, BETA), in this order": [
        _with(lambda world: (world["BETA"], world["ALPHA"])),
    ],
    NO_EFFECT: [
        _with(lambda world: (10, 40)),
        _with(lambda world: (1, 1)),
    ],
    NO_BETA: [
        _with(lambda world: (world["ALPHA"], 40)),
    ],
    NO_ALPHA: [
        _with(lambda world: (10, world["BETA"])),
    ],
    "the style cost is missing from J": [
        _with(lambda world: (world["ALPHA"], 0)),
    ],
    CONTENT_OF_ITSELF: [
        _with(lambda world: (0, world["BETA"])),
    ],
    "J_content comes back: return the total cost J": [
        _with(lambda world: (1, 0)),
    ],
    "J_style comes back: return the total cost J": [
        _with(lambda world: (0, 1)),
    ],
}
ERRORS = {
    "the network is a function: the painting is what comes back when you call it, network(photo)": (
        r"unsupported type \(<class 'function'>\)|'function' object has no attribute|type of argument.*function"
    ),
    "the cost functions take lists of activations, not pictures: send photo and painting through vgg_model_outputs": (
        r"\(expected 4"
    ),
    "the cost functions take the whole lists, a_C, a_S and a_G, not one entry of them": r"\(expected [35]",
    "a list of activations stands where a cost should: J_content and J_style come from compute_content_cost and "
    "compute_style_cost": r"operand type.*'list'|multiply sequence|'list' object has no attribute",
    "total_cost calls its weights alpha and beta: total_cost(J_content, J_style, ALPHA, BETA)": (
        r"total_cost\(\) got an unexpected keyword"
    ),
}


def explain(trials):
    """What J is made of."""
    J = np.array([value for _, value, _ in trials])
    weights = np.array([[case["world"]["ALPHA"], case["world"]["BETA"]] for case, _, _ in trials])
    costs = np.array([_costs(case) for case, _, _ in trials])
    true = (weights * costs).sum(axis=1)
    for used, hint in (([0, 0], NO_EFFECT), ([1, 0], NO_BETA), ([0, 1], NO_ALPHA)):
        left = J - (weights * costs) @ used
        unknown = costs[:, np.equal(used, 0)]
        if len(J) > unknown.shape[1] and close(left, unknown @ np.linalg.lstsq(unknown, left)[0]):
            return hint
    if close(J, true * (times := J.sum() / true.sum())):
        return f"J is {times:.3g} times the total cost: return it as total_cost gives it"
    return ""


def wrong_shape(shape, case, tried):
    return "the cost J must be one number, a tensor of shape ()"


EXERCISE = Exercise(
    name="filter_loss",
    number=10,
    notebook="09_filter",
    inputs=inputs,
    answer=answer,
    mistakes=MISTAKES,
    wrong="the value is not the total cost of the painting: go through the four points above the exercise",
    watched="the network's weights",
    explain=explain,
    factors=None,
    errors=ERRORS,
    plain_number="a plain number comes back: return J as it is, a tensor, so that its gradient reaches the network",
    wrong_shape=wrong_shape,
)

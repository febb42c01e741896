"""The state of a training run, saved so that a killed run can go on as if nothing had happened (nst_utils.train)."""

import json
import random
import zipfile

import numpy as np
import tensorflow as tf

from nst_pictures import write_atomically


def save_checkpoint(path, image, optimizer, history, total, settings):
    """Save image (tf.Variable), optimizer (Keras, or None), history (list of J), settings (a dict) and randomness.

    total: how many steps were planned, for those who report on the run.
    """
    about = {"settings": settings, "python": random.getstate(), "numpy": np.random.get_state()}
    arrays = {f"optimizer_{i}": v.numpy() for i, v in enumerate(optimizer.variables if optimizer else [])}
    write_atomically(
        path,
        lambda file: np.savez(
            file,
            image=image.numpy(),
            history=history,
            total=total,
            tensorflow=tf.random.get_global_generator().state.numpy(),
            about=json.dumps(about, default=np.ndarray.tolist),
            **arrays,
        ),
    )


def load_checkpoint(path, image, optimizer, settings):
    """Put the state of save_checkpoint back into image, optimizer and random numbers, and return the history.

    Raises ValueError for a damaged file, another shape of picture, other settings or another optimiser.
    """
    if optimizer and not optimizer.built:
        optimizer.build([image])
    variables = optimizer.variables if optimizer else []
    remedy = "repeat the settings of that run, or start anew (resume=False, RESUME=0)"
    try:
        with np.load(path) as saved:
            state = dict(saved)
            about = json.loads(str(state["about"]))
        saved_variables = [state[f"optimizer_{i}"] for i in range(len(variables))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged, or of another optimiser ({error}); {remedy}") from error
    settings = json.loads(json.dumps(settings))
    for name, saved, wanted in (
        *((name, about["settings"].get(name), settings.get(name)) for name in [*about["settings"], *settings]),
        ("picture of shape", state["image"].shape, tuple(image.shape)),
        ("optimiser with variables", [v.shape for v in saved_variables], [tuple(v.shape) for v in variables]),
    ):
        if saved != wanted:
            raise ValueError(f"{path}: saved with {name} {saved}, not {wanted}; {remedy}")
    image.assign(state["image"])
    for variable, value in zip(variables, saved_variables):
        variable.assign(value)
    version, numbers, gauss = about["python"]
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state(tuple(about["numpy"]))
    tf.random.get_global_generator().reset(state["tensorflow"])
    return state["history"].tolist()


def saved_shape(path):
    """The shape of the picture in a checkpoint; None if there is no checkpoint, or a damaged one."""
    try:
        with np.load(path) as saved:
            return saved["image"].shape
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None

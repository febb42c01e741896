import numpy as np
import pytest
import tensorflow as tf

import nst_jobs
from nst_jobs import Job, paint
from nst_pictures import IMAGES, read_image

CAT = str(IMAGES / "content" / "cat.png")
STARS = str(IMAGES / "style" / "starry_night.jpg")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"content": ""}, "a job needs content"),
        ({"styles": ()}, "at least one style"),
        ({"size": 31}, "size 31: give at least 32"),
        ({"size": 64.5}, "size must be a whole number of at least 1, not 64.5"),
        ({"evaluations": 0}, "evaluations must be a whole number"),
        ({"beta": -1}, "beta -1: give a number of at least 0"),
        ({"beta": "much"}, "beta 'much'"),
        ({"alpha": float("nan")}, "alpha nan"),
        ({"smoothness": float("inf")}, "smoothness inf"),
        ({"brush": 0}, "brush 0: give a number of at least 0.1"),
        ({"keep_colors": "yes"}, "keep_colors 'yes': give true or false"),
        ({"weights": ("half",)}, "weights ['half']"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, message):
    with pytest.raises(ValueError, match="^.*") as caught:
        Job(**{"content": CAT, "styles": (STARS,), **settings})
    assert message in str(caught.value)


@pytest.fixture
def towards_grey():
    """In place of notebook 07's `painting`: each pixel is drawn to a grey, so that the end is known."""
    asked = {}

    def painting(model, content, styles, **knobs):
        asked.update(model=model, content=content, styles=styles, **knobs)

        def problem(size):
            image = tf.constant(read_image(content, size, enlarge=True))
            return image, lambda picture: tf.reduce_sum((picture - 0.25) ** 2)

        return problem

    painting.asked = asked
    return painting


def test_a_job_reaches_the_notebooks_function_and_comes_out_as_a_picture(towards_grey):
    job = Job(CAT, (STARS, CAT), weights=(1, 3), brush=2, match_colors=True, smoothness=5, alpha=3, beta=7, size=64)
    image, histories = paint(job, "a model", towards_grey, None, output=None, watch=lambda run: None)
    assert towards_grey.asked == {
        "model": "a model",
        "content": CAT,
        "styles": [STARS, CAT],
        "weights": [1, 3],
        "masks": [],
        "brush": 2,
        "match": True,
        "smoothness": 5,
        "alpha": 3,
        "beta": 7,
    }
    assert image.shape == (1, 43, 64, 3) and len(histories) == 1
    np.testing.assert_allclose(image, 0.25, atol=0.01)


def test_kept_colors_are_those_of_the_photo_at_that_size(towards_grey):
    job = Job(CAT, (STARS,), size=64, keep_colors=True)
    mixed, _ = paint(job, None, towards_grey, lambda photo, image: photo / 2 + image / 2, output=None)
    np.testing.assert_allclose(mixed, read_image(CAT, 64) / 2 + 0.125, atol=0.01)
    nst_jobs._photo.cache_clear()


def test_a_stopped_job_goes_on_and_another_one_is_refused(towards_grey, tmp_path):
    job = Job(CAT, (STARS,), size=64, evaluations=6)

    def stop(run):
        if len(run.history) == 2:
            raise KeyboardInterrupt

    _, histories = paint(job, None, towards_grey, None, output=tmp_path, watch=stop)
    assert [len(history) for history in histories] == [2]
    other = Job(CAT, (STARS,), size=64, evaluations=6, beta=50)
    with pytest.raises(ValueError, match="beta"):
        paint(other, None, towards_grey, None, output=tmp_path, resume=True)
    seen = []
    paint(job, None, towards_grey, None, output=tmp_path, resume=True, watch=lambda run: seen.append(len(run.history)))
    assert seen[0] == 3

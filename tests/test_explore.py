"""nst/explore.py: a Gram matrix to click on. The browser's part is only to send an entry and to show what comes."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from nst.explore import GramExplorer, meeting, meeting_figure


@pytest.fixture
def a(rng):
    """Activations of four channels on 6 x 8 places; channel 3 is silent."""
    return np.maximum(rng.normal(size=(1, 6, 8, 4)), 0) * [1, 2, 3, 0]


def test_where_two_channels_meet_adds_up_to_the_entry_of_the_gram_matrix(a):
    A = a.reshape(48, 4).T
    first, second, product = meeting(a, 0, 2)
    assert first.shape == second.shape == (6, 8)
    np.testing.assert_array_equal(second, a[0, :, :, 2])
    assert product.sum() == pytest.approx((A @ A.T)[0, 2])


def test_a_row_of_the_figure_for_each_pair(a):
    figure = meeting_figure(a, (0, 1), (2, 0))
    assert [axis.get_title() for axis in figure.axes] == [
        *("channel 0", "channel 1", "their product"),
        *("channel 2", "channel 0", "their product"),
    ]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), a[0, :, :, 2])


def test_choosing_an_entry_shows_its_channels(a):
    explorer = GramExplorer(a, (0, 1))
    before = explorer.picture
    gram = a.reshape(48, 4).T @ a.reshape(48, 4) / 48
    explorer.entry = [2, 1]
    assert explorer.picture != before
    correlation = gram[2, 1] / np.sqrt(gram[2, 2] * gram[1, 1])
    assert explorer.words == f"Entry (2, 1) is {gram[2, 1]:.3g}, the correlation {correlation:.2f}."
    alt = re.search(r'<img alt="([^"]+)"', explorer.picture)[1]
    assert "channels 2 and 1" in alt and explorer.words in alt


def test_an_entry_outside_becomes_the_nearest_and_a_silent_channel_has_no_correlation(a):
    explorer = GramExplorer(a)
    explorer.entry = [-3, 99]
    assert explorer.entry == [0, 3]
    assert explorer.words == "Entry (0, 3) is 0, the correlation 0.00."


def test_the_matrix_has_a_pixel_for_each_entry_and_the_brightest_is_the_largest(a):
    explorer = GramExplorer(a)
    data = base64.b64decode(explorer.matrix.removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(data))).astype(int).sum(axis=-1)
    assert pixels.shape == (4, 4) and (pixels == pixels.T).all()
    assert pixels[2, 2] == pixels.max() and pixels[3, 0] == pixels.min()


def test_without_a_kernel_there_is_a_sentence_and_no_other_host_is_asked(a):
    data, _ = GramExplorer(a)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith("<p>Run this cell") and data["text/plain"] in data["text/html"]
    assert "//" not in GramExplorer(a)._esm

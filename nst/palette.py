"""The artwork's palette: how often each colour comes, which no Gram matrix says.

Gram matrices are averages of products, and an average does not see a faint tint: white that is a little red here and a
little green there has the same mean as white, and hardly another covariance. So a painting's whites came out tinted.
This cost compares the colours' whole distributions, along some lines through the colours: Rabin, Peyre, Delon & Bernot
(2011), Wasserstein Barycenter and its Application to Texture Mixing. Histograms beside Gram matrices: Risser, Wilmot &
Barnes (2017), Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram Losses.

No TensorFlow: where it says array, a tensor will do as well.
"""

from collections.abc import Callable, Sequence

import numpy as np

# Red, green, blue, brightness, and what one of them has more than another.
LINES = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1)], np.float32)
LINES /= np.linalg.norm(LINES, axis=1, keepdims=True)
_BINS, _LEVELS = 1024, 4096  # of a picture's values along a line, and of an artwork's


def palette_distance(
    artworks: Sequence[np.ndarray], weights: Sequence[float], masks: Sequence[np.ndarray] = ()
) -> Callable[[np.ndarray], tuple[np.float32, np.ndarray]]:
    """Return a function from a picture (1, n_H, n_W, 3) to its colours' distance from the artworks', and the gradient.

    That is the least mean of squared moves which gives the picture the artworks' values along a line, as the mean over
    LINES; 0 for the same palette. artworks: (1, n_H, n_W, 3); weights: their shares, which sum to 1. masks:
    (1, n_H, n_W, 1) of the picture, one for each artwork; without them the artworks' colours are mixed.

    The move is the gradient: as if the values to come were fixed.
    """
    levels = [_levels(artwork) for artwork in artworks]
    if len(masks):
        places = [np.reshape(mask, -1) for mask in masks]
        shares = [place / max(float(place.sum()), 1e-6) for place in places]
        parts = [(w, m, _integrals([own], [1])) for w, m, own in zip(weights, shares, levels)]
    else:
        parts = [(1.0, None, _integrals(levels, weights))]

    def value_and_gradient(picture):
        pixels, total = picture.reshape(-1, 3), 0.0
        gradient = np.zeros_like(pixels)
        if not np.isfinite(pixels).all():
            return np.float32(np.nan), gradient.reshape(picture.shape)
        for share, mask, integrals in parts:
            for line, integral in zip(LINES, integrals):
                values = pixels @ line
                move = values - _moved(values, mask, integral)
                weighted = move / np.float32(move.size) if mask is None else move * mask
                weighted *= np.float32(share / len(LINES))
                total += float(np.dot(move, weighted))
                for channel in np.flatnonzero(line):
                    gradient[:, channel] += 2 * line[channel] * weighted
        return np.float32(total), gradient.reshape(picture.shape)

    return value_and_gradient


def _levels(artwork):
    """The artwork's values along each line, in order, at _LEVELS places from the lowest to the highest."""
    pixels = np.reshape(artwork, (-1, 3))
    places = ((np.arange(_LEVELS) + 0.5) / _LEVELS * len(pixels)).astype(int)
    return [np.sort(pixels @ line)[places] for line in LINES]


def _integrals(levels, weights):
    """For each line the integral of the mixed artworks' values, from the lowest up to each of _LEVELS + 1 places."""
    shares = np.repeat(np.divide(weights, _LEVELS), _LEVELS)
    found = []
    for each in zip(*levels):
        values = np.concatenate(each).astype(np.float64)
        order = np.argsort(values, kind="stable")
        places = np.concatenate([[0], np.cumsum(shares[order])])
        upto = np.concatenate([[0], np.cumsum(shares[order] * values[order])])
        found.append(np.interp(np.linspace(0, places[-1], _LEVELS + 1), places, upto))
    return found


def _moved(values, mask, integral):
    """Where each value goes if all together become the wanted ones by the shortest way: in order."""
    low, high = values.min(), values.max()
    bins = ((values - low) * ((_BINS - 1) / max(high - low, 1e-6))).astype(np.int32)
    counts = np.bincount(bins, mask, _BINS)
    ends = np.concatenate([[0], np.cumsum(counts)]) / max(counts.sum(), 1e-6)
    upto = np.interp(ends, np.linspace(0, 1, len(integral)), integral)
    moved = np.diff(upto) / np.maximum(np.diff(ends), 1e-12)
    return moved.astype(np.float32)[bins]

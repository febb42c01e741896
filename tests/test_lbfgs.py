"""nst.lbfgs against SciPy's L-BFGS-B: as low after as many evaluations, with bounds and without."""

import numpy as np
import pytest
import scipy.optimize

from nst import lbfgs as module
from nst.lbfgs import lbfgs

BUDGET = 60  # evaluations


class Enough(Exception):
    pass


def bowl(rng, n=300):
    """A quadratic bowl whose curvature differs a thousandfold, and whose lowest point lies partly outside [0, 1]."""
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    H, lowest = turn * np.logspace(0, 3, n) @ turn.T, rng.normal(0.5, 0.7, n)

    def cost(x):
        away = x - lowest
        return 0.5 * away @ H @ away, H @ away

    return cost


@pytest.mark.parametrize("bounds", [(-np.inf, np.inf), (0, 1)], ids=["free", "bounds"])
def test_it_is_as_good_as_scipys(bounds, monkeypatch, tmp_path, rng):
    monkeypatch.setattr(module, "_CHUNK", 64)  # 300 numbers in five pieces, the last one smaller
    cost, start = bowl(rng), np.full(300, 0.5)
    found = []

    def counted(x):
        if len(found) == BUDGET:
            raise Enough
        assert x.dtype == np.float32 and bounds[0] <= x.min() and x.max() <= bounds[1]
        J, gradient = cost(x.astype(np.float64))
        found.append(J)
        return J, gradient.astype(np.float32)

    with pytest.raises(Enough):
        lbfgs(counted, start, 0.002, bounds, tmp_path)
    options = {"maxcor": module.PAIRS, "ftol": 0, "gtol": 0}
    usual = {"jac": True, "method": "L-BFGS-B", "bounds": [bounds] * 300}
    theirs = scipy.optimize.minimize(cost, start, options=options | {"maxfun": BUDGET}, **usual).fun
    lowest = scipy.optimize.minimize(cost, start, options=options | {"maxfun": 5000, "maxiter": 5000}, **usual).fun
    assert min(found) - lowest < 2 * (theirs - lowest) + 1e-5 * found[0]
    assert not list(tmp_path.iterdir())


def test_it_ends_where_nothing_is_lower():
    x = lbfgs(lambda x: (float(np.sum((x - 2) ** 2)), 2 * (x - 2)), np.zeros((2, 3), np.float32), 0.1, (0, 1))
    np.testing.assert_array_equal(x, np.ones((2, 3)))

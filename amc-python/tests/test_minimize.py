"""Chains on functions that are no net."""

from typing import Any

import amc
import numpy as np
import pytest


def rosenbrock(x: np.ndarray) -> float:
    return float((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)


def test_rosenbrocks_function_is_minimised() -> None:
    end = amc.minimize(rosenbrock, [-2.0, 2.0], steps=3000)
    assert end.loss < 1e-3
    assert end.loss == np.float32(rosenbrock(end.x))
    assert (end.steps, end.x.dtype, end.x.shape) == (3000, np.float32, (2,))
    assert 0 < end.accepted < 3000
    assert 0 < end.sigma < 0.1
    again = amc.minimize(rosenbrock, np.array([-2, 2]), steps=3000)
    assert np.array_equal(again.x, end.x)
    assert not np.array_equal(amc.minimize(rosenbrock, [-2, 2], steps=3000, seed=2).x, end.x)


def test_a_large_function_has_its_streams() -> None:
    # More parameters than one generator draws: three do.
    start = np.ones(40_000, dtype=np.float32)
    end = amc.minimize(lambda x: np.square(x).mean(), start, steps=5, sigma=1e-3, epsilon=0.01)
    assert end.loss < 1
    moves = [end.x[first : first + 100] - 1 for first in (0, 16_384, 32_768)]
    assert all(np.any(move != 0) for move in moves)
    assert not np.array_equal(moves[0], moves[1]) and not np.array_equal(moves[1], moves[2])


def test_no_losses() -> None:
    end = amc.minimize(rosenbrock, [1.0, 2.0], steps=0)
    assert (list(end.x), end.loss, end.accepted) == ([1.0, 2.0], 100.0, 0)


@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_what_is_not_finite_is_never_accepted(loss: float) -> None:
    calls = []

    def function(x: np.ndarray) -> float:
        calls.append(x)
        return 1.0 if len(calls) == 1 else loss

    end = amc.minimize(function, [1.0, 2.0], steps=50)
    assert (list(end.x), end.loss, end.accepted) == ([1.0, 2.0], 1.0, 0)
    # Each call had an array of its own.
    assert len(calls) == 51
    assert len({tuple(x) for x in calls}) == 51
    with pytest.raises(ValueError, match="the loss of the current parameters is"):
        amc.minimize(lambda x: loss, [1.0], steps=1)


def test_what_the_function_does_to_its_array_changes_nothing() -> None:
    def spoils(x: np.ndarray) -> float:
        loss = rosenbrock(x)
        x[:] = np.nan
        return loss

    assert np.array_equal(
        amc.minimize(spoils, [-2, 2], steps=100).x, amc.minimize(rosenbrock, [-2, 2], steps=100).x
    )


class Failed(Exception):
    pass


def test_what_the_function_raises_comes_out() -> None:
    calls = []

    def fails(x: np.ndarray) -> float:
        calls.append(x)
        if len(calls) == 10:
            raise Failed
        return rosenbrock(x)

    with pytest.raises(Failed):
        amc.minimize(fails, [0.0, 0.0])
    assert len(calls) == 10
    with pytest.raises(TypeError):
        amc.minimize(lambda x: "low", [0.0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"x0": [[1.0]]}, r"x0 has the shape \(1, 1\)"),
        ({"x0": []}, r"x0 has the shape \(0,\)"),
        ({"x0": [1.0, np.nan]}, "parameter 1 is NaN"),
        ({"x0": [1e300]}, "parameter 0 is inf"),
        ({"steps": -1}, "steps is -1"),
        ({"sigma": -0.1}, "sigma is -0.1"),
        ({"sigma": np.inf}, "sigma is inf"),
        ({"epsilon": np.nan}, "epsilon is nan"),
        ({"n_reset": -1}, "n_reset is -1"),
        ({"seed": 2**64}, "seed is"),
    ],
)
def test_arguments_out_of_range_are_named(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        amc.minimize(lambda x: 0.0, **{"x0": [0.0], **arguments})


def test_a_loss_has_to_be_callable() -> None:
    with pytest.raises(TypeError, match="loss is 3"):
        amc.minimize(3, [0.0])  # type: ignore[arg-type]

"""A chain on any function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._arguments import LARGEST_U32, LARGEST_U64, real, whole


@dataclass(frozen=True)
class Minimum:
    """Where a chain came to.

    Attributes
    ----------
    x : ndarray of shape (n,), float32
        The parameters of the lowest loss.
    loss : float
        Their loss, in single precision.
    accepted : int
        Moves that were accepted, of `steps`.
    steps : int
        Moves that were made.
    sigma : float
        The scale of moves at the end.
    """

    x: NDArray[np.float32]
    loss: float
    accepted: int
    steps: int
    sigma: float


def minimize(
    loss: Callable[[NDArray[np.float32]], SupportsFloat],
    x0: ArrayLike,
    *,
    steps: int = 10_000,
    sigma: float = 0.1,
    epsilon: float = 0.0,
    n_reset: int = 20,
    seed: int = 1,
) -> Minimum:
    """Take a function to a smaller value, by the paper's chain: it needs values, and no gradient.

    Each move is a Gaussian change of all parameters, which is kept if the loss does not rise.

    Parameters
    ----------
    loss : callable
        ``loss(x) -> float`` of an array of shape (n,), float32, which is its own to keep. It is called once more than there are
        moves. What it returns is rounded to single precision; where that is NaN or infinite the move is rejected. What it raises
        ends the search.
    x0 : array-like of shape (n,)
        Where the chain begins: finite numbers, at least one, with a finite loss.
    steps : int, default=10_000
        Moves to make, from 0.
    sigma : float, default=0.1
        The initial scale of moves, in the units of `x0`: above 0.
    epsilon : float, default=0.0
        The rate at which the centres of moves follow accepted moves: mostly within 0.05 of 0.
    n_reset : int, default=20
        Rejections in a row after which `sigma` becomes 0.95 of what it was; 0 for never.
    seed : int, default=1
        Of the generator, from 0: the same seed and losses give the same bits.

    Returns
    -------
    Minimum
        The best parameters, which are the last ones, their loss, and how the chain ended.

    Examples
    --------
    >>> import amc
    >>> def rosenbrock(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> amc.minimize(rosenbrock, [-2.0, 2.0], steps=3000).loss < 1e-3
    True
    """
    steps = whole("steps", steps, 0, LARGEST_U64)
    n_reset = whole("n_reset", n_reset, 0, LARGEST_U32)
    seed = whole("seed", seed, 0, LARGEST_U64)
    with np.errstate(over="ignore"):
        start = np.asarray(x0, dtype=np.float32)
    if start.ndim != 1 or start.size == 0:
        raise ValueError(f"x0 has the shape {start.shape}: use one of (n,), with at least one number")
    if not callable(loss):
        raise TypeError(f"loss is {loss!r}: use a callable that takes an array and returns a number")
    x, least, accepted, last = _native.minimize(
        loss, start, steps, real("sigma", sigma), real("epsilon", epsilon), n_reset, seed
    )
    return Minimum(x=x, loss=least, accepted=accepted, steps=steps, sigma=last)

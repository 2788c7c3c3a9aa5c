"""Arguments, as the native half takes them."""

import math
import operator
from typing import SupportsFloat, SupportsIndex, TypedDict

LARGEST_U32 = 2**32 - 1
LARGEST_U64 = 2**64 - 1


class Asked(TypedDict):
    """What an estimator is told; None is what `amc train` does on a table."""

    layers: list[int]
    activation: str
    method: str
    steps: int | None
    sigma: float | None
    epsilon: float | None
    n_reset: int | None
    signal_norm: bool | None
    until_loss: float | None
    seed: int
    threads: int | None
    arithmetic: str
    train: str | None
    new_head: bool


def whole(name: str, value: SupportsIndex, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: use a whole number from {least} to {most}") from None
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}: use a whole number from {least} to {most}")
    return number


def whole_or_none(name: str, value: SupportsIndex | None, least: int, most: int) -> int | None:
    """The same, or None."""
    return None if value is None else whole(name, value, least, most)


def real(name: str, value: SupportsFloat) -> float:
    """A finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}: use a finite number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}: use a finite number")
    return number


def real_or_none(name: str, value: SupportsFloat | None) -> float | None:
    """The same, or None."""
    return None if value is None else real(name, value)

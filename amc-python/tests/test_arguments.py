"""What is refused, and how it is said."""

from typing import Any

import amc
import numpy as np
import pytest

Blobs = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"steps": 0}, "steps is 0: use a whole number from 1"),
        ({"steps": 2**64}, "steps is 18446744073709551616"),
        ({"seed": -1}, "seed is -1"),
        ({"n_reset": 2**32}, "n_reset is 4294967296"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 10**6}, "threads is 1000000"),
        ({"layers": (4, 0)}, "a number of layers is 0"),
        ({"sigma": float("nan")}, "sigma is nan: use a finite number"),
        ({"sigma": 0.0}, "sigma is 0: the initial step size has to be a finite number above 0"),
        ({"sigma": 1e300}, "sigma is inf"),
        ({"epsilon": float("inf")}, "epsilon is inf"),
        ({"until_loss": float("nan")}, "until_loss is nan"),
        ({"activation": "gelu"}, "activation is \"gelu\": use one of linear, tanh"),
        ({"activation": "softmax"}, "softmax"),
        ({"method": "adam"}, "method is \"adam\": use one of amc, mixed"),
        ({"arithmetic": "exact"}, "arithmetic is \"exact\": use one of portable, fused"),
        ({"method": "mixed", "sigma": 0.1}, "sigma is of method='amc'"),
        ({"layers": (2**31, 2**31)}, "the net is too large: layer 1"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, Any], said: str, blobs: Blobs) -> None:
    with pytest.raises((ValueError, MemoryError), match=said) as raised:
        amc.Classifier(**settings).fit(*blobs)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [{"steps": 1.5}, {"seed": "one"}, {"sigma": "small"}, {"layers": 8}, {"layers": ("a",)}, {"signal_norm": "on"}],
)
def test_settings_of_another_type_are_named(settings: dict[str, Any], blobs: Blobs) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(settings))} is"):
        amc.Classifier(**settings).fit(*blobs)


def test_what_is_not_enough_memory_is_told_before_it_is_taken(blobs: Blobs) -> None:
    with pytest.raises(MemoryError, match="parameters on .* needs .* of memory, but .* can be had"):
        amc.Classifier((10**6, 10**6)).fit(*blobs)


def test_numbers_that_a_net_cannot_take_are_refused(blobs: Blobs) -> None:
    X, y = blobs
    for number, said in [(np.nan, "NaN"), (np.inf, "infinity"), (1e39, "infinity or a value too large")]:
        wrong = X.copy()
        wrong[3, 1] = number
        with pytest.raises(ValueError, match=said), np.errstate(over="ignore"):
            amc.Classifier().fit(wrong, y)
    with pytest.raises(ValueError, match="row 4: y is inf: use finite numbers"):
        amc.Regressor().fit(X, np.where(np.arange(150) == 4, 1e39, 0.0))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        amc.Classifier().fit(X, y[:-1])
    with pytest.raises(ValueError, match="1 class only"):
        amc.Classifier().fit(X, y * 0)
    with pytest.raises(ValueError, match="2 to 256 classes apart, and there are 300"):
        amc.Classifier().fit(np.arange(600.0)[:, None], np.arange(600) // 2)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        amc.Classifier().fit(X, X[:, 0])


def test_numbers_too_far_from_those_of_the_fit_have_no_answer(blobs: Blobs) -> None:
    classifier = amc.Classifier((4,), "relu", steps=50).fit(*blobs)
    X = blobs[0].copy()
    X[7] = 3e38
    with pytest.raises(ValueError, match="X: row 7: the net gives"):
        classifier.predict(X)
    with pytest.raises(ValueError, match="X has 3 features"):
        classifier.predict(X[:, :3])

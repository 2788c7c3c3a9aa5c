"""Training: the command's bits, threads, going on, and ends before the end."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import amc
import numpy as np
import pytest

Blobs = tuple[np.ndarray, np.ndarray]
FOREVER = 10**15
# All rows train, in their order.
WHOLE = ("--split", "last", "--test-fraction", "0")


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, ()),
        (
            {"steps": 300, "seed": 5, "layers": (8, 4), "activation": "relu"},
            ("--steps=300", "--seed=5", "--layers=4,8,4,3", "--activation=relu"),
        ),
        (
            {"steps": 300, "sigma": 0.02, "epsilon": 0.01, "n_reset": 7, "signal_norm": False},
            ("--steps=300", "--sigma=0.02", "--epsilon=0.01", "--n-reset=7", "--signal-norm=off"),
        ),
        ({"steps": 500, "method": "mixed", "until_loss": 0.2}, ("--steps=500", "--method=mixed", "--until-loss=0.2")),
    ],
)
def test_a_classifier_is_what_the_command_trains(
    settings: dict[str, Any], options: tuple[str, ...], blobs: Blobs, command: Callable[..., Path], tmp_path: Path
) -> None:
    X, y = blobs
    np.savez(tmp_path / "t.npz", X=X, y=y)
    of_command = command("train", "--data", "t.npz", *WHOLE, *options).read_bytes()
    classifier = amc.Classifier(**settings).fit(X, y)
    classifier.save(tmp_path / "own.amc")
    assert (tmp_path / "own.amc").read_bytes() == of_command


@pytest.mark.parametrize(("columns", "rows"), [(1, 150), (2, 1000)])
def test_a_regressor_is_what_the_command_trains(
    columns: int, rows: int, command: Callable[..., Path], tmp_path: Path
) -> None:
    X = np.random.default_rng(2).normal(size=(rows, 3))
    y = np.sin(X[:, :columns]) * 100 + X[:, 2:]
    np.savez(tmp_path / "t.npz", X=X, y=y)
    # From 1,000 rows on the defaults are others.
    steps: dict[str, Any] = {} if rows < 1000 else {"steps": 200}
    options = [f"--steps={steps['steps']}"] if steps else []
    of_command = command("train", "--data", "t.npz", "--task", "regress", *WHOLE, *options).read_bytes()
    regressor = amc.Regressor(**steps).fit(X, y[:, 0] if columns == 1 else y)
    regressor.save(tmp_path / "own.amc")
    assert (tmp_path / "own.amc").read_bytes() == of_command
    # In the units of y, whose standard deviation is beyond 60 and within the net 1.
    assert regressor.predict(X).std() > 30
    assert regressor.predict(X).shape == ((rows,) if columns == 1 else (rows, 2))
    # A column by itself is a column.
    assert regressor.fit(X, y).predict(X).shape == (rows, columns)


def test_threads_change_no_bit(blobs: Blobs) -> None:
    X, y = (np.tile(part, (20, 1) if part.ndim > 1 else 20) for part in blobs)
    # So many multiply-adds that threads share them.
    fits = [amc.Classifier((64, 64), steps=30, threads=threads).fit(X, y) for threads in (1, 3)]
    assert np.array_equal(fits[0].parameters_, fits[1].parameters_)


@pytest.mark.parametrize("method", ["amc", "mixed"])
def test_a_warm_start_goes_on_with_the_chain(method: str, blobs: Blobs) -> None:
    X, y = blobs
    once = amc.Classifier(method=method, steps=700).fit(X, y)
    twice = amc.Classifier(method=method, steps=300, warm_start=True).fit(X, y)
    assert twice.n_steps_ == 300
    twice.set_params(steps=400, threads=1).fit(X, y)
    assert (twice.n_steps_, twice.loss_) == (700, once.loss_)
    assert np.array_equal(twice.parameters_, once.parameters_)
    before = twice.parameters_
    with pytest.raises(ValueError, match="other samples"):
        twice.fit(X + 1, y[::-1])
    kept = twice.get_params()
    other = "mixed" if method == "amc" else "amc"
    for settings in [{"layers": (3,)}, {"activation": "relu"}, {"method": other}, {"seed": 2}, {"arithmetic": "fused"}]:
        with pytest.raises(ValueError, match="steps, until_loss and threads alone can change|FMA"):
            twice.set_params(**settings).fit(X, y)
        twice.set_params(**kept)
    assert np.array_equal(twice.parameters_, before)
    # Without it a fit begins anew.
    assert twice.set_params(warm_start=False, steps=300).fit(X, y).n_steps_ == 300


def test_a_fit_ends_where_its_loss_is_low_enough(blobs: Blobs) -> None:
    X, y = blobs
    classifier = amc.Classifier(steps=FOREVER, until_loss=0.5).fit(X, y)
    assert classifier.loss_ <= 0.5
    assert 0 < classifier.n_steps_ < FOREVER
    assert 0 < classifier.acceptance_rate_ < 1


def test_progress_is_told_up_to_the_end(blobs: Blobs) -> None:
    told: list[tuple[int, float]] = []
    classifier = amc.Classifier(steps=100).fit(*blobs, progress=lambda step, loss: told.append((step, loss)))
    assert told[-1] == (100, classifier.loss_)
    assert sorted(told) == sorted(told, key=lambda now: -now[1])


class Ended(Exception):
    pass


def test_ctrl_c_ends_a_fit(blobs: Blobs) -> None:
    told: dict[int, float] = {}

    def interrupt() -> None:
        while not told:
            pass
        os.kill(os.getpid(), signal.SIGINT)

    # Where a shell runs in the background what runs this, Python has found it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        # No line of Python runs in this thread, which would find the signal.
        amc.Classifier(steps=FOREVER).fit(*blobs, progress=told.__setitem__)
    signal.signal(signal.SIGINT, before)


def test_a_fit_that_does_not_end_leaves_what_was_there(blobs: Blobs) -> None:
    X, y = blobs
    classifier = amc.Classifier(steps=100).fit(X, y)
    before = dict(vars(classifier))
    classifier.set_params(steps=FOREVER)

    def fail(step: int, loss: float) -> None:
        raise Ended

    for rows, progress, raised in [(X[:, :2], fail, Ended), (X[:, :2] * np.nan, None, ValueError)]:
        with pytest.raises(raised):
            classifier.fit(rows, np.where(y == 0, "a", "b"), progress=progress)
        now = dict(vars(classifier))
        assert now.pop("steps") == FOREVER
        assert [name for name in now if now[name] is not before[name]] == []
        assert set(before) == {*now, "steps"}


def test_small_tables_are_not_learned_by_heart_unless_steps_are_said(blobs: Blobs) -> None:
    ended = amc.Classifier().fit(*blobs)
    assert ended.loss_ <= 0.03 and ended.n_steps_ < 4000
    assert amc.Classifier(steps=4000).fit(*blobs).n_steps_ == 4000
    assert amc.Classifier(until_loss=0.5).fit(*blobs).n_steps_ < ended.n_steps_


def test_other_threads_run_during_a_fit(blobs: Blobs) -> None:
    ended: list[BaseException] = []
    begun, ends = threading.Event(), threading.Event()

    def progress(step: int, loss: float) -> None:
        begun.set()
        if ends.is_set():
            raise Ended

    def fit() -> None:
        try:
            amc.Classifier(steps=FOREVER).fit(*blobs, progress=progress)
        except Ended as exception:
            ended.append(exception)

    interval = sys.getswitchinterval()
    # No thread is made to give Python's lock away: unless a fit does so by itself, nothing ends it.
    sys.setswitchinterval(1000)
    try:
        thread = threading.Thread(target=fit)
        thread.start()
        begun.wait()
        ends.set()
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(ended) == 1

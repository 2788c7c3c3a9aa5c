"""Nets that others have trained: read from other toolchains' files, and gone on with, to the command's bytes."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import amc
import numpy as np
import pytest
from sklearn.base import clone

Blobs = tuple[np.ndarray, np.ndarray]
# All rows train, in their order.
WHOLE = ("--split", "last", "--test-fraction", "0")
FILES = Path(__file__).parents[2] / "amc-exchange/tests/exchange/files"


@pytest.fixture
def begun(blobs: Blobs, tmp_path: Path) -> Path:
    """A model of the first two classes, with a hidden layer of its own."""
    X, y = blobs
    path = tmp_path / "begun.amc"
    amc.Classifier((6,), steps=200).fit(X[y > 0], y[y > 0]).save(path)
    return path


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"steps": 100}, ("--steps=100",)),
        ({"steps": 100, "train": "head"}, ("--steps=100", "--train=head")),
        ({"steps": 100, "train": "biases", "new_head": False}, ("--steps=100", "--train=all")),
        ({"steps": 100, "train": "last:1", "method": "mixed"}, ("--steps=100", "--train=head", "--method=mixed")),
        ({"steps": 100, "new_head": True}, ("--steps=100", "--new-head")),
    ],
)
def test_a_model_is_gone_on_with_as_by_the_command(
    settings: dict[str, Any],
    options: tuple[str, ...],
    begun: Path,
    blobs: Blobs,
    command: Callable[..., Path],
    tmp_path: Path,
) -> None:
    X, y = blobs
    if settings.get("train") == "biases":
        # Of the classes that it knows alone: others' outputs begin at 0, and their weights have to be trained.
        X, y = X[y > 0], y[y > 0]
        options = (options[0], "--train=biases")
    np.savez(tmp_path / "t.npz", X=X, y=y)
    of_command = command("train", "--data", "t.npz", "--from", str(begun), *WHOLE, *options).read_bytes()
    classifier = amc.Classifier(from_model=begun, **settings).fit(X, y)
    classifier.save(tmp_path / "own.amc")
    assert (tmp_path / "own.amc").read_bytes() == of_command
    # New classes are behind those of the model, unless all its outputs are new.
    wanted = np.unique(y) if settings.get("new_head") or 0 not in y else [1, 2, 0]
    assert np.array_equal(classifier.classes_, wanted)
    assert classifier.score(X, y) > 0.5


def test_layers_are_trained_by_their_names(begun: Path, blobs: Blobs, command: Callable[..., Path], tmp_path: Path) -> None:
    X, y = blobs
    np.savez(tmp_path / "t.npz", X=X[y > 0], y=y[y > 0])
    info = subprocess.run([os.environ["AMC"], "info", begun], check=True, capture_output=True, text=True).stdout
    (tmp_path / "net.toml").write_text(info.replace("units = 6", "units = 6\nname = 'hidden'"))
    named = tmp_path / "named.amc"
    begin = ("train", "--data", "t.npz", "--from", str(begun), *WHOLE, "--net", "net.toml", "--steps=1")
    named.write_bytes(command(*begin).read_bytes())
    on = ("train", "--data", "t.npz", "--from", str(named), *WHOLE, "--steps=50", "--train=hidden")
    of_command = command(*on).read_bytes()
    own = tmp_path / "own.amc"
    amc.Classifier(from_model=named, train="hidden", steps=50).fit(X[y > 0], y[y > 0]).save(own)
    assert own.read_bytes() == of_command
    assert own.read_bytes() != named.read_bytes()
    with pytest.raises(ValueError, match="train out: the names of the net's layers are hidden"):
        amc.Classifier(from_model=named, train="out").fit(X[y > 0], y[y > 0])


def test_numbers_are_gone_on_with_on_the_models_scale(command: Callable[..., Path], tmp_path: Path) -> None:
    X = np.random.default_rng(2).normal(size=(60, 3))
    y = X[:, 0] * 100 + X[:, 1]
    begun = tmp_path / "begun.amc"
    amc.Regressor(steps=50).fit(X, y).save(begun)
    np.savez(tmp_path / "t.npz", X=X * 3, y=y * 2)
    for settings, options in [({}, ()), ({"new_head": True, "train": "head"}, ("--new-head", "--train=head"))]:
        from_it = ("--from", str(begun), "--task", "regress", "--steps=50")
        of_command = command("train", "--data", "t.npz", *from_it, *WHOLE, *options).read_bytes()
        regressor = amc.Regressor(from_model=str(begun), steps=50, **settings).fit(X * 3, y * 2)
        regressor.save(tmp_path / "own.amc")
        assert (tmp_path / "own.amc").read_bytes() == of_command


def test_a_chain_of_a_models_head_goes_on(begun: Path, blobs: Blobs) -> None:
    X, y = blobs
    of = {"from_model": begun, "train": "head"}
    whole = amc.Classifier(steps=60, **of).fit(X, y)
    parts = amc.Classifier(steps=30, warm_start=True, **of).fit(X, y).fit(X, y)
    assert np.array_equal(parts.parameters_, whole.parameters_)
    assert np.array_equal(parts.parameters_[:30], amc.load(begun).parameters_[:30])
    with pytest.raises(ValueError, match="warm_start"):
        parts.set_params(train="all").fit(X, y)
    assert clone(parts).from_model == begun


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train": "tail"}, "train tail: the layers of the net have no names: use all, head"),
        ({"train": "head,1"}, "train is .*use all, head"),
        ({"train": "last:3"}, "2 layers of the net have parameters"),
        ({"train": "biases", "method": "mixed"}, "method='amc'"),
        ({"train": "0"}, "outputs that begin at 0"),
    ],
)
def test_parts_that_cannot_be_trained_are_refused(settings: dict[str, Any], words: str, begun: Path, blobs: Blobs) -> None:
    X, y = blobs
    # Without a new class, whose outputs would have to be trained, too.
    rows = y > 0 if "method" in settings else y >= 0
    with pytest.raises(ValueError, match=words):
        amc.Classifier(from_model=begun, **settings).fit(X[rows], y[rows])


def test_what_is_of_no_model_is_refused(begun: Path, blobs: Blobs, tmp_path: Path) -> None:
    X, y = blobs
    for settings in [{"train": "head"}, {"new_head": True}]:
        with pytest.raises(ValueError, match="name its file, from_model"):
            amc.Classifier(**settings).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, and the model takes 4"):
        amc.Classifier(from_model=begun).fit(X[:, :3], y)
    with pytest.raises(ValueError, match="gives classes, and the data have numbers"):
        amc.Regressor(from_model=begun).fit(X, y)
    with pytest.raises(FileNotFoundError):
        amc.Classifier(from_model=tmp_path / "none.amc").fit(X, y)


@pytest.mark.parametrize(
    ("file", "settings", "options"),
    [
        ("dense.float32.safetensors", {}, ()),
        (
            "dense.float32.safetensors",
            {"activation": "relu", "output_activation": "softmax", "classes": ["a", "b", "c"]},
            ("--activation=relu", "--output-activation=softmax", "--classes=a,b,c"),
        ),
        ("dense.onnx", {"loss": "mse", "classes": [7, 8, 9]}, ("--loss=mse", "--classes=7,8,9")),
        ("keras-dense.npz", {}, ()),
    ],
)
def test_nets_from_elsewhere_are_read_as_by_the_command(
    file: str, settings: dict[str, Any], options: tuple[str, ...], tmp_path: Path
) -> None:
    arguments = [os.environ["AMC"], "import", str(FILES / file), "-o", "m.amc", *options]
    subprocess.run(arguments, cwd=tmp_path, check=True, capture_output=True)
    net = amc.read(FILES / file, **settings)
    net.save(tmp_path / "own.amc")
    assert (tmp_path / "own.amc").read_bytes() == (tmp_path / "m.amc").read_bytes()
    if "classes" in settings:
        assert isinstance(net, amc.Classifier)
        assert list(net.classes_) == settings["classes"]
        # What it learns further is matched by name.
        X = np.random.default_rng(1).normal(size=(30, net.n_features_in_))
        y = np.array(settings["classes"])[[2, 0] * 15]
        more = amc.Classifier(from_model=tmp_path / "own.amc", steps=5).fit(X, y)
        assert list(more.classes_) == settings["classes"]


def test_files_that_are_no_nets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"x\.onnx"):
        amc.read(tmp_path / "x.onnx")
    with pytest.raises(ValueError, match="safetensors.torch.save_file"):
        amc.read(tmp_path / "net.pt")
    with pytest.raises(ValueError, match="--activation is not for"):
        amc.read(FILES / "dense.onnx", activation="tanh")
    with pytest.raises(ValueError, match="activation is .tan.: use one of"):
        amc.read(FILES / "dense.float32.safetensors", activation="tan")
    with pytest.raises(FileNotFoundError):
        amc.read(tmp_path / "none.onnx")

"""Model files, pickles and source code."""

import io
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path

import amc
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

Blobs = tuple[np.ndarray, np.ndarray]


def test_a_classifier_comes_back(blobs: Blobs, tmp_path: Path) -> None:
    X, y = blobs
    classifier = amc.Classifier((5, 4), "sigmoid", steps=200).fit(X, np.array(["a", "b", "c"])[y])
    classifier.save(tmp_path / "m.amc")
    loaded = amc.load(str(tmp_path / "m.amc"))
    assert isinstance(loaded, amc.Classifier)
    assert np.array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert np.array_equal(loaded.predict(X), classifier.predict(X))
    assert (loaded.layers, loaded.activation, loaded.n_features_in_) == ((5, 4), "sigmoid", 4)
    # It can be trained again, by its layers.
    assert loaded.set_params(steps=200).fit(X, y).parameters_.size == classifier.parameters_.size


def test_whole_numbers_are_classes_again(blobs: Blobs, tmp_path: Path) -> None:
    X, y = blobs
    for labels, dtype in [(y * 10.0 - 10, np.int64), (np.array(["01", "2", "3"])[y], np.dtype("<U2"))]:
        amc.Classifier(steps=10).fit(X, labels).save(tmp_path / "m.amc")
        loaded = amc.load(tmp_path / "m.amc")
        assert loaded.classes_.dtype == dtype
        assert np.array_equal(loaded.classes_, np.unique(labels))


def test_a_regressor_comes_back(blobs: Blobs, tmp_path: Path) -> None:
    X, y = blobs
    for targets in [y * 1.5, X[:, :2]]:
        regressor = amc.Regressor(steps=100).fit(X, targets)
        regressor.save(tmp_path / "m.amc")
        loaded = amc.load(tmp_path / "m.amc")
        assert isinstance(loaded, amc.Regressor)
        assert np.array_equal(loaded.predict(X), regressor.predict(X))


def test_what_the_command_trained_is_loaded(command: Callable[..., Path]) -> None:
    digits = amc.load(command("train", "--data", "digits", "--steps", "50"))
    assert isinstance(digits, amc.Classifier)
    assert list(digits.classes_) == list(range(10))
    assert digits.layers == (16,)
    assert digits.predict_proba(np.zeros((3, 64))).shape == (3, 10)
    sine = amc.load(command("train", "--data", "sine", "--steps", "50"))
    assert isinstance(sine, amc.Regressor)
    assert sine.predict([[0.5]]).shape == (1,)


def test_files_that_are_none_are_named(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        amc.load(tmp_path / "none.amc")
    assert raised.value.filename == str(tmp_path / "none.amc")
    with pytest.raises(OSError, match="nowhere"):
        amc.Classifier(steps=1).fit(*blobs).save(tmp_path / "nowhere" / "m.amc")
    amc.Classifier(steps=10).fit(*blobs).save(tmp_path / "m.amc")
    whole = (tmp_path / "m.amc").read_bytes()
    for damaged in [b"", whole[:-1], whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]]:
        (tmp_path / "m.amc").write_bytes(damaged)
        with pytest.raises(ValueError, match="m.amc"):
            amc.load(tmp_path / "m.amc")


def test_columns_of_texts_are_not_loaded(command: Callable[..., Path], tmp_path: Path) -> None:
    rows = [f"{number},{'ab'[number % 2]},{number % 3}\n" for number in range(30)]
    (tmp_path / "t.csv").write_text("x,kind,y\n" + "".join(rows))
    with pytest.raises(ValueError, match="kind is of texts"):
        amc.load(command("train", "--data", "t.csv", "--steps", "5"))


def test_a_pickle_goes_on_with_its_chain(blobs: Blobs) -> None:
    X, y = blobs
    classifier = amc.Classifier(steps=100, warm_start=True).fit(X, y)
    copy = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(copy.predict_proba(X), classifier.predict_proba(X))
    assert np.array_equal(copy.fit(X, y).parameters_, classifier.fit(X, y).parameters_)
    assert copy.n_steps_ == 200


def test_source_code_has_the_parameters(blobs: Blobs) -> None:
    classifier = amc.Classifier((3,), steps=100).fit(*blobs)
    checksum = f"{zlib.crc32(classifier.parameters_.astype('<f4').tobytes()):08x}"
    for source in [classifier.export_rust(), classifier.export_c(), classifier.export_c99()]:
        assert checksum in source
    assert "INPUT_SCALING" in classifier.export_rust()
    assert "INPUT_SCALING" not in classifier.export_rust(folded=True)
    for export in [classifier.export_c, classifier.export_c99]:
        assert "#ifndef SPECIES_H" in export("species.h")
    assert "amc.h" in classifier.export_c() and "amc.h" not in classifier.export_c99()
    with pytest.raises(ValueError, match="choose another name"):
        classifier.export_c("amc.h")


def test_files_for_other_toolchains_have_the_parameters(blobs: Blobs) -> None:
    classifier = amc.Classifier((3,), steps=100).fit(*blobs)
    kernel = classifier.parameters_[: 3 * blobs[0].shape[1]].reshape(-1, 3)
    with np.load(io.BytesIO(classifier.export_npz())) as arrays:
        assert np.array_equal(arrays[arrays.files[0]], kernel)
    # In PyTorch's order, units first.
    assert np.ascontiguousarray(kernel.T).tobytes() in classifier.export_safetensors()
    graph = classifier.export_onnx()
    assert b"Gemm" in graph and b"Softmax" in graph
    assert classifier.export_onnx(folded=True) != graph


def test_what_is_not_fitted_has_nothing_to_give(tmp_path: Path) -> None:
    classifier = amc.Classifier()
    for use in [classifier.export_rust, classifier.export_c, classifier.export_c99, classifier.export_onnx, lambda: classifier.save(tmp_path / "m.amc")]:
        with pytest.raises(NotFittedError):
            use()
    assert not hasattr(classifier, "parameters_")

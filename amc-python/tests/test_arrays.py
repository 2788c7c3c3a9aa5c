"""What may be given for rows and targets, with the same result."""

from typing import Any

import amc
import numpy as np
import pytest

Blobs = tuple[np.ndarray, np.ndarray]


def views(X: np.ndarray) -> list[Any]:
    """The same numbers otherwise."""
    wide = np.zeros((2 * len(X), 3 * X.shape[1]))
    wide[::2, ::3] = X
    single = X.astype(np.float32)
    single.setflags(write=False)
    return [X.tolist(), np.asfortranarray(X), wide[::2, ::3], X[::-1].copy()[::-1], single, X.astype(">f8")]


def test_rows_are_the_same_however_they_lie(blobs: Blobs) -> None:
    X, y = blobs
    classifier = amc.Classifier(steps=100).fit(X, y)
    wanted, probabilities = classifier.parameters_, classifier.predict_proba(X)
    for view in views(X):
        assert np.array_equal(amc.Classifier(steps=100).fit(view, y).parameters_, wanted)
        assert np.array_equal(classifier.predict_proba(view), probabilities)
    assert np.array_equal(classifier.predict(X), np.argmax(probabilities, axis=1))
    numbers = amc.Regressor(steps=100).fit(X, X[:, :2])
    for view in views(X[:, :2]):
        assert np.array_equal(amc.Regressor(steps=100).fit(X, view).parameters_, numbers.parameters_)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["1", "b", ""], dtype=object),
        np.array([-3, 0, 10**12]),
        np.array([1.0, 2.0, 3.0]),
        np.array([1, 2, 200], dtype=np.uint8),
    ],
)
def test_classes_are_given_back_as_they_were(labels: np.ndarray, blobs: Blobs) -> None:
    X, y = blobs
    # Sorted, they are learned as the numbers are.
    labels = np.sort(labels)
    classifier = amc.Classifier(steps=300).fit(X, labels[y])
    assert classifier.classes_.dtype == labels.dtype
    assert np.array_equal(classifier.classes_, labels)
    predicted = classifier.predict(X)
    assert predicted.dtype == labels.dtype
    assert np.array_equal(predicted, labels[amc.Classifier(steps=300).fit(X, y).predict(X)])


def test_two_classes_may_be_truths(blobs: Blobs) -> None:
    X, y = blobs
    classifier = amc.Classifier().fit(X, y > 0)
    assert classifier.predict_proba(X).shape == (150, 2)
    assert classifier.score(X, y > 0) > 0.8


def test_columns_of_a_frame_keep_their_names(blobs: Blobs, tmp_path: Any) -> None:
    pandas = pytest.importorskip("pandas")
    X, y = blobs
    frame = pandas.DataFrame(X, columns=["width", "length", "depth", "age"])
    classifier = amc.Classifier(steps=100).fit(frame, pandas.Series(y))
    assert list(classifier.feature_names_in_) == list(frame.columns)
    assert "depth" in classifier.export_rust()
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(frame[["length", "width", "depth", "age"]])
    classifier.save(tmp_path / "m.amc")
    assert list(amc.load(tmp_path / "m.amc").feature_names_in_) == list(frame.columns)

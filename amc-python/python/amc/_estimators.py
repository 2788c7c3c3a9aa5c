"""The estimators, and what a model file becomes."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from . import _native
from ._trainer import ProgressCallback, Trainer, all_or_nothing

if TYPE_CHECKING:
    from typing import Self


class Classifier(ClassifierMixin, Trainer):
    """A net that tells classes apart, by cross-entropy over softmax outputs.

    Parameters and attributes are those of `Trainer`, and

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The 2 to 256 classes, sorted. Of an estimator that was loaded they are whole numbers if all names are, and else texts.

    Examples
    --------
    >>> import amc
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> amc.Classifier().fit(X, y).score(X, y) > 0.9
    True
    """

    classes_: NDArray[Any]

    def fit(self, X: ArrayLike, y: ArrayLike, *, progress: ProgressCallback | None = None) -> Self:
        """Train on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers, taken in single precision.
        y : array-like of shape (n_samples,)
            Classes of any kind that numpy sorts.
        progress : callable, optional
            ``progress(step, loss)``, called about twenty times a second and at the end, with moves made and the loss. What it
            raises ends the fit, as Ctrl-C does; the estimator is then what it was before.

        Returns
        -------
        self
        """
        with all_or_nothing(self):
            x, targets = validate_data(self, X, y, dtype=np.float32)
            check_classification_targets(targets)
            self.classes_, places = np.unique(column_or_1d(targets, warn=True), return_inverse=True)
            if len(self.classes_) < 2:
                raise ValueError("y has 1 class only: there is nothing to tell apart")
            names = [_name(of) for of in self.classes_.tolist()]
            self._train(x, (places.astype(np.int64), names), progress)
            if self.from_model is not None:
                self.classes_ = _classes(self._net, str(self.from_model), dict(zip(names, self.classes_, strict=True)))
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest output, of shape (n_samples,), for X of shape (n_samples, n_features)."""
        outputs = self._outputs(X)
        return cast(NDArray[Any], self.classes_[np.argmax(outputs, axis=1)])

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """The probability of each class, of shape (n_samples, n_classes), for X of shape (n_samples, n_features).

        Classes are in the order of `classes_`. A net that was loaded may have no softmax outputs: then this is an error.
        """
        outputs = self._outputs(X)
        if not self._net.has_probabilities:
            raise ValueError("the net's outputs are no probabilities: its last layer is not softmax")
        return outputs


class Regressor(RegressorMixin, Trainer):
    """A net that finds numbers, by the mean-squared error of linear outputs, which are standardised within the net.

    Parameters and attributes are those of `Trainer`; `loss_` is in units of the variance of each number.

    Examples
    --------
    >>> import amc
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> amc.Regressor().fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.9
    True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, *, progress: ProgressCallback | None = None) -> Self:
        """Train on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers, taken in single precision.
        y : array-like of shape (n_samples,) or (n_samples, n_numbers)
            The same.
        progress : callable, optional
            As in `Classifier.fit`.

        Returns
        -------
        self
        """
        with all_or_nothing(self):
            x, targets = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
            self._is_column = targets.ndim == 1
            # What is too large becomes infinite, and is refused.
            with np.errstate(over="ignore"):
                numbers = targets.reshape(len(x), -1).astype(np.float32)
            count = numbers.shape[1]
            names = ["y"] if count == 1 else [f"y_{number}" for number in range(1, count + 1)]
            self._train(x, (numbers, names), progress)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """The numbers found, of the shape that `y` had, for X of shape (n_samples, n_features)."""
        numbers = self._outputs(X).astype(np.float64)
        return numbers[:, 0] if self._is_column else numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def load(path: str | PathLike[str]) -> Classifier | Regressor:
    """The estimator of a model file, as `Trainer.save` and ``amc train`` write it.

    It predicts as the one that was saved, to the bit. The file has the net and its scale, and not the settings of its training:
    they are the defaults, but for the layers, their activation and the arithmetic. Features of a net that takes windows of rows
    are those of all rows, the oldest first.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Classifier or Regressor
        By what the net gives.
    """
    return _estimator(_native.Net.load(path), path)


def read(
    path: str | PathLike[str],
    *,
    net: str | PathLike[str] | None = None,
    activation: str | None = None,
    output_activation: str | None = None,
    loss: str | None = None,
    classes: Sequence[object] = (),
) -> Classifier | Regressor:
    """The estimator of a net from PyTorch, Keras or ONNX, as ``amc import`` reads it.

    `Trainer.save` writes the model file that ``amc import`` would write, and from which `from_model` goes on. What is guessed of the
    net is printed to the process's stderr, as the command does.

    Parameters
    ----------
    path : str or path-like
        A file of .safetensors, .npz or .onnx.
    net : str or path-like, default=None
        Of .safetensors and .npz, the layers that the tensors are of, as a TOML file.
    activation : str, default=None
        Of .safetensors and .npz without a net, the activation of hidden layers. None for "tanh".
    output_activation : str, default=None
        The same of the output layer. None for "linear".
    loss : {"mse", "cross-entropy"}, default=None
        The loss that training goes on with. None for cross-entropy behind softmax, and else mse.
    classes : sequence, default=()
        The classes that the outputs are, in their order.

    Returns
    -------
    Classifier or Regressor
        By what the net gives; a classifier, too, where `classes` says so.
    """
    names = [_name(of) for of in classes]
    return _estimator(_native.Net.read(path, net, activation, output_activation, loss, names), path)


def _estimator(net: _native.Net, path: str | PathLike[str]) -> Classifier | Regressor:
    """The estimator of a net that was read from a file."""
    if net.classes is None:
        regressor = Regressor._of(net)
        regressor._is_column = net.count == 1
        return regressor
    classifier = Classifier._of(net)
    classifier.classes_ = _classes(net, str(path), {})
    return classifier


def _classes(net: _native.Net, path: str, known: dict[str, Any]) -> NDArray[Any]:
    """The classes of a net's outputs: those that are known by their names, if that is all of them, and else as names say."""
    names = net.classes or []
    if len(names) != net.count:
        raise ValueError(f"{path}: the net has {net.count} outputs for {len(names)} classes")
    if all(name in known for name in names):
        return np.array([known[name] for name in names])
    are_whole = all(name.removeprefix("-").isdecimal() and str(int(name)) == name for name in names)
    return np.array([int(name) for name in names] if are_whole else names)


def _name(of: object) -> str:
    """As a model file calls a class: numbers without a fraction if they have none."""
    return str(int(of)) if isinstance(of, float) and of.is_integer() else str(of)

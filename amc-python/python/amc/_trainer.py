"""What classifiers and regressors have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _native
from ._arguments import LARGEST_U32, LARGEST_U64, Asked, real_or_none, whole, whole_or_none

if TYPE_CHECKING:
    from typing import Self

ProgressCallback = Callable[[int, float], object]


class Trainer(BaseEstimator):
    """A net of dense layers that is trained without gradients: the base of `Classifier` and `Regressor`.

    What is None is as ``amc train`` has it on a table: the same rows, seed and settings give the same bits. Features are
    standardised, by the rows of the fit, within the net.

    Parameters
    ----------
    layers : sequence of int, default=(32,)
        Units of each hidden layer; an empty one for none.
    activation : {"tanh", "relu", "sigmoid", "linear", "sign", "step"}, default="tanh"
        Of the hidden layers.
    method : {"amc", "mixed"}, default="amc"
        What makes the moves: the paper's chain, or mixed moves of nets, neurons and weights, which find their step sizes by
        themselves and take none of `sigma`, `epsilon`, `n_reset` and `signal_norm`.
    steps : int, default=None
        Moves to make, at least 1. None for 4,000 below 1,000 rows, and 20,000 from there on.
    sigma : float, default=None
        The initial scale of moves and of the initial parameters, above 0. None for 0.005 below 1,000 rows, and 0.02 from there
        on.
    epsilon : float, default=None
        The rate at which the centres of moves follow accepted moves: mostly within 0.05 of 0. None for 0.
    n_reset : int, default=None
        Rejections in a row after which `sigma` becomes 0.95 of what it was; 0 for never. None for 20.
    signal_norm : bool, default=None
        Whether moves are scaled so that each neuron's input changes by about `sigma`. None for True.
    until_loss : float, default=None
        The loss at which a fit ends before its last move. None for 0.03 where classes are learned from fewer than 1,000 rows and
        `steps` is None, which are soon learned by heart, and else for never.
    seed : int, default=1
        Of the generator, from 0.
    threads : int, default=None
        Threads, which change no result; None for all cores.
    arithmetic : {"portable", "fused"}, default="portable"
        What a multiply-add rounds: the bits of every machine, or those of every machine that has FMA instructions.
    from_model : str or path-like, default=None
        A model file that a fit begins at, as ``amc train --from`` does: its net, its parameters, and what it knows of features, their
        scale, and classes. Classes that it does not know get outputs of their own. `layers` and `activation` are then its own.
    train : str, default=None
        Which part of the net of `from_model` is trained, where the rest of it stays: "all", "head" (the last layer), "last:K" (the
        last K layers that have parameters), "biases", "norms", or numbers of layers, from 0, or their names, with commas between.
        None for all.
    new_head : bool, default=False
        Whether the last layer of the net of `from_model` is replaced, for other classes or numbers: its weights begin at 0.
    warm_start : bool, default=False
        Whether a fit goes on with the chain of the last one, with `steps` more moves on the same samples: two fits are, to the
        bit, one of as many moves. The chain is kept, and pickled, with the estimator. Settings other than `steps`, `until_loss`
        and `threads` cannot change between such fits. After a fit without it, or `load`, there is no chain: the next fit begins
        anew.

    Attributes
    ----------
    loss_ : float
        Of the samples of the fit, at its end; not of an estimator that was loaded, as are the next three.
    n_steps_ : int
        Moves made.
    acceptance_rate_ : float
        The share of them that was accepted.
    sigma_ : float
        The scale of moves at the end.
    n_features_in_ : int
        Features of a sample.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if they have some.
    """

    def __init__(
        self,
        layers: Sequence[int] = (32,),
        activation: str = "tanh",
        *,
        method: str = "amc",
        steps: int | None = None,
        sigma: float | None = None,
        epsilon: float | None = None,
        n_reset: int | None = None,
        signal_norm: bool | None = None,
        until_loss: float | None = None,
        seed: int = 1,
        threads: int | None = None,
        arithmetic: str = "portable",
        from_model: str | PathLike[str] | None = None,
        train: str | None = None,
        new_head: bool = False,
        warm_start: bool = False,
    ) -> None:
        self.layers = layers
        self.activation = activation
        self.method = method
        self.steps = steps
        self.sigma = sigma
        self.epsilon = epsilon
        self.n_reset = n_reset
        self.signal_norm = signal_norm
        self.until_loss = until_loss
        self.seed = seed
        self.threads = threads
        self.arithmetic = arithmetic
        self.from_model = from_model
        self.train = train
        self.new_head = new_head
        self.warm_start = warm_start

    @property
    def parameters_(self) -> NDArray[np.float32]:
        """The net's parameters, of shape (n_parameters,): of each layer its weights and then its biases."""
        check_is_fitted(self)
        return self._net.parameters

    def save(self, path: str | PathLike[str]) -> None:
        """Write a model file, which the command ``amc``, `load` and devices read.

        Parameters
        ----------
        path : str or path-like
            The file. It is written whole or not at all; one that is there is overwritten.
        """
        check_is_fitted(self)
        self._net.save(path)

    def export_rust(self, *, folded: bool = False) -> str:
        """The net as Rust source for the crate ``amc-core``, with the same bits.

        Parameters
        ----------
        folded : bool, default=False
            Whether what scales the features is folded into the first layer, and what scales numbers to find into the last.
        """
        check_is_fitted(self)
        return self._net.export_rust(folded)

    def export_c(self, name: str = "model.h", *, folded: bool = False) -> str:
        """The net as a C header for the library ``amc-c``, with the same bits.

        Parameters
        ----------
        name : str, default="model.h"
            The file that it will be, of whose name all names in it begin.
        folded : bool, default=False
            As in `export_rust`.
        """
        check_is_fitted(self)
        return self._net.export_c(name, folded)

    def export_c99(self, name: str = "model.h", *, folded: bool = False) -> str:
        """The net as a header of plain C99, with a function that computes its outputs, to the bit.

        Parameters
        ----------
        name : str, default="model.h"
            As in `export_c`.
        folded : bool, default=False
            As in `export_rust`.
        """
        check_is_fitted(self)
        return self._net.export_c99(name, folded)

    def export_onnx(self, *, folded: bool = False) -> bytes:
        """The net as the bytes of an ONNX file, whose input and output are [batch, numbers].

        Parameters
        ----------
        folded : bool, default=False
            As in `export_rust`.
        """
        check_is_fitted(self)
        return self._net.export_file("onnx", folded)

    def export_safetensors(self, *, folded: bool = False) -> bytes:
        """The net as the bytes of a safetensors file: the `state_dict` of an `nn.Sequential` of PyTorch.

        Parameters
        ----------
        folded : bool, default=False
            As in `export_rust`.
        """
        check_is_fitted(self)
        return self._net.export_file("safetensors", folded)

    def export_npz(self, *, folded: bool = False) -> bytes:
        """The net as the bytes of an .npz file: what Keras's `set_weights` takes, in its order.

        Parameters
        ----------
        folded : bool, default=False
            As in `export_rust`.
        """
        check_is_fitted(self)
        return self._net.export_file("npz", folded)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_net")

    def _asked(self) -> Asked:
        """What the native half is told."""
        try:
            layers = list(self.layers)
        except TypeError:
            raise TypeError(f"layers is {self.layers!r}: use a sequence of whole numbers, like (32,)") from None
        if not isinstance(self.signal_norm, bool | np.bool_ | None):
            raise TypeError(f"signal_norm is {self.signal_norm!r}: use True, False or None")
        if not isinstance(self.new_head, bool | np.bool_):
            raise TypeError(f"new_head is {self.new_head!r}: use True or False")
        if self.from_model is None and (self.train is not None or self.new_head):
            raise ValueError("train and new_head are of a net that is gone on with: name its file, from_model")
        return {
            "layers": [whole("a number of layers", units, 1, LARGEST_U32) for units in layers],
            "activation": str(self.activation),
            "method": str(self.method),
            "steps": whole_or_none("steps", self.steps, 1, LARGEST_U64),
            "sigma": real_or_none("sigma", self.sigma),
            "epsilon": real_or_none("epsilon", self.epsilon),
            "n_reset": whole_or_none("n_reset", self.n_reset, 0, LARGEST_U32),
            "signal_norm": None if self.signal_norm is None else bool(self.signal_norm),
            "until_loss": real_or_none("until_loss", self.until_loss),
            "seed": whole("seed", self.seed, 0, LARGEST_U64),
            "threads": whole_or_none("threads", self.threads, 1, _native.most_threads()),
            "arithmetic": str(self.arithmetic),
            "train": None if self.train is None else str(self.train),
            "new_head": bool(self.new_head),
        }

    def _train(self, x: NDArray[np.float32], targets: Any, progress: ProgressCallback | None) -> None:
        """Trains a net on rows that are checked, and keeps it."""
        names = getattr(self, "feature_names_in_", None)
        chain = getattr(self, "_chain", None) if self.warm_start else None
        names = None if names is None else [str(name) for name in names]
        asked = self._asked()
        model = None if self.from_model is None else (_native.Net.load(self.from_model), self.from_model)
        fitted = _native.fit(x, names, targets, asked, chain, bool(self.warm_start), progress, model)
        self._net, self._chain = fitted.net, fitted.chain
        self.loss_, self.n_steps_, self.sigma_ = fitted.loss, fitted.steps, fitted.sigma
        self.acceptance_rate_ = fitted.accepted / fitted.steps

    def _outputs(self, X: ArrayLike) -> NDArray[np.float32]:
        """What the net gives, of shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        return self._net.outputs(cast(Any, validate_data(self, X, reset=False, dtype=np.float32)))

    @classmethod
    def _of(cls, net: _native.Net) -> Self:
        """An estimator of a net that was loaded."""
        layers, activation = net.hidden or ([32], "tanh")
        estimator = cls(tuple(layers), activation, arithmetic=net.arithmetic)
        estimator._net = net
        estimator.n_features_in_ = net.inputs
        if net.names is not None:
            estimator.feature_names_in_ = np.array(net.names, dtype=object)
        return estimator


@contextmanager
def all_or_nothing(estimator: Trainer) -> Iterator[None]:
    """Leaves an estimator as it was where a fit does not come to its end."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__ = before
        raise

"""Neural nets that learn without gradients, by adaptive Metropolis Monte Carlo (aMC).

`Classifier` and `Regressor` are estimators of scikit-learn's kind, `minimize` takes any function to a smaller value, `load` reads
the model files that `Trainer.save` and the command ``amc`` write, and `read` nets of PyTorch, Keras and ONNX.
"""

from importlib.metadata import version

from ._estimators import Classifier, Regressor, load, read
from ._minimize import Minimum, minimize
from ._trainer import Trainer

__all__ = ["Classifier", "Minimum", "Regressor", "Trainer", "load", "minimize", "read"]
__version__ = version("amc")

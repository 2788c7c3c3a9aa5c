"""Neural nets that learn without gradients, by adaptive Metropolis Monte Carlo (aMC).

`Classifier` and `Regressor` are estimators of scikit-learn's kind, `minimize` takes any function to a smaller value, and
`load` reads the model files that `Trainer.save` and the command ``amc`` write.
"""

from importlib.metadata import version

from ._estimators import Classifier, Regressor, load
from ._minimize import Minimum, minimize
from ._trainer import Trainer

__all__ = ["Classifier", "Minimum", "Regressor", "Trainer", "load", "minimize"]
__version__ = version("amc")

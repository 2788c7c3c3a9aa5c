"""amc train without an option beside scikit-learn's MLPs at their defaults, on tables that scikit-learn ships.

    python3 -m venv venv && venv/bin/pip install scikit-learn pandas
    venv/bin/python benches/tables.py target/release/amc

Five splits of four fifths to train on and one fifth to test with, the same for both. Accuracy for classes, R2 for numbers,
both in hundredths; scikit-learn's features are standardised, as amc's are.
"""

import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas
from sklearn import datasets
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TABLES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]
SPLITS = 5


def load(name):
    """The table, its target last: as the name of its class, if it has one."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if "target_names" in bunch:
        frame["target"] = [f"class {bunch.target_names[int(y)]}" for y in frame["target"]]
    return frame


def amc(program, train, test, folder):
    """The score on `test`, and the seconds that the command took."""
    paths = [folder / "train.csv", folder / "test.csv"]
    for part, path in zip([train, test], paths):
        part.to_csv(path, index=False)
    command = [program, "train", "--data", *paths[:1], "--test", *paths[1:], "--out", folder / "run", "--force", "--json"]
    begun = time.monotonic()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - begun
    summary = json.loads(said.splitlines()[-1])
    accuracy = summary["test_accuracy"]
    return (accuracy if accuracy is not None else summary["test"][0]["r2"]), seconds


def main():
    warnings.filterwarnings("ignore")  # that scikit-learn's MLPs have not converged at their defaults
    program = Path(sys.argv[1]).resolve()
    print("| table | rows | features | amc | scikit-learn | difference | seconds of amc |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in TABLES:
        frame = load(name)
        is_class = frame["target"].dtype == object or str(frame["target"].dtype) in ("str", "string")
        ours, theirs, seconds = [], [], []
        for split in range(SPLITS):
            stratify = frame["target"] if is_class else None
            train, test = train_test_split(frame, test_size=0.2, random_state=split, stratify=stratify)
            features, wanted = list(frame.columns[:-1]), "target"
            mlp = (MLPClassifier if is_class else MLPRegressor)(random_state=split)
            model = make_pipeline(StandardScaler(), mlp).fit(train[features], train[wanted])
            theirs.append(model.score(test[features], test[wanted]))
            with tempfile.TemporaryDirectory() as folder:
                score, took = amc(program, train, test, Path(folder))
            ours.append(score)
            seconds.append(took)
        mean = lambda scores: 100 * sum(scores) / SPLITS
        print(
            f"| {name} | {len(frame)} | {frame.shape[1] - 1} | {mean(ours):.1f} | {mean(theirs):.1f}"
            f" | {mean(ours) - mean(theirs):+.1f} | {max(seconds):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Small tables by the paper's chain and by mixed moves: what each finds of the rows that were held out.

    python3 -m venv venv && venv/bin/pip install scikit-learn
    venv/bin/python benches/held_out.py target/release/amc    # a minute; the seeds 101 to 127

Each seed has a split of its own, the same for every way; all else is the command's default. The last way makes mixed moves until the
loss that the chain came to on that split, in at most five times as many moves as by default.
"""
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

SEEDS = range(101, 128)
TABLES = {"breast cancer": load_breast_cancer, "wine": load_wine, "diabetes": load_diabetes}
MIXED = ["--method", "mixed"]


def write(path, data):
    """The table, its classes as words."""
    is_class = hasattr(data, "target_names")
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*data.feature_names, "target"])
        for features, target in zip(data.data, data.target):
            rows.writerow([*map(float, features), f"c{target}" if is_class else float(target)])


def run(amc, table, seed, *options):
    split = ["--split", f"random:{seed}", "--seed", str(seed), "--threads", "1", "--json", "--out", table.parent / "run"]
    command = [amc, "train", "--data", table, *split, "--force", *options]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=table.parent)
    return json.loads(made.stdout.splitlines()[-1])


def ways(amc, table, seed):
    chain = run(amc, table, seed)
    as_far = ["--steps", "20000", "--until-loss", str(chain["loss"])]
    mixed = [run(amc, table, seed, *MIXED, *options) for options in ([], as_far)]
    return dict(zip(["the chain", "mixed", "mixed, to the chain's loss"], [chain, *mixed]))


def found(summary):
    """Of classes the share that is found; of numbers the loss, less of which is better."""
    accuracy = summary["test_accuracy"]
    return -summary["test_loss"] if accuracy is None else accuracy


def main():
    amc = pathlib.Path(sys.argv[1]).resolve()
    print("| table | way | loss | held out, mean (deviation) | better, worse than the chain | moves |\n|", "--- | " * 6)
    with tempfile.TemporaryDirectory() as folder:
        for name, load in TABLES.items():
            table = pathlib.Path(folder) / f"{name.replace(' ', '-')}.csv"
            write(table, load())
            made = [ways(amc, table, seed) for seed in SEEDS]
            for way in made[0]:
                is_class = made[0][way]["test_accuracy"] is not None
                held, chain = [[found(of[name]) for of in made] for name in (way, "the chain")]
                better = sum(a > b for a, b in zip(held, chain))
                worse = sum(a < b for a, b in zip(held, chain))
                mean, deviation = abs(statistics.mean(held)), statistics.stdev(held)
                text = f"{mean:.1%} ({deviation:.1%})" if is_class else f"{mean:.3f} ({deviation:.3f})"
                loss = statistics.mean(of[way]["loss"] for of in made)
                moves = statistics.median(of[way]["steps"] for of in made)
                print(f"| {name} | {way} | {loss:.3f} | {text} | {better}, {worse} | {moves:,.0f} |", flush=True)


if __name__ == "__main__":
    main()

"""Prints the tables of docs/integers.md that a host measures: host.py AMC FOLDER

AMC is the command, and FOLDER has a file for each run that was made, which is not made anew: so it may be interrupted. A fifth of
a table's rows is held out, split at random by eight seeds. Times are medians of a move on one thread: nothing else may run beside them.
"""

import csv
import json
import pathlib
import statistics
import subprocess
import sys

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

INT8 = ["--numbers", "int8"]
TABLES = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "diabetes": load_diabetes}
NETS = pathlib.Path(__file__).resolve().parents[2] / "examples/nets"
HELD_OUT = 360

amc, folder = (pathlib.Path(path).resolve() for path in sys.argv[1:])


def run(*options):
    """The summary of `amc train` with these options."""
    name = " ".join(options).replace("/", "_").strip("-")
    kept = folder / f"{name}.json"
    if not kept.exists():
        command = [amc, "train", *options, "--json", "--force", "--out", folder / "run"]
        made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout
        kept.with_suffix(".part").write_text(made.splitlines()[-1])
        kept.with_suffix(".part").rename(kept)
    return json.loads(kept.read_text())


def row(*cells):
    print("|", " | ".join(cells), "|")


def table(*head):
    print()
    row(*head)
    row(*["---"] * len(head))


def percent(summaries):
    return ", ".join(f"{100 * made['test_accuracy']:.1f}" for made in summaries) + "%"


def seeds(last, *options):
    return [run("--seed", str(seed), *options) for seed in range(1, last + 1)]


def write(name, data):
    is_class = hasattr(data, "target_names")
    with open(folder / f"{name}.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*data.feature_names, "target"])
        for features, target in zip(data.data, data.target):
            rows.writerow([*map(float, features), f"c{target}" if is_class else float(target)])


def held_out(made, is_class):
    return 100 * made["test_accuracy"] if is_class else made["test"][0]["r2"]


def digits():
    table("digits, 64-16-10", "held out")
    for moves in ("10000", "20000"):
        made = seeds(9, *INT8, "--threads", "1", "--steps", moves)
        right = [round(HELD_OUT * one["test_accuracy"]) for one in made]
        mean = 100 * statistics.mean(right) / HELD_OUT
        row(f"int8, {moves} moves, seeds 1 to 9", ", ".join(map(str, right)) + f" of {HELD_OUT} ({mean:.1f}% in the mean)")
    row("floats, 20000 moves, seeds 1 to 5", percent(seeds(5, "--threads", "1", "--steps", "20000")))
    for bits in ("6", "4", "3", "2"):
        row(f"{bits} bits, seed 1", percent(seeds(1, *INT8, "--bits", bits, "--threads", "1", "--steps", "20000")))


def tables():
    table("means of 8 splits", "floats", "int8")
    for name, load in TABLES.items():
        write(name, load())
        data = ["--data", f"{name}.csv", "--threads", "1"]
        means = []
        for numbers in ([], INT8):
            made = [run("--seed", str(n), "--split", f"random:{n}", *data, *numbers) for n in range(1, 9)]
            means.append(statistics.mean(held_out(one, name != "diabetes") for one in made))
        form = "{:.3f}" if name == "diabetes" else "{:.1f}%"
        row(name + (", R²" if name == "diabetes" else ""), *map(form.format, means))


def layers():
    table("other layers on the digits, 20000 moves, seeds 1 to 5", "floats", "int8")
    for net in ("digits-filters", "digits-rows"):
        options = ["--net", str(NETS / f"{net}.toml"), "--threads", "1", "--steps", "20000"]
        row(net, *(percent(seeds(5, *options, *numbers)) for numbers in ([], INT8)))


def moves():
    table("a move on the digits, ms", "int8", "floats, the paper's chain", "floats, mixed moves")
    for isa in ("avx512", "avx2"):
        ways = (INT8, ["--arithmetic", "fused"], ["--method", "mixed"])
        made = [seeds(3, "--isa", isa, "--threads", "1", "--steps", "20000", *way) for way in ways]
        row(isa, *(f"{statistics.median(one['step_ms'] for one in of):.4f}" for of in made))


folder.mkdir(parents=True, exist_ok=True)
for part in (digits, tables, layers, moves):
    part()

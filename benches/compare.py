#!/usr/bin/env python3
"""Times moves of amc and of PyTorch in turn, so that both meet the same machine, and prints their ratio.

Usage: compare.py [CASE …] [--data-dir DIR] [--threads N] [--rounds N] [--python PYTHON] [--arithmetic fused|portable]
                  [--isa avx2]
Needs `cargo build --release -p amc-reproduce` before it, and a Python with torch and numpy (--python).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

CASES = ["mnist", "sine-10", "sine-100", "sine-1000", "step-32", "step-128", "rnn"]
HERE = pathlib.Path(__file__).resolve().parent


# What keeps PyTorch and its libraries to AVX2.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


def step_ms(command, environment):
    """The median time of a move that a command's last line of JSON tells."""
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    return json.loads(run.stdout.splitlines()[-1])["step_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, metavar="CASE")
    parser.add_argument("--data-dir", default="data/mnist")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default="python3")
    parser.add_argument("--arithmetic", default="fused")
    parser.add_argument("--isa", choices=["avx2"], help="what both are kept to [default: the widest that each uses]")
    args = parser.parse_args()
    shared = ["--threads", args.threads, "--data-dir", args.data_dir]
    amc = [str(HERE.parent / "target/release/amc-bench"), "--json", "--arithmetic", args.arithmetic, *shared]
    environment = dict(os.environ)
    if args.isa:
        amc += ["--isa", args.isa]
        environment |= AVX2
    torch = [args.python, str(HERE / "pytorch.py"), *shared]
    print("| case | PyTorch, ms a move | amc, ms a move | ratio | least and largest ratio |\n| --- | --- | --- | --- | --- |")
    for case in args.cases:
        pairs = [(step_ms([*torch, case], environment), step_ms([*amc, case], environment)) for _ in range(args.rounds)]
        ratios = sorted(theirs / ours for theirs, ours in pairs)
        theirs, ours = (statistics.median(side) for side in zip(*pairs))
        middle = statistics.median(ratios)
        print(f"| {case} | {theirs:.3g} | {ours:.3g} | {middle:.1f} | {ratios[0]:.1f} to {ratios[-1]:.1f} |", flush=True)


main()

#!/usr/bin/env bash
# Runs the commands of README.md, and compares what the device prints with what is written there: check.sh AMC CARGO...
set -euo pipefail
cd "$(dirname "$0")"
program=$1
shift
build=("$@")
amc() { "$program" "$@"; }
cargo() { command "${build[@]}" "$@"; }
# Blocks of the page, from 1. How many instructions a move takes is the compiler's.
block() { awk -v wanted="$1" '/^```/ { fences++; next } fences == 2 * wanted - 1' README.md; }
commands=$(block 1)
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
eval "$commands" >"$printed"
diff <(block 2 | grep -v instructions) <(grep -v instructions "$printed")

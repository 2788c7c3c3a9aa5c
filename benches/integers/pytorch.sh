#!/usr/bin/env bash
# Trains the nets of pytorch.py, in a venv of its own unless PYTHON is a Python with numpy and torch, and prints its rows.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$here/../../target/integers}
mkdir -p "$peers"
python=${PYTHON:-$peers/venv/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv "$peers/venv"
  "$peers/venv/bin/pip" install -q numpy torch
fi
mnist=${MNIST:-$here/../../target/mnist}
[ -d "$mnist" ] || (cd "$here/../.." && cargo run -q --release -p amc-fetch -- mnist --data-dir "$mnist" >&2)
echo "| data | net | rate, epochs (right of those chosen by, %) | right of those held out, % | the least | each seed | failed |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
"$python" "$here/pytorch.py" digits
"$python" "$here/pytorch.py" mnist --data-dir "$mnist"

#!/usr/bin/env bash
# Prints the tables of docs/integers.md that a host measures, in a venv of its own unless PYTHON is a Python with scikit-learn.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$here/../../target/integers}
mkdir -p "$peers"
python=${PYTHON:-$peers/venv-host/bin/python}
if [ -z "${PYTHON:-}" ] && [ ! -x "$python" ]; then
  python3 -m venv "$peers/venv-host"
  "$peers/venv-host/bin/pip" install -q scikit-learn
fi
amc=${AMC:-$here/../../target/release/amc}
[ -n "${AMC:-}" ] || (cd "$here/../.." && cargo build -q --release --bin amc >&2)
"$python" "$here/host.py" "$amc" "$peers/host"
echo
cd "$here/../.."
cargo run -q --release -p amc-engine --example shifts

#!/usr/bin/env bash
# Checks the Python package as pip installs it: its types, its tests, and that it trains to the bits of the command.
#
# It is built by the profile of tests, so that what these have compiled serves it, too; and the command is that of the tests of
# amc-host, which are compiled with features that `cargo build -p amc-host` would compile most of the workspace again without.
set -euo pipefail
cd "$(dirname "$0")"
built=$(realpath -m "${CARGO_TARGET_DIR:-../target}")
export CARGO_TARGET_DIR=$built PYTHONDONTWRITEBYTECODE=1
venv=$built/python

[ -x "$venv/bin/pip" ] || python3 -m venv "$venv"
export PATH=$venv/bin:$PATH
pip() { command pip --quiet --disable-pip-version-check "$@"; }
pip install 'maturin>=1.9.4,<2' 'numpy>=1.24' 'scikit-learn>=1.6' mypy pytest
pip install --no-build-isolation --no-deps --config-settings=build-args='--profile dev' .
cargo test --quiet --workspace --exclude amc-benches --test host --no-run

mypy --cache-dir "$built/mypy"
stubtest --concise --mypy-config-file pyproject.toml amc._native
AMC=$built/debug/amc pytest --quiet -p no:cacheprovider

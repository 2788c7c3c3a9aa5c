#!/usr/bin/env bash
# Reads files that libFuzzer makes of those of amc-exchange's tests, and of what these led to: fuzz/run.sh onnx|safetensors|npz
# [SECONDS]. Needs a C++ compiler, and no nightly Rust: the counters are LLVM's own pass.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=${2:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
counters="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
counters="$counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
# With a target that is named, what runs while compiling is compiled without counters.
RUSTFLAGS="$counters" cargo build --release --bin "$target" --target "$host"
mkdir -p "corpus/$target"
"${CARGO_TARGET_DIR:-target}/$host/release/$target" -max_total_time="$seconds" -rss_limit_mb=512 -timeout=10 -max_len=16384 \
  "corpus/$target" ../amc-exchange/tests/exchange/files

#!/usr/bin/env bash
# The kernels on NEON, on a machine without it: their tests under QEMU, and short trainings that come to the bits of this machine.
# Needs Debian's gcc-aarch64-linux-gnu and qemu-user, and rustup's target aarch64-unknown-linux-gnu.
set -euo pipefail
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
target_dir=${CARGO_TARGET_DIR:-target}

cargo test --release --target $target -p amc-kernels
cargo build --release --target $target -p amc-host
cargo build --release -p amc-host

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for arithmetic in portable fused; do
    for net in "digits --layers 64,31,10 --steps 100" "sine --layers 1,79,17,1 --steps 20 --signal-norm on"; do
        hash() { grep -o '"params_hash":"[0-9a-f]*"' | tail -1; }
        # shellcheck disable=SC2086 # words
        options="train --data $net --arithmetic $arithmetic --json --force --out $folder/run"
        here=$("$target_dir/release/amc" $options 2>/dev/null | hash)
        there=$($CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER "$target_dir/$target/release/amc" $options --isa neon 2>/dev/null | hash)
        echo "$arithmetic, $net: $here here, $there on NEON"
        [ -n "$here" ] && [ "$here" = "$there" ]
    done
done

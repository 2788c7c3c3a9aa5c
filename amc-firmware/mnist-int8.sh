#!/usr/bin/env bash
# mnist-int8.sh FOLDER: an integer net learns MNIST's first images on a Cortex-M0 with 16 KiB of RAM, under QEMU, and a host makes the
# same of them. FOLDER has MNIST's four files, as `amc-fetch mnist` leaves them.
set -euo pipefail
from=$(realpath "$1")
cd "$(dirname "$0")"
learned=250 moves=5000
mkdir -p target
target=$(realpath target)

# What stands behind the head of a file, which may be compressed.
behind() {
  local file=$from/$1 head=$2 bytes=$3
  { [ -e "$file" ] && cat "$file" || gzip -dc "$file.gz"; } 2>/dev/null | tail -c "+$((head + 1))" | { head -c "$bytes"; cat >/dev/null; }
}
{ behind train-images-idx3-ubyte 16 $((learned * 784)); behind train-labels-idx1-ubyte 8 $learned; } >"$target/learned.u8"
{ behind t10k-images-idx3-ubyte 16 $((10000 * 784)); behind t10k-labels-idx1-ubyte 8 10000; } >"$target/tested.u8"

AMC_MNIST=$target/learned.u8 cargo build --release --no-default-features --features qemu-m0,mnist --target thumbv6m-none-eabi \
  --bin mnist_int8
image=${CARGO_TARGET_DIR:-target}/thumbv6m-none-eabi/release/mnist_int8
arm-none-eabi-size "$image"
timeout 1200 qemu-system-arm -nographic -machine microbit -semihosting-config enable=on,target=native -kernel "$image" </dev/null |
  tee "$target/device.txt"
(cd .. && cargo run --release -p amc-core --example mnist_int8 -- "$target/learned.u8" "$target/tested.u8" $moves) | tee "$target/host.txt"
diff "$target/device.txt" <(head -n 1 "$target/host.txt")

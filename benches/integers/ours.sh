#!/usr/bin/env bash
# The project's own row: an integer net until 324 are right, in the 16 KiB of RAM of QEMU's nRF51; a move is an update.
set -euo pipefail
# shellcheck source=device.sh
. "$(dirname "$0")/device.sh"
header
cd "$here/../../amc-firmware"
cargo build --quiet --release --no-default-features --features qemu-m0 --target thumbv6m-none-eabi --bin until_int8 --bin empty \
  --target-dir "$peers/ours" 1>&2
images=$peers/ours/thumbv6m-none-eabi/release
bytes() { arm-none-eabi-size "$images/$1" | awk 'NR == 2 { print $1 + $2 }'; }
ram=$(arm-none-eabi-size "$images/until_int8" | awk 'NR == 2 { print $2 + $3 }')
flash=$(($(bytes until_int8) - $(bytes empty)))
QEMU_TIMEOUT=3600 qemu microbit cortex-m0 -kernel "$images/until_int8" >"$peers/ours.txt"
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
reached=$(awk -v enough=$enough '$3 >= enough' "$peers/ours.txt" | wc -l)
moves=$(awk '{ print $6 }' "$peers/ours.txt" | middle)
millions=$(awk '{ print $8 }' "$peers/ours.txt" | middle)
most=$(awk '{ print $8 }' "$peers/ours.txt" | sort -n | tail -n 1)
echo "| amc, int8, 16 KiB of RAM, moves instead of updates | m0 | $reached of 5 | $moves | $millions | $most | $((millions * 1000 / moves)) | - | - | - | $ram | - | $flash |"

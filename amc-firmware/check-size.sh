#!/usr/bin/env bash
# Checks the trainer in the folder of images given: what it adds to the flash, that it holds no panic, its stack, and
# that it trains.
set -euo pipefail
cd "$(dirname "$0")"
images=$1
limit=8192

flash() { arm-none-eabi-size "$1" | awk 'NR == 2 { print $1 + $2 }'; }

adds=$(($(flash "$images/trainer") - $(flash "$images/empty")))
echo "the trainer adds $adds bytes to the flash; $limit are allowed"
[ "$adds" -le "$limit" ]

# The linker keeps what is called and nothing else: no panic can happen if no symbol of panicking is left.
if arm-none-eabi-nm --demangle "$images/trainer" | grep -E 'core::panicking|_fail'; then
  echo "the trainer can panic"
  exit 1
fi

./run-qemu.sh "$images/stack"
./run-qemu.sh "$images/trainer"

#!/usr/bin/env bash
# Checks the trainer in the folder of images given: what it adds to the flash, that it holds no panic, its stack, and
# that it trains.
set -euo pipefail
cd "$(dirname "$0")"
images=$1
limit=8192

flash() { arm-none-eabi-size "$1" | awk 'NR == 2 { print $1 + $2 }'; }

adds=$(($(flash "$images/trainer") - $(flash "$images/empty")))
mixed=$(($(flash "$images/trainer_mixed") - $(flash "$images/empty")))
echo "the trainer adds $adds bytes to the flash; $limit are allowed; by mixed moves it adds $mixed"
[ "$adds" -le "$limit" ]

# The linker keeps what is called and nothing else: no panic can happen if no symbol of panicking is left.
for image in trainer trainer_mixed; do
  if arm-none-eabi-nm --demangle "$images/$image" | grep -E 'core::panicking|_fail'; then
    echo "$image can panic"
    exit 1
  fi
done
# A method that is not named takes no byte.
if arm-none-eabi-nm --demangle "$images/trainer" | grep 'amc_core::mixed'; then
  echo "the trainer holds mixed moves"
  exit 1
fi

./run-qemu.sh "$images/stack"
./run-qemu.sh "$images/trainer"
./run-qemu.sh "$images/trainer_mixed"

#!/usr/bin/env bash
# Trains the head of examples/personal by AIfES 2.2 under QEMU, and prints rows of the table in its README: run.sh AIFES_FOLDER
#
# AIFES_FOLDER is a checkout of github.com/Fraunhofer-IMS/AIfES_for_Arduino (AGPL-3: nothing of it is here). It needs Debian's
# gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm, and a Python with numpy and onnx (PYTHON, by default
# python3). CFLAGS go to the compiler after its other options. BATCH is how many samples an update takes, by default all,
# and PASS how many a pass takes, by default one, which needs the least memory. Of each optimiser's learning rates, and of
# 1, 2, 4, ... 256 epochs, that is printed which has as many held-out images right as the example in the fewest
# instructions, and then the most that were right at all.
set -euo pipefail
aifes=$(realpath "${1:?AIFES_FOLDER}")/src
cd "$(dirname "$0")"
batch=${BATCH:-50} pass=${PASS:-1}
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

"${PYTHON:-python3}" features.py "$built/features.h"
board=../../amc-c/examples/board
demanded=296 # what the example comes to
read -ra more <<<"${CFLAGS:-}"
compile=(arm-none-eabi-gcc -O2 -ffunction-sections -fdata-sections -mcpu=cortex-m4 -mthumb -mfloat-abi=hard
  -mfpu=fpv4-sp-d16 -I"$aifes" -I"$board" -I"$built" "${more[@]}")
number=0
find "$aifes/basic/base" "$aifes/basic/default" -name '*.c' | while read -r source; do
  "${compile[@]}" -w -c "$source" -o "$built/$((number += 1)).o"
done
arm-none-eabi-ar rcs "$built/aifes.a" "$built"/*.o

# An image, of main.c or empty.c, with the options given.
image() {
  "${compile[@]}" -std=gnu11 -Wall -Wextra -Wno-missing-field-initializers "${@:3}" "$2" "$board/qemu.c" \
    "$built/aifes.a" -nostdlib -lm -lc_nano -lgcc -T "$board/qemu.ld" -Wl,--gc-sections,-z,noexecstack -o "$built/$1"
}
flash() { arm-none-eabi-size "$built/$1" | awk 'NR == 2 { print $1 + $2 }'; }
image empty empty.c

echo "| | right | epochs | instructions of an epoch | in all | bytes of RAM to train | stack | flash | most right |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
for optimiser in "SGD 0.1 0.03 0.01 0.003" "ADAM 0.1 0.03 0.01 0.003"; do
  read -r name rates <<<"$optimiser"
  for rate in $rates; do
    factor=1
    if [ "$name" = SGD ]; then factor=$pass; fi
    image "$name" main.c -D"$name" -DRATE="(${rate}f * $factor)" -DEPOCHS=256 -DBATCH="$batch" -DPASS="$pass"
    # Semihosting writes to stderr.
    QEMU_TIMEOUT=600 ../../amc-firmware/run-qemu.sh "$built/$name" 2>&1 | sed "s/^/rate=$rate /"
  done >"$built/rows"
  awk -F'[ =]' -v name="$name" -v demanded="$demanded" -v flash=$(($(flash "$name") - $(flash empty))) '
    $3 == "epochs" && $6 >= demanded && (!all || $8 < all) { rate = $2; epochs = $4; right = $6; all = $8 }
    $3 == "epochs" && ($6 > most || $6 == most && $8 < by) { most = $6; best = $2; after = $4; by = $8 }
    $3 == "structures" { ram = $4 + $6 + $8; stack = $10 }
    END {
      if (!all) { print name ": never " demanded " right"; exit 1 }
      printf "| AIfES, %s, rate %s | %d | %d | %d | %d | %d | %d | %d | %d, rate %s, %d epochs, %d instructions |\n",
        name, rate, right, epochs, all / epochs, all, ram, stack, flash, most, best, after, by
    }' "$built/rows"
done

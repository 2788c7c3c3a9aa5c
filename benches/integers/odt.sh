#!/usr/bin/env bash
# Trains 64-16-10 by es-ude's OnDeviceTraining (MIT), with floats and with weights of 8 bits, and prints rows of the table: on a host to the last
# update, with floats on an M4F until enough are right, and else on a machine ten updates, as more take hours.
source "$(dirname "$0")/device.sh"

# As a public fork has it: this commit of its author is before the fork's own.
fetch odt https://github.com/PandiasChild/ForkOfOnDeviceTraining 779e4f3213ba4ddd099d62147eb2a36c77279fdd
includes=()
for folder in $(find "$peers/odt/src" -name "*.h" -printf "%h\n" | sort -u); do includes+=(-I"$folder"); done
for machine in host m0 m4f; do
  library $machine odt "${includes[@]}" -- $(find "$peers/odt/src" -name '*.c' ! -path '*/csv/*' ! -iname '*npy*' ! -path '*/serial/*' \
    ! -path '*continual_learning*' ! -name MemProfile.c | sort)
done
header
for way in "f32" "weights of 8 bits|-DSYM8"; do
  IFS='|' read -r name option <<<"$way"
  options=("${includes[@]}" -DHEAP=18688 "$here/heap.c" ${option:+$option})
  rate=$(choose odt.c odt "0.3f 0.1f 0.03f 0.01f 0.003f" "${options[@]}")
  options+=(-DRATE="$rate")
  settings="OnDeviceTraining, $name, SGD with momentum 0.9, rate ${rate%f}"
  measure "$settings" host odt.c odt 0 "${options[@]}"
  if [ -z "$option" ]; then
    measure "$settings" m4f odt.c odt $enough "${options[@]}"
  else
    updates=10 seeds=1 measure "$settings, ten updates" m4f odt.c odt $enough "${options[@]}"
  fi
  updates=10 seeds=1 measure "$settings, ten updates" m0 odt.c odt $enough "${options[@]}"
done

#!/usr/bin/env bash
# Trains with few bits what others train, on the digits and under the QEMU of amc-firmware, and prints the tables of README.md:
# run.sh [ours|host|aifes|odt|cmsis-nn|pytorch]..., by default all. `host` has the tables of docs/integers.md that need no device.
#
# It needs Debian's gcc, gcc-arm-none-eabi, qemu-system-arm, git and python3-venv. All else, others' code at fixed commits too, it
# fetches to PEERS, by default target/integers; none of that is in this repository. A table that is there as
# PEERS/NAME.md is not measured anew.
set -euo pipefail
cd "$(dirname "$0")"
peers=${PEERS:-../../target/integers}
mkdir -p "$peers"
[ $# != 0 ] || set -- ours host aifes odt cmsis-nn pytorch
for name in "$@"; do
  if [ ! -s "$peers/$name.md" ]; then
    "./$name.sh" >"$peers/$name.part"
    mv "$peers/$name.part" "$peers/$name.md"
  fi
  cat "$peers/$name.md"
  echo
done

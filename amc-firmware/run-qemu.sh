#!/bin/sh
# Runs an image in QEMU, by default on a Cortex-M4F; QEMU_MACHINE="MACHINE CPU" chooses another. An instruction takes
# 256 ns of the machine's time. 124 tells that the image did not end within the time limit, in seconds.
set -- "$1" ${QEMU_MACHINE:-mps2-an386 cortex-m4}
exec timeout "${QEMU_TIMEOUT:-120}" qemu-system-arm -machine "$2" -cpu "$3" -nographic -icount shift=8 \
    -semihosting-config enable=on,target=native -kernel "$1" </dev/null

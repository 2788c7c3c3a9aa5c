#!/bin/sh
# Runs an image in QEMU's Cortex-M4F; 124 tells that it did not end within the time limit, in seconds.
exec timeout "${QEMU_TIMEOUT:-120}" qemu-system-arm -cpu cortex-m4 -machine mps2-an386 -nographic -icount shift=8 \
    -semihosting-config enable=on,target=native -kernel "$1" </dev/null

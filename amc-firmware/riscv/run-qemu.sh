#!/bin/sh
# Runs an image on the RISC-V core of QEMU's machine `virt`. 124 tells that the image did not end within the time limit,
# in seconds.
exec timeout "${QEMU_TIMEOUT:-120}" qemu-system-riscv32 -machine virt -bios none -nographic \
    -semihosting-config enable=on,target=native -kernel "$1" </dev/null

#!/bin/sh
# Links the examples for QEMU's Cortex-M4F with the library given, into the folder given; what follows is for the
# compiler, after its other options. c99 needs no library, and is GCC's own C, in which it makes multiply-adds of one
# rounding unless it is told not to. head is there by frozen weights of 8, 16 and 32 bits.
set -eu
library=$(realpath "$1") out=$(realpath "$2")
shift 2
cd "$(dirname "$0")"
for example in xor mixed resume own_forward learner table head head_f16 head_f32 c99; do
  case $example in
    c99) standard=gnu11 with= ;;
    *) standard=c11 with=$library ;;
  esac
  case $example in
    head_*) folder=head frozen=${example#head_}/iris.h ;;
    *) folder=$example frozen= ;;
  esac
  arm-none-eabi-gcc -std=$standard -O2 -Wall -Wextra -Wpedantic -Wundef -Werror -ffreestanding -ffunction-sections \
    -fdata-sections -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -I../include -Iboard -Ixor \
    ${frozen:+"-DFROZEN=\"$frozen\""} $folder/*.c board/qemu.c ${with:+"$with"} -nostdlib -lgcc -T board/qemu.ld \
    -Wl,--gc-sections,-z,noexecstack -o "$out/$example" "$@"
done

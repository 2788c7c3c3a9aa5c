#!/usr/bin/env bash
# Checks an image of an integer net: no floating-point number is computed in it, in software or by an FPU.
set -euo pipefail
image=$1

if [ ! -f "$image" ]; then
  echo "there is no image $image"
  exit 1
fi

if arm-none-eabi-nm --demangle "$image" | grep -E '__aeabi_([fd]|u?i2[fd]|u?l2[fd])|compiler_builtins::float|libm::'; then
  echo "the image computes with floating-point numbers"
  exit 1
fi
if arm-none-eabi-objdump -d "$image" | grep -E '\bv(ldr|str|add|sub|mul|div|mla|fma|cvt|mov)\.?f'; then
  echo "the image uses an FPU"
  exit 1
fi
echo "no floating-point instruction: $(basename "$image")"

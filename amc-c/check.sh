#!/usr/bin/env bash
# Checks the library as C firmware gets it: the examples link with arm-none-eabi-gcc and nothing else, hold no panic,
# and do under QEMU what the library does here; what its README says of float ABIs, the FPU and other Rust libraries
# holds; its header is up to date, and clean C99 and C++11. The library for the Cortex-M4F is in the folder given, under
# release/ and size/.
set -euo pipefail
built=$(realpath "$1")
cd "$(dirname "$0")"
images=$built/images

for profile in release size; do
  mkdir -p "$images/$profile"
  examples/build.sh "$built/$profile/libamc.a" "$images/$profile"
  arm-none-eabi-size "$images/$profile"/*
  for example in "$images/$profile"/*; do
    # What keeps and loads has bounds checks of a library's at opt-level "s", and mixed moves divide by lengths that are not 0
    # where it does not see that; they cannot fail.
    case $example in "$images"/size/resume | "$images"/size/learner | "$images"/size/mixed) continue ;; esac
    if arm-none-eabi-nm --demangle "$example" | grep -E 'core::panicking|_fail'; then
      echo "$example can panic"
      exit 1
    fi
  done
  AMC_C_IMAGES=$images/$profile cargo test --test examples -- --include-ignored
done
cargo test

library=$built/release/libamc.a
tried=$images/tried
mkdir -p "$tried"
# Something fails, and says why.
fails() {
  local why=$1
  shift
  if "$@" >"$tried/said" 2>&1; then
    echo "it did not fail: $*"
    exit 1
  fi
  grep -q -e "$why" "$tried/said" || { cat "$tried/said"; echo "not said: $why"; exit 1; }
}

# A program of another float ABI does not link; with the FPU off it ends at once.
fails 'uses VFP register arguments' examples/build.sh "$library" "$tried" -mfloat-abi=softfp
fails 'uses VFP register arguments' examples/build.sh "$library" "$tried" -mfloat-abi=soft
examples/build.sh "$library" "$tried" -DFPU_ACCESS=0
fails 'fault: CFSR=00080000' ../amc-firmware/run-qemu.sh "$tried/xor"

# Another Rust library of the same compiler links as soon as only one panic handler is strong.
target=thumbv7em-none-eabihf
if [ -d "$(rustc --print target-libdir --target $target)" ]; then
  rustc --edition 2024 --crate-type staticlib --target $target -C panic=abort -O tests/second/lib.rs \
    -o "$tried/libsecond.a"
  second=(-Wl,--undefined=second "$tried/libsecond.a")
  fails 'multiple definition of .*rust_begin_unwind' examples/build.sh "$library" "$tried" "${second[@]}"
  arm-none-eabi-objcopy --wildcard --weaken-symbol='*rust_begin_unwind' "$library" "$tried/libamc.a"
  examples/build.sh "$tried/libamc.a" "$tried" "${second[@]}"
  ../amc-firmware/run-qemu.sh "$tried/xor"
else
  echo "skipped: a second Rust library; its core library for $target is not installed"
fi

strict=(-Wall -Wextra -Wpedantic -Wundef -Wconversion -Werror -ffreestanding -fsyntax-only -Iinclude)
for source in include/amc.h tests/subset.c; do
  for standard in c99 c11; do
    arm-none-eabi-gcc -std=$standard "${strict[@]}" -x c $source
  done
  for standard in c++11 c++17; do
    arm-none-eabi-g++ -std=$standard "${strict[@]}" -x c++ $source
  done
done

# What miri would look for, as far as sanitizers see it: every byte read or written is the caller's.
# With the features that the tests have compiled it with.
cargo build --lib --tests
here() {
  cc -std=c11 -g -Wall -Wextra -Wpedantic -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -Iinclude \
    -Iexamples/board -Iexamples/xor "$@" "${CARGO_TARGET_DIR:-target}/debug/libamc.a" -lm -o "$images/here"
  "$images/here"
}
here tests/sizes.c
here -std=c99 tests/subset.c
sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' >"$images/readme.c"
here "$images/readme.c"
# What the page on tables has of a header.
sed -n '/^```c$/,/^```$/p' ../docs/your-own-data.md | sed '/^```/d' >"$images/species.c"
cc -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only -Iexamples/c99 "$images/species.c"
answers() { "$@" 2>&1 | grep -v '^stack='; }
for example in xor mixed resume own_forward learner table head c99; do
  here examples/$example/*.c examples/board/host.c
  # These answer the same to the bit, by the library and without it.
  case $example in table | c99) diff <(answers "$images/here") <(answers ../amc-firmware/run-qemu.sh "$images/release/table") ;; esac
done
# Frozen layers make the same, however their weights are stored, by every compiler.
for compiler in gcc clang; do
  command -v $compiler >/dev/null || { echo "skipped: frozen layers by $compiler"; continue; }
  for frozen in i8 f16 f32; do
    $compiler -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude -Iexamples/board -DFROZEN="\"$frozen/iris.h\"" \
      examples/head/main.c examples/board/host.c "${CARGO_TARGET_DIR:-target}/debug/libamc.a" -lm -o "$images/here"
    case $frozen in i8) image=head ;; *) image=head_$frozen ;; esac
    diff <("$images/here") <(../amc-firmware/run-qemu.sh "$images/release/$image" 2>&1)
  done
done

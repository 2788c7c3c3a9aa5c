#!/usr/bin/env bash
# Makes the package OUT, a folder that is not there yet: the library built for this machine and for each of the targets below
# that is installed, or for those given; files for CMake and Zephyr in OUT, and a library of Arduino's and PlatformIO's in
# OUT/arduino/amc.
# AMC_PROFILE=release builds what is faster and larger.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: package.sh OUT [TARGET...]" >&2; exit 2; }
out=$(realpath -m "$1")
shift
[ ! -e "$out" ] || { echo "$out is there already: choose a folder that is not" >&2; exit 2; }
cd "$(dirname "$0")"
profile=${AMC_PROFILE:-size}
host=$(rustc -vV | sed -n 's/^host: //p')
targets=("$@")
if [ $# = 0 ]; then
  for target in "$host" thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabi thumbv7em-none-eabihf \
    thumbv8m.main-none-eabi thumbv8m.main-none-eabihf riscv32imac-unknown-none-elf riscv32imc-unknown-none-elf; do
    if [ -d "$(rustc --print target-libdir --target "$target")" ]; then
      targets+=("$target")
    else
      echo "left out: $target (rustup target add $target)" >&2
    fi
  done
fi

# All of it appears at once, or not at all.
mkdir -p "$(dirname "$out")"
part=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$part"' EXIT
built=${CARGO_TARGET_DIR:-target}
mkdir "$part/include" "$part/lib"
cp include/amc.h "$part/include"
for target in "${targets[@]}"; do
  cargo build --profile "$profile" --target "$target"
  mkdir "$part/lib/$target"
  cp "$built/$target/$profile/libamc.a" "$part/lib/$target"
done

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
cp -r package/. "$part"
cp ../LICENSE-APACHE ../LICENSE-MIT "$part"
arduino=$part/arduino/amc
mkdir "$arduino/src"
cp include/amc.h "$arduino/src"
cp ../LICENSE-APACHE ../LICENSE-MIT "$arduino"
# Arduino's folders are named after the core, and after the flags for floats where there are any: with softfp floats are passed as
# without an FPU.
while read -r target folder; do
  [ -d "$part/lib/$target" ] || continue
  mkdir -p "$arduino/src/$folder"
  cp "$part/lib/$target/libamc.a" "$arduino/src/$folder"
done <<'FOLDERS'
thumbv6m-none-eabi cortex-m0
thumbv6m-none-eabi cortex-m0plus
thumbv7m-none-eabi cortex-m3
thumbv7em-none-eabi cortex-m4
thumbv7em-none-eabihf cortex-m4/fpv4-sp-d16-hard
thumbv7em-none-eabi cortex-m7
thumbv7em-none-eabihf cortex-m7/fpv5-sp-d16-hard
thumbv7em-none-eabihf cortex-m7/fpv5-d16-hard
thumbv8m.main-none-eabi cortex-m33
thumbv8m.main-none-eabihf cortex-m33/fpv5-sp-d16-hard
riscv32imc-unknown-none-elf esp32c3
riscv32imac-unknown-none-elf esp32c6
riscv32imac-unknown-none-elf esp32h2
FOLDERS
find "$part" -type f ! -name '*.a' -exec sed -i "s/@VERSION@/$version/g" {} +
chmod 755 "$part"
mv "$part" "$out"
trap - EXIT
echo "$out: $version, profile $profile, ${targets[*]}" >&2

#!/usr/bin/env bash
# Checks the package: what CMake, Zephyr, Arduino and PlatformIO find in it, for this machine, for a Cortex-M4F, and, where the
# Rust target, GCC and QEMU for it are, for a RISC-V core. It is made in the folder given, which is emptied first.
set -euo pipefail
mkdir -p "$1"
work=$(realpath "$1")
cd "$(dirname "$0")"
rm -rf "${work:?}"/*
package=$work/package
host=$(rustc -vV | sed -n 's/^host: //p')
targets=("$host" thumbv7em-none-eabihf)
riscv=riscv32imac-unknown-none-elf
if [ -d "$(rustc --print target-libdir --target $riscv)" ] && command -v riscv64-unknown-elf-gcc >/dev/null &&
  command -v qemu-system-riscv32 >/dev/null; then
  targets+=($riscv)
else
  echo "skipped: the package on a RISC-V core; rustup target add $riscv, apt install gcc-riscv64-unknown-elf qemu-system-misc"
fi
./package.sh "$package" "${targets[@]}"
if ./package.sh "$package" "$host" 2>"$work/said"; then
  echo "a package was overwritten"
  exit 1
fi
grep -q 'there already' "$work/said"

# configured FOLDER OPTIONS...: the sample project, which knows of the package by CMake's usual variable.
configured() {
  local to=$work/$1
  shift
  cmake -S examples/cmake -B "$to" -DCMAKE_PREFIX_PATH="$package" "$@" >"$work/said" 2>&1
}
cortex_m=(-DCMAKE_TOOLCHAIN_FILE="$PWD/examples/cmake/cortex-m4f.cmake")
XOR='hash=a1228a16 steps=410'
configured host
cmake --build "$work/host"
"$work/host/xor" | grep "$XOR"
configured m4f "${cortex_m[@]}"
cmake --build "$work/m4f"
../amc-firmware/run-qemu.sh "$work/m4f/xor" 2>&1 | grep "$XOR"
if [ ${#targets[@]} = 3 ]; then
  configured riscv -DCMAKE_TOOLCHAIN_FILE="$PWD/examples/cmake/riscv32imac.cmake"
  cmake --build "$work/riscv"
  ../amc-firmware/riscv/run-qemu.sh "$work/riscv/xor" 2>&1 | grep "$XOR"
fi

# refuses WHY OPTIONS...: it is not configured, and says why.
refuses() {
  local why=$1
  shift
  if configured refused "$@"; then
    echo "it was configured: $*"
    exit 1
  fi
  tr -s '\n ' ' ' <"$work/said" | grep -q -e "$why" || { cat "$work/said"; echo "not said: $why"; exit 1; }
  rm -rf "$work/refused"
}
refuses "no library for thumbv7em-none-eabi; AMC_TARGET may be one of .*thumbv7em-none-eabihf, $host" "${cortex_m[@]}" \
  -DCMAKE_C_FLAGS='-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16'
refuses 'no library for thumbv8m.main-none-eabihf' "${cortex_m[@]}" \
  -DCMAKE_C_FLAGS='-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16'
refuses 'no library known for what the compiler makes code for' "${cortex_m[@]}" -DCMAKE_C_FLAGS=-mcpu=cortex-a7
refuses 'no library for elsewhere' -DAMC_TARGET=elsewhere

# Zephyr's options, by a stand-in for its functions, and its sample.
module() {
  cmake -DPACKAGE="$package" "${@/%/=y}" -P tests/zephyr/module.cmake >"$work/said" 2>&1
}
if ! module -DCONFIG_AMC -DCONFIG_CPU_CORTEX_M4 -DCONFIG_FP_HARDABI ||
  ! grep -q 'links lib/thumbv7em-none-eabihf/libamc.a' "$work/said"; then
  cat "$work/said"
  exit 1
fi
module -DCONFIG_CPU_CORTEX_M4
[ ! -s "$work/said" ]
# lacks WHAT OPTIONS...: the module refuses, and names it.
lacks() {
  local what=$1
  shift
  if module -DCONFIG_AMC "$@"; then
    echo "it was taken: $*"
    exit 1
  fi
  tr -s '\n ' ' ' <"$work/said" | grep -q -e "no library for $what" || { cat "$work/said"; echo "not said: $what"; exit 1; }
}
lacks thumbv6m-none-eabi: -DCONFIG_CPU_CORTEX_M0PLUS
lacks thumbv7m-none-eabi: -DCONFIG_CPU_CORTEX_M3
lacks thumbv7em-none-eabi: -DCONFIG_CPU_CORTEX_M7
lacks thumbv8m.main-none-eabihf: -DCONFIG_CPU_CORTEX_M33 -DCONFIG_FP_HARDABI
rv32imc=(-DCONFIG_RISCV_ISA_RV32I -DCONFIG_RISCV_ISA_EXT_M -DCONFIG_RISCV_ISA_EXT_C)
lacks riscv32imc-unknown-none-elf: "${rv32imc[@]}"
lacks 'this core' "${rv32imc[@]}" -DCONFIG_RISCV_ISA_EXT_A -DCONFIG_FLOAT_HARD
cc -std=c11 -Wall -Wextra -Werror -I"$package/include" -Itests/zephyr "$package/zephyr/samples/xor/src/main.c" \
  "$package/lib/$host/libamc.a" -lm -lpthread -ldl -o "$work/sample"
[ "$("$work/sample")" = 'learned XOR in 410 moves' ]

# The sketch, with a stand-in for Arduino, learns XOR: 0, 1, 1 and 0.
sketch=$package/arduino/amc
c++ -std=c++11 -Wall -Wextra -Werror -I"$sketch/src" -include tests/arduino/Arduino.h -x c++ "$sketch/examples/XOR/XOR.ino" \
  -x none "$package/lib/$host/libamc.a" -lm -lpthread -ldl -o "$work/sketch"
[ "$("$work/sketch" | awk '{ printf "%d", $1 + 0.5 }')" = 0110 ]
[ -f "$sketch/src/cortex-m4/fpv4-sp-d16-hard/libamc.a" ]
python3 - "$sketch" <<'PYTHON'
import json
import os
import sys

os.chdir(sys.argv[1])
fields = dict(line.rstrip("\n").split("=", 1) for line in open("library.properties"))
manifest = json.load(open("library.json"))
assert fields["version"] == manifest["version"] != "@VERSION@", (fields, manifest)


class Env:
    """What the script asks of PlatformIO."""

    def __init__(self, flags):
        self.flags, self.added = flags, {}

    def subst(self, _):
        return self.flags

    def BoardConfig(self):
        return {}

    def Append(self, **added):
        self.added = added


def linked(flags):
    env = Env(flags)
    exec(open(manifest["build"]["extraScript"]).read(), {"Import": lambda _: None, "env": env})
    return env.added


M4F = "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi="
assert linked(M4F + "hard") == {"LIBPATH": [os.path.abspath("src/cortex-m4/fpv4-sp-d16-hard")], "LIBS": ["amc"]}
for flags in M4F + "softfp", "-mcpu=cortex-m3", "":
    try:
        sys.exit(f"linked {linked(flags)} for {flags}")
    except SystemExit as e:
        assert "but for cortex-m4" in str(e), e
PYTHON

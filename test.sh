#!/usr/bin/env bash
# Runs every check and test of the project. What is missing on a fresh Debian or Ubuntu machine with cargo is
# installed first, and named.
#
# What is built for devices and what is built for this machine have nothing in common, so they are checked side by side:
# the devices' part says what it did when it is done.
set -euo pipefail
cd "$(dirname "$0")"
# Units that change from one run to the next are few; what finds them takes longer than it saves.
export CARGO_INCREMENTAL=0

say() { printf '\n== %4d s: %s\n' "$SECONDS" "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install() {
  say "installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing=()
command -v qemu-system-arm >/dev/null || missing+=(qemu-system-arm)
command -v arm-none-eabi-nm >/dev/null || missing+=(binutils-arm-none-eabi)
command -v arm-none-eabi-gcc >/dev/null || missing+=(gcc-arm-none-eabi)
command -v cmake >/dev/null || missing+=(cmake)
# What is exported for C is compiled as C++, too.
command -v c++ >/dev/null || missing+=(g++)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
[ ${#missing[@]} = 0 ] || install "${missing[@]}"

target=thumbv7em-none-eabihf
firmware_cargo=(cargo)
if ! [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
  if command -v rustup >/dev/null && say "installing the Rust target $target" && rustup target add "$target"; then
    :
  else
    # Debian's compiler (1.96 in bookworm-security) builds the core library for the target from source; it comes
    # without the linker that the target asks for, so Debian's lld stands in.
    dpkg -s rustc-web cargo-web rust-web-src lld >/dev/null 2>&1 || install rustc-web cargo-web rust-web-src lld
    firmware_cargo=(env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=core
      CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER=ld.lld /usr/bin/cargo)
  fi
fi

# have_targets TARGETS...: all of them are installed, or are now; without rustup it says what is left out.
have_targets() {
  local more
  for more in "$@"; do
    [ -d "$(rustc --print sysroot)/lib/rustlib/$more/lib" ] && continue
    if ! { command -v rustup >/dev/null && say "installing the Rust target $more" && rustup target add "$more"; }; then
      say "skipped: what is built for $*"
      return 1
    fi
  done
}

# The other cores' targets.
more_targets=(thumbv8m.main-none-eabihf thumbv6m-none-eabi)
have_targets "${more_targets[@]}" || more_targets=()
riscv_targets=(riscv32imac-unknown-none-elf riscv32imc-unknown-none-elf)
have_targets "${riscv_targets[@]}" || riscv_targets=()
if [ ${#riscv_targets[@]} != 0 ] && ! command -v qemu-system-riscv32 >/dev/null; then
  install qemu-system-misc
  # Newer systems have it in a package of its own.
  command -v qemu-system-riscv32 >/dev/null || install qemu-system-riscv
fi
wasm_target=wasm32-unknown-unknown
have_targets "$wasm_target" || wasm_target=
wasi_target=wasm32-wasip1
have_targets "$wasi_target" || wasi_target=

other_hosts=(aarch64-unknown-linux-gnu i686-unknown-linux-gnu)
have_targets "${other_hosts[@]}" || other_hosts=()

# The packages that tests are compiled of, always the same: with others, dependencies have other features, and the kernels are
# compiled again. The benches have no tests, and the most dependencies; clippy looks at them.
tested=(--workspace --exclude amc-benches)

# One folder for all that is built for devices: what runs on this machine meanwhile, as macros do, is compiled once a profile.
built=$PWD/amc-firmware/target/tests
images=$PWD/amc-firmware/target/images

# build_images BOARD PROFILE PROGRAMS...: all boards in one folder, where each finds what the others have compiled
# already; its images are taken out of it.
build_images() {
  local board=$1 profile=$2 for=$target
  shift 2
  case $board in
    qemu-m33 | rp2350) for=thumbv8m.main-none-eabihf ;;
    qemu-m0 | rp2040) for=thumbv6m-none-eabi ;;
  esac
  images_built() { find "$built/$for/$profile" -maxdepth 1 -type f -perm -u+x "$@"; }
  mkdir -p "$images/$board" "$built/$for/$profile"
  images_built -delete
  "${firmware_cargo[@]}" build --profile "$profile" --no-default-features --features "$board" --target "$for" "$@" \
    --target-dir "$built"
  images_built -exec cp -t "$images/$board" {} +
}

devices() {
  # What a debugger wants of an image is a quarter of the time to build it.
  export CARGO_PROFILE_RELEASE_DEBUG=false
  say "firmware images that run under QEMU"
  cd amc-firmware
  "${firmware_cargo[@]}" build --profile size --features trainer-mixed \
    --bin trainer --bin trainer_mixed --bin empty --bin stack --target-dir "$built"
  build_images qemu release --bins
  build_images qemu release --bin kinds --features layers
  build_images qemu-64k release --bin paper_net
  build_images qemu-m7 release --bin bench
  if [ ${#more_targets[@]} != 0 ]; then
    build_images qemu-m33 release --bin bench
    # Its 16 KiB of RAM hold no centres.
    build_images qemu-m0 release --bin bench --bin bench_int8 --bin digits_int8
    build_images qemu-m0 release --bin filters_int8 --features layers
    for program in digits_int8 filters_int8; do
      ./check-integers.sh "$images/qemu-m0/$program"
    done
  fi

  say "firmware images of boards link and fit"
  # Every program for every core; where a core has been, those of the most flash and of the most RAM stand for the others.
  build_images stm32f411 fit --bins
  boards=(nrf52840 nrf52833)
  if [ ${#more_targets[@]} != 0 ]; then
    build_images rp2040 fit --bins
    boards+=(rp2350)
  fi
  for board in "${boards[@]}"; do
    build_images "$board" fit --bin digits --bin paper_net
  done
  cd ..

  if [ ${#riscv_targets[@]} != 0 ]; then
    say "the chain on RISC-V cores"
    for for in "${riscv_targets[@]}"; do
      (cd amc-firmware/riscv && cargo build --release --target "$for" --target-dir "$built")
    done
  fi
  if [ -n "$wasm_target" ]; then
    say "the chain in WebAssembly"
    (cd tests/wasm && cargo build --release --target "$wasm_target" --target-dir "$built")
  fi

  say "the trainer's flash and stack"
  amc-firmware/check-size.sh "$built/$target/size"

  say "amc-store and amc-learner on a core, and on one without atomic instructions"
  for for in "$target" "${more_targets[@]}" "${riscv_targets[@]}"; do
    # What is missing on a core is found without making code.
    "${firmware_cargo[@]}" check --release -p amc-store -p amc-learner --target "$for" --target-dir "$built"
  done

  say "the kernels on machines without AVX"
  for for in "${other_hosts[@]}"; do
    cargo check --release -p amc-kernels --target "$for" --target-dir "$built"
  done

  say "a firmware of somebody else's"
  cd examples/firmware-user
  "${firmware_cargo[@]}" build --release --target-dir "$built"
  ../../amc-firmware/run-qemu.sh "$built/$target/release/firmware-user"
  cd ../..

  say "the library for C"
  cd amc-c
  "${firmware_cargo[@]}" build --release --target "$target" --target-dir "$built"
  "${firmware_cargo[@]}" build --profile size --target "$target" --target-dir "$built"
  ./check.sh "$built/$target"
  if [ ${#firmware_cargo[@]} = 1 ]; then
    say "the library for C as a package"
    CARGO_TARGET_DIR=$built ./check-package.sh "$built/package"
  else
    say "skipped: the library for C as a package, which cargo builds where rustup has the target"
  fi
  cd ..

  say "what spans the crates, under QEMU"
  local skipped=()
  [ ${#more_targets[@]} != 0 ] || skipped=(--skip a_cortex_m33 --skip a_cortex_m0)
  [ ${#riscv_targets[@]} != 0 ] || skipped+=(--skip a_riscv_core)
  if [ -z "$wasm_target" ] || ! command -v node >/dev/null; then
    say "skipped: the chain in WebAssembly, which node runs where it is"
    skipped+=(--skip webassembly)
  fi
  AMC_FIRMWARE_IMAGES="$images/qemu" AMC_FIRMWARE_IMAGES_M7="$images/qemu-m7" \
    AMC_FIRMWARE_IMAGES_64K="$images/qemu-64k" AMC_FIRMWARE_IMAGES_M33="$images/qemu-m33" \
    AMC_FIRMWARE_IMAGES_M0="$images/qemu-m0" AMC_RISCV_IMAGE_IMAC="$built/${riscv_targets[0]-}/release/chain" \
    AMC_RISCV_IMAGE_IMC="$built/${riscv_targets[1]-}/release/chain" \
    AMC_WASM_MODULE="$built/$wasm_target/release/amc_wasm.wasm" \
    cargo test "${tested[@]}" --test bits --test spanning -- --include-ignored "${skipped[@]}"

  say "a net from elsewhere learns more classes on a device"
  cargo test "${tested[@]}" --test host --no-run
  CARGO_TARGET_DIR=$built examples/personal/check.sh "$(realpath "${CARGO_TARGET_DIR:-target}")/debug/amc" "${firmware_cargo[@]}"

  # What is for this machine would be done later than all of this.
  say "the core as a microcontroller has it, without layers beside dense ones"
  cargo test -p amc-core --test dense

  if [ -n "$wasi_target" ] && command -v node >/dev/null; then
    say "the core's tests in WebAssembly"
    CARGO_TARGET_WASM32_WASIP1_RUNNER="node --no-warnings $PWD/tests/wasm/wasi.mjs" \
      cargo test -p amc-core --features layers,serde --test core --target "$wasi_target" --target-dir "$built"
  fi
}

host() {
  if cargo fmt --version >/dev/null 2>&1; then
    say "formatting"
    cargo fmt --all --check
    (cd amc-firmware && cargo fmt --check)
    (cd amc-firmware/riscv && cargo fmt --check)
    (cd tests/wasm && cargo fmt --check)
    (cd examples/firmware-user && cargo fmt --check)
    (cd examples/personal && cargo fmt --check)
    (cd amc-c && cargo fmt --check)
    (cd fuzz && cargo fmt --check)
  fi

  if cargo clippy --version >/dev/null 2>&1; then
    say "clippy"
    cargo clippy --workspace --all-targets --features amc-core/defmt,amc-store/defmt -- -D warnings
    (cd amc-c && cargo clippy --all-targets -- -D warnings)
  fi

  say "documentation"
  RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

  say "tests"
  cargo test "${tested[@]}" --exclude amc-tests

  say "the Python package"
  amc-python/check.sh

  say "training on several ranks"
  amc-ranks/check.sh "${CARGO_TARGET_DIR:-target}/debug/amc"
  # MPI is there now; all else was looked at with the same features above.
  ! cargo clippy --version >/dev/null 2>&1 || cargo clippy --workspace --all-targets \
    --features amc-core/defmt,amc-store/defmt,amc-ranks/mpi -- -D warnings

  if python3 -c 'import numpy, onnxruntime' 2>/dev/null; then
    say "what is exported, in onnxruntime"
    python3 amc-exchange/tests/elsewhere.py "${CARGO_TARGET_DIR:-target}/debug/amc"
  fi

  say "the same bits from unoptimised code"
  cargo test --config tests/unoptimised.toml "${tested[@]}" --test bits
}

# Both in the background, each in a process group of its own: whatever ends this script ends all of it. (A part that is asked
# for its status on the spot, as in `part || …`, would go on after what fails in it.)
of_devices=$(mktemp)
set -m
(devices) >"$of_devices" 2>&1 </dev/null &
devices=$!
(host) </dev/null &
host=$!
set +m
trap 'kill -- "-$devices" "-$host" 2>/dev/null || true; rm -f "$of_devices"' EXIT
wait "$host" || { failed=$?; say "what is for this machine failed"; exit "$failed"; }
failed=0
wait "$devices" || failed=$?
cat "$of_devices"
[ "$failed" = 0 ] || { say "what is for devices failed"; exit "$failed"; }

say "all passed"

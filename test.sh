#!/usr/bin/env bash
# Runs every check and test of the project. What is missing on a fresh Debian or Ubuntu machine with cargo is
# installed first, and named.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\n== %s\n' "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install() {
  say "installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

command -v qemu-system-arm >/dev/null || install qemu-system-arm
command -v arm-none-eabi-nm >/dev/null || install binutils-arm-none-eabi
command -v arm-none-eabi-gcc >/dev/null || install gcc-arm-none-eabi

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

# The other cores' targets; without rustup their images are left out.
more_targets=(thumbv8m.main-none-eabihf thumbv6m-none-eabi)
for more in "${more_targets[@]}"; do
  [ -d "$(rustc --print sysroot)/lib/rustlib/$more/lib" ] && continue
  if ! { command -v rustup >/dev/null && say "installing the Rust target $more" && rustup target add "$more"; }; then
    say "skipped: images for ${more_targets[*]}"
    more_targets=()
    break
  fi
done

if cargo fmt --version >/dev/null 2>&1; then
  say "formatting"
  cargo fmt --all --check
  (cd amc-firmware && cargo fmt --check)
  (cd examples/firmware-user && cargo fmt --check)
  (cd amc-c && cargo fmt --check)
fi

if cargo clippy --version >/dev/null 2>&1; then
  say "clippy"
  cargo clippy --workspace --all-targets -- -D warnings
  cargo clippy -p amc-core --all-targets --features defmt,layers -- -D warnings
  cargo clippy -p amc-store --all-targets --features defmt -- -D warnings
  (cd amc-c && cargo clippy --all-targets -- -D warnings)
fi

say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

say "firmware images"
built=$PWD/amc-firmware/target/tests
images=$PWD/amc-firmware/target/images
(
  cd amc-firmware
  "${firmware_cargo[@]}" build --profile size --bin trainer --bin empty --bin stack --target-dir "$built"
  # All boards in one folder, where each finds what the others have compiled already; its images are taken out of it.
  boards=(qemu qemu-64k qemu-m7 stm32f411 nrf52840 nrf52833)
  [ ${#more_targets[@]} = 0 ] || boards+=(qemu-m33 rp2350 qemu-m0 rp2040)
  images_built() { find "$built/$for/release" -maxdepth 1 -type f -perm -u+x "$@"; }
  for board in "${boards[@]}"; do
    case $board in
      qemu-m33 | rp2350) for=thumbv8m.main-none-eabihf ;;
      qemu-m0 | rp2040) for=thumbv6m-none-eabi ;;
      *) for=$target ;;
    esac
    programs=(--bins)
    case $board in
      qemu-64k) programs=(--bin paper_net) ;;
      # Its 16 KiB of RAM hold no centres.
      qemu-m0) programs=(--bin bench) ;;
    esac
    mkdir -p "$images/$board" "$built/$for/release"
    images_built -delete
    "${firmware_cargo[@]}" build --release --no-default-features --features "$board" --target "$for" "${programs[@]}" \
      --target-dir "$built"
    images_built -exec cp -t "$images/$board" {} +
  done
)

say "amc-store and amc-learner on a core, and on one without atomic instructions"
for for in "$target" "${more_targets[@]}"; do
  "${firmware_cargo[@]}" build -p amc-store -p amc-learner --target "$for"
done

say "a firmware of somebody else's"
(
  cd examples/firmware-user
  "${firmware_cargo[@]}" build --release
  ../../amc-firmware/run-qemu.sh "target/$target/release/firmware-user"
)

say "the library for C"
(
  cd amc-c
  "${firmware_cargo[@]}" build --release --target "$target" --target-dir target
  "${firmware_cargo[@]}" build --profile size --target "$target" --target-dir target
  ./check.sh "target/$target"
)

say "the trainer's flash and stack"
amc-firmware/check-size.sh "$built/$target/size"

say "tests, those under QEMU included"
skipped=()
[ ${#more_targets[@]} != 0 ] || skipped=(--skip a_cortex_m33 --skip a_cortex_m0)
AMC_FIRMWARE_IMAGES="$images/qemu" AMC_FIRMWARE_IMAGES_M7="$images/qemu-m7" \
  AMC_FIRMWARE_IMAGES_64K="$images/qemu-64k" AMC_FIRMWARE_IMAGES_M33="$images/qemu-m33" \
  AMC_FIRMWARE_IMAGES_M0="$images/qemu-m0" \
  cargo test --workspace -- --include-ignored "${skipped[@]}"

say "the core as a microcontroller has it, without layers beside dense ones"
cargo test -p amc-core --test chain --test net

say "the same bits from unoptimised code"
CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo test -p amc-tests --test bits --target-dir target/unoptimised

say "all passed"

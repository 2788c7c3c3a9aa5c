# What the scripts for peers in C share: fetching, compiling for a host and for two machines of QEMU, running. It is sourced.
#
# PEERS: the folder for all that is fetched and built, by default target/integers. CFLAGS go to the compiler after its other options.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
board=$here/../../amc-c/examples/board
peers=${PEERS:-$here/../../target/integers}
mkdir -p "$peers"
peers=$(realpath "$peers")
cp "$here/../../data/digits.u8" "$peers"
read -ra more <<<"${CFLAGS:-}"

# What all peers learn: batches of 32 of the first 1,437 digits, held out are the last 360; 90% of these are 324.
learned=1437 held_out=360 enough=324 updates=2250 seeds="1 2 3 4 5"
# What settings are chosen by: the last 288 of those that are learned, of which 95% are 274, other seeds.
chosen_learned=1149 chosen_held_out=288 chosen_enough=274 chosen_seeds="11 12 13"

# NAME URL COMMIT: a checkout of it in $peers/NAME. A variable NAME_URL (in capitals, _ for -) has another place that it is fetched from.
fetch() {
  local name=$1 url=$2 commit=$3 other
  other=$(tr a-z- A-Z_ <<<"$name")_URL
  [ "$(git -C "$peers/$name" rev-parse HEAD 2>/dev/null)" = "$commit" ] && return
  rm -rf "${peers:?}/$name"
  git init -q "$peers/$name"
  git -C "$peers/$name" fetch -q --depth 1 "${!other:-$url}" "$commit"
  git -C "$peers/$name" checkout -q FETCH_HEAD
}

# Newlib of Debian's package in $peers, where the machine has none.
newlib=()
if [ "$(arm-none-eabi-gcc -print-file-name=libc_nano.a)" = libc_nano.a ]; then
  if [ ! -d "$peers/newlib" ]; then
    (cd "$peers" && apt-get -qq download libnewlib-arm-none-eabi libnewlib-dev && for package in libnewlib-*.deb; do dpkg -x "$package" newlib; done)
  fi
  newlib=(-isystem "$peers/newlib/usr/include/newlib")
fi

# MACHINE: its compiler and what it needs. Machines: host, m0, a Cortex-M0 of 256 KiB of flash, and m4f, a Cortex-M4F.
compiler() {
  case $1 in
  host) echo gcc -O2 -DHOST ;;
  m0) echo arm-none-eabi-gcc -O2 -ffunction-sections -fdata-sections -mcpu=cortex-m0 -mthumb "${newlib[@]}" ;;
  m4f) echo arm-none-eabi-gcc -O2 -ffunction-sections -fdata-sections -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 "${newlib[@]}" ;;
  esac
}

# MACHINE LIBRARY OPTIONS... -- SOURCES...: $peers/MACHINE/LIBRARY.a
library() {
  local machine=$1 name=$2 folder options=() number=0 source
  shift 2
  while [ "$1" != -- ]; do options+=("$1") && shift; done
  shift
  folder=$peers/$machine/$name
  rm -rf "$folder" "$folder.a" && mkdir -p "$folder"
  for source in "$@"; do
    # shellcheck disable=SC2046
    $(compiler "$machine") "${options[@]}" "${more[@]}" -w -c "$source" -o "$folder/$((number += 1)).o"
  done
  ar rcs "$folder.a" "$folder"/*.o
}

# MACHINE IMAGE SOURCE OPTIONS...: $peers/MACHINE/IMAGE.elf, of a source of this folder, what it needs beside it, and the board.
image() {
  local machine=$1 name=$2 source=$3 with=() flash=4M ram=4M
  shift 3
  case $source in
  empty.c | cmsis-nn.c) ;;
  aifes-q7.c) with=("$here/aifes-f32.c" "$here/heap.c" "$here/random.c") ;;
  *) with=("$here/train.c" "$here/random.c") ;;
  esac
  mkdir -p "$peers/$machine"
  if [ "$machine" = host ]; then
    # shellcheck disable=SC2046
    $(compiler host) -std=gnu11 -I"$board" -I"$here" -Wa,-I"$peers" "$here/$source" "${with[@]}" "$here/digits.s" "$board/host.c" \
      "$@" "${more[@]}" -lm -Wl,-z,noexecstack -o "$peers/host/$name.elf"
    return
  fi
  if [ "$machine" = m0 ]; then flash=256K ram=32K; fi
  sed "s/LENGTH = 4M/LENGTH = $flash/; s/LENGTH = 64K/LENGTH = $ram/" "$board/qemu.ld" >"$peers/$machine/qemu.ld"
  # shellcheck disable=SC2046
  $(compiler "$machine") -std=gnu11 -Wall -Wextra -Wno-missing-field-initializers -Wno-type-limits -I"$board" -I"$here" -Wa,-I"$peers" \
    "$here/$source" "${with[@]}" "$here/digits.s" "$board/qemu.c" "$@" "${more[@]}" \
    ${newlib:+-L"$peers/newlib/usr/lib/arm-none-eabi/newlib/$($(compiler "$machine") -print-multi-directory)"} \
    -nostdlib -Wl,--start-group -lm -lc_nano -lgcc -Wl,--end-group -T "$peers/$machine/qemu.ld" \
    -Wl,--gc-sections,-z,noexecstack,--no-warn-rwx-segments -o "$peers/$machine/$name.elf"
}

# MACHINE IMAGE: runs it. An instruction takes 256 ns of the machine's time. The M0 is QEMU's nRF51 with the 32 KiB of RAM that its
# larger variant has, as no peer fits the 16 KiB of the smaller one.
run() {
  case $1 in
  host) "$peers/host/$2.elf" ;;
  m0) qemu microbit cortex-m0 -global nrf51-soc.sram-size=32768 -kernel "$peers/m0/$2.elf" ;;
  m4f) qemu mps2-an386 cortex-m4 -kernel "$peers/m4f/$2.elf" ;;
  esac
}

qemu() {
  # Semihosting writes to stderr.
  timeout "${QEMU_TIMEOUT:-600}" qemu-system-arm -machine "$1" -cpu "$2" "${@:3}" -nographic -icount shift=8 \
    -semihosting-config enable=on,target=native </dev/null 2>&1
}

# MACHINE IMAGE: bytes of flash that it has beyond the digits, start-up and reports.
flash() {
  [ -e "$peers/$1/empty.elf" ] || image "$1" empty empty.c
  arm-none-eabi-size "$peers/$1/$2.elf" "$peers/$1/empty.elf" | awk 'NR > 1 { bytes[NR] = $1 + $2 } END { print bytes[2] - bytes[3] }'
}

header() {
  echo "| peer | machine | seeds with $enough right | updates | million instructions | the most of a seed | thousands an update \
| right at the end | the least | the most at any look | RAM | stack | flash |"
  echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
}

# What options of an image say when its settings are chosen, and when it is measured until enough are right, and to the end.
choosing() { of $chosen_learned $chosen_held_out $chosen_enough "$1"; }
measuring() { of $learned $held_out "$1" "$2"; }
of() { echo "-DBATCH=32 -DUPDATES=$updates -DLEARNED=$1 -DHELD_OUT_FROM=$1 -DHELD_OUT=$2 -DENOUGH=$3 -DSEED=$4"; }

# SOURCE LIBRARY RATES OPTIONS...: the rate by which a host comes to enough of those that settings are chosen by in the fewest
# updates of all seeds together; a seed that never does counts as all updates. Of equals, the first.
choose() {
  local source=$1 library=$2 rates=$3 best='' fewest='' rate seed sum
  shift 3
  for rate in $rates; do
    sum=0
    for seed in $chosen_seeds; do
      # shellcheck disable=SC2046
      image host chosen "$source" $(choosing "$seed") -DRATE="$rate" "$@" "$peers/host/$library.a"
      sum=$((sum + $(run host chosen | awk -F'[ =]' -v enough=$chosen_enough -v all=$updates '
        $1 == "updates" && $4 >= enough && !by { by = $2 } END { print by ? by : all }')))
    done
    if [ -z "$fewest" ] || [ "$sum" -lt "$fewest" ]; then best=$rate fewest=$sum; fi
  done
  echo "$best"
}

# NAME MACHINE SOURCE LIBRARY ENOUGH OPTIONS...: a row. ENOUGH is 0 to go on to the last update: then there are what is right at the end.
measure() {
  local name=$1 machine=$2 source=$3 library=$4 until=$5 seed bytes=-
  shift 5
  for seed in $seeds; do
    # shellcheck disable=SC2046
    image "$machine" "$library" "$source" $(measuring "$until" "$seed") "$@" "$peers/$machine/$library.a"
    run "$machine" "$library" | sed "s/^/seed=$seed /"
  done >"$peers/rows"
  [ "$machine" = host ] || bytes=$(flash "$machine" "$library")
  awk -F'[ =]' -v name="$name" -v machine="$machine" -v enough=$enough -v until="$until" -v flash="$bytes" -v seeds="$seeds" \
    -v looks=$((updates / 10)) '
    function middle(of, n, i, j, v) {
      n = 0
      for (i in of) v[++n] = of[i]
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
      most = v[n]; least = v[1]
      return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }
    $3 == "updates" { last[$2] = $6; each = $8 / $4; if ($6 > best) best = $6 }
    $3 == "updates" && $6 >= enough && !($2 in after) { after[$2] = $4; spent[$2] = $8 }
    $3 == "ram" { ram = $4; if ($6 > stack) stack = $6 }
    END {
      reached = length(after)
      of = looks > 1 ? reached " of " split(seeds, x, " ") : "-"
      a = b = c = "-"
      if (reached) { a = middle(after); b = sprintf("%.0f", middle(spent) / 1000); c = sprintf("%.0f", most / 1000) }
      d = e = f = "-"
      if (until == 0) { d = middle(last); e = least; f = best }
      if (machine == "host") { b = c = each = ram = stack = "-" } else each = sprintf("%.0f", each)
      printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
        name, machine, of, a, b, c, each, d, e, f, ram, stack, flash
    }' "$peers/rows"
}

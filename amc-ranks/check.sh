#!/usr/bin/env bash
# Checks training on several ranks under mpirun: one hash for any number of ranks and threads, a rank that is killed, and ranks
# that do not go together. What is missing on a fresh Debian or Ubuntu machine with cargo is installed first.
#
# Given the command `amc`, it compares with that, too.
set -euo pipefail
amc=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
missing=()
command -v mpicc >/dev/null || missing+=(libopenmpi-dev)
command -v mpirun >/dev/null || missing+=(openmpi-bin)
# libclang-cpp, which other packages bring, is another library.
compgen -G '/usr/lib/llvm-*/lib/libclang[.-][0-9s]*' >/dev/null || missing+=(libclang-dev)
if [ ${#missing[@]} != 0 ]; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# With the packages and features of `test.sh`, so that only what speaks to MPI is compiled beside what that has compiled.
cargo build --quiet --workspace --exclude amc-benches --features amc-ranks/mpi --bin amc-ranks
ranks=$(realpath "${CARGO_TARGET_DIR:-target}")/debug/amc-ranks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "$*"; tail -n 20 said 2>/dev/null; exit 1; }
on() { mpirun --oversubscribe --bind-to none -n "$1" "$ranks" train --json --force "${@:2}" 2>said; }
hash_of() { sed -n 's/.*"params_hash":"\([0-9a-f]*\)".*/\1/p'; }

whole="--steps 600"
progressive="--steps 2000 --batch progressive --sigma 0.05"
random="--steps 600 --batch 100"
mixed="--steps 600 --method mixed"
integers="--steps 2000 --numbers int8"
numbers="--steps 200 --numbers int8 --data sine"
for way in "$whole" "$progressive" "$random" "$mixed" "$mixed --batch 100" "$integers" "$numbers"; do
  wanted=
  [ -z "$amc" ] || wanted=$("$amc" train --json --force --out one $way 2>/dev/null | hash_of)
  for count in 1 2 3 4; do
    for threads in 1 2; do
      hash=$(on "$count" --out of-ranks --threads $threads $way | hash_of)
      wanted=${wanted:-$hash}
      [ -n "$hash" ] && [ "$hash" = "$wanted" ] || fail "$way on $count ranks of $threads threads: '$hash', not '$wanted'"
    done
  done
  echo "one hash for 1, 2, 3 and 4 ranks of 1 and 2 threads: $wanted ($way)"
done

# A table, of which each rank keeps its part.
awk 'BEGIN { print "id,x,y,colour,kind"; for (i = 1; i <= 500; i++) print i "," i / 100 "," (i % 7 ? (i * 37 % 100) / 50 : "") "," (i % 3 ? "red" : "blue") "," int(i / 4) % 2 }' >table.csv
way="--steps 300 --data table.csv --missing mean"
wanted=
[ -z "$amc" ] || wanted=$("$amc" train --json --force --out one $way 2>/dev/null | hash_of)
for count in 1 2 3 4; do
  hash=$(on "$count" --out table --threads 1 $way | hash_of)
  wanted=${wanted:-$hash}
  [ -n "$hash" ] && [ "$hash" = "$wanted" ] || fail "$way on $count ranks: '$hash', not '$wanted'"
done
echo "one hash for 1, 2, 3 and 4 ranks: $wanted ($way)"

# Several chains.
for way in "--steps 700 --chains 5 --exchange-every 300" "--steps 300 --ladder 1e-5,3e-5,1e-4"; do
  wanted=$(on 1 --out alone --threads 2 $way | hash_of)
  for count in 2 3; do
    hash=$(on "$count" --out chains --threads 1 $way | hash_of)
    [ -n "$hash" ] && [ "$hash" = "$wanted" ] || fail "$way on $count ranks: '$hash', not '$wanted'"
  done
  echo "one hash for 1, 2 and 3 ranks: $wanted ($way)"
done

# Ranks that look ahead.
heated="--steps 600 --temperature 1e-5"
for way in "$whole" "$heated"; do
  wanted=$(on 1 --out alone --threads 1 $way | hash_of)
  for count in 1 2 3 4; do
    hash=$(on "$count" --out ahead --threads 1 --speculate $way | hash_of)
    [ -n "$hash" ] && [ "$hash" = "$wanted" ] || fail "$way, $count ranks that look ahead: '$hash', not '$wanted'"
  done
  echo "one hash for 1, 2, 3 and 4 ranks that look ahead: $wanted ($way)"
done

long="--steps 60000 --threads 1"
wanted=$(on 1 --out whole $long | hash_of)
on 3 --out killed --checkpoint-every 100ms $long >/dev/null &
run=$!
until [ -s killed/checkpoint ]; do kill -0 $run 2>/dev/null || fail "it ended before a checkpoint"; done
# Of this run: the second process that its mpirun has started.
launcher=$(pgrep -P $run mpirun || echo $run)
victim=$(pgrep -P "$launcher" amc-ranks | sed -n 2p)
kill -KILL "$victim"
! wait $run || fail "it ended well with a rank killed"
[ "$(grep -c "rank 1 " said)" = 1 ] || fail "not one line names rank 1"
grep -h "rank 1 " said
[ -s killed/checkpoint ] && ! [ -e killed/model.amc ] || fail "the checkpoint is gone"
hash=$(on 2 --resume killed | hash_of)
[ "$hash" = "$wanted" ] || fail "resumed on fewer ranks: '$hash', not '$wanted'"
echo "killed, and resumed on fewer ranks to the same bits: $hash"

# refused WHAT FIRST... : SECOND...: two ranks of their own command lines end with code 2 and one line that names what differs.
refused() {
  local what=$1 code=0
  shift
  mpirun --oversubscribe --bind-to none -n 1 "${@:1:$#/2}" : -n 1 "${@:$#/2+1}" >/dev/null 2>said || code=$?
  [ $code = 2 ] && [ "$(grep -c '^amc: ' said)" = 1 ] && grep "^amc: $what" said || fail "not refused with code 2: $what"
}
other=$work/other
cp "$ranks" "$other"
printf x >>"$other"
mkdir a b
seq 1 200 | awk '{ print $1 / 100 "," ($1 * 37 % 100) / 50 "," $1 % 2 }' >a/table.csv
sed '77s/^[^,]*/9.5/' a/table.csv >b/table.csv
train="train --steps 10 --threads 1 --force --out refused"
refused "the program of rank" "$ranks" $train "$other" $train
refused "the options of rank" "$ranks" $train --seed 1 "$ranks" $train --seed 2
refused "the options of rank" "$ranks" $train --arithmetic portable "$ranks" $train --arithmetic fused
refused "the data to train on of rank" "$ranks" $train --data a/table.csv --split last "$ranks" $train --data b/table.csv --split last
refused "ranks look ahead by moves of one kind" "$ranks" $train --speculate --method mixed "$ranks" $train --speculate --method mixed
# Of as many words: the seed is the default.
refused "the options of rank" "$ranks" $train --speculate "$ranks" $train --seed=1
refused "rank 1: " "$ranks" $train --data a/table.csv "$ranks" $train --data no/table.csv

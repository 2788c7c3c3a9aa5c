#!/usr/bin/env bash
# What each part of mixed moves is worth: amc-methods on copies of the program in which one part is switched off. Prints the
# table of medians of whole passes that docs/method.md has. What was found stays in runs/ablation and is not found again: remove
# it after a change. Builds take a minute each.
#
# Usage: ablation.sh [PART...]      (see the parts below; all by default)
set -euo pipefail
cd "$(dirname "$0")/.."
tasks=(xor sine step-16 step-64 digits digits-deep)
out=$PWD/runs/ablation

# A file of the method and what is replaced in it, by what.
declare -A parts=(
  [nothing]="mixed.rs||"
  [contraction]="mixed/draw.rs|(sigma \* sigma).min(1.0)|0.0 * sigma"
  [pattern]="mixed.rs|self.temperature == 0.0 \&\& self.pattern.is_due()|false \&\& self.pattern.is_due()"
  [centring]="mixed/statistics.rs|(square - mean \* mean).max(0.0) + ETA|square.max(0.0 * mean) + ETA"
  [whitening]="mixed/draw.rs|place.whitening(statistics)|None::<\&[f32]>"
  [start]="mixed/start.rs|\[f32; 2\] = \[0.6, 0.4\]|[f32; 2] = [0.1, 0.1]"
  [adaptation]="mixed/arm.rs|LEARNING_RATE: f32 = 0.05|LEARNING_RATE: f32 = 0.0"
  [restart]="mixed/arm.rs|SMALLEST: f32 = -9.0|SMALLEST: f32 = -99.0"
  [spread]="mixed/arm.rs|SPREAD: f32 = 0.3|SPREAD: f32 = 0.0"
  [choice]="mixed/arm.rs|EXPLORED: f32 = 0.1|EXPLORED: f32 = 1.0"
)

if [ $# = 0 ]; then
  set -- nothing contraction pattern centring whitening start adaptation restart spread choice
fi
for part in "$@"; do
  IFS='|' read -r file from to <<<"${parts[$part]:?no part of this name}"
  copy=$out/source
  rm -rf "$copy"
  mkdir -p "$copy" "$out/$part"
  git ls-files | grep -v '^amc-firmware\|^amc-c/\|^examples/firmware' | tar -c -T - | tar -x -C "$copy"
  if [ -n "$from" ]; then
    sed -i "s~$from~$to~" "$copy/amc-core/src/$file"
    if cmp -s "amc-core/src/$file" "$copy/amc-core/src/$file"; then
      echo "$file has no '$from' any more" >&2
      exit 1
    fi
  fi
  # Where a part is left out, what only it uses is too.
  RUSTFLAGS=-Awarnings cargo run --quiet --release --manifest-path "$copy/Cargo.toml" --target-dir "$out/target" \
    -p amc-reproduce --bin amc-methods -- "${tasks[@]}" --mixed-only --out "$out/$part" >/dev/null
done

cargo run --quiet --release -p amc-reproduce --bin amc-methods -- "${tasks[@]}" --ablation "${@/#/$out/}"

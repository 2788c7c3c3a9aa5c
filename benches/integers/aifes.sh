#!/usr/bin/env bash
# Trains 64-16-10 by AIfES (AGPL-3: nothing of it is here), and prints a row of the table for each way and machine.
source "$(dirname "$0")/device.sh"

url=https://github.com/Fraunhofer-IMS/AIfES_for_Arduino
fetch aifes $url 07a438213f67e8f9d0271417a9f16be97f1597d2     # 2.2.0
fetch aifes-q31 $url 72a012a7ff4aa15d7320b1d6f3b820e5b266b8d1 # 2.1.1, the last whose layers of integers have a backward pass
printing=-DAIDEBUG_ENABLE_PRINTING
for machine in host m0 m4f; do
  library $machine aifes -I"$peers/aifes/src" -- \
    $(find "$peers/aifes/src/basic/base" "$peers/aifes/src/basic/default" "$peers/aifes/src/basic/express" -name '*.c' | sort)
  library $machine aifes-q31 -I"$peers/aifes-q31/src" $printing -- \
    $(find "$peers/aifes-q31/src/basic/base" "$peers/aifes-q31/src/basic/default" -name '*.c' | sort)
done

# SOURCE LIBRARY OPTIONS...: the bytes that AIfES asks for.
asked() {
  # shellcheck disable=SC2046
  image m4f "$2" "$1" $(measuring 0 1) "${@:3}" "$peers/m4f/$2.a"
  { run m4f "$2" || true; } | sed -n 's/^needed=//p'
}

header
for way in "SGD|1" "SGD|8" "Adam|1|-DADAM"; do
  IFS='|' read -r name pass option <<<"$way"
  options=(-I"$peers/aifes/src" -DPASS="$pass" ${option:+$option})
  rate=$(choose aifes-f32.c aifes "1.0f 0.3f 0.1f 0.03f 0.01f 0.003f 0.001f" "${options[@]}" -DWORKING=131072)
  options+=(-DRATE="$rate")
  options+=(-DWORKING="$(asked aifes-f32.c aifes "${options[@]}" -DWORKING=4)")
  settings="AIfES 2.2, f32, $name, passes of $pass, rate ${rate%f}"
  measure "$settings" m0 aifes-f32.c aifes $enough "${options[@]}"
  measure "$settings" m4f aifes-f32.c aifes 0 "${options[@]}"
  if [ "$way" = "SGD|1" ]; then sgd=("${options[@]}"); fi
done

options=(-I"$peers/aifes-q31/src" $printing)
rate=$(choose aifes-q31.c aifes-q31 "1.0f 0.5f 0.2f 0.1f 0.05f 0.02f 0.01f" "${options[@]}" -DPARAMETERS=131072 -DWORKING=131072)
options+=(-DRATE="$rate")
options+=(-DPARAMETERS="$(asked aifes-q31.c aifes-q31 "${options[@]}" -DPARAMETERS=4 -DWORKING=4)")
options+=(-DWORKING="$(asked aifes-q31.c aifes-q31 "${options[@]}" -DWORKING=4)")
settings="AIfES 2.1.1, Q31, SGD, rate ${rate%f}"
measure "$settings" m0 aifes-q31.c aifes-q31 $enough "${options[@]}"
measure "$settings" m4f aifes-q31.c aifes-q31 0 "${options[@]}"

echo
echo "| after 400 updates of SGD with floats | machine | right of $held_out, by floats | by Q7 | instructions of an answer, by floats | by Q7 |"
echo "| --- | --- | --- | --- | --- | --- |"
for machine in m0 m4f; do
  for seed in $seeds; do
    # shellcheck disable=SC2046
    image $machine aifes-q7 aifes-q7.c $(updates=400 measuring 0 "$seed") "${sgd[@]}" -DHEAP=6144 "$peers/$machine/aifes.a"
    run $machine aifes-q7
  done | awk -F'[ =]' -v machine=$machine '
    $1 == "right" { n++; right = right ", " $2; still = still ", " $6; exactly += $4; rounded += $8 }
    END { printf "| AIfES 2.2 | %s | %s | %s | %.0f | %.0f |\n", machine, substr(right, 3), substr(still, 3), exactly / n, rounded / n }'
done

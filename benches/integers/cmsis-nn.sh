#!/usr/bin/env bash
# Counts what an answer of 64-16-10 in 8 bits takes by CMSIS-NN (Apache-2.0), which does not train.
source "$(dirname "$0")/device.sh"

fetch cmsis-nn https://github.com/ARM-software/CMSIS-NN 99f736a63036613032f9b70de36b493bcd7802d4
echo "| inference | machine | instructions a digit | stack | flash |"
echo "| --- | --- | --- | --- | --- |"
for machine in m0 m4f; do
  library $machine cmsis-nn -I"$peers/cmsis-nn/Include" -- "$peers"/cmsis-nn/Source/FullyConnectedFunctions/arm_fully_connected_s8.c \
    "$peers"/cmsis-nn/Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c
  image $machine cmsis-nn cmsis-nn.c -I"$peers/cmsis-nn/Include" "$peers/$machine/cmsis-nn.a"
  run $machine cmsis-nn | awk -F'[ =]' -v machine=$machine -v flash="$(flash $machine cmsis-nn)" '
    { printf "| CMSIS-NN, int8 | %s | %d | %d | %d |\n", machine, $2, $4, flash }'
done

/* What CMSIS-NN takes for the answers of 64-16-10 in 8 bits, which something else has trained: tanh is a table of 256 bytes. The weights are
   random, and no answer is looked at. */
#include "arm_nnfunctions.h"
#include "board.h"
#include "instructions.h"
#include "peer.h"

enum { SHOWN = 100 };

static int8_t hidden_weights[PIXELS * HIDDEN], last_weights[HIDDEN * CLASSES], tanhs[256];
static int32_t hidden_biases[HIDDEN], last_biases[CLASSES];

static void fill(int8_t *numbers, size_t count)
{
    static uint32_t state = 1;

    for (size_t i = 0; i < count; i++)
        numbers[i] = (int8_t)((state = state * 1664525 + 1013904223) >> 24);
}

static void dense(const int8_t *inputs, int32_t fan_in, const int8_t *weights, const int32_t *biases, int8_t *outputs, int32_t units)
{
    const cmsis_nn_context nothing = {0};
    const cmsis_nn_fc_params params = {.activation = {-128, 127}};
    /* 2^-9 of the sum. */
    const cmsis_nn_per_tensor_quant_params scale = {.multiplier = 1 << 30, .shift = -8};
    const cmsis_nn_dims from = {1, 1, 1, fan_in}, filter = {fan_in, 1, 1, units}, bias = {1, 1, 1, units}, to = {1, 1, 1, units};

    arm_fully_connected_s8(&nothing, &params, &scale, &from, inputs, &filter, weights, &bias, biases, &to, outputs);
}

int main(void)
{
    uint32_t spent = 0;
    size_t last = 0;

    fill(hidden_weights, sizeof hidden_weights);
    fill(last_weights, sizeof last_weights);
    fill(tanhs, sizeof tanhs);
    for (size_t digit = 0; digit < SHOWN; digit++) {
        int8_t hidden[HIDDEN], outputs[CLASSES];

        start();
        dense((const int8_t *)pixels_of(digit), PIXELS, hidden_weights, hidden_biases, hidden, HIDDEN);
        for (size_t unit = 0; unit < HIDDEN; unit++)
            hidden[unit] = tanhs[(uint8_t)hidden[unit]];
        dense(hidden, HIDDEN, last_weights, last_biases, outputs, CLASSES);
        last += LARGEST(outputs);
        spent += instructions();
    }
    board_decimal("instructions=", spent / SHOWN);
    board_decimal(" stack=", board_stack());
    board_decimal(" classes=", last);
    board_text("\n");
    return 0;
}

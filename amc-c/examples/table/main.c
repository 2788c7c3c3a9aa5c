/* A net that was trained on a table says which iris it is, of measurements as they were made. Its header was made on a
   host, in the folder of the repository, by

     amc train --data data/iris.csv
     amc export runs/iris/model.amc --c -o amc-c/examples/table/iris.h

   and answers.csv has what `amc predict runs/iris/model.amc` says of the same rows. */
#include "board.h"
#include "iris.h"

static _Alignas(AMC_ALIGNMENT) uint8_t memory[IRIS_PREDICT_BYTES];

/* Length and width of sepals, and of petals, in cm: two flowers of each species. The fourth and the fifth look like the
   other's, and are taken for it. */
static const float ROWS[][IRIS_FEATURES] = {
    {5.1f, 3.5f, 1.4f, 0.2f},
    {4.5f, 2.3f, 1.3f, 0.3f},
    {7.0f, 3.2f, 4.7f, 1.4f},
    {5.9f, 3.2f, 4.8f, 1.8f},
    {6.3f, 2.8f, 5.1f, 1.5f},
    {7.7f, 2.6f, 6.9f, 2.3f},
};

static uint32_t bits(float number)
{
    const union {
        float number;
        uint32_t bits;
    } same = {number};

    return same.bits;
}

/* Prints the class of the largest output, and all outputs as they are in memory. */
static void say(const float *outputs)
{
    size_t best = 0;

    for (size_t class = 1; class < IRIS_CLASS_COUNT; class++)
        if (outputs[class] > outputs[best])
            best = class;
    board_text(IRIS_CLASSES[best]);
    for (size_t class = 0; class < IRIS_OUTPUTS; class++)
        board_hexadecimal(" ", bits(outputs[class]));
    board_text("\n");
}

int main(void)
{
    float numbers[IRIS_INPUTS], outputs[IRIS_OUTPUTS];

    for (size_t row = 0; row < sizeof ROWS / sizeof ROWS[0]; row++) {
        for (size_t i = 0; i < IRIS_INPUTS; i++)
            numbers[i] = ROWS[row][i];
        if (amc_scale(IRIS_INPUT_SCALING, IRIS_FEATURES, numbers, IRIS_INPUTS) != AMC_STATUS_OK)
            return 1;
        if (amc_net_predict(&IRIS_NET, IRIS_PARAMETERS, IRIS_PARAMETER_COUNT, numbers, memory, sizeof memory, outputs,
                            IRIS_OUTPUTS) != AMC_STATUS_OK)
            return 1;
        say(outputs);
    }
    board_decimal("stack=", board_stack());
    board_text("\n");
    return 0;
}

/* The net of the example `table` without the library: nothing but its header, which was made on a host, in the folder of
   the repository, by

     amc train --data data/iris.csv
     amc export runs/iris/model.amc --c99 -o amc-c/examples/c99/iris.h

   It says the same to the bit, which is what `amc predict runs/iris/model.amc` says. */
#include "board.h"
#include "iris.h"

static float scratch[IRIS_SCRATCH];

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

int main(void)
{
    float numbers[IRIS_INPUTS], outputs[IRIS_OUTPUTS];

    for (size_t row = 0; row < sizeof ROWS / sizeof ROWS[0]; row++) {
        for (size_t i = 0; i < IRIS_INPUTS; i++)
            numbers[i] = ROWS[row][i];
        iris_scale(numbers);
        const int species = iris_predict(numbers, outputs, scratch);
        if (species < 0)
            return 1;
        board_text(IRIS_CLASSES[species]);
        for (size_t i = 0; i < IRIS_OUTPUTS; i++)
            board_hexadecimal(" ", bits(outputs[i]));
        board_text("\n");
    }
    board_decimal("stack=", board_stack());
    board_text("\n");
    return 0;
}

/* Trains thermostat.c: a function that has no derivative, and knows nothing of amc.h. */
#include "amc.h"
#include "board.h"

float discomfort(const float *settings);

enum { N = 3, MOVES = 500 };

static _Alignas(AMC_ALIGNMENT) uint8_t memory[AMC_FUNCTION_BYTES(2, N)];

int main(void)
{
    static const float FACTORY[N] = {18.0f, 24.0f, 0.0f};
    const amc_setup setup = {.parameters = N, .start = FACTORY, .sigma = 0.5f, .n_reset = 20, .seed = 1};
    amc_trainer *trainer;
    const float *proposed;
    float before = discomfort(FACTORY);

    if (amc_create(&setup, memory, sizeof memory, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_rescore(trainer, before) != AMC_STATUS_OK)
        return 1;
    for (int move = 0; move < MOVES; move++) {
        if (amc_propose(trainer, &proposed, NULL) != AMC_STATUS_OK)
            return 1;
        if (amc_decide(trainer, discomfort(proposed), NULL) != AMC_STATUS_OK)
            return 1;
    }
    board_decimal("discomfort in thousandths before: ", (uint32_t)(1000.0f * before));
    board_decimal(", after: ", (uint32_t)(1000.0f * amc_loss(trainer)));
    board_text("\n");
    /* What was learned is what the function gives, and half as bad as before. */
    return amc_loss(trainer) == discomfort(amc_parameters(trainer)) && amc_loss(trainer) < 0.5f * before ? 0 : 1;
}

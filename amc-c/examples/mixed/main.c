/* The same net learns XOR by mixed moves, with numbers kept of its 4 samples. */
#include "problem.h"

/* 2 inputs and 3; the 3 units that the last layer takes, and its own. */
static _Alignas(AMC_ALIGNMENT) uint8_t memory[AMC_MIXED_BYTES(N, 2, 3, 2 + 3, AMC_WHITENING(2) + AMC_WHITENING(3), 3 + 1, 4)];

int main(void)
{
    static const amc_setup setup = {.parameters = N, .net = &NET, .seed = 1, .method = &amc_mixed, .kept = 4};
    amc_trainer *trainer;

    if (amc_create(&setup, memory, sizeof memory, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_set_samples(trainer, &SAMPLES) != AMC_STATUS_OK)
        return 1;
    for (uint64_t step = 0; step < PATIENCE && amc_loss(trainer) >= LEARNED; step++)
        if (amc_step(trainer, NULL) != AMC_STATUS_OK)
            return 1;
    return finish(trainer);
}

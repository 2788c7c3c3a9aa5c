/* A net learns XOR. */
#include "problem.h"

static _Alignas(AMC_ALIGNMENT) uint8_t memory[MEMORY];

int main(void)
{
    amc_trainer *trainer;

    if (amc_create(&SETUP, memory, sizeof memory, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_set_samples(trainer, &SAMPLES) != AMC_STATUS_OK)
        return 1;
    for (uint64_t step = 0; step < PATIENCE && amc_loss(trainer) >= LEARNED; step++)
        if (amc_step(trainer, NULL) != AMC_STATUS_OK)
            return 1;
    return finish(trainer);
}

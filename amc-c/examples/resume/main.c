/* The same training, saved after every 50 moves and gone on with in other memory: it comes to the same parameters. */
#include "problem.h"

static _Alignas(AMC_ALIGNMENT) uint8_t memory[2][MEMORY];
/* A device would have it in flash. */
static uint8_t saved[AMC_SAVED_BYTES(N, 2)];

int main(void)
{
    amc_trainer *trainer;
    size_t length;

    if (amc_create(&SETUP, memory[0], MEMORY, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_set_samples(trainer, &SAMPLES) != AMC_STATUS_OK)
        return 1;
    for (uint64_t step = 0; step < PATIENCE && amc_loss(trainer) >= LEARNED; step++) {
        if (step % 50 == 49) {
            uint8_t *before = memory[step / 50 % 2], *after = memory[(step / 50 + 1) % 2];

            if (amc_save(trainer, saved, sizeof saved, &length) != AMC_STATUS_OK)
                return 1;
            for (size_t i = 0; i < MEMORY; i++)
                before[i] = 0xff;
            if (amc_load(&SETUP, saved, length, after, MEMORY, &trainer) != AMC_STATUS_OK)
                return 1;
            if (amc_set_samples(trainer, &SAMPLES) != AMC_STATUS_OK)
                return 1;
        }
        if (amc_step(trainer, NULL) != AMC_STATUS_OK)
            return 1;
    }
    return finish(trainer);
}

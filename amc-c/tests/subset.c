/* What C99 and C++11 have in common: neither _Alignas nor designated initialisers. XOR is learned and loaded. */
#include "amc.h"

#define N (AMC_PARAMETERS(2, 3) + AMC_PARAMETERS(3, 1))

static uint64_t memory[(AMC_NET_BYTES(3, N, 2, 3) + sizeof(uint64_t) - 1) / sizeof(uint64_t)];
static uint8_t saved[AMC_SAVED_BYTES(N, 2)];
static const float ROWS[] = {0, 0, 0, 1, 1, 0, 1, 1}, WANTED[] = {0, 1, 1, 0};

int main(void)
{
    const amc_layer layers[] = {{3, AMC_ACTIVATION_TANH}, {1, AMC_ACTIVATION_LINEAR}};
    const amc_net net = {2, layers, 2, AMC_LOSS_KIND_MEAN_SQUARED_ERROR};
    const amc_setup setup = {N, &net, NULL, 0.2f, 0.1f, 0.01f, 0, 20, 0, AMC_SIGNAL_NORM, 1, NULL, 0};
    const amc_samples samples = {4, ROWS, NULL, 1, WANTED, NULL};
    amc_decision decision = AMC_DECISION_REJECTED;
    amc_trainer *trainer = NULL;
    size_t length = 0;

    if (amc_create(&setup, (uint8_t *)memory, sizeof memory, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_set_samples(trainer, &samples) != AMC_STATUS_OK)
        return 2;
    while (amc_loss(trainer) > 0.01f)
        if (amc_step(trainer, &decision) != AMC_STATUS_OK)
            return 3;
    if (decision != AMC_DECISION_ACCEPTED || amc_save(trainer, saved, sizeof saved, &length) != AMC_STATUS_OK)
        return 4;
    return amc_load(&setup, saved, length, (uint8_t *)memory, sizeof memory, &trainer) == AMC_STATUS_OK ? 0 : 5;
}

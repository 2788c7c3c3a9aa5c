/* XOR, and a net of 2 inputs, 3 tanh units and an output that learns it. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "amc.h"
#include "board.h"

#define N (AMC_PARAMETERS(2, 3) + AMC_PARAMETERS(3, 1))
#define MEMORY AMC_NET_BYTES(2, N, 2, 3)

static const amc_layer LAYERS[2] = {{3, AMC_ACTIVATION_TANH}, {1, AMC_ACTIVATION_LINEAR}};
static const amc_net NET = {
    .inputs = 2, .layers = LAYERS, .layer_count = 2, .loss = AMC_LOSS_KIND_MEAN_SQUARED_ERROR};
static const amc_setup SETUP = {
    .parameters = N, .net = &NET, .start_sigma = 0.2f, .sigma = 0.1f, .n_reset = 20, .seed = 1};

static const float FEATURES[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const float TARGETS[4] = {0, 1, 1, 0};
static const amc_samples SAMPLES = {.count = 4, .numbers = FEATURES[0], .scale = 1, .targets = TARGETS};

/* The mean squared error below which XOR is learned, and the most moves that it may take. */
static const float LEARNED = 0.01f;
static const uint64_t PATIENCE = 20000;

/* CRC-32, that of zlib, of the parameters as little-endian bytes. */
static uint32_t hash(const float *parameters)
{
    const uint8_t *bytes = (const uint8_t *)parameters;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < N * sizeof(float); i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* Whether the net's outputs are on the right side of a half. */
static int knows(amc_trainer *trainer)
{
    for (int i = 0; i < 4; i++) {
        float output;
        if (amc_predict(trainer, FEATURES[i], NULL, 1, &output, 1) != AMC_STATUS_OK)
            return 0;
        if ((output > 0.5f) != (TARGETS[i] > 0.5f))
            return 0;
    }
    return 1;
}

/* Prints what has to be the same on every machine; gives the program's status. */
static int finish(amc_trainer *trainer)
{
    amc_counters counters;

    if (amc_count(trainer, &counters) != AMC_STATUS_OK)
        return 1;
    board_hexadecimal("hash=", hash(amc_parameters(trainer)));
    board_decimal(" steps=", (uint32_t)counters.steps);
    board_decimal(" stack=", board_stack());
    board_text("\n");
    return amc_loss(trainer) < LEARNED && knows(trainer) ? 0 : 1;
}

#endif

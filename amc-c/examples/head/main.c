/* The last layer of a trained net is trained anew, for a question that the net was not trained on: is it a virginica? The layers
   before it stay as they are, with their parameters in flash: what they make of a flower is computed once. The header was made on a
   host, in the folder of the repository, by

     amc train --data data/iris.csv
     amc export runs/iris/model.amc --c --frozen i8 -o amc-c/examples/head/i8/iris.h

   and those of other folders with `--frozen f16` and `f32`. */
#ifndef FROZEN
#define FROZEN "i8/iris.h"
#endif
#include FROZEN
#include "board.h"

/* What is trained on what they make. */
#define CLASSES 2
#define N AMC_PARAMETERS(IRIS_BODY_OUTPUTS, CLASSES)
static const amc_layer LAYER = {CLASSES, AMC_ACTIVATION_SOFTMAX};
static const amc_net HEAD = {IRIS_BODY_OUTPUTS, &LAYER, 1, AMC_LOSS_KIND_CROSS_ENTROPY};
static const amc_setup SETUP = {
    .parameters = N, .net = &HEAD, .sigma = 0.1f, .n_reset = 20, .flags = AMC_SIGNAL_NORM, .seed = 1};

static _Alignas(AMC_ALIGNMENT) uint8_t memory[AMC_NET_BYTES(2, N, 1, CLASSES)];
static _Alignas(AMC_ALIGNMENT) uint8_t body_memory[IRIS_BODY_BYTES];
static _Alignas(AMC_ALIGNMENT) uint8_t scratch[IRIS_FEATURES_BYTES];

/* Length and width of sepals, and of petals, in cm; the last three are to be tried on. */
#define FLOWERS 9
#define LEARNED 6
static const float ROWS[FLOWERS][IRIS_FEATURES] = {
    {5.1f, 3.5f, 1.4f, 0.2f},
    {4.9f, 3.0f, 1.4f, 0.2f},
    {7.0f, 3.2f, 4.7f, 1.4f},
    {6.4f, 3.2f, 4.5f, 1.5f},
    {6.3f, 3.3f, 6.0f, 2.5f},
    {7.1f, 3.0f, 5.9f, 2.1f},
    {4.7f, 3.2f, 1.3f, 0.2f},
    {6.9f, 3.1f, 4.9f, 1.5f},
    {6.5f, 3.0f, 5.8f, 2.2f},
};
static const uint8_t IS_VIRGINICA[FLOWERS] = {0, 0, 0, 0, 1, 1, 0, 0, 1};

static float features[FLOWERS][IRIS_BODY_OUTPUTS];

static uint32_t bits(float number)
{
    const union {
        float number;
        uint32_t bits;
    } same = {number};

    return same.bits;
}

/* FNV-1a of the features' bits, which are the same on every machine. */
static uint32_t hash(void)
{
    uint32_t hash = 2166136261;

    for (size_t flower = 0; flower < FLOWERS; flower++)
        for (size_t i = 0; i < IRIS_BODY_OUTPUTS; i++)
            hash = (hash ^ bits(features[flower][i])) * 16777619;
    return hash;
}

int main(void)
{
    const amc_samples samples = {.count = LEARNED, .numbers = features[0], .scale = 1, .classes = IS_VIRGINICA};
    amc_body *body;
    amc_trainer *trainer;

    if (amc_body_create(&IRIS_BODY, &IRIS_FROZEN, body_memory, sizeof body_memory, &body) != AMC_STATUS_OK)
        return 1;
    for (size_t flower = 0; flower < FLOWERS; flower++) {
        float numbers[IRIS_INPUTS];
        for (size_t i = 0; i < IRIS_INPUTS; i++)
            numbers[i] = ROWS[flower][i];
        if (amc_scale(IRIS_INPUT_SCALING, IRIS_FEATURES, numbers, IRIS_INPUTS) != AMC_STATUS_OK)
            return 1;
        if (amc_body_features(body, numbers, NULL, 1, scratch, sizeof scratch, features[flower], IRIS_BODY_OUTPUTS) !=
            AMC_STATUS_OK)
            return 1;
    }
    board_hexadecimal("features=", hash());
    board_text("\n");
    if (amc_create(&SETUP, memory, sizeof memory, &trainer) != AMC_STATUS_OK)
        return 1;
    if (amc_set_samples(trainer, &samples) != AMC_STATUS_OK)
        return 1;
    for (int step = 0; step < 5000 && amc_loss(trainer) >= 0.05f; step++)
        if (amc_step(trainer, NULL) != AMC_STATUS_OK)
            return 1;
    for (size_t flower = 0; flower < FLOWERS; flower++) {
        float outputs[CLASSES];
        if (amc_predict(trainer, features[flower], NULL, 1, outputs, CLASSES) != AMC_STATUS_OK)
            return 1;
        board_hexadecimal(outputs[1] > outputs[0] ? "virginica " : "another ", bits(outputs[1]));
        board_text("\n");
        if ((outputs[1] > outputs[0]) != IS_VIRGINICA[flower])
            return 1;
    }
    return amc_loss(trainer) < 0.05f ? 0 : 1;
}

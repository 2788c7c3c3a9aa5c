/* The last layer of a trained net is trained anew, for a question that the net was not trained on: is it a virginica? The layers
   before it stay as they are, with their parameters in flash: what they make of a flower is computed once. */
#include "../table/iris.h"
#include "board.h"

/* What stays: all layers but the last. */
#define UNITS 32
static const amc_net BODY = {IRIS_INPUTS, IRIS_LAYERS, IRIS_LAYER_COUNT - 1, AMC_LOSS_KIND_MEAN_SQUARED_ERROR};
#define BODY_PARAMETERS AMC_PARAMETERS(IRIS_INPUTS, UNITS)

/* What is trained on their outputs. */
#define CLASSES 2
#define N AMC_PARAMETERS(UNITS, CLASSES)
static const amc_layer LAYER = {CLASSES, AMC_ACTIVATION_SOFTMAX};
static const amc_net HEAD = {UNITS, &LAYER, 1, AMC_LOSS_KIND_CROSS_ENTROPY};
static const amc_setup SETUP = {
    .parameters = N, .net = &HEAD, .sigma = 0.1f, .n_reset = 20, .flags = AMC_SIGNAL_NORM, .seed = 1};

static _Alignas(AMC_ALIGNMENT) uint8_t memory[AMC_NET_BYTES(2, N, 1, CLASSES)];
static _Alignas(AMC_ALIGNMENT) uint8_t scratch[AMC_PREDICT_BYTES(IRIS_LAYER_COUNT - 1, UNITS)];

/* Length and width of sepals, and of petals, in cm; the last three are to be tried on. */
#define FLOWERS 9
#define LEARNED 6
static const float ROWS[FLOWERS][IRIS_FEATURES] = {
    {5.1f, 3.5f, 1.4f, 0.2f}, {4.9f, 3.0f, 1.4f, 0.2f}, {7.0f, 3.2f, 4.7f, 1.4f},
    {6.4f, 3.2f, 4.5f, 1.5f}, {6.3f, 3.3f, 6.0f, 2.5f}, {7.1f, 3.0f, 5.9f, 2.1f},
    {4.7f, 3.2f, 1.3f, 0.2f}, {6.9f, 3.1f, 4.9f, 1.5f}, {6.5f, 3.0f, 5.8f, 2.2f},
};
static const uint8_t IS_VIRGINICA[FLOWERS] = {0, 0, 0, 0, 1, 1, 0, 0, 1};

static float features[FLOWERS][UNITS];

int main(void)
{
    const amc_samples samples = {.count = LEARNED, .numbers = features[0], .scale = 1, .classes = IS_VIRGINICA};
    amc_trainer *trainer;

    for (size_t flower = 0; flower < FLOWERS; flower++) {
        float numbers[IRIS_INPUTS];
        for (size_t i = 0; i < IRIS_INPUTS; i++)
            numbers[i] = ROWS[flower][i];
        if (amc_scale(IRIS_INPUT_SCALING, IRIS_FEATURES, numbers, IRIS_INPUTS) != AMC_STATUS_OK)
            return 1;
        if (amc_net_predict(&BODY, IRIS_PARAMETERS, BODY_PARAMETERS, numbers, scratch, sizeof scratch, features[flower],
                            UNITS) != AMC_STATUS_OK)
            return 1;
    }
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
        board_text(outputs[1] > outputs[0] ? "virginica\n" : "another\n");
        if ((outputs[1] > outputs[0]) != IS_VIRGINICA[flower])
            return 1;
    }
    return amc_loss(trainer) < 0.05f ? 0 : 1;
}

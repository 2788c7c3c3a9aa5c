/* A net learns to read a sensor whose gain depends on the temperature, from the stream of its samples, is saved as it
   improves, and goes on in other memory. */
#include "amc.h"
#include "board.h"

#define N (AMC_PARAMETERS(2, 8) + AMC_PARAMETERS(8, 1))
#define WINDOW 128
#define MEMORY AMC_LEARNER_BYTES(2, N, 2, 8, 2 + 1, WINDOW)

static const amc_layer LAYERS[2] = {{8, AMC_ACTIVATION_TANH}, {1, AMC_ACTIVATION_LINEAR}};
static const amc_net NET = {
    .inputs = 2, .layers = LAYERS, .layer_count = 2, .loss = AMC_LOSS_KIND_MEAN_SQUARED_ERROR};
static const amc_setup SETUP = {
    .parameters = N, .net = &NET, .start_sigma = 0.3f, .sigma = 0.05f, .n_reset = 50, .seed = 1};
/* Numbers beyond 4 are not the sensor's. */
static const amc_learner_setup LEARNER = {.trainer = &SETUP, .window = WINDOW, .limit = 4.0f};

static _Alignas(AMC_ALIGNMENT) uint8_t memory[2][MEMORY];
/* A device would have it in flash. */
static uint8_t saved[AMC_SAVED_BYTES(N, 2)];

/* Numbers from -1 to 1 that go up and down. */
static float wave(uint32_t time, uint32_t period)
{
    float at = (float)(time % period) / (float)period;

    return at < 0.5f ? 4.0f * at - 1.0f : 3.0f - 4.0f * at;
}

/* A sample, of which every 50th is a spike. */
static float sample(uint32_t time, float features[2])
{
    float pressure = 0.8f * wave(time, 7), temperature = wave(time, 61);

    features[0] = time % 50 == 49 ? 1e6f : (1.0f + 0.3f * temperature) * pressure;
    features[1] = temperature;
    return pressure;
}

int main(void)
{
    amc_learner *learner;
    amc_counters counters;
    size_t length = 0;
    uint32_t saves = 0, left_out;
    float error = 0.0f;

    if (amc_learner_create(&LEARNER, memory[0], MEMORY, &learner) != AMC_STATUS_OK)
        return 1;
    for (uint32_t time = 0; time < 1500; time++) {
        float features[2], pressure = sample(time, features), predicted;
        amc_status status = amc_learner_push(learner, features, &pressure);

        if (status != (time % 50 == 49 ? AMC_STATUS_LIMIT : AMC_STATUS_OK))
            return 1;
        /* As much as there is time for between two samples. */
        if (amc_learner_slice(learner, 50000, NULL) != AMC_STATUS_OK)
            return 1;
        if (amc_learner_due(learner)) {
            if (amc_learner_save(learner, saved, sizeof saved, &length) != AMC_STATUS_OK)
                return 1;
            saves++;
        }
        if (time == 999) {
            /* A reset. */
            if (amc_learner_load(&LEARNER, saved, length, memory[1], MEMORY, &learner) != AMC_STATUS_OK)
                return 1;
        }
        if (time >= 1000 && time % 50 != 49) {
            if (amc_learner_predict(learner, features, &predicted, 1) != AMC_STATUS_OK)
                return 1;
            error += (predicted - pressure) * (predicted - pressure) / 490.0f;
        }
    }
    if (amc_learner_count(learner, &counters, &left_out) != AMC_STATUS_OK)
        return 1;
    board_decimal("moves=", (uint32_t)counters.steps);
    board_decimal(" saves=", saves);
    board_decimal(" left_out=", left_out);
    board_decimal(" error in millionths=", (uint32_t)(1e6f * error));
    board_decimal(" stack=", board_stack());
    board_text("\n");
    /* 500 samples after the reset, of which 10 are spikes. */
    return left_out == 10 && saves > 3 && error < 0.01f ? 0 : 1;
}

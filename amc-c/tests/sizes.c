/* The header's macros give what the library needs. */
#include <stdio.h>
#include <stdlib.h>

#include "amc.h"

static int failures;

static void same(const char *what, size_t macro, size_t library)
{
    if (macro != library) {
        printf("%s: the macro gives %zu bytes, the library needs %zu\n", what, macro, library);
        failures++;
    }
}

static size_t needed(const amc_setup *setup)
{
    size_t bytes = 0;
    return amc_bytes(setup, &bytes) == AMC_STATUS_OK ? bytes : 0;
}

static void saved(const amc_setup *setup, size_t layers)
{
    size_t bytes = needed(setup), length = 0;
    uint8_t *memory = aligned_alloc(AMC_ALIGNMENT, (bytes + 7) / 8 * 8);
    amc_trainer *trainer;
    float row[200] = {0}, target[4] = {0};
    amc_samples samples = {.count = 1, .numbers = row, .scale = 1, .targets = target};
    amc_status status = amc_create(setup, memory, bytes, &trainer);

    if (status == AMC_STATUS_OK)
        status = setup->net ? amc_set_samples(trainer, &samples) : amc_rescore(trainer, 1);
    if (status == AMC_STATUS_OK)
        status = amc_save(trainer, NULL, 0, &length);
    if (status != AMC_STATUS_LENGTH || length > AMC_SAVED_BYTES(setup->parameters, layers)) {
        printf("saving %zu parameters: status %u, %zu bytes\n", setup->parameters, (unsigned)status, length);
        failures++;
    }
    free(memory);
}

/* A net predicts in so much memory, and in a byte less it does not. */
static void predicts(const amc_net *net, size_t parameters, size_t bytes)
{
    uint8_t *memory = aligned_alloc(AMC_ALIGNMENT, (bytes + 7) / 8 * 8);
    float *x = calloc(parameters, sizeof *x), row[200] = {0}, outputs[4];
    size_t count = net->layers[net->layer_count - 1].units;
    amc_status enough = amc_net_predict(net, x, parameters, row, memory, bytes, outputs, count);
    amc_status less = amc_net_predict(net, x, parameters, row, memory, bytes - 1, outputs, count);

    if (enough != AMC_STATUS_OK || less != AMC_STATUS_MEMORY) {
        printf("predicting in %zu bytes: status %u, in one less: %u\n", bytes, (unsigned)enough, (unsigned)less);
        failures++;
    }
    free(x);
    free(memory);
}

/* A body is made, and asked, in so much memory, and in a byte less it is not. */
static void asks(const amc_net *net, size_t parameters, size_t bytes, size_t scratch_bytes)
{
    uint8_t *memory = aligned_alloc(AMC_ALIGNMENT, (bytes + 7) / 8 * 8);
    uint8_t *scratch = aligned_alloc(AMC_ALIGNMENT, (scratch_bytes + 7) / 8 * 8);
    float *x = calloc(parameters, sizeof *x), row[700] = {0}, features[4];
    amc_frozen frozen = {&amc_f32, x, parameters, NULL, 0};
    size_t count = net->layers[net->layer_count - 1].units;
    amc_body *body;
    amc_status less = amc_body_create(net, &frozen, memory, bytes - 1, &body);
    amc_status enough = amc_body_create(net, &frozen, memory, bytes, &body);

    if (enough != AMC_STATUS_OK || less != AMC_STATUS_MEMORY) {
        printf("a body in %zu bytes: status %u, in one less: %u\n", bytes, (unsigned)enough, (unsigned)less);
        failures++;
    }
    less = amc_body_features(body, row, NULL, 1, scratch, scratch_bytes - 1, features, count);
    enough = amc_body_features(body, row, NULL, 1, scratch, scratch_bytes, features, count);
    if (enough != AMC_STATUS_OK || less != AMC_STATUS_MEMORY) {
        printf("features in %zu bytes: status %u, in one less: %u\n", scratch_bytes, (unsigned)enough, (unsigned)less);
        failures++;
    }
    free(x);
    free(scratch);
    free(memory);
}

/* A trainer by mixed moves is made in so many bytes, and moves; in a byte less it is not made. */
static void learns(const amc_setup *setup, size_t bytes)
{
    uint8_t *memory = aligned_alloc(AMC_ALIGNMENT, (bytes + 7) / 8 * 8);
    amc_trainer *trainer;
    float row[200] = {0}, target[4] = {1, 0, 0, 1};
    amc_samples samples = {.count = 1, .numbers = row, .scale = 1, .targets = target};
    amc_status less = amc_create(setup, memory, bytes - 1, &trainer), enough = amc_create(setup, memory, bytes, &trainer);

    if (enough == AMC_STATUS_OK)
        enough = amc_set_samples(trainer, &samples);
    for (int i = 0; enough == AMC_STATUS_OK && i < 200; i++)
        enough = amc_step(trainer, NULL);
    if (enough != AMC_STATUS_OK || less != AMC_STATUS_MEMORY) {
        printf("mixed moves in %zu bytes: status %u, in one less: %u\n", bytes, (unsigned)enough, (unsigned)less);
        failures++;
    }
    free(memory);
}

int main(void)
{
    enum { SMALL = AMC_PARAMETERS(5, 7) + AMC_PARAMETERS(7, 2) };
    enum { LARGE = AMC_PARAMETERS(200, 300) + AMC_PARAMETERS(300, 4) };
    enum { FEW = AMC_MIXED_BYTES(SMALL, 2, 7, 5 + 7, AMC_WHITENING(5) + AMC_WHITENING(7), 7 + 2, 3) };
    static const amc_layer small[] = {{7, AMC_ACTIVATION_RELU}, {2, AMC_ACTIVATION_SIGMOID}};
    static const amc_layer large[] = {{300, AMC_ACTIVATION_TANH}, {4, AMC_ACTIVATION_LINEAR}};
    static const amc_net nets[] = {{5, small, 2, 0}, {200, large, 2, 0}}, single = {200, large + 1, 1, 0}, wide = {700, large + 1, 1, 0};
    static const amc_layer classes = {4, AMC_ACTIVATION_SOFTMAX};
    static const amc_net softmax = {200, &classes, 1, 0};
    amc_learner_setup learner;
    size_t bytes;
    amc_setup setup = {.parameters = SMALL, .net = &nets[0], .start_sigma = 0.1f, .sigma = 0.1f};

    same("a net", AMC_NET_BYTES(2, SMALL, 2, 7), needed(&setup));
    saved(&setup, 2);
    learner = (amc_learner_setup){.trainer = &setup, .window = 100};
    if (amc_learner_bytes(&learner, &bytes) != AMC_STATUS_OK)
        bytes = 0;
    same("a learner", AMC_LEARNER_BYTES(2, SMALL, 2, 7, 5 + 2, 100), bytes);
    setup.epsilon = 0.1f;
    setup.flags = AMC_SIGNAL_NORM;
    same("with centres", AMC_NET_BYTES(3, SMALL, 2, 7), needed(&setup));
    saved(&setup, 2);
    setup.parameters = LARGE;
    setup.net = &nets[1];
    same("with streams", AMC_NET_BYTES(3, LARGE, 2, 300), needed(&setup));
    saved(&setup, 2);
    setup.epsilon = 0;
    setup.grid = -20;
    setup.flags = AMC_IN_PLACE;
    same("in place", AMC_NET_BYTES(1, LARGE, 2, 300), needed(&setup));
    saved(&setup, 2);
    setup = (amc_setup){.parameters = LARGE, .net = &nets[1], .method = &amc_mixed, .kept = 100};
    same("mixed moves", AMC_MIXED_BYTES(LARGE, 2, 300, 200 + 300, 0, 300 + 4, 100), needed(&setup));
    learns(&setup, AMC_MIXED_BYTES(LARGE, 2, 300, 200 + 300, 0, 300 + 4, 100));
    setup = (amc_setup){.parameters = SMALL, .net = &nets[0], .method = &amc_mixed, .kept = 3};
    same("mixed moves of few inputs", FEW, needed(&setup));
    learns(&setup, FEW);
    setup = (amc_setup){.parameters = AMC_PARAMETERS(200, 4), .net = &single, .method = &amc_mixed, .kept = 1};
    same("mixed moves of a layer", AMC_MIXED_BYTES(AMC_PARAMETERS(200, 4), 1, 4, 200, AMC_WHITENING(200), 4, 1), needed(&setup));
    learns(&setup, AMC_MIXED_BYTES(AMC_PARAMETERS(200, 4), 1, 4, 200, AMC_WHITENING(200), 4, 1));
    setup.net = &softmax;
    same("mixed moves of a softmax", AMC_MIXED_BYTES(AMC_PARAMETERS(200, 4), 1, 4, 200, 0, 4 + 4, 1), needed(&setup));
    learns(&setup, AMC_MIXED_BYTES(AMC_PARAMETERS(200, 4), 1, 4, 200, 0, 4 + 4, 1));
    for (size_t n = 1; n < 3 * AMC_RANGE; n += AMC_RANGE / 2) {
        setup = (amc_setup){.parameters = n, .sigma = 0.1f};
        same("a function", AMC_FUNCTION_BYTES(2, n), needed(&setup));
        saved(&setup, 0);
    }
    predicts(&nets[0], SMALL, AMC_PREDICT_BYTES(2, 7));
    predicts(&nets[1], LARGE, AMC_PREDICT_BYTES(2, 300));
    asks(&nets[0], SMALL, AMC_BODY_BYTES(2), AMC_FEATURES_BYTES(5, 2, 7));
    asks(&nets[1], LARGE, AMC_BODY_BYTES(2), AMC_FEATURES_BYTES(200, 2, 300));
    asks(&wide, AMC_PARAMETERS(700, 4), AMC_BODY_BYTES(1), AMC_FEATURES_BYTES(700, 1, 4));
    return failures != 0;
}

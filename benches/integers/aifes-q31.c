/* AIfES 2.1.1 with integers of 32 bits (Q31): two layers of sigmoids, and the squared error, which is all that it trains so. 2.2 has no
   whole backward pass for them. -DRATE=r, of the gradients' sum over a batch.

   A number is a whole number of 2^-shift, and shifts are what the user says. The sum of a layer takes its biases in the shift of inputs
   times weights: after sigmoids, whose shift is 32, a bias of 32 bits is nothing. */
#include "aifes.h"
#include "peer.h"

enum { PIXEL_SHIFT = 4, WEIGHT_SHIFT = 24, HIDDEN_SHIFT = 24, LAST_SHIFT = 26, DELTA_SHIFT = 26, GRADIENT_SHIFT = 24, TARGET_SHIFT = 30 };

static uint16_t shape[] = {1, PIXELS}, target_shape[] = {1, CLASSES};
static ailayer_input_q31_t input = AILAYER_INPUT_Q31_A(2, shape);
static ailayer_dense_q31_t hidden = AILAYER_DENSE_Q31_A(HIDDEN), last = AILAYER_DENSE_Q31_A(CLASSES);
static ailayer_sigmoid_q31_t sigmoids = AILAYER_SIGMOID_Q31_A(), answers = AILAYER_SIGMOID_Q31_A();
static ailoss_mse_q31_t loss;
static aiopti_sgd_q31_t optimizer = AIOPTI_SGD_Q31(AISCALAR_Q31(RATE, 28, 0));
static aimodel_t model;
static aiopti_t *by;
/* As many bytes as AIfES asks for. */
static uint32_t parameters[PARAMETERS / 4], working[WORKING / 4];
static int32_t inputs[PIXELS], targets[CLASSES];
static aimath_q31_params_t pixel_shift = {PIXEL_SHIFT, 0}, target_shift = {TARGET_SHIFT, 0};
static uint32_t needed_parameters, needed;

/* 2.1.1 compiles only with its texts, which are printed by these; nothing is. */
int (*aiprint)(const char *string);
int (*aiprint_int)(const char *format, int number);
int (*aiprint_uint)(const char *format, unsigned int number);
int (*aiprint_long_int)(const char *format, long int number);
int (*aiprint_float)(const char *format, float number);

static void set(void *of, uint16_t shift)
{
    aimath_q31_params_t *params = of;

    params->shift = shift;
    params->zero_point = 0;
}

uint32_t peer_start(void)
{
    ailayer_t *x = ailayer_input_q31_default(&input);
    ailayer_dense_q31_t *layers[] = {&hidden, &last};

    model.input_layer = x;
    x = ailayer_sigmoid_q31_default(&sigmoids, ailayer_dense_q31_default(&hidden, x));
    model.output_layer = ailayer_sigmoid_q31_default(&answers, ailayer_dense_q31_default(&last, x));
    model.loss = ailoss_mse_q31_default(&loss, model.output_layer);
    aialgo_compile_model(&model);
    needed_parameters = aialgo_sizeof_parameter_memory(&model);
    if (needed_parameters > sizeof parameters)
        return needed_parameters;
    aialgo_distribute_parameter_memory(&model, parameters, sizeof parameters);
    by = aiopti_sgd_q31_default(&optimizer);
    needed = aialgo_sizeof_training_memory(&model, by);
    if (needed > sizeof working)
        return needed;
    aialgo_schedule_training_memory(&model, by, working, needed);
    aialgo_init_model_for_training(&model, by);

    set(input.base.result.tensor_params, PIXEL_SHIFT);
    set(hidden.base.result.tensor_params, HIDDEN_SHIFT);
    set(last.base.result.tensor_params, LAST_SHIFT);
    for (ailayer_t *layer = model.input_layer->output_layer; layer != 0; layer = layer->output_layer) {
        if (layer->deltas.tensor_params != 0)
            set(layer->deltas.tensor_params, DELTA_SHIFT);
        if (layer == &loss.base.connection_layer)
            break;
    }
    for (size_t i = 0; i < 2; i++) {
        set(layers[i]->weights.tensor_params, WEIGHT_SHIFT);
        set(layers[i]->bias.tensor_params, i == 0 ? PIXEL_SHIFT + WEIGHT_SHIFT : WEIGHT_SHIFT);
        set(layers[i]->gradients[0]->tensor_params, GRADIENT_SHIFT);
        set(layers[i]->gradients[1]->tensor_params, GRADIENT_SHIFT);
        aimath_q31_default_init_glorot_uniform(&layers[i]->weights);
        aimath_q31_default_zero_tensor(&layers[i]->bias);
    }
    return 0;
}

static aitensor_t *forward(const uint8_t *pixels)
{
    aitensor_t x = AITENSOR_2D_Q31(shape, &pixel_shift, inputs);

    for (size_t pixel = 0; pixel < PIXELS; pixel++)
        inputs[pixel] = pixels[pixel];
    return aialgo_forward_model(&model, &x);
}

void peer_update(size_t first)
{
    aitensor_t y = AITENSOR_2D_Q31(target_shape, &target_shift, targets);

    aialgo_zero_gradients_model(&model, by);
    for (size_t i = 0; i < BATCH; i++) {
        size_t digit = (first + i) % LEARNED;

        for (size_t class = 0; class < CLASSES; class++)
            targets[class] = (class == class_of(digit)) << TARGET_SHIFT;
        forward(pixels_of(digit));
        aialgo_backward_model(&model, &y);
    }
    aialgo_update_params_model(&model, by);
}

size_t peer_class(const uint8_t *pixels)
{
    const int32_t *outputs;

    forward(pixels);
    /* Before the sigmoids, which make large numbers equal. */
    outputs = last.base.result.data;
    return LARGEST(outputs);
}

uint32_t peer_ram(void)
{
    return sizeof shape + sizeof target_shape + sizeof input + sizeof hidden + sizeof last + sizeof sigmoids + sizeof answers + sizeof loss +
           sizeof optimizer + sizeof model + sizeof by + sizeof inputs + sizeof targets + sizeof pixel_shift + sizeof target_shift +
           needed_parameters + needed;
}

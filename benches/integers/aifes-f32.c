/* AIfES 2.2 with floats: tanh, softmax and cross-entropy.

   -DADAM or not, -DRATE=r, -DPASS=n (digits to a pass, a divisor of BATCH). AIfES takes the mean of a pass's gradients,
   and the sum over passes. */
#include "aifes_basic.h"
#include "peer.h"

static uint16_t shape[] = {PASS, PIXELS}, target_shape[] = {PASS, CLASSES};
static ailayer_input_f32_t input = AILAYER_INPUT_F32_A(2, shape);
static ailayer_dense_f32_t hidden = AILAYER_DENSE_F32_A(HIDDEN);
static ailayer_tanh_f32_t tanhs = AILAYER_TANH_F32_A();
static ailayer_dense_f32_t last = AILAYER_DENSE_F32_A(CLASSES);
static ailayer_softmax_f32_t softmax = AILAYER_SOFTMAX_F32_A();
static ailoss_crossentropy_f32_t loss;
#ifdef ADAM
static aiopti_adam_f32_t optimizer = AIOPTI_ADAM_F32(RATE, 0.9f, 0.999f, 1e-7f);
#else
static aiopti_sgd_f32_t optimizer = AIOPTI_SGD_F32(RATE);
#endif
static aimodel_t model;
static aiopti_t *by;
float parameters[(PIXELS + 1) * HIDDEN + (HIDDEN + 1) * CLASSES];
/* As many bytes as AIfES asks for. */
static uint32_t working[WORKING / 4];
static float inputs[PASS * PIXELS], targets[PASS * CLASSES];
static uint32_t needed;

uint32_t peer_start(void)
{
    ailayer_t *x = ailayer_input_f32_default(&input);

    model.input_layer = x;
    x = ailayer_tanh_f32_default(&tanhs, ailayer_dense_f32_default(&hidden, x));
    model.output_layer = ailayer_softmax_f32_default(&softmax, ailayer_dense_f32_default(&last, x));
    model.loss = ailoss_crossentropy_f32_default(&loss, model.output_layer);
    /* Nothing before the first layer is trained. */
    AILAYER_SETTINGS_SET(hidden.base.settings, 1, AILAYER_SETTINGS_NO_INPUT_GRADIENT, TRUE);
    aialgo_compile_model(&model);
    aialgo_distribute_parameter_memory(&model, parameters, sizeof parameters);
    aialgo_initialize_parameters_model(&model);
#ifdef ADAM
    by = aiopti_adam_f32_default(&optimizer);
#else
    by = aiopti_sgd_f32_default(&optimizer);
#endif
    needed = aialgo_sizeof_training_memory(&model, by);
    if (needed > sizeof working)
        return needed;
    aialgo_schedule_training_memory(&model, by, working, needed);
    aialgo_init_model_for_training(&model, by);
    return 0;
}

void peer_update(size_t first)
{
    aitensor_t x = AITENSOR_2D_F32(shape, inputs), y = AITENSOR_2D_F32(target_shape, targets);

    aialgo_zero_gradients_model(&model, by);
    for (size_t done = 0; done < BATCH; done += PASS) {
        for (size_t i = 0; i < PASS; i++) {
            size_t digit = (first + done + i) % LEARNED;

            for (size_t pixel = 0; pixel < PIXELS; pixel++)
                inputs[i * PIXELS + pixel] = pixels_of(digit)[pixel] / 16.0f;
            for (size_t class = 0; class < CLASSES; class++)
                targets[i * CLASSES + class] = class == class_of(digit);
        }
        aialgo_forward_model(&model, &x);
        aialgo_backward_model(&model, &y);
    }
    aialgo_update_params_model(&model, by);
}

size_t peer_class(const uint8_t *pixels)
{
    aitensor_t x = AITENSOR_2D_F32(shape, inputs);
    const float *outputs;

    for (size_t pixel = 0; pixel < PIXELS; pixel++)
        inputs[pixel] = pixels[pixel] / 16.0f;
    outputs = aialgo_forward_model(&model, &x)->data;
    return LARGEST(outputs);
}

uint32_t peer_ram(void)
{
    return sizeof shape + sizeof target_shape + sizeof input + sizeof hidden + sizeof tanhs + sizeof last + sizeof softmax +
           sizeof loss + sizeof optimizer + sizeof model + sizeof by + sizeof parameters + sizeof inputs + sizeof targets + needed;
}

/* The head of examples/personal, trained by AIfES with gradients: a dense layer of 10 neurons and softmax on 16 units, cross-entropy.
   Neurons of classes that PyTorch's head knows go on from what they are, and the others from 0, as there. It prints what
   it came to after 1, 2, 4, ... epochs.

   -DADAM or -DSGD, -DRATE=r, -DEPOCHS=n, -DBATCH=n (samples to an update, a divisor of 50), -DPASS=n (samples to a pass, a
   divisor of 10 and of BATCH; AIfES takes the mean of their gradients, and the sum over passes) */
#include <stddef.h>
#include <stdlib.h>

#include "aifes_basic.h"
#include "board.h"
#include "features.h"

/* The CMSDK's timer 0, which counts down at 25 MHz; an instruction takes 256 ns. */
static volatile uint32_t *const TIMER = (volatile uint32_t *)0x40000000;
enum { CTRL, VALUE, RELOAD };

static void start(void)
{
    TIMER[CTRL] = 0;
    TIMER[RELOAD] = TIMER[VALUE] = UINT32_MAX;
    TIMER[CTRL] = 1;
}

static uint32_t instructions(void)
{
    return (uint32_t)((uint64_t)(UINT32_MAX - TIMER[VALUE]) * 5 / 32);
}

/* AIfES's own structures, and what it asks for by its functions. */
static uint16_t shape[] = {PASS, UNITS};
static ailayer_input_f32_t input = AILAYER_INPUT_F32_A(2, shape);
static ailayer_dense_f32_t dense = AILAYER_DENSE_F32_A(CLASSES);
static ailayer_softmax_f32_t softmax = AILAYER_SOFTMAX_F32_A();
static ailoss_crossentropy_f32_t loss;
#ifdef ADAM
static aiopti_adam_f32_t optimizer = AIOPTI_ADAM_F32(RATE, 0.9f, 0.999f, 1e-7f);
#else
static aiopti_sgd_f32_t optimizer = AIOPTI_SGD_F32(RATE);
#endif
static aimodel_t model;
enum {
    STRUCTURES = sizeof shape + sizeof input + sizeof dense + sizeof softmax + sizeof loss + sizeof optimizer + sizeof model
};
static float parameters[(UNITS + 1) * CLASSES];
static uint32_t working[1280];

/* For AIfES's own initial weights, which are not asked for: newlib's would bring 7 kB of assertions and signals. */
int rand(void)
{
    return 0;
}

static uint32_t right(void)
{
    uint32_t count = 0;

    for (size_t image = 0; image < HELD_OUT; image += PASS) {
        aitensor_t units = AITENSOR_2D_F32(shape, HELD_OUT_UNITS + image * UNITS);
        const float *outputs = aialgo_forward_model(&model, &units)->data;

        for (size_t i = 0; i < PASS; i++, outputs += CLASSES) {
            size_t beside = 0, class = HELD_OUT_CLASSES[image + i];

            for (size_t other = 0; other < CLASSES; other++)
                beside += other == class || outputs[class] > outputs[other];
            count += beside == CLASSES;
        }
    }
    return count;
}

static void row(uint32_t epochs, uint32_t spent)
{
    board_decimal("epochs=", epochs);
    board_decimal(" right=", right());
    board_decimal(" instructions=", spent);
    board_text("\n");
}

int main(void)
{
    uint16_t all_units[] = {LEARNED, UNITS}, all_targets[] = {LEARNED, CLASSES};
    aitensor_t units = AITENSOR_2D_F32(all_units, LEARNED_UNITS);
    aitensor_t targets = AITENSOR_2D_F32(all_targets, LEARNED_TARGETS);
    uint32_t needed, spent = 0;
    aiopti_t *by;

    model.input_layer = ailayer_input_f32_default(&input);
    model.output_layer = ailayer_softmax_f32_default(&softmax, ailayer_dense_f32_default(&dense, model.input_layer));
    model.loss = ailoss_crossentropy_f32_default(&loss, model.output_layer);
    /* Nothing before the head is trained. */
    AILAYER_SETTINGS_SET(dense.base.settings, 1, AILAYER_SETTINGS_NO_INPUT_GRADIENT, TRUE);
    aialgo_compile_model(&model);
    if (aialgo_sizeof_parameter_memory(&model) != sizeof parameters)
        return 1;
    aialgo_distribute_parameter_memory(&model, parameters, sizeof parameters);
    for (size_t unit = 0; unit < UNITS; unit++)
        for (size_t class = 0; class < KNOWN; class++)
            parameters[unit * CLASSES + class] = HEAD_WEIGHTS[unit * KNOWN + class];
    for (size_t class = 0; class < KNOWN; class++)
        parameters[UNITS * CLASSES + class] = HEAD_BIASES[class];

#ifdef ADAM
    by = aiopti_adam_f32_default(&optimizer);
#else
    by = aiopti_sgd_f32_default(&optimizer);
#endif
    needed = aialgo_sizeof_training_memory(&model, by);
    if (needed > sizeof working || aialgo_schedule_training_memory(&model, by, working, needed) != 0)
        return 1;
    aialgo_init_model_for_training(&model, by);
    row(0, 0);
    for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
        start();
        if (aialgo_train_model(&model, &units, &targets, by, BATCH) != 0)
            return 1;
        spent += instructions();
        if ((epoch & (epoch - 1)) == 0 || epoch == EPOCHS)
            row(epoch, spent);
    }
    board_decimal("structures=", STRUCTURES);
    board_decimal(" parameters=", sizeof parameters);
    board_decimal(" working=", needed);
    board_decimal(" stack=", board_stack());
    board_text("\n");
    return 0;
}

/* What AIfES 2.2 takes for answers by floats, and by its integers of 8 bits (Q7), to which it rounds a net that was trained by floats:
   aifes-f32.c trains -DUPDATES=n updates, and of its net's answers and those of the rounded one is printed how many are right.
   The scales of signals are found from the first digits. */
#include "aifes.h"
#include "board.h"
#include "heap.h"
#include "instructions.h"
#include "peer.h"

/* Digits that scales are found by, and that are shown in one call, which makes the net anew. */
enum { REPRESENTATIVE = 20, SHOWN = 8 };

extern float parameters[];

static float inputs[REPRESENTATIVE * PIXELS], outputs[SHOWN * CLASSES];

static void show(size_t first, size_t count)
{
    for (size_t i = 0; i < count * PIXELS; i++)
        inputs[i] = pixels_of(first)[i] / 16.0f;
}

static int check(const char *what, int8_t error)
{
    if (error != 0) {
        board_decimal(what, (uint32_t)-error);
        board_text("\n");
    }
    return error;
}

int main(void)
{
    uint32_t structure[] = {PIXELS, HIDDEN, CLASSES};
    AIFES_E_activations activations[] = {AIfES_E_tanh, AIfES_E_softmax};
    AIFES_E_model_parameter_fnn_f32 net = {.layer_count = 3, .fnn_structure = structure, .fnn_activations = activations, .flat_weights = parameters};
    uint16_t few[] = {REPRESENTATIVE, PIXELS}, from[] = {SHOWN, PIXELS}, to[] = {SHOWN, CLASSES};
    aitensor_t some = AITENSOR_2D_F32(few, inputs), x = AITENSOR_2D_F32(from, inputs), y = AITENSOR_2D_F32(to, outputs);
    static uint32_t rounded[(PIXELS * HIDDEN + HIDDEN * CLASSES + 512) / 4];
    uint64_t exactly = 0, in_bytes = 0;
    uint32_t right = 0, still_right = 0;

    peer_start();
    for (size_t update = 0; update < UPDATES; update++)
        peer_update(update * BATCH % LEARNED);
    for (size_t digit = HELD_OUT_FROM; digit < HELD_OUT_FROM + HELD_OUT; digit++) {
        start();
        right += peer_class(pixels_of(digit)) == class_of(digit);
        exactly += instructions();
    }
    if (AIFES_E_flat_weights_number_fnn_q7(structure, 3) > sizeof rounded)
        return 1;
    show(0, REPRESENTATIVE);
    if (check("rounding failed by ", AIFES_E_quantisation_fnn_f32_to_q7(&some, &net, (uint8_t *)rounded)) != 0)
        return 1;
    net.flat_weights = rounded;
    for (size_t first = HELD_OUT_FROM; first < HELD_OUT_FROM + HELD_OUT; first += SHOWN) {
        start();
        show(first, SHOWN);
        if (check("the answer failed by ", AIFES_E_inference_fnn_q7(&x, &net, &y)) != 0)
            return 1;
        in_bytes += instructions();
        for (size_t i = 0; i < SHOWN; i++)
            still_right += LARGEST(outputs + i * CLASSES) == class_of(first + i);
    }
    board_decimal("right=", right);
    board_decimal(" instructions=", (uint32_t)(exactly / HELD_OUT));
    board_decimal(" still=", still_right);
    board_decimal(" instructions=", (uint32_t)(in_bytes / HELD_OUT));
    board_decimal(" stack=", board_stack());
    board_text("\n");
    return 0;
}

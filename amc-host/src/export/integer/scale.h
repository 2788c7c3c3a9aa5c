/* Makes what was measured, a row or the rows of a window, into what the net takes: (x - offset) * scale, rounded to the nearest
   integer, the larger in size of two, and cut off. */
static inline void model_scale(const float numbers[MODEL_INPUTS], int8_t inputs[MODEL_INPUTS])
{
    size_t i;

    for (i = 0; i < MODEL_INPUTS; i++) {
        const model_scaling of = MODEL_INPUT_SCALING[i % MODEL_FEATURES];
        const float x = (numbers[i] - of.offset) * of.scale;

        if (x < 127.0f && x > -127.0f) {
            const int whole = (int)x;
            const float rest = x - (float)whole;

            inputs[i] = (int8_t)(whole + (rest >= 0.5f) - (rest <= -0.5f));
        } else {
            inputs[i] = (int8_t)(x < 0.0f ? -127 : 127);
        }
    }
}

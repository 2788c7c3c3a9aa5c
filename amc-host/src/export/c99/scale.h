/* Makes what was measured, a row or the rows of a window, into what the net takes, in place. */
static inline void model_scale(float numbers[MODEL_INPUTS])
{
    size_t i;

    for (i = 0; i < MODEL_INPUTS; i++) {
        const model_scaling of = MODEL_INPUT_SCALING[i % MODEL_FEATURES];

        numbers[i] = (numbers[i] - of.offset) * of.scale;
    }
}

/* Makes what the net gave into numbers as they are measured, in place. */
static inline void model_unscale(float outputs[MODEL_OUTPUTS])
{
    size_t i;

    for (i = 0; i < MODEL_OUTPUTS; i++)
        outputs[i] = outputs[i] / MODEL_OUTPUT_SCALING[i].scale + MODEL_OUTPUT_SCALING[i].offset;
}

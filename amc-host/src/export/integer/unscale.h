/* Makes what the net gave, cut off at 16 bits, into numbers as they are measured. */
static inline void model_unscale(const int32_t outputs[MODEL_OUTPUTS], float numbers[MODEL_OUTPUTS])
{
    size_t i;

    for (i = 0; i < MODEL_OUTPUTS; i++) {
        const int32_t y = outputs[i] < -32768 ? -32768 : outputs[i] > 32767 ? 32767 : outputs[i];

        numbers[i] = (float)y / MODEL_OUTPUT_SCALING[i].scale + MODEL_OUTPUT_SCALING[i].offset;
    }
}

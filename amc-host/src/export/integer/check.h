/* Whether this computes what it does on a host: 1, else 0. The outputs of 16 samples are hashed (FNV-1a). All three arrays
   are written over. */
static inline int model_check(INPUT_TYPE inputs[MODEL_INPUTS], int32_t outputs[MODEL_OUTPUTS],
        int8_t scratch[MODEL_SCRATCH])
{
    uint32_t hash = 2166136261;
    size_t sample, i;

    for (sample = 0; sample < 16; sample++) {
        for (i = 0; i < MODEL_INPUTS; i++)
            inputs[i] = (INPUT_TYPE)((int)((17 * sample + i) % 61 * 37 % 61 * 4) - LESS);
        model_predict(inputs, outputs, scratch);
        for (i = 0; i < MODEL_OUTPUTS; i++)
            hash = (hash ^ (uint32_t)outputs[i]) * 16777619;
    }
    return hash == MODEL_CHECKED;
}

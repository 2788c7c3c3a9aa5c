/* Whether this computes what it does on a host: 1; or 0 where a compiler has changed it for an option that it does not
   tell (Clang's -ffp-contract=fast, -funsafe-math-optimizations and -ffp-model=fast), or where the core makes 0 of
   subnormal numbers. The bits of the outputs of 16 samples are hashed (FNV-1a). All three arrays are written over. */
static inline int model_check(float inputs[MODEL_INPUTS], float outputs[MODEL_OUTPUTS],
        float scratch[MODEL_SCRATCH])
{
    volatile float smallest = FLT_MIN;
    uint32_t hash = 2166136261;
    size_t sample, i;

    for (sample = 0; sample < 16; sample++) {
        for (i = 0; i < MODEL_INPUTS; i++)
            inputs[i] = (float)((17 * sample + i) % 61 * 37 % 61) / 30.0f - 1.0f;
        model_predict(inputs, outputs, scratch);
        for (i = 0; i < MODEL_OUTPUTS; i++) {
            union {
                float number;
                uint32_t bits;
            } same;

            same.number = outputs[i];
            /* Of NaN there are many. */
            hash = (hash ^ (outputs[i] <= outputs[i] ? same.bits : 0x7fc00000)) * 16777619;
        }
    }
    return hash == MODEL_CHECKED && smallest / 2.0f > 0.0f;
}

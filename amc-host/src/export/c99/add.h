/* What was kept is added. */
static inline void model_add(const float *inputs, const float *kept, size_t units, float *outputs)
{
    size_t i;

    for (i = 0; i < units; i++)
        outputs[i] = inputs[i] + kept[i];
}

/* Each unit: the inputs times its weights, summed in their order, and then its bias. Weights are [input][unit]. */
static inline void model_dense(const float *inputs, size_t count, const float *weights, const float *biases,
        size_t units, float *outputs)
{
    size_t unit, i;

    for (unit = 0; unit < units; unit++) {
        float sum = 0.0f;

        for (i = 0; i < count; i++)
            sum = weights[i * units + unit] * inputs[i] + sum;
        outputs[unit] = sum + biases[unit];
    }
}

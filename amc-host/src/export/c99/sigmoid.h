static inline void model_sigmoid(float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        values[i] = 1.0f / (1.0f + model_exp(0.0f - values[i]));
}

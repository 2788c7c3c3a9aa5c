static inline void model_step(float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        values[i] = values[i] < 0.0f ? 0.0f : values[i] >= 0.0f ? 1.0f : values[i];
}

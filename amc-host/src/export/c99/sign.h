static inline void model_sign(float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        values[i] = values[i] < 0.0f ? -1.0f : values[i] >= 0.0f ? 1.0f : values[i];
}

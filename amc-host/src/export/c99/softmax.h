static inline void model_softmax(float *values, size_t count)
{
    float largest = values[0], sum = 0.0f;
    size_t i;

    for (i = 1; i < count; i++)
        largest = values[i] <= largest ? largest : values[i];
    for (i = 0; i < count; i++) {
        values[i] = model_exp(values[i] - largest);
        sum = sum + values[i];
    }
    for (i = 0; i < count; i++)
        values[i] = values[i] / sum;
}

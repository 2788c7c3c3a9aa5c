/* The mean of every so many numbers, rounded down. */
static inline int32_t model_mean(const int8_t *inputs, int32_t count, size_t pitch)
{
    int32_t sum = 0, i;

    for (i = 0; i < count; i++, inputs += pitch)
        sum += *inputs;
    return sum < 0 ? ~(~sum / count) : sum / count;
}

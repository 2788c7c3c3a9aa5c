/* A sum divided by a power of 2, rounded down. */
static inline int32_t model_shift(int32_t sum, int shift)
{
    /* Of a negative number >> is what a compiler says it is. */
    return sum < 0 ? ~(~sum >> shift) : sum >> shift;
}

/* A bias and the sum of weights times inputs. */
static inline int32_t model_first_sum(const INPUT_TYPE *inputs, size_t count, const int8_t *weights, int32_t sum)
{
    size_t i;

    for (i = 0; i < count; i++)
        sum += (int32_t)weights[i] * inputs[i];
    return sum;
}

/* The same of what a layer makes. */
static inline int32_t model_sum(const int8_t *inputs, size_t count, const int8_t *weights, int32_t sum)
{
    size_t i;

    for (i = 0; i < count; i++)
        sum += (int32_t)weights[i] * inputs[i];
    return sum;
}

/* The square root of a normal number, correctly rounded, bit by bit: where a core has no instruction for it, there would
   have to be a library. What is no positive number stays as it is. */
static inline float model_root(float x)
{
    union {
        float number;
        uint32_t bits;
    } same;
    uint32_t rest, root = 0, bit;
    int32_t exponent;

    if (!(x > 0.0f && x <= FLT_MAX))
        return x;
    same.number = x;
    exponent = (int32_t)(same.bits >> 23) - 127;
    rest = (same.bits & 0x7fffff) | 0x800000;
    /* x = rest * 2^(exponent - 23): an even exponent, and a bit of the root more than it keeps. */
    if (exponent % 2 != 0) {
        rest <<= 1;
        exponent--;
    }
    rest <<= 1;
    for (bit = 0x1000000; bit != 0; bit >>= 1, rest <<= 1)
        if (2 * root + bit <= rest) {
            rest -= 2 * root + bit;
            root += bit;
        }
    /* It is never half-way between two floats. */
    root = (root + 1) >> 1;
    same.bits = root + ((uint32_t)(exponent / 2 + 126) << 23);
    return same.number;
}

/* Numbers less their mean, over the root of their variance + 10^-5, times a gain each, plus a bias each. */
static inline void model_normalization(const float *inputs, size_t units, const float *gains, const float *biases,
        float *outputs)
{
    float mean = 0.0f, squares = 0.0f, deviation;
    size_t i;

    for (i = 0; i < units; i++)
        mean = mean + inputs[i];
    mean = mean / (float)units;
    for (i = 0; i < units; i++) {
        const float off = inputs[i] - mean;

        squares = off * off + squares;
    }
    deviation = model_root(squares / (float)units + 1e-5f);
    for (i = 0; i < units; i++)
        outputs[i] = ((inputs[i] - mean) / deviation) * gains[i] + biases[i];
}

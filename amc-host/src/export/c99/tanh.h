static inline void model_tanh(float *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        float x = values[i], n, r, z, t, p, e, sum, difference;

        /* From 9.02 on tanh rounds to 1. NaN stays NaN. */
        x = 10.0f <= x ? 10.0f : x;
        x = x <= -10.0f ? -10.0f : x;
        /* x = n ln 2 / 2 + r. Adding 1.5 * 2^23 and taking it away again rounds to a whole number. */
        n = (x * 2.88539f + 12582912.0f) - 12582912.0f;
        r = n * -0.3465736f + x;
        z = r * r;
        p = 1.3109224e-1f * z + -3.3331227e-1f;
        t = r * (z * p + 1.0f);
        /* Of e = 2^n and t = tanh r, by the addition theorem. */
        e = model_power_of_two(n);
        sum = 1.0f + e;
        difference = 1.0f - e;
        values[i] = (t * sum - difference) / (sum - t * difference);
    }
}

/* e^x */
static inline float model_exp(float x)
{
    float n, r, half, y;

    /* Beyond these ends it is 0 or infinite. NaN stays NaN. */
    x = 89.0f <= x ? 89.0f : x;
    x = x <= -104.0f ? -104.0f : x;
    /* x = n ln 2 + r, ln 2 in two parts. Adding 1.5 * 2^23 and taking it away again rounds to a whole number. */
    n = (x * 1.442695f + 12582912.0f) - 12582912.0f;
    r = n * -0.69314575f + x;
    r = n * -1.4286068e-6f + r;
    y = 1.3814648e-3f;
    y = y * r + 8.368703e-3f;
    y = y * r + 4.1668386e-2f;
    y = y * r + 1.6666521e-1f;
    y = y * r + 4.9999993e-1f;
    y = (r * r) * y + r;
    y = y + 1.0f;
    /* 2^n in two steps, because n reaches from -150 to 128. */
    half = (n * 0.5f + 12582912.0f) - 12582912.0f;
    y = y * model_power_of_two(half);
    return y * model_power_of_two(n - half);
}

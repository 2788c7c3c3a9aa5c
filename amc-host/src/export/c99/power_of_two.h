/* 2^n of a whole number n from -126 to 127. */
static inline float model_power_of_two(float n)
{
    union {
        float number;
        uint32_t bits;
    } same;

    /* 1.5 * 2^23 + 127 + n has n + 127 in its low bits, which is the exponent of 2^n. */
    same.number = n + 12583039.0f;
    same.bits <<= 23;
    return same.number;
}

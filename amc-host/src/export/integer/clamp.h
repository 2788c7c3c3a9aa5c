/* A number within two ends, of which 127 is the upper one. */
static inline int8_t model_clamp(int32_t x, int32_t least)
{
    return (int8_t)(x < least ? least : x > 127 ? 127 : x);
}

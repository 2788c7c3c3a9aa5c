/* 127 tanh((i + 1/2) / 64) */
static const int8_t MODEL_TANH[256] = {
    VALUES
};

/* Of a number in units of 1/64; 127 stands for 1. */
static inline int8_t model_tanh(int32_t x)
{
    if (x < 0)
        return (int8_t)-MODEL_TANH[x < -256 ? 255 : ~x];
    return MODEL_TANH[x > 255 ? 255 : x];
}

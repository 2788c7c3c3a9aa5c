/* (1 + tanh(x / 2)) / 2 */
static inline int8_t model_sigmoid(int32_t x)
{
    return (int8_t)((127 + model_tanh(model_shift(x, 1))) / 2);
}

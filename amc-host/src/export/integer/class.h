/* The class of the largest output, the first of equals; -1 where the largest is that of no class. */
static inline int model_class(const int32_t outputs[MODEL_OUTPUTS])
{
    size_t i, best = 0;

    for (i = 0; i < MODEL_OUTPUTS; i++)
        if (outputs[i] > outputs[best])
            best = i;
    return best < MODEL_CLASS_COUNT ? (int)best : -1;
}

/* Where the state of a step is made: one behind the other in `outputs`; of the last alone, where there is a `spare` one,
   in both in turn, so that the last is made in `outputs`. */
static inline float *model_state(float *outputs, float *spare, size_t steps, size_t step, size_t units)
{
    if (spare == NULL)
        return outputs + step * units;
    return (steps - step) % 2 == 0 ? spare : outputs;
}

/* Goes on with each unit's sum: the state before times its weights, [state][unit], in their order. */
static inline void model_add_state(const float *before, size_t count, const float *weights, size_t units, float *sums)
{
    size_t unit, i;

    for (unit = 0; unit < units; unit++)
        for (i = 0; i < count; i++)
            sums[unit] = weights[i * units + unit] * before[i] + sums[unit];
}

/* The state of each step, by gates r and z and a new state n, whose sums are [r][z][n]: those of the step's inputs and
   their biases, and then those of the state before, which of n stand apart, with a bias of their own. */
static inline void model_gru(const float *inputs, size_t count, size_t steps, const float *weights, size_t units,
        float *outputs, float *spare, float *sums)
{
    const float *of_state = weights + count * 3 * units, *biases = of_state + units * 3 * units;
    const float *before = NULL, *r = sums, *z = sums + units;
    float *n = sums + 2 * units;
    size_t step, unit;

    for (step = 0; step < steps; step++) {
        float *now = model_state(outputs, spare, steps, step, units);

        model_dense(inputs + step * count, count, weights, biases, 3 * units, sums);
        for (unit = 0; unit < units; unit++) {
            now[unit] = n[unit];
            n[unit] = biases[3 * units + unit];
        }
        if (before != NULL)
            model_add_state(before, units, of_state, 3 * units, sums);
        model_sigmoid(sums, 2 * units);
        for (unit = 0; unit < units; unit++)
            now[unit] = r[unit] * n[unit] + now[unit];
        model_tanh(now, units);
        for (unit = 0; unit < units; unit++)
            now[unit] = z[unit] * ((before == NULL ? 0.0f : before[unit]) - now[unit]) + now[unit];
        before = now;
    }
}

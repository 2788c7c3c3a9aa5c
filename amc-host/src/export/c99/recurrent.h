/* The state of each step: a unit sums the step's inputs, its bias and the state before, which the first step has not.
   `activate` is NULL where the sum is the state. */
static inline void model_recurrent(const float *inputs, size_t count, size_t steps, const float *weights, size_t units,
        void (*activate)(float *, size_t), float *outputs, float *spare)
{
    const float *of_state = weights + count * units, *biases = of_state + units * units;
    const float *before = NULL;
    size_t step;

    for (step = 0; step < steps; step++) {
        float *now = model_state(outputs, spare, steps, step, units);

        model_dense(inputs + step * count, count, weights, biases, units, now);
        if (before != NULL)
            model_add_state(before, units, of_state, units, now);
        if (activate != NULL)
            activate(now, units);
        before = now;
    }
}

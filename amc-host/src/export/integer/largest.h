/* The largest number of a channel under a window at a position, with sizes as model_window has them. */
static inline int32_t model_largest(const int8_t *inputs, const size_t sizes[9], size_t row, size_t column, size_t channel)
{
    int32_t largest = INT32_MIN;
    size_t i, j;

    for (i = 0; i < sizes[3]; i++)
        for (j = 0; j < sizes[6]; j++) {
            const size_t y = row * sizes[4] + i, x = column * sizes[7] + j;
            int32_t input;

            if (y < sizes[5] || y - sizes[5] >= sizes[0] || x < sizes[8] || x - sizes[8] >= sizes[1])
                continue;
            input = inputs[((y - sizes[5]) * sizes[1] + x - sizes[8]) * sizes[2] + channel];
            if (input > largest)
                largest = input;
        }
    return largest;
}

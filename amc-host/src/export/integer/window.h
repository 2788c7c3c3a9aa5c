/* The sum of weights times the numbers under a window, [row][column][channel], at a position; where it reaches beyond the image it
   finds zeros. The sizes are the image's rows, columns and channels, and size, stride and padding of the window's rows and of its
   columns. */
static inline int32_t model_window(const int8_t *inputs, const size_t sizes[9], size_t row, size_t column,
        const int8_t *weights, int32_t sum)
{
    size_t i, j, c;

    for (i = 0; i < sizes[3]; i++)
        for (j = 0; j < sizes[6]; j++) {
            /* Of the image with what is added on each side. */
            const size_t y = row * sizes[4] + i, x = column * sizes[7] + j;

            if (y < sizes[5] || y - sizes[5] >= sizes[0] || x < sizes[8] || x - sizes[8] >= sizes[1])
                continue;
            for (c = 0; c < sizes[2]; c++)
                sum += (int32_t)weights[(i * sizes[6] + j) * sizes[2] + c] *
                    inputs[((y - sizes[5]) * sizes[1] + x - sizes[8]) * sizes[2] + c];
        }
    return sum;
}

/* At each position of a window every filter sums the numbers under it times its weights, over rows, columns and
   channels, and then adds its bias. Beyond the image there is nothing to sum. Images are [row][column][channel], weights
   [window row][window column][channel][filter]. */
static inline void model_convolution(const float *image, const model_side *rows, const model_side *columns,
        size_t channels, const float *weights, const float *biases, size_t filters,
        float *outputs)
{
    size_t row, column, filter, i, j, channel, at_row, at_column;

    for (row = 0; row < rows->positions; row++)
        for (column = 0; column < columns->positions; column++)
            for (filter = 0; filter < filters; filter++) {
                float sum = 0.0f;

                for (i = 0; i < rows->size; i++)
                    for (j = 0; j < columns->size; j++) {
                        const float *place, *weight;

                        if (!model_under(rows, row, i, &at_row) || !model_under(columns, column, j, &at_column))
                            continue;
                        place = image + (at_row * columns->places + at_column) * channels;
                        weight = weights + (i * columns->size + j) * channels * filters + filter;
                        for (channel = 0; channel < channels; channel++)
                            sum = weight[channel * filters] * place[channel] + sum;
                    }
                *outputs++ = sum + biases[filter];
            }
}

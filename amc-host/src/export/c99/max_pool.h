/* The largest number under a window, at each of its positions and of each channel; NaN if one is. */
static inline void model_max_pool(const float *image, const model_side *rows, const model_side *columns,
        size_t channels, float *outputs)
{
    size_t row, column, channel, i, j, at_row, at_column;

    for (row = 0; row < rows->positions; row++)
        for (column = 0; column < columns->positions; column++)
            for (channel = 0; channel < channels; channel++) {
                const float *most = NULL;

                for (i = 0; i < rows->size; i++)
                    for (j = 0; j < columns->size; j++) {
                        const float *place;

                        if (!model_under(rows, row, i, &at_row) || !model_under(columns, column, j, &at_column))
                            continue;
                        place = image + (at_row * columns->places + at_column) * channels + channel;
                        /* A comparison with NaN is false: a NaN that is found stays. */
                        if (most == NULL || (*most <= *most && !(*place <= *most)))
                            most = place;
                    }
                *outputs++ = *most;
            }
}

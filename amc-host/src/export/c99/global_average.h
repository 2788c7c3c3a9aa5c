/* The mean of each channel over the places of an image. */
static inline void model_global_average(const float *image, size_t places, size_t channels, float *outputs)
{
    size_t channel, place;

    for (channel = 0; channel < channels; channel++) {
        float sum = 0.0f;

        for (place = 0; place < places; place++)
            sum = sum + image[place * channels + channel];
        outputs[channel] = sum / (float)places;
    }
}

/* A window that moves along a side of an image: the places of the side, the window's size, how far it moves from one
   position to the next, the places that are added on either end, and its positions. */
typedef struct {
    size_t places, size, stride, padding, positions;
} model_side;

/* Whether the i-th of the window's places is on the image at a position, and then on which place. */
static inline int model_under(const model_side *side, size_t position, size_t i, size_t *place)
{
    const size_t padded = position * side->stride + i;

    *place = padded - side->padding;
    return padded >= side->padding && *place < side->places;
}

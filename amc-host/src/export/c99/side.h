/* A window that moves along a side of an image: the places of the side, the window's size, how far it moves from one
   position to the next, the places that are added on either end, and its positions. */
typedef struct {
    size_t places, size, stride, padding, positions;
} model_side;

/* Whether the i-th of the window's places is on the image at a position, and on which place; what is before the first
   wraps around, to beyond the last. */
static inline int model_under(const model_side *side, size_t position, size_t i, size_t *place)
{
    *place = position * side->stride + i - side->padding;
    return *place < side->places;
}

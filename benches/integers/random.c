/* Random numbers for random weights, by Marsaglia's xorshift: -DSEED=n. */
#include <stdint.h>
#include <stdlib.h>

/* newlib's has 7 kB of assertions and signals with it. */
int rand(void)
{
    static uint32_t state = SEED * 2654435769u;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int)(state >> 1);
}

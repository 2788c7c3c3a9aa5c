/* Rows of numbers, the same as in export_c99.rs: half of the rows have numbers up to 4, a fourth up to
   128, and a fourth some of any bits, which may be huge, subnormal, infinite or no numbers. */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>
#include <stdint.h>

#define SEED 2463534242

static uint32_t drawn;

static uint32_t draw(void)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 17;
    drawn ^= drawn << 5;
    return drawn;
}

static void draw_row(size_t row, float *numbers, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        union {
            uint32_t bits;
            float number;
        } same;

        same.bits = draw();
        if (row % 4 == 3 && draw() % 4 == 0)
            numbers[i] = same.number;
        else
            numbers[i] = ((float)(same.bits >> 8) / 2097152.0f - 4.0f) * (row % 4 == 2 ? 32.0f : 1.0f);
    }
}

/* The bits of a number; there are many of what is none, of which one stands for all. */
static uint32_t bits(float number)
{
    union {
        float number;
        uint32_t bits;
    } same;

    same.number = number;
    return number == number ? same.bits : 0x7fc00000;
}

#endif

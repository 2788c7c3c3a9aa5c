/* What a peer in C is asked for, and what it is given: the digits. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>

enum { PIXELS = 64, HIDDEN = 16, CLASSES = 10, DIGITS = 1797 };

/* data/digits.u8: 8 x 8 values of 0 to 16, one digit after another, and then the labels. */
extern const uint8_t digits[DIGITS * (PIXELS + 1)];

static inline const uint8_t *pixels_of(size_t digit)
{
    return digits + digit * PIXELS;
}

static inline uint8_t class_of(size_t digit)
{
    return digits[DIGITS * PIXELS + digit];
}

/* Random weights by -DSEED=n; 0 if all went well, and else how many bytes of WORKING are needed. */
uint32_t peer_start(void);

/* One update by the BATCH digits from `first` on; after the last that is learned comes the first. */
void peer_update(size_t first);

/* The class that the net takes a digit for. */
size_t peer_class(const uint8_t *pixels);

/* Bytes of RAM, beside the stack, that training needs. */
uint32_t peer_ram(void);

/* The place of the largest of CLASSES numbers; of equals, the first. */
#define LARGEST(numbers)                                                                                                         \
    ({                                                                                                                           \
        size_t largest = 0;                                                                                                      \
        for (size_t class = 1; class < CLASSES; class++)                                                                         \
            if ((numbers)[class] > (numbers)[largest])                                                                           \
                largest = class;                                                                                                 \
        largest;                                                                                                                 \
    })

#endif

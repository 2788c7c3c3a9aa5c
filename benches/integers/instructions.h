/* Counts instructions by a timer of the machine: QEMU's -icount shift=8 makes each take 256 ns. */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

#if defined HOST
static inline void start(void)
{
}

static inline uint32_t instructions(void)
{
    return 0;
}
#elif defined __ARM_ARCH_6M__
/* The nRF51's timer 0, of 16 MHz. */
static volatile uint32_t *const TIMER = (volatile uint32_t *)0x40008000;
enum { START = 0, CLEAR = 0x00c / 4, CAPTURE = 0x040 / 4, BITMODE = 0x508 / 4, PRESCALER = 0x510 / 4, CAPTURED = 0x540 / 4 };

static inline void start(void)
{
    TIMER[BITMODE] = 3;
    TIMER[PRESCALER] = 0;
    TIMER[CLEAR] = TIMER[START] = 1;
}

static inline uint32_t instructions(void)
{
    TIMER[CAPTURE] = 1;
    return (uint32_t)((uint64_t)TIMER[CAPTURED] * 125 / 512);
}
#else
/* The CMSDK's timer 0, which counts down at 25 MHz. */
static volatile uint32_t *const TIMER = (volatile uint32_t *)0x40000000;
enum { CTRL, VALUE, RELOAD };

static inline void start(void)
{
    TIMER[CTRL] = 0;
    TIMER[RELOAD] = TIMER[VALUE] = UINT32_MAX;
    TIMER[CTRL] = 1;
}

static inline uint32_t instructions(void)
{
    return (uint32_t)((uint64_t)(UINT32_MAX - TIMER[VALUE]) * 5 / 32);
}
#endif

#endif

/* What newlib's malloc takes, -DHEAP=n bytes, and instead of its files, which would be in the flash for texts of errors, nothing. */
#include "heap.h"

#ifdef HOST
size_t heap_used(void)
{
    return 0;
}
#else
#include <stdio.h>
#include <stdlib.h>

static _Alignas(8) char heap[HEAP];
static size_t used;

size_t heap_used(void)
{
    return used;
}

void *_sbrk(ptrdiff_t more)
{
    void *at = heap + used;

    if (more > (ptrdiff_t)(sizeof heap - used))
        return (void *)-1;
    used += more;
    return at;
}

int printf(const char *format, ...)
{
    return *format;
}

int puts(const char *text)
{
    return *text;
}

int putchar(int character)
{
    return character;
}

void abort(void)
{
    for (;;)
        __asm__ volatile("udf #0");
}

void exit(int status)
{
    (void)status;
    abort();
}
#endif

/* The machine that compiled it. */
#include <stdio.h>

#include "board.h"

void board_text(const char *text)
{
    fputs(text, stdout);
}

void board_decimal(const char *label, uint32_t value)
{
    printf("%s%lu", label, (unsigned long)value);
}

void board_hexadecimal(const char *label, uint32_t value)
{
    printf("%s%08lx", label, (unsigned long)value);
}

uint32_t board_stack(void)
{
    return 0;
}

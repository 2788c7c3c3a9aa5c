/* Numbers as text, for boards that have only board_text. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include "board.h"

void board_decimal(const char *label, uint32_t value)
{
    char digits[11];
    char *at = digits + sizeof digits - 1;

    for (*at = '\0'; at == digits + sizeof digits - 1 || value != 0; value /= 10)
        *--at = (char)('0' + value % 10);
    board_text(label);
    board_text(at);
}

void board_hexadecimal(const char *label, uint32_t value)
{
    char digits[9] = {0};

    for (int i = 7; i >= 0; i--, value >>= 4)
        digits[i] = "0123456789abcdef"[value & 15];
    board_text(label);
    board_text(digits);
}

#endif

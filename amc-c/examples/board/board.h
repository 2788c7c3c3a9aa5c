/* What an example needs of the machine it runs on. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_text(const char *text);

/* Prints `label`, and `value` in decimal digits or as eight hexadecimal ones. */
void board_decimal(const char *label, uint32_t value);
void board_hexadecimal(const char *label, uint32_t value);

/* The most bytes of stack that were in use since the start. */
uint32_t board_stack(void);

/* The program: its status is the machine's. */
int main(void);

#endif

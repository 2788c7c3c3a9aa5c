/* Trains a peer and looks at what it has learned, the same for all: it prints a row for every look, and at last what memory was in use.

   -DBATCH=n (digits to an update), -DUPDATES=n, -DENOUGH=n (held-out digits that have to be right to end before; 0:
   go on to the last update), -DLEARNED=n (the first so many digits are learned), -DHELD_OUT_FROM=n, -DHELD_OUT=n */
#include "board.h"
#include "instructions.h"
#include "peer.h"

/* Updates from one look to the next. */
enum { LOOK = 10 };

static uint32_t right(void)
{
    uint32_t count = 0;

    for (size_t digit = HELD_OUT_FROM; digit < HELD_OUT_FROM + HELD_OUT; digit++)
        count += peer_class(pixels_of(digit)) == class_of(digit);
    return count;
}

int main(void)
{
    uint64_t spent = 0;
    uint32_t found = 0, stack, needed = peer_start();

    if (needed != 0) {
        board_decimal("needed=", needed);
        board_text("\n");
        return 1;
    }
    for (uint32_t update = 1; update <= UPDATES; update++) {
        start();
        peer_update((update - 1) * (size_t)BATCH % LEARNED);
        spent += instructions();
        if (update % LOOK == 0) {
            found = right();
            board_decimal("updates=", update);
            board_decimal(" right=", found);
            board_decimal(" kilo=", (uint32_t)((spent + 500) / 1000));
            board_text("\n");
            if (ENOUGH != 0 && found >= ENOUGH)
                break;
        }
    }
    stack = board_stack();
    board_decimal("ram=", peer_ram());
    board_decimal(" stack=", stack);
    board_text("\n");
    return 0;
}

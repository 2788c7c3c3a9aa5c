/* What the images have beside AIfES and its training: start-up, reports, and the data. */
#include "board.h"
#include "features.h"

int main(void)
{
    const void *volatile data[] = {LEARNED_UNITS,    LEARNED_TARGETS, HELD_OUT_UNITS,
                                   HELD_OUT_CLASSES, HEAD_WEIGHTS,    HEAD_BIASES};

    board_decimal("", board_stack());
    board_text("\n");
    return data[0] == data[1];
}

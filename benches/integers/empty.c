/* What the images have beside a peer and its training: start-up, reports, and the digits. */
#include "board.h"
#include "peer.h"

int main(void)
{
    const uint8_t *volatile stored = digits;

    board_decimal("", board_stack() + stored[0]);
    board_text("\n");
    return 0;
}

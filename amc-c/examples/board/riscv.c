/* A RISC-V core without an FPU, on QEMU's machine virt: start, reports by semihosting, and an end with a status. */
#include "board.h"
#include "numbers.h"

/* Places of the linker's. */
extern uint32_t bss_start[], bss_end[];

/* The three instructions that QEMU knows a call by, none of them compressed. */
static int semihosting(uint32_t operation, const void *argument)
{
    register uint32_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    __asm__ volatile(".balign 16\n"
                     ".option push\n"
                     ".option norvc\n"
                     "slli zero, zero, 0x1f\n"
                     "ebreak\n"
                     "srai zero, zero, 7\n"
                     ".option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return (int)a0;
}

void board_text(const char *text)
{
    semihosting(0x04, text); /* SYS_WRITE0 */
}

/* It is not painted here. */
uint32_t board_stack(void)
{
    return 0;
}

__attribute__((used)) static void start(void)
{
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    /* SYS_EXIT: ADP_Stopped_ApplicationExit, or a run-time error. */
    const int status = main();
    for (;;)
        semihosting(0x18, (const void *)(status == 0 ? 0x20026 : 0x20023));
}

__attribute__((naked, section(".reset"))) void reset(void)
{
    __asm__ volatile("la sp, stack_top\n j start");
}

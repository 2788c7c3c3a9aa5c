/* A Cortex-M4F under QEMU: start, reports by semihosting, and an end with a status. */
#include "board.h"
#include "numbers.h"

/* Places of the linker's. */
extern uint32_t stack_top[], paint_end[], data_start[], data_end[], data_stored[], bss_start[], bss_end[];

static const uint32_t PAINT = 0x5ac396a5;

/* Full access to coprocessors 10 and 11, the FPU, which a reset leaves switched off. With -DFPU_ACCESS=0 it stays off:
   its first instruction is a HardFault, with NOCP in CFSR. */
#ifndef FPU_ACCESS
#define FPU_ACCESS (0xfu << 20)
#endif

static volatile uint32_t *const CFSR = (volatile uint32_t *)0xe000ed28;
static volatile uint32_t *const CPACR = (volatile uint32_t *)0xe000ed88;

static int semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int)r0;
}

void board_text(const char *text)
{
    semihosting(0x04, text); /* SYS_WRITE0 */
}

uint32_t board_stack(void)
{
    const uint32_t *at = bss_end;

    while (*at == PAINT)
        at++;
    return (uint32_t)(stack_top - at) * sizeof *at;
}

static void end(int status)
{
    /* SYS_EXIT: ADP_Stopped_ApplicationExit, or a run-time error. */
    for (;;)
        semihosting(0x18, (const void *)(status == 0 ? 0x20026 : 0x20023));
}

static void fault(void)
{
    board_hexadecimal("fault: CFSR=", *CFSR);
    board_text("\n");
    end(1);
}

void reset(void)
{
    *CPACR |= FPU_ACCESS;
    __asm__ volatile("dsb\n isb");
    for (uint32_t *to = data_start, *from = data_stored; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    for (volatile uint32_t *to = bss_end; to < paint_end; to++)
        *to = PAINT;
    end(main());
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {stack_top, {reset, fault, fault, fault, fault, fault}};

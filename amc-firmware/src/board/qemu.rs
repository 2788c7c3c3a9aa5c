//! QEMU: prints by semihosting, and ends with a status.

use core::fmt::Arguments;
use core::panic::PanicInfo;

use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};
use cortex_m_semihosting::hprintln;

/// Prints a line.
pub fn print(line: Arguments<'_>) {
    hprintln!("{}", line);
}

/// Ends the program: QEMU's status is 0 if `ok`, and 1 otherwise.
pub fn finish(ok: bool) -> ! {
    exit(if ok { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}"));
    finish(false)
}

//! A real board: prints by defmt over RTT, which `probe-rs run` shows, and sleeps at the end.

use core::fmt::Arguments;

use {defmt_rtt as _, panic_probe as _};

/// Prints a line.
pub fn print(line: Arguments<'_>) {
    defmt::println!("{}", defmt::Display2Format(&line));
}

/// Ends the program: with its verdict, and asleep.
pub fn finish(ok: bool) -> ! {
    match ok {
        true => defmt::println!("finished: success"),
        false => defmt::error!("finished: failure"),
    }
    defmt::flush();
    loop {
        cortex_m::asm::wfi();
    }
}

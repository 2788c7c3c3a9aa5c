//! Counts instructions by a timer of the machine: under QEMU's `-icount shift=8`, every instruction takes 256 ns of the
//! machine's time.

use core::hint::black_box;
use core::sync::atomic::{Ordering, compiler_fence};

/// The down-counting timer 0 of Arm's MPS2 boards.
#[cfg(not(feature = "qemu-m0"))]
#[allow(unsafe_code, reason = "the timer is read where the machine has it")]
mod machine {
    /// The timer, and how long a tick of it takes. The AN505 has it twice; this is the secure one.
    const BASE: usize = if cfg!(feature = "qemu-m33") { 0x5000_0000 } else { 0x4000_0000 };
    const TICK_NS: u64 = if cfg!(feature = "qemu-m33") { 50 } else { 40 };

    const CTRL: *mut u32 = BASE as *mut u32;
    const VALUE: *mut u32 = (BASE + 4) as *mut u32;
    const RELOAD: *mut u32 = (BASE + 8) as *mut u32;

    pub fn start() {
        // SAFETY: the three registers of a timer that nothing else uses; QEMU's mps2 machines have it there.
        unsafe {
            CTRL.write_volatile(0);
            RELOAD.write_volatile(u32::MAX);
            VALUE.write_volatile(u32::MAX);
            CTRL.write_volatile(1);
        }
    }

    /// Ticks since the start.
    #[inline(always)]
    pub fn now() -> u32 {
        // SAFETY: as in `start`.
        u32::MAX - unsafe { VALUE.read_volatile() }
    }

    /// Ticks to instructions of 256 ns.
    pub fn instructions(ticks: u32) -> u32 {
        ((u64::from(ticks) * TICK_NS + 128) / 256) as u32
    }
}

/// Timer 0 of the nRF51, 16 MHz.
#[cfg(feature = "qemu-m0")]
#[allow(unsafe_code, reason = "the timer is read where the machine has it")]
mod machine {
    const BASE: usize = 0x4000_8000;
    const START: *mut u32 = BASE as *mut u32;
    const CLEAR: *mut u32 = (BASE + 0x00c) as *mut u32;
    const CAPTURE: *mut u32 = (BASE + 0x040) as *mut u32;
    const BITMODE: *mut u32 = (BASE + 0x508) as *mut u32;
    const PRESCALER: *mut u32 = (BASE + 0x510) as *mut u32;
    const CAPTURED: *mut u32 = (BASE + 0x540) as *mut u32;

    pub fn start() {
        // SAFETY: registers of a timer that nothing else uses, as the nRF51's reference manual gives them.
        unsafe {
            BITMODE.write_volatile(3);
            PRESCALER.write_volatile(0);
            CLEAR.write_volatile(1);
            START.write_volatile(1);
        }
    }

    /// Ticks since the start.
    #[inline(always)]
    pub fn now() -> u32 {
        // SAFETY: as in `start`.
        unsafe {
            CAPTURE.write_volatile(1);
            CAPTURED.read_volatile()
        }
    }

    /// Ticks of 62.5 ns to instructions of 256 ns.
    pub fn instructions(ticks: u32) -> u32 {
        ((u64::from(ticks) * 125 + 256) / 512) as u32
    }
}

/// Instructions that `f` takes, without those of calling it: up to 6 · 10⁸.
pub fn count<T>(f: impl FnOnce() -> T) -> (T, u32) {
    machine::start();
    let (_, empty) = ticks(|| ());
    let (result, taken) = ticks(f);
    (result, machine::instructions(taken).saturating_sub(machine::instructions(empty)))
}

#[inline(never)]
fn ticks<T>(f: impl FnOnce() -> T) -> (T, u32) {
    let start = machine::now();
    compiler_fence(Ordering::SeqCst);
    let result = black_box(f());
    compiler_fence(Ordering::SeqCst);
    (result, machine::now().wrapping_sub(start))
}

/// Instructions since it was started: up to 6 · 10⁸.
#[derive(Debug)]
pub struct Stopwatch(u32);

impl Stopwatch {
    /// Starts it; there is one at a time.
    pub fn start() -> Self {
        machine::start();
        Self(machine::now())
    }

    /// How many there were.
    pub fn instructions(&self) -> u32 {
        machine::instructions(machine::now().wrapping_sub(self.0))
    }
}

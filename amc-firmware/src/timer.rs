//! Counts instructions by a timer of the machine: under QEMU's `-icount shift=8`, every instruction takes 256 ns of the
//! machine's time.

use core::hint::black_box;
use core::sync::atomic::{Ordering, compiler_fence};

/// The down-counting timer 0 of Arm's MPS2 boards, 25 MHz.
#[allow(unsafe_code, reason = "the timer is read where the machine has it")]
mod machine {
    const CTRL: *mut u32 = 0x4000_0000 as *mut u32;
    const VALUE: *mut u32 = 0x4000_0004 as *mut u32;
    const RELOAD: *mut u32 = 0x4000_0008 as *mut u32;

    pub fn start() {
        // SAFETY: the three registers of a timer that nothing else uses; QEMU's mps2 machines have it there.
        unsafe {
            CTRL.write_volatile(0);
            RELOAD.write_volatile(u32::MAX);
            VALUE.write_volatile(u32::MAX);
            CTRL.write_volatile(1);
        }
    }

    /// Instructions since the start.
    #[inline(always)]
    pub fn now() -> u32 {
        // SAFETY: as in `start`.
        u32::MAX - unsafe { VALUE.read_volatile() }
    }

    /// Ticks of 40 ns to instructions of 256 ns.
    pub fn instructions(ticks: u32) -> u32 {
        ((u64::from(ticks) * 5 + 16) / 32) as u32
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

//! How deep the stack gets: it is painted before, and looked at afterwards.

const PAINT: u32 = 0x5ac3_96a5;
/// Bytes painted.
const DEPTH: usize = 4096;

/// The most bytes of stack that `f` takes, what it calls included; [`DEPTH`] if it may be more.
#[inline(never)]
#[allow(unsafe_code, reason = "the stack below the stack pointer is nobody's memory")]
pub fn depth<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let top = cortex_m::register::msp::read() as usize & !3;
    let bottom = (top - DEPTH) as *mut u32;
    for i in 0..DEPTH / 4 - 16 {
        // SAFETY: the memory belongs to the stack, which every board has more of. Nothing is in use below the stack
        // pointer; 64 bytes are left to what this loop itself may call.
        unsafe { bottom.add(i).write_volatile(PAINT) };
    }
    let result = f();
    // SAFETY: as above.
    let untouched = (0..DEPTH / 4).take_while(|i| unsafe { bottom.add(*i).read_volatile() } == PAINT).count();
    (result, DEPTH - 4 * untouched)
}

//! Another static library for bare metal, with a panic handler of its own, as every one has.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Panics where `index` is beyond the table.
#[unsafe(no_mangle)]
pub extern "C" fn second(x: f32, index: usize) -> f32 {
    [1.0, 2.0, 3.0][index] * x
}

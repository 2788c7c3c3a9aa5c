//! A flash for machines that have none to write to: memory that a reset leaves alone, behind the interface that
//! drivers of real flash have.
#![allow(unsafe_code, reason = "memory that start-up must not touch is nobody's value until it was written")]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// Bytes of the flash.
pub const CAPACITY: usize = 8 * PAGE;
/// Bytes of a page.
pub const PAGE: usize = 1024;
/// Bytes that are written at once.
pub const WORD: usize = 4;
/// What stands behind the pages once they were erased for the first time.
const FORMATTED: [u8; 8] = *b"RAMFLASH";

#[repr(align(4))]
struct Memory(UnsafeCell<MaybeUninit<[u8; CAPACITY + FORMATTED.len()]>>);

// SAFETY: nothing but the one `RamFlash` reads or writes it.
unsafe impl Sync for Memory {}

// SAFETY: the section holds memory that start-up does not write, which `MaybeUninit` may be.
#[unsafe(link_section = ".uninit.flash")]
static MEMORY: Memory = Memory(UnsafeCell::new(MaybeUninit::uninit()));

/// The flash. There is one: make it once.
#[derive(Debug)]
pub struct RamFlash(());

impl RamFlash {
    /// The flash as the last run left it; after power was off, an erased one.
    ///
    /// # Panics
    /// The second time.
    pub fn take() -> Self {
        static TAKEN: static_cell::ConstStaticCell<()> = static_cell::ConstStaticCell::new(());
        TAKEN.take();
        let mut flash = Self(());
        let mut mark = [0; FORMATTED.len()];
        flash.copy(CAPACITY, &mut mark);
        if mark != FORMATTED {
            flash.set(0, core::iter::repeat_n(0xff, CAPACITY));
            flash.set(CAPACITY, FORMATTED);
        }
        flash
    }

    fn copy(&self, from: usize, to: &mut [u8]) {
        for (at, to) in (from..).zip(to) {
            // SAFETY: callers stay within the memory. It is RAM that holds some byte, whoever wrote it: a volatile read
            // takes it as it is.
            *to = unsafe { MEMORY.0.get().cast::<u8>().add(at).read_volatile() };
        }
    }

    fn set(&mut self, from: usize, bytes: impl IntoIterator<Item = u8>) {
        for (at, byte) in (from..).zip(bytes) {
            // SAFETY: callers stay within the memory, which `&mut self` alone gives access to.
            unsafe { MEMORY.0.get().cast::<u8>().add(at).write_volatile(byte) };
        }
    }
}

impl ErrorType for RamFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for RamFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        self.copy(offset as usize, bytes);
        Ok(())
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }
}

impl NorFlash for RamFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        self.set(from as usize, core::iter::repeat_n(0xff, (to - from) as usize));
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        self.set(offset as usize, bytes.iter().copied());
        Ok(())
    }
}

//! A NOR flash whose power fails: it takes so many operations, and breaks off in the middle of the next.
#![allow(dead_code, reason = "each test uses a part of it")]

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// What the operation that power failed in has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing yet.
    Before,
    /// A word: half of its bytes, and half the bits of the next. A page: its first half is erased, or, every other
    /// time, neither old nor erased.
    Within,
    /// All.
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashError {
    /// Power is off.
    Power,
    /// The address or length is not one of whole words or pages.
    Bounds(NorFlashErrorKind),
    /// A word that was written since its page was erased.
    WrittenTwice { at: usize },
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            FlashError::Bounds(kind) => *kind,
            _ => NorFlashErrorKind::Other,
        }
    }
}

/// Words of `WORD` bytes, which are written once between erasures, in pages of `PAGE` bytes; `READ` bytes are read.
#[derive(Clone, Debug)]
pub struct PowerCutFlash<const WORD: usize, const PAGE: usize, const READ: usize = WORD> {
    pub bytes: Vec<u8>,
    /// Words that were written to since they were erased.
    written: Vec<bool>,
    /// Operations until power fails, and how it does.
    fails: Option<(usize, Cut)>,
    /// Words written and pages erased.
    pub operations: usize,
    /// Erasures of each page.
    pub erased: Vec<usize>,
    /// Bytes read.
    pub read: usize,
    /// A byte that keeps all of its bits when it is written.
    pub stuck: Option<usize>,
}

impl<const WORD: usize, const PAGE: usize, const READ: usize> PowerCutFlash<WORD, PAGE, READ> {
    /// Of garbage, as a chip that was used for something else.
    pub fn garbage(pages: usize) -> Self {
        Self::of((0..pages * PAGE).map(|at| (at * 89 + at / 7) as u8).collect())
    }

    /// Erased.
    pub fn new(pages: usize) -> Self {
        let flash = Self::of(vec![0xff; pages * PAGE]);
        Self { written: vec![false; flash.written.len()], ..flash }
    }

    fn of(bytes: Vec<u8>) -> Self {
        Self {
            written: vec![true; bytes.len() / WORD],
            fails: None,
            operations: 0,
            erased: vec![0; bytes.len() / PAGE],
            read: 0,
            stuck: None,
            bytes,
        }
    }

    /// Power fails after so many more operations, in this way.
    pub fn fail_after(&mut self, operations: usize, cut: Cut) {
        self.fails = Some((operations, cut));
    }

    /// Power is back.
    pub fn power_on(&mut self) {
        self.fails = None;
    }

    /// Counts an operation: whether all, half or nothing of it is done, and whether power is on after it.
    fn operation(&mut self) -> Result<Option<Cut>, FlashError> {
        self.operations += 1;
        match &mut self.fails {
            None => Ok(None),
            Some((0, Cut::Before)) => Err(FlashError::Power),
            Some((0, cut)) => Ok(Some(std::mem::replace(cut, Cut::Before))),
            Some((left, _)) => {
                *left -= 1;
                Ok(None)
            }
        }
    }
}

impl<const WORD: usize, const PAGE: usize, const READ: usize> ErrorType for PowerCutFlash<WORD, PAGE, READ> {
    type Error = FlashError;
}

impl<const WORD: usize, const PAGE: usize, const READ: usize> ReadNorFlash for PowerCutFlash<WORD, PAGE, READ> {
    const READ_SIZE: usize = READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check_read(self, offset, bytes.len()).map_err(FlashError::Bounds)?;
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        self.read += bytes.len();
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WORD: usize, const PAGE: usize, const READ: usize> NorFlash for PowerCutFlash<WORD, PAGE, READ> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        check_erase(self, from, to).map_err(FlashError::Bounds)?;
        for page in from as usize / PAGE..to as usize / PAGE {
            let cut = self.operation()?;
            let even = self.operations.is_multiple_of(2);
            let bytes = &mut self.bytes[page * PAGE..][..PAGE];
            let words = &mut self.written[page * PAGE / WORD..][..PAGE / WORD];
            if cut == Some(Cut::Within) {
                // Some bits are up already. What was not erased to the end takes no word.
                let half = bytes.iter_mut().take(PAGE / 2).enumerate();
                half.for_each(|(at, byte)| *byte |= if even { (at * 151 + 0x35) as u8 } else { 0xff });
                words.fill(true);
            } else {
                bytes.fill(0xff);
                words.fill(false);
                self.erased[page] += 1;
            }
            if cut.is_some() {
                return Err(FlashError::Power);
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check_write(self, offset, bytes.len()).map_err(FlashError::Bounds)?;
        for (index, word) in bytes.chunks(WORD).enumerate() {
            let at = offset as usize + index * WORD;
            if std::mem::replace(&mut self.written[at / WORD], true) {
                return Err(FlashError::WrittenTwice { at });
            }
            let cut = self.operation().inspect_err(|_| self.written[at / WORD] = false)?;
            for (offset, byte) in word.iter().enumerate() {
                let keeps = match (cut, self.stuck == Some(at + offset)) {
                    (_, true) => 0xff,
                    (Some(Cut::Within), _) if offset == WORD / 2 => 0xaa,
                    (Some(Cut::Within), _) if offset > WORD / 2 => 0xff,
                    _ => 0,
                };
                self.bytes[at + offset] &= byte | keeps;
            }
            if cut.is_some() {
                return Err(FlashError::Power);
            }
        }
        Ok(())
    }
}

//! What a device has saved, out of a copy of its flash memory.
//!
//! A crate of its own, because a store is compiled once for each size of words, which takes longer than what uses it.

use amc_store::flash::{Blocking, Store, StoreError};
use embassy_futures::block_on;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// A save that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// 1 for the first save to a region, and one more for each after it.
    pub generation: u64,
    /// A model file, or a chain.
    pub blob: Vec<u8>,
}

/// Why a copy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// Words of a size that is not read here.
    #[error("words of {0} bytes: they have to be of one of {WORD_SIZES:?}")]
    WordSize(usize),
    /// Pages of a size that is not read here.
    #[error("pages of {page_size} bytes: they have to be of whole words of {word_size}, four or more, in up to {PAGE}")]
    PageSize {
        /// Bytes of a page.
        page_size: usize,
        /// Bytes of a word.
        word_size: usize,
    },
    /// The region is not one that a store can be in.
    #[error("{bytes} bytes are not the region of a store: 4 or more pages, an even number, of {page_size} bytes")]
    Region {
        /// Bytes of the region.
        bytes: usize,
        /// Bytes of a page.
        page_size: usize,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(StoreError<NorFlashErrorKind>),
}

/// Bytes of the words, those that are written at once, that chips have.
pub const WORD_SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Bytes of the largest pages.
const PAGE: usize = 0x2_0000;
/// So many of them, less one, are read at addresses of 32 bits.
const PAGES: usize = ((1_u64 << 32) / PAGE as u64) as usize;

/// The saves in a store's region that are whole, the newest first.
///
/// `page_size` and `word_size`, in bytes, are those of the device's driver: its `ERASE_SIZE`, and the larger of its
/// `WRITE_SIZE` and `READ_SIZE`. With others nothing is found, or an older save.
pub fn saves(region: &[u8], page_size: usize, word_size: usize) -> Result<Vec<Save>, DumpError> {
    let read = match word_size {
        1 => read::<1>,
        2 => read::<2>,
        4 => read::<4>,
        8 => read::<8>,
        16 => read::<16>,
        32 => read::<32>,
        _ => return Err(DumpError::WordSize(word_size)),
    };
    let bytes = region.len();
    if page_size < 4 * word_size || page_size > PAGE || !page_size.is_multiple_of(word_size) {
        return Err(DumpError::PageSize { page_size, word_size });
    }
    let pages = bytes / page_size;
    if !bytes.is_multiple_of(2 * page_size) || !(4..PAGES).contains(&pages) {
        return Err(DumpError::Region { bytes, page_size });
    }
    read(region, page_size).map_err(DumpError::Store)
}

/// The page and word sizes, powers of two, with which there are saves in a region, and the newest one's generation.
///
/// Sizes other than the chip's may show some of its saves: those with the newest are the likeliest.
pub fn geometries(region: &[u8]) -> impl Iterator<Item = (usize, usize, u64)> {
    let pages = (6..=PAGE.ilog2()).map(|log2| 1 << log2);
    let sizes = pages.flat_map(|page| WORD_SIZES.map(|word| (page, word)));
    // A map's pages begin and end with a word of one byte: a mark, or erased.
    let marks = |page: usize, word: usize| {
        let is_mark = |word: &[u8]| word.iter().all(|byte| *byte == 0) || word.iter().all(|byte| *byte == 0xff);
        region.chunks_exact(page).all(|page| is_mark(&page[..word]) && is_mark(&page[page.len() - word..]))
    };
    sizes.filter(move |(page, word)| marks(*page, *word)).filter_map(|(page, word)| {
        let saves = saves(region, page, word).ok()?;
        Some((page, word, saves.first()?.generation))
    })
}

fn read<const WORD: usize>(region: &[u8], page_size: usize) -> Result<Vec<Save>, StoreError<NorFlashErrorKind>> {
    let flash = Spread::<WORD> { bytes: region.to_vec(), page_size };
    let (end, smallest_piece) = (flash.capacity() as u32, 20);
    let mut store = Store::new(Blocking(flash), 0..end, smallest_piece)?;
    // As large as an item of any store in these pages.
    let mut buffer = vec![0; page_size];
    let found = block_on(store.saved(&mut buffer))?;
    let mut saves = Vec::new();
    for saved in found.into_iter().flatten() {
        let mut blob = vec![0; saved.length()];
        block_on(store.copy(&mut buffer, &saved, &mut blob))?;
        saves.push(Save { generation: saved.generation(), blob });
    }
    Ok(saves)
}

/// A copy of a flash, each of whose pages is shown as one of [`PAGE`] bytes: its last word is the last word of that,
/// and what is between is erased. A map in it reads the same, and its type does not depend on the size of the pages,
/// which is a constant of a driver. Repairs are made to the copy.
struct Spread<const WORD: usize> {
    bytes: Vec<u8>,
    page_size: usize,
}

impl<const WORD: usize> Spread<WORD> {
    /// Where the byte at an address is kept.
    fn place(&self, address: usize) -> Option<usize> {
        let (page, at) = (address / PAGE * self.page_size, address % PAGE);
        let (body, last) = (self.page_size - WORD, PAGE - WORD);
        match at {
            _ if at < body => Some(page + at),
            _ if at >= last => Some(page + body + at - last),
            _ => None,
        }
    }
}

impl<const WORD: usize> ErrorType for Spread<WORD> {
    type Error = NorFlashErrorKind;
}

impl<const WORD: usize> ReadNorFlash for Spread<WORD> {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        for (address, to) in (offset as usize..).zip(bytes) {
            *to = self.place(address).map_or(0xff, |place| self.bytes[place]);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len() / self.page_size * PAGE
    }
}

impl<const WORD: usize> NorFlash for Spread<WORD> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let [from, to] = [from, to].map(|address| address as usize / PAGE * self.page_size);
        self.bytes[from..to].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        for (address, byte) in (offset as usize..).zip(bytes) {
            let place = self.place(address).ok_or(NorFlashErrorKind::OutOfBounds)?;
            self.bytes[place] &= byte;
        }
        Ok(())
    }
}

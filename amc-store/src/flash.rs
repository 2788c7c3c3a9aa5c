//! What a device keeps in its NOR flash: the newest of several saves, whole whenever power fails.
//!
//! The region is divided into two halves, each a map of [`sequential_storage`]: saves go to them in turn, so that
//! nothing that a save does, or breaks off, touches the half that holds the save before it. One map for both would
//! need fewer pages, but it copies live items from the page that it erases next, and after a cut takes them from there
//! once more: an erasure that was cut in the middle would take what was saved before with it.
//!
//! Within its half a save is these items, in this order:
//!
//! | key, `u16` | what |
//! | --- | --- |
//! | 1, 2, … | the blob, a model file or a chain, without its last 4 bytes, in pieces of one size |
//! | 0 | the record: `u64` generation, `u32` length, `u32` CRC-32, `u16` bytes of a piece |
//!
//! All is little-endian. The generation is 1 for the first save, and one more for each after it; the length and the
//! CRC-32, the 4 bytes left out, are the blob's.
//!
//! The record is written when the pieces were read back: until it is whole, the save before counts. Items are
//! appended, and a page is erased when the map needs it; the items of a save before in the same half are overwritten
//! by those of the next.
//!
//! The map repairs what a loss of power left in a half when it is next read or written: it erases a page that was
//! erased by half, and copies once more what it was copying. What it cannot repair, the garbage of a new chip
//! included, holds no save; the next save to that half erases it first. Loading may thus write to the flash, but never
//! to a half whose last save was completed.

mod blocking;
mod half;
mod store;

pub use blocking::Blocking;
pub use store::{Saved, Store, StoreError};

/// Bytes of an item's key.
const KEY: usize = 2;
/// Bytes of a record.
const RECORD: usize = 18;
/// Bytes that the map puts before an item, filled up to whole words.
const HEADER: usize = 8;
/// The largest word that the map knows: buffers are filled up to it.
const WORD: usize = 32;

/// The largest piece that a page takes, in bytes: a multiple of 4, 0 where there is none.
///
/// `page` and `word` are the driver's `ERASE_SIZE`, and the larger of its `WRITE_SIZE` and `READ_SIZE`.
pub const fn piece_limit(page: usize, word: usize) -> usize {
    if word == 0 {
        return 0;
    }
    let item = page.saturating_sub(2 * word).saturating_sub(HEADER.next_multiple_of(word)) / word * word;
    // The map keeps an item's length in 16 bits.
    let item = if item > u16::MAX as usize { u16::MAX as usize } else { item };
    item.saturating_sub(KEY) / 4 * 4
}

/// Bytes of a region that saves of up to `length` bytes need, in pieces of `piece` bytes: two halves of whole pages.
///
/// `page` and `word` are as for [`piece_limit`], and the piece is no larger than that. In such a region nothing is
/// copied between pages while no save is cut; in a larger one erasures are rarer.
pub const fn region_limit(length: usize, piece: usize, page: usize, word: usize) -> usize {
    match items(length, piece, page, word) {
        // By the time that a page is to be erased, the items on it were written anew in as many pages; one is written
        // to, and one is kept erased.
        Some((items, per_page)) => (2 * page).saturating_mul(items.div_ceil(per_page) + 2),
        None => usize::MAX,
    }
}

/// Bytes of the smallest region that saves of up to `length` bytes fit in: as [`region_limit`], or two pages less.
///
/// It never runs out of room, and is as safe; but items are copied when a page is erased, which may take several times
/// the writes and erasures. For chips whose pages are large.
pub const fn region_minimum(length: usize, piece: usize, page: usize, word: usize) -> usize {
    match items(length, piece, page, word) {
        // A page without room for an item holds at least `per_page` others: so many pages have no room. One more has,
        // and one is kept erased.
        Some((items, per_page)) => (2 * page).saturating_mul(items / per_page + 2),
        None => usize::MAX,
    }
}

/// Items of a save, and how many of the largest fit a page; `None` where none does.
const fn items(length: usize, piece: usize, page: usize, word: usize) -> Option<(usize, usize)> {
    if piece == 0 || piece > piece_limit(page, word) {
        return None;
    }
    let item = HEADER.next_multiple_of(word) + (KEY + piece).next_multiple_of(word);
    Some((length.div_ceil(piece) + 1, (page - 2 * word) / item))
}

/// Bytes of working memory for pieces of `piece` bytes and a head of `head` bytes.
///
/// [`snapshot::head_limit`](crate::snapshot::head_limit) and [`model::head_limit`](crate::model::head_limit) tell the
/// head's.
pub const fn buffer_limit(head: usize, piece: usize) -> usize {
    head + item_buffer(piece)
}

/// Bytes of the buffer that an item passes through.
const fn item_buffer(piece: usize) -> usize {
    (KEY + piece).next_multiple_of(WORD)
}

/// What makes a save valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Record {
    generation: u64,
    length: u32,
    crc: u32,
    piece: u16,
}

impl Record {
    fn bytes(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let fields = self.generation.to_le_bytes().into_iter().chain(self.length.to_le_bytes());
        let fields = fields.chain(self.crc.to_le_bytes()).chain(self.piece.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (generation, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (crc, rest) = rest.split_first_chunk()?;
        let [piece, long] = *rest else { return None };
        let (length, piece) = (u32::from_le_bytes(*length), u16::from_le_bytes([piece, long]));
        let (generation, crc) = (u64::from_le_bytes(*generation), u32::from_le_bytes(*crc));
        (length >= 4 && piece > 0).then_some(Self { generation, length, crc, piece })
    }

    /// Bytes of the blob that are in pieces.
    fn body(&self) -> usize {
        self.length as usize - 4
    }

    /// The bytes of each piece, in their order.
    fn pieces(&self) -> impl Iterator<Item = usize> + use<> {
        let (body, piece) = (self.body(), self.piece as usize);
        (0..body).step_by(piece).map(move |from| piece.min(body - from))
    }
}

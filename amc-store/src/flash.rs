//! What a device keeps in its NOR flash: the newest of several saves, whole whenever power fails.
//!
//! The region is divided into slots of as many whole pages. A save erases the slot that follows the newest one, writes
//! the blob, reads it back, and writes last the 32 bytes before it, which say that it is whole and that it is the
//! newest: until then the save before it is what counts.
//!
//! | bytes of a slot | what |
//! | --- | --- |
//! | 8 | `AMCSAVED` |
//! | 8 | the generation: 1 for the first save, and one more for each after it |
//! | 4 | the blob's length |
//! | 4 | the blob's CRC-32, its last 4 bytes |
//! | 4 | 0 |
//! | 4 | CRC-32 of the 28 bytes before |
//! | length | the blob: a model file, or a chain |
//!
//! Slots hold whole blobs rather than the pieces of a log: a save replaces all that was there, so that a log would
//! have nothing to keep, and a model's parameters lie one after the other, to be used where they are.

mod blocking;
mod dump;
mod store;

pub use blocking::Blocking;
pub use dump::{Saved, saved};
pub use store::{Store, StoreError};

use crate::blob::CRC;

const MAGIC: &[u8; 8] = b"AMCSAVED";
/// Bytes of a record. Also the largest word that a flash may write or read at once.
const RECORD: usize = 32;

/// Bytes of a slot that are enough for a blob of `length` bytes, before they are rounded up to whole pages.
pub const fn slot_limit(length: usize) -> usize {
    (RECORD + length).next_multiple_of(RECORD)
}

/// What makes a slot valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    generation: u64,
    length: u32,
    crc: u32,
}

impl Record {
    fn bytes(&self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        let fields = MAGIC.iter().copied().chain(self.generation.to_le_bytes());
        let fields = fields.chain(self.length.to_le_bytes()).chain(self.crc.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        if let Some((body, crc)) = bytes.split_last_chunk_mut() {
            *crc = CRC.checksum(body).to_le_bytes();
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.first_chunk::<RECORD>()?.split_last_chunk()?;
        let rest = body.strip_prefix(MAGIC)?;
        if CRC.checksum(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (generation, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (crc, _) = rest.split_first_chunk()?;
        Some(Self {
            generation: u64::from_le_bytes(*generation),
            length: u32::from_le_bytes(*length),
            crc: u32::from_le_bytes(*crc),
        })
    }
}

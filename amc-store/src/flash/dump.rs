//! What is saved in a copy of a device's flash.

use super::{MAGIC, RECORD, Record};
use crate::blob::CRC;

/// A whole save in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved<'d> {
    /// Where its slot begins in the dump, in bytes.
    pub offset: usize,
    /// Its generation: of one store, the largest is the newest.
    pub generation: u64,
    /// The blob: [`model::Stored`](crate::model::Stored) or [`snapshot::Stored`](crate::snapshot::Stored) reads it.
    pub blob: &'d [u8],
}

/// Every whole save in a dump of flash memory, in the order of their places: of one store, of several, of all the
/// flash. Nothing need be known of pages or slots.
pub fn saved(dump: &[u8]) -> impl Iterator<Item = Saved<'_>> {
    dump.windows(RECORD).enumerate().filter_map(move |(offset, window)| {
        let Record { generation, length, crc } = Record::read(window.starts_with(MAGIC).then_some(window)?)?;
        let blob = dump.get(offset + RECORD..)?.get(..length as usize)?;
        let (body, last) = blob.split_last_chunk()?;
        let whole = u32::from_le_bytes(*last) == crc && CRC.checksum(body) == crc;
        whole.then_some(Saved { offset, generation, blob })
    })
}

//! One half of a store: a map that holds one save.

use core::fmt::Debug;
use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage, SerializationError, Value};

use super::{Record, StoreError};
use crate::FormatError;
use crate::blob::CRC;

/// A map that keeps nothing in RAM.
type Map<F> = MapStorage<u16, F, Cache<Uncached, Uncached, Uncached, u16>>;

pub(super) struct Half<F: NorFlash> {
    map: Map<F>,
}

impl<F: NorFlash> Half<F> {
    /// The half at `region`; `None` where a map cannot be there.
    pub fn new(flash: F, region: Range<u32>) -> Option<Self> {
        let config = MapConfig::try_new(region).ok()?;
        Some(Self { map: MapStorage::new(flash, config, Cache::new_uncached()) })
    }

    /// The record that is stored, whether the pieces are there or not.
    pub async fn record(&mut self, buffer: &mut [u8]) -> Result<Option<Record>, StoreError<F::Error>> {
        Ok(self.item(buffer, 0).await?.and_then(Record::read))
    }

    /// The piece of this index, from 0 on.
    pub async fn piece<'b>(
        &mut self,
        buffer: &'b mut [u8],
        index: usize,
    ) -> Result<Option<&'b [u8]>, StoreError<F::Error>> {
        match key(index) {
            Some(key) => self.item(buffer, key).await,
            None => Ok(None),
        }
    }

    /// What is stored under a key. A map that cannot be repaired holds nothing.
    async fn item<'b>(&mut self, buffer: &'b mut [u8], key: u16) -> Result<Option<&'b [u8]>, StoreError<F::Error>> {
        let given = buffer.len();
        match self.map.fetch_item(buffer, &key).await.map_err(|error| of_map(error, given)) {
            Err(StoreError::Corrupted) => Ok(None),
            found => found,
        }
    }

    /// Whether the pieces are those that the record speaks of.
    pub async fn is_whole(&mut self, buffer: &mut [u8], record: &Record) -> Result<bool, StoreError<F::Error>> {
        let mut digest = CRC.digest();
        for (index, length) in record.pieces().enumerate() {
            match self.piece(buffer, index).await? {
                Some(piece) if piece.len() == length => digest.update(piece),
                _ => return Ok(false),
            }
        }
        Ok(digest.finalize() == record.crc)
    }

    /// Writes a blob's words in pieces, reads them back, and writes the record.
    pub async fn write(
        &mut self,
        buffer: &mut [u8],
        record: &Record,
        mut words: impl Iterator<Item = [u8; 4]> + Clone,
    ) -> Result<(), StoreError<F::Error>> {
        let given = buffer.len();
        for (index, length) in record.pieces().enumerate() {
            let key = key(index).ok_or(StoreError::Full)?;
            let piece = Piece { words: words.clone(), length };
            self.map.store_item(buffer, &key, &piece).await.map_err(|error| of_map(error, given))?;
            words.by_ref().take(length / 4).for_each(drop);
        }
        if !self.is_whole(buffer, record).await? {
            return Err(StoreError::Written);
        }
        self.map.store_item(buffer, &0, &record.bytes().as_slice()).await.map_err(|error| of_map(error, given))?;
        match self.record(buffer).await? {
            Some(read) if read == *record => Ok(()),
            _ => Err(StoreError::Written),
        }
    }

    pub async fn erase(&mut self) -> Result<(), StoreError<F::Error>> {
        self.map.erase_all().await.map_err(|error| of_map(error, 0))
    }
}

/// The key of a piece: 0 is the record's.
fn key(index: usize) -> Option<u16> {
    u16::try_from(index + 1).ok()
}

fn of_map<E: Debug>(error: Error<E>, given: usize) -> StoreError<E> {
    match error {
        Error::Storage { value, .. } => StoreError::Flash(value),
        Error::FullStorage => StoreError::Full,
        Error::BufferTooSmall(needed) => FormatError::Length { what: "buffer", needed, given }.into(),
        // An item that no store wrote is as bad as one that is damaged.
        _ => StoreError::Corrupted,
    }
}

/// The next words of a blob, as they are written.
struct Piece<I> {
    words: I,
    /// In bytes.
    length: usize,
}

impl<I: Iterator<Item = [u8; 4]> + Clone> Value<'_> for Piece<I> {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        let buffer = buffer.get_mut(..self.length).ok_or(SerializationError::BufferTooSmall)?;
        for (to, word) in buffer.as_chunks_mut().0.iter_mut().zip(self.words.clone()) {
            *to = word;
        }
        Ok(self.length)
    }

    /// Pieces are read as bytes.
    fn deserialize_from(_: &[u8]) -> Result<(Self, usize), SerializationError> {
        Err(SerializationError::InvalidFormat)
    }
}

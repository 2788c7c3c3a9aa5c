//! The store: slots in a region of flash.

use core::fmt::Debug;
use core::ops::Range;

use amc_core::Objective;
use amc_core::chain::State;
use embedded_storage_async::nor_flash::NorFlash;

use super::{RECORD, Record, slot_limit};
use crate::blob::{Blob, CHAIN, CRC, Kind, MODEL, open, same_length};
use crate::model::{self, Model};
use crate::snapshot::{self, Expected, KeptGenerator, Slices, Snapshot};
use crate::{Arithmetic, FormatError};

/// Why nothing is saved or loaded.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError<E: Debug> {
    /// The driver says so.
    #[error("the flash driver failed: {0:?}")]
    Flash(E),
    /// The region is not two or more slots of whole pages, or not within the flash.
    #[error("{from:#x}..{to:#x} is not {slots} slots (from 2) of whole pages of {page} bytes in {capacity} bytes")]
    Region {
        /// Where the region begins.
        from: u32,
        /// Where it ends.
        to: u32,
        /// Slots that it is to hold.
        slots: u32,
        /// Bytes of a page.
        page: usize,
        /// Bytes of the flash.
        capacity: usize,
    },
    /// The driver's words or pages are none that a store can use.
    #[error("words of {word} bytes in pages of {page}: words are 1, 2, 4, 8, 16 or 32 bytes, pages a multiple of 32")]
    Words {
        /// The larger of what is read or written at once.
        word: usize,
        /// Bytes of a page.
        page: usize,
    },
    /// The blob is larger than a slot.
    #[error("{needed} bytes are needed in a slot, but it has {slot}")]
    TooLarge {
        /// Bytes needed.
        needed: usize,
        /// Bytes of a slot.
        slot: usize,
    },
    /// What was written reads otherwise: the flash is worn out, or shared with something else. The save before it
    /// still counts.
    #[error("what was written at {at:#x} does not read the same")]
    Written {
        /// The slot's address.
        at: u32,
    },
    /// What is stored is not what is to be loaded, or what is to be saved does not fit together.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// The newest save, and its slot.
type Newest = Option<(u32, Record)>;

/// A region of flash that keeps one model, or one chain, and survives a loss of power at any time.
///
/// `buffer`, in all functions, is working memory: a multiple of 32 bytes that holds the head of what is kept, as
/// [`snapshot::head_limit`] and [`model::head_limit`] tell. Each driver call moves as many bytes; where the driver
/// wants them aligned in RAM, align it.
///
/// A future that is dropped before it is ready is a loss of power. Where loading fails, the slices may hold anything.
#[derive(Debug)]
pub struct Store<F> {
    flash: F,
    start: u32,
    slot: u32,
    slots: u32,
}

impl<F: NorFlash> Store<F> {
    /// `slots` slots, 2 or more, in `region`, addresses of the driver. A slot has to hold what [`slot_limit`] tells.
    ///
    /// Nothing is read or written yet. Blobs that another number of slots divided are not found.
    pub fn new(flash: F, region: Range<u32>, slots: u32) -> Result<Self, StoreError<F::Error>> {
        let (word, page) = (F::WRITE_SIZE.max(F::READ_SIZE), F::ERASE_SIZE);
        let fits = |size: usize| size.is_power_of_two() && size <= RECORD;
        if !(fits(F::WRITE_SIZE) && fits(F::READ_SIZE) && page > 0 && page.is_multiple_of(RECORD)) {
            return Err(StoreError::Words { word, page });
        }
        let Range { start: from, end: to } = region;
        let capacity = flash.capacity();
        let pages = |bytes: u32| (bytes as usize / page) as u32;
        let aligned = [from, to].iter().all(|at| (*at as usize).is_multiple_of(page));
        let slot = pages(to.saturating_sub(from)).checked_div(slots).unwrap_or(0).saturating_mul(page as u32);
        if slots < 2 || slot == 0 || !aligned || to as usize > capacity {
            return Err(StoreError::Region { from, to, slots, page, capacity });
        }
        Ok(Self { flash, start: from, slot, slots })
    }

    /// The driver.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// Saves a model in place of what was saved before.
    pub async fn save_model(&mut self, buffer: &mut [u8], model: &Model<'_>) -> Result<(), StoreError<F::Error>> {
        self.save(buffer, model).await
    }

    /// Saves a chain in place of what was saved before.
    pub async fn save_chain<R: KeptGenerator>(
        &mut self,
        buffer: &mut [u8],
        chain: &Snapshot<'_, R>,
    ) -> Result<(), StoreError<F::Error>> {
        self.save(buffer, chain).await
    }

    /// Loads the parameters of a model of this net and loss, and tells its arithmetic; `None` where nothing was saved.
    pub async fn load_model(
        &mut self,
        buffer: &mut [u8],
        objective: &Objective<'_>,
        parameters: &mut [f32],
    ) -> Result<Option<Arithmetic>, StoreError<F::Error>> {
        let buffer = whole_words(buffer)?;
        let Some(newest) = self.newest(buffer).await? else { return Ok(None) };
        let (chunk, numbers) = self.head(MODEL, newest, buffer).await?;
        let head = model::Head::read(open(MODEL, chunk)?.0)?;
        head.check(objective)?;
        same_length("parameters", head.parameters, parameters.len())?;
        let arithmetic = head.arithmetic;
        self.numbers(newest, numbers, buffer, parameters.iter_mut()).await?;
        Ok(Some(arithmetic))
    }

    /// Loads a chain into `slices`, and gives the state with which
    /// [`Chain::resume`](amc_core::chain::Chain::resume) goes on; `None` where nothing was saved.
    pub async fn load_chain<R: KeptGenerator>(
        &mut self,
        buffer: &mut [u8],
        expected: &Expected<'_>,
        slices: Slices<'_, R>,
    ) -> Result<Option<State<R>>, StoreError<F::Error>> {
        let buffer = whole_words(buffer)?;
        let Some(newest) = self.newest(buffer).await? else { return Ok(None) };
        let (chunk, numbers) = self.head(CHAIN, newest, buffer).await?;
        let (state, places) = snapshot::Head::read(open(CHAIN, chunk)?.0)?.place(expected, slices)?;
        self.numbers(newest, numbers, buffer, places).await?;
        Ok(Some(state))
    }

    async fn save<B: Blob>(&mut self, buffer: &mut [u8], blob: &B) -> Result<(), StoreError<F::Error>> {
        let buffer = whole_words(buffer)?;
        let length = blob.length()?;
        let (needed, slot) = (slot_limit(length), self.slot as usize);
        if needed > slot {
            return Err(StoreError::TooLarge { needed, slot });
        }
        let (at, generation) = match self.newest(buffer).await? {
            Some((slot, record)) => (self.after(slot), record.generation.saturating_add(1)),
            None => (self.start, 1),
        };
        let mut filled = blob.write_head(buffer)?;
        let erased = needed.next_multiple_of(F::ERASE_SIZE) as u32;
        self.flash.erase(at, at + erased).await.map_err(StoreError::Flash)?;
        let (mut digest, mut to) = (CRC.digest(), at + RECORD as u32);
        for word in blob.words() {
            if filled == buffer.len() {
                digest.update(buffer);
                self.flash.write(to, buffer).await.map_err(StoreError::Flash)?;
                to += filled as u32;
                filled = 0;
            }
            filled = put(buffer, filled, word);
        }
        digest.update(buffer.get(..filled).unwrap_or_default());
        if filled == buffer.len() {
            self.flash.write(to, buffer).await.map_err(StoreError::Flash)?;
            to += filled as u32;
            filled = 0;
        }
        let crc = digest.finalize();
        filled = put(buffer, filled, crc.to_le_bytes());
        let last = buffer.get_mut(..filled.next_multiple_of(RECORD)).unwrap_or_default();
        last.get_mut(filled..).unwrap_or_default().fill(0xff);
        self.flash.write(to, last).await.map_err(StoreError::Flash)?;
        let record = Record { generation, length: length as u32, crc };
        if !self.is_whole(at, record, buffer).await? {
            return Err(StoreError::Written { at });
        }
        self.flash.write(at, &record.bytes()).await.map_err(StoreError::Flash)
    }

    /// The slot that follows the one at `slot`.
    fn after(&self, slot: u32) -> u32 {
        let next = slot + self.slot;
        if next + self.slot <= self.start + self.slots * self.slot { next } else { self.start }
    }

    /// The newest slot that is whole.
    async fn newest(&mut self, buffer: &mut [u8]) -> Result<Newest, StoreError<F::Error>> {
        // Damaged ones are passed over: of the rest the newest is looked for.
        let mut below = u64::MAX;
        loop {
            let mut newest: Newest = None;
            for slot in 0..self.slots {
                let at = self.start + slot * self.slot;
                let mut bytes = [0; RECORD];
                self.flash.read(at, &mut bytes).await.map_err(StoreError::Flash)?;
                let known = newest.map_or(0, |(_, record)| record.generation);
                if let Some(record) = Record::read(&bytes)
                    && (known..below).contains(&record.generation)
                {
                    newest = Some((at, record));
                }
            }
            match newest {
                Some((at, record)) if !self.is_whole(at, record, buffer).await? => below = record.generation,
                newest => return Ok(newest),
            }
        }
    }

    /// Whether the blob in a slot is the one that the record speaks of.
    async fn is_whole(&mut self, at: u32, record: Record, buffer: &mut [u8]) -> Result<bool, StoreError<F::Error>> {
        let length = record.length as usize;
        if length < 4 || length > self.slot as usize - RECORD {
            return Ok(false);
        }
        let (mut digest, mut body, mut last) = (CRC.digest(), length - 4, [0; 4]);
        let mut done = 0;
        while done < length {
            let chunk = self.read(at, done, length, buffer).await?;
            let (front, crc) = chunk.split_at_checked(body).unwrap_or((chunk, &[]));
            digest.update(front);
            body -= front.len();
            // The checksum may straddle two chunks.
            for byte in crc {
                last.rotate_left(1);
                last[3] = *byte;
            }
            done += chunk.len();
        }
        let crc = digest.finalize();
        Ok(crc == record.crc && crc.to_le_bytes() == last)
    }

    /// As much of a slot's blob from `from` on as the buffer holds.
    async fn read<'b>(
        &mut self,
        at: u32,
        from: usize,
        length: usize,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], StoreError<F::Error>> {
        let chunk = (length - from).min(buffer.len());
        let words = buffer.get_mut(..chunk.next_multiple_of(RECORD)).unwrap_or_default();
        self.flash.read(at + (RECORD + from) as u32, words).await.map_err(StoreError::Flash)?;
        Ok(words.get(..chunk).unwrap_or_default())
    }

    /// The first chunk of the newest blob, of which it holds the head, and where the numbers begin.
    async fn head<'b>(
        &mut self,
        kind: Kind,
        (at, record): (u32, Record),
        buffer: &'b mut [u8],
    ) -> Result<(&'b [u8], usize), StoreError<F::Error>> {
        let chunk = self.read(at, 0, record.length as usize, buffer).await?;
        let (_, numbers) = open(kind, chunk)?;
        Ok((chunk, chunk.len() - numbers.len()))
    }

    /// Reads the numbers of a whole blob.
    async fn numbers<'a>(
        &mut self,
        (at, record): (u32, Record),
        from: usize,
        buffer: &mut [u8],
        mut places: impl Iterator<Item = &'a mut f32>,
    ) -> Result<(), StoreError<F::Error>> {
        let end = (record.length as usize).saturating_sub(4);
        let numbers = end.saturating_sub(from) / 4;
        let mut skip = from % RECORD;
        let mut from = from - skip;
        let mut read = 0;
        while from < end {
            let chunk = self.read(at, from, end, buffer).await?;
            for word in chunk.get(skip..).unwrap_or_default().as_chunks().0 {
                if let Some(place) = places.next() {
                    *place = f32::from_le_bytes(*word);
                    read += 1;
                }
            }
            from += chunk.len();
            skip = 0;
        }
        // The header was written by somebody who counted otherwise.
        match read == numbers && places.next().is_none() {
            true => Ok(()),
            false => Err(FormatError::Header { what: "the number of numbers" }.into()),
        }
    }
}

/// As much of a buffer as is whole words of every flash.
fn whole_words<E: Debug>(buffer: &mut [u8]) -> Result<&mut [u8], StoreError<E>> {
    let given = buffer.len();
    match buffer.get_mut(..given / RECORD * RECORD) {
        Some(words) if !words.is_empty() => Ok(words),
        _ => Err(FormatError::Length { what: "buffer", needed: RECORD, given }.into()),
    }
}

fn put(buffer: &mut [u8], filled: usize, word: [u8; 4]) -> usize {
    if let Some(place) = buffer.get_mut(filled..filled + 4) {
        place.copy_from_slice(&word);
    }
    filled + 4
}

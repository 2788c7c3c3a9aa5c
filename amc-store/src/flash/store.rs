//! The store: two halves of a region of flash, of which one holds the newest save.

use core::fmt::Debug;
use core::ops::Range;

use amc_core::Objective;
use amc_core::chain::State;
use embedded_storage_async::nor_flash::NorFlash;

use super::half::Half;
use super::{RECORD, Record, WORD, buffer_limit, item_buffer, piece_limit, region_minimum};
use crate::blob::{Blob, CHAIN, CRC, Fields, Kind, MODEL, open, same_length};
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
    /// The region is not two halves of two or more whole pages, or not within the flash.
    #[error("{from:#x}..{to:#x} is not 4 or more pages, an even number, of {page} bytes in {capacity} bytes")]
    Region {
        /// Where the region begins.
        from: u32,
        /// Where it ends.
        to: u32,
        /// Bytes of a page.
        page: usize,
        /// Bytes of the flash.
        capacity: usize,
    },
    /// The driver's words are none that a store can use.
    #[error("words of {read} bytes read and {write} written: they have to be 1, 2, 4, 8, 16 or 32")]
    Words {
        /// Bytes of a word that is read.
        read: usize,
        /// Bytes of a word that is written.
        write: usize,
    },
    /// The piece is not a multiple of 4, or too small or too large for a page.
    #[error("pieces of {piece} bytes: they have to be a multiple of 4, from 20 to the {limit} that a page takes")]
    Piece {
        /// Bytes of a piece.
        piece: usize,
        /// The largest that a page takes.
        limit: usize,
    },
    /// The blob is larger than the region has room for.
    #[error("a region of {needed} bytes is needed, but it has {region}")]
    TooLarge {
        /// Bytes needed.
        needed: usize,
        /// Bytes of the region.
        region: usize,
    },
    /// The half that is written has no room, though it is large enough: the flash does not erase its pages.
    #[error("the flash is full, though it was erased")]
    Full,
    /// The half that is written is damaged, though it was erased. The save before still counts.
    #[error("the flash is damaged, though it was erased")]
    Corrupted,
    /// What was written reads otherwise: the flash is worn out, or shared with something else. The save before it
    /// still counts.
    #[error("what was written does not read the same")]
    Written,
    /// What is stored is not what is to be loaded, or what is to be saved does not fit together.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// A save that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Saved {
    side: Side,
    record: Record,
}

impl Saved {
    /// Its generation: 1 for the first save to a region, and one more for each after it.
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// Bytes of its blob.
    pub fn length(&self) -> usize {
        self.record.length as usize
    }
}

/// One of the halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Side {
    First,
    Second,
}

/// A region of flash that keeps one model, or one chain, and survives a loss of power at any time.
///
/// `buffer`, in all functions, is working memory of [`buffer_limit`] bytes; where the driver wants what it moves
/// aligned in RAM, align it. Larger pieces take more of it, and make saving and loading faster: each piece is looked
/// for among the items of its half.
///
/// A future that is dropped before it is ready is a loss of power. Where loading fails, the slices may hold anything.
#[derive(Debug)]
pub struct Store<F> {
    flash: F,
    pub(crate) region: Range<u32>,
    pub(crate) piece: u16,
}

impl<F: NorFlash> Store<F> {
    /// A store in `region`, addresses of the driver: an even number of whole pages, as many as
    /// [`region_limit`](super::region_limit) tells. Blobs are kept in pieces of `piece` bytes, a multiple of 4 from 20
    /// to [`piece_limit`].
    ///
    /// Nothing is read or written yet. What another region held is not found; pieces may be of another size than
    /// those of the save before.
    pub fn new(flash: F, region: Range<u32>, piece: usize) -> Result<Self, StoreError<F::Error>> {
        let (read, write, page) = (F::READ_SIZE, F::WRITE_SIZE, F::ERASE_SIZE);
        let fits = |size: usize| size.is_power_of_two() && size <= WORD;
        if !(fits(read) && fits(write)) {
            return Err(StoreError::Words { read, write });
        }
        let limit = piece_limit(page, read.max(write));
        if piece < RECORD || !piece.is_multiple_of(4) || piece > limit {
            return Err(StoreError::Piece { piece, limit });
        }
        let Range { start: from, end: to } = region;
        let (capacity, bytes) = (flash.capacity(), to.saturating_sub(from) as usize);
        let aligned = (from as usize).is_multiple_of(page) && bytes.is_multiple_of(2 * page);
        if !aligned || bytes < 4 * page || to as usize > capacity {
            return Err(StoreError::Region { from, to, page, capacity });
        }
        Ok(Self { flash, region: from..to, piece: piece as u16 })
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
        let Some(newest) = self.newest(buffer).await? else { return Ok(None) };
        let (fields, numbers) = self.head(MODEL, newest, buffer).await?;
        let head = model::Head::read(fields)?;
        head.check(objective)?;
        same_length("parameters", head.parameters, parameters.len())?;
        let (arithmetic, scaling) = (head.arithmetic, head.numbers() - head.parameters);
        self.numbers(newest, numbers, buffer, parameters.iter_mut(), scaling).await?;
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
        let Some(newest) = self.newest(buffer).await? else { return Ok(None) };
        let (fields, numbers) = self.head(CHAIN, newest, buffer).await?;
        let (state, places) = snapshot::Head::read(fields)?.place(expected, slices)?;
        self.numbers(newest, numbers, buffer, places, 0).await?;
        Ok(Some(state))
    }

    /// The saves that are whole, the newest first.
    pub async fn saved(&mut self, buffer: &mut [u8]) -> Result<[Option<Saved>; 2], StoreError<F::Error>> {
        let [newer, older] = self.records(buffer).await?;
        Ok([self.whole(buffer, newer).await?, self.whole(buffer, older).await?])
    }

    /// Copies a save's blob, of its [`length`](Saved::length), which [`model::Stored`](crate::model::Stored) or
    /// [`snapshot::Stored`](crate::snapshot::Stored) then reads.
    pub async fn copy(
        &mut self,
        buffer: &mut [u8],
        saved: &Saved,
        blob: &mut [u8],
    ) -> Result<(), StoreError<F::Error>> {
        same_length("blob", saved.length(), blob.len())?;
        if let Some((body, crc)) = blob.split_last_chunk_mut() {
            self.bytes(*saved, buffer, body).await?;
            *crc = saved.record.crc.to_le_bytes();
        }
        Ok(())
    }

    async fn save<B: Blob>(&mut self, buffer: &mut [u8], blob: &B) -> Result<(), StoreError<F::Error>> {
        let (piece, region) = (self.piece as usize, self.region.len());
        let (length, head) = (blob.length()?, blob.head_length()?);
        let needed = region_minimum(length, piece, F::ERASE_SIZE, F::READ_SIZE.max(F::WRITE_SIZE));
        if needed > region || length.div_ceil(piece) >= u16::MAX as usize {
            return Err(StoreError::TooLarge { needed, region });
        }
        let (needed, given) = (buffer_limit(head, piece), buffer.len());
        let too_short = FormatError::Length { what: "buffer", needed, given };
        if given < needed {
            return Err(too_short.into());
        }
        let newest = self.newest(buffer).await?;
        let (side, generation) = match newest {
            Some(Saved { side: Side::First, record }) => (Side::Second, record.generation.saturating_add(1)),
            Some(Saved { side: Side::Second, record }) => (Side::First, record.generation.saturating_add(1)),
            None => (Side::First, 1),
        };
        let (item, head) = buffer.split_at_mut_checked(item_buffer(piece)).ok_or(too_short)?;
        let filled = blob.write_head(head)?;
        let words = head.get(..filled).unwrap_or_default().as_chunks().0.iter().copied().chain(blob.words());
        let mut digest = CRC.digest();
        words.clone().for_each(|word| digest.update(&word));
        let record = Record { generation, length: length as u32, crc: digest.finalize(), piece: self.piece };
        let mut half = self.half(side)?;
        if half.write(item, &record, words.clone()).await.is_ok() {
            return Ok(());
        }
        // What is in this half is not needed, and may be anything: garbage, blobs of another size, half a repair.
        half.erase().await?;
        half.write(item, &record, words).await
    }

    /// The map at a side.
    fn half(&mut self, side: Side) -> Result<Half<&mut F>, StoreError<F::Error>> {
        let Range { start: from, end: to } = self.region;
        let middle = from + (to - from) / 2;
        let half = match side {
            Side::First => from..middle,
            Side::Second => middle..to,
        };
        let capacity = self.flash.capacity();
        Half::new(&mut self.flash, half).ok_or(StoreError::Region { from, to, page: F::ERASE_SIZE, capacity })
    }

    /// The newest save that is whole.
    async fn newest(&mut self, buffer: &mut [u8]) -> Result<Option<Saved>, StoreError<F::Error>> {
        let [newer, older] = self.records(buffer).await?;
        match self.whole(buffer, newer).await? {
            None => self.whole(buffer, older).await,
            newest => Ok(newest),
        }
    }

    /// The records of both sides, the newer first.
    async fn records(&mut self, buffer: &mut [u8]) -> Result<[Option<Saved>; 2], StoreError<F::Error>> {
        let first = self.half(Side::First)?.record(buffer).await?;
        let first = first.map(|record| Saved { side: Side::First, record });
        let second = self.half(Side::Second)?.record(buffer).await?;
        let second = second.map(|record| Saved { side: Side::Second, record });
        let generation = |saved: Option<Saved>| saved.map(|saved| saved.generation());
        Ok(if generation(first) < generation(second) { [second, first] } else { [first, second] })
    }

    /// The save of a record, where it is whole.
    async fn whole(&mut self, buffer: &mut [u8], saved: Option<Saved>) -> Result<Option<Saved>, StoreError<F::Error>> {
        match saved {
            Some(Saved { side, record }) if self.half(side)?.is_whole(buffer, &record).await? => Ok(saved),
            _ => Ok(None),
        }
    }

    /// As much of a save's body as there is room for.
    async fn bytes(
        &mut self,
        Saved { side, record }: Saved,
        buffer: &mut [u8],
        out: &mut [u8],
    ) -> Result<(), StoreError<F::Error>> {
        let mut half = self.half(side)?;
        for (index, to) in out.chunks_mut(record.piece as usize).enumerate() {
            let piece = half.piece(buffer, index).await?.unwrap_or_default();
            for (to, from) in to.iter_mut().zip(piece) {
                *to = *from;
            }
        }
        Ok(())
    }

    /// The header of a save, and where its numbers begin.
    async fn head<'b>(
        &mut self,
        kind: Kind,
        saved: Saved,
        buffer: &'b mut [u8],
    ) -> Result<(Fields<'b>, usize), StoreError<F::Error>> {
        let (item, given) = (item_buffer(saved.record.piece as usize), buffer.len());
        let too_short = |head| FormatError::Length { what: "buffer", needed: item + head, given };
        let (item, head) = buffer.split_at_mut_checked(item).ok_or(too_short(WORD))?;
        let length = head.len().min(saved.record.body());
        let head = head.get_mut(..length).unwrap_or_default();
        self.bytes(saved, item, head).await?;
        match open(kind, head) {
            Ok((fields, numbers)) => Ok((fields, length - numbers.len())),
            Err(FormatError::Length { needed, .. }) => Err(too_short(needed).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the numbers of a whole blob, which begin at `from`, but for so many that are not wanted at their end.
    async fn numbers<'a>(
        &mut self,
        Saved { side, record }: Saved,
        from: usize,
        buffer: &mut [u8],
        mut places: impl Iterator<Item = &'a mut f32>,
        not_wanted: usize,
    ) -> Result<(), StoreError<F::Error>> {
        let mut half = self.half(side)?;
        let (first, mut skip) = (from / record.piece as usize, from % record.piece as usize);
        let (numbers, mut read) = (record.body().saturating_sub(from) / 4, 0);
        for (index, _) in record.pieces().enumerate().skip(first) {
            let piece = half.piece(buffer, index).await?.unwrap_or_default();
            for word in piece.get(skip..).unwrap_or_default().as_chunks().0 {
                if let Some(place) = places.next() {
                    *place = f32::from_le_bytes(*word);
                    read += 1;
                }
            }
            skip = 0;
        }
        // The header was written by somebody who counted otherwise.
        match numbers.checked_sub(not_wanted) == Some(read) && places.next().is_none() {
            true => Ok(()),
            false => Err(FormatError::Header { what: "the number of numbers" }.into()),
        }
    }
}

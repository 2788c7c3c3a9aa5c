//! Several processes that train one net: ranks. Each holds a part of the samples; all make the same moves, and a move takes
//! from every one of them no more than a few words.
//!
//! A data set knows who shares it ([`Share`]), and an evaluation of its samples is one of all ranks: each calls it at the same
//! place of the same program. Whatever goes wrong is kept in the [`Team`], where the loop over moves asks for it.

mod drawn;
mod exact;
mod share;
mod threads;

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use serde::Serialize;

pub use self::drawn::Drawn;
pub(crate) use self::exact::{Expected, Part, Tally};
pub use self::share::Share;
pub(crate) use self::share::in_order;
pub use self::threads::Together;

/// Bytes that a rank adds to a sum, unless samples that are right are counted, too.
pub(crate) const OF_SUM: usize = 2 * size_of::<u64>();
/// Bytes that a rank adds to the sums of a move, at most.
pub(crate) const OF_MOVE: usize = 64;

/// The most ranks: sums of their words have 16 bits to grow by.
pub const MOST: usize = u16::MAX as usize;

/// Why ranks cannot go on together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RanksError {
    /// One of them has ended.
    #[error("rank {0} has gone: the others end, too")]
    Gone(usize),
    /// Their answers are to different questions.
    #[error("rank {rank} is not at the same place as the others: evaluation {call} of this rank")]
    Apart {
        /// Who found it.
        rank: usize,
        /// Its evaluations so far.
        call: u64,
    },
    /// Something that has to be the same everywhere is not.
    #[error("{what} of rank {rank} has another checksum: {found:08x}, where most ranks have {wanted:08x}")]
    Differs {
        /// What.
        what: &'static str,
        /// The first rank with another one.
        rank: usize,
        /// What it has there.
        found: u32,
        /// What most ranks have.
        wanted: u32,
    },
    /// More than they can send at once.
    #[error("{0} bytes are more than ranks gather at once")]
    TooLong(usize),
    /// More of them than the sums of words have room for.
    #[error("{0} ranks: at most {MOST} train together")]
    TooMany(usize),
}

/// Processes that wait for each other. Every rank makes the same calls in the same order.
pub trait Ranks: Debug + Send + Sync {
    /// This one's number, from 0.
    fn rank(&self) -> usize;

    /// How many they are.
    fn count(&self) -> usize;

    /// Replaces each word by its sum over all ranks, modulo 2⁶⁴: a few, as many on each of them.
    ///
    /// # Errors
    /// Where a rank has gone.
    fn sum(&self, words: &mut [u64]) -> Result<(), RanksError>;

    /// What every rank gives, in the order of the ranks.
    ///
    /// # Errors
    /// Where a rank has gone.
    fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError>;

    /// The same, where each rank gives as many bytes: so nobody has to ask how many those are.
    ///
    /// # Errors
    /// Where a rank has gone.
    fn gather_alike(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        self.gather(mine)
    }
}

/// What a rank has sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Sums of all ranks' words.
    pub sums: u64,
    /// Bytes that this rank gave to them.
    pub summed: u64,
    /// Times that all ranks' numbers were gathered.
    pub gathers: u64,
    /// Bytes that this rank gave to that.
    pub gathered: u64,
}

/// Ranks, what they have sent, and what went wrong.
#[derive(Debug)]
pub struct Team {
    ranks: Box<dyn Ranks>,
    failure: OnceLock<RanksError>,
    sums: AtomicU64,
    summed: AtomicU64,
    gathers: AtomicU64,
    gathered: AtomicU64,
}

impl Team {
    /// Of these.
    ///
    /// # Errors
    /// Of more than [`MOST`].
    pub fn new(ranks: impl Ranks + 'static) -> Result<Arc<Self>, RanksError> {
        if ranks.count() > MOST {
            return Err(RanksError::TooMany(ranks.count()));
        }
        let new = || AtomicU64::new(0);
        let [sums, summed, gathers, gathered] = [new(), new(), new(), new()];
        Ok(Arc::new(Self { ranks: Box::new(ranks), failure: OnceLock::new(), sums, summed, gathers, gathered }))
    }

    /// This one's number, from 0.
    pub fn rank(&self) -> usize {
        self.ranks.rank()
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.ranks.count()
    }

    /// What this rank has sent so far.
    pub fn traffic(&self) -> Traffic {
        let counts = [&self.sums, &self.summed, &self.gathers, &self.gathered];
        let [sums, summed, gathers, gathered] = counts.map(|count| count.load(Relaxed));
        Traffic { sums, summed, gathers, gathered }
    }

    /// Whether all went well so far.
    ///
    /// # Errors
    /// What went wrong first.
    pub fn check(&self) -> Result<(), RanksError> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// The sum of all ranks' parts, which are of the same question; none once something went wrong.
    pub(crate) fn sum(&self, part: &Part, expected: &Expected, question: u32) -> Option<Tally> {
        self.add(question, |question| part.words(question), |words, question| Tally::of(words, question, expected))
    }

    /// The sum of all ranks' numbers, of the same question; none once something went wrong.
    pub(crate) fn sum_of<const N: usize>(&self, numbers: [u64; N], question: u32) -> Option<[u64; N]> {
        let words = |question: u16| numbers.into_iter().chain([question.into()]).collect();
        self.add(question, words, |words, question| {
            let (asked, sums) = words.split_last()?;
            sums.try_into().ok().filter(|_| *asked == u64::from(question) * self.count() as u64)
        })
    }

    /// Adds up words that have the number of a question, and reads what they come to.
    fn add<T>(
        &self,
        question: u32,
        words: impl FnOnce(u16) -> Vec<u64>,
        read: impl FnOnce(&[u64], u16) -> Option<T>,
    ) -> Option<T> {
        self.check().ok()?;
        let call = self.sums.fetch_add(1, Relaxed);
        let question = (question ^ question >> 16) as u16 ^ call as u16;
        let mut words = words(question);
        self.summed.fetch_add(size_of_val(&words[..]) as u64, Relaxed);
        self.keep(self.ranks.sum(&mut words))?;
        self.keep(read(&words, question).ok_or(RanksError::Apart { rank: self.rank(), call }))
    }

    /// What every rank gives, in the order of the ranks.
    ///
    /// # Errors
    /// What went wrong, now or before.
    pub fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        self.gather_by(mine, |ranks| ranks.gather(mine))
    }

    /// The same, where each rank gives as many bytes.
    ///
    /// # Errors
    /// What went wrong, now or before.
    pub(crate) fn gather_alike(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        let all = self.gather_by(mine, |ranks| ranks.gather_alike(mine))?;
        if all.iter().all(|of_rank| of_rank.len() == mine.len()) {
            return Ok(all);
        }
        let error = RanksError::Apart { rank: self.rank(), call: self.sums.load(Relaxed) };
        let _ = self.failure.set(error.clone());
        Err(error)
    }

    fn gather_by(
        &self,
        mine: &[u8],
        gather: impl FnOnce(&dyn Ranks) -> Result<Vec<Vec<u8>>, RanksError>,
    ) -> Result<Vec<Vec<u8>>, RanksError> {
        self.check()?;
        self.gathers.fetch_add(1, Relaxed);
        self.gathered.fetch_add(mine.len() as u64, Relaxed);
        let all = gather(&*self.ranks);
        if let Err(error) = &all {
            let _ = self.failure.set(error.clone());
        }
        all
    }

    /// Checks that a checksum is the same on all ranks. Of two that differ the one that fewer ranks have, or the higher rank
    /// has, is the one that is wrong.
    ///
    /// # Errors
    /// Where it is not, on all ranks.
    pub fn agree(&self, what: &'static str, checksum: u32) -> Result<(), RanksError> {
        let all = self.gather(&checksum.to_le_bytes())?;
        let all: Vec<u32> =
            all.iter().map(|bytes| bytes.iter().rev().fold(0, |sum, b| sum << 8 | u32::from(*b))).collect();
        let count = |of: u32| all.iter().filter(|one| **one == of).count();
        let most = all.iter().rev().copied().max_by_key(|one| count(*one)).unwrap_or(checksum);
        match all.iter().position(|one| *one != most) {
            None => Ok(()),
            Some(rank) => {
                let error = RanksError::Differs { what, rank, found: all[rank], wanted: most };
                let _ = self.failure.set(error.clone());
                Err(error)
            }
        }
    }

    /// What rank 0 has, everywhere.
    ///
    /// # Errors
    /// What went wrong, now or before.
    pub fn from_first(&self, mine: &[u8]) -> Result<Vec<u8>, RanksError> {
        let all = self.gather(if self.rank() == 0 { mine } else { &[] })?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    fn keep<T>(&self, done: Result<T, RanksError>) -> Option<T> {
        done.map_err(|error| self.failure.set(error)).ok()
    }
}

//! All processes of an `mpirun`.

use amc_engine::ranks::{Ranks, RanksError};
use mpi::collective::SystemOperation;
use mpi::datatype::PartitionMut;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives};

/// The processes that `mpirun` has started. What goes wrong between them ends all: MPI sees to that.
#[derive(Debug)]
pub struct World {
    rank: usize,
    count: usize,
}

impl World {
    /// Of this process, once MPI is started.
    pub fn new() -> Self {
        let world = SimpleCommunicator::world();
        let number = |of: i32| usize::try_from(of).unwrap_or(0);
        Self { rank: number(world.rank()), count: number(world.size()) }
    }

    /// Ends all processes.
    pub fn abort(&self, code: u8) -> ! {
        SimpleCommunicator::world().abort(i32::from(code))
    }
}

impl Ranks for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.count
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), RanksError> {
        let own = words.to_vec();
        SimpleCommunicator::world().all_reduce_into(&own[..], words, SystemOperation::sum());
        Ok(())
    }

    fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        let world = SimpleCommunicator::world();
        let length = i32::try_from(mine.len()).map_err(|_| RanksError::TooLong(mine.len()))?;
        let mut lengths = vec![0; self.count];
        world.all_gather_into(&length, &mut lengths[..]);
        let begins: Vec<i32> = lengths
            .iter()
            .scan(0_i32, |end, length| {
                let begin = *end;
                *end = end.saturating_add(*length);
                Some(begin)
            })
            .collect();
        let of = |number: i32| usize::try_from(number).unwrap_or(0);
        let all = lengths.iter().map(|length| of(*length)).sum::<usize>();
        if i32::try_from(all).is_err() {
            return Err(RanksError::TooLong(all));
        }
        if all == 0 {
            // Two buffers without bytes are at one place, which MPI takes for an error.
            return Ok(vec![Vec::new(); self.count]);
        }
        let mut bytes = vec![0; all];
        world.all_gather_varcount_into(mine, &mut PartitionMut::new(&mut bytes[..], &lengths[..], &begins[..]));
        Ok(begins.iter().zip(&lengths).map(|(begin, length)| bytes[of(*begin)..][..of(*length)].to_vec()).collect())
    }

    fn gather_alike(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        let all = mine.len().checked_mul(self.count).filter(|all| i32::try_from(*all).is_ok());
        let mut bytes = vec![0; all.ok_or(RanksError::TooLong(mine.len()))?];
        if bytes.is_empty() {
            return Ok(vec![Vec::new(); self.count]);
        }
        SimpleCommunicator::world().all_gather_into(mine, &mut bytes[..]);
        Ok(bytes.chunks_exact(mine.len()).map(<[u8]>::to_vec).collect())
    }
}

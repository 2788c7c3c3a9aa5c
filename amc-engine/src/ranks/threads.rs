//! Ranks that are threads of one process, for tests.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Ranks, RanksError, Team};

/// One of several ranks that are threads.
#[derive(Debug)]
pub struct Together {
    rank: usize,
    meeting: Arc<Meeting>,
}

/// Where they meet.
#[derive(Debug)]
struct Meeting {
    count: usize,
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Meetings that have ended.
    round: u64,
    /// What those that are here have brought, by rank.
    brought: Vec<Option<Vec<u8>>>,
    /// What the last meeting came to.
    last: Arc<Vec<Vec<u8>>>,
    /// Who is gone.
    gone: Option<usize>,
}

impl Together {
    /// So many ranks, each with what they share.
    pub fn teams(count: usize) -> Vec<Arc<Team>> {
        Self::ranks(count).into_iter().filter_map(|rank| Team::new(rank).ok()).collect()
    }

    /// So many ranks.
    pub fn ranks(count: usize) -> Vec<Self> {
        let state = Mutex::new(State { brought: vec![None; count], ..State::default() });
        let meeting = Arc::new(Meeting { count, state, turned: Condvar::new() });
        let one = |rank| Self { rank, meeting: Arc::clone(&meeting) };
        (0..count).map(one).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.meeting.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings something, and waits for what the others bring.
    fn meet(&self, mine: &[u8]) -> Result<Arc<Vec<Vec<u8>>>, RanksError> {
        let mut state = self.state();
        let round = state.round;
        state.brought[self.rank] = Some(mine.to_vec());
        if state.brought.iter().all(Option::is_some) {
            state.last = Arc::new(state.brought.iter_mut().filter_map(Option::take).collect());
            state.round += 1;
            self.meeting.turned.notify_all();
        }
        while state.round == round {
            if let Some(gone) = state.gone {
                return Err(RanksError::Gone(gone));
            }
            state = self.meeting.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Arc::clone(&state.last))
    }
}

impl Ranks for Together {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.meeting.count
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), RanksError> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let all = self.meet(&bytes)?;
        words.fill(0);
        for of_rank in all.iter() {
            for (sum, bytes) in words.iter_mut().zip(of_rank.as_chunks().0) {
                *sum = sum.wrapping_add(u64::from_le_bytes(*bytes));
            }
        }
        Ok(())
    }

    fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        Ok(self.meet(mine)?.to_vec())
    }
}

impl Drop for Together {
    /// The others do not wait for who is gone.
    fn drop(&mut self) {
        let rank = self.rank;
        self.state().gone.get_or_insert(rank);
        self.meeting.turned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::Together;
    use crate::ranks::RanksError;

    #[test]
    fn ranks_that_give_more_or_less_than_others_are_not_at_their_place() {
        let said = |of: fn(usize) -> usize| {
            std::thread::scope(|scope| {
                let teams = Together::teams(3).into_iter();
                let threads: Vec<_> =
                    teams.map(|team| scope.spawn(move || team.gather_alike(&vec![7; of(team.rank())]))).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
            })
        };
        assert!(said(|_| 5).into_iter().all(|all| all == Ok(vec![vec![7; 5]; 3])));
        let apart = said(|rank| 5 + usize::from(rank == 1));
        assert!(apart.iter().all(|end| matches!(end, Err(RanksError::Apart { .. }))), "{apart:?}");
    }
}

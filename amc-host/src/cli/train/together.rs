//! A run that several ranks make: one of them speaks, writes and looks at the clock for all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use amc_engine::CRC;
use amc_engine::ranks::{RanksError, Team, Traffic};
use anyhow::Context;

use crate::console::note;

/// What ends all ranks alike, and is said once.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Alike(String);

/// Whether an error is one that all ranks have.
pub fn is_alike(error: &anyhow::Error) -> bool {
    error.is::<Alike>() || error.chain().any(|cause| cause.is::<RanksError>())
}

/// What was done on all ranks; what went wrong on one of them ends all. Of several such the first one's is said.
pub(super) fn done<T>(team: Option<&Arc<Team>>, done: anyhow::Result<T>) -> anyhow::Result<T> {
    let Some(team) = team else { return done };
    let own = done.as_ref().err().map_or(String::new(), |error| format!("{error:#}"));
    let all = team.gather(own.as_bytes())?;
    let wrong: Vec<_> = all.iter().enumerate().filter(|(_, text)| !text.is_empty()).collect();
    let Some((rank, text)) = wrong.first() else { return done };
    let text = String::from_utf8_lossy(text);
    let is_of_all = wrong.len() == all.len() && wrong.iter().all(|(_, other)| *other == wrong[0].1);
    Err(Alike(if is_of_all { text.into_owned() } else { format!("rank {rank}: {text}") }).into())
}

/// Checks that ranks are of one program, and have the same of everything.
pub(super) fn agree(team: Option<&Arc<Team>>, of: &[(&'static str, u32)]) -> anyhow::Result<()> {
    let Some(team) = team else { return Ok(()) };
    let program = std::env::current_exe().and_then(std::fs::read).context("the program cannot be read");
    team.agree("the program", CRC.checksum(&done(Some(team), program)?))?;
    of.iter().try_for_each(|(what, checksum)| Ok(team.agree(what, *checksum)?))
}

/// Whether this process writes the run's files.
pub(super) fn writes(team: Option<&Arc<Team>>) -> bool {
    team.is_none_or(|team| team.rank() == 0)
}

/// Times between two looks at rank 0's clock, about.
const LOOK: Duration = Duration::from_millis(100);
/// Moves between two looks, at most.
const MOST: u32 = 1 << 16;

/// What a clock and signals say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Now {
    /// The run was asked to end.
    pub asked: bool,
    /// It is time for a checkpoint.
    pub is_due: bool,
    /// How long the run has taken.
    pub seconds: f64,
}

/// Asks what is now: alone after every move, on ranks after as many as rank 0 says.
pub(super) struct Clock {
    team: Option<Arc<Team>>,
    /// Moves until the next look, and between two.
    left: u32,
    every: u32,
    looked: Instant,
    seconds: f64,
}

impl Clock {
    pub fn new(team: Option<&Arc<Team>>) -> Self {
        Self { team: team.cloned(), left: 1, every: 1, looked: Instant::now(), seconds: 0.0 }
    }

    /// What is now, after a move; `is_last` looks at the clock in any case.
    pub fn look(&mut self, is_last: bool, now: impl FnOnce() -> Now) -> anyhow::Result<Now> {
        let Some(team) = &self.team else { return Ok(now()) };
        self.left -= 1;
        if self.left > 0 && !is_last {
            return Ok(Now { seconds: self.seconds, ..Now::default() });
        }
        let every =
            if self.looked.elapsed() < LOOK { self.every.saturating_mul(2).min(MOST) } else { self.every.div_ceil(2) };
        self.looked = Instant::now();
        let said = postcard::to_stdvec(&{
            let Now { asked, is_due, seconds } = now();
            (asked, is_due, seconds, every)
        })?;
        let (asked, is_due, seconds, every) =
            postcard::from_bytes(&team.from_first(&said)?).context("rank 0 is not of this program")?;
        (self.seconds, self.left, self.every) = (seconds, every, every);
        Ok(Now { asked, is_due, seconds })
    }
}

/// Says what ranks have sent, beside what they came to.
pub(super) fn say(team: Option<&Arc<Team>>, before: Traffic, moves: u64) {
    let Some(team) = team else { return };
    let now = team.traffic();
    let (sums, gathers) = (now.sums - before.sums, now.gathers - before.gathers);
    let a_move = |bytes: u64| bytes as f64 / moves.max(1) as f64;
    note(format_args!(
        "{} ranks: in {moves} moves rank 0 gave {sums} sums, {:.1} bytes a move, and {gathers} times what it has of all blocks, {:.1} \
         bytes a move",
        team.count(),
        a_move(now.summed - before.summed),
        a_move(now.gathered - before.gathered)
    ));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use amc_engine::ranks::{Team, Together};

    use super::{Clock, Now, done, is_alike};

    /// What each of so many ranks makes of it.
    fn on_ranks<T: Send>(count: usize, work: impl Fn(&Arc<Team>) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let teams = Together::teams(count).into_iter();
            let threads: Vec<_> = teams
                .map(|team| {
                    scope.spawn(|| {
                        let team = team;
                        work(&team)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        })
    }

    #[test]
    fn what_goes_wrong_on_one_rank_ends_all_and_names_it() {
        let said = |of: fn(usize) -> anyhow::Result<()>| {
            let ends = on_ranks(3, |team| done(Some(team), of(team.rank())));
            let texts = ends
                .into_iter()
                .map(|end| end.map_or_else(|error| format!("{error:#}, {}", is_alike(&error)), |()| "well".into()));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(said(|_| Ok(())), ["well"; 3]);
        assert_eq!(said(|_| anyhow::bail!("no file")), ["no file, true"; 3]);
        let of_one = |rank| if rank == 2 { anyhow::bail!("no file") } else { Ok(()) };
        assert_eq!(said(of_one), ["rank 2: no file, true"; 3]);
        assert!(done(None, of_one(2)).is_err_and(|error| !is_alike(&error)));
    }

    #[test]
    fn all_ranks_hear_at_the_same_move_what_the_first_one_sees() {
        let heard = on_ranks(3, |team| {
            let mut clock = Clock::new(Some(team));
            let now =
                |step: u64| Now { asked: team.rank() == 0 && step >= 700, is_due: team.rank() == 1, seconds: 1.5 };
            let asked = (1..=4000).find(|step| clock.look(*step == 4000, || now(*step)).is_ok_and(|now| now.asked));
            (asked, clock.seconds)
        });
        assert!(heard[0].0.is_some_and(|step| step >= 700) && heard[0].1 == 1.5);
        assert!(heard.iter().all(|other| *other == heard[0]), "{heard:?}");
        let mut alone = Clock::new(None);
        assert!(alone.look(false, || Now { asked: true, ..Now::default() }).is_ok_and(|now| now.asked));
    }
}

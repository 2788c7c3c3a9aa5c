//! `amc train` on several ranks: `mpirun -n R amc-ranks train ...`.

mod world;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use amc_engine::ranks::Team;
use amc_host::cli::{self, Ended};
use amc_host::note;
use mpi::Threading;

use crate::world::World;

/// Input that is refused, as `amc` has it.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    // Calls come from one thread after another: the main one, and the one that training runs on.
    let Some((universe, threading)) = mpi::initialize_with_threading(Threading::Serialized) else {
        note!("amc: MPI cannot be started");
        return ExitCode::from(REFUSED);
    };
    if threading < Threading::Serialized {
        note!("amc: this MPI is for one thread: build it with MPI_THREAD_SERIALIZED");
        return ExitCode::from(REFUSED);
    }
    let team = match Team::new(World::new()) {
        Ok(team) => team,
        Err(error) => {
            note!("amc: {error}");
            return ExitCode::from(REFUSED);
        }
    };
    // Who ends by a panic ends all, and does not leave them waiting.
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| cli::main_of_rank(&team)));
    match ended {
        Ok(Ended::Alike(code)) => {
            drop(universe);
            code
        }
        Ok(Ended::Alone) => World::new().abort(REFUSED),
        Err(_) => World::new().abort(101),
    }
}

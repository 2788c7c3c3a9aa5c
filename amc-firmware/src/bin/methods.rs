//! Counts the instructions that the chain and mixed moves take to the same loss on the same digits.
#![no_std]
#![no_main]

use amc_core::chain::Options;
use amc_cortex_m::CortexM;
use amc_firmware::golden::{self, begin, digits};
use amc_firmware::mixed::{self, LEARNED, run};
use amc_firmware::timer::Stopwatch;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use static_cell::ConstStaticCell;

/// One sample at a time: the fewest instructions for whole passes.
const LANES: CortexM<1> = CortexM;
/// For neurons' own sums it is four.
const FOUR: CortexM<4> = CortexM;

/// Losses at which instructions are told, the last of which ends a run.
const LOSSES: [f32; 4] = [0.02, 0.01, 0.005, 0.003];
const OPTIONS: Options = Options::new(0.05).n_reset(15);

static CHAIN: ConstStaticCell<golden::Memory> = ConstStaticCell::new(golden::Memory::new());
static MIXED: ConstStaticCell<mixed::Memory> = ConstStaticCell::new(mixed::Memory::new());

/// Tells the instructions up to each loss.
struct Race {
    name: &'static str,
    watch: Stopwatch,
    instructions: u64,
    next: usize,
}

impl Race {
    fn begin(name: &'static str) -> Self {
        Self { name, watch: Stopwatch::start(), instructions: 0, next: 0 }
    }

    /// Says whether the last loss is reached.
    fn look(&mut self, moves: u64, loss: f32) -> bool {
        // The timer is read before it is through.
        self.instructions += u64::from(self.watch.instructions());
        while self.next < LOSSES.len() && loss <= LOSSES[self.next] {
            let Self { name, instructions, next, .. } = self;
            report!("{name}: loss {} after {moves} moves, {instructions} instructions", LOSSES[*next]);
            self.next += 1;
        }
        self.watch = Stopwatch::start();
        self.next == LOSSES.len()
    }
}

#[entry]
fn main() -> ! {
    let memory = MIXED.take();
    let mut race = Race::begin("mixed");
    run(FOUR, memory, true, |moves, loss| race.look(moves, loss));
    let mut race = Race::begin("mixed, nothing kept");
    run(LANES, memory, false, |moves, loss| race.look(moves, loss));
    let mut race = Race::begin("chain");
    begin(LANES, digits(0, LEARNED), OPTIONS, CHAIN.take()).fit(|now| race.look(now.counters.steps, now.loss));
    board::finish(true)
}

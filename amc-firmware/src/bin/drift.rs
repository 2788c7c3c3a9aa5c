//! A device that learns by itself: it reads a sensor that drifts, learns in slices between the samples, stores what it
//! learned, and goes on after a reset.
#![no_std]
#![no_main]

use amc_firmware::drift::{Sensor, Source};
use amc_firmware::learner::{Buffers, Learner, NET, OBJECTIVE, OPTIONS, SCRATCH, predict};
use amc_firmware::ram_flash::{CAPACITY, PAGE, RamFlash, WORD};
use amc_firmware::timer::count;
use amc_firmware::{board, report};
use amc_store::Arithmetic::Portable;
use amc_store::flash::{Blocking, Store, buffer_limit, region_limit};
use amc_store::snapshot::{self, Expected, Slices, Snapshot};
use cortex_m_rt::entry;
use embassy_futures::block_on;
use static_cell::ConstStaticCell;

/// Samples until the reset, and as many after it.
const SAMPLES: u32 = 3000;
/// Slices between two samples.
const SLICES: u32 = 40;
/// Instructions that a slice may take.
const DEADLINE: u32 = 40_000;
/// A loss that is this share of the stored one is stored.
const IMPROVED: f32 = 0.5;
/// Samples at the beginning and at the end of a run whose predictions are looked at.
const FIRST: u32 = 100;
const LAST: u32 = 500;

/// Bytes of the pieces in which a chain is stored.
const PIECE: usize = 128;
const _: () = assert!(region_limit(snapshot::length_limit(&NET), PIECE, PAGE, WORD) <= CAPACITY);

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());

/// The mean squared error of predictions.
#[derive(Default)]
struct Errors {
    sum: f32,
    count: u32,
}

impl Errors {
    fn add(&mut self, error: f32) {
        self.sum += error * error;
        self.count += 1;
    }

    fn mean(&self) -> f32 {
        self.sum / self.count as f32
    }
}

#[entry]
fn main() -> ! {
    const FITS: &str = "the store has room for the chain";
    let buffers = BUFFERS.take();
    let mut piece = [0; buffer_limit(snapshot::head_limit(&NET), PIECE)];
    let mut store = Store::new(Blocking(RamFlash::take()), 0..CAPACITY as u32, PIECE).expect(FITS);

    let expected = Expected { arithmetic: Portable, objective: Some(OBJECTIVE), options: Some(OPTIONS) };
    let slices = Slices { parameters: &mut buffers.parameters, centres: &mut [], signal: &mut [], streams: &mut [] };
    // What is not this chain, or is damaged, is as good as nothing: the device starts anew.
    let state = block_on(store.load_chain(&mut piece, &expected, slices)).ok().flatten();
    let resumed = state.is_some();
    let moves = state.as_ref().map_or(0, |state| state.counters.steps);
    let loaded = buffers.parameters;
    let mut learner = Learner::new(buffers, state).expect("the stored state was a chain's");
    report!("{} after {moves} moves", if resumed { "goes on" } else { "starts" });

    // A device has a clock that goes on in a reset.
    let mut sensor = Sensor { time: if resumed { SAMPLES } else { 0 } };
    let (mut longest, mut stored, mut stored_loss) = (0, 0, f32::INFINITY);
    let (mut first, mut last, mut unlearned) = (Errors::default(), Errors::default(), Errors::default());
    let mut scratch = [0.0; SCRATCH];
    for sample in 0..SAMPLES {
        let measured = sensor.sample();
        if Sensor::bad(sensor.time) == Sensor::bad(sensor.time - 1) {
            // Predicted before it is learned from.
            let error = learner.predict(measured.features) - measured.target[0];
            if sample < FIRST {
                first.add(error);
            } else if sample >= SAMPLES - LAST {
                last.add(error);
                unlearned.add(predict(&loaded, measured.features, &mut scratch) - measured.target[0]);
            }
        }
        learner.push(measured);
        for _ in 0..SLICES {
            let ((), instructions) = count(|| learner.slice());
            longest = longest.max(instructions);
        }
        if learner.chain().loss() <= IMPROVED * stored_loss
            && let Some(chain) = learner.at_rest()
        {
            let snapshot = Snapshot::of(chain, Portable).expect("no move is suspended").objective(OBJECTIVE);
            block_on(store.save_chain(&mut piece, &snapshot)).expect(FITS);
            (stored, stored_loss) = (stored + 1, chain.loss());
        }
        if (sample + 1).is_multiple_of(500) {
            let chain = learner.chain();
            report!("sample {:5}: loss {:.6}, sigma {:.1e}", sensor.time, chain.loss(), chain.sigma());
        }
    }
    let counters = learner.chain().counters();
    report!("{} moves, {:.1}% accepted", counters.steps, 100.0 * counters.accept_rate());
    let (first, last, unlearned) = (first.mean(), last.mean(), unlearned.mean());
    report!("mean squared error: {first:.6} on the first {FIRST} samples, {last:.6} on the last {LAST}");
    report!("with the parameters that the run began with: {unlearned:.6} on the last {LAST}");
    report!("{} bad samples left out, stored {stored} times", learner.left_out());
    report!("longest slice {longest} instructions");
    let bad = Sensor::bad(sensor.time) - Sensor::bad(sensor.time - SAMPLES);
    let ok = longest <= DEADLINE && learner.left_out() == bad && stored > 0 && last < 0.001 && unlearned > 10.0 * last;
    if !ok || resumed {
        // After the reset it knows from the first sample on.
        board::finish(ok && first < 0.01);
    }
    cortex_m::peripheral::SCB::sys_reset()
}

//! A device that learns by itself: it reads a sensor that drifts, learns in slices between the samples, stores what it
//! learned, and goes on after a reset.
#![no_std]
#![no_main]

use amc_core::chain::Options;
use amc_core::sums::BLOCK;
use amc_core::trainer::IntoObjective;
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Rows};
use amc_cortex_m::CortexM;
use amc_firmware::drift::{Sensor, Source};
use amc_firmware::ram_flash::{CAPACITY, PAGE, RamFlash, WORD};
use amc_firmware::timer::count;
use amc_firmware::{board, report};
use amc_learner::{Learner, Rules, Size};
use amc_store::Arithmetic::Portable;
use amc_store::flash::{Blocking, Store, buffer_limit, region_limit};
use amc_store::snapshot::{self, Expected, Slices};
use cortex_m_rt::entry;
use embassy_futures::block_on;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

/// A reading and a temperature in, a pressure out.
const NET: Net<'static> = Net::new(2, &[Layer::dense(8, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const OPTIONS: Options = Options::new(0.05).n_reset(50);
/// Numbers beyond 4 are not the sensor's.
const RULES: Rules = Rules::new(OPTIONS).limit(4.0);
const LANES: CortexM<4> = CortexM;
/// Of the newest four blocks of samples.
const SIZE: Size = Size::new(&NET, 4, 4 * BLOCK);

/// Samples until the reset, and as many after it.
const SAMPLES: u32 = 3000;
/// Slices between two samples.
const SLICES: u32 = 40;
/// Instructions that a slice may take.
const DEADLINE: u32 = 40_000;
/// Samples at the beginning and at the end of a run whose predictions are looked at.
const FIRST: u32 = 100;
const LAST: u32 = 500;

/// Bytes of the pieces in which a chain is stored.
const PIECE: usize = 128;
const _: () = assert!(region_limit(snapshot::length_limit(&NET), PIECE, PAGE, WORD) <= CAPACITY);

static MEMORY: ConstStaticCell<[f32; SIZE.numbers()]> = ConstStaticCell::new([0.0; SIZE.numbers()]);

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

/// [`OBJECTIVE`], known when the program is compiled.
#[derive(Clone, Copy)]
struct Drift;

impl<'a> IntoObjective<'a> for Drift {
    #[inline(always)]
    fn objective(self) -> Objective<'a> {
        OBJECTIVE
    }
}

/// The pressure that the net gives with these parameters; NaN where lengths do not fit.
fn predict(parameters: &[f32], features: &[f32; 2], scratch: &mut [f32]) -> f32 {
    let outputs = OBJECTIVE.predict(LANES, parameters, &Rows::new(features, 2, 1.0), 0, scratch);
    outputs.ok().and_then(|outputs| outputs.first().copied()).unwrap_or(f32::NAN)
}

#[entry]
fn main() -> ! {
    const FITS: &str = "the store has room for the chain";
    let memory = SIZE.cut(MEMORY.take()).expect("a memory of that size");
    let mut piece = [0; buffer_limit(snapshot::head_limit(&NET), PIECE)];
    let mut store = Store::new(Blocking(RamFlash::take()), 0..CAPACITY as u32, PIECE).expect(FITS);

    let expected = Expected { arithmetic: Portable, objective: Some(OBJECTIVE), options: Some(OPTIONS) };
    let parameters = &mut *memory.training.parameters;
    let slices = Slices { parameters, centres: &mut [], signal: &mut [], streams: &mut [] };
    // What is not this chain, or is damaged, is as good as nothing: the device starts anew.
    let state = block_on(store.load_chain(&mut piece, &expected, slices)).ok().flatten();
    let resumed = state.is_some();
    let moves = state.as_ref().map_or(0, |state| state.counters.steps);
    let mut loaded = [0.0; NET.parameters()];
    loaded.copy_from_slice(memory.training.parameters);
    let learner = match state {
        Some(state) => Learner::resume(Drift, LANES, RULES, memory, state),
        None => Learner::new(Drift, LANES, RULES, memory, Generator::seed_from_u64(1)),
    };
    let mut learner = learner.expect("the stored state was a chain's");
    report!("{} after {moves} moves", if resumed { "goes on" } else { "starts" });

    // A device has a clock that goes on in a reset.
    let mut sensor = Sensor { time: if resumed { SAMPLES } else { 0 } };
    let (mut longest, mut stored) = (0, 0);
    let (mut first, mut last, mut unlearned) = (Errors::default(), Errors::default(), Errors::default());
    let mut scratch = [0.0; NET.scratch(4)];
    for sample in 0..SAMPLES {
        let measured = sensor.sample();
        if Sensor::bad(sensor.time) == Sensor::bad(sensor.time - 1) {
            // Predicted before it is learned from.
            let mut predicted = [f32::NAN];
            learner.predict(&measured.features, &mut predicted).expect("the net's lengths");
            let error = predicted[0] - measured.target[0];
            if sample < FIRST {
                first.add(error);
            } else if sample >= SAMPLES - LAST {
                last.add(error);
                unlearned.add(predict(&loaded, &measured.features, &mut scratch) - measured.target[0]);
            }
        }
        // It counts those that it leaves out.
        let _ = learner.push(&measured.features, &measured.target);
        for _ in 0..SLICES {
            let (_, instructions) = count(|| learner.slice(0));
            longest = longest.max(instructions);
        }
        if let Some(snapshot) = learner.due().expect("the chain is a running one") {
            block_on(store.save_chain(&mut piece, &snapshot)).expect(FITS);
            learner.saved();
            stored += 1;
        }
        if (sample + 1).is_multiple_of(500) {
            let now = learner.progress();
            report!("sample {:5}: loss {:.6}, sigma {:.1e}", sensor.time, now.loss, now.sigma);
        }
    }
    let counters = learner.progress().counters;
    report!("{} moves, {:.1}% accepted", counters.steps, 100.0 * counters.acceptance_rate());
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

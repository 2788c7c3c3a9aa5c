//! Counts the instructions of what training consists of, under QEMU, and prints a line for each: a name and a number.
#![no_std]
#![no_main]

use core::hint::black_box;

use amc_core::chain::{Chain, Memory, Options};
use amc_core::elementary::tanh;
use amc_core::trainer::{Evaluate, Trainer};
use amc_core::{Generator, Lanes, Measurements, Rows, Samples, Score, Targets, Tiles, gaussian};
use amc_cortex_m::CortexM;
use amc_firmware::golden::{IMAGES, OBJECTIVE, PIXELS};
use amc_firmware::timer::count;
use amc_firmware::xor::{self, ROW, SQUARE};
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

const SAMPLES: usize = 100;
const PARAMETERS: usize = OBJECTIVE.net().parameters();
const MOVES: u32 = 10;
const SEEDS: usize = 50;
/// Moves that XOR may take.
const PATIENCE: u64 = 20_000;

const FILE: &[u8; IMAGES * (PIXELS + 1)] = include_bytes!("../../../data/digits.u8");

/// Bytes of the file from `first` on: of the whole file too little flash would be left on a small core.
const fn part<const N: usize>(first: usize) -> [u8; N] {
    let (mut part, mut i) = ([0; N], 0);
    while i < N {
        part[i] = FILE[first + i];
        i += 1;
    }
    part
}

/// The digits, half of whose pixels are 0.
static DIGITS: [u8; SAMPLES * PIXELS] = part(0);
static LABELS: [u8; SAMPLES] = part(IMAGES * PIXELS);

/// The digits once more, as numbers none of which is 0, from 1/17 to 1, in tiles of four.
static DENSE: [f32; SAMPLES * PIXELS] = {
    let (mut dense, mut i) = ([0.0; SAMPLES * PIXELS], 0);
    while i < dense.len() {
        let (sample, pixel) = (i / PIXELS, i % PIXELS);
        dense[(sample / 4 * PIXELS + pixel) * 4 + sample % 4] = (FILE[i] + 1) as f32 / 17.0;
        i += 1;
    }
    dense
};

struct Buffers {
    parameters: [f32; PARAMETERS],
    proposed: [f32; PARAMETERS],
    scratch: [f32; OBJECTIVE.net().scratch(4)],
}

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    parameters: [0.0; PARAMETERS],
    proposed: [0.0; PARAMETERS],
    scratch: [0.0; OBJECTIVE.net().scratch(4)],
});

/// The loss on bytes half of which are 0.
#[inline(never)]
fn forward(x: &[f32], scratch: &mut [f32]) -> f32 {
    let features = Rows::new(&DIGITS, PIXELS, 1.0 / 16.0);
    let samples = Samples { features, targets: Targets::Classes(&LABELS) };
    OBJECTIVE.evaluate(ROW, x, &samples, scratch, Measurements::default()).map_or(f32::NAN, |score| score.loss)
}

/// The loss on numbers none of which is 0.
#[inline(never)]
fn forward_dense(x: &[f32], scratch: &mut [f32]) -> f32 {
    let features = Tiles::new(&DENSE, SAMPLES, PIXELS, 1.0);
    let samples = Samples { features, targets: Targets::Classes(&LABELS) };
    OBJECTIVE.evaluate(SQUARE, x, &samples, scratch, Measurements::default()).map_or(f32::NAN, |score| score.loss)
}

/// [`forward`] for every move, none given up.
struct Whole<'s> {
    scratch: &'s mut [f32],
}

impl Evaluate for Whole<'_> {
    type Workers = CortexM<1>;

    const SIGNALS: bool = false;

    fn workers(&self) -> CortexM<1> {
        ROW
    }

    fn evaluate(&mut self, parameters: &[f32], _: &mut [f32]) -> f32 {
        forward(parameters, self.scratch)
    }

    fn evaluate_within(&mut self, _: f32, parameters: &[f32], signal: &mut [f32]) -> Option<Score> {
        Some(Score { loss: self.evaluate(parameters, signal), correct: 0 })
    }
}

#[inline(never)]
fn tanh_of_all<L: Lanes>(lanes: L, values: &mut [f32]) {
    for value in values.chunks_exact_mut(L::T) {
        lanes.store(tanh(lanes, lanes.load(value)), value);
    }
}

/// Prints a mean with one decimal.
fn per(name: &str, instructions: u32, count: u32) {
    let tenths = (u64::from(instructions) * 10 + u64::from(count) / 2) / u64::from(count);
    report!("{name} {}.{}", tenths / 10, tenths % 10);
}

/// The net 64-16-10 and its parts.
fn digits_net(buffers: &mut Buffers) {
    let Buffers { parameters, proposed, scratch } = buffers;
    let mut rng = Generator::seed_from_u64(1);
    let ((), n) = count(|| gaussian::fill(ROW, &mut rng, 0.2, parameters));
    per("gaussian", n, PARAMETERS as u32);
    let values = &mut proposed[..1200];
    gaussian::fill(ROW, &mut rng, 1.0, values);
    let ((), n) = count(|| tanh_of_all(SQUARE, values));
    per("tanh", n, 1200);

    let (_, n) = count(|| forward_dense(parameters, scratch));
    report!("forward-b-dense {n}");
    let (loss, n) = count(|| forward(parameters, scratch));
    report!("forward-b {n}");

    let memory = Memory::new(parameters, proposed);
    let chain = Chain::new(memory, Options::new(0.05).n_reset(20), rng, loss).expect("the buffers fit");
    let mut trainer = Trainer::of(chain, Whole { scratch }, &mut []).expect("there are no signals");
    let (_, n) = count(|| trainer.fit(|now| now.counters.steps == u64::from(MOVES)));
    report!("move-b {}", n / MOVES);
}

/// The net 2-3-1 and what it takes to learn XOR.
fn xor_net() {
    let mut scratch = [0.0; xor::SCRATCH];
    let (_, n) = count(|| xor::loss(black_box(&[0.3; xor::PARAMETERS]), &mut scratch));
    report!("forward-xor {n}");
    let (mut taken, mut moves, mut solved) = ([0; SEEDS], [0; SEEDS], 0);
    for (seed, (taken, moves)) in (1..).zip(taken.iter_mut().zip(&mut moves)) {
        let (steps, n) = count(|| xor::learn(seed, PATIENCE, &mut scratch));
        solved += u32::from(steps.is_some());
        (*taken, *moves) = (n, steps.unwrap_or(PATIENCE));
    }
    taken.sort_unstable();
    moves.sort_unstable();
    report!("xor {}", taken[SEEDS / 2]);
    report!("xor-moves {}", moves[SEEDS / 2]);
    report!("xor-solved {solved}");
}

#[entry]
fn main() -> ! {
    digits_net(BUFFERS.take());
    xor_net();
    board::finish(true)
}

//! Mixed moves on the digits, which give the same bits on a device and on a host.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::mixed::{Arm, Mixed, MixedMemory, SerialMemory, SerialParts, start};
use amc_core::{Generator, KeptLayer, Lanes, Measurements};
use rand_core::SeedableRng;

use crate::golden::{Golden, IMAGES, NET, OBJECTIVE, checksum, digits};

/// Images that the net learns: the first so many.
pub const LEARNED: usize = 400;
/// Images that it is tried on: the last so many.
pub const HELD_OUT: usize = 360;
/// Moves that are made on a device.
pub const MOVES: u64 = 2500;
const SEED: u64 = 1;
const N: usize = NET.parameters();
const FIT: &str = "the net, the images and the memory fit together";

/// All memory of mixed moves, with what is kept of the images.
#[derive(Debug)]
pub struct Memory {
    parameters: [f32; N],
    undo: [f32; N],
    base: [f32; N],
    statistics: [f32; NET.statistics()],
    arms: [Arm; NET.arms()],
    layers: [KeptLayer; NET.layers().len()],
    kept: [f32; NET.kept() * LEARNED],
    fresh: [f32; LEARNED],
    column: [f32; NET.column()],
    scratch: [f32; NET.scratch(16)],
}

impl Memory {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            parameters: [0.0; N],
            undo: [0.0; N],
            base: [0.0; N],
            statistics: [0.0; NET.statistics()],
            arms: [Arm::NEW; NET.arms()],
            layers: [KeptLayer::NEW; NET.layers().len()],
            kept: [0.0; NET.kept() * LEARNED],
            fresh: [0.0; LEARNED],
            column: [0.0; NET.column()],
            scratch: [0.0; NET.scratch(16)],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Images of which numbers are kept where they are not kept of all: a block.
pub const BLOCK: usize = 64;

/// Makes moves until `ends` says so, given how many there were and the loss, with numbers kept of all images or of none; gives
/// what they came to, and how many of the held-out images are recognised.
///
/// # Panics
/// Never: the net, the images and the memory fit together.
pub fn run<L: Lanes>(
    lanes: L,
    memory: &mut Memory,
    keeps: bool,
    mut ends: impl FnMut(u64, f32) -> bool,
) -> (Golden, u32) {
    let Memory { parameters, undo, base, statistics, arms, layers, kept, fresh, column, scratch } = memory;
    let of = if keeps { LEARNED } else { BLOCK };
    let (kept, fresh) = (&mut kept[..NET.kept() * of], &mut fresh[..of]);
    let evaluation = SerialMemory { layers, kept, fresh, column, scratch };
    let mut evaluator = SerialParts::new(OBJECTIVE, lanes, digits(0, LEARNED), evaluation).expect(FIT);
    let mut rng = Generator::seed_from_u64(SEED);
    let loss = start(NET, parameters, statistics, &mut rng, &mut evaluator);
    let memory = MixedMemory { parameters, undo, base, arms, statistics };
    let mut mixed = Mixed::new(NET, memory, 0.0, rng, loss).expect(FIT);
    if !keeps {
        mixed.set_kept_from(NET.layers().len());
    }
    while !ends(mixed.counters().steps, mixed.loss()) {
        mixed.step(&mut evaluator);
    }
    let counters = mixed.counters();
    let golden = Golden {
        hash: checksum(mixed.parameters()),
        steps: counters.steps,
        accepted: counters.accepted,
        resets: counters.resets,
        loss_bits: mixed.loss().to_bits(),
    };
    let held_out = digits(IMAGES - HELD_OUT, HELD_OUT);
    let measurements = Measurements { correct: true, ..Measurements::default() };
    let parameters = mixed.parameters();
    let score = OBJECTIVE.evaluate(lanes, parameters, &held_out, evaluator.scratch(), measurements).expect(FIT);
    (golden, score.correct)
}

//! Counts the instructions of an integer net's training, under QEMU, and prints a line for each: a name and a number.
#![no_std]
#![no_main]

use amc_core::Generator;
use amc_core::integer::{Chain, ChainMemory, Change, Changes, Evaluate, Objective, Serial, SerialMemory};
use amc_cortex_m::CortexM;
use amc_firmware::digits_int8::{NET, images};
use amc_firmware::timer::count;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

const KERNEL: CortexM<1> = CortexM;

/// Images, all of whose sums fit 16 KiB of RAM.
const SAMPLES: usize = 100;
/// Moves before those that are counted, by when a rate is what it will be.
const BEGUN: u32 = 1000;
const MOVES: u32 = 200;

struct Buffers {
    parameters: [i8; NET.parameters()],
    undo: [i8; NET.widest_neuron()],
    rates: [u32; 2],
    sums: [i32; NET.scratch(1)],
    outputs: [i8; NET.scratch_outputs(1)],
    kept: [i32; NET.kept_sums(1) * SAMPLES],
}

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    parameters: [0; _],
    undo: [0; _],
    rates: [0; _],
    sums: [0; _],
    outputs: [0; _],
    kept: [0; _],
});

/// A move of a neuron of each layer, of one weight.
fn one_weight(layer: usize) -> Change {
    let inputs = [(20 / (layer as u16 + 1), 1)].into_iter().collect();
    Change { layer, unit: 3, inputs: Changes::Some(inputs) }
}

#[entry]
fn main() -> ! {
    let Buffers { parameters, undo, rates, sums, outputs, kept } = BUFFERS.take();
    let mut rng = Generator::seed_from_u64(1);
    NET.draw(parameters, &mut rng);
    let memory = SerialMemory { sums, outputs, kept_sums: kept, kept_outputs: &mut [] };
    let objective = Objective::new(NET).expect("a softmax has a loss");
    let samples = images(0, SAMPLES);
    let mut evaluator = Serial::new(objective, KERNEL, samples, memory).expect("the images fit the net");
    let (_, n) = count(|| evaluator.begin(parameters));
    report!("forward-b-int8 {n}");
    let memory = ChainMemory { parameters, undo, rates };
    let mut chain = Chain::new(NET, memory, rng, &mut evaluator).expect("the buffers fit");
    for _ in 0..BEGUN {
        chain.step(&mut evaluator);
    }
    let ((), n) = count(|| {
        for _ in 0..MOVES {
            chain.step(&mut evaluator);
        }
    });
    report!("move-b-int8 {}", n / MOVES);
    for (layer, name) in ["hidden", "output"].into_iter().enumerate() {
        let (_, n) = count(|| evaluator.propose(u64::MAX, chain.parameters(), &one_weight(layer)));
        report!("{name}-neuron-b-int8 {n}");
    }
    board::finish(true)
}

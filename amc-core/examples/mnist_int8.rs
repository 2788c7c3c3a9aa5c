//! What `amc-firmware/mnist-int8.sh` compares a device with: the same chain, and what its net makes of images that it has not seen.
//!
//! `cargo run --release -p amc-core --example mnist_int8 -- LEARNED TESTED MOVES`: files of images and labels.

#[path = "../../amc-firmware/src/golden.rs"]
#[expect(dead_code, reason = "what other programs ask for")]
mod golden;
#[path = "../../amc-firmware/src/integers.rs"]
#[expect(dead_code, reason = "what other programs ask for")]
mod integers;
#[path = "../../amc-firmware/src/mnist_int8.rs"]
mod mnist_int8;

use amc_core::Portable;
use amc_core::integer::{Objective, Serial, SerialMemory};
use mnist_int8::{End, LEARNED, Memory, NET, PIXELS, images, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [learned, tested, moves] = given.as_slice() else { return Err("LEARNED TESTED MOVES".into()) };
    let (learned, tested, moves) = (std::fs::read(learned)?, std::fs::read(tested)?, moves.parse()?);
    let mut memory = Memory::new();
    let learner = run(Portable::<1>, &learned, &mut memory, moves);
    println!("{LEARNED} images, {moves} moves: {:?}", End::of(&learner));

    let count = tested.len() / (PIXELS + 1);
    let samples = images(&tested, count);
    let (mut sums, mut outputs) = (vec![0; NET.scratch(1)], vec![0; NET.scratch_outputs(1)]);
    let memory = SerialMemory { sums: &mut sums, outputs: &mut outputs, kept_sums: &mut [], kept_outputs: &mut [] };
    let mut evaluator = Serial::new(Objective::new(NET)?, Portable::<1>, samples, memory)?;
    println!("{} of {count} others are right", evaluator.score(&samples, learner.chain().parameters())?.correct);
    Ok(())
}

//! What other shifts than those that fit cost an integer net on the digits: a table of `docs/integers.md`.

use std::ops::ControlFlow;

use amc_core::{Activation, Layer};
use amc_engine::data::digits;
use amc_engine::integer::{Description, Inputs, Set, Settings, train_on};

const STEPS: u64 = 20_000;
const SEEDS: u64 = 5;
/// By how much a layer's shift is more.
const MORE: [(i16, &str); 3] = [(-2, "2 less"), (0, "as it fits"), (2, "2 more")];

fn main() -> anyhow::Result<()> {
    let data = digits();
    let train = Set::ordered(&data.train, Inputs::U8)?;
    let test = data.test.as_ref().map(|test| Set::of(test, Inputs::U8)).transpose()?;
    let layers = vec![Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
    let fit = Description::fit(data.train.width(), (Inputs::U8, train.root_mean_square()), layers, i8::MAX);
    let held_out = |more: [i16; 2]| -> anyhow::Result<f64> {
        let mut description = fit.clone();
        for (scale, more) in description.scales.iter_mut().zip(more) {
            scale.shift = (i16::from(scale.shift) + more).try_into()?;
        }
        let (mut right, mut all) = (0, 0);
        for seed in 1..=SEEDS {
            let settings = Settings { steps: STEPS, seed, threads: 1 };
            let samples = (&train, test.as_ref());
            let trained = train_on(&description, samples, &settings, None, |_| Ok(ControlFlow::Continue(())))?;
            right += trained.test.map_or(0, |score| score.correct);
            all += test.as_ref().map_or(0, Set::len);
        }
        Ok(100.0 * right as f64 / all as f64)
    };
    let shifts: Vec<_> = fit.scales.iter().map(|scale| scale.shift).collect();
    let last = MORE.map(|(_, name)| name).join(" | ");
    println!("| first and last shift, of {shifts:?} | {last} |");
    println!("| --- | --- | --- | --- |");
    for (first, name) in MORE {
        let cells = MORE.iter().map(|(last, _)| held_out([first, *last]).map(|percent| format!("{percent:.1}%")));
        println!("| {name} | {} |", cells.collect::<anyhow::Result<Vec<_>>>()?.join(" | "));
    }
    Ok(())
}

//! Integer nets: the same bits on any threads, and from any checkpoint.

use std::ops::ControlFlow;

use amc_core::{Activation, Layer};
use amc_engine::data::{OwnedTargets, Values, digits};
use amc_engine::integer::{Description, Inputs, Set, Settings, score, train_on};
use amc_engine::train::Checkpoint;

/// Digits, some thirty times over, so that several threads take part.
fn many() -> Set {
    let all = digits().train;
    let (Values::U8(rows, _), OwnedTargets::Classes(classes)) = (all.values(), all.targets()) else { panic!("digits") };
    let (rows, classes) = (rows.repeat(30), classes.repeat(30));
    let set = amc_engine::data::Set::new(Values::U8(rows, 1.0), 64, OwnedTargets::Classes(classes));
    Set::of(&set, Inputs::U8).expect("bytes")
}

fn net(set: &Set) -> Description {
    let layers = vec![Layer::dense(15, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
    Description::fit(64, (Inputs::U8, set.root_mean_square()), layers, 127)
}

const STEPS: u64 = 60;

/// The losses after each move, the parameters in the end, and where it stood after 20.
fn way(set: &Set, threads: usize, from: Option<&Checkpoint>) -> (Vec<u32>, Vec<i8>, Option<Checkpoint>) {
    let (mut losses, mut kept) = (Vec::new(), None);
    let settings = Settings { steps: STEPS, seed: 3, threads };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let trained = pool.install(|| {
        train_on(&net(set), (set, None), &settings, from, |moves| {
            losses.push(moves.loss().to_bits());
            if moves.counters().steps == 20 {
                kept = Some(moves.checkpoint()?);
            }
            Ok(ControlFlow::Continue(()))
        })
    });
    let trained = trained.expect("trained");
    assert_eq!(trained.train, score(&net(set), &trained.parameters, set).expect("a score"));
    (losses, trained.parameters, kept)
}

#[test]
fn threads_change_no_bit_and_neither_does_a_stop() {
    let set = many();
    let (losses, parameters, kept) = way(&set, 1, None);
    assert!(f32::from_bits(losses[59]) < f32::from_bits(losses[0]), "it learns");
    let three = way(&set, 3, None);
    assert_eq!((&three.0, &three.1), (&losses, &parameters));
    let kept = kept.expect("a checkpoint");
    let rest = way(&set, 2, Some(&kept));
    assert_eq!((&rest.0[..], &rest.1), (&losses[20..], &parameters));
    // On other samples the loss is another.
    let fewer = Set::of(&digits().train, Inputs::U8).expect("bytes");
    let settings = Settings { steps: STEPS, seed: 3, threads: 1 };
    let told = train_on(&net(&set), (&fewer, None), &settings, Some(&kept), |_| Ok(ControlFlow::Continue(())));
    assert!(told.expect_err("refused").to_string().contains("the loss of the parameters is another"));
}

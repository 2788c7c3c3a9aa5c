//! Integer nets: the same bits on any threads, and from any checkpoint.

use std::ops::ControlFlow;

use amc_core::{Activation, Layer};
use amc_engine::data::{self, OwnedTargets, Values, digits};
use amc_engine::integer::{Description, Inputs, Set, Settings, outputs, score, train_on};
use amc_engine::ranks::Together;
use amc_engine::train::Checkpoint;

/// Digits, some thirty times over, so that several threads take part.
fn many() -> data::Set {
    let all = digits().train;
    let (Values::U8(rows, _), OwnedTargets::Classes(classes)) = (all.values(), all.targets()) else { panic!("digits") };
    let (rows, classes) = (rows.repeat(30), classes.repeat(30));
    data::Set::new(Values::U8(rows, 1.0), 64, OwnedTargets::Classes(classes))
}

fn bytes(set: &data::Set) -> Set {
    Set::of(set, Inputs::U8).expect("bytes").together().expect("all are there")
}

fn net(set: &Set) -> Description {
    let layers = vec![Layer::dense(15, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
    Description::fit(64, (Inputs::U8, set.root_mean_square()), layers, 127)
}

const STEPS: u64 = 60;

/// The losses after each move, the parameters in the end, and where it stood after 20.
type Way = (Vec<u32>, Vec<i8>, Option<Checkpoint>);

fn way(set: &Set, threads: usize, from: Option<&Checkpoint>) -> Way {
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
    let outputs = outputs(&net(set), &trained.parameters, set).expect("outputs");
    assert_eq!(outputs.len(), 10 * set.len());
    (losses, trained.parameters, kept)
}

#[test]
fn threads_change_no_bit_and_neither_does_a_stop() {
    let set = bytes(&many());
    let (losses, parameters, kept) = way(&set, 1, None);
    assert!(f32::from_bits(losses[59]) < f32::from_bits(losses[0]), "it learns");
    let three = way(&set, 3, None);
    assert_eq!((&three.0, &three.1), (&losses, &parameters));
    let kept = kept.expect("a checkpoint");
    let rest = way(&set, 2, Some(&kept));
    assert_eq!((&rest.0[..], &rest.1), (&losses[20..], &parameters));
    // On other samples the loss is another.
    let fewer = bytes(&digits().train);
    let settings = Settings { steps: STEPS, seed: 3, threads: 1 };
    let told = train_on(&net(&set), (&fewer, None), &settings, Some(&kept), |_| Ok(ControlFlow::Continue(())));
    assert!(told.expect_err("refused").to_string().contains("the loss of the parameters is another"));
}

#[test]
fn samples_in_an_order_that_leaves_zeros_out_come_to_the_same_bits() {
    let samples = many().first(2000);
    let (as_they_came, ordered) = (bytes(&samples), Set::ordered(&samples, Inputs::U8).expect("bytes"));
    assert_eq!(ordered.root_mean_square(), as_they_came.root_mean_square());
    let (losses, parameters, _) = way(&as_they_came, 1, None);
    for threads in [1, 3] {
        let found = way(&ordered, threads, None);
        assert_eq!((&found.0, &found.1), (&losses, &parameters), "{threads} threads");
    }
    let of = |set: &Set| outputs(&net(set), &parameters, set).expect("outputs");
    assert_eq!(of(&ordered), of(&as_they_came), "outputs are in the order in which samples came");
    // As numbers, too: squared errors of samples, each with a target of its own.
    let Values::U8(rows, _) = samples.values() else { panic!("bytes") };
    let wanted = (0..2000).map(|sample| (sample % 97) as f32 * 8.0).collect();
    let samples = data::Set::new(Values::U8(rows.clone(), 1.0), 64, OwnedTargets::Values(wanted, 1));
    let layers = vec![Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)];
    let net = Description::fit(64, (Inputs::U8, as_they_came.root_mean_square()), layers, 127);
    let parameters: Vec<_> = (0..64 * 3 + 3 + 3 + 1).map(|i| i as i8 % 20).collect();
    let losses = [bytes(&samples), Set::ordered(&samples, Inputs::U8).expect("bytes")]
        .map(|set| score(&net, &parameters, &set).expect("a score"));
    assert_eq!(losses[0], losses[1]);
}

/// The ways of so many ranks that share a set.
fn on_ranks(ranks: usize, threads: usize, set: &data::Set, from: Option<&Checkpoint>) -> Vec<Way> {
    std::thread::scope(|scope| {
        let one = |team| way(&bytes(&set.part(&team)), threads, from);
        let ranks: Vec<_> = Together::teams(ranks).into_iter().map(|team| scope.spawn(move || one(team))).collect();
        ranks.into_iter().map(|rank| rank.join().expect("no panic")).collect()
    })
}

#[test]
fn any_number_of_ranks_comes_to_the_bits_of_one_machine_and_goes_on_to_them() {
    // Of so few samples some ranks have none.
    for set in [many(), digits().train.first(100)] {
        let (losses, parameters, kept) = way(&bytes(&set), 1, None);
        for (ranks, threads) in [(1, 2), (2, 1), (3, 2)] {
            let ends = on_ranks(ranks, threads, &set, None);
            assert!(ends.iter().all(|end| end.0 == losses && end.1 == parameters), "{ranks} ranks");
            for end in on_ranks(ranks, threads, &set, kept.as_ref()) {
                assert!(end.0 == losses[20..] && end.1 == parameters, "{ranks} ranks, from a checkpoint");
            }
        }
    }
}

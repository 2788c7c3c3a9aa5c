//! A recurrent net, trained on sequences of pixels.

use amc_core::chain::Options;
use amc_engine::data::{digits, sequences::zeros_and_ones};
use amc_engine::description::Description;
use amc_engine::train::{Batching, Initial, Method, Settings, Trained, train};
use amc_kernels::Arithmetic;

const STEPS: usize = 16;

fn description() -> Description {
    Description::of_sequences(STEPS, 8)
}

fn trained(steps: u64, batching: Batching, threads: usize) -> Trained {
    let settings = Settings {
        method: Method::Amc,
        options: Options::new(0.05).n_reset(50),
        initial: Initial::Kaiming,
        transfer: Default::default(),
        in_place: false,
        signal_norm: true,
        batching,
        steps,
        seed: 5,
        threads,
        arithmetic: Arithmetic::Portable,
    };
    train(&description(), &zeros_and_ones(&digits(), true), &settings, |_| ()).expect("trained")
}

#[test]
fn it_learns_to_tell_zeros_from_ones() {
    let [start, end] = [1, 1500].map(|steps| trained(steps, Batching::Full, 1));
    assert!(end.train_loss < 0.5 * start.train_loss, "{} of {}", end.train_loss, start.train_loss);
    let (accuracy, start) = (end.test_accuracy.expect("classes"), start.test_accuracy.expect("classes"));
    assert!(accuracy > 0.85 && accuracy > start, "{accuracy} after {start}");
}

#[test]
fn threads_change_nothing() {
    for batching in [Batching::Full, Batching::Mini(200)] {
        let [one, two] = [1, 2].map(|threads| trained(60, batching, threads));
        let bits = |trained: &Trained| trained.parameters.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&one), bits(&two), "{batching:?}");
        assert_eq!(one.counters, two.counters, "{batching:?}");
        assert!(one.counters.accepted > 0);
    }
}

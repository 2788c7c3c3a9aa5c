//! Evaluations that are given up once they are above a bound.

use amc_core::sums::BLOCK;
use amc_core::{
    Activation, Generator, Layer, Loss, Measurements, Net, Objective, Portable, Rows, Samples, Score, Targets, gaussian,
};
use proptest::prelude::*;
use rand_core::SeedableRng;

const LAYERS: [Layer; 2] = [Layer::dense(6, Activation::Tanh), Layer::dense(1, Activation::Linear)];
const NET: Net<'static> = Net::new(2, &LAYERS);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

fn numbers(seed: u64, n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n];
    gaussian::fill(Portable::<16>, &mut Generator::seed_from_u64(seed), 1.0, &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_given_up_is_above_the_bound(seed: u64, samples in 1_usize..400, share in 0.0_f32..2.0) {
        let (values, targets) = (numbers(seed, 2 * samples), numbers(!seed, samples));
        let samples = Samples { features: Rows::new(&values, 2, 1.0), targets: Targets::Values(&targets) };
        let parameters = numbers(seed ^ 1, NET.parameters());
        let mut scratch = [0.0; NET.scratch(8)];
        let mut within = |bound: f32| -> Option<Score> {
            OBJECTIVE
                .evaluate_within(Portable::<8>, bound, &parameters, &samples, &mut scratch, Measurements::default())
                .unwrap()
        };
        let whole = within(f32::INFINITY).unwrap();
        for bound in [whole.loss, whole.loss.next_up(), f32::MAX] {
            prop_assert_eq!(within(bound), Some(whole), "at {}", bound);
        }
        match within(share * whole.loss) {
            None => prop_assert!(share < 1.0),
            score => prop_assert_eq!(score, Some(whole)),
        }
        // The bound of a move that must not be accepted.
        prop_assert_eq!(within(f32::NAN), None);
    }
}

#[test]
fn nothing_is_evaluated_after_the_bound_is_exceeded() {
    // All of the loss is in the first block. Later samples are not numbers: with them there would be no loss.
    let samples = 4 * BLOCK;
    let mut values = vec![f32::NAN; 2 * samples];
    values[..2 * BLOCK].fill(1.0);
    let samples = Samples { features: Rows::new(&values, 2, 1.0), targets: Targets::Values(&vec![9.0; samples]) };
    let mut scratch = [0.0; NET.scratch(8)];
    let mut within = |bound| {
        let parameters = [0.0; NET.parameters()];
        OBJECTIVE
            .evaluate_within(Portable::<8>, bound, &parameters, &samples, &mut scratch, Measurements::default())
            .map(|score| score.map(|score| score.loss.is_nan()))
    };
    assert_eq!(within(20.0), Ok(None));
    assert_eq!(within(21.0), Ok(Some(true)));
}

//! Threads, skipped zeros and early rejection change no bit.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{
    Activation, Generator, Layer, Loss, Measurements, Net, Objective, Portable, Rows, Samples, Score, Targets, gaussian,
};
use amc_engine::data::pack::PackedSet;
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_engine::evaluate::{EarlyRejection, Evaluator};
use amc_kernels::Arithmetic;
use rand_core::{Rng, SeedableRng};

const WIDTH: usize = 50;
const LAYERS: [Layer; 2] = [Layer::dense(19, Activation::Tanh), Layer::dense(7, Activation::Softmax)];
const OBJECTIVE: Objective<'_> = Objective::new(Net::new(WIDTH, &LAYERS), Loss::MeanSquaredError);

/// Images of which two thirds are dark, each class in a place of its own.
fn images(samples: usize) -> (Vec<u8>, Vec<u8>) {
    let mut rng = Generator::seed_from_u64(3);
    let classes = (0..samples).map(|_| (rng.next_u32() % 7) as u8).collect::<Vec<_>>();
    let mut rows = vec![0; samples * WIDTH];
    for (row, class) in rows.chunks_exact_mut(WIDTH).zip(&classes) {
        for pixel in row.iter_mut().skip(5 * usize::from(*class)).take(18) {
            *pixel = rng.next_u32() as u8;
        }
    }
    (rows, classes)
}

fn parameters() -> Vec<f32> {
    let mut parameters = vec![0.0; OBJECTIVE.net().parameters()];
    gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(4), 0.3, &mut parameters);
    parameters
}

/// The loss's bits, the number right, and the bits of both layers' signals.
type Outcome = (u32, u32, [u32; 2]);

#[test]
fn packed_samples_give_what_plain_rows_give() {
    for samples in [1, 16, 63, 64, 65, 700, 5000] {
        let (rows, classes) = images(samples);
        let plain = {
            let features = Rows::new(&rows, WIDTH, 1.0 / 255.0);
            let samples = Samples { features, targets: Targets::Classes(&classes) };
            let mut scratch = vec![0.0; OBJECTIVE.net().scratch(4)];
            let lanes = Portable::<4>;
            let mut signal = [OBJECTIVE.input_signal(lanes, &samples), 0.0];
            let measurements = Measurements { signal: &mut signal, correct: true };
            let score = OBJECTIVE.evaluate(lanes, &parameters(), &samples, &mut scratch, measurements).unwrap();
            (score.loss.to_bits(), score.correct, signal.map(f32::to_bits))
        };
        let set = Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes));
        let places = (0..samples as u32).collect::<Vec<_>>();
        for threads in [1, 2, 5] {
            let in_order = PackedSet::at(&set, &places, threads);
            let by_zeros = PackedSet::all(&set, threads);
            let mut by_loss = PackedSet::all(&set, threads);
            by_loss.group(&places.iter().map(|place| (place * 37 % 101) as f32).collect::<Vec<_>>(), true);
            for (how, pack) in [("in order", in_order), ("by zeros", by_zeros), ("by loss", by_loss)] {
                let outcome = packed(&pack, Arithmetic::Portable, threads);
                assert_eq!(outcome, plain, "{samples} samples {how}, {threads} threads");
            }
        }
    }
}

fn packed(pack: &PackedSet<'_>, arithmetic: Arithmetic, threads: usize) -> Outcome {
    let mut evaluator = Evaluator::new(OBJECTIVE, arithmetic, threads);
    let mut signal = [evaluator.input_signal(&pack.batch()), 0.0];
    let measurements = Measurements { signal: &mut signal, correct: true };
    let score = evaluator.evaluate(&parameters(), &pack.batch(), measurements);
    (score.loss.to_bits(), score.correct, signal.map(f32::to_bits))
}

/// A recurrent first layer has a signal that is gathered beside the losses.
#[test]
fn the_signal_of_a_recurrent_first_layer_is_gathered() {
    for first in [Layer::recurrent(5, 6, 10, Activation::Tanh), Layer::gru(5, 6, 10)] {
        gathers_the_signal_of(first);
    }
}

fn gathers_the_signal_of(first: Layer) {
    let layers = [first, Layer::dense(7, Activation::Softmax)];
    let objective = Objective::new(Net::new(WIDTH, &layers), Loss::CrossEntropy);
    let mut parameters = vec![0.0; objective.net().parameters()];
    gaussian::fill(Portable::<4>, &mut Generator::seed_from_u64(6), 0.3, &mut parameters);
    let (rows, classes) = images(700);
    let outcome = |score: Score, signal: [f32; 2]| (score.loss.to_bits(), score.correct, signal.map(f32::to_bits));
    let plain = {
        let samples = Samples { features: Rows::new(&rows, WIDTH, 1.0 / 255.0), targets: Targets::Classes(&classes) };
        let (mut scratch, mut signal) = (vec![0.0; objective.net().scratch(4)], [0.0; 2]);
        let measurements = Measurements { signal: &mut signal, correct: true };
        let score = objective.evaluate(Portable::<4>, &parameters, &samples, &mut scratch, measurements).unwrap();
        outcome(score, signal)
    };
    let set = Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes));
    let places = (0..700).collect::<Vec<_>>();
    for (how, pack) in [("in order", PackedSet::at(&set, &places, 2)), ("by zeros", PackedSet::all(&set, 2))] {
        let (mut evaluator, mut signal) = (Evaluator::new(objective, Arithmetic::Portable, 2), [0.0; 2]);
        let measurements = Measurements { signal: &mut signal, correct: true };
        let score = evaluator.evaluate(&parameters, &pack.batch(), measurements);
        assert_eq!(outcome(score, signal), plain, "{first:?} {how}");
    }
}

/// The end of a chain: its parameters, loss and counters, and what early rejection saved.
type End = (Vec<u32>, u32, u64, u64, EarlyRejection);

fn chain(pack: &PackedSet<'_>, temperature: f32, threads: usize, early: bool) -> End {
    let arithmetic = Arithmetic::Portable;
    let mut evaluator = Evaluator::new(OBJECTIVE, arithmetic, threads);
    let (mut x, mut proposed) = (parameters(), parameters());
    let batch = pack.batch();
    let mut loss = |bound: f32, x: &[f32]| {
        let score = evaluator.evaluate_within(bound, x, &batch, Measurements::default());
        (score.map(|score| score.loss), evaluator.early_rejection())
    };
    let options = Options { temperature, ..Options::new(0.02).n_reset(20) };
    let first = loss(f32::INFINITY, &x).0.unwrap();
    let rng = Generator::seed_from_u64(5);
    let mut chain = Chain::new(Memory::new(&mut x, &mut proposed), options, rng, first).unwrap();
    let mut saved = EarlyRejection::default();
    for _ in 0..1000 {
        let proposal = chain.propose(Portable::<16>);
        let bound = if early { proposal.bound() } else { f32::INFINITY };
        let (loss, so_far) = loss(bound, proposal.parameters());
        saved = so_far;
        match loss {
            Some(loss) => proposal.decide(loss),
            None => proposal.reject(),
        };
    }
    let bits = chain.parameters().iter().map(|x| x.to_bits()).collect();
    let counters = chain.counters();
    assert!(counters.accepted > 100 && counters.accepted < 900, "{counters:?}");
    (bits, chain.loss().to_bits(), counters.accepted, counters.resets, saved)
}

#[test]
fn early_rejection_changes_no_move() {
    let (rows, classes) = images(700);
    let set = Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes));
    let pack = PackedSet::all(&set, 1);
    for temperature in [0.0, 1e-4] {
        let whole = chain(&pack, temperature, 1, false);
        assert_eq!(whole.4.evaluated_share(), None, "nothing was evaluated under a bound");
        for threads in [1, 2] {
            let early = chain(&pack, temperature, threads, true);
            assert_eq!((&early.0, early.1, early.2, early.3), (&whole.0, whole.1, whole.2, whole.3));
            // What two threads have begun together by the time that the bound is exceeded may be all there is.
            let EarlyRejection { evaluated, offered } = early.4;
            assert!(evaluated < offered || threads > 1 && evaluated == offered, "{:?}", early.4);
        }
    }
}

#[test]
fn a_sum_that_may_still_come_down_to_the_bound_is_never_given_up() {
    // 5000 samples are enough for two threads that take more than a block at a time.
    for (samples, threads) in [(700, 1), (5000, 2)] {
        let (rows, classes) = images(samples);
        let set = Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes));
        let pack = PackedSet::all(&set, 1);
        let mut evaluator = Evaluator::new(OBJECTIVE, Arithmetic::Portable, threads);
        let x = parameters();
        let score = evaluator.evaluate(&x, &pack.batch(), Measurements::default());
        let mut within = |bound| {
            let score = evaluator.evaluate_within(bound, &x, &pack.batch(), Measurements::default());
            (score, evaluator.early_rejection())
        };
        let (whole, saved) = within(score.loss);
        assert_eq!((whole, saved.evaluated), (Some(score), saved.offered));
        assert_eq!(within(score.loss.next_down()).0, Some(score), "the margin is wider than the last bit");
        let (given_up, saved) = within(0.5 * score.loss);
        assert_eq!(given_up, None);
        assert!(saved.evaluated < saved.offered, "{saved:?}");
        assert_eq!(within(f32::NAN).0, None, "no loss is within a bound that is no number");
    }
}

#[test]
fn the_hardest_block_comes_first_whether_it_is_fresh_or_known() {
    const SAMPLES: usize = 640;
    const BLOCK: usize = 64;
    let (rows, classes) = images(SAMPLES);
    let set = Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes));
    let (x, mut pack) = (parameters(), PackedSet::empty(&set, 1));
    let mut order: Vec<u32> = (0..SAMPLES as u32).collect();
    pack.replace_out_of_order(&order, &order);
    let mut evaluator = Evaluator::new(OBJECTIVE, Arithmetic::Portable, 1);
    let loss = evaluator.evaluate(&x, &pack.batch(), Measurements::default()).loss;
    let losses = evaluator.sample_values();
    order.sort_by(|a, b| losses[*a as usize].total_cmp(&losses[*b as usize]));
    let of = |samples: &[u32]| samples.iter().map(|sample| losses[*sample as usize]).sum::<f32>();
    let hardest = loss * of(&order[SAMPLES - BLOCK..]) / of(&order);
    // The hardest samples come last, then first.
    for _ in 0..2 {
        pack.replace_out_of_order(&order, &order);
        for fresh in [0, BLOCK, SAMPLES - BLOCK, SAMPLES] {
            let rest: Vec<f32> = order[fresh..].iter().map(|sample| losses[*sample as usize]).collect();
            let mut evaluator = Evaluator::new(OBJECTIVE, Arithmetic::Portable, 1);
            let score = evaluator.evaluate_fresh(&x, &pack.batch(), (fresh, &rest), Measurements::default());
            assert_eq!(score.loss, loss);
            assert_eq!(evaluator.evaluate_within(0.99 * hardest, &x, &pack.batch(), Measurements::default()), None);
            assert_eq!(
                evaluator.early_rejection(),
                EarlyRejection { evaluated: 1, offered: 10 },
                "{fresh} samples fresh"
            );
        }
        order.reverse();
    }
}

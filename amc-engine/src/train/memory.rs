//! The memory that a run needs, told before it is taken.

use amc_core::chain::{Stream, streams};
use amc_core::sums::BLOCK;
use amc_core::{Generator, Objective};
use amc_kernels::TILE;

use super::mixed::most_sampled;
use super::{Batching, Method, Settings};
use crate::data::{Data, Set};
use crate::evaluate::kept::room;
use crate::memory::{self, MemoryError};

const NUMBER: u128 = size_of::<f32>() as u128;

/// Checks that there is memory for training.
pub fn check(objective: Objective<'_>, data: &Data, settings: &Settings) -> Result<(), MemoryError> {
    memory::check(of_training(objective, data, settings), what(objective, settings.threads))
}

/// Checks that there is memory for training beside so many other chains on the same samples, each with an evaluator of one thread,
/// and for so many copies of what a chain goes on from.
pub fn check_beside(
    objective: Objective<'_>,
    data: &Data,
    settings: &Settings,
    (others, copies): (usize, usize),
) -> Result<(), MemoryError> {
    let of_one = of_chain(objective, settings) + workers(objective, 1);
    let copied = of_place(objective, settings) * copies as u128;
    let all = u128::from(of_training(objective, data, settings)) + of_one * others as u128 + copied;
    let chains = others.saturating_add(1);
    memory::check(bytes(all), format!("{chains} chains of {}", what(objective, settings.threads)))
}

/// Checks that there is memory for measuring a trained net on one thread.
pub fn check_evaluation(objective: Objective<'_>, data: &Data) -> Result<(), MemoryError> {
    let sets = [Some(&data.train), data.test.as_ref()].into_iter().flatten();
    let largest = sets.map(|set| packed(set, set.len()) + found(objective, set.len())).max().unwrap_or(0);
    memory::check(bytes(largest + workers(objective, 1)), what(objective, 1))
}

fn what(objective: Objective<'_>, threads: usize) -> String {
    let parameters = indicatif::HumanCount(objective.net().parameters() as u64);
    let threads = if threads == 1 { "one thread".into() } else { format!("{threads} threads") };
    format!("a net of {parameters} parameters on {threads}")
}

/// Bytes that training takes at most at a time: the chain's vectors, the evaluator's, and the packed samples.
fn of_training(objective: Objective<'_>, data: &Data, settings: &Settings) -> u64 {
    let parameters = objective.net().parameters() as u128;
    // The last parameters, where others may have been better.
    let best = u128::from(settings.loss_can_rise());
    // The last is the copy that training gives; while it is written as a file, the chain's are gone.
    let vectors = (best + 1) * parameters * NUMBER + of_chain(objective, settings);

    let samples = data.train.len();
    let whole = packed(&data.train, samples);
    // At the end all samples are packed, beside the last batch.
    let batches = match settings.batching {
        Batching::Full => whole,
        Batching::Mini(size) => packed(&data.train, size) + found(objective, data.train.all()) + whole,
        Batching::Progressive => 2 * whole,
    };
    let test = data.test.as_ref().map_or(0, |test| packed(test, test.len()));
    let found = found(objective, samples.max(data.test.as_ref().map_or(0, Set::len)));
    let kept = match settings.method {
        Method::Amc => 0,
        Method::Mixed => {
            let of_batch = match settings.batching {
                Batching::Mini(size) => size,
                Batching::Full | Batching::Progressive => samples,
            };
            room::bytes(&objective, of_batch) + room::bytes_of_all(&objective, most_sampled(&objective))
        }
    };
    bytes(vectors + batches + test + found + kept + workers(objective, settings.threads))
}

/// Bytes of a chain's own vectors and streams.
fn of_chain(objective: Objective<'_>, settings: &Settings) -> u128 {
    let more = match settings.method {
        Method::Amc => u128::from(!settings.in_place),
        // What a move has changed, and where pattern moves begin; it has no centres.
        Method::Mixed => 2,
    };
    more * objective.net().parameters() as u128 * NUMBER + of_place(objective, settings)
}

/// Bytes of what a chain goes on from.
fn of_place(objective: Objective<'_>, settings: &Settings) -> u128 {
    let parameters = objective.net().parameters();
    let centres = u128::from(settings.method == Method::Amc && settings.options.epsilon != 0.0);
    let streams = (streams(parameters) * size_of::<Stream<Generator>>()) as u128;
    (1 + centres) * parameters as u128 * NUMBER + streams
}

fn bytes(bytes: u128) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Numbers that are found for a sample: its loss, and the signals of the layers.
fn rows(objective: Objective<'_>) -> u128 {
    1 + objective.net().layers().len() as u128
}

/// What threads have for themselves.
fn workers(objective: Objective<'_>, threads: usize) -> u128 {
    let scratch = objective.net().scratch(BLOCK) as u128;
    threads as u128 * (scratch + rows(objective) * BLOCK as u128) * NUMBER
}

/// What evaluations find for so many samples, by thread and then by sample.
fn found(objective: Objective<'_>, samples: usize) -> u128 {
    2 * rows(objective) * samples.next_multiple_of(BLOCK) as u128 * NUMBER
}

/// So many packed samples: their features in tiles, those that are not 0 with their numbers, and the order and targets.
fn packed(set: &Set, samples: usize) -> u128 {
    let features = samples.div_ceil(TILE) as u128 * set.width() as u128;
    let masks = samples as u128 * set.width().div_ceil(64) as u128 * size_of::<u64>() as u128;
    let lists = samples as u128 * (set.outputs() as u128 + 4) * NUMBER;
    features * (2 * TILE * set.element_size() + size_of::<u32>()) as u128 + masks + lists
}

#[cfg(test)]
mod tests {
    use amc_core::chain::Options;

    use super::{of_place, of_training};
    use crate::data::digits;
    use crate::description::{ActivationName, Description, LossName};
    use crate::train::{Batching, Initial, Method, Settings};
    use amc_kernels::Arithmetic;

    fn settings() -> Settings {
        Settings {
            method: Method::Amc,
            options: Options::new(0.01),
            initial: Initial::Gaussian(0.01),
            transfer: Default::default(),
            in_place: false,
            signal_norm: false,
            batching: Batching::Full,
            steps: 1,
            seed: 1,
            threads: 1,
            arithmetic: Arithmetic::Portable,
        }
    }

    fn needed(hidden: &[usize], settings: &Settings) -> u64 {
        let sizes = [&[64], hidden, &[10]].concat();
        let net = Description::new(&sizes, ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        of_training(net.objective().expect("a net"), &digits(), settings)
    }

    #[test]
    fn parameters_are_counted_as_often_as_they_are_kept() {
        // A layer more, a million weights and a thousand biases, changes little else.
        let more = |settings: &Settings| (needed(&[1000, 1000], settings) - needed(&[1000], settings)) as f64 / 4.004e6;
        let Settings { options, .. } = settings();
        let centres = Settings { options: options.epsilon(0.01), ..settings() };
        let in_place = Settings { in_place: true, ..settings() };
        for (settings, copies) in [(settings(), 3.0), (centres, 4.0), (in_place, 2.0)] {
            let more = more(&settings);
            assert!((copies..copies + 0.05).contains(&more), "{more} instead of {copies}");
        }
    }

    #[test]
    fn what_chains_go_on_from_has_no_proposal() {
        let net = Description::new(&[64, 10_000, 10], ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        let objective = net.objective().expect("a net");
        let parameters = (64 * 10_000 + 10_000 * 10 + 10_010) as f64 * 4.0;
        let of = |settings: &Settings| of_place(objective, settings) as f64 / parameters;
        let centres = Settings { options: settings().options.epsilon(0.01), ..settings() };
        assert!((1.0..1.05).contains(&of(&settings())) && (2.0..2.05).contains(&of(&centres)));
    }

    #[test]
    fn mixed_moves_count_what_they_keep_up_to_a_limit() {
        let mixed = Settings { method: Method::Mixed, ..settings() };
        // A layer more: a parameter four times, and two numbers a unit of 1,437 samples, and of 1,024.
        let more = needed(&[100, 1000], &mixed) - needed(&[100], &mixed);
        let counted = 4 * (1000 * 110 + 1000 - 1000) * 4 + 2 * 1000 * (1437 + 1024) * 4;
        assert!((more as f64 / counted as f64 - 1.0).abs() < 0.1, "{more} instead of {counted}");
        // Of a random batch alone.
        let mini = Settings { batching: Batching::Mini(64), ..mixed.clone() };
        let less = (needed(&[100, 1000], &mixed) - needed(&[100], &mixed)) as f64
            - (needed(&[100, 1000], &mini) - needed(&[100], &mini)) as f64;
        let counted = 2.0 * 1000.0 * (1437.0 - 64.0) * 4.0;
        // A loss on all samples can be that of other parameters, which are kept once more.
        assert!(((less + 4.0 * 1000.0 * 110.0) / counted - 1.0).abs() < 0.1, "{less} instead of {counted}");
        let wide = |units| needed(&[1, units, 1], &mixed);
        assert!(wide(8_000_000) - wide(4_000_000) < 4_000_000 * 4 * (4 * 4 + 4 * 64), "the limit is passed");
    }

    #[test]
    fn threads_and_batches_need_more_and_nothing_overflows() {
        let base = needed(&[1000], &settings());
        let threads = Settings { threads: 11, ..settings() };
        // Each has two buffers of 1,000 activations of 64 samples.
        assert!(needed(&[1000], &threads) - base > 10 * 2 * 1000 * 64 * 4);
        for batching in [Batching::Mini(100), Batching::Progressive] {
            assert!(needed(&[1000], &Settings { batching, ..settings() }) > base, "{batching:?}");
        }
        // As many as can be counted: with 64 bits more bytes than that.
        let more = u128::from(needed(&[1000], &threads) - base) / 10 * (usize::MAX - settings().threads) as u128;
        let most = Settings { threads: usize::MAX, ..settings() };
        assert_eq!(needed(&[1000], &most), u64::try_from(u128::from(base) + more).unwrap_or(u64::MAX));
    }
}

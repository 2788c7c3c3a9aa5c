//! Batches: which samples come, how often, and when there are more.

use amc_core::batch::{Minibatch, Progressive};
use amc_core::window::{Window, WindowError};
use amc_core::{Features, Generator, Portable, Targets};
use rand_core::SeedableRng;

#[test]
fn a_progressive_batch_doubles_below_ten_percent_wrong() {
    let mut batch = Progressive::new(Progressive::FIRST, 1700);
    assert_eq!((Progressive::FIRST, batch.size()), (500, 500));
    assert!(!batch.update(0));
    // Exactly 10% wrong is not fewer.
    assert!(!batch.update(450));
    assert_eq!(batch.size(), 500);
    assert!(batch.update(451));
    assert_eq!(batch.size(), 1000);
    assert!(!batch.update(900));
    // The last doubling takes what is left.
    assert!(batch.update(1000));
    assert_eq!(batch.size(), 1700);
    assert!(!batch.update(1700));
    assert_eq!(batch.size(), 1700);
}

#[test]
fn a_progressive_batch_is_at_most_all_samples_and_at_least_one() {
    assert_eq!(Progressive::new(500, 60).size(), 60);
    assert_eq!(Progressive::new(0, 60).size(), 1);
    let mut none = Progressive::new(500, 0);
    assert!(!none.update(1));
    let mut huge = Progressive::new(usize::MAX / 2 + 1, usize::MAX);
    // More right than there are samples is no reason to panic: of a usize of 32 bits these are more.
    assert_eq!(huge.update(u32::MAX), usize::BITS == u32::BITS);
    let mut one = Progressive::new(1, 3);
    assert!(one.update(7));
    assert_eq!(one.size(), 2);
}

#[test]
fn a_minibatch_holds_no_sample_twice() {
    let mut rng = Generator::seed_from_u64(1);
    for (size, samples) in [(1, 1), (3, 10), (10, 10), (99, 10), (0, 10), (5, 0), (64, 1000)] {
        let mut order = vec![u32::MAX; samples];
        let mut minibatch = Minibatch::new(size, &mut order);
        for _ in 0..200 {
            let mut batch = minibatch.draw(&mut rng).to_vec();
            assert_eq!(batch.len(), size.min(samples));
            batch.sort_unstable();
            assert!(batch.windows(2).all(|pair| pair[0] < pair[1]), "{batch:?}");
            assert!(batch.iter().all(|sample| (*sample as usize) < samples));
        }
    }
}

/// Chi-square of counts that ought to be equal.
pub fn chi_square(counts: &[u32]) -> f64 {
    let wanted = counts.iter().map(|c| f64::from(*c)).sum::<f64>() / counts.len() as f64;
    counts.iter().map(|c| (f64::from(*c) - wanted).powi(2) / wanted).sum::<f64>()
}

/// With k degrees of freedom it has mean k and variance 2k; mean and six deviations is passed by chance less than once in
/// 10^5.
pub fn chi_square_limit(bins: usize) -> f64 {
    (bins - 1) as f64 + 6.0 * (2.0 * (bins - 1) as f64).sqrt()
}

#[test]
fn every_sample_and_pair_is_drawn_as_often() {
    let (samples, size, draws) = (12, 4, 60_000);
    let mut rng = Generator::seed_from_u64(2);
    let mut order = [0; 12];
    let mut minibatch = Minibatch::new(size, &mut order);
    let (mut single, mut pairs, mut first) = ([0_u32; 12], [[0_u32; 12]; 12], [0_u32; 12]);
    for _ in 0..draws {
        let batch = minibatch.draw(&mut rng);
        first[batch[0] as usize] += 1;
        for a in batch {
            single[*a as usize] += 1;
            for b in batch.iter().filter(|b| a < *b) {
                pairs[*a as usize][*b as usize] += 1;
            }
        }
    }
    // Draws without repetition vary less than chi-square.
    assert!(chi_square(&first) < chi_square_limit(samples), "{first:?}");
    assert!(chi_square(&single) < chi_square_limit(samples), "{single:?}");
    let pairs = (0..samples).flat_map(|a| (a + 1..samples).map(move |b| (a, b))).map(|(a, b)| pairs[a][b]);
    let pairs = pairs.collect::<Vec<_>>();
    assert!(chi_square(&pairs) < chi_square_limit(pairs.len()), "{pairs:?}");
}

#[test]
fn a_window_rolls() {
    let mut window = Window::<3, 2, 1>::new();
    assert!(window.is_empty() && window.samples().is_empty());
    for i in 0..7_u8 {
        let x = f32::from(i);
        window.push([x, -x], [10.0 * x]).unwrap();
        assert_eq!(window.len(), usize::from(i + 1).min(3));
        let samples = window.samples();
        assert_eq!((samples.len(), samples.features.width(), samples.features.scale()), (window.len(), 2, 1.0));
        let Targets::Values(targets) = samples.targets else { panic!("targets of a window are values") };
        let first = samples.features.tile(Portable::<4>, 0).next().map(|(_, v)| v).unwrap();
        let mut held = Vec::new();
        for (target, feature) in targets.iter().zip(first) {
            assert_eq!(*target, 10.0 * feature, "a sample keeps its target");
            held.push(feature as u8);
        }
        held.sort_unstable();
        assert_eq!(held, ((i + 1).saturating_sub(3)..=i).collect::<Vec<_>>());
    }
}

#[test]
fn a_window_leaves_out_what_is_not_finite() {
    let mut window = Window::<3, 2, 2>::default();
    window.push([1.0, 2.0], [3.0, 4.0]).unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for index in 0..4 {
            let mut numbers = [0.0, f32::MAX, f32::MIN, 1e-45];
            numbers[index] = bad;
            let [a, b, c, d] = numbers;
            let WindowError::NotFinite { index: at, value } = window.push([a, b], [c, d]).unwrap_err() else {
                panic!("another error");
            };
            assert_eq!((at, value.to_bits()), (index, bad.to_bits()));
        }
    }
    assert_eq!(window.len(), 1);
    assert_eq!(window.samples().targets, Targets::Values(&[3.0, 4.0]));
}

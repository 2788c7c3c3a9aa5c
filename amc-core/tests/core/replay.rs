//! Windows that do not forget: reservoirs, and windows with a share for each class.

use std::collections::VecDeque;

use amc_core::chain::Options;
use amc_core::trainer::{Batches, Trainer};
use amc_core::window::{Balanced, Reservoir, WindowError};
use amc_core::{
    Activation, Features, Generator, Layer, Loss, Net, Objective, ObjectiveError, Portable, Rows, Samples, Targets,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use super::batch::{chi_square, chi_square_limit};

/// The only feature of each sample, in the order of their places.
fn held(samples: &Samples<'_, Rows<'_, f32>>) -> Vec<f32> {
    assert_eq!((samples.features.width(), samples.features.scale()), (1, 1.0));
    let one = |sample| samples.features.tile(Portable::<1>, sample).next().unwrap().1[0];
    (0..samples.len()).map(one).collect()
}

fn values<'a>(samples: &Samples<'a, Rows<'_, f32>>) -> &'a [f32] {
    let Targets::Values(values) = samples.targets else { panic!("targets are values") };
    values
}

fn classes<'a>(samples: &Samples<'a, Rows<'_, f32>>) -> &'a [u8] {
    let Targets::Classes(classes) = samples.targets else { panic!("targets are classes") };
    classes
}

/// How often each of `SEEN` samples is held by a reservoir of `N`, and each pair of two.
fn counts<const N: usize, const SEEN: usize>(runs: u32, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut rng = Generator::seed_from_u64(seed);
    let (mut single, mut pairs) = (vec![0; SEEN], [[0; SEEN]; SEEN]);
    for _ in 0..runs {
        let mut reservoir = Reservoir::<N, 1, 1>::new();
        for i in 0..SEEN {
            let taken = reservoir.push([i as f32], [-(i as f32)], &mut rng).unwrap();
            assert_eq!(taken, held(&reservoir.samples()).contains(&(i as f32)));
            assert_eq!((reservoir.len(), reservoir.seen()), (N.min(i + 1), i as u64 + 1));
        }
        let mut held = held(&reservoir.samples());
        let opposite: Vec<_> = held.iter().map(|value| -value).collect();
        assert_eq!(values(&reservoir.samples()), opposite, "a sample keeps its target");
        held.sort_unstable_by(f32::total_cmp);
        for (i, a) in held.iter().enumerate() {
            single[*a as usize] += 1;
            for b in &held[i + 1..] {
                pairs[*a as usize][*b as usize] += 1;
            }
        }
    }
    let pairs = (0..SEEN).flat_map(|a| (a + 1..SEEN).map(move |b| (a, b))).map(|(a, b)| pairs[a][b]).collect();
    (single, pairs)
}

#[test]
fn a_reservoir_holds_every_sample_and_pair_with_the_same_chance() {
    // Samples that take each other's place have a mean below chi-square's. Pairs that share one vary together, by a
    // quarter more than it: five of their deviations are left.
    for (single, pairs) in [counts::<4, 5>(3000, 1), counts::<4, 12>(6000, 2), counts::<4, 20>(6000, 3)] {
        assert!(chi_square(&single) < chi_square_limit(single.len()), "{single:?}");
        assert!(chi_square(&pairs) < chi_square_limit(pairs.len()), "{pairs:?}");
    }
    let (single, _) = counts::<1, 20>(6000, 4);
    assert!(chi_square(&single) < chi_square_limit(20), "{single:?}");
}

#[test]
fn a_class_is_sampled_with_the_same_chance_whatever_the_others() {
    let mut rng = Generator::seed_from_u64(5);
    let mut counts = [0; 15];
    for _ in 0..6000 {
        let mut window = Balanced::<6, 2, 1>::new();
        for i in 0..15_u8 {
            window.push_sampled([i.into()], 1, &mut rng).unwrap();
            if i % 5 == 0 {
                window.push_sampled([100.0], 0, &mut rng).unwrap();
            }
        }
        let samples = window.samples();
        for (value, class) in held(&samples).iter().zip(classes(&samples)) {
            assert_eq!(*class == 0, *value == 100.0, "a sample keeps its class");
            if *class == 1 {
                counts[*value as usize] += 1;
            }
        }
    }
    assert_eq!(counts.iter().sum::<u32>(), 6000 * 3);
    assert!(chi_square(&counts) < chi_square_limit(15), "{counts:?}");
}

proptest! {
    #[test]
    fn a_balanced_window_holds_the_newest_of_each_class(stream in prop::collection::vec(0..5_u8, 0..60)) {
        let mut window = Balanced::<8, 3, 1>::new();
        let mut newest = [const { VecDeque::new() }; 3];
        for (i, class) in stream.into_iter().enumerate() {
            let pushed = window.push([i as f32], class);
            let Some(newest) = newest.get_mut(usize::from(class)) else {
                prop_assert_eq!(pushed, Err(WindowError::Class { class, classes: 3 }));
                prop_assert_eq!(window.seen(class), 0);
                continue;
            };
            prop_assert_eq!(pushed, Ok(()));
            newest.push_back(i as f32);
            if newest.len() > 2 {
                newest.pop_front();
            }
        }
        let samples = window.samples();
        prop_assert_eq!(samples.len(), window.len());
        for (class, newest) in newest.into_iter().enumerate() {
            let of_class = held(&samples).into_iter().zip(classes(&samples)).filter(|(_, of)| usize::from(**of) == class);
            let mut held: Vec<_> = of_class.map(|(value, _)| value).collect();
            held.sort_unstable_by(f32::total_cmp);
            prop_assert_eq!(held, Vec::from(newest));
        }
    }

    #[test]
    fn a_sampled_class_fills_its_share_and_no_more(stream in prop::collection::vec(0..5_u8, 0..60), seed: u64) {
        let (mut rng, mut window) = (Generator::seed_from_u64(seed), Balanced::<8, 3, 1>::new());
        let mut seen = [0; 3];
        for (i, class) in stream.iter().enumerate() {
            let before = held(&window.samples());
            let pushed = window.push_sampled([i as f32], *class, &mut rng);
            let Some(seen) = seen.get_mut(usize::from(*class)) else {
                prop_assert_eq!(pushed, Err(WindowError::Class { class: *class, classes: 3 }));
                continue;
            };
            *seen += 1;
            prop_assert_eq!(pushed, Ok(before != held(&window.samples())));
            prop_assert_eq!(window.seen(*class), *seen as u64);
        }
        let samples = window.samples();
        for (class, seen) in seen.iter().enumerate() {
            prop_assert_eq!(classes(&samples).iter().filter(|of| usize::from(**of) == class).count(), 2.min(*seen));
        }
        for (value, class) in held(&samples).into_iter().zip(classes(&samples)) {
            prop_assert_eq!(stream[value as usize], *class);
        }
    }
}

#[test]
fn windows_of_no_place_and_of_one() {
    let mut rng = Generator::seed_from_u64(6);
    let mut no_sample = Reservoir::<0, 1, 1>::new();
    let (mut no_share, mut no_class, mut one) =
        (Balanced::<2, 3, 1>::new(), Balanced::<2, 0, 1>::new(), Balanced::<1, 1, 1>::new());
    for i in 0..5_u8 {
        let x = [f32::from(i)];
        assert_eq!(no_sample.push(x, x, &mut rng), Ok(false));
        no_share.push(x, i % 3).unwrap();
        assert_eq!(no_share.push_sampled(x, i % 3, &mut rng), Ok(false));
        assert_eq!(no_class.push(x, i), Err(WindowError::Class { class: i, classes: 0 }));
        one.push(x, 0).unwrap();
        assert_eq!(held(&one.samples()), x);
    }
    assert!(no_sample.is_empty() && no_share.is_empty() && no_class.is_empty());
    assert_eq!((no_sample.seen(), no_share.seen(2), one.len()), (5, 2, 1));
}

#[test]
fn bad_samples_change_nothing() {
    let mut rng = Generator::seed_from_u64(7);
    let (mut reservoir, mut window) = (Reservoir::<1, 2, 1>::default(), Balanced::<4, 2, 2>::default());
    reservoir.push([1.0, 2.0], [3.0], &mut rng).unwrap();
    window.push([1.0, 2.0], 1).unwrap();
    let undrawn = rng.clone();
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for index in 0..3 {
            let mut numbers = [0.0, f32::MAX, f32::MIN];
            numbers[index] = bad;
            let [a, b, c] = numbers;
            let at = |error| match error {
                WindowError::NotFinite { index, value } => (index, value.to_bits()),
                _ => panic!("another error: {error}"),
            };
            let of_bad = (index, bad.to_bits());
            assert_eq!(at(reservoir.push([a, b], [c], &mut rng).unwrap_err()), of_bad);
            if index < 2 {
                assert_eq!(at(window.push([a, b], 0).unwrap_err()), of_bad);
                assert_eq!(at(window.push_sampled([a, b], 0, &mut rng).unwrap_err()), of_bad);
            }
        }
    }
    let error = window.push([0.0, 0.0], 2).unwrap_err();
    assert_eq!(error.to_string(), "the sample is of class 2, but there are 2 classes, from 0");
    assert_eq!((reservoir.seen(), reservoir.len(), window.seen(0), window.seen(1), window.len()), (1, 1, 0, 1, 1));
    assert_eq!(rng.clone().next_u64(), undrawn.clone().next_u64());
}

#[test]
fn a_trainer_learns_from_both() {
    const LAYERS: [Layer; 1] = [Layer::dense(2, Activation::Softmax)];
    let objective = Objective::new(Net::new(1, &LAYERS), Loss::MeanSquaredError);
    let options = Options::new(0.5).n_reset(20);
    let mut rng = Generator::seed_from_u64(8);
    let (mut reservoir, mut window) = (Reservoir::<6, 1, 2>::new(), Balanced::<6, 2, 1>::new());
    for i in 0..12_u8 {
        let (x, class) = ([f32::from(i) - 5.5], u8::from(i > 5));
        reservoir.push(x, [f32::from(1 - class), class.into()], &mut rng).unwrap();
        window.push(x, class).unwrap();
    }
    fn learns(objective: Objective<'_>, batches: impl Batches, options: Options, rng: Generator) -> f32 {
        let needs = objective.net().memory(1);
        let mut memory = vec![0.0; needs.numbers()];
        let buffers = needs.cut(&mut memory).unwrap();
        let mut trainer = Trainer::new(objective, Portable::<1>, batches, buffers, options, rng).unwrap();
        assert_eq!(trainer.batches().samples().len(), 6);
        trainer.fit(|now| now.loss < 0.02 || now.counters.steps == 5000).loss
    }
    assert!(learns(objective, &mut reservoir, options, rng.clone()) < 0.02);
    assert!(learns(objective, window, options, rng) < 0.02);

    // A class that the net has no output for is found before anything is learned.
    let mut three = Balanced::<3, 3, 1>::new();
    three.push([0.0], 2).unwrap();
    assert!(matches!(objective.check(&three.samples()), Err(ObjectiveError::Class { .. })));
}

//! Batches hold the samples that were asked for, each at its place.

use amc_core::{Features, Portable, Targets};
use amc_engine::data::pack::PackedSet;
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_kernels::packed::PackedFeatures;

const SAMPLES: usize = 700;

/// No two features of no two samples are alike.
fn feature(width: usize, sample: usize, feature: usize) -> f32 {
    (sample * width + feature) as f32
}

fn check(width: usize, count: usize, threads: usize) {
    let rows = (0..SAMPLES).flat_map(|s| (0..width).map(move |f| feature(width, s, f))).collect();
    let targets = (0..SAMPLES * 2).map(|i| i as f32).collect();
    let set = Set::new(Values::F32(rows), width, OwnedTargets::Values(targets, 2));
    let places = |first| -> Vec<u32> { (0..count).map(|i| ((first + i * 19) % SAMPLES) as u32).collect() };
    let mut pack = PackedSet::at(&set, &places(9), threads);
    for first in [5, 1] {
        let places = places(first);
        pack.replace(&places);
        let batch = pack.batch();
        let PackedFeatures::F32(tiles) = batch.samples.features else { panic!("numbers became bytes") };
        assert_eq!((tiles.samples(), tiles.width()), (count, width));
        for (tile, places) in places.chunks(16).enumerate() {
            let features: Vec<_> = tiles.tile(Portable::<16>, tile * 16).collect();
            assert_eq!(features.len(), width);
            for (f, values) in features {
                let wanted: Vec<_> = places.iter().map(|place| feature(width, *place as usize, f)).collect();
                assert_eq!(values[..places.len()], wanted, "width {width}, tile {tile}, feature {f}");
            }
        }
        let wanted: Vec<_> = places.iter().flat_map(|p| [(p * 2) as f32, (p * 2 + 1) as f32]).collect();
        assert_eq!(batch.samples.targets, Targets::Values(&wanted));
    }
}

#[test]
fn every_sample_is_at_its_place() {
    for width in [1, 15, 16, 37] {
        for count in [1, 16, 17, 100] {
            check(width, count, 1);
        }
    }
}

#[test]
fn several_threads_gather_the_same() {
    for threads in [2, 3, 64] {
        check(300, 450, threads);
    }
}

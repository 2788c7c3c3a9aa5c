//! What a net makes of the samples of a set.

use amc_core::sums::BLOCK;
use amc_core::{Loss, Net, Objective};
use amc_kernels::{Arithmetic, evaluate};
use rayon::prelude::*;

use crate::data::pack::PackedSet;
use crate::data::{Set, Values};
use crate::memory;

/// Samples that are packed together.
const TOGETHER: usize = 64 * BLOCK;

/// The outputs of a net, `[sample][output]`, on the samples of a set that fits it, in their order; on the threads of the current
/// rayon pool.
pub fn outputs(net: Net<'_>, arithmetic: Arithmetic, parameters: &[f32], set: &Set) -> Vec<f32> {
    // The loss that goes with every net.
    let objective = Objective::new(net, Loss::MeanSquaredError);
    let (width, count) = (net.outputs(), set.len());
    let mut all = vec![0.0; count * width];
    all.par_chunks_mut((TOGETHER * width).max(1)).enumerate().for_each(|(chunk, outputs)| {
        let first = chunk * TOGETHER;
        let places: Vec<_> = (first as u32..count.min(first + TOGETHER) as u32).collect();
        let packed = PackedSet::at(set, &places, 1);
        let mut blocks = vec![0.0; places.len().next_multiple_of(BLOCK) * width];
        evaluate::outputs(arithmetic, &objective, parameters, packed.batch().samples.features, &mut blocks);
        for (sample, outputs) in outputs.chunks_exact_mut(width).enumerate() {
            let block = &blocks[sample / BLOCK * BLOCK * width..];
            for (output, to) in outputs.iter_mut().enumerate() {
                *to = block[output * BLOCK + sample % BLOCK];
            }
        }
    });
    all
}

/// The samples of a set as a body gives them to a head: with its outputs for features, and the same targets.
///
/// # Errors
/// Where there is no memory for them, or a sample has one that is not a number or infinite.
pub fn features(body: Net<'_>, arithmetic: Arithmetic, parameters: &[f32], set: &Set) -> anyhow::Result<Set> {
    let width = body.outputs();
    let bytes = (set.len() as u64).saturating_mul(width as u64).saturating_mul(size_of::<f32>() as u64);
    memory::check(bytes, format!("{width} features of {} samples", set.len()))?;
    let outputs = outputs(body, arithmetic, parameters, set);
    if let Some(place) = outputs.iter().position(|x| !x.is_finite()) {
        let (sample, feature) = (place / width, place % width);
        anyhow::bail!("of sample {sample} the frozen layers give {} for feature {feature}", outputs[place]);
    }
    let classes = if set.has_classes() { set.outputs() } else { 0 };
    let names = (0..width).map(|feature| format!("feature {feature} (from 0) of the frozen layers")).collect();
    Ok(Set::new(Values::F32(outputs), width, set.targets().clone()).named(names).of_classes(classes))
}

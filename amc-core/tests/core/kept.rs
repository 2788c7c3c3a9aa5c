//! Evaluations of a part of a net: what is kept has the bits of a whole pass, and a proposal nearly its loss.

use amc_core::mixed::Gather;
use amc_core::sums::{BLOCK, block_sum};
use amc_core::{
    Activation, Collect, Generator, KeptLayer, KeptTask, Lanes, Layer, Loss, Measurements, Net, Objective, Part,
    Portable, Rows, SampleValue, Samples, Targets, gaussian,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};
use Loss::{CrossEntropy, MeanSquaredError};

const TANH: [Layer; 1] = [Layer::dense(3, Tanh)];
const TWO: [Layer; 2] = [Layer::dense(5, Tanh), Layer::dense(3, Softmax)];
const CLASSES: [Layer; 2] = [Layer::dense(5, Tanh), Layer::dense(6, Softmax)];
const FOUR: [Layer; 4] =
    [Layer::dense(7, Relu), Layer::dense(4, Linear), Layer::dense(6, Tanh), Layer::dense(3, Sigmoid)];
#[cfg(feature = "layers")]
const STATES: [Layer; 4] = [
    Layer::recurrent_states(2, 3, 3, Tanh),
    Layer::normalization(9, Tanh),
    Layer::dense(4, Tanh),
    Layer::dense(3, Softmax),
];
#[cfg(feature = "layers")]
const RESIDUAL: [Layer; 6] = [
    Layer::dense(6, Tanh),
    Layer::keep(6),
    Layer::dense(5, Relu),
    Layer::dense(6, Linear),
    Layer::add(6, Tanh),
    Layer::dense(3, Softmax),
];
#[cfg(feature = "layers")]
const MIXED: [Layer; 3] =
    [Layer::conv1d(3, 2, 4, amc_core::Kernel::new(2, 1, 0), Relu), Layer::gru(4, 3, 2), Layer::dense(3, Linear)];

fn objectives() -> Vec<Objective<'static>> {
    let net = |layers: &'static [Layer], loss| Objective::new(Net::new(6, layers), loss);
    let dense = [
        net(&TANH, MeanSquaredError),
        net(&TWO, MeanSquaredError),
        net(&TWO, CrossEntropy),
        net(&CLASSES, MeanSquaredError),
        net(&CLASSES, CrossEntropy),
        net(&FOUR, CrossEntropy),
        net(&FOUR, MeanSquaredError),
        // A neuron of so many inputs is summed over one tile at a time.
        Objective::new(Net::new(150, &TWO), CrossEntropy),
    ];
    #[cfg(feature = "layers")]
    let layers = [net(&STATES, CrossEntropy), net(&RESIDUAL, MeanSquaredError), net(&MIXED, MeanSquaredError)];
    #[cfg(not(feature = "layers"))]
    let layers = [];
    dense.into_iter().chain(layers).collect()
}

/// The losses of a block.
#[derive(Default)]
struct Losses(Vec<f32>);

impl<L: Lanes> Collect<L> for Losses {
    fn take(&mut self, lanes: L, found: SampleValue, sample: usize, valid: usize, v: L::V) {
        assert_eq!((found, sample % BLOCK), (SampleValue::Loss, self.0.len()));
        let mut all = [0.0; 16];
        lanes.store(v, &mut all);
        self.0.extend(&all[..valid]);
    }
}

/// An evaluator that keeps numbers, block by block.
pub(super) struct Kept<'a, L> {
    pub(super) lanes: L,
    pub(super) objective: Objective<'a>,
    samples: Samples<'a, Rows<'a, f32>>,
    layers: Vec<KeptLayer>,
    numbers: Vec<Vec<f32>>,
    fresh: Vec<[f32; BLOCK]>,
    scratch: Vec<f32>,
}

impl<'a, L: Lanes> Kept<'a, L> {
    pub(super) fn new(
        lanes: L,
        objective: Objective<'a>,
        samples: Samples<'a, Rows<'a, f32>>,
        together: usize,
    ) -> Self {
        let (net, blocks) = (objective.net(), samples.len().div_ceil(BLOCK));
        let of_block = |block: usize| (samples.len() - block * BLOCK).min(BLOCK).next_multiple_of(L::T) * net.kept();
        let mut layers = vec![KeptLayer::default(); net.layers().len()];
        net.kept_layers(&mut layers);
        Self {
            layers,
            lanes,
            objective,
            samples,
            numbers: (0..blocks).map(|block| vec![f32::NAN; of_block(block)]).collect(),
            fresh: vec![[f32::NAN; BLOCK]; blocks],
            scratch: vec![f32::NAN; net.scratch(together * L::T)],
        }
    }

    /// The losses with a part changed; and the same once it is kept, with how many are right.
    pub(super) fn propose(&mut self, parameters: &[f32], part: Part) -> Vec<f32> {
        let column: Vec<f32> = self.objective.net().indices(part).map(|index| parameters[index]).collect();
        let of_block = |(block, (numbers, fresh)): (usize, (&Vec<f32>, &mut [f32; BLOCK]))| {
            let mut losses = Losses::default();
            let Self { lanes, objective, samples, layers, scratch, .. } = self;
            let task = KeptTask::Propose { kept: numbers, fresh, column: &column };
            objective.part(*lanes, parameters, (part, layers), samples, block, task, scratch, &mut losses);
            losses.0
        };
        self.numbers.iter().zip(&mut self.fresh).enumerate().flat_map(of_block).collect()
    }

    pub(super) fn keep(&mut self, parameters: &[f32], part: Part) -> (Vec<f32>, u32) {
        let (mut all, mut right) = (Vec::new(), 0);
        for (block, (numbers, fresh)) in self.numbers.iter_mut().zip(&self.fresh).enumerate() {
            let mut losses = Losses::default();
            let Self { lanes, objective, samples, layers, scratch, .. } = self;
            let task = KeptTask::Keep { kept: numbers, fresh, counts: true };
            right += objective.part(*lanes, parameters, (part, layers), samples, block, task, scratch, &mut losses);
            all.extend(losses.0);
        }
        (all, right)
    }
}

impl<L: Lanes> Kept<'_, L> {
    /// Gathers statistics of all samples.
    pub(super) fn gather(&self, gather: &mut Gather<'_>) {
        let samples = self.samples.len();
        for (block, numbers) in self.numbers.iter().enumerate() {
            let (first, features) = (block * BLOCK, &self.samples.features);
            gather.add(self.lanes, &self.layers, numbers, features, (first, (samples - first).min(BLOCK)));
        }
    }
}

/// The mean of losses, as an evaluation has it.
pub(super) fn mean(objective: &Objective<'_>, losses: &[f32]) -> f32 {
    let mut total = amc_core::sums::Total::default();
    losses.chunks(BLOCK).map(block_sum).for_each(|sum| total.add(sum));
    total.mean(objective.terms(losses.len()))
}

fn any_part(rng: &mut Generator, net: &Net<'_>) -> Part {
    let mut below = |n: usize| rng.next_u32() as usize % n;
    let layer = below(net.layers().len());
    match (below(8), net.neurons(layer)) {
        (0, _) => Part::Net,
        (1 | 2, _) | (_, 0) => Part::Layer(layer),
        (_, neurons) => Part::Neuron { layer, unit: below(neurons) },
    }
}

/// Makes moves of any parts, of which some are kept.
fn check<L: Lanes>(lanes: L, objective: Objective<'_>, samples: usize, together: usize, seed: u64) -> Vec<u32> {
    let net = objective.net();
    let mut rng = Generator::seed_from_u64(seed);
    let mut numbers = |n: usize, sigma| {
        let mut out = vec![0.0; n];
        gaussian::fill(Portable::<16>, &mut rng, sigma, &mut out);
        out
    };
    let (features, mut parameters) = (numbers(net.inputs() * samples, 1.0), numbers(net.parameters(), 0.5));
    let moves: Vec<_> = (0..20).map(|_| numbers(net.parameters(), 0.1)).collect();
    let classes: Vec<u8> = (0..samples).map(|_| (rng.next_u32() as usize % net.outputs()) as u8).collect();
    let samples = Samples { features: Rows::new(&features, net.inputs(), 1.0), targets: Targets::Classes(&classes) };
    objective.check(&samples).unwrap();
    let mut kept = Kept::new(lanes, objective, samples, together);
    let mut scratch = vec![0.0; net.scratch(L::T)];
    let measurements = || Measurements { correct: true, ..Measurements::default() };
    let (losses, right) = kept.keep(&parameters, Part::Net);
    let whole = objective.evaluate(lanes, &parameters, &samples, &mut scratch, measurements()).unwrap();
    assert_eq!((mean(&objective, &losses).to_bits(), right), (whole.loss.to_bits(), whole.correct));
    let mut bits = Vec::new();
    for by in moves {
        let part = any_part(&mut rng, &net);
        let mut proposed = parameters.clone();
        net.indices(part).for_each(|index| proposed[index] += by[index]);
        let near = mean(&objective, &kept.propose(&proposed, part));
        let whole = objective.evaluate(lanes, &proposed, &samples, &mut scratch, measurements()).unwrap();
        // Sums of up to nine terms of about 1, each rounded to 6e-8, corrected once.
        assert!((near - whole.loss).abs() <= 2e-6 * (1.0 + whole.loss), "{part:?}: {near}, not {}", whole.loss);
        bits.push(near.to_bits());
        if rng.next_u32().is_multiple_of(2) {
            let (losses, right) = kept.keep(&proposed, part);
            assert_eq!((mean(&objective, &losses).to_bits(), right), (whole.loss.to_bits(), whole.correct), "{part:?}");
            parameters = proposed;
        }
    }
    // All that was kept, not only what the last loss was made of.
    let by_parts = kept.numbers.clone();
    kept.keep(&parameters, Part::Net);
    let bits_of = |blocks: &[Vec<f32>]| blocks.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(bits_of(&by_parts) == bits_of(&kept.numbers), "what is kept is not that of a whole pass");
    bits
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_has_the_bits_of_a_whole_pass_on_any_lanes(seed: u64, samples in 1_usize..200) {
        for objective in objectives() {
            let wide = check(Portable::<16>, objective, samples, 4, seed);
            prop_assert_eq!(&wide, &check(Portable::<4>, objective, samples, 3, seed));
            prop_assert_eq!(&wide, &check(Portable::<1>, objective, samples, 1, seed));
        }
    }
}

#[test]
fn another_input_of_a_softmax_may_be_far_from_what_it_was() {
    let mut rng = Generator::seed_from_u64(7);
    let mut numbers = |n: usize, sigma| {
        let mut out = vec![0.0; n];
        gaussian::fill(Portable::<16>, &mut rng, sigma, &mut out);
        out
    };
    let (features, parameters) = (numbers(6 * 40, 1.0), numbers(5 * 7 + 6 * 6, 1.0));
    let classes: Vec<u8> = (0..40).map(|sample| sample % 6).collect();
    let one_hot: Vec<f32> = classes.iter().flat_map(|class| (0..6).map(|k| f32::from(*class == k))).collect();
    for (loss, targets) in [CrossEntropy, MeanSquaredError]
        .into_iter()
        .flat_map(|loss| [(loss, Targets::Classes(&classes)), (loss, Targets::Values(&one_hot))])
    {
        let objective = Objective::new(Net::new(6, &CLASSES), loss);
        let samples = Samples { features: Rows::new(&features, 6, 1.0), targets };
        let mut scratch = vec![0.0; objective.net().scratch(4)];
        let mut kept = Kept::new(Portable::<4>, objective, samples, 3);
        kept.keep(&parameters, Part::Net);
        for by in [0.0, -0.01, 1.0, -1.0, 30.0, -30.0, 45.0, 100.0, -100.0, 1e4, -1e4] {
            for unit in 0..6 {
                let mut proposed = parameters.clone();
                *proposed.last_chunk_mut::<6>().unwrap().get_mut(unit).unwrap() += by;
                let losses = kept.propose(&proposed, Part::Neuron { layer: 1, unit });
                assert!(losses.iter().all(|loss| *loss >= 0.0), "{loss:?} {unit} {by}: {losses:?}");
                let near = mean(&objective, &losses);
                let whole = objective
                    .evaluate(Portable::<4>, &proposed, &samples, &mut scratch, Measurements::default())
                    .unwrap();
                // Sums of up to six terms, of which one is taken out that may be all but a millionth of them.
                assert!(
                    (near - whole.loss).abs() <= 2e-6 * (1.0 + whole.loss),
                    "{loss:?} {unit} {by}: {near}, {whole:?}"
                );
            }
        }
        let mut proposed = parameters.clone();
        *proposed.last_mut().unwrap() = f32::NAN;
        assert!(mean(&objective, &kept.propose(&proposed, Part::Neuron { layer: 1, unit: 5 })).is_nan());
    }
}

#[test]
fn a_part_costs_what_it_computes() {
    let cost = |part| {
        let cost = Net::new(6, &FOUR).cost_of(part);
        (cost.multiply_adds, cost.elementary)
    };
    assert_eq!(cost(Part::Net), (6 * 7 + 7 * 4 + 4 * 6 + 6 * 3, 6 + 3));
    assert_eq!(cost(Part::Layer(2)), (4 * 6 + 6 * 3, 6 + 3));
    // Its own sum, the next layer's corrections, and the layers above.
    assert_eq!(cost(Part::Neuron { layer: 0, unit: 1 }), (6 + 4 + 4 * 6 + 6 * 3, 6 + 3));
    assert_eq!(cost(Part::Neuron { layer: 2, unit: 1 }), (4 + 3, 1 + 3));
    assert_eq!(cost(Part::Neuron { layer: 3, unit: 1 }), (6, 3));
    assert_eq!(Net::new(6, &FOUR).kept(), 7 + (4 + 4) + (6 + 6) + 3);
    // What one exponential was and what it is, and a logarithm; once it is kept, all exponentials.
    let (classes, last) = (Net::new(6, &CLASSES), Part::Neuron { layer: 1, unit: 1 });
    assert_eq!((classes.cost_of(last).total(), classes.cost_of_keeping(last).total()), (5 + 3 * 16, 6 * 16));
    assert_eq!(classes.kept(), 5 + 6 + 4);
}

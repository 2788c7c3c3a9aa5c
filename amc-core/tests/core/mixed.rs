//! Mixed moves: what they keep, what they leave, and that they learn.

use amc_core::mixed::{
    Arm, EvaluateParts, Gather, Mixed, MixedError, MixedMemory, MixedState, SerialMemory, SerialParts, start,
};
use amc_core::{
    Activation, Generator, KeptLayer, Lanes, Layer, Loss, Measurements, Net, Objective, ObjectiveError, Part, Portable,
    Rows, Samples, Targets, gaussian,
};
use rand_core::SeedableRng;

use super::kept::Kept;

const XOR: [Layer; 2] = [Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Tanh)];
const FEATURES: [f32; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
const WANTED: [f32; 4] = [0.0, 1.0, 1.0, 0.0];

const CLASSES: [Layer; 3] =
    [Layer::dense(7, Activation::Tanh), Layer::dense(5, Activation::Relu), Layer::dense(3, Activation::Softmax)];

/// An evaluator on one core. A loss that is kept is `above` what a whole evaluation has.
pub(super) struct Serial<'a, L> {
    kept: Kept<'a, L>,
    /// What statistics are gathered of: moves are not kept here.
    gathered: Kept<'a, L>,
    above: f32,
}

impl<'a, L: Lanes> Serial<'a, L> {
    pub(super) fn new(lanes: L, objective: Objective<'a>, samples: Samples<'a, Rows<'a, f32>>) -> Self {
        let kept = || Kept::new(lanes, objective, samples, 4);
        Self { kept: kept(), gathered: kept(), above: 0.0 }
    }
}

impl<L: Lanes> EvaluateParts for Serial<'_, L> {
    type Lanes = L;

    fn lanes(&self) -> L {
        self.kept.lanes
    }

    fn propose(&mut self, bound: f32, parameters: &[f32], part: Part) -> Option<f32> {
        let losses = self.kept.propose(parameters, part);
        Some(super::kept::mean(&self.kept.objective, &losses)).filter(|loss| *loss <= bound || bound == f32::INFINITY)
    }

    fn keep(&mut self, parameters: &[f32], part: Part) -> f32 {
        let losses = self.kept.keep(parameters, part).0;
        super::kept::mean(&self.kept.objective, &losses) + self.above
    }

    fn gather(&mut self, net: Net<'_>, parameters: &[f32], statistics: &mut [f32], from: usize) {
        let mut all = vec![f32::NAN; statistics.len()];
        let changed = Part::Layer(from.saturating_sub(1));
        for (kept, changed, statistics, from) in
            [(&mut self.gathered, changed, &mut *statistics, from), (&mut self.kept, Part::Net, &mut all, 0)]
        {
            kept.keep(parameters, changed);
            let mut gather = Gather::new(net, statistics, from);
            kept.gather(&mut gather);
            gather.end();
        }
        assert_eq!(statistics, all, "from {from}");
    }
}

/// The memory of mixed moves.
pub(super) struct Memory {
    pub(super) numbers: [Vec<f32>; 4],
    arms: Vec<Arm>,
}

impl Memory {
    pub(super) fn new(net: Net<'_>) -> Self {
        let numbers = || vec![0.0; net.parameters()];
        let numbers = [numbers(), numbers(), numbers(), vec![0.0; net.statistics()]];
        Self { numbers, arms: vec![Arm::NEW; net.arms()] }
    }

    pub(super) fn lend(&mut self) -> MixedMemory<'_> {
        let Self { numbers: [parameters, undo, base, statistics], arms } = self;
        MixedMemory { parameters, undo, base, arms, statistics }
    }
}

fn xor() -> (Objective<'static>, Samples<'static, Rows<'static, f32>>) {
    let samples = Samples { features: Rows::new(&FEATURES, 2, 1.0), targets: Targets::Values(&WANTED) };
    (Objective::new(Net::new(2, &XOR), Loss::MeanSquaredError), samples)
}

/// Makes moves, and gives the bits of the loss after each, and the last parameters; and state and memory after some.
fn trail<L: Lanes>(lanes: L, moves: usize, temperature: f32, at: usize) -> (Vec<u32>, MixedState<Generator>, Memory) {
    let mut features = vec![0.0; 6 * 150];
    gaussian::fill(Portable::<16>, &mut Generator::seed_from_u64(9), 1.0, &mut features);
    let classes: Vec<u8> = features.chunks(6).map(|x| u8::from(x[0] > x[1]) + u8::from(x[2] * x[3] > 0.3)).collect();
    let samples = Samples { features: Rows::new(&features, 6, 1.0), targets: Targets::Classes(&classes) };
    let objective = Objective::new(Net::new(6, &CLASSES), Loss::CrossEntropy);
    let (net, mut rng) = (objective.net(), Generator::seed_from_u64(5));
    let (mut evaluator, mut memory) = (Serial::new(lanes, objective, samples), Memory::new(net));
    let [parameters, _, _, statistics] = &mut memory.numbers;
    let loss = start(net, parameters, statistics, &mut rng, &mut evaluator);
    let mut mixed = Mixed::new(net, memory.lend(), temperature, rng, loss).unwrap();
    let (mut bits, mut scratch, mut state) = (Vec::new(), vec![0.0; net.scratch(L::T)], mixed.state());
    let mut kept = Vec::new();
    for number in 0..moves {
        if number == at {
            state = mixed.state();
            let vectors = [mixed.parameters(), mixed.parameters(), mixed.base(), mixed.statistics()];
            kept = vec![(vectors.map(<[f32]>::to_vec), mixed.arms().to_vec())];
        }
        let before = (mixed.loss(), mixed.parameters().to_vec());
        let is_accepted = mixed.step(&mut evaluator);
        let whole =
            objective.evaluate(lanes, mixed.parameters(), &samples, &mut scratch, Measurements::default()).unwrap();
        assert_eq!(mixed.loss().to_bits(), whole.loss.to_bits(), "the loss is that of the parameters");
        assert!(is_accepted || (mixed.loss(), mixed.parameters()) == (before.0, &before.1[..]), "a trace is left");
        assert!(temperature > 0.0 || mixed.loss() <= before.0, "the loss has risen");
        bits.push(mixed.loss().to_bits());
    }
    let (numbers, arms) = kept.pop().unwrap();
    (bits, state, Memory { numbers, arms })
}

// Of the seeds 1 to 100, one (71) stays where all outputs are ½.
#[test]
fn xor_is_learned() {
    let (objective, samples) = xor();
    for seed in 1..=9 {
        let (net, mut rng, mut memory) =
            (objective.net(), Generator::seed_from_u64(seed), Memory::new(objective.net()));
        let mut evaluator = Serial::new(Portable::<4>, objective, samples);
        let [parameters, _, _, statistics] = &mut memory.numbers;
        let loss = start(net, parameters, statistics, &mut rng, &mut evaluator);
        let mut mixed = Mixed::new(net, memory.lend(), 0.0, rng, loss).unwrap();
        while mixed.loss() > 0.01 {
            mixed.step(&mut evaluator);
            assert!(mixed.counters().steps < 20_000, "seed {seed}: {}", mixed.loss());
        }
        assert!(mixed.sigma() > 0.0 && mixed.arms().len() == 5);
    }
}

#[test]
fn moves_have_the_same_bits_on_any_lanes_and_lead_down() {
    let (wide, ..) = trail(Portable::<16>, 1500, 0.0, 0);
    assert_eq!(trail(Portable::<4>, 1500, 0.0, 0).0, wide);
    assert_eq!(trail(Portable::<1>, 1500, 0.0, 0).0, wide);
    let loss = |bits: u32| f32::from_bits(bits);
    assert!(loss(wide[1499]) < 0.5 * loss(wide[0]), "{} after {}", loss(wide[1499]), loss(wide[0]));
}

#[test]
fn at_a_temperature_the_loss_rises_now_and_then() {
    let (bits, ..) = trail(Portable::<16>, 400, 0.01, 0);
    let losses: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
    let rises = losses.windows(2).filter(|pair| pair[1] > pair[0]).count();
    // Most moves of small steps are accepted at this temperature, half of which lead up.
    assert!((40..360).contains(&rises), "{rises}");
}

#[test]
fn moves_go_on_from_where_they_stood() {
    for at in [0, 137, 700] {
        let (bits, state, mut memory) = trail(Portable::<16>, 1000, 0.0, at);
        let (objective, mut features) = (Objective::new(Net::new(6, &CLASSES), Loss::CrossEntropy), vec![0.0; 900]);
        gaussian::fill(Portable::<16>, &mut Generator::seed_from_u64(9), 1.0, &mut features);
        let classes: Vec<u8> =
            features.chunks(6).map(|x| u8::from(x[0] > x[1]) + u8::from(x[2] * x[3] > 0.3)).collect();
        let samples = Samples { features: Rows::new(&features, 6, 1.0), targets: Targets::Classes(&classes) };
        let mut evaluator = Serial::new(Portable::<4>, objective, samples);
        assert_eq!(evaluator.keep(&memory.numbers[0], Part::Net).to_bits(), state.loss.to_bits());
        let mut mixed = Mixed::resume(objective.net(), memory.lend(), 0.0, state).unwrap();
        for bits in &bits[at..] {
            mixed.step(&mut evaluator);
            assert_eq!(mixed.loss().to_bits(), *bits, "from {at}, move {}", mixed.counters().steps);
        }
    }
}

#[test]
fn a_move_whose_kept_loss_is_above_what_was_proposed_is_taken_back() {
    let (objective, samples) = xor();
    let (net, mut memory) = (objective.net(), Memory::new(objective.net()));
    let mut evaluator = Serial::new(Portable::<1>, objective, samples);
    let mut rng = Generator::seed_from_u64(1);
    let [parameters, _, _, statistics] = &mut memory.numbers;
    let loss = start(net, parameters, statistics, &mut rng, &mut evaluator);
    let began = parameters.clone();
    let mut mixed = Mixed::new(net, memory.lend(), 0.0, rng, loss).unwrap();
    for above in [100.0, f32::NAN] {
        evaluator.above = above;
        for _ in 0..300 {
            assert!(!mixed.step(&mut evaluator));
            assert_eq!((mixed.parameters(), mixed.loss()), (&began[..], loss));
        }
    }
    // What is kept is that of the parameters again.
    evaluator.above = 0.0;
    (0..300).for_each(|_| _ = mixed.step(&mut evaluator));
    assert!(mixed.loss() < loss);
    let whole = super::kept::mean(&objective, &evaluator.kept.keep(mixed.parameters(), Part::Net).0);
    assert_eq!(whole.to_bits(), mixed.loss().to_bits());
}

/// A loss that says nothing, of inputs of mean 2 and variance 1.
struct Flat;

impl EvaluateParts for Flat {
    type Lanes = Portable<1>;

    fn lanes(&self) -> Portable<1> {
        Portable
    }

    fn propose(&mut self, _: f32, _: &[f32], _: Part) -> Option<f32> {
        Some(1.0)
    }

    fn keep(&mut self, _: &[f32], _: Part) -> f32 {
        1.0
    }

    fn gather(&mut self, _: Net<'_>, _: &[f32], _: &mut [f32], _: usize) {
        unreachable!("the inputs of the only layer stay");
    }
}

#[test]
fn what_the_samples_do_not_decide_comes_to_rest() {
    const ONE: [Layer; 1] = [Layer::dense(4, Activation::Linear)];
    let net = Net::new(64, &ONE);
    let mut memory = Memory::new(net);
    let (means, squares) = memory.numbers[3].split_at_mut(64);
    means.fill(2.0);
    squares.fill(5.0);
    memory.numbers[0].fill(3.0);
    // Pattern moves would go on and on along the way.
    let mut mixed = Mixed::new(net, memory.lend(), 1e-9, Generator::seed_from_u64(1), 1.0).unwrap();
    (0..60_000).for_each(|_| assert!(mixed.step(&mut Flat)));
    let weights = &mixed.parameters()[..4 * 64];
    let deviation = (weights.iter().map(|weight| weight * weight).sum::<f32>() / 4.0).sqrt();
    // Moves of whole neurons alone would come to rest at 1, of k of the 64 weights at √(64 / k); without contraction at no end.
    assert!((0.9..1.6).contains(&deviation), "{deviation}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let net = Net::new(2, &XOR);
    let new = |change: fn(&mut Memory), temperature, loss| {
        let mut memory = Memory::new(net);
        change(&mut memory);
        Mixed::new(net, memory.lend(), temperature, Generator::seed_from_u64(1), loss).map(|_| ()).unwrap_err()
    };
    let lengths = |what, needed, given| MixedError::Length { what, needed, given };
    assert_eq!(new(|m| _ = m.numbers[0].pop(), 0.0, 1.0), lengths("parameters", 13, 12));
    assert_eq!(new(|m| m.numbers[1].push(0.0), 0.0, 1.0), lengths("numbers to undo a move", 13, 14));
    assert_eq!(new(|m| _ = m.numbers[2].pop(), 0.0, 1.0), lengths("numbers of a base", 13, 12));
    assert_eq!(new(|m| _ = m.arms.pop(), 0.0, 1.0), lengths("arms", 5, 4));
    assert_eq!(new(|m| _ = m.numbers[3].pop(), 0.0, 1.0), lengths("statistics", 19, 18));
    assert_eq!(new(|_| (), -1.0, 1.0), MixedError::Temperature(-1.0));
    assert!(matches!(new(|_| (), f32::NAN, 1.0), MixedError::Temperature(_)));
    assert!(matches!(new(|_| (), 0.0, f32::NAN), MixedError::Loss { .. }));
    let infinite = MixedError::NotFinite { what: "parameter", index: 3, value: f32::INFINITY };
    assert_eq!(new(|m| m.numbers[0][3] = f32::INFINITY, 0.0, 1.0), infinite);
}

/// Moves by the library's own evaluator, which keeps numbers of so many samples.
fn serially<L: Lanes>(lanes: L, kept_of: usize, moves: usize) -> Vec<u32> {
    let (objective, samples) = xor_many();
    let (net, count) = (objective.net(), samples.len());
    let mut layers = vec![KeptLayer::default(); net.layers().len()];
    let (mut kept, mut fresh) = (vec![0.0; net.kept() * kept_of], vec![0.0; kept_of]);
    let (mut column, mut scratch) = (vec![0.0; net.column()], vec![0.0; net.scratch(L::T)]);
    let memory = SerialMemory {
        layers: &mut layers,
        kept: &mut kept,
        fresh: &mut fresh,
        column: &mut column,
        scratch: &mut scratch,
    };
    let mut evaluator = SerialParts::new(objective, lanes, samples, memory).unwrap();
    assert_eq!(evaluator.keeps(), kept_of >= count);
    let (mut rng, mut memory) = (Generator::seed_from_u64(2), Memory::new(net));
    let [parameters, _, _, statistics] = &mut memory.numbers;
    let loss = start(net, parameters, statistics, &mut rng, &mut evaluator);
    let mut mixed = Mixed::new(net, memory.lend(), 0.0, rng, loss).unwrap();
    if !evaluator.keeps() {
        mixed.set_kept_from(net.layers().len());
    }
    let mut whole = vec![0.0; net.scratch(L::T)];
    (0..moves)
        .map(|_| {
            mixed.step(&mut evaluator);
            let x = mixed.parameters();
            let score = objective.evaluate(lanes, x, &samples, &mut whole, Measurements::default()).unwrap();
            assert_eq!(mixed.loss().to_bits(), score.loss.to_bits());
            score.loss.to_bits()
        })
        .collect()
}

/// XOR's samples again and again: more than a block.
fn xor_many() -> (Objective<'static>, Samples<'static, Rows<'static, f32>>) {
    const TIMES: usize = 40;
    static FEATURES_OF_ALL: [f32; 8 * TIMES] = {
        let mut all = [0.0; 8 * TIMES];
        let mut at = 0;
        while at < all.len() {
            all[at] = FEATURES[at % 8];
            at += 1;
        }
        all
    };
    static WANTED_OF_ALL: [f32; 4 * TIMES] = {
        let mut all = [0.0; 4 * TIMES];
        let mut at = 0;
        while at < all.len() {
            all[at] = WANTED[at % 4];
            at += 1;
        }
        all
    };
    let (features, targets) = (Rows::new(&FEATURES_OF_ALL[..], 2, 1.0), Targets::Values(&WANTED_OF_ALL));
    (Objective::new(Net::new(2, &XOR), Loss::MeanSquaredError), Samples { features, targets })
}

#[test]
fn one_core_evaluates_with_and_without_memory_for_what_is_kept() {
    let learned = |bits: &[u32]| f32::from_bits(bits[2999]) < 0.01;
    let kept = serially(Portable::<4>, 160, 3000);
    assert!(learned(&kept));
    assert_eq!(serially(Portable::<1>, 160, 3000), kept);
    let whole = serially(Portable::<4>, 64, 3000);
    assert!(learned(&whole));
    assert_eq!(serially(Portable::<1>, 64, 3000), whole);
}

#[test]
fn memory_of_one_core_that_is_too_short_is_refused() {
    let (objective, samples) = xor_many();
    let net = objective.net();
    for (short, what) in ["kept layers", "kept", "fresh", "column", "scratch"].into_iter().enumerate() {
        let mut lengths = [net.layers().len(), 64 * net.kept(), 64, net.column(), net.scratch(4)];
        lengths[short] -= 1;
        let [layers, kept, fresh, column, scratch] = lengths;
        let (mut layers, numbers) = (vec![KeptLayer::default(); layers], |n: usize| vec![0.0; n]);
        let (mut kept, mut fresh, mut column, mut scratch) =
            (numbers(kept), numbers(fresh), numbers(column), numbers(scratch));
        let memory = SerialMemory {
            layers: &mut layers,
            kept: &mut kept,
            fresh: &mut fresh,
            column: &mut column,
            scratch: &mut scratch,
        };
        let error = SerialParts::new(objective, Portable::<4>, samples, memory).unwrap_err();
        assert!(matches!(error, ObjectiveError::Length { what: is, .. } if is == what), "{what}: {error}");
    }
}

#[test]
fn statistics_that_overflow_are_finite() {
    let (features, wanted) = ([3e38, -3e38, 1.0, 3e38], [0.0, 1.0]);
    let samples = Samples { features: Rows::new(&features, 2, 1.0), targets: Targets::Values(&wanted) };
    let objective = Objective::new(Net::new(2, &XOR), Loss::MeanSquaredError);
    let mut evaluator = Serial::new(Portable::<4>, objective, samples);
    let mut memory = Memory::new(objective.net());
    let [parameters, _, _, statistics] = &mut memory.numbers;
    let loss = start(objective.net(), parameters, statistics, &mut Generator::seed_from_u64(1), &mut evaluator);
    assert!(statistics.iter().all(|number| number.is_finite()), "{statistics:?}");
    assert!(statistics.contains(&f32::MAX) && loss.is_finite());
    Mixed::new(objective.net(), memory.lend(), 0.0, Generator::seed_from_u64(1), loss).expect("a state to go on from");
}

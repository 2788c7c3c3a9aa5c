//! Trainings by either method, begun from a value.

use amc_core::chain::Options;
use amc_core::mixed::{Arm, EvaluateParts, Mixed, MixedError, MixedOptions, SerialParts, start};
use amc_core::trainer::{BuffersError, Method, MixedTrainer, Progress, Trainer, TrainerError, Training};
use amc_core::{
    Activation, Generator, KeptLayer, Layer, Loss, Net, Objective, ObjectiveError, Part, Portable, Rows, Samples,
    Targets, gaussian,
};
use rand_core::SeedableRng;

const LAYERS: [Layer; 2] = [Layer::dense(5, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
const NET: Net<'static> = Net::new(2, &LAYERS);
const LARGER: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);
const P: Portable<4> = Portable::<4>;

type Data<'a> = Samples<'a, Rows<'a, f32>>;

/// Which of two numbers is larger, of so many pairs.
fn pairs(count: usize) -> (Vec<f32>, Vec<u8>) {
    let mut features = vec![0.0; 2 * count];
    gaussian::fill(P, &mut Generator::seed_from_u64(3), 1.0, &mut features);
    let classes = features.chunks(2).map(|pair| u8::from(pair[1] > pair[0])).collect();
    (features, classes)
}

fn samples<'a>((features, classes): &'a (Vec<f32>, Vec<u8>)) -> Data<'a> {
    Samples { features: Rows::new(features, 2, 1.0), targets: Targets::Classes(classes) }
}

/// The memory of mixed moves that keep numbers of so many samples.
struct Memory {
    kept: usize,
    numbers: Vec<f32>,
    arms: Vec<Arm>,
    layers: Vec<KeptLayer>,
}

impl Memory {
    fn new(kept: usize) -> Self {
        let needs = NET.mixed_memory(4, kept);
        let numbers = vec![0.0; needs.numbers()];
        Self { kept, numbers, arms: vec![Arm::NEW; needs.arms], layers: vec![KeptLayer::NEW; needs.layers] }
    }

    fn cut(&mut self) -> amc_core::trainer::MixedBuffers<'_> {
        let needs = NET.mixed_memory(4, self.kept);
        needs.cut(&mut self.numbers, &mut self.arms, &mut self.layers).unwrap()
    }
}

/// Where moves by a method come to, and the parameters there.
fn outcome<'m, M>(method: M, samples: Data<'m>, memory: M::Memory, moves: u64) -> (Progress, Vec<f32>)
where
    M: Method<'m, Portable<4>, Rows<'m, f32>, Generator>,
{
    let mut training = method.train(LARGER, P, samples, memory, Generator::seed_from_u64(1)).unwrap();
    let end = training.fit(|now| now.counters.steps == moves);
    let mut outputs = [0.0; 2];
    training.predict(&[0.2, 0.9], &mut outputs).unwrap();
    assert!(outputs[1] > 0.8, "{outputs:?}");
    (end, training.parameters().to_vec())
}

#[test]
fn a_value_decides_what_makes_the_moves() {
    let pairs = pairs(150);
    let mut memory = [Memory::new(150), Memory::new(150)];
    let [first, second] = &mut memory;
    let mixed = outcome(MixedOptions::new(), samples(&pairs), first.cut(), 600);

    // The same, put together by hand.
    let buffers = second.cut();
    let (mut rng, samples) = (Generator::seed_from_u64(1), samples(&pairs));
    let mut evaluator = SerialParts::new(LARGER, P, samples, buffers.evaluations).unwrap();
    let loss = start(NET, buffers.moves.parameters, buffers.moves.statistics, &mut rng, &mut evaluator);
    let mut by_hand = Mixed::new(NET, buffers.moves, 0.0, rng, loss).unwrap();
    (0..600).for_each(|_| _ = by_hand.step(&mut evaluator));
    let progress = Progress { counters: by_hand.counters(), loss: by_hand.loss(), sigma: by_hand.sigma() };
    assert_eq!(mixed, (progress, by_hand.parameters().to_vec()));

    // And the chain, as by its own trainer.
    let (options, needs) = (Options::new(0.1).n_reset(20), NET.memory(4));
    let mut numbers = [vec![0.1; needs.numbers()], vec![0.1; needs.numbers()]];
    let [first, second] = &mut numbers;
    let chain = outcome(options, samples, needs.cut(first).unwrap(), 600);
    let rng = Generator::seed_from_u64(1);
    let mut by_hand = Trainer::new(LARGER, P, samples, needs.cut(second).unwrap(), options, rng).unwrap();
    let end = by_hand.fit(|now| now.counters.steps == 600);
    assert_eq!(chain, (end, by_hand.parameters().to_vec()));
}

#[test]
fn mixed_moves_go_on_with_other_samples_by_what_these_have_for_statistics() {
    let (few, mut many) = (pairs(40), pairs(150));
    many.0.iter_mut().for_each(|feature| *feature *= 10.0);
    let mut memory = Memory::new(64);
    let rng = Generator::seed_from_u64(1);
    let mut trainer = MixedTrainer::new(LARGER, P, samples(&few), memory.cut(), MixedOptions::new(), rng).unwrap();
    trainer.fit(|now| now.counters.steps == 200);
    let costs = |trainer: &MixedTrainer<'_, Portable<4>, Rows<'_, f32>>| trainer.evaluator().keeps();
    assert!(costs(&trainer));
    trainer.set_samples(samples(&many)).unwrap();
    assert!(!costs(&trainer), "of more samples than there is memory for nothing is kept");
    let loss = LARGER.evaluate(
        P,
        trainer.mixed().parameters(),
        &samples(&many),
        &mut vec![0.0; NET.scratch(4)],
        Default::default(),
    );
    assert_eq!(trainer.progress().loss, loss.unwrap().loss);
    let [mean, _, square, _] = trainer.mixed().statistics()[..4] else { unreachable!("two of two inputs") };
    let wanted = many.0.chunks(2).map(|pair| pair[0] * pair[0]).sum::<f32>() / 150.0;
    // A sum of 150 terms of one sign.
    assert!((square / wanted - 1.0).abs() < 1e-5 && mean.abs() < 3.0, "{square}, not {wanted}");
    let before = trainer.progress().loss;
    trainer.fit(|now| now.counters.steps == 500);
    assert!(trainer.progress().loss < before);

    // And with few again; numbers are kept again.
    trainer.set_samples(samples(&few)).unwrap();
    assert!(costs(&trainer));
    let (mixed, parts) = trainer.parts();
    let kept = parts.keep(mixed.parameters(), Part::Net);
    assert_eq!(mixed.loss().to_bits(), kept.to_bits());
}

#[test]
fn mixed_moves_that_cannot_begin_are_refused_by_name() {
    let pairs = pairs(65);
    let begin = |kept, options, samples: Data<'_>| {
        let mut memory = Memory::new(kept);
        let rng = Generator::seed_from_u64(1);
        MixedTrainer::new(LARGER, P, samples, memory.cut(), options, rng).map(|_| ()).unwrap_err()
    };
    let cold = MixedOptions::new().temperature(-1.0);
    assert_eq!(begin(65, cold, samples(&pairs)), TrainerError::Mixed(MixedError::Temperature(-1.0)));
    let error = begin(60, MixedOptions::new(), samples(&pairs));
    assert!(matches!(error, TrainerError::Objective(ObjectiveError::Length { what: "kept", .. })), "{error}");
    let none = (vec![], vec![]);
    assert_eq!(begin(65, MixedOptions::new(), samples(&none)), TrainerError::Objective(ObjectiveError::NoSamples));
    let needs = NET.mixed_memory(4, 65);
    let (mut memory, mut rest) = (vec![0.0; needs.numbers() - 1], Memory::new(65));
    let error = needs.cut(&mut memory, &mut rest.arms, &mut rest.layers).unwrap_err();
    assert_eq!(error, BuffersError { needed: needs.numbers(), given: needs.numbers() - 1 });
}

//! Chains of integer nets.

use super::*;
use amc_core::integer::{Chain, ChainMemory, ChainState, Error, Evaluate, Kernel};

struct Buffers {
    parameters: Vec<i8>,
    undo: Vec<i8>,
    rates: Vec<u32>,
}

impl Buffers {
    fn new(net: Net<'_>) -> Self {
        Self {
            parameters: vec![0; net.parameters()],
            undo: vec![0; net.widest_neuron()],
            rates: vec![0; net.scales().len()],
        }
    }

    fn lend(&mut self) -> ChainMemory<'_> {
        let Self { parameters, undo, rates } = self;
        ChainMemory { parameters, undo, rates }
    }
}

/// What a chain of so many moves came to.
#[derive(Debug, PartialEq)]
pub struct End {
    parameters: Vec<i8>,
    rates: Vec<u32>,
    pub state: ChainState<Generator>,
}

pub fn run<const T: usize>(net: Net<'_>, order: &[usize], with_sums: usize, with_outputs: usize, moves: usize) -> End
where
    Portable<T>: Kernel<T>,
{
    let width = net.shape().inputs();
    let (rows, classes) = data_of(width);
    let rows: Vec<i8> = order.iter().flat_map(|sample| &rows[sample * width..][..width]).copied().collect();
    let classes: Vec<u8> = order.iter().map(|sample| classes[*sample]).collect();
    let features = tiled::<T>(&rows, width);
    let samples =
        Samples { features: Tiles::<_, T>::new(&features, SAMPLES, width), targets: Targets::Classes(&classes) };
    let mut memory = Memory::new(net, T, with_sums, with_outputs);
    let mut evaluator = Serial::new(Objective::new(net).unwrap(), Portable::<T>, samples, memory.lend()).unwrap();
    let mut rng = Generator::seed_from_u64(5);
    let mut buffers = Buffers::new(net);
    net.draw(&mut buffers.parameters, &mut rng);
    let mut chain = Chain::new(net, buffers.lend(), rng, &mut evaluator).unwrap();
    let mut last = chain.loss();
    for _ in 0..moves {
        let before = chain.parameters().to_vec();
        let is_accepted = chain.step(&mut evaluator);
        assert!(is_accepted || chain.parameters() == before, "a rejected move left something behind");
        assert!(chain.loss() <= last, "the loss rose");
        last = chain.loss();
    }
    assert_eq!(evaluator.score(&samples, chain.parameters()).unwrap().loss, chain.loss());
    let state = chain.state();
    let rates = chain.rates().to_vec();
    End { parameters: buffers.parameters, rates, state }
}

#[test]
fn what_is_kept_tiles_and_the_order_of_samples_change_no_bit() {
    let order: Vec<usize> = (0..SAMPLES).collect();
    let first = run::<1>(NET, &order, 0, 0, 600);
    assert!(first.state.counters.accepted > 50, "too few moves were accepted: {:?}", first.state.counters);
    for (with_sums, with_outputs) in [(SAMPLES, 0), (0, SAMPLES), (10, 20), (1, 0), (0, 1)] {
        assert_eq!(run::<1>(NET, &order, with_sums, with_outputs, 600), first, "{with_sums} {with_outputs}");
    }
    for (with_sums, with_outputs) in [(0, 0), (12, 0), (0, 12), (5, 5), (12, 12), (7, 12)] {
        assert_eq!(run::<4>(NET, &order, with_sums, with_outputs, 600), first, "{with_sums} {with_outputs}");
    }
    assert_eq!(run::<16>(NET, &order, 2, 1, 600), first);
    let backwards: Vec<usize> = (0..SAMPLES).rev().collect();
    assert_eq!(run::<4>(NET, &backwards, 3, 3, 600), first);
}

#[test]
fn weights_stay_within_their_limit() {
    let order: Vec<usize> = (0..SAMPLES).collect();
    for limit in [1, 7] {
        let end = run::<4>(NET.with_limit(limit).unwrap(), &order, 12, 0, 800);
        assert!(end.state.counters.accepted > 0);
        let largest = end.parameters.iter().map(|parameter| parameter.unsigned_abs()).max();
        assert_eq!(largest, Some(limit.unsigned_abs()), "moves come up to the limit");
    }
}

/// Trains `net` on `samples`; gives its score.
fn learn(net: Net<'_>, samples: Samples<'_, i8, 1>, seed: u64, moves: usize) -> amc_core::integer::Score {
    let mut memory = Memory::new(net, 1, samples.features.len(), 0);
    let mut evaluator = Serial::new(Objective::new(net).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
    let mut rng = Generator::seed_from_u64(seed);
    let mut buffers = Buffers::new(net);
    net.draw(&mut buffers.parameters, &mut rng);
    let mut chain = Chain::new(net, buffers.lend(), rng, &mut evaluator).unwrap();
    for _ in 0..moves {
        chain.step(&mut evaluator);
    }
    evaluator.score(&samples, chain.parameters()).unwrap()
}

#[test]
fn nets_learn_that_have_no_derivative() {
    let (rows, classes) = data();
    let samples = Samples { features: Tiles::new(&rows, SAMPLES, INPUTS), targets: Targets::Classes(&classes) };
    for activation in [Activation::Sign, Activation::Step] {
        let layers = [Layer::dense(8, activation), Layer::dense(3, Activation::Softmax)];
        let scales = [Scale::new(5), Scale::new(3)];
        let score = learn(Net::new(amc_core::Net::new(INPUTS, &layers), &scales, 127), samples, 1, 3000);
        assert!(score.correct >= SAMPLES * 9 / 10, "{activation}: {score:?}");
    }
}

#[test]
fn a_net_learns_numbers() {
    let features: Vec<i8> = (-32..32).map(|x| x * 3).collect();
    let targets: Vec<i16> = features.iter().map(|x| (1000.0 * libm::sin(f64::from(*x) / 30.0)) as i16).collect();
    let samples = Samples { features: Tiles::new(&features, 64, 1), targets: Targets::Values(&targets) };
    let layers = [Layer::dense(12, Activation::Tanh), Layer::dense(1, Activation::Linear)];
    let scales = [Scale::new(3).bias(5), Scale::new(3)];
    let net = Net::new(amc_core::Net::new(1, &layers), &scales, 127);
    let score = learn(net, samples, 1, 6000);
    let deviation = libm::sqrt(score.loss as f64 / 64.0);
    // A straight line leaves some 600.
    assert!(deviation < 150.0, "{deviation}");
}

#[test]
fn a_chain_goes_on_where_it_stood() {
    let (rows, classes) = data();
    let samples = Samples { features: Tiles::<_, 1>::new(&rows, SAMPLES, INPUTS), targets: Targets::Classes(&classes) };
    let order: Vec<usize> = (0..SAMPLES).collect();
    let (half, whole) = (run::<1>(NET, &order, SAMPLES, 0, 200), run::<1>(NET, &order, SAMPLES, 0, 400));
    let go_on = |half: &End, change: &dyn Fn(&mut End)| -> Result<End, Error> {
        let End { parameters, rates, state } = half;
        let mut end = End { parameters: parameters.clone(), rates: rates.clone(), state: state.clone() };
        change(&mut end);
        let mut memory = Memory::new(NET, 1, 3, 3);
        let mut evaluator = Serial::new(Objective::new(NET)?, Portable::<1>, samples, memory.lend())?;
        let mut undo = vec![0; NET.widest_neuron()];
        let memory = ChainMemory { parameters: &mut end.parameters, undo: &mut undo, rates: &mut end.rates };
        let mut chain = Chain::resume(NET, memory, end.state.clone(), &mut evaluator)?;
        for _ in 0..200 {
            chain.step(&mut evaluator);
        }
        end.state = chain.state();
        Ok(end)
    };
    assert_eq!(go_on(&half, &|_| {}).unwrap(), whole);
    for change in [
        (&|end: &mut End| end.state.loss += 1) as &dyn Fn(&mut End),
        &|end| end.rates[1] = 0,
        &|end| end.rates[1] = u32::MAX,
        &|end| end.state.counters.accepted = end.state.counters.steps + 1,
        &|end| end.parameters[3] = -128,
    ] {
        assert!(go_on(&half, change).is_err());
    }
}

#[test]
fn a_loss_that_exceeds_its_bound_is_given_up() {
    let (rows, classes) = data();
    let samples = Samples { features: Tiles::<_, 1>::new(&rows, SAMPLES, INPUTS), targets: Targets::Classes(&classes) };
    let mut memory = Memory::new(NET, 1, 0, 0);
    let mut evaluator = Serial::new(Objective::new(NET).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
    let mut parameters = vec![0; NET.parameters()];
    NET.draw(&mut parameters, &mut Generator::seed_from_u64(2));
    let loss = evaluator.begin(&parameters);
    let change = amc_core::integer::Change { layer: 0, unit: 0, inputs: amc_core::integer::Changes::Many };
    assert_eq!(evaluator.propose(loss, &parameters, &change), Some(loss));
    assert_eq!(evaluator.propose(loss - 1, &parameters, &change), None);
}

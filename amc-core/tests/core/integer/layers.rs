//! Chains of integer nets of other layers than dense ones.

use super::chain::run;
use super::*;
use amc_core::integer::{Chain, ChainMemory};
use amc_core::{Image, Kernel};

const IMAGE: Image = Image::new(4, 4, 1);
const TWO: Kernel = Kernel::new(2, 1, 0);
const POOLED: Image = Image::new(2, 2, 3);
const CLASSES: Layer = Layer::dense(3, Activation::Softmax);

/// Of 16 inputs, so that every kind stands behind and before every other in one of them.
fn nets() -> [Vec<Layer>; 8] {
    let filters = Layer::convolution(IMAGE, 3, TWO, Activation::Tanh);
    [
        vec![filters, Layer::max_pool(IMAGE.through(TWO, 3), TWO), CLASSES],
        vec![
            filters,
            Layer::convolution(IMAGE.through(TWO, 3), 3, TWO, Activation::Relu),
            Layer::global_average(POOLED),
            CLASSES,
        ],
        vec![filters, Layer::dense(5, Activation::Tanh), CLASSES],
        vec![
            Layer::dense(12, Activation::Tanh),
            Layer::conv1d(6, 2, 4, Kernel::new(3, 2, 1), Activation::Sign),
            Layer::dense(6, Activation::Relu),
            Layer::recurrent(2, 4, 3, Activation::Tanh),
            CLASSES,
        ],
        vec![
            Layer::recurrent_states(4, 5, 4, Activation::Tanh),
            Layer::recurrent(5, 4, 4, Activation::Sigmoid),
            Layer::dense(4, Activation::Linear),
            CLASSES,
        ],
        vec![Layer::recurrent(2, 5, 8, Activation::Tanh), CLASSES],
        vec![Layer::max_pool(IMAGE, TWO), Layer::dense(6, Activation::Tanh), CLASSES],
        // Its last layer has neurons of many outputs.
        vec![filters, Layer::convolution(IMAGE.through(TWO, 3), 3, Kernel::new(2, 2, 0), Activation::Softmax)],
    ]
}

#[test]
fn what_is_kept_and_tiles_change_no_bit() {
    const MOVES: usize = 400;
    let order: Vec<usize> = (0..SAMPLES).collect();
    for layers in nets() {
        let shift = |layer: &Layer| match layer {
            Layer::MaxPool(_) | Layer::GlobalAverage(_) => Scale::NONE,
            layer if layer.activation() == Activation::Softmax => Scale::new(3),
            _ => Scale::new(5),
        };
        let scales: Vec<Scale> = layers.iter().map(shift).collect();
        let net = Net::new(amc_core::Net::new(16, &layers), &scales, 127);
        let first = run::<1>(net, &order, 0, 0, MOVES);
        assert!(first.state.counters.accepted > 20, "{layers:?}: {:?}", first.state.counters);
        for (with_sums, with_outputs) in [(SAMPLES, 0), (0, SAMPLES), (10, 20)] {
            assert_eq!(run::<1>(net, &order, with_sums, with_outputs, MOVES), first, "{layers:?}");
        }
        assert_eq!(run::<4>(net, &order, 5, 5, MOVES), first, "{layers:?}");
        assert_eq!(run::<16>(net, &order, 1, 1, MOVES), first, "{layers:?}");
    }
}

#[test]
fn a_chain_goes_on_from_its_beginning_where_a_layer_has_no_weights() {
    let [layers, ..] = nets();
    let scales = [Scale::new(5), Scale::NONE, Scale::new(3)];
    let net = Net::new(amc_core::Net::new(16, &layers), &scales, 127);
    let (rows, classes) = data_of(16);
    let samples = Samples { features: Tiles::<_, 1>::new(&rows, SAMPLES, 16), targets: Targets::Classes(&classes) };
    let mut parameters = vec![0; net.parameters()];
    net.draw(&mut parameters, &mut Generator::seed_from_u64(2));
    let (mut of_both, mut state) = (Vec::new(), None);
    let (first, mut rates) = (parameters.clone(), vec![0; 3]);
    for _ in 0..2 {
        let mut memory = Memory::new(net, 1, SAMPLES, 0);
        let mut evaluator = Serial::new(Objective::new(net).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
        let mut undo = vec![0; net.widest_neuron()];
        let of_chain = ChainMemory { parameters: &mut parameters, undo: &mut undo, rates: &mut rates };
        let mut chain = match state.clone() {
            None => Chain::new(net, of_chain, Generator::seed_from_u64(3), &mut evaluator).unwrap(),
            Some(state) => Chain::resume(net, of_chain, state, &mut evaluator).unwrap(),
        };
        let (begun, its_rates) = (chain.state(), chain.rates().to_vec());
        for _ in 0..50 {
            chain.step(&mut evaluator);
        }
        of_both.push((chain.state(), chain.parameters().to_vec()));
        state = Some(begun);
        parameters.copy_from_slice(&first);
        rates.copy_from_slice(&its_rates);
    }
    assert_eq!(of_both[0], of_both[1]);
}

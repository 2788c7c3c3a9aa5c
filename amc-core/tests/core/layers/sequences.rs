//! Convolution of sequences: what is refused, sizes, and a plain implementation in `f64`.

use amc_core::{
    Activation, Conv1d, Generator, Kernel, KernelError, Layer, LayerError, Loss, Net, NetError, Objective, Portable,
    gaussian,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use Activation::{Linear, Relu, Sigmoid, Tanh};

use super::{Case, SCALE, apply, near, order_does_not_show, scaled};

#[test]
fn windows_that_do_not_fit_a_sequence_are_refused() {
    let refused = |layer| Net::try_new(15, &[layer]).unwrap_err();
    let conv1d = |size, stride, padding| Layer::conv1d(5, 3, 2, Kernel::new(size, stride, padding), Tanh);
    let error = |error| NetError::Layer { layer: 0, error: LayerError::Conv1d(error) };
    assert_eq!(refused(conv1d(2, 0, 0)), error(KernelError::Stride));
    assert_eq!(refused(conv1d(2, 1, 2)), error(KernelError::Padding { size: 2, padding: 2 }));
    let size = |size, padding| error(KernelError::Size { size, padding, rows: 1, columns: 5 });
    assert_eq!(refused(conv1d(6, 1, 0)), size(6, 0));
    assert_eq!(refused(conv1d(10, 1, 2)), size(10, 2));
    let small = Kernel::new(3, 1, 1);
    assert_eq!(refused(Layer::conv1d(5, 2, 2, small, Tanh)), NetError::Inputs { layer: 0, takes: 10, given: 15 });
    assert_eq!(refused(Layer::conv1d(5, 3, 0, small, Tanh)), NetError::NoUnits { layer: 0 });
    assert_eq!(refused(Layer::conv1d(5, 3, usize::MAX / 9, small, Tanh)), NetError::TooLarge { layer: 0 });
    assert!(Net::try_new(15, &[conv1d(9, 7, 2)]).is_ok());
}

#[test]
fn sizes_of_a_sequence_are_counted() {
    // Of 7 steps and one more on each side, a window of 4 has places at 0, 2 and 4.
    let layers = [Layer::conv1d(7, 3, 6, Kernel::new(4, 2, 1), Relu), Layer::dense(2, Linear)];
    let net = Net::new(21, &layers);
    let sections = net.sections().map(|s| (s.start, s.weights, s.biases, s.initial_fan_in)).collect::<Vec<_>>();
    assert_eq!(sections, [(0, 4 * 3 * 6, 6, 12), (78, 18 * 2, 2, 18)]);
    assert_eq!((layers[0].units(), net.operations()), (18, (18 * 12 + 2 * 18, 18 + 2)));
    assert_eq!(net.scratch(4), 2 * 21 * 4 + 2 * 16);
    assert_eq!(Objective::new(net, Loss::MeanSquaredError).gathers_from(), 0);
}

/// What a layer makes of `y`. Gives the signal, or none for another kind.
pub fn plain(layer: &Layer, y: &mut Vec<f64>, mut parameters: impl Iterator<Item = f64>) -> Option<f64> {
    let Layer::Conv1d(Conv1d { steps, channels, filters, kernel, activation }) = *layer else { return None };
    let [size, stride, padding] = [kernel.size, kernel.stride, kernel.padding].map(|n| n as usize);
    let weights = parameters.by_ref().take(size * channels * filters).collect::<Vec<_>>();
    let biases = parameters.take(filters).collect::<Vec<_>>();
    let positions = (steps + 2 * padding - size) / stride + 1;
    let (mut made, mut signal) = (vec![], 0.0);
    for position in 0..positions {
        let inputs = (0..size * channels).map(|i| {
            let step = (position * stride + i / channels).checked_sub(padding).filter(|step| *step < steps);
            step.map_or(0.0, |step| y[step * channels + i % channels])
        });
        let inputs = inputs.collect::<Vec<_>>();
        signal += inputs.iter().map(|s| s * s).sum::<f64>() / positions as f64;
        for (filter, bias) in biases.iter().enumerate() {
            let z = inputs.iter().enumerate().map(|(i, s)| s * weights[i * filters + filter]).sum::<f64>();
            made.push(apply(activation, z + bias));
        }
    }
    *y = made;
    Some(signal)
}

/// A random net for sequences, and random data.
fn random(seed: u64, samples: usize) -> Case {
    let mut rng = Generator::seed_from_u64(seed);
    let mut below = |n: usize| rng.next_u32() as usize % n;
    // Enough channels for panels that are parts of a window, now and then.
    let mut channels = if below(4) == 0 { 100 + below(100) } else { 1 + below(4) };
    let mut steps = 1 + below(12);
    let inputs = steps * channels;
    let mut layers = vec![];
    for _ in 0..1 + below(3) {
        let size = 1 + below(5);
        let (stride, padding) = (1 + below(3), below(size));
        if size > steps + 2 * padding {
            continue;
        }
        // Enough filters for blocks of neurons of every size.
        let filters = 1 + below(21);
        let kernel = Kernel::new(size as u32, stride as u32, padding as u32);
        let activation = [Tanh, Sigmoid, Linear, Relu][below(4)];
        layers.push(Layer::conv1d(steps, channels, filters, kernel, activation));
        (steps, channels) = ((steps + 2 * padding - size) / stride + 1, filters);
    }
    layers.push(Layer::dense(1 + below(5), Tanh));
    let net = Net::new(inputs, &layers);
    let (outputs, mut parameters) = (net.outputs(), vec![0.0; net.parameters()]);
    let features = (0..samples * inputs).map(|_| (below(256) * below(2)) as f32).collect();
    let values = (0..samples * outputs).map(|_| below(1000) as f32 / 1000.0).collect();
    // Neurons' inputs are of the size of their layer's.
    gaussian::fill(Portable::<4>, &mut rng, 1.0, &mut parameters);
    for section in net.sections() {
        let scale = (section.initial_fan_in as f32).sqrt().recip();
        parameters[section.range()].iter_mut().for_each(|x| *x *= scale);
    }
    Case { inputs, layers, loss: Loss::MeanSquaredError, parameters, features, classes: None, values }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_evaluation_does_not_show_in_sequences(seed: u64, samples in 1_usize..=40) {
        order_does_not_show(&random(seed, samples))?;
    }

    #[test]
    fn sequences_are_those_of_a_plain_implementation(seed: u64, samples in 1_usize..=40) {
        let case = random(seed, samples);
        // As for images: sums of at most 1000 terms, of which many cancel.
        near("the net", &case.outcome(Portable::<16>, &scaled(&case), 3), &case.plain(SCALE.into()), 1e-4);
    }
}

//! Convolution, pooling and residual connections: what is refused, sizes, a plain implementation in `f64`, and
//! ResNet-18.

use amc_core::{
    Activation, Add, Convolution, Generator, GlobalAverage, Image, KeptError, Kernel, KernelError, Layer, LayerError,
    Loss, MaxPool, Measurements, Net, NetError, Objective, ObjectiveError, Portable, gaussian,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};

use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};

use super::{Case, SCALE, apply, near, order_does_not_show, scaled};

const IMAGE: Image = Image::new(4, 5, 3);

fn refused(layers: &[Layer]) -> NetError {
    Net::try_new(60, layers).unwrap_err()
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let error = |size, stride, padding| {
        let (kernel, dense) = (Kernel::new(size, stride, padding), Layer::dense(60, Tanh));
        let convolution = Layer::convolution(IMAGE, 2, kernel, Tanh);
        let NetError::Layer { layer: 1, error: LayerError::Convolution(error) } = refused(&[dense, convolution]) else {
            panic!("a window of {kernel:?}")
        };
        let of_pooling = NetError::Layer { layer: 0, error: LayerError::MaxPool(error) };
        assert_eq!(refused(&[Layer::max_pool(IMAGE, kernel)]), of_pooling);
        error
    };
    let too_large = |size, padding| KernelError::Size { size, padding, rows: 4, columns: 5 };
    assert_eq!(error(2, 0, 0), KernelError::Stride);
    assert_eq!(error(2, 1, 2), KernelError::Padding { size: 2, padding: 2 });
    assert_eq!(error(0, 1, 0), KernelError::Padding { size: 0, padding: 0 });
    assert_eq!(error(5, 1, 0), too_large(5, 0));
    assert_eq!(error(9, 1, 2), too_large(9, 2));
    assert_eq!(error(u32::MAX, 1, u32::MAX / 2 - 2), too_large(u32::MAX, u32::MAX / 2 - 2));
    let (long, kernel) = (Image::new(usize::MAX, 1, 1), Kernel::new(3, 1, 1));
    let error = KernelError::Size { size: 3, padding: 1, rows: usize::MAX, columns: 1 };
    let error = NetError::Layer { layer: 0, error: LayerError::MaxPool(error) };
    assert_eq!(refused(&[Layer::max_pool(long, kernel)]), error);
    assert!(Net::try_new(60, &[Layer::max_pool(IMAGE, Kernel::new(8, u32::MAX, 2))]).is_ok());
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let (small, max) = (Kernel::new(3, 1, 1), usize::MAX);
    let convolution = |image, filters| Layer::convolution(image, filters, small, Tanh);
    let other = Image::new(4, 5, 2);
    let wrong = NetError::Inputs { layer: 0, takes: 40, given: 60 };
    assert_eq!(refused(&[convolution(other, 2)]), wrong);
    assert_eq!(refused(&[Layer::max_pool(other, small)]), wrong);
    assert_eq!(refused(&[Layer::global_average(other)]), wrong);
    assert_eq!(refused(&[Layer::keep(40)]), wrong);
    assert_eq!(refused(&[convolution(IMAGE, 0)]), NetError::NoUnits { layer: 0 });
    assert_eq!(refused(&[Layer::global_average(Image::new(4, 5, 0))]), NetError::NoUnits { layer: 0 });
    let none = Image::new(0, 5, 3);
    assert_eq!(refused(&[Layer::global_average(none)]), NetError::Inputs { layer: 0, takes: 0, given: 60 });
    // Sizes that overflow, or that memory cannot hold.
    let too_large = NetError::TooLarge { layer: 0 };
    // The largest window whose padding a usize of 64 or 32 bits counts.
    let far = u32::MAX >> ((u64::BITS - usize::BITS) / 16);
    for layer in [
        convolution(IMAGE, max / 9),
        convolution(Image::new(max / 2, 3, 1), 1),
        convolution(Image::new(max / 1024, 1, 1), 8),
        Layer::convolution(IMAGE, 1, Kernel::new(far, u32::MAX, far - 1), Tanh),
        Layer::max_pool(IMAGE, Kernel::new(far, 1, far - 1)),
        Layer::max_pool(Image::new(max / 2, 1, 3), small),
        Layer::global_average(Image::new(max / 2, max / 2, 3)),
        Layer::keep(max),
    ] {
        assert_eq!(refused(&[layer]), too_large, "{layer:?}");
    }
    // A softmax goes over all numbers of a last layer.
    let softmax = Layer::convolution(IMAGE, 2, small, Softmax);
    assert_eq!(refused(&[softmax, Layer::dense(2, Tanh)]), NetError::Softmax { layer: 0 });
    assert_eq!(refused(&[Layer::keep(60), Layer::add(60, Softmax), Layer::keep(60)]), NetError::Softmax { layer: 1 });
    let objective = |layers| Objective::try_new(Net::new(60, layers), Loss::CrossEntropy);
    let (softmax, pooled) = ([softmax], [Layer::dense(60, Sigmoid), Layer::global_average(IMAGE)]);
    assert!(objective(&softmax).is_ok());
    assert_eq!(objective(&pooled), Err(ObjectiveError::NotProbabilities));
}

#[test]
fn what_is_kept_has_to_fit() {
    let (keep, dense) = (Layer::keep(60), Layer::dense(7, Tanh));
    let (add, swap) = (|units| Layer::add(units, Relu), Layer::swap);
    let error = |layer, by: fn(KeptError) -> LayerError, error| NetError::Layer { layer, error: by(error) };
    let nothing = |layer, by| error(layer, by, KeptError::Nothing);
    let units = |layer, by, takes, kept| error(layer, by, KeptError::Units { takes, kept });
    let (by_add, by_swap): (fn(_) -> _, fn(_) -> _) = (LayerError::Add, LayerError::Swap);
    assert_eq!(refused(&[add(60)]), nothing(0, by_add));
    assert_eq!(refused(&[dense, swap(7)]), nothing(1, by_swap));
    assert_eq!(refused(&[keep, dense, add(7)]), units(2, by_add, 7, 60));
    assert_eq!(refused(&[keep, dense, swap(7)]), units(2, by_swap, 7, 60));
    assert_eq!(refused(&[keep, dense, add(60)]), NetError::Inputs { layer: 2, takes: 60, given: 7 });
    assert_eq!(refused(&[keep, dense, swap(60), add(60)]), units(3, by_add, 60, 7));
    assert_eq!(refused(&[keep, dense, swap(60), swap(60)]), units(3, by_swap, 60, 7));
    assert_eq!(refused(&[keep, add(60), add(60)]), nothing(2, by_add));
    let block = [keep, dense, swap(60), dense, Layer::keep(7), swap(7), add(7)];
    assert!(Net::try_new(60, &block).is_ok());
}

#[test]
fn sizes_are_counted() {
    let kernel = Kernel::new(3, 2, 1);
    assert_eq!(IMAGE.through(kernel, 7), Image::new(2, 3, 7));
    assert_eq!(Image::new(28, 28, 1).through(Kernel::new(7, 2, 3), 64), Image::new(14, 14, 64));
    // 5 places and a window of 2: the last place is left out.
    assert_eq!(Image::new(5, 6, 1).through(Kernel::new(2, 2, 0), 1), Image::new(2, 3, 1));
    let layers = [Layer::convolution(IMAGE, 7, kernel, Relu), Layer::global_average(Image::new(2, 3, 7))];
    let net = Net::new(60, &layers);
    assert_eq!(
        net.sections().map(|s| (s.start, s.weights, s.biases)).collect::<Vec<_>>(),
        [(0, 9 * 3 * 7, 7), (196, 0, 0)]
    );
    assert_eq!((net.parameters(), layers[0].units(), net.outputs()), (196, 42, 7));
    // The inputs of the first layer are in memory as well; a residual connection keeps a third number of them.
    assert_eq!(net.scratch(4), 2 * 60 * 4 + 2 * 16);
    let kept = [Layer::dense(50, Tanh), Layer::keep(50), Layer::add(50, Tanh)];
    assert_eq!(Net::new(60, &kept).scratch(4), 3 * 50 * 4 + 3 * 16);
    assert_eq!(Net::new(60, &kept[..1]).scratch(4), 2 * 50 * 4 + 16);
    let from = |layers| Objective::new(Net::new(60, layers), Loss::MeanSquaredError).gathers_from();
    assert_eq!((from(&layers), from(&[Layer::max_pool(IMAGE, kernel), layers[1]][..1])), (0, 1));
}

/// NaN is the largest number, wherever in a window it is.
#[test]
fn the_largest_number_may_be_nan() {
    let layers = [Layer::max_pool(Image::new(2, 2, 1), Kernel::new(2, 1, 0))];
    let numbers = [-1.0, -7.0, f32::NEG_INFINITY, -3.0];
    let largest = |numbers: [f32; 4]| {
        let net = Net::new(4, &layers);
        let objective = Objective::new(net, Loss::MeanSquaredError);
        let mut scratch = vec![0.0; net.scratch(8)];
        let features = amc_core::Rows::new(&numbers, 4, 1.0);
        objective.predict(Portable::<8>, &[], &features, 0, &mut scratch).unwrap()[0]
    };
    assert_eq!(largest(numbers), -1.0);
    for place in 0..4 {
        let mut numbers = numbers;
        numbers[place] = f32::NAN;
        assert!(largest(numbers).is_nan(), "NaN at {place}");
    }
    assert_eq!(largest([f32::NEG_INFINITY; 4]), f32::NEG_INFINITY);
}

/// Cross-entropy, of the last layer's outputs or of a dense layer's behind it that changes nothing.
#[test]
fn a_last_layer_of_any_kind_has_cross_entropy() {
    let nets = |activation| {
        let convolution = Layer::convolution(Image::new(2, 2, 1), 1, Kernel::new(3, 1, 1), activation);
        let add = Layer::add(4, activation);
        [vec![Layer::normalization(4, activation)], vec![convolution], vec![Layer::keep(4), Layer::dense(4, Tanh), add]]
    };
    for output in [Sigmoid, Softmax] {
        for (layers, mut apart) in nets(output).into_iter().zip(nets(Linear)) {
            let count = Net::new(4, &layers).parameters();
            let mut parameters = (0..count).map(|x| x as f32 / 8.0 - 0.5).collect::<Vec<_>>();
            let case = |layers, parameters| {
                let features = vec![0.5, -1.0, 0.25, 2.0, -0.5, 3.0, 1.0, -2.0];
                let (loss, classes) = (Loss::CrossEntropy, Some(vec![1, 3]));
                let case = Case { inputs: 4, layers, loss, parameters, features, classes, values: vec![] };
                let outcome = case.outcome(Portable::<16>, &case.samples(), 1);
                (outcome.loss, outcome.outputs)
            };
            let wanted = case(layers, parameters.clone());
            apart.push(Layer::dense(4, output));
            parameters.extend((0..20).map(|i| if i % 5 == 0 && i < 16 { 1.0 } else { 0.0 }));
            assert_eq!(case(apart, parameters), wanted);
            assert!(wanted.1.iter().all(|p| (0.0..=1.0).contains(p)), "{wanted:?}");
        }
    }
}

/// What a layer makes of `y` and of what is kept, number by number. Gives the signal, or none for another kind.
pub fn plain(
    layer: &Layer,
    y: &mut Vec<f64>,
    kept: &mut Vec<f64>,
    mut parameters: impl Iterator<Item = f64>,
) -> Option<f64> {
    // The number in a place of the padded image, if it is none of the padding.
    let at = |y: &[f64], image: Image, row: usize, column: usize, channel: usize, padding: usize| {
        let (row, column) = (row.checked_sub(padding)?, column.checked_sub(padding)?);
        let inside = row < image.rows && column < image.columns;
        inside.then(|| y[(row * image.columns + column) * image.channels + channel])
    };
    let wide = |Kernel { size, stride, padding }: Kernel| (size as usize, stride as usize, padding as usize);
    let side = |n: usize, (size, stride, padding): (usize, usize, usize)| (n + 2 * padding - size) / stride + 1;
    let mut signal = 0.0;
    let mut made = vec![];
    match *layer {
        Layer::Convolution(Convolution { image, filters, kernel, activation }) => {
            let kernel @ (size, stride, padding) = wide(kernel);
            let weights = parameters.by_ref().take(size * size * image.channels * filters).collect::<Vec<_>>();
            let biases = parameters.take(filters).collect::<Vec<_>>();
            let (rows, columns) = (side(image.rows, kernel), side(image.columns, kernel));
            for position in 0..rows * columns {
                let (row, column) = (position / columns * stride, position % columns * stride);
                let inputs = (0..size * size * image.channels).map(|i| {
                    let (r, c, k) = (i / image.channels / size, i / image.channels % size, i % image.channels);
                    at(y, image, row + r, column + c, k, padding).unwrap_or(0.0)
                });
                let inputs = inputs.collect::<Vec<_>>();
                signal += inputs.iter().map(|s| s * s).sum::<f64>() / (rows * columns) as f64;
                for (filter, bias) in biases.iter().enumerate() {
                    let z = inputs.iter().enumerate().map(|(i, s)| s * weights[i * filters + filter]).sum::<f64>();
                    made.push(apply(activation, z + bias));
                }
            }
        }
        Layer::MaxPool(MaxPool { image, kernel }) => {
            let kernel @ (size, stride, padding) = wide(kernel);
            let (rows, columns) = (side(image.rows, kernel), side(image.columns, kernel));
            for position in 0..rows * columns {
                let (row, column) = (position / columns * stride, position % columns * stride);
                made.extend((0..image.channels).map(|k| {
                    let places =
                        (0..size * size).filter_map(|i| at(y, image, row + i / size, column + i % size, k, padding));
                    places.fold(f64::NEG_INFINITY, f64::max)
                }));
            }
        }
        Layer::GlobalAverage(GlobalAverage { image }) => {
            let of = |k| y.iter().skip(k).step_by(image.channels).sum::<f64>() / (image.rows * image.columns) as f64;
            made.extend((0..image.channels).map(of));
        }
        Layer::Keep(_) => {
            kept.clone_from(y);
            return Some(0.0);
        }
        Layer::Swap(_) => made.append(kept),
        Layer::Add(Add { activation, .. }) => {
            made.extend(y.iter().zip(&*kept).map(|(y, kept)| apply(activation, y + kept)))
        }
        _ => return None,
    }
    let before = std::mem::replace(y, made);
    if matches!(layer, Layer::Swap(_)) {
        *kept = before;
    }
    Some(signal)
}

/// A random net for images, and random data.
pub(super) fn random(seed: u64, samples: usize) -> Case {
    let mut rng = Generator::seed_from_u64(seed);
    let mut below = |n: usize| rng.next_u32() as usize % n;
    let activation = |n: usize| [Tanh, Sigmoid, Linear, Relu][n];
    // Enough channels for panels that are parts of a window's row, now and then.
    let channels = if below(4) == 0 { 40 + below(100) } else { 1 + below(4) };
    let mut image = Image::new(1 + below(7), 1 + below(7), channels);
    let inputs = image.numbers();
    let mut layers = vec![];
    for _ in 0..1 + below(4) {
        // Enough filters for blocks of neurons of every size.
        let filters = 1 + below(if image.numbers() > 100 { 5 } else { 21 });
        let size = 1 + below(5);
        let (stride, padding) = (1 + below(3), below(size));
        let kernel = Kernel::new(size as u32, stride as u32, padding as u32);
        let fits = size <= image.rows.min(image.columns) + 2 * padding;
        match below(6) {
            0 | 1 if fits => {
                layers.push(Layer::convolution(image, filters, kernel, activation(below(4))));
                image = image.through(kernel, filters);
            }
            2 if fits => {
                layers.push(Layer::max_pool(image, kernel));
                image = image.through(kernel, image.channels);
            }
            3 => {
                let same = Kernel::new(3, 1, 1);
                let between = image.through(same, filters);
                layers.push(Layer::keep(image.numbers()));
                layers.push(Layer::convolution(image, filters, same, activation(below(4))));
                layers.push(Layer::convolution(between, image.channels, same, Linear));
                layers.push(Layer::add(image.numbers(), activation(below(4))));
            }
            4 => {
                let (stride, from) = (1 + below(3) as u32, image.numbers());
                let projection = Kernel::new(1, stride, 0);
                let smaller = image.through(projection, filters);
                layers.push(Layer::keep(from));
                layers.push(Layer::convolution(image, filters, Kernel::new(3, stride, 1), activation(below(4))));
                layers.push(Layer::swap(from));
                layers.push(Layer::convolution(image, filters, projection, Linear));
                layers.push(Layer::add(smaller.numbers(), activation(below(4))));
                image = smaller;
            }
            // Of fewer numbers, the differences may be as small as their rounding.
            _ if image.numbers() >= 8 && !layers.is_empty() => {
                layers.push(Layer::normalization(image.numbers(), activation(below(4))));
            }
            _ => {
                layers.push(Layer::global_average(image));
                image = Image::new(1, 1, image.channels);
            }
        }
    }
    if below(2) == 0 {
        layers.push(Layer::dense(1 + below(5), activation(below(4))));
    }
    let net = Net::new(inputs, &layers);
    let (outputs, mut parameters) = (net.outputs(), vec![0.0; net.parameters()]);
    let features = (0..samples * inputs).map(|_| (below(256) * below(2)) as f32).collect();
    let values = (0..samples * outputs).map(|_| below(1000) as f32 / 1000.0).collect();
    // Neurons' inputs are of the size of their layer's.
    gaussian::fill(Portable::<4>, &mut rng, 1.0, &mut parameters);
    for (section, layer) in net.sections().zip(&layers) {
        let fan_in = section.weights / section.biases.max(1);
        let scale = if matches!(layer, Layer::Normalization(_)) { 1.0 } else { 1.0 / (fan_in.max(1) as f32).sqrt() };
        parameters[section.start..][..section.weights + section.biases].iter_mut().for_each(|x| *x *= scale);
    }
    Case { inputs, layers, loss: Loss::MeanSquaredError, parameters, features, classes: None, values }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_evaluation_does_not_show_in_images(seed: u64, samples in 1_usize..=70) {
        order_does_not_show(&random(seed, samples))?;
    }

    #[test]
    fn images_are_those_of_a_plain_implementation(seed: u64, samples in 1_usize..=20) {
        let case = random(seed, samples);
        // 6e-8 of sums of up to 1,300 terms, and up to a dozen layers.
        near("the net", &case.outcome(Portable::<16>, &scaled(&case), 3), &case.plain(f64::from(SCALE)), 1e-4);
    }
}

/// A convolution, and layer normalisation of all that it gives, as ResNets have batch normalisation.
fn normalised(layers: &mut Vec<Layer>, image: Image, filters: usize, kernel: Kernel, activation: Activation) -> Image {
    let made = image.through(kernel, filters);
    layers.push(Layer::convolution(image, filters, kernel, Linear));
    layers.push(Layer::normalization(made.numbers(), activation));
    made
}

/// ResNet-18 (He et al., arXiv:1512.03385, Table 1) for images of 28 × 28 and one channel, and ten classes.
fn resnet_18() -> (usize, Vec<Layer>) {
    let input = Image::new(28, 28, 1);
    let mut layers = vec![];
    let mut image = normalised(&mut layers, input, 64, Kernel::new(7, 2, 3), Relu);
    let pool = Kernel::new(3, 2, 1);
    layers.push(Layer::max_pool(image, pool));
    image = image.through(pool, 64);
    for (filters, stride) in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)] {
        layers.push(Layer::keep(image.numbers()));
        let between = normalised(&mut layers, image, filters, Kernel::new(3, stride, 1), Relu);
        let made = normalised(&mut layers, between, filters, Kernel::new(3, 1, 1), Linear);
        if made != image {
            layers.push(Layer::swap(image.numbers()));
            normalised(&mut layers, image, filters, Kernel::new(1, stride, 0), Linear);
        }
        layers.push(Layer::add(made.numbers(), Relu));
        image = made;
    }
    layers.push(Layer::global_average(image));
    layers.push(Layer::dense(10, Softmax));
    (input.numbers(), layers)
}

#[test]
fn resnet_18_has_its_parameters() {
    let (inputs, layers) = resnet_18();
    let net = Net::try_new(inputs, &layers).unwrap();
    let count = |of: fn(&Layer) -> bool| {
        let sections = net.sections().zip(net.layers()).filter(|(_, layer)| of(layer));
        sections.map(|(section, _)| section.weights + section.biases).sum::<usize>()
    };
    // The paper says 11.1 million, which are the weights of the convolutions.
    let weights = 49 * 64 + 9 * 64 * (4 * 64 + 128) + 9 * 128 * (3 * 128 + 256) + 9 * 256 * (3 * 256 + 512);
    let weights = weights + 9 * 512 * 3 * 512 + 64 * 128 + 128 * 256 + 256 * 512;
    assert_eq!(weights, 11_160_640);
    assert_eq!(count(|layer| matches!(layer, Layer::Convolution(_))), weights + 4_800);
    assert_eq!(count(|layer| matches!(layer, Layer::Dense(_))), 5_130);
    let normalised = 14 * 14 * 64 + 4 * 7 * 7 * 64 + 5 * 4 * 4 * 128 + 5 * 2 * 2 * 256 + 5 * 512;
    assert_eq!(count(|layer| matches!(layer, Layer::Normalization(_))), 2 * normalised);
    assert_eq!(net.parameters(), 11_256_586);

    // One sample passes, and its outputs are probabilities.
    let mut parameters = vec![0.0; net.parameters()];
    gaussian::fill(Portable::<16>, &mut Generator::seed_from_u64(1), 0.05, &mut parameters);
    let pixels = (0..inputs).map(|pixel| (pixel % 256) as f32).collect::<Vec<_>>();
    let case = Case {
        inputs,
        layers,
        loss: Loss::CrossEntropy,
        parameters,
        features: pixels,
        classes: Some(vec![3]),
        values: vec![],
    };
    let mut signal = vec![0.0; case.layers.len()];
    let objective = case.objective();
    let mut scratch = vec![0.0; objective.net().scratch(1)];
    let measurements = Measurements { signal: &mut signal, correct: true };
    let score =
        objective.evaluate(Portable::<1>, &case.parameters, &scaled(&case), &mut scratch, measurements).unwrap();
    assert!(score.loss.is_finite() && score.loss > 0.0, "{score:?}");
    let weighty = |layer: &Layer| matches!(layer, Layer::Convolution(_) | Layer::Dense(_));
    assert!(case.layers.iter().zip(&signal).all(|(layer, signal)| weighty(layer) == (*signal > 0.0)), "{signal:?}");
}

//! The order of numbers. Ours has channels last, and weights `[input][unit]`; PyTorch's and ONNX's has channels first, and
//! weights `[unit][input]`.

use amc_core::Image;

/// The numbers of a sample between two layers: their axes as another toolchain has them, and where ours are among these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axes {
    /// Numbers along each of theirs; the last one is that of numbers which follow each other.
    lengths: Vec<usize>,
    /// For each of ours, its place among theirs.
    ours: Vec<usize>,
}

impl Axes {
    pub(crate) fn new(lengths: Vec<usize>, ours: Vec<usize>) -> Self {
        Self { lengths, ours }
    }

    /// Numbers in the same order everywhere.
    pub(crate) fn flat(numbers: usize) -> Self {
        Self::new(vec![numbers], vec![0])
    }

    /// An image: theirs is `[channel][row][column]`. A sequence is one of a single row.
    pub(crate) fn image(Image { rows, columns, channels }: Image) -> Self {
        Self::new(vec![channels, rows, columns], vec![1, 2, 0])
    }

    /// Whether the order is the same.
    pub(crate) fn are_same(&self) -> bool {
        let long = |axis: &&usize| self.lengths.get(**axis).is_some_and(|length| *length != 1);
        self.ours.iter().filter(long).is_sorted()
    }

    /// Where each of theirs is among ours.
    fn theirs(&self) -> Vec<usize> {
        let mut places = vec![0; self.ours.len()];
        for (place, axis) in self.ours.iter().enumerate() {
            places[*axis] = place;
        }
        places
    }

    fn our_lengths(&self) -> Vec<usize> {
        self.ours.iter().map(|axis| self.lengths[*axis]).collect()
    }

    /// Numbers of a sample, in our order.
    pub(crate) fn to_ours(&self, numbers: &[f32]) -> Vec<f32> {
        reorder(numbers, &self.lengths, &self.ours)
    }

    /// Numbers of a sample, in theirs.
    pub(crate) fn to_theirs(&self, numbers: &[f32]) -> Vec<f32> {
        reorder(numbers, &self.our_lengths(), &self.theirs())
    }

    /// Weights of a dense layer that reads these, `[unit][input]`, as ours, `[input][unit]`.
    pub(crate) fn dense_to_ours(&self, weights: &[f32], units: usize) -> Vec<f32> {
        let lengths = [&[units], &self.lengths[..]].concat();
        reorder(weights, &lengths, &self.ours.iter().map(|axis| axis + 1).chain([0]).collect::<Vec<_>>())
    }

    /// Our weights of a dense layer as theirs, `[unit][input]`.
    pub(crate) fn dense_to_theirs(&self, weights: &[f32], units: usize) -> Vec<f32> {
        let lengths = [&self.our_lengths()[..], &[units]].concat();
        reorder(weights, &lengths, &[&[self.ours.len()], &self.theirs()[..]].concat())
    }
}

/// Numbers of these lengths, with their axes in another order: the first one of the result is `order[0]`.
pub(crate) fn reorder(numbers: &[f32], lengths: &[usize], order: &[usize]) -> Vec<f32> {
    let strides: Vec<usize> = (0..lengths.len()).map(|axis| lengths[axis + 1..].iter().product()).collect();
    let axes: Vec<_> = order.iter().map(|axis| (lengths[*axis], strides[*axis])).collect();
    let (mut indices, mut place) = (vec![0; axes.len()], 0);
    let mut reordered = Vec::with_capacity(numbers.len());
    for _ in 0..numbers.len() {
        reordered.push(numbers[place]);
        for (index, (length, stride)) in indices.iter_mut().zip(&axes).rev() {
            (*index, place) = (*index + 1, place + stride);
            if *index < *length {
                break;
            }
            (*index, place) = (0, place - length * stride);
        }
    }
    reordered
}

/// Rows and columns, changed for each other.
pub(crate) fn transpose(numbers: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    reorder(numbers, &[rows, columns], &[1, 0])
}

/// Weights of filters, `[filter][channel][window…]`, as ours, `[window…][channel][filter]`.
pub(crate) fn filters_to_ours(weights: &[f32], shape: &[usize]) -> Vec<f32> {
    reorder(weights, shape, &(2..shape.len()).chain([1, 0]).collect::<Vec<_>>())
}

/// Our weights of filters as theirs, which are of this shape.
pub(crate) fn filters_to_theirs(weights: &[f32], shape: &[usize]) -> Vec<f32> {
    let ours = [&shape[2..], &[shape[1], shape[0]]].concat();
    let last = ours.len() - 1;
    reorder(weights, &ours, &[last, last - 1].into_iter().chain(0..last - 1).collect::<Vec<_>>())
}

/// The parameters of a recurrent layer as PyTorch has them: each `[gate · unit]…`, gates in the order r, z, n.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Weights of a step's inputs, `[gate · unit][input]`.
    pub of_inputs: Vec<f32>,
    /// Weights of the state before, `[gate · unit][unit]`.
    pub of_states: Vec<f32>,
    /// Biases beside the inputs.
    pub input_biases: Vec<f32>,
    /// Biases beside the states.
    pub state_biases: Vec<f32>,
}

impl Cell {
    /// Its parameters in our order.
    pub(crate) fn to_ours(&self, inputs: usize, units: usize) -> Vec<f32> {
        let neurons = self.input_biases.len();
        let weights = [transpose(&self.of_inputs, neurons, inputs), transpose(&self.of_states, neurons, units)];
        // The two biases of a sum are one; those of n are not in one sum.
        let apart = if neurons == units { 0 } else { units };
        let (summed, of_inputs) = self.input_biases.split_at(neurons - apart);
        let (others, of_states) = self.state_biases.split_at(neurons - apart);
        let summed = summed.iter().zip(others).map(|(a, b)| sum(*a, *b)).collect();
        let [weights, more] = weights;
        [weights, more, summed, of_inputs.into(), of_states.into()].concat()
    }

    /// That of our parameters, with so many gates.
    pub(crate) fn of_ours(parameters: &[f32], inputs: usize, units: usize, gates: usize) -> Self {
        let neurons = gates * units;
        let (of_inputs, rest) = parameters.split_at(inputs * neurons);
        let (of_states, rest) = rest.split_at(units * neurons);
        let (input_biases, apart) = rest.split_at(neurons);
        let mut state_biases = vec![0.0; neurons - apart.len()];
        state_biases.extend(apart);
        Self {
            of_inputs: transpose(of_inputs, inputs, neurons),
            of_states: transpose(of_states, units, neurons),
            input_biases: input_biases.into(),
            state_biases,
        }
    }

    /// The same with gates in the order z, r, n, or back.
    pub(crate) fn with_gates_changed(mut self) -> Self {
        for part in [&mut self.of_inputs, &mut self.of_states, &mut self.input_biases, &mut self.state_biases] {
            let gate = part.len() / 3;
            let (first, rest) = part.split_at_mut(gate);
            first.swap_with_slice(&mut rest[..gate]);
        }
        self
    }
}

/// A sum, in which a zero changes no bit.
fn sum(a: f32, b: f32) -> f32 {
    if b == 0.0 { a } else { a + b }
}

#[cfg(test)]
mod tests {
    use super::{Axes, filters_to_ours, filters_to_theirs, reorder};
    use amc_core::Image;

    fn counted(numbers: usize) -> Vec<f32> {
        (0..numbers).map(|x| x as f32).collect()
    }

    #[test]
    fn axes_change_places() {
        assert_eq!(reorder(&counted(6), &[2, 3], &[1, 0]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(reorder(&counted(6), &[1, 2, 3], &[2, 0, 1]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(reorder(&[], &[2, 0], &[1, 0]), [] as [f32; 0]);
        assert_eq!(reorder(&[7.0], &[], &[]), [7.0]);
    }

    #[test]
    fn what_is_brought_to_our_order_goes_back() {
        let image = Axes::image(Image::new(2, 3, 4));
        // Theirs is [channel][row][column]: the second of ours is of channel 1, 6 numbers on.
        assert_eq!(image.to_ours(&counted(24))[..5], [0.0, 6.0, 12.0, 18.0, 1.0]);
        assert_eq!(image.to_theirs(&image.to_ours(&counted(24))), counted(24));
        let dense = image.dense_to_ours(&counted(48), 2);
        assert_eq!(dense[..4], [0.0, 24.0, 6.0, 30.0]);
        assert_eq!(image.dense_to_theirs(&dense, 2), counted(48));
        for shape in [&[2, 3, 4][..], &[2, 3, 4, 5]] {
            let numbers = counted(shape.iter().product());
            assert_eq!(filters_to_theirs(&filters_to_ours(&numbers, shape), shape), numbers);
        }
    }

    #[test]
    fn an_image_of_one_channel_is_the_same_everywhere() {
        assert!(Axes::image(Image::new(2, 3, 1)).are_same() && Axes::image(Image::new(1, 1, 3)).are_same());
        assert!(!Axes::image(Image::new(1, 2, 2)).are_same());
    }
}

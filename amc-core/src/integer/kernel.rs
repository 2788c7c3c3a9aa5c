//! What sums, activations and losses of a tile are computed with.

use super::activation;
use crate::activation::Activation;
use crate::lanes::Portable;

/// An integer as data, or the layer before, have it.
pub trait Element: Copy {
    /// The largest that its size can be.
    const MOST: i32;

    /// Four of them as the bytes that they are; none of wider ones.
    const FOUR: Option<Four<Self>> = None;

    /// The element as a number.
    fn number(self) -> i32;

    /// Elements as the bytes that they are.
    fn bytes(elements: &[Self]) -> Bytes<'_>;
}

/// Elements as bytes.
#[derive(Clone, Copy, Debug)]
pub enum Bytes<'a> {
    /// 0 to 255.
    Unsigned(&'a [u8]),
    /// −128 to 127.
    Signed(&'a [i8]),
    /// They are wider.
    None,
}

/// What makes bytes of four elements.
#[derive(Clone, Copy, Debug)]
pub enum Four<E> {
    /// 0 to 255.
    Unsigned(fn(&[E; 4]) -> [u8; 4]),
    /// −128 to 127.
    Signed(fn(&[E; 4]) -> [i8; 4]),
}

macro_rules! elements {
    ($($of:ty: $most:expr, $four:expr, $bytes:expr;)*) => {$(
        impl Element for $of {
            const MOST: i32 = $most;

            const FOUR: Option<Four<Self>> = $four;

            #[inline(always)]
            fn number(self) -> i32 {
                self.into()
            }

            #[inline(always)]
            fn bytes(elements: &[Self]) -> Bytes<'_> {
                let bytes: fn(&[Self]) -> Bytes<'_> = $bytes;
                bytes(elements)
            }
        }
    )*};
}

elements! {
    u8: 255, Some(Four::Unsigned(|bytes| *bytes)), |bytes| Bytes::Unsigned(bytes);
    i8: 128, Some(Four::Signed(|bytes| *bytes)), |bytes| Bytes::Signed(bytes);
    i16: 32_768, None, |_| Bytes::None;
}

/// A layer's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Neurons<'a> {
    /// `[neuron][input]`
    pub weights: &'a [i8],
    /// One of each neuron.
    pub biases: &'a [i8],
    /// The power of 2 by which a bias is multiplied.
    pub bias: u8,
}

/// What is kept of a tile's softmax, for each sample: the largest sum, what all powers come to, and by how much the sample's class is
/// behind the largest, at most 2¹⁶ − 1.
pub type Softmax<const T: usize> = [[i32; T]; 3];

/// An output of a softmax whose sums are others.
#[derive(Clone, Copy, Debug)]
pub struct Output<'s, const T: usize> {
    /// Which it is.
    pub number: usize,
    /// The sums of all outputs before.
    pub sums: &'s [[i32; T]],
    /// Its sums.
    pub new: &'s [i32; T],
}

/// What is computed of `T` samples. All implementations give the same.
pub trait Kernel<const T: usize>: Copy {
    /// Whether a tile's evaluation becomes a function of its own, which saves flash; else it is compiled where it is called
    /// from, for the instruction set of its caller.
    const OUTLINES: bool = false;

    /// The sums of weights times inputs, `[input][T]`.
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; T];

    /// The sums of a layer's neurons, `[neuron][T]`, of inputs `[input][T]`.
    #[inline(always)]
    fn layer<E: Element>(self, neurons: Neurons<'_>, inputs: &[E], sums: &mut [i32]) {
        let width = (inputs.len() / T).max(1);
        let each = neurons.weights.chunks_exact(width).zip(neurons.biases);
        for ((weights, bias), sums) in each.zip(sums.as_chunks_mut().0) {
            *sums = self.dot(weights, inputs);
            let bias = i32::from(*bias) << neurons.bias;
            for sum in sums {
                *sum += bias;
            }
        }
    }

    /// The same of one of the samples' tiles, of which a kernel may know more than its inputs.
    #[inline(always)]
    fn first_layer<E: Element>(self, _tile: usize, neurons: Neurons<'_>, inputs: &[E], sums: &mut [i32]) {
        self.layer(neurons, inputs, sums);
    }

    /// The activations of sums, which are divided by 2^`shift`.
    #[inline(always)]
    fn activate(self, of: Activation, shift: u8, sums: &[i32], outputs: &mut [i8]) {
        for (output, sum) in outputs.iter_mut().zip(sums) {
            *output = activation::activate(of, sum >> shift);
        }
    }

    /// Adds to a neuron's sums what changes of its weights make of inputs `[input][T]`: each is the number of an input and by how
    /// much its weight is more. Behind the last input is the bias, times 2^`bias`.
    #[inline(always)]
    fn change<E: Element>(self, changes: &[(u16, i16)], bias: u8, inputs: &[E], sums: &mut [i32; T]) {
        for (input, by) in changes {
            let by = i32::from(*by);
            match inputs.get(usize::from(*input) * T..).and_then(|column| column.first_chunk()) {
                Some(column) => add_column(by, column, sums),
                None => add_column(by << bias, &[1_u8; T], sums),
            }
        }
    }

    /// What the sums of neurons become, `[neuron][T]`, where an input of theirs is more by so much: its weight is the first, and then
    /// each `stride`th.
    #[inline(always)]
    fn pass_on(self, by: &[i16; T], (weights, stride): (&[i8], usize), before: &[i32], sums: &mut [i32]) {
        let weights = weights.iter().step_by(stride.max(1));
        let neurons = sums.as_chunks_mut().0.iter_mut().zip(before.as_chunks().0);
        for ((sums, before), weight) in neurons.zip(weights) {
            *sums = *before;
            add_column((*weight).into(), by, sums);
        }
    }

    /// The sum of the cross-entropies of samples of these classes, which have the first lanes, from the sums of a softmax,
    /// `[output][T]`; none where it has no way of its own to it. It leaves what it found of these samples where that is `kept`.
    #[inline(always)]
    fn cross_entropies(
        self,
        _sums: &[[i32; T]],
        _shift: u8,
        _classes: &[u8],
        _kept: Option<&mut Softmax<T>>,
    ) -> Option<u64> {
        None
    }

    /// The same where one output is another, from what is kept of the softmax before: without the samples that it lists in `anew`, whose
    /// largest sum may be another.
    #[inline(always)]
    fn changed_cross_entropies(
        self,
        _output: Output<'_, T>,
        _shift: u8,
        _classes: &[u8],
        _kept: &Softmax<T>,
        _anew: &mut heapless::Vec<u16, T>,
    ) -> Option<u64> {
        None
    }
}

impl<const T: usize> Kernel<T> for Portable<T> {
    const OUTLINES: bool = T == 1;

    #[inline(always)]
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; T] {
        if T == 1 {
            return [dot_one(weights, inputs); T];
        }
        let mut sums = [0; T];
        for (weight, inputs) in weights.iter().zip(inputs.as_chunks().0) {
            add_column(i32::from(*weight), inputs, &mut sums);
        }
        sums
    }
}

/// The sum of one sample.
#[inline(never)]
fn dot_one<E: Element>(weights: &[i8], inputs: &[E]) -> i32 {
    /// Products in a loop: on the smallest cores a turn costs as much as one.
    const AT_ONCE: usize = 16;

    let ((weights, last_weights), (inputs, last_inputs)) =
        (weights.as_chunks::<AT_ONCE>(), inputs.as_chunks::<AT_ONCE>());
    let mut sum = 0;
    for (weights, inputs) in weights.iter().zip(inputs) {
        for (weight, input) in weights.iter().zip(inputs) {
            sum += i32::from(*weight) * input.number();
        }
    }
    for (weight, input) in last_weights.iter().zip(last_inputs) {
        sum += i32::from(*weight) * input.number();
    }
    sum
}

/// Adds `by` times an input.
#[inline(always)]
fn add_column<E: Element, const T: usize>(by: i32, inputs: &[E; T], sums: &mut [i32; T]) {
    for (sum, input) in sums.iter_mut().zip(inputs) {
        *sum += by * input.number();
    }
}

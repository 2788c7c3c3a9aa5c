//! What a neuron's sum is computed with.

use crate::lanes::Portable;

/// An integer as data, or the layer before, have it.
pub trait Element: Copy {
    /// The largest that its size can be.
    const MOST: i32;

    /// Four of them as the bytes that they are; none of wider ones.
    const FOUR: Option<Four<Self>> = None;

    /// The element as a number.
    fn number(self) -> i32;
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
    ($($of:ty: $most:expr, $four:expr;)*) => {$(
        impl Element for $of {
            const MOST: i32 = $most;

            const FOUR: Option<Four<Self>> = $four;

            #[inline(always)]
            fn number(self) -> i32 {
                self.into()
            }
        }
    )*};
}

elements! {
    u8: 255, Some(Four::Unsigned(|bytes| *bytes));
    i8: 128, Some(Four::Signed(|bytes| *bytes));
    i16: 32_768, None;
}

/// The sums of `T` samples. All implementations give the same.
pub trait Kernel<const T: usize>: Copy {
    /// Whether a tile's evaluation becomes a function of its own, which saves flash; else it is compiled where it is called
    /// from, for the instruction set of its caller.
    const OUTLINES: bool = false;

    /// The sums of weights times inputs, `[input][T]`.
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; T];
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
pub(super) fn add_column<E: Element, const T: usize>(by: i32, inputs: &[E; T], sums: &mut [i32; T]) {
    for (sum, input) in sums.iter_mut().zip(inputs) {
        *sum += by * input.number();
    }
}

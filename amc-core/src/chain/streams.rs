//! The generators of a large chain: a stream of numbers for each range of parameters, so that several threads can
//! draw one move.

use crate::Generator;

/// Parameters that are drawn from one generator: the first so many from the chain's own, the next from the first
/// stream, and so on.
pub const RANGE: usize = 16_384;

/// Streams that a chain of `parameters` parameters needs beside its own generator: none for up to [`RANGE`].
pub const fn streams(parameters: usize) -> usize {
    parameters.div_ceil(RANGE).saturating_sub(1)
}

/// Random numbers of 32 bits that a move of so many parameters of one range takes: two for each pair of Gaussians.
pub(super) const fn numbers(parameters: usize) -> usize {
    2 * parameters.div_ceil(2)
}

/// The generator of one range of parameters, and its state before the pending move, which can so be drawn again.
#[derive(Clone, Debug)]
pub struct Stream<R> {
    pub(super) now: R,
    pub(super) before: R,
    /// By how much the loss may rise with the pending move: 0, or NaN where it must not be accepted or was not drawn.
    /// The chain's own stream then tells it for all, with the temperature.
    pub(super) allowed_rise: f32,
    /// Whether a move was drawn that is neither kept nor, in place, taken back.
    pub(super) has_move: bool,
}

impl<R: Clone> Stream<R> {
    /// A stream of numbers from `generator`, which must be independent of the chain's other generators.
    pub fn new(generator: R) -> Self {
        Self { before: generator.clone(), now: generator, allowed_rise: 0.0, has_move: false }
    }
}

/// Sets the generator of stream k, counted from 1, to that of a chain, `first`, after k
/// [jumps](Generator::jump): 2⁶⁴ numbers apart.
pub fn jump_streams(first: &Generator, streams: &mut [Stream<Generator>]) {
    let mut generator = first.clone();
    for stream in streams {
        generator.jump();
        *stream = Stream::new(generator.clone());
    }
}

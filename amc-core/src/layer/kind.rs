//! What a kind of layers says of itself, and what its pass is given.
//!
//! Beside the trait, each kind has functions that are `const`, as a net in a `const` needs: `shape(width)`, `activation()`
//! and `check(kept)`.

use core::fmt::Display;

use crate::lanes::{Lanes, Outlined};
use crate::samples::Features;

/// What the sizes of a layer come to. What overflows is `usize::MAX`.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Outputs that the layer before has to have.
    pub takes: usize,
    /// Inputs of a neuron.
    pub fan_in: usize,
    /// Those of them, the last ones, that are the state before.
    pub states: usize,
    /// Neurons.
    pub neurons: usize,
    /// Parameters that follow the weights.
    pub biases: usize,
    /// Numbers that it gives for a sample.
    pub outputs: usize,
    /// Numbers that it has in memory for a sample while it makes them.
    pub room: usize,
    /// How often a sample's pass uses each weight.
    pub uses: usize,
    /// Whether its weights are used at several steps or positions, so that the signal of its inputs is not that of the
    /// numbers it takes.
    pub shared: bool,
    /// What is kept behind it.
    pub kept: Kept,
    /// The fan-in by which PyTorch draws initial parameters.
    pub initial_fan_in: usize,
}

/// What is kept behind a layer, for one that goes on with it.
#[derive(Clone, Copy)]
pub(crate) enum Kept {
    /// What was kept before.
    AsBefore,
    /// So many numbers.
    Numbers(usize),
    /// Nothing.
    Nothing,
}

impl Shape {
    /// That of a layer without parameters.
    pub(crate) const fn without_parameters(takes: usize, outputs: usize) -> Self {
        Self {
            takes,
            fan_in: 0,
            states: 0,
            neurons: outputs,
            biases: 0,
            outputs,
            room: if takes > outputs { takes } else { outputs },
            uses: 1,
            shared: false,
            kept: Kept::AsBefore,
            initial_fan_in: 0,
        }
    }
}

/// Bytes of a postcard description: the most that a size takes.
pub(crate) const SIZE: usize = 10;

/// The most that a number of 32 bits takes.
pub(crate) const SMALL: usize = 5;

/// Those of an activation, or of a choice between two.
pub(crate) const CODE: usize = 1;

/// A kind of layers. Displayed, a layer is the Rust that makes it.
pub trait Kind: Copy + Display {
    /// Why such a layer is refused.
    type Error;

    /// The most bytes that its fields take in postcard.
    const BYTES: usize;

    /// Whether it reads a net's inputs itself where it is the first layer: else it is given a copy of them.
    const STREAMS: bool = false;

    /// Whether it applies its activation itself, as it goes on with its outputs: else it gives the activation's inputs.
    const ACTIVATES: bool = false;

    /// Whether the inputs of its activation are sums of its inputs times weights, `[input][neuron]`, and a bias: then a
    /// change of an input changes them by as much times its weights.
    const SUMS: bool = false;

    /// Elementary functions of a neuron, beside that of its activation.
    const FUNCTIONS: usize = 0;

    /// Whether its pass is a function of its own.
    const OUTLINED: bool = true;

    /// Makes its numbers of those it is given, and has `seen` take the signal of each tile's inputs if signals are wanted and
    /// it has weights.
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<S>);

    /// The same of a net's inputs, for a kind that [streams](Kind::STREAMS) them. There is nothing to see unless weights
    /// are shared.
    #[inline(always)]
    fn first<L: Lanes, S: Seen<L>>(
        &self,
        _lanes: L,
        _inputs: NetInputs<'_, impl Features>,
        _pass: LayerPass<'_, '_>,
        _seen: Option<S>,
    ) {
    }

    /// Sets those of its parameters that do not start from random numbers.
    fn set_initial(&self, _parameters: &mut [f32]) {}

    /// Changes parameters that mixed moves start from, and that were drawn as those of any layer, so that states last until the last
    /// step. Weights of a step's inputs would be larger by `of_inputs` if there were no states.
    fn remember(&self, _parameters: &mut [f32], _of_inputs: f32) {}
}

/// A net's inputs.
pub struct NetInputs<'f, F> {
    /// Where they are stored.
    pub features: &'f F,
    /// The first sample that passes.
    pub first: usize,
    /// What they are to be multiplied by.
    pub scale: f32,
}

/// The memory of a net's pass, each part with room for the widest layer.
#[derive(Default)]
pub struct Buffers<'s> {
    /// What the layer at hand makes.
    pub made: &'s mut [f32],
    /// What the layer before made.
    pub given: &'s mut [f32],
    /// What is kept; empty in a net where nothing is.
    pub kept: &'s mut [f32],
}

/// Tiles on their way through a layer.
pub struct LayerPass<'p, 's> {
    /// How many there are.
    pub tiles: usize,
    /// The layer's weights.
    pub weights: &'p [f32],
    /// What follows them.
    pub biases: &'p [f32],
    /// Outputs of the layer before.
    pub width: usize,
    /// Numbers that the layer before made of all tiles.
    pub taken: usize,
    /// Numbers that this one makes.
    pub wanted: usize,
    /// Where they are: at the front of the buffers.
    pub buffers: &'p mut Buffers<'s>,
}

impl LayerPass<'_, '_> {
    /// What the layer is given, and where it writes, `[tile][unit][T]`.
    #[inline(always)]
    pub(crate) fn numbers(&mut self) -> (&[f32], &mut [f32]) {
        let Buffers { made, given, .. } = &mut *self.buffers;
        (given.get(..self.taken).unwrap_or_default(), made.get_mut(..self.wanted).unwrap_or_default())
    }

    /// The pass of a computation that is a [function of its own](Lanes::outlined).
    #[inline(always)]
    pub(crate) fn outlined<L: Lanes, C: Compute>(self, lanes: L, compute: C, mut seen: Option<impl Seen<L>>) {
        let seen = seen.as_mut().map(|seen| seen as &mut dyn Seen<L>);
        lanes.outlined(Part { compute, pass: self, seen });
    }
}

/// Takes the signals of a layer's inputs.
pub trait Seen<L: Lanes> {
    /// Takes that of a tile. Implementations are `#[inline(always)]`, so that they are compiled for the lanes' instruction set,
    /// which a closure would not be.
    fn take(&mut self, lanes: L, tile: usize, signal: L::V);
}

impl<L: Lanes, S: Seen<L> + ?Sized> Seen<L> for &mut S {
    #[inline(always)]
    fn take(&mut self, lanes: L, tile: usize, signal: L::V) {
        (**self).take(lanes, tile, signal);
    }
}

/// The pass of a layer as a [function of its own](LayerPass::outlined), the same wherever it is called from.
pub(crate) trait Compute {
    /// Computes it. Implementations are `#[inline(always)]`, so that they are compiled for the lanes' instruction set.
    fn run<L: Lanes>(self, lanes: L, pass: LayerPass<'_, '_>, seen: Option<&mut dyn Seen<L>>);
}

struct Part<'p, 's, L: Lanes, C> {
    compute: C,
    pass: LayerPass<'p, 's>,
    seen: Option<&'p mut dyn Seen<L>>,
}

impl<L: Lanes, C: Compute> Outlined<L> for Part<'_, '_, L, C> {
    #[inline(always)]
    fn run(self, lanes: L) {
        self.compute.run(lanes, self.pass, self.seen);
    }
}

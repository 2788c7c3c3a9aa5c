//! Integer nets: weights and activations of 8 bits, sums of 32, trained as such from the start, without a floating-point
//! instruction.
//!
//! A net is the same [description](crate::Net) as elsewhere, with a [`Scale`] for each layer. Nothing is differentiated, so the
//! parameters that moves change are the integers themselves, and an activation may be a step.
//!
//! - **Parameters** are `i8`, −127 to 127 or a smaller limit (7 is 4 bits, 1 ternary), in one flat slice. For each layer in turn:
//!   the weights of each neuron, `[neuron][input]`, and then the biases.
//!   A filter of a convolution is a neuron, `[window row][window column][channel]`, and so is a unit of a simple recurrent layer, whose
//!   inputs are those of a step and then the state before.
//! - **Inputs** are `u8`, `i8` or `i16`, as a sensor gives them.
//! - **A sum** is that of weights times inputs, and of the bias times 2^[`bias`](Scale::bias). Divided by 2^[`shift`](Scale::shift),
//!   rounded down, it is a neuron's pre-activation, in units of 1/64, of a linear output in units of 1, of a softmax in
//!   units of ln 2 / 256: a class is twice as probable for 256 units more. What pools has sums, too: the largest number, or the mean,
//!   rounded down, with [`Scale::NONE`] if it is to stay that. Of a recurrent layer what inputs and bias come to is multiplied by
//!   2^[`gain`](Scale::gain) before the state's products are added.
//! - **Activations** are −127 to 127, which stand for −1 to 1: [`Activation`](crate::Activation) has their functions.
//! - **Losses** are integers, too: see [`Objective`]. Their sum over samples is exact in 64 bits, so neither tiles nor threads
//!   nor the order of samples change it.
//!
//! Sums cannot overflow: [`Net::try_new`] refuses a layer of so many inputs that they could. What saturates is counted.
//!
//! With the feature `layers`, nets have convolutions of images and sequences, pooling and simple recurrent layers beside dense ones; the
//! other kinds have no integers.
//!
//! ```
//! use amc_core::integer::{Chain, ChainMemory, Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles};
//! use amc_core::{Activation, Generator, Layer, Portable};
//! use rand_core::SeedableRng;
//!
//! const LAYERS: &[Layer] = &[Layer::dense(4, Activation::Tanh), Layer::dense(2, Activation::Softmax)];
//! const SHAPE: amc_core::Net = amc_core::Net::new(2, LAYERS);
//! const NET: Net = Net::new(SHAPE, &[Scale::new(5).bias(5), Scale::new(3)], 100);
//!
//! // Which of two numbers is larger?
//! let features: Vec<u8> = (0..200).map(|i| (i * 37 % 101) as u8).collect();
//! let classes: Vec<u8> = features.chunks(2).map(|pair| u8::from(pair[1] > pair[0])).collect();
//! let samples = Samples { features: Tiles::<_, 1>::new(&features, 100, 2), targets: Targets::Classes(&classes) };
//!
//! let (mut parameters, mut undo, mut rates) = ([0; NET.parameters()], [0; NET.widest_neuron()], [0; 2]);
//! let mut memory = vec![0; NET.scratch(1) + NET.kept_sums(1) * 100];
//! let (sums, kept_sums) = memory.split_at_mut(NET.scratch(1));
//! let mut outputs = [0; NET.scratch_outputs(1)];
//! let memory = SerialMemory { sums, outputs: &mut outputs, kept_sums, kept_outputs: &mut [] };
//! let mut evaluator = Serial::new(Objective::new(NET)?, Portable::<1>, samples, memory)?;
//!
//! let mut rng = Generator::seed_from_u64(1);
//! NET.draw(&mut parameters, &mut rng);
//! let memory = ChainMemory { parameters: &mut parameters, undo: &mut undo, rates: &mut rates };
//! let mut chain = Chain::new(NET, memory, rng, &mut evaluator)?;
//! for _ in 0..2000 {
//!     chain.step(&mut evaluator);
//! }
//! assert!(evaluator.score(&samples, chain.parameters())?.correct > 95);
//! # Ok::<(), amc_core::integer::Error>(())
//! ```

mod activation;
mod chain;
mod error;
mod kernel;
mod layers;
mod loss;
mod net;
mod pass;
mod samples;
mod scale;
mod serial;
mod tables;

pub use chain::{Chain, ChainMemory, ChainState, Change, Changes, Evaluate};
pub use error::Error;
pub use kernel::{Bytes, Element, Four, Kernel, Neurons, Output, Softmax};
pub use loss::Objective;
pub use net::Net;
pub use samples::{Samples, Targets, Tiles};
pub use scale::Scale;
pub use serial::{Score, Serial, SerialMemory};
pub use tables::{EXP2, LOG2, TANH};

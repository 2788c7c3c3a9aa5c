//! Every public type formats over defmt. Compiled, not run: without a device there is no logger to link.

#![allow(dead_code)]

use amc_core::batch::{Minibatch, Progressive};
use amc_core::chain::{
    Chain, ChainError, Counters, Decision, Grid, Memory, MovePart, MoveParts, Options, OptionsError, Proposal, State,
    StateError, Stream, TrainingMemory,
};
use amc_core::sums::Total;
use amc_core::window::{Balanced, Reservoir, Window, WindowError};
use amc_core::{
    Activation, BlockScore, Generator, Layer, Loss, Measurements, Net, NetError, Objective, ObjectiveError, Portable,
    Rows, SampleValue, Samples, Score, Section, Targets, Tiles,
};

fn formats<T: defmt::Format>() {}

fn every_public_type_formats() {
    formats::<Portable<4>>();
    formats::<(Activation, Layer, Net<'_>, NetError, Section)>();
    formats::<(Loss, Objective<'_>, ObjectiveError, Score, BlockScore, SampleValue, Measurements<'_>, Total)>();
    formats::<(Rows<'_, u8>, Tiles<'_, f32>, Targets<'_>, Samples<'_, Rows<'_, f32>>)>();
    formats::<(Progressive, Minibatch<'_>, WindowError)>();
    formats::<(Window<8, 3, 1>, Reservoir<8, 3, 1>, Balanced<8, 2, 3>)>();
    formats::<(Options, OptionsError, ChainError, Counters, Decision, Memory<'_>)>();
    formats::<(Grid, TrainingMemory, Stream<Generator>, MovePart<'_, Generator>, MoveParts<'_, Generator>)>();
    formats::<(State<Generator>, StateError)>();
    formats::<(Chain<'_, Generator>, Proposal<'_, '_, Generator, Portable<4>>)>();
}

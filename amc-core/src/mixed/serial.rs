//! Evaluation of changed parts of a net on one core.

use super::{EvaluateParts, Gather};
use crate::kept::{KeptLayer, KeptTask};
use crate::lanes::Lanes;
use crate::net::Net;
use crate::objective::{Objective, ObjectiveError};
use crate::part::Part;
use crate::samples::{Features, Samples};
use crate::score::Sums;
use crate::sums::{BLOCK, LANES, Total, ceiling, join};

/// Memory of a [`SerialParts`], lent by the caller.
#[derive(Debug)]
pub struct SerialMemory<'m> {
    /// A layer each.
    pub layers: &'m mut [KeptLayer],
    /// [`Net::kept`] numbers for each sample, filled up to a multiple of `T`. Where it is less, but as much as a block of
    /// samples takes, nothing is kept and every move costs a whole pass: [`Mixed::set_kept_from`](super::Mixed::set_kept_from) has to
    /// know.
    pub kept: &'m mut [f32],
    /// A number for each sample, filled up likewise, or for each of a block.
    pub fresh: &'m mut [f32],
    /// [`Net::column`] numbers.
    pub column: &'m mut [f32],
    /// [`Net::scratch`]`(T)` numbers, or more.
    pub scratch: &'m mut [f32],
}

impl Net<'_> {
    /// Parameters of the neuron that has most of them.
    pub const fn column(&self) -> usize {
        let (mut layer, mut most, mut width) = (0, 0, self.inputs());
        while layer < self.layers().len() {
            let shape = self.layers()[layer].shape(width);
            if shape.fan_in + 1 > most {
                most = shape.fan_in + 1;
            }
            width = shape.outputs;
            layer += 1;
        }
        most
    }
}

fn at_least(what: &'static str, needed: usize, given: usize) -> Result<(), ObjectiveError> {
    if given < needed { Err(ObjectiveError::Length { what, needed, given }) } else { Ok(()) }
}

/// A net, its loss, and samples, evaluated block by block.
#[derive(Debug)]
pub struct SerialParts<'m, L, F> {
    objective: Objective<'m>,
    lanes: L,
    /// None before they are set.
    samples: Option<Samples<'m, F>>,
    memory: SerialMemory<'m>,
    /// Whether numbers are kept of all samples.
    keeps: bool,
    /// The loss proposed last.
    proposed: f32,
}

impl<'m, L: Lanes, F: Features> SerialParts<'m, L, F> {
    /// Evaluates these samples.
    ///
    /// # Errors
    /// Where they do not fit the net, or the memory is too short.
    pub fn new(
        objective: Objective<'m>,
        lanes: L,
        samples: Samples<'m, F>,
        memory: SerialMemory<'m>,
    ) -> Result<Self, ObjectiveError> {
        objective.check(&samples)?;
        let mut parts = Self::waiting(objective, lanes, memory)?;
        parts.set_samples(Some(samples))?;
        Ok(parts)
    }

    /// Evaluates samples that are [set](SerialParts::set_samples) later.
    ///
    /// # Errors
    /// Where the memory is too short for a sample.
    pub fn waiting(objective: Objective<'m>, lanes: L, memory: SerialMemory<'m>) -> Result<Self, ObjectiveError> {
        let net = objective.net();
        objective.check_lengths::<L>(net.parameters(), memory.scratch.len(), 0)?;
        at_least("kept layers", net.layers().len(), memory.layers.len())?;
        at_least("column", net.column(), memory.column.len())?;
        net.kept_layers(memory.layers);
        Ok(Self { objective, lanes, samples: None, memory, keeps: false, proposed: f32::NAN })
    }

    /// Sets the samples, which [`Objective::check`] has accepted, or none, in place of those before, which it gives. Nothing
    /// is kept of them yet.
    ///
    /// # Errors
    /// Where the memory is too short for them; then nothing has changed.
    pub fn set_samples(&mut self, samples: Option<Samples<'m, F>>) -> Result<Option<Samples<'m, F>>, ObjectiveError> {
        let (net, memory) = (self.objective.net(), &self.memory);
        let all = samples.as_ref().map_or(0, Samples::len).next_multiple_of(L::T);
        let keeps = memory.kept.len() >= net.kept().saturating_mul(all) && memory.fresh.len() >= all;
        let padded = if keeps { all } else { all.min(BLOCK) };
        at_least("kept", net.kept().saturating_mul(padded), memory.kept.len())?;
        at_least("fresh", padded, memory.fresh.len())?;
        self.keeps = keeps;
        Ok(core::mem::replace(&mut self.samples, samples))
    }

    /// What is evaluated.
    pub fn objective(&self) -> Objective<'m> {
        self.objective
    }

    /// The samples, if there are any.
    pub fn samples(&self) -> Option<&Samples<'m, F>> {
        self.samples.as_ref()
    }

    /// Its scratch memory, which is free between moves.
    pub fn scratch(&mut self) -> &mut [f32] {
        self.memory.scratch
    }

    /// Whether numbers are kept of all samples.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    fn count(&self) -> usize {
        self.samples.as_ref().map_or(0, Samples::len)
    }

    fn blocks(&self) -> usize {
        self.count().div_ceil(BLOCK)
    }

    /// What is kept of a block: from which number on, and how many; and the same of what is fresh.
    fn places(&self, block: usize) -> [(usize, usize); 2] {
        let at = if self.keeps { block } else { 0 };
        let samples = (self.count() - block * BLOCK).min(BLOCK).next_multiple_of(L::T);
        let kept = self.objective.net().kept();
        [(at * BLOCK * kept, samples * kept), (at * BLOCK, samples)]
    }

    /// The loss with a part changed, kept or not, if it is not certain to exceed the bound.
    // Once, for both tasks: the pass is the larger part of a small image.
    #[inline(never)]
    fn run(&mut self, bound: f32, parameters: &[f32], part: Part, keeps: bool) -> Option<f32> {
        let part = if self.keeps { part } else { Part::Net };
        let of_neuron = match part {
            Part::Neuron { .. } if !keeps => {
                let indices = self.objective.net().indices(part);
                let parameters = indices.map(|index| parameters.get(index).copied().unwrap_or(0.0));
                self.memory.column.iter_mut().zip(parameters).map(|(to, from)| *to = from).count()
            }
            _ => 0,
        };
        let terms = self.objective.terms(self.count());
        let (ceiling, mut total) = (ceiling(bound, terms), Total::default());
        for block in 0..self.blocks() {
            if total.exceeds(ceiling) {
                return None;
            }
            total.add(self.block(parameters, part, block, of_neuron, keeps));
        }
        Some(total.mean(terms))
    }

    /// The sum of a block's losses.
    fn block(&mut self, parameters: &[f32], part: Part, block: usize, of_neuron: usize, keeps: bool) -> f32 {
        let Some(samples) = &self.samples else { return f32::NAN };
        let [(kept_at, kept), (fresh_at, fresh)] = self.places(block);
        let SerialMemory { layers, kept: all_kept, fresh: all_fresh, column, scratch } = &mut self.memory;
        let kept = all_kept.get_mut(kept_at..kept_at + kept).unwrap_or_default();
        let fresh = all_fresh.get_mut(fresh_at..fresh_at + fresh).unwrap_or_default();
        let task = match keeps {
            true => KeptTask::Keep { kept, fresh, counts: false },
            false => KeptTask::Propose { kept, fresh, column: column.get(..of_neuron).unwrap_or_default() },
        };
        let mut sums = Sums { loss: [0.0; LANES], signals: &mut [] };
        let of = (part, &**layers);
        self.objective.part(self.lanes, parameters, of, samples, block, task, scratch, &mut sums);
        join(sums.loss)
    }
}

impl<L: Lanes, F: Features> EvaluateParts for SerialParts<'_, L, F> {
    type Lanes = L;

    fn lanes(&self) -> L {
        self.lanes
    }

    fn propose(&mut self, bound: f32, parameters: &[f32], part: Part) -> Option<f32> {
        let loss = self.run(bound, parameters, part, false);
        self.proposed = loss.unwrap_or(f32::NAN);
        loss
    }

    fn keep(&mut self, parameters: &[f32], part: Part) -> f32 {
        let found = self.run(f32::INFINITY, parameters, part, true).unwrap_or(f32::NAN);
        match part {
            // Its losses were those of a whole pass when it was proposed, and are not found once more.
            Part::Neuron { layer, .. }
                if self.keeps && self.memory.layers.get(layer).is_some_and(KeptLayer::is_exact) =>
            {
                self.proposed
            }
            _ => found,
        }
    }

    fn gather(&mut self, net: Net<'_>, parameters: &[f32], statistics: &mut [f32], from: usize) {
        let changed = if self.keeps { Part::Layer(from.saturating_sub(1)) } else { Part::Net };
        let mut gather = Gather::new(net, statistics, from);
        for block in 0..self.blocks() {
            self.block(parameters, changed, block, 0, true);
            let [(at, count), _] = self.places(block);
            let Some(samples) = &self.samples else { continue };
            let kept = self.memory.kept.get(at..at + count).unwrap_or_default();
            let (start, count) = (block * BLOCK, (samples.len() - block * BLOCK).min(BLOCK));
            gather.add(self.lanes, self.memory.layers, kept, &samples.features, (start, count));
        }
        gather.end();
    }
}

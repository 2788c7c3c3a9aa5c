//! The arms: kinds of moves in each layer, chosen by what they gain for what they cost, each with its own step size.

use rand_core::Rng;

use crate::elementary::exp;
use crate::gaussian::uniform;
use crate::lanes::Portable;
use crate::net::Net;
use crate::part::Part;

/// What a move changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MoveKind {
    /// All parameters.
    Net,
    /// All that one neuron has.
    Neuron,
    /// Some weights of one neuron, and its bias.
    Weights,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 3;

/// log₂ σ of the first moves: a neuron's sum changes by a tenth, in standard deviation over the samples.
const FIRST: f32 = -core::f32::consts::LOG2_10;
/// log₂ σ below which it begins anew.
const SMALLEST: f32 = -9.0;
/// Standard deviation of log₂ σ from move to move.
const SPREAD: f32 = 0.3;
/// By how much log₂ σ grows with a success is 1 − p of this, by how much it falls without p of this: σ rests where a share p
/// of the moves succeeds (Rechenberg's rule).
const LEARNING_RATE: f32 = 0.05;
const SUCCESSES: f32 = 0.2;
/// Moves over which gains are averaged.
const MEMORY: f32 = 20.0;
/// Moves of each kind before gains are compared.
const WARM_UP: f32 = 20.0;
/// Moves that the gain of its kind counts for in an arm's.
const PRIOR: f32 = 1.0;
/// The share of all cost that goes to arms whatever they gain.
const EXPLORED: f32 = 0.1;

/// A mean over about the last 20 numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RunningMean {
    /// The mean.
    pub mean: f32,
    /// Numbers, up to those that it remembers.
    pub count: f32,
}

impl RunningMean {
    fn add(&mut self, number: f32) {
        self.count = (self.count + 1.0).min(MEMORY);
        self.mean += (number - self.mean) / self.count;
    }
}

/// A kind of moves in a layer: what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arm {
    pub(super) kind: MoveKind,
    /// The layer; of the net, 0.
    pub(super) layer: usize,
    /// Multiply-adds, and elementary functions counted as such, of a move's evaluation for a sample.
    pub(super) cost: f32,
    /// log₂ σ
    pub log2_sigma: f32,
    /// What moves gained, over the loss.
    pub gain: RunningMean,
}

impl Arm {
    /// Memory for one.
    pub const NEW: Self =
        Self { kind: MoveKind::Net, layer: 0, cost: 0.0, log2_sigma: 0.0, gain: RunningMean { mean: 0.0, count: 0.0 } };

    /// Forgets what it knew.
    pub(super) fn forget(&mut self) {
        *self = Self { log2_sigma: FIRST, ..Self::NEW };
    }

    /// What it changes.
    pub fn kind(&self) -> MoveKind {
        self.kind
    }

    /// The layer in which it does, from 0; of the net, 0.
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// σ, the step size.
    pub fn sigma(&self) -> f32 {
        exp2(self.log2_sigma)
    }

    /// The step size of a move.
    pub(super) fn draw_sigma<R: Rng>(&self, rng: &mut R) -> f32 {
        let mut normal = [0.0];
        crate::gaussian::fill(Portable::<1>, rng, SPREAD, &mut normal);
        exp2(self.log2_sigma + normal[0])
    }

    /// Learns from a move.
    fn learn(&mut self, gain: f32, succeeded: bool) {
        self.gain.add(gain);
        self.log2_sigma += LEARNING_RATE * if succeeded { 1.0 - SUCCESSES } else { -SUCCESSES };
        if self.log2_sigma < SMALLEST {
            self.log2_sigma = FIRST;
        }
    }
}

/// 2ˣ, the same bits everywhere.
pub(super) fn exp2(x: f32) -> f32 {
    let [y] = exp(Portable::<1>, [x * core::f32::consts::LN_2]);
    y
}

/// log₂ of a positive normal number.
pub(super) fn log2(x: f32) -> f32 {
    let [y] = crate::elementary::ln_normal(Portable::<1>, [x]);
    y * core::f32::consts::LOG2_E
}

/// An integer below `n`.
pub(crate) fn below<R: Rng>(rng: &mut R, n: usize) -> usize {
    ((u64::from(rng.next_u32()) * n as u64) >> 32) as usize
}

impl Net<'_> {
    /// The arms of its mixed moves.
    pub const fn arms(&self) -> usize {
        let (mut layer, mut arms, mut width) = (0, 1, self.inputs());
        while layer < self.layers().len() {
            let shape = self.layers()[layer].shape(width);
            if shape.fan_in > 0 && shape.neurons > 0 {
                arms += 2;
            }
            width = shape.outputs;
            layer += 1;
        }
        arms
    }
}

/// All arms, and what is known of each kind.
#[derive(Debug)]
pub(super) struct Arms<'m> {
    arms: &'m mut [Arm],
    kinds: [RunningMean; KINDS],
}

impl<'m> Arms<'m> {
    /// The arms of a net, of which that is known which these know, and the kinds: by default, nothing.
    pub(super) fn new(net: Net<'_>, arms: &'m mut [Arm], kinds: [RunningMean; KINDS]) -> Self {
        let neuron = |layer| [(MoveKind::Neuron, layer), (MoveKind::Weights, layer)];
        let layers = (0..net.layers().len()).filter(|layer| net.neurons(*layer) > 0).flat_map(neuron);
        let all = core::iter::once((MoveKind::Net, 0)).chain(layers);
        for (arm, (kind, layer)) in arms.iter_mut().zip(all) {
            *arm = Arm { kind, layer, ..*arm };
        }
        let mut all = Self { arms, kinds };
        all.set_costs(net, 0);
        all
    }

    /// What moves cost, where numbers are kept of the layers from `first` on.
    pub(super) fn set_costs(&mut self, net: Net<'_>, first: usize) {
        for arm in &mut *self.arms {
            let Arm { kind, layer, .. } = *arm;
            let part = if kind == MoveKind::Net { Part::Net } else { Part::Neuron { layer, unit: 0 } };
            // By what they cost with what is kept of a softmax, moves of its neurons would be made so often that nets learn more by
            // heart, and no sooner.
            arm.cost = net.cost_anew(net.evaluated(part, first)).total().max(1) as f32;
        }
    }

    pub(super) fn parts(&self) -> (&[Arm], [RunningMean; KINDS]) {
        (self.arms, self.kinds)
    }

    pub(super) fn get(&self, index: usize) -> Arm {
        self.arms.get(index).copied().unwrap_or(Arm::NEW)
    }

    /// Which is to move: with a probability that spends on each arm what it has gained of all that was gained.
    pub(super) fn choose<R: Rng>(&self, rng: &mut R) -> usize {
        let is_cold = |arm: &Arm| self.of_kind(arm.kind).count < WARM_UP;
        let cold = self.arms.iter().filter(|arm| is_cold(arm)).count();
        if cold > 0 {
            // Each cold kind as often as another, and then each arm of it.
            let kinds = [MoveKind::Net, MoveKind::Neuron, MoveKind::Weights];
            let of = |kind: MoveKind| self.arms.iter().filter(move |arm| arm.kind == kind).count();
            let cold = |kind: &MoveKind| self.of_kind(*kind).count < WARM_UP && of(*kind) > 0;
            let which = below(rng, kinds.iter().filter(|kind| cold(kind)).count());
            let kind = kinds.into_iter().filter(cold).nth(which).unwrap_or(MoveKind::Net);
            let which = below(rng, of(kind));
            let mut of_kind = self.arms.iter().enumerate().filter(|(_, arm)| arm.kind == kind);
            return of_kind.nth(which).map_or(0, |(index, _)| index);
        }
        let rates = self.arms.iter().map(|arm| self.rate(arm)).sum::<f32>();
        let count = self.arms.len() as f32;
        let probability = |arm: &Arm| {
            let share = if rates > 0.0 { (1.0 - EXPLORED) * self.rate(arm) / rates + EXPLORED / count } else { 1.0 };
            share / arm.cost
        };
        let mut left = uniform(rng) * self.arms.iter().map(probability).sum::<f32>();
        for (index, arm) in self.arms.iter().enumerate() {
            left -= probability(arm);
            if left <= 0.0 {
                return index;
            }
        }
        self.arms.len().saturating_sub(1)
    }

    /// Gain for cost, which that of its kind stands for until an arm has moved often.
    fn rate(&self, arm: &Arm) -> f32 {
        let RunningMean { mean, count } = arm.gain;
        let of_kind = self.of_kind(arm.kind).mean;
        (mean * count + PRIOR * of_kind) / ((count + PRIOR) * arm.cost)
    }

    fn of_kind(&self, kind: MoveKind) -> RunningMean {
        self.kinds[kind as usize % KINDS]
    }

    /// Learns from a move of an arm, which made the loss so much smaller relative to what it was.
    pub(super) fn learn(&mut self, index: usize, gain: f32) {
        /// Below, a gain is rounding.
        const LEAST: f32 = 1e-7;
        if let Some(arm) = self.arms.get_mut(index) {
            arm.learn(gain, gain > LEAST);
            self.kinds[arm.kind as usize % KINDS].add(gain);
        }
    }
}

//! Parts of a net that a move changes: what it costs to evaluate the net again, and which of its parameters they are.

use crate::activation::Activation;
use crate::layer::Layer;
use crate::layer::kind::{Kept, Shape};
use crate::net::{Net, Section};

/// A part of a net, by its parameters. Layers and neurons are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// All parameters.
    Net,
    /// Those of a layer.
    Layer(usize),
    /// The weights of a neuron's inputs, and its bias: in a convolution those of a filter, in a recurrent layer those of a
    /// unit, in a gated one those of a unit's gate.
    Neuron {
        /// The neuron's layer.
        layer: usize,
        /// Which of the layer's neurons it is.
        unit: usize,
    },
}

impl Part {
    /// The first layer that has parameters in it.
    #[inline]
    pub const fn layer(&self) -> usize {
        match *self {
            Self::Net => 0,
            Self::Layer(layer) | Self::Neuron { layer, .. } => layer,
        }
    }
}

/// What an evaluation computes for a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cost {
    /// Multiply-adds.
    pub multiply_adds: usize,
    /// Elementary functions: of activations, and of losses that take any.
    pub elementary: usize,
}

impl Cost {
    /// Multiply-adds that an elementary function counts as: what one takes on wide lanes, more or less.
    pub const ELEMENTARY: usize = 16;

    /// Both, in multiply-adds.
    pub const fn total(&self) -> usize {
        self.multiply_adds.saturating_add(self.elementary.saturating_mul(Self::ELEMENTARY))
    }

    const fn add(self, multiply_adds: usize, elementary: usize) -> Self {
        Self {
            multiply_adds: self.multiply_adds.saturating_add(multiply_adds),
            elementary: self.elementary.saturating_add(elementary),
        }
    }
}

/// Elementary functions where one input of a softmax is another, and what it came to is kept: two exponentials, and a logarithm or a
/// division.
const FUNCTIONS_OF_ONE: usize = 3;

/// Elementary functions of one output.
const fn elementary(activation: Activation) -> usize {
    match activation {
        Activation::Linear | Activation::Relu | Activation::Sign | Activation::Step => 0,
        Activation::Tanh | Activation::Sigmoid | Activation::Softmax => 1,
    }
}

const fn of_layer(layer: &Layer, width: usize) -> (usize, usize) {
    let Shape { fan_in, neurons, uses, .. } = layer.shape(width);
    let neurons = neurons.saturating_mul(uses);
    let functions = layer.own_functions() + elementary(layer.activation());
    (neurons.saturating_mul(fan_in), neurons.saturating_mul(functions))
}

impl Net<'_> {
    /// What a whole pass computes.
    pub const fn cost(&self) -> Cost {
        self.cost_from(0)
    }

    /// What the layers from `begun` on compute.
    const fn cost_from(&self, begun: usize) -> Cost {
        let (mut cost, mut layer, mut width) = (Cost { multiply_adds: 0, elementary: 0 }, 0, self.inputs());
        while layer < self.layers().len() {
            let kind = &self.layers()[layer];
            if layer >= begun {
                let (multiply_adds, elementary) = of_layer(kind, width);
                cost = cost.add(multiply_adds, elementary);
            }
            width = kind.units();
            layer += 1;
        }
        cost
    }

    /// What an evaluation of a changed `part` computes, where the numbers between the layers are
    /// [kept](crate::Objective::part).
    pub const fn cost_of(&self, part: Part) -> Cost {
        match part {
            Part::Neuron { layer, .. } if self.keeps_softmax(layer) => {
                Cost { elementary: FUNCTIONS_OF_ONE, ..self.cost_anew(part) }
            }
            _ => self.cost_anew(part),
        }
    }

    /// The same if all that a softmax computes were computed anew.
    pub(crate) const fn cost_anew(&self, part: Part) -> Cost {
        let Part::Neuron { layer, .. } = part else {
            return self.cost_from(self.begins(part.layer()));
        };
        // By slices that are checked once, so that an image holds no panic.
        let Some((before, behind)) = self.layers().split_at_checked(layer) else { return self.cost() };
        let (true, Some((this, above))) = (self.is_corrected(layer), behind.split_first()) else {
            return self.cost_from(self.begins(layer));
        };
        let width = match before.last() {
            Some(before) => before.units(),
            None => self.inputs(),
        };
        let own = elementary(this.activation());
        let Some(next) = above.first() else {
            return Cost { multiply_adds: width, elementary: own * this.units() };
        };
        let functions = elementary(next.activation()).saturating_mul(next.units());
        let above = self.cost_from(layer + 2);
        above.add(width.saturating_add(next.units()), own.saturating_add(functions))
    }

    /// What is evaluated for a changed `part`, where nothing is kept of the layers before `first`: the part, or the net where the
    /// inputs that it would begin with are not kept.
    pub const fn evaluated(&self, part: Part, first: usize) -> Part {
        if first == 0 || self.begins(part.layer()) > first { part } else { Part::Net }
    }

    /// What it computes to [keep](crate::KeptTask::Keep) a changed part that was proposed.
    pub const fn cost_of_keeping(&self, part: Part) -> Cost {
        match part {
            Part::Neuron { layer, .. } if self.keeps_softmax(layer) => {
                Cost { multiply_adds: 0, elementary: self.outputs() }
            }
            Part::Neuron { layer, .. } if self.is_corrected(layer) => self.cost_from(layer + 1),
            _ => self.cost_from(self.begins(part.layer())),
        }
    }

    /// Where the parameters of a part are; of a neuron its weights in the order of its inputs, and then its bias.
    #[inline]
    pub fn indices(&self, part: Part) -> impl Iterator<Item = usize> + Clone + use<> {
        let layer = self.sections().zip(self.layers()).nth(part.layer());
        let (start, end, step, bias) = match (part, layer) {
            (Part::Net, _) => (0, self.parameters(), 1, None),
            (Part::Layer(_), Some((section, _))) => (section.range().start, section.range().end, 1, None),
            (Part::Neuron { unit, .. }, Some((Section { start, weights, biases, .. }, layer))) => {
                let neurons = layer.shape(0).neurons;
                let (is_one, biases_from) = (unit < neurons && weights > 0, start + weights);
                let bias = (is_one && unit < biases).then_some(biases_from + unit);
                (start + unit, if is_one { biases_from } else { 0 }, neurons, bias)
            }
            (_, None) => (0, 0, 1, None),
        };
        (start..end).step_by(step.max(1)).chain(bias)
    }

    /// Neurons of a layer that are [parts](Part::Neuron): of one without weights, none.
    pub fn neurons(&self, layer: usize) -> usize {
        let mut layers = self.sections().zip(self.layers());
        let weighted = |(section, layer): (Section, &Layer)| (section.weights > 0).then(|| layer.shape(0).neurons);
        layers.nth(layer).and_then(weighted).unwrap_or(0)
    }

    /// Whether a changed neuron of this layer is evaluated by its own sum alone, which corrects those of the next layer if
    /// there is one.
    pub(crate) const fn is_corrected(&self, layer: usize) -> bool {
        let Some((_, behind)) = self.layers().split_at_checked(layer) else { return false };
        let has_sums = match behind {
            [] => false,
            [last] => last.has_sums(),
            [this, next, ..] => this.has_sums() && next.has_sums(),
        };
        has_sums && self.begins(layer) == layer
    }

    /// The layer at which a pass has to begin for a change in this one: the last at which nothing is kept for later layers.
    pub(crate) const fn begins(&self, layer: usize) -> usize {
        let (mut begins, mut at, mut is_kept) = (0, 0, false);
        while at <= layer && at < self.layers().len() {
            if !is_kept {
                begins = at;
            }
            is_kept = match self.layers()[at].shape(0).kept {
                Kept::AsBefore => is_kept,
                Kept::Numbers(_) => true,
                Kept::Nothing => false,
            };
            at += 1;
        }
        begins
    }
}

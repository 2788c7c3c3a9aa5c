//! What is kept of the layers of a net.

use super::softmax;
use crate::activation::Activation;
use crate::net::Net;

/// What is kept of a layer, and how a change in it is evaluated: found once, for [`Net::kept_layers`] to fill.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KeptLayer {
    /// Where its outputs are among the numbers kept of a sample, unless it is the last layer.
    pub(super) outputs: Option<usize>,
    /// Where its sums are, of a layer that is corrected, or whose neurons' own are put among them.
    pub(super) sums: Option<usize>,
    /// Its outputs' number.
    pub(super) units: usize,
    /// Where its weights begin.
    pub(super) start: usize,
    /// Whether a changed neuron is evaluated by its own sum alone.
    pub(super) is_corrected: bool,
    /// Whether what its softmax comes to is kept, behind its sums.
    pub(super) keeps_softmax: bool,
    /// The layer at which other changes in it have to begin.
    pub(super) begins: usize,
}

impl Net<'_> {
    /// Numbers that are [kept](crate::Objective::part) of a sample.
    pub const fn kept(&self) -> usize {
        self.kept_from(0)
    }

    /// The same where nothing is kept of the layers before `first`.
    pub const fn kept_from(&self, first: usize) -> usize {
        let (mut layer, mut kept) = (first, 0);
        while layer < self.layers().len() {
            let units = self.layers()[layer].units();
            kept += if layer + 1 < self.layers().len() { units } else { 0 };
            kept += if self.keeps_sums(layer) { units } else { 0 };
            kept += if self.keeps_softmax(layer) { softmax::NUMBERS } else { 0 };
            layer += 1;
        }
        kept
    }

    /// Finds what is kept of each layer.
    pub fn kept_layers(&self, layers: &mut [KeptLayer]) {
        self.kept_layers_from(0, layers);
    }

    /// The same where nothing is kept of the layers before `first`: a part is to be the one that is then
    /// [evaluated](Net::evaluated).
    pub fn kept_layers_from(&self, first: usize, layers: &mut [KeptLayer]) {
        let mut at = 0;
        let of = self.layers().iter().zip(self.sections()).enumerate();
        for (kept, (index, (layer, section))) in layers.iter_mut().zip(of) {
            let units = layer.units();
            let mut slot = |is_kept: bool| {
                let is_kept = is_kept && index >= first;
                let slot = is_kept.then_some(at);
                at += if is_kept { units } else { 0 };
                slot
            };
            *kept = KeptLayer {
                outputs: slot(index + 1 < self.layers().len()),
                sums: slot(self.keeps_sums(index)),
                units,
                start: section.start,
                is_corrected: self.is_corrected(index),
                keeps_softmax: self.keeps_softmax(index),
                begins: self.begins(index),
            };
        }
    }

    /// Whether a layer's sums are kept.
    const fn keeps_sums(&self, layer: usize) -> bool {
        let is_last = layer + 1 == self.layers().len();
        (layer > 0 && self.is_corrected(layer - 1)) || (is_last && self.is_corrected(layer))
    }

    /// Whether what a layer's softmax comes to is kept, so that a changed neuron costs two exponentials, and not one for each.
    pub(crate) const fn keeps_softmax(&self, layer: usize) -> bool {
        let Some((_, [last])) = self.layers().split_at_checked(layer) else { return false };
        matches!(last.activation(), Activation::Softmax) && last.units() >= softmax::FROM && self.is_corrected(layer)
    }
}

impl Default for KeptLayer {
    fn default() -> Self {
        Self::NEW
    }
}

impl KeptLayer {
    /// Numbers that are kept of a sample's softmax, if it has at least [`SOFTMAX_FROM`](KeptLayer::SOFTMAX_FROM) outputs.
    pub const SOFTMAX: usize = softmax::NUMBERS;
    /// Outputs from which on something is kept of a softmax.
    pub const SOFTMAX_FROM: usize = softmax::FROM;

    /// One that is to be [found](Net::kept_layers).
    pub const NEW: Self =
        Self { outputs: None, sums: None, units: 0, start: 0, is_corrected: false, keeps_softmax: false, begins: 0 };

    /// Whether a proposal of one of its neurons that [correct](KeptLayer::is_corrected) no other has the bits of a whole pass.
    pub(crate) fn is_exact(&self) -> bool {
        self.outputs.is_none() && !self.keeps_softmax
    }

    /// Where what its softmax comes to is, if that is kept.
    pub(super) fn softmax(&self) -> Option<usize> {
        self.sums.filter(|_| self.keeps_softmax).map(|sums| sums + self.units)
    }

    /// Its outputs among what is kept of so many samples, and how many of a sample there are.
    pub(crate) fn outputs_of<'k>(&self, kept: &'k [f32], samples: usize) -> (&'k [f32], usize) {
        let start = self.outputs.map_or(usize::MAX, |outputs| outputs * samples);
        let end = start.saturating_add(self.units * samples);
        (kept.get(start..end).unwrap_or_default(), self.units)
    }
}

#[inline(always)]
pub(super) fn layer_of(layers: &[KeptLayer], layer: usize) -> KeptLayer {
    layers.get(layer).copied().unwrap_or_default()
}

//! Which parameters of a net are trained, where others are to stay as they are.

use core::ops::Range;

use crate::layer::Layer;
use crate::net::{Net, Section};

/// What of a layer is trained; the rest of it is frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Trainable {
    /// All its parameters.
    #[default]
    All,
    /// What follows its weights: biases, and all that a normalisation has.
    Biases,
    /// Nothing.
    Nothing,
}

/// Why there is no such selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SelectionError {
    /// It is not said of each layer.
    #[error("what is trained is said of {given} layers, but the net has {needed}")]
    Layers {
        /// The net's layers.
        needed: usize,
        /// Those that something is said of.
        given: usize,
    },
    /// No parameter is trained.
    #[error("nothing is trained: the layers chosen have no parameters")]
    Nothing,
}

/// The k parameters of a net that are trained: a vector of their own, in the net's order, that a chain moves.
///
/// ```
/// use amc_core::{Activation, Layer, Net, Selection, Trainable};
///
/// const NET: Net = Net::new(64, &[Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)]);
/// const HEAD: Selection = Selection::new(NET, &[Trainable::Nothing, Trainable::All]);
/// assert_eq!(HEAD.parameters(), (16 + 1) * 10);
///
/// let mut net = [0.5; NET.parameters()];
/// HEAD.put(&[1.0; HEAD.parameters()], &mut net);
/// assert_eq!((net[1039], net[1040]), (0.5, 1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Selection<'a> {
    net: Net<'a>,
    /// One a layer, or none where all is trained.
    of: &'a [Trainable],
}

impl<'a> Selection<'a> {
    /// All parameters.
    pub const fn all(net: Net<'a>) -> Self {
        Self { net, of: &[] }
    }

    /// A selection known to be right; in a `const`, a wrong one does not compile.
    ///
    /// # Panics
    /// Where [`try_new`](Selection::try_new) gives an error.
    pub const fn new(net: Net<'a>, of: &'a [Trainable]) -> Self {
        match Self::try_new(net, of) {
            Ok(selection) => selection,
            Err(_) => panic!("no selection of this net's parameters: Selection::try_new tells why"),
        }
    }

    /// What is trained of each layer.
    ///
    /// # Errors
    /// Where there are more or fewer layers, or nothing is trained.
    pub const fn try_new(net: Net<'a>, of: &'a [Trainable]) -> Result<Self, SelectionError> {
        let (needed, given) = (net.layers().len(), of.len());
        if needed != given {
            return Err(SelectionError::Layers { needed, given });
        }
        let selection = Self { net, of };
        if selection.parameters() == 0 {
            return Err(SelectionError::Nothing);
        }
        Ok(selection)
    }

    /// The net.
    pub const fn net(&self) -> Net<'a> {
        self.net
    }

    pub(crate) const fn layers(&self) -> &'a [Layer] {
        self.net.layers()
    }

    /// k, the number of parameters that are trained.
    pub const fn parameters(&self) -> usize {
        let mut frozen = 0;
        let (mut layer, mut width) = (0, self.net.inputs());
        while layer < self.of.len() {
            let shape = self.net.layers()[layer].shape(width);
            frozen += match self.of[layer] {
                Trainable::All => 0,
                Trainable::Biases => shape.fan_in * shape.neurons,
                Trainable::Nothing => shape.fan_in * shape.neurons + shape.biases,
            };
            width = shape.outputs;
            layer += 1;
        }
        self.net.parameters() - frozen
    }

    /// The sections of the k parameters, one for each layer, empty where it is frozen.
    #[inline]
    pub fn sections(&self) -> impl Iterator<Item = Section> + Clone + use<'a> {
        let of = self.of;
        self.net.sections().enumerate().scan(0, move |start, (layer, section)| {
            let (weights, biases) = match of.get(layer) {
                None | Some(Trainable::All) => (section.weights, section.biases),
                Some(Trainable::Biases) => (0, section.biases),
                Some(Trainable::Nothing) => (0, 0),
            };
            let trained = Section { start: *start, weights, biases, ..section };
            *start += weights + biases;
            Some(trained)
        })
    }

    /// Where each layer's trained parameters are among all of the net's.
    fn ranges(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        self.net.sections().zip(self.sections()).map(|(whole, trained)| {
            let end = whole.range().end;
            end - trained.biases - trained.weights..end
        })
    }

    /// Copies the trained parameters of a net out of all of them.
    ///
    /// `net` has [`Net::parameters`] numbers, `trained` has [`parameters`](Selection::parameters); of others as many as there are.
    pub fn take(&self, net: &[f32], trained: &mut [f32]) {
        let all = self.ranges().flat_map(|range| net.get(range).unwrap_or_default());
        trained.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
    }

    /// Copies them back to their places; all others stay.
    pub fn put(&self, trained: &[f32], net: &mut [f32]) {
        let mut rest = trained;
        for range in self.ranges() {
            let to = net.get_mut(range).unwrap_or_default();
            let Some((from, left)) = rest.split_at_checked(to.len()) else { return };
            to.copy_from_slice(from);
            rest = left;
        }
    }
}

impl<'a> From<Net<'a>> for Selection<'a> {
    fn from(net: Net<'a>) -> Self {
        Self::all(net)
    }
}

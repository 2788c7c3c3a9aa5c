//! What numbers are between two layers in PyTorch, where images and sequences of a convolution have channels first.

use amc_core::{Image, Layer};

use crate::layers::kind;
use crate::order::Axes;

/// Why a net has no counterpart in PyTorch's order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// An image of several channels, of numbers that were none.
    #[error("layer {layer} is {takes}, but what is before it has another order where channels are first")]
    Image {
        /// The layer, from 0.
        layer: usize,
        /// What it is, and of what.
        takes: String,
    },
    /// What is kept has another order than what it is added to.
    #[error("layer {layer} adds numbers of another order than those before it")]
    Kept {
        /// The layer, from 0.
        layer: usize,
    },
}

/// What numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// The net's own inputs: each layer takes them in its own order.
    Inputs(usize),
    /// Numbers in one order everywhere.
    Flat(usize),
    /// States of a recurrent layer: so many steps, and numbers of each.
    States(usize, usize),
    /// What a convolution or pooling gives, channels first; a sequence is an image of one row.
    Image(Image),
}

impl Between {
    pub(crate) fn axes(self) -> Axes {
        match self {
            Self::Inputs(numbers) | Self::Flat(numbers) => Axes::flat(numbers),
            Self::States(steps, units) => Axes::flat(steps.saturating_mul(units)),
            Self::Image(image) => Axes::image(image),
        }
    }

    /// Whether a layer can take these for such an image.
    fn is_image(self, image: Image) -> bool {
        match self {
            Self::Inputs(_) => true,
            Self::Image(own) => own == image,
            Self::States(steps, units) => Image::new(1, steps, units) == image,
            Self::Flat(_) => Axes::image(image).are_same(),
        }
    }
}

/// The way of numbers through a net.
pub(crate) struct Flow {
    pub(crate) between: Between,
    kept: Option<Between>,
    layers: usize,
}

impl Flow {
    pub(crate) fn new(inputs: usize) -> Self {
        Self { between: Between::Inputs(inputs), kept: None, layers: 0 }
    }

    /// Goes through a layer; gives what it takes.
    pub(crate) fn through(&mut self, layer: &Layer) -> Result<Between, FlowError> {
        let (taken, index) = (self.between, self.layers);
        self.layers += 1;
        let (image, given) = match layer {
            Layer::Convolution(of) => (Some(of.image), Between::Image(of.image.through(of.kernel, of.filters))),
            Layer::MaxPool(of) => (Some(of.image), Between::Image(of.image.through(of.kernel, of.image.channels))),
            Layer::GlobalAverage(of) => (Some(of.image), Between::Flat(of.image.channels)),
            Layer::Conv1d(of) => {
                let sequence = Image::new(1, of.steps, of.channels);
                let steps = sequence.through(of.kernel, 1).columns;
                (Some(sequence), Between::Image(Image::new(1, steps, of.filters)))
            }
            Layer::Recurrent(of) => (sequence(taken, of.steps, of.inputs), states(of.every, of.steps, of.units)),
            Layer::Gru(of) => (sequence(taken, of.steps, of.inputs), states(of.every, of.steps, of.units)),
            Layer::Dense(of) => (None, Between::Flat(of.units)),
            Layer::Keep(_) => {
                self.kept = Some(taken);
                (None, taken)
            }
            Layer::Swap(_) => (None, self.kept.replace(taken).unwrap_or(taken)),
            Layer::Add(of) => match self.kept.take() {
                Some(Between::Inputs(_)) if taken.axes().are_same() => (None, Between::Flat(of.units)),
                Some(kept) if kept.axes() == taken.axes() => (None, taken),
                _ => return Err(FlowError::Kept { layer: index }),
            },
            // Gains of what may still be taken for any image have one order.
            _ => (None, if let Between::Inputs(numbers) = taken { Between::Flat(numbers) } else { taken }),
        };
        if let Some(Image { rows, columns, channels }) = image.filter(|image| !taken.is_image(*image)) {
            let kind = kind(layer);
            let takes = match rows {
                1 => format!("{kind} of {columns} steps of {channels} numbers"),
                _ => format!("{kind} of {rows} rows, {columns} columns and {channels} channels"),
            };
            return Err(FlowError::Image { layer: index, takes });
        }
        if let (Some(image), Some(kept @ Between::Inputs(_))) = (image, &mut self.kept) {
            *kept = Between::Image(image);
        }
        self.between = given;
        Ok(taken)
    }
}

/// The image that a recurrent layer takes: of numbers in one order, none.
fn sequence(taken: Between, steps: usize, inputs: usize) -> Option<Image> {
    matches!(taken, Between::Image(_)).then_some(Image::new(1, steps, inputs))
}

fn states(every: bool, steps: usize, units: usize) -> Between {
    if every { Between::States(steps, units) } else { Between::Flat(units) }
}

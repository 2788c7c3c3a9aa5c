//! The paper's nets that have more than dense layers of one kind.

use amc_core::{Activation, Image, Kernel, Layer};

use super::{Description, LossName};

/// What is done to a deep net so that gradients train it, too (Sec. II E).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modification {
    /// Layer normalisation between the weights and the activation of each hidden layer.
    LayerNorm,
    /// A connection around each hidden layer of as many neurons as the one before.
    SkipConnections,
}

impl Description {
    /// The net of Fig. 5, for sequences of so many pixels, black or white: two recurrent layers of tanh units, and two
    /// classes by the last state of the second.
    pub fn of_sequences(pixels: usize, units: usize) -> Self {
        let layers = vec![
            Layer::recurrent_states(2, units, pixels, Activation::Tanh),
            Layer::recurrent(units, units, pixels, Activation::Tanh),
            Layer::dense(2, Activation::Softmax),
        ];
        Self::unnamed(2 * pixels, layers, LossName::CrossEntropy)
    }

    /// This net of dense layers, modified.
    #[must_use]
    pub fn modified(self, by: Modification) -> Self {
        let (mut layers, mut width) = (Vec::new(), self.inputs);
        let hidden = self.layers.len().saturating_sub(1);
        for (index, layer) in self.layers.iter().enumerate() {
            let (units, activation) = (layer.units(), layer.activation());
            match by {
                Modification::LayerNorm if index < hidden => {
                    layers.push(Layer::dense(units, Activation::Linear));
                    layers.push(Layer::normalization(units, activation));
                }
                Modification::SkipConnections if index < hidden && units == width => {
                    layers.extend([Layer::keep(width), *layer, Layer::add(units, Activation::Linear)]);
                }
                _ => layers.push(*layer),
            }
            width = units;
        }
        Self::unnamed(self.inputs, layers, self.loss)
    }

    /// The net of Fig. 8, ResNet-18 (He et al., arXiv:1512.03385, Table 1) with layer normalisation, for images of 28 × 28
    /// and one channel.
    pub fn resnet_18() -> Self {
        Self::resnet(Image::new(28, 28, 1), [64, 128, 256, 512])
    }

    /// A net like it for other images, with so many channels in its four pairs of residual blocks; ten classes.
    pub fn resnet(input: Image, channels: [usize; 4]) -> Self {
        let mut net = Building { layers: Vec::new() };
        let mut image = net.normalised(input, channels[0], Kernel::new(7, 2, 3), Activation::Relu);
        let pool = Kernel::new(3, 2, 1);
        net.layers.push(Layer::max_pool(image, pool));
        image = image.through(pool, image.channels);
        for (index, channels) in channels.into_iter().enumerate() {
            image = net.block(image, channels, if index == 0 { 1 } else { 2 });
            image = net.block(image, channels, 1);
        }
        net.layers.push(Layer::global_average(image));
        net.layers.push(Layer::dense(10, Activation::Softmax));
        Self::unnamed(input.numbers(), net.layers, LossName::CrossEntropy)
    }
}

struct Building {
    layers: Vec<Layer>,
}

impl Building {
    /// A convolution and the normalisation of what it gives.
    fn normalised(&mut self, image: Image, filters: usize, kernel: Kernel, activation: Activation) -> Image {
        let made = image.through(kernel, filters);
        self.layers.push(Layer::convolution(image, filters, kernel, Activation::Linear));
        self.layers.push(Layer::normalization(made.numbers(), activation));
        made
    }

    /// A residual block of two convolutions, with a projection where the image changes.
    fn block(&mut self, image: Image, filters: usize, stride: u32) -> Image {
        self.layers.push(Layer::keep(image.numbers()));
        let between = self.normalised(image, filters, Kernel::new(3, stride, 1), Activation::Relu);
        let made = self.normalised(between, filters, Kernel::new(3, 1, 1), Activation::Linear);
        if made != image {
            self.layers.push(Layer::swap(image.numbers()));
            self.normalised(image, filters, Kernel::new(1, stride, 0), Activation::Linear);
        }
        self.layers.push(Layer::add(made.numbers(), Activation::Relu));
        made
    }
}

#[cfg(test)]
mod tests {
    use amc_core::{Image, Layer};

    use super::Modification;
    use crate::description::{ActivationName, Description, LossName};

    #[test]
    fn resnet_18_has_its_parameters() {
        let net = Description::resnet_18();
        assert_eq!(net.objective().expect("a net").net().parameters(), 11_256_586);
        assert_eq!(net.objective().expect("a net").net().outputs(), 10);
        let small = Description::resnet(Image::new(8, 8, 1), [4, 6, 8, 8]);
        assert!(small.objective().is_ok());
    }

    #[test]
    fn modified_nets_have_a_normalisation_or_a_connection_for_each_hidden_layer() {
        let net = |by| {
            let (tanh, loss) = (ActivationName::Tanh, LossName::Mse);
            Description::new(&[1, 4, 4, 4, 10, 1], tanh, tanh, loss).modified(by)
        };
        let count = |net: &Description, of: fn(&Layer) -> bool| net.layers.iter().filter(|layer| of(layer)).count();
        let normalised = net(Modification::LayerNorm);
        assert_eq!(count(&normalised, |layer| matches!(layer, Layer::Normalization(_))), 4);
        assert_eq!(normalised.objective().expect("a net").net().parameters(), 8 + 20 + 20 + 50 + 11 + 2 * (12 + 10));
        let skipping = net(Modification::SkipConnections);
        assert_eq!(count(&skipping, |layer| matches!(layer, Layer::Add(_))), 2);
        assert_eq!(skipping.objective().expect("a net").net().parameters(), 8 + 20 + 20 + 50 + 11);
    }
}

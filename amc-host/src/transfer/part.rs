//! What of a net is trained, as options name it.

use std::str::FromStr;

use amc_core::{Net, Trainable};
use anyhow::ensure;

use crate::model::net_file::said;

/// What is trained of a net; the rest of it is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// The last so many layers that have parameters.
    Last(usize),
    /// Biases, and all that normalisations have.
    Biases,
    /// Normalisations.
    Norms,
    /// Layers by their numbers, from 0.
    Layers(Vec<usize>),
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "use all, head, last:K, biases, norms, or numbers of layers, from 0, with commas between";
        Ok(match text {
            "all" => Self::All,
            "head" => Self::Last(1),
            "biases" => Self::Biases,
            "norms" => Self::Norms,
            text => match text.strip_prefix("last:") {
                Some(count) => Self::Last(count.parse().ok().filter(|count| *count > 0).ok_or(WRONG)?),
                None => Self::Layers(text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| WRONG)?),
            },
        })
    }
}

impl Part {
    /// What is trained of each layer of a net.
    ///
    /// # Errors
    /// Of layers that the net does not have, or that have no parameters.
    pub fn of(&self, net: Net<'_>) -> anyhow::Result<Vec<Trainable>> {
        let count = net.layers().len();
        let with_parameters: Vec<_> = net.sections().map(|section| section.weights + section.biases > 0).collect();
        let behind = |layer: usize| with_parameters[layer..].iter().filter(|has| **has).count();
        if let Self::Last(layers) = self {
            let most = behind(0);
            ensure!(*layers <= most, "--train last:{layers}: {most} layers of the net have parameters");
        }
        if let Self::Layers(layers) = self
            && let Some(layer) = layers.iter().find(|layer| !with_parameters.get(**layer).copied().unwrap_or(false))
        {
            ensure!(*layer < count, "--train {layer}: the net has layers 0 to {}", count - 1);
            anyhow::bail!("--train {layer}: the layer is {}, which has no parameters", said(&net.layers()[*layer]));
        }
        let of_layer = |layer: usize, weights: usize| match self {
            _ if !with_parameters[layer] => Trainable::Nothing,
            Self::All => Trainable::All,
            Self::Last(layers) if behind(layer) <= *layers => Trainable::All,
            Self::Biases => Trainable::Biases,
            // A normalisation is what has parameters, and none of them weights.
            Self::Norms if weights == 0 => Trainable::All,
            Self::Layers(layers) if layers.contains(&layer) => Trainable::All,
            _ => Trainable::Nothing,
        };
        Ok(net.sections().enumerate().map(|(layer, section)| of_layer(layer, section.weights)).collect())
    }
}

#[cfg(test)]
mod tests {
    use amc_core::Trainable::{All, Biases, Nothing};
    use amc_core::{Activation, Image, Kernel, Layer, Net};

    use super::Part;

    fn parsed(text: &str) -> Part {
        text.parse().expect(text)
    }

    #[test]
    fn parts_are_named() {
        let (image, tanh) = (Image::new(4, 4, 1), Activation::Tanh);
        let layers = [
            Layer::convolution(image, 2, Kernel::new(3, 1, 1), tanh),
            Layer::normalization(32, tanh),
            Layer::dense(5, tanh),
            Layer::keep(5),
            Layer::dense(3, tanh),
        ];
        let net = Net::new(16, &layers);
        let of = |text: &str| parsed(text).of(net).map_err(|error| error.to_string());
        assert_eq!(of("all"), Ok(vec![All, All, All, Nothing, All]));
        assert_eq!(of("head"), Ok(vec![Nothing, Nothing, Nothing, Nothing, All]));
        assert_eq!(of("last:2"), Ok(vec![Nothing, Nothing, All, Nothing, All]));
        assert_eq!(of("last:4"), of("all"));
        assert_eq!(of("biases"), Ok(vec![Biases, Biases, Biases, Nothing, Biases]));
        assert_eq!(of("norms"), Ok(vec![Nothing, All, Nothing, Nothing, Nothing]));
        assert_eq!(of("0,2"), Ok(vec![All, Nothing, All, Nothing, Nothing]));
        assert_eq!(of("last:5"), Err("--train last:5: 4 layers of the net have parameters".into()));
        assert_eq!(of("5"), Err("--train 5: the net has layers 0 to 4".into()));
        assert_eq!(of("1,3"), Err("--train 3: the layer is keep (units = 5), which has no parameters".into()));
        for wrong in ["", "last:0", "last:x", "1,,2", "-1", "heads", "99999999999999999999"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}

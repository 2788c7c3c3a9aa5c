//! What of a net is trained, as options name it.

use std::fmt;
use std::str::FromStr;

use amc_core::Trainable;
use amc_engine::description::{Description, LayerName};
use anyhow::{Context, ensure};

use crate::model::net_file::said;

/// What options can say.
const PARTS: &str =
    "all, head, last:K, biases, norms, or numbers of layers, from 0, or their names, with commas between";

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
    /// These layers.
    Layers(Vec<Which>),
    /// All but the layers that are frozen.
    AllBut(Vec<bool>),
}

/// A layer, as options name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its number, from 0.
    Number(usize),
    /// By its name.
    Name(LayerName),
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("use {PARTS}");
        let which = |text: &str| match text.parse() {
            Ok(number) => Ok(Which::Number(number)),
            Err(_) => text.parse().map(Which::Name).map_err(|_| wrong()),
        };
        Ok(match text {
            "all" => Self::All,
            "head" => Self::Last(1),
            "biases" => Self::Biases,
            "norms" => Self::Norms,
            text => match text.strip_prefix("last:") {
                Some(count) => Self::Last(count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?),
                None => Self::Layers(text.split(',').map(which).collect::<Result<_, _>>()?),
            },
        })
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(layer) => layer.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Which {
    /// The number of a net's layer.
    fn number(&self, net: &Description) -> anyhow::Result<usize> {
        let (names, count) = (&net.names, net.layers.len());
        match self {
            Self::Number(layer) => {
                ensure!(*layer < count, "--train {layer}: the net has layers 0 to {}", count - 1);
                Ok(*layer)
            }
            Self::Name(name) if names.is_empty() => {
                anyhow::bail!("--train {name}: the layers of the net have no names: use {PARTS}")
            }
            Self::Name(name) => {
                names.layer(name).with_context(|| format!("--train {name}: the names of the net's layers are {names}"))
            }
        }
    }
}

impl Part {
    /// What is trained of each layer of a net.
    ///
    /// # Errors
    /// Of layers that the net does not have, or that have no parameters.
    pub fn of(&self, description: &Description) -> anyhow::Result<Vec<Trainable>> {
        let net = description.objective()?.net();
        let with_parameters: Vec<_> = net.sections().map(|section| section.weights + section.biases > 0).collect();
        let behind = |layer: usize| with_parameters[layer..].iter().filter(|has| **has).count();
        if let Self::Last(layers) = self {
            let most = behind(0);
            ensure!(*layers <= most, "--train last:{layers}: {most} layers of the net have parameters");
        }
        let mut named = Vec::new();
        if let Self::Layers(layers) = self {
            for which in layers {
                let layer = which.number(description)?;
                let is = said(&description.layers[layer]);
                ensure!(with_parameters[layer], "--train {which}: the layer is {is}, which has no parameters");
                named.push(layer);
            }
        }
        let of_layer = |layer: usize, weights: usize| match self {
            _ if !with_parameters[layer] => Trainable::Nothing,
            Self::All => Trainable::All,
            Self::AllBut(frozen) if frozen.get(layer) == Some(&false) => Trainable::All,
            Self::Last(layers) if behind(layer) <= *layers => Trainable::All,
            Self::Biases => Trainable::Biases,
            // A normalisation is what has parameters, and none of them weights.
            Self::Norms if weights == 0 => Trainable::All,
            Self::Layers(_) if named.contains(&layer) => Trainable::All,
            _ => Trainable::Nothing,
        };
        Ok(net.sections().enumerate().map(|(layer, section)| of_layer(layer, section.weights)).collect())
    }
}

#[cfg(test)]
mod tests {
    use amc_core::Trainable::{self, All, Biases, Nothing};
    use amc_core::{Activation, Image, Kernel, Layer};
    use amc_engine::description::{Description, LayerName, LayerNames, LossName};

    use super::Part;

    fn parsed(text: &str) -> Part {
        text.parse().expect(text)
    }

    fn net() -> Description {
        let (image, tanh) = (Image::new(4, 4, 1), Activation::Tanh);
        let layers = vec![
            Layer::convolution(image, 2, Kernel::new(3, 1, 1), tanh),
            Layer::normalization(32, tanh),
            Layer::dense(5, tanh),
            Layer::keep(5),
            Layer::dense(3, tanh),
        ];
        Description::unnamed(16, layers, LossName::Mse)
    }

    fn of(text: &str, net: &Description) -> Result<Vec<Trainable>, String> {
        parsed(text).of(net).map_err(|error| error.to_string())
    }

    #[test]
    fn parts_are_named() {
        let of = |text: &str| of(text, &net());
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
        for wrong in ["", "last:0", "last:x", "1,,2", "-1", "head,1", "99999999999999999999"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
        // No layer is called what means something else.
        for part in ["all", "head", "last:1", "biases", "norms"] {
            assert!(of(part).is_ok() && part.parse::<LayerName>().is_err(), "{part}");
        }
    }

    #[test]
    fn layers_without_parameters_need_not_be_frozen() {
        let frozen = Part::AllBut(vec![true, false, true, false, false]);
        assert_eq!(frozen.of(&net()).ok(), Some(vec![Nothing, All, Nothing, Nothing, All]));
    }

    #[test]
    fn layers_are_found_by_their_names() {
        let name = |name: &str| name.parse().ok();
        let names = [name("conv"), None, name("fc.1"), name("skip"), name("out")].to_vec();
        let named = Description { names: LayerNames::try_from(names).expect("names"), ..net() };
        assert_eq!(of("fc.1", &named), of("2", &net()));
        assert_eq!(of("out,conv,1", &named), of("0,1,4", &net()));
        assert_eq!(
            of("fc1", &named),
            Err("--train fc1: the names of the net's layers are conv, fc.1, skip, out".into())
        );
        let told = "--train skip: the layer is keep (units = 5), which has no parameters";
        assert_eq!(of("skip", &named), Err(told.into()));
        let told = of("heads", &net()).expect_err("no names");
        assert!(told.starts_with("--train heads: the layers of the net have no names: use all, head, "), "{told}");
    }
}

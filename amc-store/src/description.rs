//! How a net and its loss are written, and found to be another.
//!
//! In postcard: the loss, the inputs, the number of layers, and each layer, its kind first. Kinds are numbered in the
//! order of the enums here: what is new goes to their ends.

use amc_core::{Activation, Layer, Loss, Net, Objective};
#[cfg(feature = "layers")]
use amc_core::{Image, Kernel};
use serde::ser::{Error, SerializeSeq, SerializeTuple};
use serde::{Deserialize, Serialize, Serializer};

use crate::FormatError;
use crate::blob::Fields;

#[derive(Clone, Copy, Serialize, Deserialize)]
enum LossCode {
    MeanSquaredError,
    CrossEntropy,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum ActivationCode {
    Linear,
    Tanh,
    Relu,
    Sigmoid,
    Softmax,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum LayerCode {
    Dense {
        units: usize,
        activation: ActivationCode,
    },
    #[cfg(feature = "layers")]
    Recurrent {
        inputs: usize,
        units: usize,
        steps: usize,
        activation: ActivationCode,
        every: bool,
    },
    #[cfg(feature = "layers")]
    Normalization {
        units: usize,
        activation: ActivationCode,
    },
    #[cfg(feature = "layers")]
    Convolution {
        image: ImageCode,
        filters: usize,
        kernel: KernelCode,
        activation: ActivationCode,
    },
    #[cfg(feature = "layers")]
    MaxPool {
        image: ImageCode,
        kernel: KernelCode,
    },
    #[cfg(feature = "layers")]
    GlobalAverage {
        image: ImageCode,
    },
    #[cfg(feature = "layers")]
    Keep {
        units: usize,
    },
    #[cfg(feature = "layers")]
    Swap {
        units: usize,
    },
    #[cfg(feature = "layers")]
    Add {
        units: usize,
        activation: ActivationCode,
    },
}

#[cfg(feature = "layers")]
#[derive(Clone, Copy, Serialize, Deserialize)]
struct ImageCode {
    rows: usize,
    columns: usize,
    channels: usize,
}

#[cfg(feature = "layers")]
impl From<Image> for ImageCode {
    fn from(Image { rows, columns, channels }: Image) -> Self {
        Self { rows, columns, channels }
    }
}

#[cfg(feature = "layers")]
impl From<ImageCode> for Image {
    fn from(ImageCode { rows, columns, channels }: ImageCode) -> Self {
        Self { rows, columns, channels }
    }
}

#[cfg(feature = "layers")]
#[derive(Clone, Copy, Serialize, Deserialize)]
struct KernelCode {
    size: u32,
    stride: u32,
    padding: u32,
}

#[cfg(feature = "layers")]
impl From<Kernel> for KernelCode {
    fn from(Kernel { size, stride, padding }: Kernel) -> Self {
        Self { size, stride, padding }
    }
}

#[cfg(feature = "layers")]
impl From<KernelCode> for Kernel {
    fn from(KernelCode { size, stride, padding }: KernelCode) -> Self {
        Self { size, stride, padding }
    }
}

impl LossCode {
    const ALL: [Self; 2] = [Self::MeanSquaredError, Self::CrossEntropy];

    fn of(loss: Loss) -> Option<Self> {
        Self::ALL.into_iter().find(|code| Loss::from(*code) == loss)
    }
}

impl From<LossCode> for Loss {
    fn from(code: LossCode) -> Self {
        match code {
            LossCode::MeanSquaredError => Loss::MeanSquaredError,
            LossCode::CrossEntropy => Loss::CrossEntropy,
        }
    }
}

impl ActivationCode {
    const ALL: [Self; 5] = [Self::Linear, Self::Tanh, Self::Relu, Self::Sigmoid, Self::Softmax];

    fn of(activation: Activation) -> Option<Self> {
        Self::ALL.into_iter().find(|code| Activation::from(*code) == activation)
    }
}

impl From<ActivationCode> for Activation {
    fn from(code: ActivationCode) -> Self {
        match code {
            ActivationCode::Linear => Activation::Linear,
            ActivationCode::Tanh => Activation::Tanh,
            ActivationCode::Relu => Activation::Relu,
            ActivationCode::Sigmoid => Activation::Sigmoid,
            ActivationCode::Softmax => Activation::Softmax,
        }
    }
}

impl LayerCode {
    fn of(layer: Layer) -> Option<Self> {
        match layer {
            Layer::Dense { units, activation } => {
                Some(Self::Dense { units, activation: ActivationCode::of(activation)? })
            }
            #[cfg(feature = "layers")]
            Layer::Recurrent { inputs, units, steps, activation, every } => {
                let activation = ActivationCode::of(activation)?;
                Some(Self::Recurrent { inputs, units, steps, activation, every })
            }
            #[cfg(feature = "layers")]
            Layer::Normalization { units, activation } => {
                Some(Self::Normalization { units, activation: ActivationCode::of(activation)? })
            }
            #[cfg(feature = "layers")]
            Layer::Convolution { image, filters, kernel, activation } => {
                let activation = ActivationCode::of(activation)?;
                Some(Self::Convolution { image: image.into(), filters, kernel: kernel.into(), activation })
            }
            #[cfg(feature = "layers")]
            Layer::MaxPool { image, kernel } => Some(Self::MaxPool { image: image.into(), kernel: kernel.into() }),
            #[cfg(feature = "layers")]
            Layer::GlobalAverage { image } => Some(Self::GlobalAverage { image: image.into() }),
            #[cfg(feature = "layers")]
            Layer::Keep { units } => Some(Self::Keep { units }),
            #[cfg(feature = "layers")]
            Layer::Swap { units } => Some(Self::Swap { units }),
            #[cfg(feature = "layers")]
            Layer::Add { units, activation } => Some(Self::Add { units, activation: ActivationCode::of(activation)? }),
            _ => None,
        }
    }
}

impl From<LayerCode> for Layer {
    fn from(code: LayerCode) -> Self {
        match code {
            LayerCode::Dense { units, activation } => Layer::dense(units, activation.into()),
            #[cfg(feature = "layers")]
            LayerCode::Recurrent { inputs, units, steps, activation, every } => {
                Layer::Recurrent { inputs, units, steps, activation: activation.into(), every }
            }
            #[cfg(feature = "layers")]
            LayerCode::Normalization { units, activation } => Layer::normalization(units, activation.into()),
            #[cfg(feature = "layers")]
            LayerCode::Convolution { image, filters, kernel, activation } => {
                Layer::convolution(image.into(), filters, kernel.into(), activation.into())
            }
            #[cfg(feature = "layers")]
            LayerCode::MaxPool { image, kernel } => Layer::max_pool(image.into(), kernel.into()),
            #[cfg(feature = "layers")]
            LayerCode::GlobalAverage { image } => Layer::global_average(image.into()),
            #[cfg(feature = "layers")]
            LayerCode::Keep { units } => Layer::keep(units),
            #[cfg(feature = "layers")]
            LayerCode::Swap { units } => Layer::swap(units),
            #[cfg(feature = "layers")]
            LayerCode::Add { units, activation } => Layer::add(units, activation.into()),
        }
    }
}

/// Writes the description of an objective.
pub(crate) struct Described<'a>(pub Objective<'a>);

struct Layers<'a>(&'a [Layer]);

impl Serialize for Layers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let unknown = || S::Error::custom("a layer or activation that the format does not know");
        let mut codes = serializer.serialize_seq(Some(self.0.len()))?;
        for layer in self.0 {
            let code = LayerCode::of(*layer).ok_or_else(unknown)?;
            codes.serialize_element(&code)?;
        }
        codes.end()
    }
}

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(objective) = self;
        let loss =
            LossCode::of(objective.loss()).ok_or_else(|| S::Error::custom("a loss that the format does not know"))?;
        let net = objective.net();
        let mut fields = serializer.serialize_tuple(3)?;
        fields.serialize_element(&loss)?;
        fields.serialize_element(&net.inputs())?;
        fields.serialize_element(&Layers(net.layers()))?;
        fields.end()
    }
}

/// The most bytes that a description takes.
pub(crate) const fn length_limit(net: &Net<'_>) -> usize {
    // Codes are of one byte, sizes of up to ten, those of windows of up to five.
    let (mut limit, mut layer) = (1 + 10 + 10, 0);
    while layer < net.layers().len() {
        limit += match net.layers()[layer] {
            #[cfg(feature = "layers")]
            Layer::Recurrent { .. } => 1 + 3 * 10 + 1 + 1,
            #[cfg(feature = "layers")]
            Layer::Convolution { .. } => 1 + (3 + 1) * 10 + 3 * 5 + 1,
            #[cfg(feature = "layers")]
            Layer::MaxPool { .. } => 1 + 3 * 10 + 3 * 5,
            #[cfg(feature = "layers")]
            Layer::GlobalAverage { .. } => 1 + 3 * 10,
            _ => 1 + 10 + 1,
        };
        layer += 1;
    }
    limit
}

/// A net and its loss, as they were read. Its layers are decoded as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description<'b> {
    pub(crate) loss: Loss,
    pub(crate) inputs: usize,
    count: usize,
    layers: Fields<'b>,
}

impl<'b> Description<'b> {
    /// Takes a description off the front of a header.
    pub(crate) fn take(fields: &mut Fields<'b>) -> Result<Self, FormatError> {
        let loss: LossCode = fields.take("the loss")?;
        let inputs = fields.take("the inputs")?;
        let count = fields.take("the number of layers")?;
        let layers = *fields;
        for _ in 0..count {
            fields.take::<LayerCode>("a layer of a kind unknown here, or no layer")?;
        }
        Ok(Self { loss: loss.into(), inputs, count, layers })
    }

    /// The loss it was trained on.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The net's inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The net's layers. With the [inputs](Description::inputs) they are a net if [`Net::try_new`] says so.
    pub fn layers(&self) -> impl Iterator<Item = Layer> + use<'b> {
        let mut fields = self.layers;
        (0..self.count).map_while(move |_| fields.take::<LayerCode>("").ok().map(Layer::from))
    }

    /// Whether it describes `objective`; where it does not, the error names the first difference.
    pub fn check(&self, objective: &Objective<'_>) -> Result<(), FormatError> {
        let (stored, given) = (self.loss, objective.loss());
        if stored != given {
            return Err(FormatError::Loss { stored, given });
        }
        let (stored, given) = (self.inputs, objective.net().inputs());
        if stored != given {
            return Err(FormatError::Inputs { stored, given });
        }
        let (stored, given) = (self.count, objective.net().layers().len());
        if stored != given {
            return Err(FormatError::Layers { stored, given });
        }
        let mut pairs = self.layers().zip(objective.net().layers()).enumerate();
        match pairs.find(|(_, (stored, given))| stored != *given) {
            Some((layer, (stored, given))) => Err(FormatError::Layer { layer, stored, given: *given }),
            None => Ok(()),
        }
    }
}

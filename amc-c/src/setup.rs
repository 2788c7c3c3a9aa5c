//! What is trained, and how, as C tells it.

use amc_core::chain::{Grid, Options};
use amc_core::{Loss, Objective};

use crate::Status;
use crate::method::Method;

/// The function that makes a neuron's output from its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Activation {
    /// The input itself.
    Linear = 0,
    /// The hyperbolic tangent.
    Tanh = 1,
    /// max(0, input)
    Relu = 2,
    /// 1 / (1 + e^-input)
    Sigmoid = 3,
    /// e^input over the sum of that of all the layer's neurons; on the last layer only.
    Softmax = 4,
    /// -1 below 0, else 1.
    Sign = 5,
    /// 0 below 0, else 1.
    Step = 6,
}

/// What is to become small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LossKind {
    /// (output - target)^2, the mean over samples and outputs.
    MeanSquaredError = 0,
    /// -ln of the probability given to the target, the mean over samples; for softmax and sigmoid outputs.
    CrossEntropy = 1,
}

/// A layer in which every neuron is connected to all outputs of the layer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Layer {
    /// Neurons.
    pub units: usize,
    /// One of `amc_activation`.
    pub activation: u32,
}

/// A net and its loss. Its parameters are, for each layer in turn, the weights, `[fan-in][units]`, and then the
/// biases, `[units]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Net {
    /// Numbers in a sample.
    pub inputs: usize,
    /// The layers, in the order in which data pass them. They are copied.
    pub layers: *const Layer,
    /// How many they are.
    pub layer_count: usize,
    /// One of `amc_loss_kind`; of a body it is not looked at.
    pub loss: u32,
}

/// For `amc_setup.flags`: proposals overwrite the parameters, and are undone exactly where they are rejected. It saves
/// a copy of the parameters, and needs a grid.
pub const IN_PLACE: u32 = 1;

/// For `amc_setup.flags`: the weights of a layer are moved by sigma over the root of the mean square length of its
/// inputs (the paper's Eq. 17). It needs a net.
pub const SIGNAL_NORM: u32 = 2;

/// What is trained, and how. It is read when a trainer is created or loaded, and not needed afterwards; what is 0 has
/// its default.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Setup {
    /// N, how many parameters there are: with a net, those of its layers by `AMC_PARAMETERS`.
    pub parameters: usize,
    /// The net, or NULL where a function of your own is trained.
    pub net: *const Net,
    /// N parameters to start from, or NULL: then they are drawn from N(0, `start_sigma`^2). On a grid they are rounded
    /// to it.
    pub start: *const f32,
    /// The scale of parameters that are drawn, 0 or above.
    pub start_sigma: f32,
    /// The initial scale of moves (step size), above 0.
    pub sigma: f32,
    /// The rate at which the centres of moves follow accepted ones; may be negative. If it is not 0, N more numbers of
    /// memory are needed.
    pub epsilon: f32,
    /// The temperature, in units of the loss; at 0 no rise of the loss is accepted.
    pub temperature: f32,
    /// The consecutive rejections after which sigma is multiplied by 0.95; 0 stands for never.
    pub n_reset: u32,
    /// Parameters and moves are multiples of 2 to this power, -100 to 100 (-20 suits most nets: parameters of up to 8
    /// in size); 0 stands for no grid.
    pub grid: i32,
    /// `AMC_IN_PLACE`, `AMC_SIGNAL_NORM`, both or 0.
    pub flags: u32,
    /// The same seed makes the same moves, on every machine.
    pub seed: u64,
    /// What makes the moves: NULL stands for the paper's chain, `&amc_mixed` for mixed moves. A program that does not name it
    /// links nothing of it.
    pub method: *const Method,
    /// Of `amc_mixed`, at least 1: the samples that there is memory to keep numbers of, so that a move of a neuron costs a part
    /// of a pass. Of more samples nothing is kept: each move costs a whole pass, and 64 are enough here.
    pub kept: usize,
}

impl Layer {
    pub(crate) fn description(&self) -> Result<amc_core::Layer, Status> {
        const ACTIVATIONS: [(Activation, amc_core::Activation); 7] = [
            (Activation::Linear, amc_core::Activation::Linear),
            (Activation::Tanh, amc_core::Activation::Tanh),
            (Activation::Relu, amc_core::Activation::Relu),
            (Activation::Sigmoid, amc_core::Activation::Sigmoid),
            (Activation::Softmax, amc_core::Activation::Softmax),
            (Activation::Sign, amc_core::Activation::Sign),
            (Activation::Step, amc_core::Activation::Step),
        ];
        let known = ACTIVATIONS.iter().find(|(code, _)| *code as u32 == self.activation);
        let (_, activation) = known.ok_or(Status::Activation)?;
        Ok(amc_core::Layer::dense(self.units, *activation))
    }
}

impl Net {
    pub(crate) fn objective<'a>(&self, layers: &'a [amc_core::Layer]) -> Result<Objective<'a>, Status> {
        const MEAN_SQUARED_ERROR: u32 = LossKind::MeanSquaredError as u32;
        const CROSS_ENTROPY: u32 = LossKind::CrossEntropy as u32;
        let loss = match self.loss {
            MEAN_SQUARED_ERROR => Loss::MeanSquaredError,
            CROSS_ENTROPY => Loss::CrossEntropy,
            _ => return Err(Status::LossKind),
        };
        Ok(Objective::try_new(amc_core::Net::try_new(self.inputs, layers)?, loss)?)
    }
}

impl Setup {
    pub(crate) fn options(&self) -> Result<Options, Status> {
        if self.flags & !(IN_PLACE | SIGNAL_NORM) != 0 {
            return Err(Status::Flags);
        }
        if self.has(SIGNAL_NORM) && self.net.is_null() {
            return Err(Status::NoNet);
        }
        let grid = match self.grid {
            0 => None,
            exponent => Some(Grid::new(i8::try_from(exponent).map_err(|_| Status::Grid)?)?),
        };
        let Self { sigma, epsilon, n_reset, temperature, .. } = *self;
        let options = Options { sigma, epsilon, n_reset, temperature, grid };
        options.check()?;
        Ok(options)
    }

    pub(crate) fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

//! What can be wrong, as one number.

use amc_core::chain::{ChainError, OptionsError, StateError};
use amc_core::{NetError, ObjectiveError};
use amc_learner::{LearnerError, SampleError};
use amc_store::FormatError;

/// What became of a call. After anything but `AMC_STATUS_OK` the trainer is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// It was done.
    Ok = 0,
    /// A pointer that is needed is NULL.
    Null,
    /// A pointer is not aligned: memory to `AMC_ALIGNMENT` bytes, arrays as their type demands.
    Misaligned,
    /// The memory is too short: `amc_bytes` tells how much is needed, `AMC_PREDICT_BYTES` for `amc_net_predict`, and
    /// `AMC_BODY_BYTES` and `AMC_FEATURES_BYTES` for a body.
    Memory,
    /// An array of outputs or features, or a buffer to save to, is not as long as needed; or numbers to scale are not rows of as many
    /// as there are scalings.
    Length,

    /// `parameters` is 0, or not the number of parameters of the net; or frozen weights or others are not as many as it has.
    Parameters,
    /// The net takes no input.
    NoInputs,
    /// The net has no layer.
    NoLayers,
    /// A layer has no units.
    NoUnits,
    /// An activation is not one of `amc_activation`.
    Activation,
    /// A softmax is not the last layer, or has a single unit.
    Softmax,
    /// Sizes overflow the address space.
    TooLarge,
    /// The loss is not one of `amc_loss_kind`.
    LossKind,
    /// Cross-entropy needs a softmax or sigmoid output.
    NotProbabilities,

    /// `sigma` is not a finite number above 0.
    Sigma,
    /// `epsilon` is not finite.
    Epsilon,
    /// `temperature` is negative or not finite.
    Temperature,
    /// `grid` is not from -100 to 100.
    Grid,
    /// `sigma` is below the step of the grid.
    SigmaBelowGrid,
    /// `AMC_IN_PLACE` needs a grid.
    NoGrid,
    /// `flags` has others than `AMC_IN_PLACE` and `AMC_SIGNAL_NORM`.
    Flags,
    /// A parameter to start from is infinite or not a number (`amc_check_numbers` tells which), or `start_sigma` is not
    /// finite or below 0.
    Start,

    /// There is no net to do that with.
    NoNet,
    /// There are no samples: `amc_set_samples`.
    NoSamples,
    /// Either `numbers` or `bytes` has to be given, and either `targets` or `classes`.
    Samples,
    /// A `scale` is 0, infinite or not a number, or an `offset` is infinite or not a number.
    Scale,
    /// A feature is infinite or not a number: `amc_check_samples` tells which, or `amc_check_numbers`.
    Feature,
    /// A target is infinite or not a number: `amc_check_samples` tells which.
    Target,
    /// A sample's class has no output: `amc_check_samples` tells which.
    Class,
    /// Cross-entropy needs targets from 0 to 1, and for a softmax output exactly one 1 to a sample, the others 0:
    /// `amc_check_samples` tells which sample has others.
    Probabilities,
    /// With `AMC_SIGNAL_NORM`: the features are so large that the mean of their squares overflows, or so small that it
    /// vanishes, and the first layer would not move. `scale` should bring them to about 1.
    Signal,

    /// The loss of the current parameters is infinite or not a number. With finite samples: they, or the parameters,
    /// are so large that the net's sums overflow.
    Loss,
    /// The loss of the current parameters is not known yet: `amc_set_samples`, or `amc_rescore`.
    NoLoss,
    /// There is no proposal to evaluate or decide: `amc_propose`.
    NoProposal,
    /// A proposal is undecided: trainers are saved between moves. With `AMC_IN_PLACE` nothing is predicted, too.
    Undecided,

    /// A number of the trainer's state is not finite: from there no training could go on. Or one of a body's parameters, or one
    /// that `amc_check_numbers`, `amc_scale` or `amc_unscale` was given: the first of these tells which.
    NotFinite,
    /// The bytes are not what `amc_save` wrote, all of it and nothing else.
    NotSaved,
    /// The bytes are of a version that this library does not know.
    Version,
    /// They are of another net, number of parameters or loss, or of another arithmetic.
    OtherNet,
    /// They are of other hyperparameters.
    OtherOptions,
    /// A fault of this library.
    Fault,

    /// A number of a learner's sample is beyond its limit.
    Limit,
    /// A learner's window has no sample, or `limit`, `surprise` or `improved` is negative or not a number.
    Window,

    /// What is asked for does not go with the setup's `method`. Of `amc_mixed`: `start_sigma`, `sigma`, `epsilon`, `n_reset`,
    /// `grid` or `flags` is not 0, or `kept` is; or a call is one of those that it does not know, `amc_rescore`, `amc_propose`,
    /// `amc_evaluate`, `amc_decide`, `amc_restart`, `amc_save` and `amc_load`. A learner has the chain alone.
    Method,
}

impl From<NetError> for Status {
    fn from(error: NetError) -> Self {
        match error {
            NetError::NoInputs => Self::NoInputs,
            NetError::NoLayers => Self::NoLayers,
            NetError::NoUnits { .. } => Self::NoUnits,
            NetError::Softmax { .. } => Self::Softmax,
            NetError::TooLarge { .. } => Self::TooLarge,
            _ => Self::Fault,
        }
    }
}

impl From<ObjectiveError> for Status {
    fn from(error: ObjectiveError) -> Self {
        match error {
            ObjectiveError::NotProbabilities => Self::NotProbabilities,
            ObjectiveError::NoSamples => Self::NoSamples,
            ObjectiveError::Class { .. } => Self::Class,
            ObjectiveError::Probabilities { .. } => Self::Probabilities,
            // Widths and lengths are made to fit here.
            _ => Self::Fault,
        }
    }
}

impl From<OptionsError> for Status {
    fn from(error: OptionsError) -> Self {
        match error {
            OptionsError::Sigma(_) => Self::Sigma,
            OptionsError::Epsilon(_) => Self::Epsilon,
            OptionsError::Temperature(_) => Self::Temperature,
            OptionsError::Grid(_) => Self::Grid,
            OptionsError::SigmaBelowGrid { .. } => Self::SigmaBelowGrid,
            _ => Self::Fault,
        }
    }
}

impl From<ChainError> for Status {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Options(error) => error.into(),
            ChainError::NoGrid => Self::NoGrid,
            ChainError::Parameter { .. } => Self::Start,
            ChainError::Loss { .. } => Self::Loss,
            ChainError::Undecided => Self::Undecided,
            ChainError::State(StateError::NotFinite { .. }) => Self::NotFinite,
            // Lengths are made to fit, and parameters rounded to the grid.
            _ => Self::Fault,
        }
    }
}

impl From<FormatError> for Status {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Version { .. } => Self::Version,
            FormatError::Length { .. }
            | FormatError::NoNet
            | FormatError::Arithmetic { .. }
            | FormatError::Loss { .. }
            | FormatError::Inputs { .. }
            | FormatError::Layers { .. }
            | FormatError::Layer { .. } => Self::OtherNet,
            FormatError::Option { .. } | FormatError::NReset { .. } => Self::OtherOptions,
            _ => Self::NotSaved,
        }
    }
}

impl From<LearnerError> for Status {
    fn from(error: LearnerError) -> Self {
        match error {
            LearnerError::Chain(error) => error.into(),
            LearnerError::InPlace => Self::Flags,
            // Lengths are made to fit here.
            _ => Self::Fault,
        }
    }
}

impl Status {
    /// Why a sample of so many features was left out.
    pub(crate) fn of_sample(error: SampleError, features: usize) -> Self {
        match error {
            SampleError::Range { value, .. } if value.is_finite() => Self::Limit,
            SampleError::Range { index, .. } if index < features => Self::Feature,
            SampleError::Range { .. } => Self::Target,
            SampleError::Objective(error) => error.into(),
            _ => Self::Fault,
        }
    }
}

//! Parameters of layers that are not trained, in the ways in which they are stored. A program links those that it names.
#![allow(unsafe_code, reason = "statics have C's names, and what weights are is told by one of them")]

use core::ffi::c_void;
use core::fmt;

use amc_core::{Body, F16, Frozen as Parameters, Net, Scaled};

use crate::Status;
use crate::check::first_not_finite;
use crate::feed::Feed;
use crate::foreign::array;
use crate::lanes::LANES;

/// How weights of frozen layers are stored. There is nothing in it for C: `amc_f32`, `amc_f16` and `amc_i8` are ways to.
pub struct Stored {
    /// The parameters of a net, checked.
    pub(crate) parameters: unsafe fn(Net<'_>, &Frozen) -> Result<Parameters<'static>, Status>,
    /// What the net at these parameters makes of the sample.
    pub(crate) features: Features,
}

/// Makes of a net, its parameters, a sample and scratch memory the features.
pub(crate) type Features = fn(Net<'_>, Parameters<'static>, &Feed<'_>, &mut [f32], &mut [f32]) -> Result<(), Status>;

/// The parameters of layers that are not trained. The arrays are read where they are, in flash or RAM.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frozen {
    /// How the weights are stored: `&amc_f32`, `&amc_f16` or `&amc_i8`. A program links what it names.
    pub stored: *const Stored,
    /// Of `amc_f32` all parameters, `float` in the order that `amc_net` tells. Of the others the weights alone, of one layer after
    /// another in that order: of `amc_f16` `uint16_t`, the bits of half floats (IEEE 754's binary16), and of `amc_i8` `int8_t`.
    pub weights: *const c_void,
    /// How many they are.
    pub weight_count: usize,
    /// Of `amc_f16` and `amc_i8`, for each layer in turn the scales of its units, which their weights are multiplied by, and then
    /// its biases. NULL of `amc_f32`.
    pub others: *const f32,
    /// How many they are: two for each unit, or 0.
    pub other_count: usize,
}

/// For `amc_frozen.stored`: weights of 32 bits, as they were trained.
#[allow(non_upper_case_globals, reason = "C's name")]
#[unsafe(no_mangle)]
pub static amc_f32: Stored = Stored::of::<f32>();

/// For `amc_frozen.stored`: weights of 16 bits, times a scale for each unit.
#[allow(non_upper_case_globals, reason = "C's name")]
#[unsafe(no_mangle)]
pub static amc_f16: Stored = Stored::of::<F16>();

/// For `amc_frozen.stored`: weights of 8 bits, times a scale for each unit.
#[allow(non_upper_case_globals, reason = "C's name")]
#[unsafe(no_mangle)]
pub static amc_i8: Stored = Stored::of::<i8>();

/// A weight as it is stored. Whoever knows which one it is has no code for the others.
trait Weight: Copy + 'static {
    fn is_finite(self) -> bool;

    /// Parameters of such weights; none where others do not belong to them.
    fn stored(weights: &'static [Self], others: &'static [f32]) -> Option<Parameters<'static>>;

    /// The same parameters, if they are stored so.
    fn known(parameters: Parameters<'static>) -> Option<Parameters<'static>>;
}

impl Weight for f32 {
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }

    #[inline(always)]
    fn stored(weights: &'static [Self], others: &'static [f32]) -> Option<Parameters<'static>> {
        if others.is_empty() { Some(Parameters::F32(weights)) } else { None }
    }

    #[inline(always)]
    fn known(parameters: Parameters<'static>) -> Option<Parameters<'static>> {
        if let Parameters::F32(own) = parameters { Some(Parameters::F32(own)) } else { None }
    }
}

impl Weight for F16 {
    fn is_finite(self) -> bool {
        amc_core::Weight::number(self).is_finite()
    }

    #[inline(always)]
    fn stored(weights: &'static [Self], others: &'static [f32]) -> Option<Parameters<'static>> {
        Some(Parameters::F16(Scaled { weights, others }))
    }

    #[inline(always)]
    fn known(parameters: Parameters<'static>) -> Option<Parameters<'static>> {
        if let Parameters::F16(own) = parameters { Some(Parameters::F16(own)) } else { None }
    }
}

impl Weight for i8 {
    fn is_finite(self) -> bool {
        true
    }

    #[inline(always)]
    fn stored(weights: &'static [Self], others: &'static [f32]) -> Option<Parameters<'static>> {
        Some(Parameters::I8(Scaled { weights, others }))
    }

    #[inline(always)]
    fn known(parameters: Parameters<'static>) -> Option<Parameters<'static>> {
        if let Parameters::I8(own) = parameters { Some(Parameters::I8(own)) } else { None }
    }
}

impl Stored {
    const fn of<W: Weight>() -> Self {
        Self { parameters: parameters::<W>, features: features::<W> }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

/// # Safety
/// The arrays are as long as their counts, their values of the type that C calls so, and nobody changes them.
unsafe fn parameters<W: Weight>(net: Net<'_>, frozen: &Frozen) -> Result<Parameters<'static>, Status> {
    // SAFETY: as demanded here.
    let weights = unsafe { array(frozen.weights.cast::<W>(), frozen.weight_count) }?;
    // SAFETY: the same.
    let others = unsafe { array(frozen.others, frozen.other_count) }?;
    let parameters = W::stored(weights, others).ok_or(Status::Parameters)?;
    // Before so many are read.
    Body::try_stored(net, parameters).map_err(|_| Status::Parameters)?;
    if first_not_finite(others).is_some() || !weights.iter().all(|weight| weight.is_finite()) {
        return Err(Status::NotFinite);
    }
    Ok(parameters)
}

fn features<W: Weight>(
    net: Net<'_>,
    parameters: Parameters<'static>,
    sample: &Feed<'_>,
    scratch: &mut [f32],
    to: &mut [f32],
) -> Result<(), Status> {
    let parameters = W::known(parameters).ok_or(Status::Fault)?;
    let body = Body::try_stored(net, parameters).map_err(|_| Status::Fault)?;
    body.features(LANES, sample, scratch, to)?;
    Ok(())
}

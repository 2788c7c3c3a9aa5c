//! What C calls where a net has learned elsewhere, as `amc export --c` writes it: what was measured is scaled, and the
//! net answers.

use super::status;
use crate::Status;
use crate::block::Block;
use crate::foreign::{array, array_mut, optional, room};
use crate::predict::Learned;
use crate::scaling::{Scaling, To, scale};
use crate::setup::Net;

/// Computes the outputs that `net` with these parameters gives for the sample `numbers`, as many as its inputs, without a
/// trainer: the parameters, `AMC_PARAMETERS` of each layer, are read where they are, in flash or RAM. `memory`, aligned to
/// `AMC_ALIGNMENT`, has `AMC_PREDICT_BYTES` bytes, is written over, and is free again afterwards. `outputs` has room for
/// `count` numbers: the units of the last layer. They have the bits that `amc predict` has on a host, before these are
/// unscaled, if the net was trained in portable arithmetic.
///
/// A number that is infinite or not a number is `AMC_STATUS_FEATURE`, and outputs are not written. Parameters are not looked
/// through, which would take as long as predicting: `amc_check_numbers` does so, once.
///
/// # Safety
/// The arrays are as long as the net's fields, `parameter_count`, the net's inputs, `bytes` and `count` say, and nobody
/// else uses the memory and the outputs meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_net_predict(
    net: *const Net,
    parameters: *const f32,
    parameter_count: usize,
    numbers: *const f32,
    memory: *mut u8,
    bytes: usize,
    outputs: *mut f32,
    count: usize,
) -> Status {
    status(|| {
        // SAFETY: as demanded here.
        let net = unsafe { optional(net) }?.ok_or(Status::Null)?;
        // SAFETY: the same.
        let (layers, parameters) =
            unsafe { (array(net.layers, net.layer_count)?, array(parameters, parameter_count)?) };
        // SAFETY: the same; the block lives as long as this call.
        let (numbers, block, outputs) =
            unsafe { (array(numbers, net.inputs)?, Block::new(memory, bytes)?, room(outputs, count)?) };
        Learned { net, layers, parameters }.predict(numbers, block, outputs)
    })
}

/// Makes what was measured into what the net takes, in place: each of `count` numbers becomes (number - offset) * scale. They
/// are a row, with a number for each of the `scaling_count` scalings, or several rows, as where a sample is a window of them;
/// another `count` is `AMC_STATUS_LENGTH`.
///
/// An offset that is not finite, and a scale that is not or is 0, is `AMC_STATUS_SCALE`; a number that is infinite or not a
/// number is `AMC_STATUS_NOT_FINITE`, and `amc_check_numbers` tells which. Then no number is changed. What is too large for a
/// float when it is scaled becomes infinite.
///
/// # Safety
/// The arrays are as long as their counts, and nobody else uses the numbers meanwhile; no scaling is among them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_scale(
    scalings: *const Scaling,
    scaling_count: usize,
    numbers: *mut f32,
    count: usize,
) -> Status {
    // SAFETY: as demanded here.
    status(|| unsafe { scale(array(scalings, scaling_count)?, array_mut(numbers, count)?, To::Net) })
}

/// Makes what the net gives into numbers in the units of what it has learned, in place: each becomes number / scale +
/// offset. Counts and statuses are those of `amc_scale`.
///
/// # Safety
/// That of `amc_scale`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_unscale(
    scalings: *const Scaling,
    scaling_count: usize,
    numbers: *mut f32,
    count: usize,
) -> Status {
    // SAFETY: as demanded here.
    status(|| unsafe { scale(array(scalings, scaling_count)?, array_mut(numbers, count)?, To::Measured) })
}

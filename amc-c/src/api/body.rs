//! What C calls for layers that are not trained, as `amc export --c --frozen` writes them.

use core::mem::MaybeUninit;
use core::ptr;

use super::{feed, status};
use crate::Status;
use crate::block::Block;
use crate::body::Body;
use crate::foreign::{array, optional, room};
use crate::frozen::Frozen;
use crate::setup::Net;

/// Creates a body, layers that are not trained, in `bytes` bytes of `memory`, aligned to `AMC_ALIGNMENT`; or makes `*body` NULL.
/// `AMC_BODY_BYTES` are enough. All is checked here, once: where `frozen` has not as many numbers as the layers of `net`, the status is
/// `AMC_STATUS_PARAMETERS`, and where one is infinite or not a number `AMC_STATUS_NOT_FINITE`.
///
/// What a body makes of samples are the features of a head, a net that a trainer or a learner trains, or `amc_net_predict` asks.
///
/// # Safety
/// The pointers are NULL or to as much as the fields say; the weights have the type that `stored` tells. Net, layers and the struct
/// `amc_frozen` are copied, its arrays stay as they are while the body is used. The memory is the body's until then, and there is
/// nothing to free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_body_create(
    net: *const Net,
    frozen: *const Frozen,
    memory: *mut u8,
    bytes: usize,
    body: Option<&mut MaybeUninit<*mut Body>>,
) -> Status {
    status(|| {
        let body = body.ok_or(Status::Null)?.write(ptr::null_mut());
        // SAFETY: as demanded here.
        let (net, frozen) = unsafe { (optional(net)?.ok_or(Status::Null)?, optional(frozen)?.ok_or(Status::Null)?) };
        // SAFETY: the same.
        let (layers, stored) =
            unsafe { (array(net.layers, net.layer_count)?, optional(frozen.stored)?.ok_or(Status::Null)?) };
        // SAFETY: the same.
        let block = unsafe { Block::new(memory, bytes) }?;
        // SAFETY: the same.
        let parameters = |net: amc_core::Net<'_>| unsafe { (stored.parameters)(net, frozen) };
        *body = Body::create((net, layers), stored.features, block, parameters)?;
        Ok(())
    })
}

/// Computes what a body makes of one sample: `numbers` or `bytes`, the other NULL, times `scale`, as in `amc_samples`. `memory`,
/// aligned to `AMC_ALIGNMENT`, has `AMC_FEATURES_BYTES` bytes, is written over, and is free again afterwards. `features` has room
/// for `count` numbers: the units of the body's last layer. They have the same bits on every machine, and are infinite or not numbers
/// where finite numbers are so large that the body's sums overflow.
///
/// A number that is infinite or not a number is `AMC_STATUS_FEATURE`, and features are not written.
///
/// # Safety
/// The arrays are as long as the body's inputs, `memory_bytes` and `count`, and nobody else uses the memory and the features meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn amc_body_features(
    body: Option<&Body>,
    numbers: *const f32,
    bytes: *const u8,
    scale: f32,
    memory: *mut u8,
    memory_bytes: usize,
    features: *mut f32,
    count: usize,
) -> Status {
    status(|| {
        let body = body.ok_or(Status::Null)?;
        // SAFETY: as demanded here.
        let (sample, features) = unsafe { (feed(1, body.inputs(), numbers, bytes, scale)?, room(features, count)?) };
        // SAFETY: the same; the block lives as long as this call.
        let block = unsafe { Block::new(memory, memory_bytes) }?;
        body.features(&sample, block, features)
    })
}

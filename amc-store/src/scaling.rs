//! How a net's numbers come from what was measured. Hosts and devices compute it here, so that they have the same bits.

/// An offset and a scale: a net's number is (x − offset) · scale.
pub type OffsetAndScale = [f32; 2];

/// The net's number of what was measured: (x − offset) · scale.
#[inline]
pub fn scaled(x: f32, [offset, scale]: OffsetAndScale) -> f32 {
    (x - offset) * scale
}

/// What was measured, of the net's number: y / scale + offset.
#[inline]
pub fn unscaled(y: f32, [offset, scale]: OffsetAndScale) -> f32 {
    y / scale + offset
}

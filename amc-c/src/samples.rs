//! Samples, as C gives them.

/// Samples with what the net should make of them. A trainer reads them at every evaluation, where they are.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Samples {
    /// How many there are, at least 1.
    pub count: usize,
    /// Their features, `[sample][feature]`; NULL where they are bytes.
    pub numbers: *const f32,
    /// The same as bytes; NULL where they are numbers.
    pub bytes: *const u8,
    /// What each feature is multiplied by before the net sees it, not 0: 1 for numbers as they are, 1.0f / 255 for
    /// pixels.
    pub scale: f32,
    /// The outputs wanted, `[sample][output]`; NULL where there are classes.
    pub targets: *const f32,
    /// The class of each sample, from 0: the output of that number should be 1, the others 0; NULL where there are
    /// targets.
    pub classes: *const u8,
}

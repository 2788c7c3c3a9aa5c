//! Features that are numbers or bytes, known only when the program runs.

use amc_core::lanes::Stored;
use amc_core::{Features, Lanes};

/// Samples one after another. One of the two slices is empty: so the forward pass is compiled once for both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a> {
    pub numbers: &'a [f32],
    pub bytes: &'a [u8],
    pub samples: usize,
    pub width: usize,
    pub scale: f32,
}

impl Feed<'_> {
    /// Whether all of it is 0.
    pub(crate) fn is_zero(&self) -> bool {
        self.numbers.iter().all(|x| *x == 0.0) && self.bytes.iter().all(|x| *x == 0)
    }
}

impl Features for Feed<'_> {
    const ALL: bool = true;

    fn samples(&self) -> usize {
        self.samples
    }

    fn first(self, samples: usize) -> Self {
        Self { samples: samples.min(self.samples), ..self }
    }

    fn width(&self) -> usize {
        self.width
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    #[inline(always)]
    fn tile<L: Lanes>(&self, lanes: L, first: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        const { assert!(L::T == 1, "a tile is one sample") };
        let row = first.saturating_mul(self.width)..first.saturating_add(1).saturating_mul(self.width);
        let numbers = self.numbers.get(row.clone()).unwrap_or_default().iter().copied();
        let bytes = self.bytes.get(row).unwrap_or_default().iter().map(|byte| f32::from(*byte));
        numbers.chain(bytes).map(move |x| lanes.splat(x)).enumerate()
    }

    #[inline(always)]
    fn stored<L: Lanes>(&self, first: usize) -> Option<Stored<'_>> {
        let start = first.saturating_mul(self.width);
        Some(match self.bytes {
            [] => Stored::F32(self.numbers.get(start..).unwrap_or_default()),
            bytes => Stored::U8(bytes.get(start..).unwrap_or_default()),
        })
    }
}

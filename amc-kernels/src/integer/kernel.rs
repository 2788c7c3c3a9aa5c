//! The kernel of integer nets on a host.

use amc_core::integer::{Element, Kernel, Neurons, Output, Softmax};
use amc_core::{Activation, Portable};
use pulp::Arch;

use super::TILE;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::fours::FoursOf;
#[cfg(target_arch = "x86_64")]
use super::registers::Registers;
use super::registers::{Inputs, MOST_OUTPUTS, Rows, are_small};
use crate::Isa;
use crate::isa::used;

/// What computes a tile.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    way: Way,
    /// The features of all tiles, if they are kept so, too.
    fours: Option<FoursOf<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// The core's own text.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// `$call` on the registers of an instruction set, as `$on`, or `$portable`.
macro_rules! on {
    ($host:expr, |$on:ident| $call:expr, $portable:expr) => {
        match $host.way {
            Way::Portable => $portable,
            #[cfg(target_arch = "x86_64")]
            Way::Avx2($on) => $on.compile(
                #[inline(always)]
                || $call,
            ),
            #[cfg(target_arch = "x86_64")]
            Way::Avx512($on) => $on.compile(
                #[inline(always)]
                || $call,
            ),
        }
    };
}

impl<'a> Host<'a> {
    /// On the instruction set that this process [uses](Isa::used).
    pub fn used() -> Self {
        Self::on(used().1)
    }

    /// On an instruction set of one's own choice; none where this machine lacks it. AVX-512 without VNNI or VBMI is no more than AVX2.
    pub fn of(isa: Isa) -> Option<Self> {
        isa.arch().map(Self::on)
    }

    fn on(arch: Arch) -> Self {
        let way = match arch {
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) => Way::Avx2(Avx2(simd)),
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => Avx512::try_new().map_or(Way::Avx2(Avx2(*simd)), Way::Avx512),
            _ => Way::Portable,
        };
        Self { way, fours: None }
    }

    /// The same for samples whose features are known so, if they are.
    pub(super) const fn with(self, fours: Option<FoursOf<'a>>) -> Self {
        Self { fours, ..self }
    }

    /// The sums of a layer of what registers can take, or else of `inputs`, which are the same.
    #[inline(always)]
    fn sums<E: Element>(self, neurons: Neurons<'_>, of: Option<Inputs<'_>>, inputs: &[E], sums: &mut [i32]) {
        let Some(of) = of else { return PORTABLE.layer(neurons, inputs, sums) };
        // There is room for the widest layer's.
        let sums: &mut [[i32; TILE]] = sums.as_chunks_mut().0;
        let units = neurons.weights.len().checked_div(of.width()).unwrap_or(sums.len());
        let units = units.min(sums.len());
        let sums = &mut sums[..units];
        on!(self, |on| on.layer(neurons, of, sums), PORTABLE.layer(neurons, inputs, sums.as_flattened_mut()));
    }
}

const PORTABLE: Portable<TILE> = Portable;

impl Kernel<TILE> for Host<'_> {
    fn dot<E: Element>(self, weights: &[i8], inputs: &[E]) -> [i32; TILE] {
        let mut sums = [0; TILE];
        self.layer(Neurons { weights, biases: &[0], bias: 0 }, inputs, &mut sums);
        sums
    }

    fn layer<E: Element>(self, neurons: Neurons<'_>, inputs: &[E], sums: &mut [i32]) {
        self.sums(neurons, Rows::of(E::bytes(inputs)).map(Inputs::Rows), inputs, sums);
    }

    fn first_layer<E: Element>(self, tile: usize, neurons: Neurons<'_>, inputs: &[E], sums: &mut [i32]) {
        let Some(fours) = self.fours else { return self.layer(neurons, inputs, sums) };
        self.sums(neurons, Some(Inputs::Fours(fours.width(), fours.tile(tile))), inputs, sums);
    }

    fn activate(self, of: Activation, shift: u8, sums: &[i32], outputs: &mut [i8]) {
        on!(
            self,
            |on| on.activate(of, shift, sums.as_chunks().0, outputs.as_chunks_mut().0),
            PORTABLE.activate(of, shift, sums, outputs)
        );
    }

    fn change<E: Element>(self, changes: &[(u16, i16)], bias: u8, inputs: &[E], sums: &mut [i32; TILE]) {
        let Some(rows) = Rows::of(E::bytes(inputs)) else { return PORTABLE.change(changes, bias, inputs, sums) };
        // The bias stands last, where it is changed.
        let weights = match changes.split_last() {
            Some(((input, _), weights)) if usize::from(*input) >= rows.bytes.len() => weights,
            _ => changes,
        };
        if !are_small(weights, rows.bytes.len()) {
            return PORTABLE.change(changes, bias, inputs, sums);
        }
        on!(self, |on| on.change(weights, rows, sums), PORTABLE.change(weights, bias, inputs, sums));
        PORTABLE.change(&changes[weights.len()..], bias, inputs, sums);
    }

    fn pass_on(self, by: &[i16; TILE], weights: (&[i8], usize), before: &[i32], sums: &mut [i32]) {
        on!(
            self,
            |on| on.pass_on(by, weights, before.as_chunks().0, sums.as_chunks_mut().0),
            PORTABLE.pass_on(by, weights, before, sums)
        );
    }

    fn cross_entropies(
        self,
        sums: &[[i32; TILE]],
        shift: u8,
        classes: &[u8],
        kept: Option<&mut Softmax<TILE>>,
    ) -> Option<u64> {
        if shift == 0 || sums.len() > MOST_OUTPUTS {
            return None;
        }
        on!(self, |on| Some(on.cross_entropies(sums, shift, classes, kept)), None)
    }

    fn changed_cross_entropies(
        self,
        output: Output<'_, TILE>,
        shift: u8,
        classes: &[u8],
        kept: &Softmax<TILE>,
        anew: &mut heapless::Vec<u16, TILE>,
    ) -> Option<u64> {
        if shift == 0 || output.sums.len() > MOST_OUTPUTS {
            return None;
        }
        on!(self, |on| Some(on.changed_cross_entropies(output, shift, classes, kept, anew)), None)
    }
}

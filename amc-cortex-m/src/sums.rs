//! Sums of neurons by registers that are loaded together: one `VLDM` has a row of weights, where the compiler takes a `VLDR` for
//! each. A multiply-add is `VMLA.F32` as before, and a sum has its terms in the same order: the bits are the same.
//!
//! A number of one sample takes 22 instructions of 16 neurons, and numbers of four samples 21 of 4 neurons and 25 of 5; 16, 16 and 20
//! multiply and add. In cycles it is less of a difference: by Arm's table of the Cortex-M4, `VLDM` takes one more than it has
//! registers, `VLDR` two, `VMLA` three, and `VMUL` and `VADD` one each.

use core::arch::asm;
use core::mem::offset_of;

use amc_core::lanes::{Stored, Sums};

/// What sums begin at.
static ZERO: [f32; 16] = [0.0; 16];
/// What is added to sums that go on: it changes no number, not even −0.
static NOTHING: [f32; 16] = [-0.0; 16];

/// Computes sums of tiles of `T`; says whether there are instructions for such.
#[inline(always)]
pub(crate) fn run<const T: usize>(of: &Sums<'_>, to: &mut [f32]) -> bool {
    match (T, of.inputs) {
        (1, Stored::U8(inputs)) => all::<Bytes, _>(of, inputs, to),
        (1, Stored::F32(inputs)) if of.sparse => all::<Sparse, _>(of, inputs, to),
        (1, Stored::F32(inputs)) => all::<Numbers, _>(of, inputs, to),
        (4, Stored::F32(inputs)) => all::<Fours, _>(of, inputs, to),
        (4, Stored::Rows(inputs)) => return rows::run(of, inputs, to),
        _ => return false,
    }
    true
}

/// Instructions for one kind of inputs.
#[allow(unsafe_code, reason = "they read and write where they are told to")]
trait Kind {
    /// Samples in a tile.
    const T: usize;

    /// How many of so many neurons are computed together.
    fn together(neurons: usize) -> usize;

    /// Computes so many neurons of at least one tile.
    ///
    /// # Safety
    /// `neurons` is a number that [`together`](Kind::together) gives. Each of `tiles` tiles has so many sums in `before` and `to`,
    /// and in `inputs` the terms that `block` tells; there are as many rows of `units` weights, and a bias for each neuron.
    unsafe fn compute(
        neurons: usize,
        block: &Block,
        before: *const f32,
        units: usize,
        inputs: *const u8,
        tiles: usize,
        to: *mut f32,
    );
}

/// Some neurons, as the instructions read it. Distances are bytes.
#[repr(C)]
struct Block {
    /// Those of the first input.
    weights: *const f32,
    biases: *const f32,
    scale: f32,
    /// Inputs of a tile.
    terms: usize,
    /// From the end of a tile's inputs to the next tile's.
    to_inputs: usize,
    /// From a tile's sums to the next tile's.
    to_sums: usize,
    /// The same of what they are added to.
    to_before: usize,
}

/// All tiles; of one whose inputs are not all there, no inputs.
#[inline(never)]
#[allow(unsafe_code, reason = "the instructions are told where to read and write")]
fn all<K: Kind, E>(of: &Sums<'_>, inputs: &[E], to: &mut [f32]) {
    let Sums { weights, biases, stride, begins, end, .. } = *of;
    let units = biases.len();
    let (Some(rows), Some(tiles)) = (weights.len().checked_div(units), to.len().checked_div(units * K::T)) else {
        return;
    };
    let whole = match inputs.len().checked_sub(rows * K::T) {
        Some(behind) => tiles.min(behind.checked_div(stride).map_or(tiles, |others| others + 1)),
        None => 0,
    };
    let to_sums = units * K::T * size_of::<f32>();
    for (first, tiles, terms) in [(0, whole, rows), (whole, tiles - whole, 0)] {
        let mut unit = 0;
        while unit < units && tiles > 0 {
            let neurons = K::together(units - unit);
            let to = to.as_mut_ptr().wrapping_add((first * units + unit) * K::T);
            let (scale, biases) = match end {
                Some(scale) => (scale, biases.as_ptr().wrapping_add(unit)),
                None => (1.0, NOTHING.as_ptr()),
            };
            let (before, to_before) = if begins { (ZERO.as_ptr(), 0) } else { (to.cast_const(), to_sums) };
            let weights = weights.as_ptr().wrapping_add(unit);
            let to_inputs = stride.wrapping_sub(terms * K::T) * size_of::<E>();
            let block = Block { weights, biases, scale, terms, to_inputs, to_sums, to_before };
            // SAFETY: `to` has `units` sums of each of `tiles` tiles from `first` on, of which `neurons` are left, and there are as
            // many biases. There are `terms` rows of `units` weights. Where `terms` is not 0, `first` is, and `tiles` are those
            // whose inputs are all there.
            unsafe { K::compute(neurons, &block, before, units, inputs.as_ptr().cast(), tiles, to) };
            unit += neurons;
        }
    }
}

/// Has `each` of some neurons: the registers of a sum and of a weight.
macro_rules! neurons {
    ($each:ident, 1) => { $each!(0 16) };
    ($each:ident, 2) => { $each!(0 16, 1 17) };
    ($each:ident, 4) => { $each!(0 16, 1 17, 2 18, 3 19) };
    ($each:ident, 8) => { $each!(0 16, 1 17, 2 18, 3 19, 4 20, 5 21, 6 22, 7 23) };
    ($each:ident, 10) => { $each!(0 16, 1 17, 2 18, 3 19, 4 20, 5 21, 6 22, 7 23, 8 24, 9 25) };
    ($each:ident, 15) => {
        $each!(0 16, 1 17, 2 18, 3 19, 4 20, 5 21, 6 22, 7 23, 8 24, 9 25, 10 26, 11 27, 12 28, 13 29, 14 30)
    };
}

/// Adds weights times the input in s31 to sums.
macro_rules! add {
    ($($sum:literal $weight:literal),*) => { concat!($("vmla.f32 s", $sum, ", s", $weight, ", s31\n"),*) };
}

/// Adds sums times the scale in s31 to biases, which have the registers of weights.
macro_rules! end {
    ($($sum:literal $bias:literal),*) => { concat!($("vmla.f32 s", $bias, ", s", $sum, ", s31\n"),*) };
}

/// Adds weights times the inputs in s20 to s23 to four sums each.
macro_rules! add_four {
    ($($weight:literal: $a:literal $b:literal $c:literal $d:literal),*) => {
        concat!($(
            "vmla.f32 s", $a, ", s", $weight, ", s20\n", "vmla.f32 s", $b, ", s", $weight, ", s21\n",
            "vmla.f32 s", $c, ", s", $weight, ", s22\n", "vmla.f32 s", $d, ", s", $weight, ", s23\n",
        )*)
    };
}

/// Multiplies four sums each by the scale in s31, and adds a bias.
macro_rules! end_four {
    ($($bias:literal: $a:literal $b:literal $c:literal $d:literal),*) => {
        concat!($(
            "vmul.f32 s", $a, ", s", $a, ", s31\n", "vmul.f32 s", $b, ", s", $b, ", s31\n",
            "vmul.f32 s", $c, ", s", $c, ", s31\n", "vmul.f32 s", $d, ", s", $d, ", s31\n",
            "vadd.f32 s", $a, ", s", $a, ", s", $bias, "\n", "vadd.f32 s", $b, ", s", $b, ", s", $bias, "\n",
            "vadd.f32 s", $c, ", s", $c, ", s", $bias, "\n", "vadd.f32 s", $d, ", s", $d, ", s", $bias, "\n",
        )*)
    };
}

/// A kind of inputs. `input` loads one of each sample, or goes to 3 to leave it out. For each number of neurons that are computed
/// together there are the registers of sums, what adds the input's terms, and what ends: r3 points to the biases.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $t:literal, $input:literal, $($neurons:literal: $sums:literal, $add:expr, $end:expr;)*) => {
        $(#[$doc])*
        struct $name;

        #[allow(unsafe_code, reason = "the compiler loads no registers together that it has not chosen as neighbours")]
        impl Kind for $name {
            const T: usize = $t;

            #[inline(always)]
            fn together(neurons: usize) -> usize {
                [$($neurons),*].into_iter().find(|together| *together <= neurons).unwrap_or(1)
            }

            #[inline(never)]
            unsafe fn compute(
                neurons: usize,
                block: &Block,
                before: *const f32,
                units: usize,
                inputs: *const u8,
                tiles: usize,
                to: *mut f32,
            ) {
                match neurons {
                    // SAFETY: what is read and written is what the caller vouches for; all registers that change are named.
                    $($neurons => unsafe {
                        asm!(
                            "5:",
                            "ldr {weights}, [{block}, #{at_weights}]",
                            "ldr {terms}, [{block}, #{at_terms}]",
                            concat!("vldmia {before}, {{", $sums, "}}"),
                            "cmp {terms}, #0",
                            "beq 4f",
                            "2:",
                            $input,
                            $add,
                            "3:",
                            "add {weights}, {weights}, {row}",
                            "subs {terms}, {terms}, #1",
                            "bne 2b",
                            "4:",
                            "ldr r3, [{block}, #{at_biases}]",
                            "vldr s31, [{block}, #{at_scale}]",
                            $end,
                            "ldr r3, [{block}, #{at_before}]",
                            "add {before}, {before}, r3",
                            "ldr r3, [{block}, #{at_inputs}]",
                            "add {inputs}, {inputs}, r3",
                            "ldr r3, [{block}, #{at_sums}]",
                            "add {to}, {to}, r3",
                            "subs {tiles}, {tiles}, #1",
                            "bne 5b",
                            block = in(reg) block,
                            before = inout(reg) before => _,
                            row = in(reg) units * size_of::<f32>(),
                            inputs = inout(reg) inputs => _,
                            tiles = inout(reg) tiles => _,
                            to = inout(reg) to => _,
                            weights = out(reg) _,
                            terms = out(reg) _,
                            at_weights = const offset_of!(Block, weights),
                            at_biases = const offset_of!(Block, biases),
                            at_scale = const offset_of!(Block, scale),
                            at_terms = const offset_of!(Block, terms),
                            at_inputs = const offset_of!(Block, to_inputs),
                            at_sums = const offset_of!(Block, to_sums),
                            at_before = const offset_of!(Block, to_before),
                            out("r3") _,
                            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
                            out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _, out("s13") _,
                            out("s14") _, out("s15") _, out("s16") _, out("s17") _, out("s18") _, out("s19") _, out("s20") _,
                            out("s21") _, out("s22") _, out("s23") _, out("s24") _, out("s25") _, out("s26") _, out("s27") _,
                            out("s28") _, out("s29") _, out("s30") _, out("s31") _,
                            options(nostack)
                        );
                    },)*
                    _ => {}
                }
            }
        }
    };
}

/// A kind of inputs of single samples, which `input` loads into s31.
macro_rules! single {
    ($(#[$doc:meta])* $name:ident, $input:literal) => {
        kind! {
            $(#[$doc])*
            $name, 1, $input,
            // A register is left for the input: the last weight has that of the first.
            16: "s0-s15",
                concat!(
                    "vldmia {weights}, {{s16-s30}}\n", neurons!(add, 15),
                    "vldr s16, [{weights}, #60]\n", "vmla.f32 s15, s16, s31"
                ),
                concat!(
                    "vldmia r3, {{s16-s30}}\n", neurons!(end, 15), "vldr s0, [r3, #60]\n", "vmla.f32 s0, s15, s31\n",
                    "vstmia {to}, {{s16-s30}}\n", "vstr s0, [{to}, #60]"
                );
            // Of ten classes.
            10: "s0-s9",
                concat!("vldmia {weights}, {{s16-s25}}\n", neurons!(add, 10)),
                concat!("vldmia r3, {{s16-s25}}\n", neurons!(end, 10), "vstmia {to}, {{s16-s25}}");
            8: "s0-s7",
                concat!("vldmia {weights}, {{s16-s23}}\n", neurons!(add, 8)),
                concat!("vldmia r3, {{s16-s23}}\n", neurons!(end, 8), "vstmia {to}, {{s16-s23}}");
            4: "s0-s3",
                concat!("vldmia {weights}, {{s16-s19}}\n", neurons!(add, 4)),
                concat!("vldmia r3, {{s16-s19}}\n", neurons!(end, 4), "vstmia {to}, {{s16-s19}}");
            2: "s0-s1",
                concat!("vldmia {weights}, {{s16-s17}}\n", neurons!(add, 2)),
                concat!("vldmia r3, {{s16-s17}}\n", neurons!(end, 2), "vstmia {to}, {{s16-s17}}");
            1: "s0",
                concat!("vldmia {weights}, {{s16}}\n", neurons!(add, 1)),
                concat!("vldmia r3, {{s16}}\n", neurons!(end, 1), "vstmia {to}, {{s16}}");
        }
    };
}

single! {
    /// Bytes, many of which are 0.
    Bytes, "ldrb r3, [{inputs}], #1\n cbz r3, 3f\n vmov s31, r3\n vcvt.f32.u32 s31, s31"
}

single! {
    /// Numbers, many of which are 0 of either sign.
    Sparse, "ldr r3, [{inputs}], #4\n vmov s31, r3\n lsls r3, r3, #1\n beq 3f"
}

single! {
    /// Numbers.
    Numbers, "vldmia {inputs}!, {{s31}}"
}

mod rows;

kind! {
    /// Numbers of four samples.
    Fours, 4, "vldmia {inputs}!, {{s20-s23}}",
    // Of ten classes, a half.
    5: "s0-s19",
        concat!(
            "vldmia {weights}, {{s24-s28}}\n",
            add_four!(24: 0 1 2 3, 25: 4 5 6 7, 26: 8 9 10 11, 27: 12 13 14 15, 28: 16 17 18 19)
        ),
        concat!(
            "vldmia r3, {{s24-s28}}\n",
            end_four!(24: 0 1 2 3, 25: 4 5 6 7, 26: 8 9 10 11, 27: 12 13 14 15, 28: 16 17 18 19),
            "vstmia {to}, {{s0-s19}}"
        );
    4: "s0-s15",
        concat!("vldmia {weights}, {{s16-s19}}\n", add_four!(16: 0 1 2 3, 17: 4 5 6 7, 18: 8 9 10 11, 19: 12 13 14 15)),
        concat!(
            "vldmia r3, {{s16-s19}}\n", end_four!(16: 0 1 2 3, 17: 4 5 6 7, 18: 8 9 10 11, 19: 12 13 14 15),
            "vstmia {to}, {{s0-s15}}"
        );
    2: "s0-s7",
        concat!("vldmia {weights}, {{s16-s17}}\n", add_four!(16: 0 1 2 3, 17: 4 5 6 7)),
        concat!("vldmia r3, {{s16-s17}}\n", end_four!(16: 0 1 2 3, 17: 4 5 6 7), "vstmia {to}, {{s0-s7}}");
    1: "s0-s3",
        concat!("vldmia {weights}, {{s16}}\n", add_four!(16: 0 1 2 3)),
        concat!("vldmia r3, {{s16}}\n", end_four!(16: 0 1 2 3), "vstmia {to}, {{s0-s3}}");
}

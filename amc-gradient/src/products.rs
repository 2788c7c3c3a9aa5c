//! Products of inputs and errors, summed over many samples: the gradient of weights that are used at many steps or
//! positions.
//!
//! Errors are turned into rows, a sample's units one behind the other, so that sums lie in lanes of units and need no
//! summing over lanes in the end.

use amc_core::Lanes;
use amc_core::lanes::Outlined;

use super::dense::unrolled;
use amc_kernels::TILE;

/// Tiles whose rows are in memory together: 128 samples of 64 units in 32 KiB.
const CHUNK: usize = 8;

/// Numbers of tiles, `[tile][unit][TILE]`.
#[derive(Clone, Copy)]
pub(super) struct Tiles<'a> {
    pub numbers: &'a [f32],
    pub units: usize,
}

impl<'a> Tiles<'a> {
    fn each(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        self.numbers.chunks_exact((self.units * TILE).max(1))
    }
}

/// Adds the products of inputs and errors of all samples to `gradient`, `[input][unit]`. `rows` is working memory.
pub(super) struct AddProducts<'a> {
    pub inputs: Tiles<'a>,
    pub errors: Tiles<'a>,
    pub rows: &'a mut Vec<f32>,
    pub gradient: &'a mut [f32],
}

impl<L: Lanes> Outlined<L> for AddProducts<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { inputs, errors, rows, gradient } = self;
        let padded = errors.units.next_multiple_of(TILE);
        let chunks = inputs.numbers.chunks((inputs.units * TILE * CHUNK).max(1));
        for (given, errors_of) in chunks.zip(errors.numbers.chunks((errors.units * TILE * CHUNK).max(1))) {
            fill_rows(Tiles { numbers: errors_of, ..errors }, rows);
            let chunk = Chunk { given: Tiles { numbers: given, ..inputs }, rows, units: errors.units, padded };
            let mut input = 0;
            while input + 4 <= inputs.units {
                chunk.inputs::<L, 4>(lanes, input, gradient);
                input += 4;
            }
            while input < inputs.units {
                chunk.inputs::<L, 1>(lanes, input, gradient);
                input += 1;
            }
        }
    }
}

/// Turns errors into rows, each filled up with 0 to whole tiles.
fn fill_rows(errors: Tiles<'_>, rows: &mut Vec<f32>) {
    let padded = errors.units.next_multiple_of(TILE);
    rows.clear();
    rows.resize(errors.numbers.len() / errors.units.max(1) * padded, 0.0);
    for (tile, rows) in errors.each().zip(rows.chunks_exact_mut((padded * TILE).max(1))) {
        let (units, _) = tile.as_chunks::<TILE>();
        let (squares, rest) = units.as_chunks::<TILE>();
        for (square, errors) in squares.iter().enumerate() {
            for (sample, row) in rows.chunks_exact_mut(padded).enumerate() {
                let row = &mut row[square * TILE..][..TILE];
                row.copy_from_slice(&std::array::from_fn::<_, TILE, _>(|unit| errors[unit][sample]));
            }
        }
        for (unit, errors) in rest.iter().enumerate() {
            for (row, error) in rows.chunks_exact_mut(padded).zip(errors) {
                row[squares.len() * TILE + unit] = *error;
            }
        }
    }
}

/// Some tiles, of which the rows of errors are at hand.
struct Chunk<'a> {
    given: Tiles<'a>,
    /// `[sample][padded]`
    rows: &'a [f32],
    units: usize,
    padded: usize,
}

impl Chunk<'_> {
    /// The weights of `I` inputs.
    #[inline(always)]
    fn inputs<L: Lanes, const I: usize>(&self, lanes: L, input: usize, gradient: &mut [f32]) {
        let gradient = &mut gradient[input * self.units..][..I * self.units];
        let mut unit = 0;
        while L::NEURONS >= 16 && unit + 4 * TILE <= self.padded {
            self.block::<L, I, 4>(lanes, input, unit, gradient);
            unit += 4 * TILE;
        }
        while unit < self.padded {
            self.block::<L, I, 1>(lanes, input, unit, gradient);
            unit += TILE;
        }
    }

    /// Those of `I` inputs and of `U` times as many units as a tile has samples.
    #[inline(always)]
    fn block<L: Lanes, const I: usize, const U: usize>(
        &self,
        lanes: L,
        input: usize,
        unit: usize,
        gradient: &mut [f32],
    ) {
        let mut sums = [[lanes.splat(0.0); U]; I];
        let rows = self.rows.chunks_exact((self.padded * TILE).max(1));
        for (given, rows) in self.given.each().zip(rows) {
            let given = &given[input * TILE..][..I * TILE];
            for (sample, row) in rows.chunks_exact(self.padded).enumerate() {
                let row = &row[unit..][..U * TILE];
                let mut errors = [lanes.splat(0.0); U];
                unrolled!(U, |N| { errors[N] = lanes.load(&row[N * TILE..]) }, 0 1 2 3);
                unrolled!(I, |M| {
                    let value = lanes.splat(given[M * TILE + sample]);
                    unrolled!(U, |N| { sums[M][N] = lanes.mul_add(value, errors[N], sums[M][N]) }, 0 1 2 3);
                }, 0 1 2 3);
            }
        }
        for (sums, gradient) in sums.iter().zip(gradient.chunks_exact_mut(self.units)) {
            for (sum, gradient) in sums.iter().zip(gradient[unit..].chunks_mut(TILE)) {
                let before = lanes.load(gradient);
                lanes.store(lanes.add(before, *sum), gradient);
            }
        }
    }
}

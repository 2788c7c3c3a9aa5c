//! What the benches time: kernels of `amc-core` over the lanes of this machine, and nets with data of their own.

use std::hint::black_box;

use amc_core::{Activation, Generator, Lanes, Layer, Loss, Net, Objective, elementary, gaussian};
use amc_engine::data::{OwnedTargets, Set, Values};
use amc_kernels::Arithmetic;
use amc_kernels::lanes::OnLanes;
use rand_core::{Rng, SeedableRng};

/// Numbers that an elementary function is applied to.
pub const NUMBERS: usize = 1024;

/// An elementary function, by name.
#[derive(Clone, Copy, Debug)]
pub enum Function {
    /// eˣ
    Exp,
    /// The natural logarithm.
    Ln,
    /// The hyperbolic tangent.
    Tanh,
    /// The logistic function.
    Sigmoid,
    /// Sine and cosine.
    SinCos,
}

/// Applies a function to [`NUMBERS`] numbers.
#[derive(Debug)]
pub struct Apply<'a>(pub Function, pub &'a mut [f32]);

impl OnLanes for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for tile in self.1.chunks_exact_mut(L::T) {
            let x = black_box(lanes.load(tile));
            let y = match self.0 {
                Function::Exp => elementary::exp(lanes, x),
                Function::Ln => elementary::ln(lanes, x),
                Function::Tanh => elementary::tanh(lanes, x),
                Function::Sigmoid => elementary::sigmoid(lanes, x),
                Function::SinCos => {
                    let (sin, cos) = elementary::sin_cos_turns(lanes, x);
                    lanes.add(sin, cos)
                }
            };
            lanes.store(black_box(y), tile);
        }
    }
}

/// Fills a slice with Gaussians.
#[derive(Debug)]
pub struct Gaussians<'a>(pub &'a mut Generator, pub &'a mut [f32]);

impl OnLanes for Gaussians<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        gaussian::fill(lanes, self.0, 1.0, self.1);
    }
}

/// The layers of a small classifier of [`pixels`].
pub const LAYERS: [Layer; 2] = [Layer::dense(16, Activation::Tanh), Layer::dense(10, Activation::Softmax)];
/// Features of a sample of [`pixels`].
pub const WIDTH: usize = 64;
/// The classifier.
pub const OBJECTIVE: Objective<'_> = Objective::new(Net::new(WIDTH, &LAYERS), Loss::MeanSquaredError);

/// Images of which half is dark, of random classes.
pub fn pixels(samples: usize) -> Set {
    let mut rng = Generator::seed_from_u64(1);
    let mut pixel = |_| (rng.next_u32() >> 24) as u8 * (rng.next_u32() % 2) as u8;
    let rows = (0..samples * WIDTH).map(&mut pixel).collect();
    let classes = (0..samples).map(|sample| (sample * 7 % 10) as u8).collect();
    Set::new(Values::U8(rows, 1.0 / 255.0), WIDTH, OwnedTargets::Classes(classes))
}

/// Parameters of the classifier.
pub fn parameters() -> Vec<f32> {
    let mut parameters = vec![0.0; OBJECTIVE.net().parameters()];
    amc_kernels::draw::fill(Arithmetic::Portable, &mut Generator::seed_from_u64(2), 1.0, &mut parameters);
    parameters
}

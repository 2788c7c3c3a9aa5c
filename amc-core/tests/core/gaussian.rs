//! The Gaussian numbers: their distribution, their order, their edges.

use core::convert::Infallible;

use amc_core::gaussian::{BLOCK, fill};
use amc_core::{Generator, Portable};
use rand_core::{Rng, SeedableRng, TryRng};

/// Any generator serves; this one gives what it is told, again and again.
#[derive(Clone)]
struct Told {
    words: Vec<u32>,
    at: usize,
}

impl TryRng for Told {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let word = self.words[self.at % self.words.len()];
        self.at += 1;
        Ok(word)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.try_next_u32()?) | u64::from(self.try_next_u32()?) << 32)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for to in to {
            *to = self.try_next_u32()? as u8;
        }
        Ok(())
    }
}

fn numbers<const T: usize>(rng: &mut impl Rng, sigma: f32, n: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; n];
    fill(Portable::<T>, rng, sigma, &mut out);
    out
}

#[test]
fn moments_are_those_of_a_gaussian() {
    let n = 4_000_000;
    let z = numbers::<16>(&mut Generator::seed_from_u64(3), 1.0, n);
    let count = n as f64;
    let moment = |k: i32| z.iter().map(|z| f64::from(*z).powi(k)).sum::<f64>() / count;
    // Five standard errors each: of z^k its variance is E[z^2k] − E[z^k]^2.
    for (k, wanted, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
        let (got, error) = (moment(k), f64::sqrt(variance / count));
        assert!((got - wanted).abs() <= 5.0 * error, "the {k}th moment is {got}, not {wanted} to {error}");
    }
    // Pairs share a radius, half a block apart, and may not be correlated, nor their squares.
    let half = BLOCK / 2;
    let pairs = || z.chunks(BLOCK).flat_map(|b| (0..half).map(|i| (f64::from(b[i]), f64::from(b[half + i]))));
    let count = count / 2.0;
    let product = pairs().map(|(a, b)| a * b).sum::<f64>() / count;
    let squares = pairs().map(|(a, b)| (a * a - 1.0) * (b * b - 1.0)).sum::<f64>() / count;
    assert!(product.abs() <= 5.0 / count.sqrt(), "correlation {product}");
    // (z² − 1)² has the mean 2, so the product of two the deviation 2.
    assert!(squares.abs() <= 5.0 * 2.0 / count.sqrt(), "correlation of squares {squares}");
}

#[test]
fn tails_are_as_heavy_as_they_should() {
    let n = 4_000_000;
    let z = numbers::<8>(&mut Generator::seed_from_u64(4), 1.0, n);
    for (end, fraction) in [(2.0, 4.550_026e-2), (3.0, 2.699_796e-3), (4.0, 6.334_248e-5)] {
        for sign in [1.0, -1.0] {
            let beyond = z.iter().filter(|z| **z * sign > end).count() as f64;
            let wanted = n as f64 * fraction / 2.0;
            // Five deviations of a Poisson count.
            assert!((beyond - wanted).abs() <= 5.0 * wanted.sqrt(), "{beyond} beyond {end}, not {wanted}");
        }
    }
}

#[test]
fn sigma_scales() {
    let unit = numbers::<4>(&mut Generator::seed_from_u64(5), 1.0, 100);
    let scaled = numbers::<4>(&mut Generator::seed_from_u64(5), 0.3, 100);
    assert!(unit.iter().zip(&scaled).all(|(z, s)| *s == 0.3 * z));
}

#[test]
fn edges_of_the_draws_stay_finite() {
    let mut largest = 0.0_f32;
    for words in [vec![0], vec![u32::MAX], vec![0, u32::MAX], vec![1], vec![0, 1 << 31], vec![0, 1 << 30]] {
        for n in 1..=BLOCK {
            for z in numbers::<4>(&mut Told { words: words.clone(), at: 0 }, 1.0, n) {
                // sqrt(−2 ln 2⁻³²) = 6.6604
                assert!(z.is_finite() && z.abs() <= 6.67, "{z} from {words:?}");
                largest = largest.max(z.abs());
            }
        }
    }
    assert!(largest > 6.66, "the edge was not reached: {largest}");
    // The largest draw is u = 1: no radius, not the root of something below 0.
    assert!(numbers::<1>(&mut Told { words: vec![u32::MAX], at: 0 }, 1.0, 8).iter().all(|z| *z == 0.0));
}

/// The transform in `f64`, block by block in the order that the module's page describes.
fn golden(rng: &mut impl Rng, n: usize) -> Vec<f64> {
    let scale = f64::exp2(-32.0);
    let mut out = Vec::new();
    while out.len() < n {
        let m = (n - out.len()).min(BLOCK);
        let h = m.div_ceil(2);
        // The draws are rounded to f32 on their way.
        let mut draws = |one| (0..h).map(|_| f64::from((rng.next_u32() | one) as f32) * scale).collect::<Vec<_>>();
        let (u, t) = (draws(1), draws(0));
        let both = |f: fn(f64) -> f64| {
            u.iter().zip(&t).map(move |(u, t)| (-2.0 * u.ln()).sqrt() * f((t - 0.5) * std::f64::consts::TAU))
        };
        out.extend(both(f64::cos).chain(both(f64::sin)).take(m));
    }
    out
}

#[test]
fn the_first_numbers_are_box_and_mullers() {
    // The angle is rounded to 3e-8 turns, 2e-7 radians, at a radius below 7; the functions add some 3 ULP each.
    let tolerance = 5e-6;
    for n in (1..=70).chain([1000]) {
        let wanted = golden(&mut Generator::seed_from_u64(1), n);
        let got = numbers::<4>(&mut Generator::seed_from_u64(1), 1.0, n);
        assert_eq!(got.len(), wanted.len());
        for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert!((f64::from(*got) - wanted).abs() <= tolerance, "number {i} of {n} is {got}, not {wanted}");
        }
    }
}

#[test]
fn the_width_of_the_tile_does_not_show() {
    for n in 1..=70 {
        let run = |f: fn(&mut Generator, f32, usize) -> Vec<f32>| {
            let mut rng = Generator::seed_from_u64(n as u64);
            let bits = f(&mut rng, 0.5, n).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            // The generator, too, ends where it should.
            (bits, rng.next_u32())
        };
        let wanted = run(numbers::<1>);
        assert_eq!(run(numbers::<2>), wanted);
        assert_eq!(run(numbers::<4>), wanted);
        assert_eq!(run(numbers::<8>), wanted);
        assert_eq!(run(numbers::<16>), wanted);
    }
}

#[test]
fn a_block_takes_the_draws_it_should() {
    for n in 0..=70_usize {
        let mut rng = Told { words: vec![12_345], at: 0 };
        numbers::<2>(&mut rng, 1.0, n);
        assert_eq!(rng.at, 2 * n.div_ceil(2), "{n} numbers");
    }
}

//! The parameters that training starts from, the same whatever trains them.

use amc_core::{Generator, Net};
use amc_kernels::{Arithmetic, draw};
use rand_core::Rng;
use serde::Serialize;

/// How initial parameters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// Every weight and bias ~ N(0, σ²), with this σ (Sec. II A).
    Gaussian(f32),
    /// PyTorch's default. Every weight and bias is uniform within ±1/√(fan-in), the fan-in that of its
    /// [section](amc_core::Section::initial_fan_in): Kaiming initialisation, `kaiming_uniform_` with a = √5.
    Kaiming,
}

impl Initial {
    /// The initial parameters of a net, drawn from `rng`, but for those that a layer [sets](amc_core::Layer::set_initial).
    pub fn draw(self, net: Net<'_>, arithmetic: Arithmetic, rng: &mut Generator) -> Vec<f32> {
        let mut parameters = vec![0.0; net.parameters()];
        match self {
            Initial::Gaussian(sigma) => draw::fill(arithmetic, rng, sigma, &mut parameters),
            Initial::Kaiming => {
                for section in net.sections() {
                    let bound = (section.initial_fan_in.max(1) as f32).sqrt().recip();
                    for x in &mut parameters[section.range()] {
                        // 24 bits, so that nothing is rounded before the product.
                        let uniform = (rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0;
                        *x = bound * uniform;
                    }
                }
            }
        }
        for (section, layer) in net.sections().zip(net.layers()) {
            layer.set_initial(&mut parameters[section.range()]);
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use amc_core::{Activation, Generator, Layer, Net};
    use rand_core::SeedableRng;

    use super::Initial;
    use amc_kernels::Arithmetic;

    const LAYERS: [Layer; 2] = [Layer::dense(900, Activation::Tanh), Layer::dense(40, Activation::Linear)];
    const NET: Net<'_> = Net::new(4, &LAYERS);

    /// The largest size, the mean and the variance.
    fn moments(x: &[f32]) -> (f64, f64, f64) {
        let sum = |f: &dyn Fn(f64) -> f64| x.iter().map(|x| f(f64::from(*x))).sum::<f64>() / x.len() as f64;
        let mean = sum(&|x| x);
        (x.iter().fold(0.0, |max, x| max.max(f64::from(x.abs()))), mean, sum(&|x| (x - mean).powi(2)))
    }

    #[test]
    fn kaiming_is_uniform_within_the_reciprocal_root_of_the_fan_in() {
        let parameters = Initial::Kaiming.draw(NET, Arithmetic::Portable, &mut Generator::seed_from_u64(1));
        for (section, fan_in) in NET.sections().zip([4.0_f64, 900.0]) {
            let layer = &parameters[section.start..][..section.weights + section.biases];
            let (largest, mean, variance) = moments(layer);
            let bound = fan_in.powf(-0.5);
            assert!(largest <= bound && largest > 0.99 * bound, "{largest} of {bound}");
            // A uniform number has variance bound²/3; of n of them, mean and variance are off by 4 standard errors at most.
            let error = 4.0 / (layer.len() as f64).sqrt();
            assert!(mean.abs() < error * bound / 3.0_f64.sqrt(), "{mean}");
            assert!((3.0 * variance / (bound * bound) - 1.0).abs() < error * 0.9, "{variance}");
        }
    }

    #[test]
    fn recurrent_layers_are_drawn_as_pytorch_does_and_normalisation_starts_as_none() {
        const LAYERS: [Layer; 3] = [
            Layer::recurrent(2, 16, 3, Activation::Tanh),
            Layer::normalization(16, Activation::Linear),
            Layer::dense(2, Activation::Softmax),
        ];
        const NET: Net<'_> = Net::new(6, &LAYERS);
        for initial in [Initial::Kaiming, Initial::Gaussian(0.1)] {
            let x = initial.draw(NET, Arithmetic::Portable, &mut Generator::seed_from_u64(1));
            let sections: Vec<_> = NET.sections().map(|s| &x[s.start..][..s.weights + s.biases]).collect();
            let (gains, biases) = sections[1].split_at(16);
            assert!(gains.iter().all(|gain| *gain == 1.0) && biases.iter().all(|bias| *bias == 0.0), "{initial:?}");
            let (largest, ..) = moments(sections[0]);
            // Of (2 + 16 + 1) · 16 numbers within ±1/√16, or of a standard deviation of 0.1.
            let range = if initial == Initial::Kaiming { 0.24..=0.25 } else { 0.25..=0.5 };
            assert!(range.contains(&largest), "{initial:?}: {largest}");
        }
    }

    #[test]
    fn gaussian_numbers_have_the_scale_they_are_given() {
        let parameters = Initial::Gaussian(0.01).draw(NET, Arithmetic::Portable, &mut Generator::seed_from_u64(1));
        let (_, mean, variance) = moments(&parameters);
        let error = 4.0 / (parameters.len() as f64).sqrt();
        assert!(mean.abs() < error * 0.01 && (variance / 1e-4 - 1.0).abs() < error * 2.0_f64.sqrt(), "{variance}");
    }
}

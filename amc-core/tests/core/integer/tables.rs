//! The tables behind activations and losses, by what nets make of them.

use super::*;

/// A neuron that passes its input on, and one that shows what its activation made of it.
fn through(activation: Activation) -> Vec<(i32, i32)> {
    let layers = [Layer::dense(1, activation), Layer::dense(1, Activation::Linear)];
    let scales = [Scale::new(0); 2];
    let net = Net::new(amc_core::Net::new(1, &layers), &scales, 1000);
    let parameters = [1, 0, 1, 0];
    let values: Vec<i16> = (-400..400).collect();
    let samples = Samples { features: Tiles::<_, 1>::new(&values[..1], 1, 1), targets: Targets::Values(&[0]) };
    let mut memory = Memory::new(net, 1, 0, 0);
    let mut evaluator = Serial::new(Objective::new(net).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
    let mut output = |value: i16| evaluator.outputs(&parameters, &[value]).unwrap()[0][0];
    values.iter().map(|value| (i32::from(*value), output(*value))).collect()
}

#[test]
fn the_hyperbolic_tangent_is_the_nearest_of_its_units() {
    for (v, output) in through(Activation::Tanh) {
        // A sum was rounded down: what it stands for is half a unit more.
        let exact = 127.0 * libm::tanh((f64::from(v) + 0.5) / 64.0);
        // Half a unit by rounding; beyond the table's end, tanh(4) is 126.91, as good as 127.
        assert!((f64::from(output) - exact).abs() <= 0.5, "{v}: {output} instead of {exact}");
    }
}

#[test]
fn the_sigmoid_is_within_a_unit() {
    for (v, output) in through(Activation::Sigmoid) {
        let exact = 127.0 / (1.0 + libm::exp(-(f64::from(v) + 0.5) / 64.0));
        // The table's half unit, halved, and a unit by rounding down twice.
        assert!((f64::from(output) - exact).abs() <= 1.25, "{v}: {output} instead of {exact}");
    }
}

#[test]
fn a_cross_entropy_is_within_a_thousandth_of_a_bit_of_the_exact_one() {
    let layers = [Layer::dense(3, Activation::Softmax)];
    let scales = [Scale::new(0)];
    let net = Net::new(amc_core::Net::new(3, &layers), &scales, 20_000);
    // Each input is a logit.
    let parameters = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
    let mut rng = Generator::seed_from_u64(3);
    for spread in [1, 50, 256, 1000, 5000] {
        let rows: Vec<i16> =
            (0..300).map(|_| ((rng.next_u32() % (2 * spread + 1)) as i32 - spread as i32) as i16).collect();
        for row in rows.chunks_exact(3) {
            let samples = Samples { features: Tiles::<_, 1>::new(row, 1, 3), targets: Targets::Classes(&[1]) };
            let mut memory = Memory::new(net, 1, 0, 0);
            let mut evaluator =
                Serial::new(Objective::new(net).unwrap(), Portable::<1>, samples, memory.lend()).unwrap();
            let loss = evaluator.score(&samples, &parameters).unwrap().loss as f64 / 4096.0;
            let powers = row.iter().map(|logit| libm::exp2(f64::from(*logit) / 256.0));
            let exact = libm::log2(powers.sum::<f64>()) - f64::from(row[1]) / 256.0;
            // Three exponentials of 15 bits, cut off where they are shifted, and two entries of 12 bits of which one is
            // interpolated: 3 · 2⁻¹⁵ / ln 2 + 2 · 2⁻¹³ + (1/256)² / (8 ln 2).
            assert!((loss - exact).abs() < 4e-4, "{row:?}: {loss} instead of {exact}");
        }
    }
}

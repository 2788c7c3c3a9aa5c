//! What the firmware learns without labels and without a net's loss, on a host.

use amc_core::Portable;

use crate::anomaly::{self, Memory};
use crate::cart_pole::{self, STEP, State, TRIED};
use crate::golden::{PIXELS, stored};

/// The outcomes, as these tests printed them when they were written; the Cortex-M4 prints the same (firmware.rs).
pub const FOUND: &str = "hash=2fc0045b threshold_bits=3c21782b found=306 of 325 false_alarms=4 of 35";
pub const BALANCED: &str =
    "hash=d31c9c38 steps=300 accepted=73 resets=0 loss_bits=00000000\nstood to the end: 15 of 16";

#[test]
fn anomalies_are_found_without_labels() {
    let mut losses = Vec::new();
    let mut memory = Memory::new();
    let found = anomaly::run(Portable::<4>, &mut memory, |loss| losses.push(loss));
    assert!(found.is_good(), "{found}");
    assert_eq!(found.to_string(), FOUND);
    let mean_alone = error_of_the_mean_image();
    assert!((mean_alone - 0.0090).abs() < 0.00005, "{mean_alone} is not what the firmware's page says");
    assert!(losses.len() == 100 && losses[99] < 0.6 * mean_alone, "{losses:?}");
    // What a run left in the memory changes none after it, nor does the tile's width.
    assert_eq!(anomaly::run(Portable::<16>, &mut memory, |_| {}), found);
}

/// The mean squared error of the first 100 zeros, at half their resolution, from their mean.
fn error_of_the_mean_image() -> f32 {
    let (pixels, labels) = stored(0, 1437);
    let zeros: Vec<_> = pixels.chunks_exact(PIXELS).zip(labels).filter(|(_, label)| **label == 0).take(100).collect();
    let places = (0..PIXELS).filter(|place| place / 8 % 2 == 0 && place % 2 == 0);
    let variances = places.map(|corner| {
        let means = zeros.iter().map(|(image, _)| [0, 1, 8, 9].map(|place| f32::from(image[corner + place])));
        let means: Vec<f32> = means.map(|four| four.iter().sum::<f32>() / 64.0).collect();
        let mean = means.iter().sum::<f32>() / 100.0;
        means.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 100.0
    });
    variances.sum::<f32>() / 16.0
}

#[test]
fn a_chain_balances_a_pole() {
    // Another tile width than the device's, and not a wider one: unoptimised, each lane takes its time.
    let (golden, stood) = cart_pole::run(Portable::<4>);
    assert!(f32::from_bits(golden.loss_bits) == 0.0 && 4 * stood >= 3 * TRIED, "{golden}: {stood} of {TRIED}");
    assert_eq!(format!("{golden}\nstood to the end: {stood} of {TRIED}"), BALANCED);
}

/// The equations in the paper's form and in `f64`: x, its speed, the angle, its speed.
fn after([x, v, angle, w]: [f64; 4], force: f64) -> [f64; 4] {
    let (g, cart, pole, half, track, hinge) = (-9.8, 1.0, 0.1, 0.5, 0.0005, 0.000_002);
    let (sin, cos) = angle.sin_cos();
    let sign = if v == 0.0 { 0.0 } else { v.signum() };
    let above = -g * sin + cos * ((-force - pole * half * w * w * sin + track * sign) / (cart + pole))
        - hinge * w / (pole * half);
    let bend = above / (half * (4.0 / 3.0 - pole * cos * cos / (cart + pole)));
    let gain = (force + pole * half * (w * w * sin - bend * cos) - track * sign) / (cart + pole);
    let step = f64::from(STEP);
    [x + step * v, v + step * gain, angle + step * w, w + step * bend]
}

#[test]
fn cart_and_pole_move_by_the_papers_equations() {
    let mut wide = [0.1, -0.5, 0.05, 0.3];
    let [x, speed, angle, turning] = wide.map(|number| number as f32);
    let mut state = State { x, speed, angle, turning };
    for step in 0..40 {
        let force = if step % 5 < 3 { 10.0 } else { -10.0 };
        wide = after(wide, force.into());
        state = state.after(force);
        let narrow = [state.x, state.speed, state.angle, state.turning];
        for (narrow, wide) in narrow.into_iter().zip(wide) {
            // Each step rounds by 1e-7 of numbers up to 4, and the pole, in its second, lets that grow by e⁴.
            assert!((f64::from(narrow) - wide).abs() < 1e-4, "step {step}: {narrow} and {wide}");
        }
    }
    assert!(wide[2].abs() > 0.2, "the pole moved: {wide:?}");
}

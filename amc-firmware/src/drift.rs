//! A sensor that drifts: what a device in the field would learn to read.

use amc_core::Portable;
use amc_core::elementary::sin_cos_turns;

/// Where samples come from.
pub trait Source {
    /// The next sample, as the hardware gives it: nothing says that it is any good.
    fn sample(&mut self) -> Sample;
}

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The sensor's reading and the temperature.
    pub features: [f32; 2],
    /// The pressure that a reference shows.
    pub target: [f32; 1],
}

/// A pressure sensor, computed: its gain depends on the temperature, and grows as it ages.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Samples given so far.
    pub time: u32,
}

/// One sample in so many is not a number, and one in as many others is a spike.
const LOST_EVERY: u32 = 50;
const SPIKE_EVERY: u32 = 73;

impl Sensor {
    /// Bad samples among the first `time`.
    pub const fn bad(time: u32) -> u32 {
        time / LOST_EVERY + time / SPIKE_EVERY - time / (LOST_EVERY * SPIKE_EVERY)
    }
}

/// sin 2πt
fn sine(t: f32) -> f32 {
    let ([sine], _) = sin_cos_turns(Portable::<1>, [t]);
    sine
}

impl Source for Sensor {
    fn sample(&mut self) -> Sample {
        self.time += 1;
        let time = self.time as f32;
        let (pressure, temperature) = (0.8 * sine(time / 7.3), sine(time / 611.0));
        let gain = 1.0 + 0.3 * temperature + time / 6000.0;
        let reading = match self.time {
            time if time.is_multiple_of(LOST_EVERY) => f32::NAN,
            time if time.is_multiple_of(SPIKE_EVERY) => 1e6,
            _ => gain * pressure + 0.1 * temperature,
        };
        Sample { features: [reading, temperature], target: [pressure] }
    }
}

//! The nets and data that are timed.

use std::path::Path;

use amc_core::chain::Options;
use amc_engine::data::{self, Data};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{Batching, Initial, Method, Settings};
use amc_host::data::idx;
use amc_kernels::Arithmetic;

/// A net on a data set.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name on the command line.
    pub name: &'static str,
    /// The net.
    pub shape: Shape,
    /// Moves to time.
    pub steps: u64,
}

/// The nets of the paper's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 784-16-16-10 with a softmax, on the 60,000 images of MNIST (Figs. 1 and 7).
    Mnist,
    /// 1-W-W-1 on 1,000 points of a sine (Fig. 2).
    Sine(usize),
    /// So many layers of weights less one, all hidden layers of 4 units but the last, of 10; on 1,000 points of a step
    /// (Fig. 6).
    Step(usize),
    /// Two recurrent layers of 64 units over the 784 pixels of 1,500 zeros and ones of MNIST (Fig. 5).
    Rnn,
}

/// The cases of `amc-bench`.
pub const CASES: [Case; 7] = [
    Case { name: "mnist", shape: Shape::Mnist, steps: 400 },
    Case { name: "sine-10", shape: Shape::Sine(10), steps: 20_000 },
    Case { name: "sine-100", shape: Shape::Sine(100), steps: 4_000 },
    Case { name: "sine-1000", shape: Shape::Sine(1000), steps: 100 },
    Case { name: "step-32", shape: Shape::Step(32), steps: 8_000 },
    Case { name: "step-128", shape: Shape::Step(128), steps: 2_000 },
    Case { name: "rnn", shape: Shape::Rnn, steps: 20 },
];

impl Case {
    /// The case of that name.
    pub fn of(name: &str) -> anyhow::Result<Case> {
        let names = CASES.map(|case| case.name).join(", ");
        let case = CASES.into_iter().find(|case| case.name == name);
        case.ok_or_else(|| anyhow::anyhow!("there is no case {name:?}: choose from {names}"))
    }

    /// Whether its data are read from files.
    pub fn needs_files(&self) -> bool {
        matches!(self.shape, Shape::Mnist | Shape::Rnn)
    }

    /// The net and its loss.
    pub fn description(&self) -> Description {
        let (sizes, output) = match self.shape {
            Shape::Mnist => (vec![784, 16, 16, 10], ActivationName::Softmax),
            Shape::Sine(width) => (vec![1, width, width, 1], ActivationName::Linear),
            Shape::Step(depth) => {
                let mut sizes = vec![4; depth + 2];
                sizes[0] = 1;
                sizes[depth] = 10;
                sizes[depth + 1] = 1;
                (sizes, ActivationName::Linear)
            }
            Shape::Rnn => return Description::of_sequences(784, 64),
        };
        Description::new(&sizes, ActivationName::Tanh, output, LossName::Mse)
    }

    /// How `amc train` trains it by default, from that scale of initial parameters and moves on, and the paper the recurrent net.
    pub fn settings(&self, sigma: f32, steps: u64, (arithmetic, threads): (Arithmetic, usize)) -> Settings {
        let (epsilon, n_reset, signal_norm) = match self.shape {
            Shape::Mnist => (0.0, 20, true),
            Shape::Sine(_) | Shape::Step(_) => (0.01, 100, true),
            Shape::Rnn => (0.0, 100, false),
        };
        Settings {
            method: Method::Amc,
            options: Options::new(sigma).epsilon(epsilon).n_reset(n_reset),
            initial: Initial::Gaussian(sigma),
            transfer: Default::default(),
            in_place: false,
            signal_norm,
            batching: Batching::Full,
            steps,
            seed: 1,
            threads,
            arithmetic,
        }
    }

    /// Its data; MNIST is read from `data_dir`.
    pub fn data(&self, data_dir: &Path) -> anyhow::Result<Data> {
        Ok(match self.shape {
            Shape::Mnist => idx::load(data_dir)?,
            Shape::Sine(_) => data::functions::sine(),
            Shape::Step(_) => data::functions::step(),
            Shape::Rnn => {
                let sequences = data::sequences::zeros_and_ones(&idx::load(data_dir)?, false);
                Data { train: sequences.train.first(1500), test: None }
            }
        })
    }
}

//! What is learned: a net, samples, and the loss to come to.

use amc_engine::data::{Data, OwnedTargets, Set, Values, digits, functions};
use amc_engine::description::{ActivationName, Description, LossName};

use ActivationName::{Linear, Softmax, Tanh};

/// A task.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// As options and tables name it.
    pub name: &'static str,
    /// The loss, a mean-squared error, to come to.
    pub loss: f32,
    /// Whole passes' cost that may be spent.
    pub budget: u64,
    /// The net's inputs and units; where there is a depth, so many layers of 4 before them.
    sizes: &'static [usize],
    depth: usize,
    output: ActivationName,
    data: fn() -> Data,
}

/// All of them.
pub const TASKS: [Task; 7] = [
    Task {
        name: "xor",
        loss: 0.01,
        budget: 20_000,
        sizes: &[2, 3, 1],
        depth: 0,
        output: Tanh,
        data: || {
            let features = Values::F32(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
            let targets = OwnedTargets::Values(vec![0.0, 1.0, 1.0, 0.0], 1);
            Data { train: Set::new(features, 2, targets), test: None }
        },
    },
    // Fig. 2(c), the smallest net.
    Task {
        name: "sine",
        loss: 1e-4,
        budget: 100_000,
        sizes: &[1, 10, 10, 1],
        depth: 0,
        output: Linear,
        data: functions::sine,
    },
    // Fig. 4.
    Task {
        name: "log-sine",
        loss: 1e-3,
        budget: 200_000,
        sizes: &[1, 100, 1],
        depth: 0,
        output: Linear,
        data: functions::log_sine,
    },
    // Fig. 6.
    Task {
        name: "step-16",
        loss: 0.01,
        budget: 60_000,
        sizes: &[1, 10, 1],
        depth: 15,
        output: Tanh,
        data: functions::step,
    },
    Task {
        name: "step-64",
        loss: 0.01,
        budget: 60_000,
        sizes: &[1, 10, 1],
        depth: 63,
        output: Tanh,
        data: functions::step,
    },
    Task { name: "digits", loss: 1e-3, budget: 40_000, sizes: &[64, 16, 10], depth: 0, output: Softmax, data: digits },
    Task {
        name: "digits-deep",
        loss: 3e-3,
        budget: 20_000,
        sizes: &[64, 64, 64, 10],
        depth: 0,
        output: Softmax,
        data: digits,
    },
];

impl Task {
    /// The net and its loss.
    pub fn net(&self) -> Description {
        let (inputs, behind) = self.sizes.split_at(1);
        let sizes = [inputs, &vec![4; self.depth], behind].concat();
        Description::new(&sizes, Tanh, self.output, LossName::Mse)
    }

    /// The samples.
    pub fn data(&self) -> Data {
        (self.data)()
    }
}

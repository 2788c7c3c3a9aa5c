//! The images of Figs. 1 and 7, the net that learns them, and its training.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::Machine;
use super::learning::Training;
use super::method::Method;
use super::series::Curve;
use super::under_way::UnderWay;
use super::watch::Watch;
use amc_engine::data::{self, Data};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::Initial;
use amc_host::data::idx;

/// Which images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Images {
    /// The paper's.
    Mnist,
    /// The digits that come with the program: less to learn, and from less.
    Digits,
}

impl Images {
    /// Reads them.
    pub fn load(self, dir: &Path) -> anyhow::Result<Data> {
        match self {
            Images::Mnist => idx::load(dir)
                .context("MNIST is needed: `cargo run --release -p amc-fetch -- mnist` brings it, --data-dir finds it"),
            Images::Digits => Ok(data::digits()),
        }
    }

    /// A training of the paper's net: two hidden layers of 16 tanh neurons, a softmax of 10 outputs, and the mean-squared
    /// error (Sec. II A).
    pub fn training(self, method: Method, initial: Initial, epochs: u64, seed: u64) -> Training {
        let (data, inputs) = match self {
            Images::Mnist => ("mnist", 784),
            Images::Digits => ("digits", 64),
        };
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        let net = Description::new(&[inputs, 16, 16, 10], activation, output, loss);
        Training { net, data, method, initial, epochs, seed }
    }
}

/// Loss and accuracy of a training.
pub fn train(training: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
    let (data, _) = machine.images.as_ref().context("no images are loaded")?;
    let mut watch = Watch::new(training.net.objective()?, data, machine.of_a_run());
    training.learn(data, machine.of_a_run(), &mut watch, way)?;
    Ok(watch.curves())
}

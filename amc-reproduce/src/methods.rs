//! Mixed moves beside the paper's aMC: what both take to the same loss, on the same nets from the same seeds.
//!
//! On each task aMC is tried with every setting of a [`grid`] on the first seeds; with the best of them it is then made on
//! other seeds, and mixed moves on the same. Thresholds, budgets, seeds and grid are fixed here.

mod ablation;
mod adam;
mod compare;
mod record;
mod tasks;

pub use ablation::ablation;
pub use compare::{Compared, best, table};
pub use record::{Record, Records};
pub use tasks::{TASKS, Task};

use std::ops::ControlFlow;

use amc_core::chain::Options;
use amc_engine::train::{Batching, Initial, Method, Settings, train_on};
use amc_kernels::Arithmetic;

/// A setting of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// Mixed moves have none.
    Mixed,
    /// The paper's.
    Amc {
        /// σ₀, of moves and of the start.
        sigma: f32,
        /// n_s
        n_reset: u32,
        /// ε, and whether there is signal norm.
        epsilon: f32,
        /// Whether moves are scaled by Eq. (18).
        signal_norm: bool,
    },
    /// Adam, from PyTorch's initial parameters.
    Adam {
        /// The learning rate.
        rate: f32,
        /// Samples of a minibatch; all where there is none.
        batch: Option<usize>,
    },
}

impl Setting {
    /// As files and tables name it.
    pub fn name(&self) -> String {
        match self {
            Self::Mixed => "mixed".into(),
            Self::Amc { sigma, n_reset, epsilon, signal_norm } => {
                let norm = if *signal_norm { ", signal norm" } else { "" };
                format!("aMC, sigma {sigma}, n_s {n_reset}, epsilon {epsilon}{norm}")
            }
            Self::Adam { rate, batch: None } => format!("Adam, rate {rate}"),
            Self::Adam { rate, batch: Some(batch) } => format!("Adam, rate {rate}, batches of {batch}"),
        }
    }
}

/// The settings of aMC that are tried: those of the paper's figures, and between them.
pub fn grid() -> impl Iterator<Item = Setting> {
    [0.01, 0.03, 0.1].into_iter().flat_map(|sigma| {
        [20, 100].into_iter().flat_map(move |n_reset| {
            [(0.0, false), (0.01, true)].map(|(epsilon, signal_norm)| Setting::Amc {
                sigma,
                n_reset,
                epsilon,
                signal_norm,
            })
        })
    })
}

/// The settings of Adam that are tried.
pub fn adam_grid() -> impl Iterator<Item = Setting> {
    [0.003, 0.01, 0.03].into_iter().flat_map(|rate| [None, Some(64)].map(|batch| Setting::Adam { rate, batch }))
}

/// Seeds that the grids are tried on, and those that are compared.
pub const GRID_SEEDS: [u64; 3] = [1, 2, 3];
/// See [`GRID_SEEDS`].
pub const SEEDS: [u64; 9] = [101, 102, 103, 104, 105, 106, 107, 108, 109];

/// Trains on one thread until the task's loss is reached, or as much is computed as its budget of whole passes comes to.
pub fn run(task: &Task, setting: Setting, seed: u64, arithmetic: Arithmetic) -> anyhow::Result<Record> {
    let (net, data) = (task.net(), task.data());
    let (method, options, signal_norm) = match setting {
        Setting::Mixed => (Method::Mixed, Options::new(1.0), false),
        Setting::Amc { sigma, n_reset, epsilon, signal_norm } => {
            (Method::Amc, Options::new(sigma).n_reset(n_reset).epsilon(epsilon), signal_norm)
        }
        Setting::Adam { rate, batch } => return adam::run(task, setting, (rate, batch), seed, arithmetic),
    };
    let settings = Settings {
        method,
        options,
        initial: Initial::Gaussian(options.sigma),
        transfer: Default::default(),
        in_place: false,
        signal_norm,
        batching: Batching::Full,
        steps: u64::MAX,
        seed,
        threads: 1,
        arithmetic,
    };
    let whole = net.objective()?.net().cost().total() as f64;
    let (mut reached, mut work, mut loss) = (false, Default::default(), f32::NAN);
    let trained = train_on(&net, &data, &settings, None, |moves, _| {
        loss = moves.progress(None).loss;
        reached = loss <= task.loss;
        work = moves.work();
        let is_over = work.total() > task.budget as f64 * whole;
        Ok(if reached || is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(Record {
        task: task.name.into(),
        setting: setting.name(),
        seed,
        reached,
        loss,
        moves: trained.counters.steps,
        multiply_adds: work.multiply_adds,
        passes: work.total() / whole,
        seconds: trained.time.as_secs_f64(),
    })
}

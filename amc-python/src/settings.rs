//! What an estimator is told of its net and its training, and what it takes by default: what `amc train` does on a table.

use std::path::Path;

use amc_core::chain::Options;
use amc_engine::data::Data;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{Batching, Initial, Method, Settings, Transfer};
use amc_host::cli::defaults::Defaults;
use amc_host::model::{Model, params_hash};
use amc_host::transfer::part::Part;
use amc_host::transfer::{self, Start, Wanted};
use amc_kernels::Arithmetic;
use anyhow::{Context, ensure};
use pyo3::prelude::*;

/// As the Python half gives it, a dict; what is `None` there is as `amc train` does it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Asked {
    layers: Vec<usize>,
    activation: String,
    method: String,
    steps: Option<u64>,
    sigma: Option<f32>,
    epsilon: Option<f32>,
    n_reset: Option<u32>,
    signal_norm: Option<bool>,
    until_loss: Option<f32>,
    seed: u64,
    threads: Option<usize>,
    arithmetic: String,
    train: Option<String>,
    pub new_head: bool,
}

/// What a fit is made by.
pub struct Plan {
    /// The net that is trained, and its loss: what is behind frozen layers, if there are such.
    pub description: Description,
    /// What is taken over of a model, if it begins at one.
    pub begun: Option<transfer::Plan>,
    /// How it is trained.
    pub settings: Settings,
    /// The loss at which it ends.
    pub until_loss: Option<f32>,
}

impl Plan {
    /// All of which a chain that goes on has to be the same.
    pub fn fixed(&self) -> String {
        let Settings { method, options, signal_norm, seed, arithmetic, transfer, .. } = &self.settings;
        let begun = self.begun.as_ref().map(|plan| (params_hash(&plan.parameters()), &transfer.trainable));
        format!("{:?}", (&self.description, method, options, signal_norm, seed, arithmetic, begun))
    }
}

/// The one of `all` that has this name.
pub fn named<T: Copy>(what: &str, given: &str, all: &[T], name: fn(T) -> &'static str) -> anyhow::Result<T> {
    let found = all.iter().copied().find(|one| name(*one) == given);
    found.with_context(|| {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        format!("{what} is {given:?}: use one of {}", names.join(", "))
    })
}

impl Asked {
    /// The plan for these data, of which `made` moves have been made, beginning at a model that errors call by its file.
    pub fn plan(&self, data: &Data, made: u64, model: Option<(&Model, &Path)>) -> anyhow::Result<Plan> {
        let defaults = Defaults::of_table(data.train.len());
        let begun = model.map(|(model, place)| self.begun(model, place, data, defaults)).transpose()?;
        let description = match &begun {
            Some(plan) => plan.head()?,
            None => self.description(data, defaults)?,
        };
        let method = named("method", &self.method, &Method::ALL, Method::name)?;
        let arithmetic = named("arithmetic", &self.arithmetic, &Arithmetic::ALL, Arithmetic::name)?;
        ensure!(
            amc_kernels::is_available(arithmetic),
            "this machine has no FMA instructions: use arithmetic='portable'"
        );
        let of_amc = [
            ("sigma", self.sigma.is_some()),
            ("epsilon", self.epsilon.is_some()),
            ("n_reset", self.n_reset.is_some()),
            ("signal_norm", self.signal_norm.is_some()),
        ];
        if let Some((name, _)) = of_amc.iter().find(|(_, is_said)| *is_said && method == Method::Mixed) {
            anyhow::bail!("{name} is of method='amc': method='mixed' finds its step sizes by itself");
        }
        ensure!(
            method != Method::Mixed || begun.as_ref().is_none_or(transfer::Plan::is_whole),
            "method='mixed' moves all parameters behind the frozen layers in front: train=None, 'head' or 'last:K'; any other part is \
             for method='amc'"
        );
        let options = Options {
            sigma: self.sigma.unwrap_or(defaults.sigma),
            epsilon: self.epsilon.unwrap_or(defaults.epsilon),
            n_reset: self.n_reset.unwrap_or(defaults.n_reset),
            temperature: 0.0,
            grid: None,
        };
        let by_default = self.steps.is_none() && description.loss == LossName::CrossEntropy;
        let settings = Settings {
            method,
            options,
            initial: Initial::Gaussian(options.sigma),
            transfer: Transfer::default(),
            in_place: false,
            signal_norm: self.signal_norm.unwrap_or(defaults.signal_norm),
            batching: Batching::Full,
            steps: self.steps.unwrap_or(defaults.steps).saturating_add(made),
            seed: self.seed,
            threads: self.threads.unwrap_or_else(amc_host::cli::cores),
            arithmetic,
        };
        let until_loss = self.until_loss.or(defaults.until_loss.filter(|_| by_default));
        let settings = match &begun {
            Some(plan) => plan.settings(settings),
            None => settings,
        };
        Ok(Plan { description, begun, settings, until_loss })
    }

    /// What is taken over of a model, as `amc train --from` does.
    fn begun(&self, model: &Model, place: &Path, data: &Data, defaults: &Defaults) -> anyhow::Result<transfer::Plan> {
        let (outputs, are_classes) = (data.train.outputs(), data.train.has_classes());
        let wanted = Wanted { outputs, are_classes, new_head: self.new_head, output: None };
        let mut start = Start::of(model, &wanted, place)?;
        let (inputs, width) = (start.description.inputs, data.train.width());
        ensure!(inputs == width, "{}: the net takes {inputs} features, but X has {width}", place.display());
        if self.new_head {
            start.description.loss = if are_classes { defaults.loss } else { LossName::Mse };
        }
        let part = self.train.as_deref().unwrap_or("all").parse::<Part>();
        let part = part.map_err(|reason| anyhow::anyhow!("train is {:?}: {reason}", self.train))?;
        transfer::Plan::new(start, &part, true)
    }

    fn description(&self, data: &Data, defaults: &Defaults) -> anyhow::Result<Description> {
        let activation = named("activation", &self.activation, &ActivationName::ALL, ActivationName::name)?;
        let sizes = [&[data.train.width()], &self.layers[..], &[data.train.outputs()]].concat();
        let (output, loss) = match data.train.has_classes() {
            true => (defaults.output, defaults.loss),
            false => (ActivationName::Linear, LossName::Mse),
        };
        Ok(Description::new(&sizes, activation, output, loss))
    }
}

/// The most threads that may be asked for.
#[pyfunction]
pub fn most_threads() -> usize {
    amc_host::cli::most_threads()
}

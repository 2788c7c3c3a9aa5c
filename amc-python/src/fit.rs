//! Training on arrays.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use amc_engine::data::Data;
use amc_engine::train::{Checkpoint, train_on};
use amc_host::data::prepare::rows::{self, Known, RowTargets, Rows};
use amc_host::model::Model;
use anyhow::{Context, ensure};
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Serialize};

use crate::arrays;
use crate::errors::refused;
use crate::net::Net;
use crate::settings::{Asked, Plan};
use crate::watched::watched;

/// What a fit came to.
#[pyclass(frozen, get_all, module = "amc._native")]
pub struct Fitted {
    net: Py<Net>,
    /// Where the chain stands, if that was to be kept.
    chain: Option<Py<PyBytes>>,
    loss: f32,
    steps: u64,
    accepted: u64,
    sigma: f32,
}

/// Where a chain stands, and what it is of.
#[derive(Serialize, Deserialize)]
struct Chain {
    /// The training set's.
    checksum: u32,
    /// What cannot change.
    fixed: String,
    made: u64,
    place: Checkpoint,
}

impl Chain {
    fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        postcard::from_bytes(bytes).context("what was kept of the chain is damaged")
    }

    /// Whether it can go on with this.
    fn check(&self, data: &Data, plan: &Plan) -> anyhow::Result<()> {
        ensure!(
            self.checksum == data.train.checksum(),
            "warm_start goes on with the chain of the last fit, and these are other samples: fit them with warm_start=False"
        );
        ensure!(
            self.fixed == plan.fixed(),
            "warm_start goes on with the chain of the last fit, of which steps, until_loss and threads alone can change: fit with \
             warm_start=False"
        );
        Ok(())
    }
}

/// What is to be found for each row, as Python gives it.
#[derive(FromPyObject)]
pub enum Targets<'py> {
    /// The place of each row's class among the names.
    Classes(PyReadonlyArray1<'py, i64>, Vec<String>),
    /// `[row][number]`, and what each number is called.
    Numbers(PyReadonlyArray2<'py, f32>, Vec<String>),
}

impl Targets<'_> {
    fn read(self) -> PyResult<RowTargets> {
        Ok(match self {
            Self::Classes(of, names) => {
                let class = |class: &i64| usize::try_from(*class);
                let of = of.as_array().iter().map(class).collect::<Result<_, _>>();
                RowTargets::Classes { of: of.map_err(refused)?, names }
            }
            Self::Numbers(numbers, names) => {
                let numbers = numbers.as_array();
                let columns = numbers.columns().into_iter().map(|column| column.to_vec());
                RowTargets::Numbers(names.into_iter().zip(columns).collect())
            }
        })
    }
}

/// Trains a net on rows, from the beginning, from a model, or on from where `chain` stands.
#[pyfunction]
#[pyo3(signature = (x, names, targets, asked, chain, keep, progress, model))]
#[allow(clippy::too_many_arguments)]
pub fn fit(
    py: Python<'_>,
    x: PyReadonlyArray2<'_, f32>,
    names: Option<Vec<String>>,
    targets: Targets<'_>,
    asked: Asked,
    chain: Option<&[u8]>,
    keep: bool,
    progress: Option<Py<PyAny>>,
    model: Option<(PyRef<'_, Net>, PathBuf)>,
) -> PyResult<Fitted> {
    let rows = Rows { features: arrays::rows(&x)?.0, names, targets: targets.read()? };
    let model = model.as_ref().map(|(net, path)| (net.model(), path.as_path()));
    let known = model.and_then(|(model, _)| model.schema.as_ref());
    let known = known.map(|schema| Known { schema, has_outputs: !asked.new_head });
    let classes = model.and_then(|(model, _)| model.class_names()).filter(|_| !asked.new_head).unwrap_or_default();
    let (data, schema) = rows::of_known(rows, known.as_ref(), classes).map_err(refused)?;
    let from = chain.map(Chain::read).transpose().map_err(refused)?;
    let made = from.as_ref().map_or(0, |chain| chain.made);
    let plan = asked.plan(&data, made, model).map_err(refused)?;
    from.as_ref().map_or(Ok(()), |chain| chain.check(&data, &plan)).map_err(refused)?;
    let fixed = plan.fixed();
    let Plan { description, begun, settings, until_loss } = plan;

    let (asked_to_end, now) = (AtomicBool::new(false), Mutex::new((made, f32::NAN)));
    let now = || now.lock().unwrap_or_else(PoisonError::into_inner);
    let mut told = made;
    let look = |py: Python<'_>| {
        let (step, loss) = *now();
        match &progress {
            Some(progress) if step != told => {
                told = step;
                progress.call1(py, (step, loss)).map(drop)
            }
            _ => Ok(()),
        }
    };
    let mut place = None;
    let work = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
        pool.install(|| {
            let data = begun.as_ref().map_or(Ok(Cow::Borrowed(&data)), |plan| plan.data(&data, settings.arithmetic))?;
            train_on(&description, &data, &settings, from.as_ref().map(|chain| &chain.place), |moves, test| {
                let progress = moves.progress(test);
                let (step, loss) = (progress.counters.steps, progress.loss);
                *now() = (step, loss);
                let ends = asked_to_end.load(Relaxed) || until_loss.is_some_and(|least| loss <= least);
                if keep && (ends || step == settings.steps) {
                    place = Some(moves.checkpoint()?);
                }
                Ok(if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
        })
    };
    let trained = watched(py, &asked_to_end, look, work)?;
    if let Some(progress) = &progress {
        progress.call1(py, (trained.counters.steps, trained.train_loss))?;
    }
    let chain = |place| {
        let chain = Chain { checksum: data.train.checksum(), fixed, made: trained.counters.steps, place };
        postcard::to_stdvec(&chain).map(|bytes| PyBytes::new(py, &bytes).unbind())
    };
    let chain = place.map(chain).transpose().map_err(refused)?;
    let (counters, loss, sigma) = (trained.counters, trained.train_loss, trained.sigma);
    let (description, parameters) = match &begun {
        Some(plan) => (plan.whole().clone(), plan.with(&trained.parameters)),
        None => (description, trained.parameters),
    };
    let model =
        Model { description, arithmetic: settings.arithmetic, parameters, schema: Some(schema), classes: Vec::new() };
    let net = Py::new(py, Net::from(model))?;
    Ok(Fitted { net, chain, loss, steps: counters.steps, accepted: counters.accepted, sigma })
}

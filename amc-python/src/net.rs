//! A trained net: what it gives, and its files.

use std::path::{Path, PathBuf};

use amc_core::{Activation, Layer};
use amc_engine::data::{Data, OwnedTargets, Set, Values};
use amc_engine::description::{ActivationName, LossName};
use amc_engine::train::check_evaluation;
use amc_host::data::schema::{Kind, Schema};
use amc_host::export::{c, c99, prefix, rust, to_npz, to_onnx, to_safetensors};
use amc_host::fold::fold;
use amc_host::import::{self, Asked, Format, way_here};
use amc_host::model::{Model, params_hash};
use amc_host::predict::predict;
use anyhow::{bail, ensure};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

use crate::arrays;
use crate::errors::{of_import, of_model, refused};
use crate::settings::named;

/// What errors call a net that was pickled.
const PICKLED: &str = "the pickled net";

/// A trained net.
#[pyclass(frozen, module = "amc._native")]
pub struct Net(Model);

impl From<Model> for Net {
    fn from(model: Model) -> Self {
        Self(model)
    }
}

impl Net {
    /// The model.
    pub fn model(&self) -> &Model {
        &self.0
    }

    fn schema(&self) -> Option<&Schema> {
        self.0.schema.as_ref()
    }

    /// What it gives for rows as they were measured; numbers to find in their own units.
    fn answer(&self, rows: Vec<f32>, width: usize) -> anyhow::Result<Vec<f32>> {
        let model = &self.0;
        let objective = model.description.objective()?;
        let inputs = model.description.inputs;
        ensure!(width == inputs, "X has {width} features, and the net takes {inputs}");
        ensure!(
            amc_kernels::is_available(model.arithmetic),
            "the net was trained in fused arithmetic, which this machine lacks"
        );
        let rows = match &model.schema {
            Some(schema) => schema.scale(rows),
            None => rows,
        };
        let set = Set::new(Values::F32(rows), inputs, OwnedTargets::Values(Vec::new(), 0));
        let data = Data { train: set, test: None };
        check_evaluation(objective, &data)?;
        let mut outputs = predict(model, &data.train)?;
        let count = objective.net().outputs().max(1);
        if let Some(place) = outputs.iter().position(|output| !output.is_finite()) {
            let (row, output) = (place / count, outputs[place]);
            bail!("X: row {row}: the net gives {output}: a number is too far from those it was trained on");
        }
        if let Some(schema) = &model.schema {
            for row in outputs.chunks_exact_mut(count) {
                row.iter_mut().zip(&schema.output_scaling).for_each(|(y, scaling)| *y = scaling.undo(*y));
            }
        }
        Ok(outputs)
    }
}

#[pymethods]
impl Net {
    /// Reads a model file.
    #[staticmethod]
    fn load(path: PathBuf) -> PyResult<Self> {
        let model = Model::load(&path).map_err(of_model)?;
        let mut features = model.schema.iter().flat_map(|schema| &schema.features);
        if let Some(feature) = features.find(|feature| !matches!(feature.kind, Kind::Number(_))) {
            let (path, feature) = (path.display(), feature.title());
            return Err(refused(anyhow::anyhow!("{path}: {feature} is of texts: `amc predict` reads such tables")));
        }
        Ok(Self(model))
    }

    /// Reads a net from another toolchain.
    #[staticmethod]
    fn read(
        path: PathBuf,
        net: Option<PathBuf>,
        activation: Option<&str>,
        output_activation: Option<&str>,
        loss: Option<&str>,
        classes: Vec<String>,
    ) -> PyResult<Self> {
        let format = Format::of(&path).ok_or_else(|| {
            let way = way_here(&path).map_or(String::new(), |way| format!(": {way}"));
            refused(anyhow::anyhow!("{}: .safetensors, .npz and .onnx are read{way}", path.display()))
        })?;
        let activation_of = |what: &str, name: Option<&str>| {
            name.map(|name| named(what, name, &ActivationName::ALL, ActivationName::name)).transpose().map_err(refused)
        };
        let asked = Asked {
            net,
            activation: activation_of("activation", activation)?,
            output_activation: activation_of("output_activation", output_activation)?,
            loss: loss.map(|loss| named("loss", loss, &LossName::ALL, LossName::name)).transpose().map_err(refused)?,
            classes,
        };
        if let Some(option) = asked.given_of_tensors().filter(|_| format == Format::Onnx) {
            return Err(refused(anyhow::anyhow!("{}: --{option} is not for a .onnx file", path.display())));
        }
        import::read(&path, format, &asked).map(Self).map_err(of_import)
    }

    /// Reads what was pickled.
    #[staticmethod]
    fn of_bytes(bytes: &[u8]) -> PyResult<Self> {
        Model::parse(Path::new(PICKLED), bytes).map(Self).map_err(of_model)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let bytes = self.0.bytes(Path::new(PICKLED)).map_err(of_model)?;
        let of_bytes = PyType::new::<Self>(py).getattr("of_bytes")?;
        Ok((of_bytes, (PyBytes::new(py, &bytes),)))
    }

    /// Writes a model file.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        self.0.save(&path).map_err(of_model)
    }

    /// The source of the net in Rust.
    fn export_rust(&self, folded: bool) -> PyResult<String> {
        self.folded(folded).and_then(|model| rust(&model, None)).map_err(refused)
    }

    /// The source of the net in C, with names that begin with that of a file.
    fn export_c(&self, name: PathBuf, folded: bool) -> PyResult<String> {
        let prefix = prefix(Some(&name)).map_err(refused)?;
        self.folded(folded).and_then(|model| c(&model, &prefix, None)).map_err(refused)
    }

    /// The same in C99, without a library.
    fn export_c99(&self, name: PathBuf, folded: bool) -> PyResult<String> {
        let prefix = prefix(Some(&name)).map_err(refused)?;
        self.folded(folded).and_then(|model| c99(&model, &prefix)).map_err(refused)
    }

    /// A file for another toolchain: `onnx`, `safetensors` or `npz`.
    fn export_file<'py>(&self, py: Python<'py>, kind: &str, folded: bool) -> PyResult<Bound<'py, PyBytes>> {
        let write = match kind {
            "onnx" => to_onnx,
            "npz" => to_npz,
            _ => |model: &Model| to_safetensors(model).map(|(bytes, _)| bytes),
        };
        let bytes = self.folded(folded).and_then(|model| write(&model)).map_err(refused)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// What it gives, `[row][output]`.
    fn outputs<'py>(&self, py: Python<'py>, x: PyReadonlyArray2<'py, f32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (numbers, width) = arrays::rows(&x)?;
        let outputs = py.detach(|| self.answer(numbers, width)).map_err(refused)?;
        PyArray1::from_vec(py, outputs).reshape([x.shape()[0], self.count()])
    }

    /// The names of its classes, if it has some.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        match (self.0.class_names(), self.schema()) {
            (Some(names), _) => Some(names.to_vec()),
            (None, Some(_)) => None,
            // Without names a net says by its outputs alone what they are.
            (None, None) => {
                self.has_probabilities().then(|| (0..self.count()).map(|class| class.to_string()).collect())
            }
        }
    }

    /// Features that it takes.
    #[getter]
    fn inputs(&self) -> usize {
        self.0.description.inputs
    }

    /// Numbers that it gives.
    #[getter]
    fn count(&self) -> usize {
        self.0.description.layers.last().map_or(0, Layer::units)
    }

    /// Whether the numbers that it gives are probabilities.
    #[getter]
    fn has_probabilities(&self) -> bool {
        self.0.description.layers.last().map(Layer::activation) == Some(Activation::Softmax)
    }

    /// The names of its features, if all have one and it takes one row.
    #[getter]
    fn names(&self) -> Option<Vec<String>> {
        let schema = self.schema().filter(|schema| schema.window.rows == 1)?;
        schema.features.iter().map(|feature| feature.name.clone()).collect()
    }

    /// Units of the hidden layers and their activation, if all are dense ones of the same.
    #[getter]
    fn hidden(&self) -> Option<(Vec<usize>, String)> {
        let (_, hidden) = self.0.description.layers.split_last()?;
        let activation = hidden.first().map_or(Activation::Tanh, Layer::activation);
        let units = hidden.iter().map(|layer| match layer {
            Layer::Dense(_) if layer.activation() == activation => Some(layer.units()),
            _ => None,
        });
        Some((units.collect::<Option<_>>()?, format!("{activation:?}").to_lowercase()))
    }

    /// The arithmetic it was trained in.
    #[getter]
    fn arithmetic(&self) -> &'static str {
        self.0.arithmetic.name()
    }

    /// The parameters, in the core's order.
    #[getter]
    fn parameters<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_slice(py, &self.0.parameters)
    }

    /// The parameters' hash, as `amc train` says it.
    #[getter]
    fn params_hash(&self) -> String {
        params_hash(&self.0.parameters)
    }
}

impl Net {
    fn folded(&self, folded: bool) -> anyhow::Result<Model> {
        Ok(if folded { fold(&self.0)? } else { self.0.clone() })
    }
}

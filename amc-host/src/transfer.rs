//! Training that begins at a model: what is taken over of it, and what of the net is trained.

pub mod part;

use std::borrow::Cow;
use std::path::Path;

use amc_core::{Activation, Dense, Layer, Net, Selection, Trainable};
use amc_engine::data::{Data, Set};
use amc_engine::description::{Description, LayerNames};
use amc_engine::evaluate::features;
use amc_engine::train::{Settings, Transfer};
use amc_kernels::{Arithmetic, Isa};
use anyhow::{Context, ensure};

use self::part::Part;
use crate::data::schema::{Outputs, Schema};
use crate::model::{Model, net_file};
use crate::note;

/// A net with all parameters to start from.
pub struct Start {
    /// The net and its loss.
    pub description: Description,
    /// Its parameters.
    pub parameters: Vec<f32>,
    /// Outputs that begin at 0.
    new_outputs: usize,
    /// Units that the model's last layer had.
    units: usize,
}

/// What a net is to give.
pub struct Wanted {
    /// Outputs: classes, or numbers to find.
    pub outputs: usize,
    /// Whether they are classes.
    pub are_classes: bool,
    /// The last layer is replaced, by one with this activation if one is asked for.
    pub new_head: bool,
    /// The activation of the last layer, where another is asked for.
    pub output: Option<Activation>,
}

impl Start {
    /// The model's net, with as many outputs as are wanted. `place` is what it was read from.
    ///
    /// # Errors
    /// Of a model that gives something else, or whose last layer cannot be given other outputs.
    pub fn of(model: &Model, wanted: &Wanted, place: &Path) -> anyhow::Result<Self> {
        let Model { description, parameters, .. } = model;
        let has = description.objective()?.net().outputs();
        let mut description = description.clone();
        if let (Some(output), Some(Layer::Dense(last)), false) =
            (wanted.output, description.layers.last_mut(), wanted.new_head)
        {
            last.activation = output;
        }
        let knew_classes = match &model.schema {
            Some(Schema { outputs: Outputs::Numbers(_), .. }) => false,
            Some(_) => true,
            None => !model.classes.is_empty() || is_of_classes(&description),
        };
        let fits = has == wanted.outputs || wanted.are_classes && has > wanted.outputs;
        if !wanted.new_head {
            let place = place.display();
            ensure!(
                knew_classes == wanted.are_classes,
                "{place} gives {}, and the data have {}: --new-head replaces its last layer",
                said(knew_classes),
                said(wanted.are_classes)
            );
            ensure!(
                fits || wanted.are_classes,
                "{place} gives {has} numbers, and the data have {} to find: --new-head replaces its last layer",
                wanted.outputs
            );
            ensure!(
                has > 1 || !wanted.are_classes,
                "{place} gives one number for two classes, and here there is an output for each: --new-head replaces its last layer"
            );
            if fits {
                return Ok(Self { description, parameters: parameters.clone(), new_outputs: 0, units: has });
            }
        }
        Self::with_head(&Model { description, ..model.clone() }, wanted, place)
    }

    /// The same net with another last layer. Its neurons begin with the weights of those that there were, unless all are new,
    /// and else at 0: of a last layer they need not differ.
    fn with_head(model: &Model, wanted: &Wanted, place: &Path) -> anyhow::Result<Self> {
        let Model { description, parameters, .. } = model;
        let Some(Layer::Dense(head)) = description.layers.last().copied() else {
            let kind = description.layers.last().map_or("none".into(), net_file::said);
            anyhow::bail!("{}: the last layer is {kind}: only a dense one is given other outputs", place.display());
        };
        let by_default = if wanted.are_classes { Activation::Softmax } else { Activation::Linear };
        let activation = match wanted.new_head {
            true => wanted.output.unwrap_or(by_default),
            false => head.activation,
        };
        let made = Dense { units: wanted.outputs, activation };
        let section = description.objective()?.net().sections().last().context("a net has layers")?;
        let kept = if wanted.new_head { 0 } else { head.units.min(made.units) };
        let (body, head_parameters) = parameters.split_at(section.start);
        let rows = head_parameters.chunks_exact(head.units.max(1));
        // The last row is that of the biases.
        let made_rows = rows.flat_map(|row| (0..made.units).map(|unit| if unit < kept { row[unit] } else { 0.0 }));
        let parameters = body.iter().copied().chain(made_rows).collect();
        let mut description = description.clone();
        if let Some(last) = description.layers.last_mut() {
            *last = Layer::Dense(made);
        }
        let new = made.units - kept;
        note!(
            "the last layer has {} outputs: {kept} of the model's and {new} new ones, whose weights begin at 0",
            made.units
        );
        Ok(Self { description, parameters, new_outputs: new, units: head.units })
    }

    /// Has the layers be called so; those without a name among these stay as the model calls them.
    pub fn rename(&mut self, names: &LayerNames) {
        self.description.names = names.or(&self.description.names);
    }

    /// Checks that a net file is of the same net.
    ///
    /// # Errors
    /// Of another net.
    pub fn check_layers(&self, layers: &[Layer], file: &Path) -> anyhow::Result<()> {
        let last = layers.len().saturating_sub(1);
        // The file may be that of the model, whose last layer has fewer units.
        let as_now = |(index, layer): (usize, &Layer)| match *layer {
            Layer::Dense(of) if index == last && of.units == self.units => {
                Layer::dense(self.description.layers.last().map_or(0, Layer::units), of.activation)
            }
            other => other,
        };
        let now: Vec<_> = layers.iter().enumerate().map(as_now).collect();
        let differ = self.description.layers.iter().zip(&now).position(|(a, b)| a != b);
        let differ = differ.or((self.description.layers.len() != layers.len()).then_some(layers.len()));
        if let Some(layer) = differ {
            let of = |layers: &[Layer]| layers.get(layer).map_or("not there".into(), net_file::said);
            let (here, there) = (of(layers), of(&self.description.layers));
            anyhow::bail!(
                "{}: layer {layer} (from 0) is {here}, but {there} in the net that is gone on with",
                file.display()
            );
        }
        Ok(())
    }
}

/// Whether outputs are of classes, where nothing says so.
fn is_of_classes(description: &Description) -> bool {
    let output = description.layers.last().map(Layer::activation);
    matches!(output, Some(Activation::Softmax | Activation::Sigmoid))
}

fn said(are_classes: bool) -> &'static str {
    if are_classes { "classes" } else { "numbers" }
}

/// A net of which the layers in front are frozen, and the others are trained on what these give.
pub struct Plan {
    whole: Description,
    /// The parameters that come first and are not moved.
    frozen: Vec<f32>,
    /// Layers of the body.
    cut: usize,
    transfer: Transfer,
    /// Parameters that are moved.
    moved: usize,
    /// The layers that are trained, where these are not all and some have names.
    trained: Vec<String>,
}

impl Plan {
    /// What is trained of a net. Where `caches`, the layers before the first one of which something is trained are a body, whose
    /// features are kept.
    ///
    /// # Errors
    /// Of a part that the net does not have, or that leaves out new outputs.
    pub fn new(start: Start, part: &Part, caches: bool) -> anyhow::Result<Self> {
        let Start { description, parameters, new_outputs, .. } = start;
        let net = description.objective()?.net();
        let trainable = part.of(&description)?;
        let trains_head = trainable.last() == Some(&Trainable::All);
        ensure!(trains_head || new_outputs == 0, "the last layer has outputs that begin at 0: --train it, too");
        let moved = Selection::try_new(net, &trainable)?.parameters();
        let cut = if caches { frozen_layers(net, &trainable) } else { 0 };
        let first = net.split(cut).map_or(0, |(body, _)| body.parameters());
        let trained = match description.names.is_empty() || moved == net.parameters() {
            true => Vec::new(),
            false => trained(&description, &trainable),
        };
        let rest = &trainable[cut..];
        let is_whole = moved == net.parameters() - first;
        let trainable = if is_whole { Vec::new() } else { rest.to_vec() };
        let (frozen, from) = parameters.split_at(first);
        let transfer = Transfer { from: Some(from.to_vec()), trainable };
        let frozen = frozen.to_vec();
        Ok(Self { whole: description, frozen, cut, transfer, moved, trained })
    }

    /// The whole net.
    pub fn whole(&self) -> &Description {
        &self.whole
    }

    /// Whether all is trained that is not of the frozen layers in front.
    pub fn is_whole(&self) -> bool {
        self.transfer.trainable.is_empty()
    }

    /// All parameters that the run begins with.
    pub fn parameters(&self) -> Vec<f32> {
        self.with(self.transfer.from.as_deref().unwrap_or_default())
    }

    /// All parameters, where those behind the body are these.
    pub fn with(&self, rest: &[f32]) -> Vec<f32> {
        [&self.frozen, rest].concat()
    }

    /// The net behind the body.
    ///
    /// # Errors
    /// None of a net that was checked.
    pub fn head(&self) -> anyhow::Result<Description> {
        let Description { inputs, layers, loss, .. } = &self.whole;
        let inputs = match self.cut {
            0 => *inputs,
            cut => layers[cut - 1].units(),
        };
        Ok(Description::unnamed(inputs, layers[self.cut..].to_vec(), *loss))
    }

    /// The data as the body gives them.
    ///
    /// # Errors
    /// Of an arithmetic that the machine lacks, too little memory, and features that are not finite.
    pub fn data<'d>(&self, data: &'d Data, arithmetic: Arithmetic) -> anyhow::Result<Cow<'d, Data>> {
        if self.cut == 0 {
            return Ok(Cow::Borrowed(data));
        }
        let is_available = amc_kernels::is_available(arithmetic);
        ensure!(is_available, "{} has no FMA instructions: use --arithmetic portable", Isa::used());
        let net = self.whole.objective()?.net();
        let (body, _) = net.split(self.cut)?;
        let of = |set: &Set, name: &str| {
            features(body, arithmetic, &self.frozen, set).with_context(|| format!("the samples to {name}"))
        };
        let (train, test) =
            (of(&data.train, "train on")?, data.test.as_ref().map(|test| of(test, "test with")).transpose()?);
        Ok(Cow::Owned(Data { train, test }))
    }

    /// Settings that go on with the net.
    pub fn settings(&self, settings: Settings) -> Settings {
        Settings { transfer: self.transfer.clone(), ..settings }
    }

    /// What is trained, in a line.
    pub fn report(&self) -> String {
        let all = self.frozen.len() + self.transfer.from.as_ref().map_or(0, Vec::len);
        let body = match self.cut {
            0 => String::new(),
            1 => "; what the first layer gives is computed once".to_string(),
            cut => format!("; what the first {cut} layers give is computed once"),
        };
        let of = if self.trained.is_empty() { String::new() } else { format!(", of {}", self.trained.join(", ")) };
        format!("{} of {all} parameters are trained{of}{body}", self.moved)
    }
}

/// The layers of which something is trained, by their names or else their numbers.
fn trained(net: &Description, trainable: &[Trainable]) -> Vec<String> {
    let trained = trainable.iter().enumerate().filter(|(_, of)| **of != Trainable::Nothing);
    let called = |layer| net.names.of(layer).map_or_else(|| format!("layer {layer}"), ToString::to_string);
    trained.map(|(layer, _)| called(layer)).collect()
}

/// Layers in front that can be a body: nothing of them is trained, and nothing that they keep is gone on with.
fn frozen_layers(net: Net<'_>, trainable: &[Trainable]) -> usize {
    let frozen = trainable.iter().take_while(|of| **of == Trainable::Nothing).count();
    (1..=frozen).rev().find(|layers| net.split(*layers).is_ok()).unwrap_or(0)
}

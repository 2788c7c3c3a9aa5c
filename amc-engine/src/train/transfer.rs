//! What a training goes on from, and what of the net it changes.

use amc_core::{Net, Selection, SelectionError, Trainable};
use anyhow::{bail, ensure};

/// What of a trained net is taken over. By default nothing is, and all parameters are trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer {
    /// The net's parameters to start from, in place of initial ones.
    pub from: Option<Vec<f32>>,
    /// What is trained of each layer; of none, all of it.
    pub trainable: Vec<Trainable>,
}

impl Transfer {
    /// Whether it goes with a net.
    pub(super) fn check(&self, net: Net<'_>) -> anyhow::Result<()> {
        if let Some(from) = &self.from {
            let (needed, given) = (net.parameters(), from.len());
            ensure!(needed == given, "{given} parameters to start from, but the net has {needed}");
            if let Some((index, x)) = from.iter().enumerate().find(|(_, x)| !x.is_finite()) {
                bail!("parameter {index} to start from is {x}");
            }
        }
        self.selection(net)?;
        Ok(())
    }

    /// The parameters that are moved.
    pub(super) fn selection<'a>(&'a self, net: Net<'a>) -> Result<Selection<'a>, SelectionError> {
        match &self.trainable[..] {
            [] => Ok(Selection::all(net)),
            of => Selection::try_new(net, of),
        }
    }
}

/// All parameters of a net, some of which a chain moves.
pub(super) enum Whole<'m> {
    /// It moves all of them.
    Moved,
    /// It moves these, and the others stay.
    Selected(Selection<'m>, Vec<f32>),
}

impl<'m> Whole<'m> {
    /// Of a chain that moves what is selected. Where that is not all, what the net has is kept.
    pub fn new(selection: Selection<'m>, parameters: &[f32]) -> Self {
        match selection.parameters() == parameters.len() {
            true => Self::Moved,
            false => Self::Selected(selection, parameters.to_vec()),
        }
    }

    /// All parameters, where the chain's are these.
    pub fn with<'p>(&'p mut self, moved: &'p [f32]) -> &'p [f32] {
        match self {
            Self::Moved => moved,
            Self::Selected(selection, parameters) => {
                selection.put(moved, parameters);
                parameters
            }
        }
    }
}

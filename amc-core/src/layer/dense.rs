//! Dense layers.

use core::convert::Infallible;
use core::fmt;

use crate::activation::Activation;
use crate::lanes::{Lanes, Stored};
use crate::layer::kind::{CODE, Kept, Kind, LayerPass, NetInputs, SIZE, Seen, Shape};
use crate::layer::neurons::{Inputs, Neurons, PANEL, activations};
use crate::samples::{FeatureKernel, Features};

/// A dense layer: every neuron is connected to all outputs of the layer before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dense {
    /// Neurons.
    pub units: usize,
    /// What each neuron makes of its input.
    pub activation: Activation,
}

impl Dense {
    /// A fully-connected layer of `units` neurons.
    pub const fn new(units: usize, activation: Activation) -> Self {
        Self { units, activation }
    }

    #[inline(always)]
    pub(crate) const fn shape(&self, width: usize) -> Shape {
        Shape {
            takes: width,
            fan_in: width,
            states: 0,
            neurons: self.units,
            biases: self.units,
            outputs: self.units,
            room: self.units,
            uses: 1,
            shared: false,
            kept: Kept::AsBefore,
            initial_fan_in: width,
        }
    }

    pub(crate) const fn activation(&self) -> Activation {
        self.activation
    }

    pub(crate) const fn check(&self, _kept: Option<usize>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Kind for Dense {
    type Error = Infallible;

    const BYTES: usize = SIZE + CODE;

    const STREAMS: bool = true;

    const SUMS: bool = true;

    const OUTLINED: bool = false;

    #[inline(always)]
    fn pass<L: Lanes, S: Seen<L>>(&self, lanes: L, mut pass: LayerPass<'_, '_>, seen: Option<S>) {
        let LayerPass { weights, biases, width: units, .. } = pass;
        let (given, made) = pass.numbers();
        if let Some(seen) = seen {
            signals(lanes, given, units, seen);
        }
        for (panel, weights) in weights.chunks((PANEL * self.units).max(1)).enumerate() {
            let (begins, ends) = (panel == 0, (panel + 1) * PANEL >= units);
            let inputs = Panel { given, units, first: panel * PANEL };
            Neurons { weights, biases, scale: 1.0, begins, ends }.run::<L, _, false>(lanes, inputs, made);
        }
    }

    #[inline(always)]
    fn first<L: Lanes, S: Seen<L>>(
        &self,
        lanes: L,
        inputs: NetInputs<'_, impl Features>,
        mut pass: LayerPass<'_, '_>,
        _seen: Option<S>,
    ) {
        let LayerPass { weights, biases, .. } = pass;
        let NetInputs { features, first, scale } = inputs;
        let neurons = Neurons { weights, biases, scale, begins: true, ends: true };
        features.apply(lanes, First { neurons, first, made: pass.numbers().1 });
    }
}

impl fmt::Display for Dense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { units, activation } = self;
        write!(f, "Layer::dense({units}, {activation})")
    }
}

/// The neurons of the features from sample `first` on.
pub(crate) struct First<'a, 'o> {
    pub(crate) neurons: Neurons<'a>,
    pub(crate) first: usize,
    pub(crate) made: &'o mut [f32],
}

impl<L: Lanes> FeatureKernel<L> for First<'_, '_> {
    #[inline(always)]
    fn run<F: Features>(self, lanes: L, features: &F) {
        let Self { neurons, first, made } = self;
        neurons.run::<L, _, true>(lanes, FeatureInputs { features, first }, made);
    }
}

// No closures, which would be of other types for every caller of a pass: a dense layer's code would be there as often.

/// Features of the samples from `first` on.
struct FeatureInputs<'a, F> {
    features: &'a F,
    first: usize,
}

impl<L: Lanes, F: Features> Inputs<L> for FeatureInputs<'_, F> {
    const ALL: bool = F::ALL;

    #[inline(always)]
    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        self.features.tile(lanes, self.first + tile * L::T)
    }

    #[inline(always)]
    fn stored(&self) -> Option<(Stored<'_>, usize)> {
        Some((self.features.stored::<L>(self.first)?, self.features.width() * L::T))
    }
}

/// A panel of what the layer before gave, `[tile][unit][T]`.
struct Panel<'a> {
    given: &'a [f32],
    /// Units of the layer before.
    units: usize,
    /// The panel's first unit.
    first: usize,
}

impl<L: Lanes> Inputs<L> for Panel<'_> {
    const ALL: bool = true;

    #[inline(always)]
    fn tile(&self, lanes: L, tile: usize) -> impl Iterator<Item = (usize, L::V)> + Clone {
        let Self { given, units, first } = *self;
        let count = (units - first).min(PANEL) * L::T;
        let panel = given.get((tile * units + first) * L::T..).and_then(|given| given.get(..count));
        activations(lanes, panel.unwrap_or_default())
    }

    #[inline(always)]
    fn stored(&self) -> Option<(Stored<'_>, usize)> {
        let Self { given, units, first } = *self;
        Some((Stored::F32(given.get(first * L::T..).unwrap_or_default()), units * L::T))
    }
}

/// Has `seen` take the signals of the tiles that a layer of `units` outputs gave.
#[inline(always)]
fn signals<L: Lanes>(lanes: L, given: &[f32], units: usize, mut seen: impl Seen<L>) {
    for (tile, given) in given.chunks_exact((units * L::T).max(1)).enumerate() {
        seen.take(lanes, tile, lanes.squares(given));
    }
}

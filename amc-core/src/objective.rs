//! A net and a loss: the function U(x) of the parameters that training makes small.

use core::ops::Range;

use crate::activation::{Activation, softmax};
use crate::forward::{Pass, Signals, buffers, outputs};
use crate::lanes::Lanes;
use crate::layer::neurons::signal;
use crate::loss::{Loss, TileTargets, TilesLosses, are_outlined, correct, losses_inlined, prepare};
use crate::net::Net;
use crate::samples::{Features, Samples, Targets};
use crate::score::{BlockScore, Collect, Measurements, Request, SampleValue, Score, Sums, take_losses};
use crate::sums::{BLOCK, LANES, Total, add_tile, ceiling, join};

/// Why a net, a loss, data and buffers do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ObjectiveError {
    /// Cross-entropy needs outputs that are probabilities.
    #[error("cross-entropy needs a softmax or sigmoid output")]
    NotProbabilities,
    /// Cross-entropy needs the inputs of the last layer's neurons, but a recurrent layer goes on with its outputs.
    #[error("cross-entropy needs a last layer that is not recurrent")]
    RecurrentOutput,
    /// There is nothing to average over.
    #[error("there are no samples")]
    NoSamples,
    /// Samples of another width than the net's inputs.
    #[error("the net takes {inputs} inputs, but a sample has {features} features")]
    Features {
        /// The net's inputs.
        inputs: usize,
        /// A sample's features.
        features: usize,
    },
    /// A target for each sample, or each output of each sample, is needed.
    #[error("{needed} targets are needed, but there are {given}")]
    Targets {
        /// Targets needed.
        needed: usize,
        /// Targets given.
        given: usize,
    },
    /// A class that no output stands for.
    #[error("sample {sample} is of class {class}, but the net has {outputs} outputs")]
    Class {
        /// The first such sample.
        sample: usize,
        /// Its class.
        class: u8,
        /// The net's outputs.
        outputs: usize,
    },
    /// A target that cross-entropy cannot take for probabilities: each has to be in 0 ..= 1, and for a softmax output
    /// exactly one of a sample's has to be 1, the others 0.
    #[error("the targets of sample {sample} are not probabilities as cross-entropy needs them")]
    Probabilities {
        /// The first such sample.
        sample: usize,
    },
    /// A buffer is too short, or a parameter vector of another length than the net's.
    #[error("{what}: {needed} numbers are needed, but there are {given}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Numbers needed.
        needed: usize,
        /// Numbers given.
        given: usize,
    },
}

/// The net and the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Objective<'a> {
    net: Net<'a>,
    loss: Loss,
}

impl<'a> Objective<'a> {
    /// A pair known to fit; in a `const`, a wrong one does not compile.
    ///
    /// # Panics
    /// Where [`try_new`](Objective::try_new) gives an error.
    pub const fn new(net: Net<'a>, loss: Loss) -> Self {
        match Self::try_new(net, loss) {
            Ok(objective) => objective,
            Err(_) => panic!("cross-entropy needs a softmax or sigmoid output, of a layer that is not recurrent"),
        }
    }

    /// The loss of `net`; cross-entropy needs a softmax or sigmoid output, of a layer that is not recurrent.
    pub const fn try_new(net: Net<'a>, loss: Loss) -> Result<Self, ObjectiveError> {
        match (loss, net.output()) {
            (Loss::CrossEntropy, Activation::Sigmoid) if matches!(net.layers().last(), Some(layer) if layer.activates()) => {
                Err(ObjectiveError::RecurrentOutput)
            }
            (Loss::MeanSquaredError, _) | (_, Activation::Softmax | Activation::Sigmoid) => Ok(Self { net, loss }),
            _ => Err(ObjectiveError::NotProbabilities),
        }
    }

    /// The net.
    #[inline]
    pub const fn net(&self) -> Net<'a> {
        self.net
    }

    /// The loss.
    #[inline]
    pub const fn loss(&self) -> Loss {
        self.loss
    }

    /// The first layer whose signal an evaluation gathers: 1, since that of layer 0 depends on the data alone, or 0
    /// where layer 0 is recurrent or a convolution.
    #[inline]
    pub const fn gathers_from(&self) -> usize {
        match self.net.layers().first() {
            Some(layer) if layer.shape(0).shared => 0,
            _ => 1,
        }
    }

    /// Checks data once, before they are evaluated many times: shapes, that every class has an output, and that
    /// cross-entropy is given probabilities.
    pub fn check<F: Features>(&self, samples: &Samples<'_, F>) -> Result<(), ObjectiveError> {
        self.check_shape(samples)?;
        let outputs = self.net.outputs();
        match samples.targets {
            Targets::Classes(classes) => {
                let bad = classes.iter().take(samples.len()).position(|class| usize::from(*class) >= outputs);
                match bad.and_then(|sample| Some((sample, *classes.get(sample)?))) {
                    Some((sample, class)) => Err(ObjectiveError::Class { sample, class, outputs }),
                    None => Ok(()),
                }
            }
            Targets::Values(values) if self.loss == Loss::CrossEntropy => {
                let one_hot = |row: &[f32]| {
                    row.iter().all(|y| *y == 0.0 || *y == 1.0) && row.iter().filter(|y| **y == 1.0).count() == 1
                };
                let fits = |row: &[f32]| match self.net.output() {
                    Activation::Softmax => one_hot(row),
                    _ => row.iter().all(|y| (0.0..=1.0).contains(y)),
                };
                match values.chunks_exact(outputs.max(1)).take(samples.len()).position(|row| !fits(row)) {
                    Some(sample) => Err(ObjectiveError::Probabilities { sample }),
                    None => Ok(()),
                }
            }
            Targets::Values(_) => Ok(()),
        }
    }

    fn check_shape<F: Features>(&self, samples: &Samples<'_, F>) -> Result<(), ObjectiveError> {
        if samples.is_empty() {
            return Err(ObjectiveError::NoSamples);
        }
        let (inputs, features) = (self.net.inputs(), samples.features.width());
        if inputs != features {
            return Err(ObjectiveError::Features { inputs, features });
        }
        let (needed, given) = match samples.targets {
            Targets::Classes(classes) => (samples.len(), classes.len()),
            Targets::Values(values) => (samples.len().saturating_mul(self.net.outputs()), values.len()),
        };
        if given < needed {
            return Err(ObjectiveError::Targets { needed, given });
        }
        Ok(())
    }

    /// Evaluates U(x) on `samples`, block after block.
    ///
    /// `parameters` has [`Net::parameters`] numbers, `scratch` at least [`Net::scratch`] of `L::T`
    /// samples. Up to that of [`BLOCK`] samples, more of it makes the evaluation of wide layers faster.
    pub fn evaluate<L: Lanes, F: Features>(
        &self,
        lanes: L,
        parameters: &[f32],
        samples: &Samples<'_, F>,
        scratch: &mut [f32],
        measurements: Measurements<'_>,
    ) -> Result<Score, ObjectiveError> {
        let score = self.evaluate_within(lanes, f32::INFINITY, parameters, samples, scratch, measurements)?;
        Ok(score.unwrap_or(Score { loss: f32::NAN, correct: 0 }))
    }

    /// [`evaluate`](Objective::evaluate), given up as soon as it is certain that U(x) exceeds `bound`: then there is no
    /// score, and what was gathered means nothing. A score, where there is one, is the same; it may still be above
    /// the bound. [`check`](Objective::check) has to have accepted the samples: it makes sure that no loss is negative.
    pub fn evaluate_within<L: Lanes, F: Features>(
        &self,
        lanes: L,
        bound: f32,
        parameters: &[f32],
        samples: &Samples<'_, F>,
        scratch: &mut [f32],
        measurements: Measurements<'_>,
    ) -> Result<Option<Score>, ObjectiveError> {
        self.check_shape(samples)?;
        self.check_lengths::<L>(parameters.len(), scratch.len(), measurements.signal.len())?;
        let terms = self.terms(samples.len());
        let ceiling = ceiling(bound, terms);
        let mut total = Total::default();
        let mut found = 0;
        for signal in measurements.signal.iter_mut().skip(self.gathers_from()) {
            *signal = 0.0;
        }
        for block in 0..samples.len().div_ceil(BLOCK) {
            if total.exceeds(ceiling) {
                return Ok(None);
            }
            let measurements = Measurements { signal: &mut *measurements.signal, correct: measurements.correct };
            let score = self.block(lanes, parameters, samples, block, scratch, measurements);
            total.add(score.loss);
            found += score.correct;
        }
        for signal in measurements.signal.iter_mut().skip(self.gathers_from()) {
            *signal /= samples.len() as f32;
        }
        Ok(Some(Score { loss: total.mean(terms), correct: found }))
    }

    /// Whether an evaluation on these lanes can have so many parameters, numbers of scratch memory, and signals if any.
    #[inline]
    pub(crate) fn check_lengths<L: Lanes>(
        &self,
        parameters: usize,
        scratch: usize,
        signals: usize,
    ) -> Result<(), ObjectiveError> {
        length("parameters", self.net.parameters(), parameters, true)?;
        length("scratch", self.net.scratch(L::T), scratch, false)?;
        if signals > 0 {
            length("signal", self.net.layers().len(), signals, true)?;
        }
        Ok(())
    }

    /// What the sum over `samples` samples is divided by.
    #[inline]
    pub const fn terms(&self, samples: usize) -> usize {
        match self.loss {
            Loss::MeanSquaredError => samples * self.net.outputs(),
            Loss::CrossEntropy => samples,
        }
    }

    /// Evaluates block `block`, samples [`BLOCK`]` · block` and following, and *adds* its signals to those given.
    ///
    /// Lengths are those of [`evaluate`](Objective::evaluate), and [`check`](Objective::check) has accepted the
    /// samples; where they do not fit, the score means nothing.
    #[inline(always)]
    pub fn block<L: Lanes, F: Features>(
        &self,
        lanes: L,
        parameters: &[f32],
        samples: &Samples<'_, F>,
        block: usize,
        scratch: &mut [f32],
        measurements: Measurements<'_>,
    ) -> BlockScore {
        let Some((partial, scratch)) = scratch.split_at_mut_checked(self.net.layers().len() * LANES) else {
            return BlockScore::default();
        };
        let partial = partial.as_chunks_mut::<LANES>().0;
        let signals = !measurements.signal.is_empty();
        if signals {
            partial.fill([0.0; LANES]);
        }
        let wanted = Request::Losses { signals, correct: measurements.correct };
        let mut sums = Sums { loss: [0.0; LANES], signals: partial };
        let correct = self.tiles(lanes, parameters, samples, block, scratch, wanted, &mut sums);
        let Sums { loss, signals: partial } = sums;
        for (signal, partial) in measurements.signal.iter_mut().zip(partial).skip(self.gathers_from()) {
            *signal += join(*partial);
        }
        BlockScore { loss: join(loss), correct }
    }

    /// [`block`](Objective::block) with each sample's own numbers, which `collect` takes. Gives the samples whose class was
    /// found, if that is `wanted`.
    ///
    /// A host that evaluates samples in another order than it sums them uses it with [`block_sum`](crate::sums::block_sum).
    #[expect(clippy::too_many_arguments, reason = "what block has, and what becomes of the numbers")]
    #[inline(always)]
    pub fn tiles<L: Lanes, F: Features>(
        &self,
        lanes: L,
        parameters: &[f32],
        samples: &Samples<'_, F>,
        block: usize,
        scratch: &mut [f32],
        wanted: Request,
        collect: &mut impl Collect<L>,
    ) -> u32 {
        let outputs = self.net.outputs();
        let (last, with_signal) = match wanted {
            Request::Losses { signals, .. } => (self.loss.last_activation(self.net.output()), signals),
            Request::Outputs => (self.net.output(), false),
        };
        // As many tiles together as the scratch memory holds.
        let group = L::T * (scratch.len() / (self.net.buffers() * self.net.widest() * L::T).max(1)).min(BLOCK / L::T);
        if group == 0 {
            return 0;
        }
        let scale = samples.features.scale();
        let pass = Pass { net: self.net, parameters, scale, last };
        let mut found = 0;
        let start = block * BLOCK;
        let end = (start + BLOCK).min(samples.len());
        for sample in (start..end).step_by(group) {
            let tiles = (end - sample).min(group).div_ceil(L::T);
            let tile = |tile: usize| (sample + tile * L::T, (end - sample - tile * L::T).min(L::T));
            let inputs = (&samples.features, sample);
            let buffers = buffers(&self.net, &mut *scratch);
            let signals = if with_signal { Some(Signals { collect: &mut *collect, end }) } else { None };
            let given = pass.run(lanes, tiles, inputs, buffers, signals);
            if let Request::Losses { correct, .. } = wanted {
                found += self.losses(lanes, samples.targets, (sample, end), given, correct, collect);
                continue;
            }
            for (index, given) in given.chunks_exact_mut((outputs * L::T).max(1)).enumerate() {
                let (sample, valid) = tile(index);
                if last == Activation::Softmax {
                    softmax(lanes, given, outputs);
                }
                for (output, given) in given.chunks_exact(L::T).enumerate() {
                    collect.take(lanes, SampleValue::Output(output), sample, valid, lanes.load(given));
                }
            }
        }
        found
    }

    /// Has `collect` take the losses of the samples from `first` on, of which `end` is behind the last, whose last layer
    /// gave `given`, `[tile][output][T]`. That is overwritten. Gives the samples whose class was found, if they are to be counted.
    #[inline(always)]
    pub(crate) fn losses<L: Lanes>(
        &self,
        lanes: L,
        targets: Targets<'_>,
        (first, end): (usize, usize),
        given: &mut [f32],
        counts: bool,
        collect: &mut impl Collect<L>,
    ) -> u32 {
        let (loss, activation, outputs) = (self.loss, self.net.output(), self.net.outputs());
        let found = if counts { self.right::<L>(targets, (first, end), given) } else { 0 };
        if are_outlined::<L>(loss, activation) {
            let targets = (targets, first);
            lanes.outlined(TilesLosses { loss, activation, outputs: &mut *given, width: outputs, targets });
            take_losses(lanes, given, outputs, (first, end), collect);
            return found;
        }
        prepare(lanes, loss, activation, given, outputs, targets, first);
        for (index, given) in given.chunks_exact_mut((outputs * L::T).max(1)).enumerate() {
            let sample = first + index * L::T;
            let targets = TileTargets::new(targets, sample, outputs);
            let loss = losses_inlined(lanes, loss, activation, given, targets);
            collect.take(lanes, SampleValue::Loss, sample, (end - sample).min(L::T), loss);
        }
        found
    }

    /// The samples whose class was found, of those of [`losses`](Objective::losses).
    #[inline(always)]
    pub(crate) fn right<L: Lanes>(&self, targets: Targets<'_>, (first, end): (usize, usize), given: &[f32]) -> u32 {
        let (outputs, mut found) = (self.net.outputs(), 0);
        for (index, given) in given.chunks_exact((outputs * L::T).max(1)).enumerate() {
            let sample = first + index * L::T;
            found += correct::<L>(given, TileTargets::new(targets, sample, outputs), (end - sample).min(L::T));
        }
        found
    }

    /// The signal of the net's inputs, Σ S² of Eq. (17) averaged over the samples: it depends on the data alone, so it
    /// is computed once for a batch. It is that of the first layer, unless this is recurrent or a convolution:
    /// then evaluations gather it, and replace this one.
    pub fn input_signal<L: Lanes, F: Features>(&self, lanes: L, samples: &Samples<'_, F>) -> f32 {
        let (mut sum, count, mut partial) = (Total::default(), samples.len(), [0.0; LANES]);
        self.input_signals(lanes, samples, |sample, valid, v| {
            add_tile(lanes, &mut partial, sample, v, valid);
            if (sample + valid).is_multiple_of(BLOCK) || sample + valid == count {
                sum.add(join(core::mem::take(&mut partial)));
            }
        });
        sum.mean(count.max(1))
    }

    /// What block `block` adds to the sum of which [`input_signal`](Objective::input_signal) is the mean.
    pub(crate) fn block_input_signal<L: Lanes, F: Features>(
        &self,
        lanes: L,
        samples: &Samples<'_, F>,
        block: usize,
    ) -> f32 {
        let mut partial = [0.0; LANES];
        let (start, end) = (block * BLOCK, samples.len().min((block + 1) * BLOCK));
        self.input_signals_of(lanes, samples, start..end, |sample, valid, v| {
            add_tile(lanes, &mut partial, sample, v, valid);
        });
        join(partial)
    }

    /// [`input_signal`](Objective::input_signal) with each sample's own: `each(the tile's first sample, its samples, a number
    /// for each of them)`.
    #[inline(always)]
    pub fn input_signals<L: Lanes, F: Features>(
        &self,
        lanes: L,
        samples: &Samples<'_, F>,
        each: impl FnMut(usize, usize, L::V),
    ) {
        self.input_signals_of(lanes, samples, 0..samples.len(), each);
    }

    #[inline(always)]
    fn input_signals_of<L: Lanes, F: Features>(
        &self,
        lanes: L,
        samples: &Samples<'_, F>,
        range: Range<usize>,
        mut each: impl FnMut(usize, usize, L::V),
    ) {
        let scale = samples.features.scale();
        for sample in range.clone().step_by(L::T) {
            let v = signal(lanes, samples.features.tile(lanes, sample));
            each(sample, (range.end - sample).min(L::T), lanes.mul(v, lanes.splat(scale * scale)));
        }
    }

    /// The net's outputs for the `T` samples from `first` on (a multiple of `T`), `[output][T]`, inside `scratch`.
    #[inline(always)]
    pub fn predict<'s, L: Lanes, F: Features>(
        &self,
        lanes: L,
        parameters: &[f32],
        features: &F,
        first: usize,
        scratch: &'s mut [f32],
    ) -> Result<&'s [f32], ObjectiveError> {
        let (inputs, width) = (self.net.inputs(), features.width());
        if inputs != width {
            return Err(ObjectiveError::Features { inputs, features: width });
        }
        length("parameters", self.net.parameters(), parameters.len(), true)?;
        length("scratch", self.net.scratch(L::T), scratch.len(), false)?;
        Ok(outputs(self.net, parameters, lanes, (features, first), scratch))
    }
}

pub(crate) const fn length(what: &'static str, needed: usize, given: usize, exact: bool) -> Result<(), ObjectiveError> {
    if given < needed || (exact && given != needed) {
        return Err(ObjectiveError::Length { what, needed, given });
    }
    Ok(())
}

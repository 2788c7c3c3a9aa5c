//! Evaluations of a part of a net: the numbers between its layers are kept for every sample, so that a change of one
//! neuron costs its own sum, what it adds to those of the next layer, and the layers above.
//!
//! What is kept is, bit for bit, what a whole pass makes. A changed neuron's sum is made as there, but those of the next
//! layer are corrected by its weights times the change of its output, which rounds otherwise: its loss is that of a
//! whole pass but for rounding. So an accepted change is made anew from the neuron's output on, into what is kept, and the
//! loss of *that* is the one that counts.

mod layers;
mod numbers;
mod softmax;

pub use layers::KeptLayer;
use layers::layer_of;
use numbers::{Keeper, Kept, fill, put_unit};
use softmax::{Keep, OneInput, SquaredErrors};

use crate::activation::{Activate, Activation};
use crate::forward::{Entry, Pass, Signals, buffers};
use crate::lanes::{Lanes, Outlined};
use crate::layer::dense::First;
use crate::layer::kind::Buffers;
use crate::layer::neurons::{Neurons, OneFirst, OneNeuron};
use crate::loss::Loss;
use crate::objective::Objective;
use crate::part::Part;
use crate::samples::{Features, Samples, Targets};
use crate::score::{Collect, Sums, take_losses};
use crate::sums::BLOCK;

/// The samples of a group of tiles.
#[derive(Clone, Copy)]
struct Group {
    /// The first, and the block's first.
    first: usize,
    start: usize,
    /// One more than the block's last.
    end: usize,
    tiles: usize,
}

impl Group {
    /// From which sample of the block on, and how many with those that fill up the last tile.
    fn range<L: Lanes>(&self) -> (usize, usize) {
        (self.first - self.start, self.tiles * L::T)
    }
}

/// What is done with a changed part.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum KeptTask<'k> {
    /// Its losses are found, of a neuron those of a whole pass but for rounding. `fresh` receives its new sums, one a sample.
    Propose {
        /// What is kept of the block: [`Net::kept`](crate::Net::kept) numbers for each sample, filled up to a multiple of `T`.
        kept: &'k [f32],
        /// One number for each.
        fresh: &'k mut [f32],
        /// Of a part that is a neuron its parameters, in the order of their [indices](crate::Net::indices).
        column: &'k [f32],
    },
    /// It is kept, and its losses are then, bit for bit, those of a whole pass. Those of a neuron of the last layer were that
    /// when it was proposed, unless that is a softmax of four outputs or more: they are not found once more, unless samples are
    /// counted.
    Keep {
        /// What is kept of the block, for other parameters of this part. The first time, the part begins with the first layer.
        kept: &'k mut [f32],
        /// What a proposal found for this part at these parameters.
        fresh: &'k [f32],
        /// Whether samples whose class is found are counted.
        counts: bool,
    },
}

impl Objective<'_> {
    /// The losses of a block's samples, [`BLOCK`]` · block` and following, at parameters of which only a `part` is another
    /// than where numbers were kept: `collect` takes them. Gives the samples whose class was found, if they are to be counted.
    ///
    /// `layers` are the net's [`kept_layers`](crate::Net::kept_layers). Lengths else are those of
    /// [`evaluate`](Objective::evaluate), and [`check`](Objective::check) has accepted the samples; where they do not fit,
    /// losses mean nothing.
    #[expect(clippy::too_many_arguments, reason = "what block has, and what is kept")]
    #[inline(always)]
    pub fn part<L: Lanes, F: Features>(
        &self,
        lanes: L,
        parameters: &[f32],
        (part, layers): (Part, &[KeptLayer]),
        samples: &Samples<'_, F>,
        block: usize,
        mut task: KeptTask<'_>,
        scratch: &mut [f32],
        collect: &mut impl Collect<L>,
    ) -> u32 {
        let pass = self.pass(parameters, samples);
        let (neuron, mut found) = (corrected(layers, part), 0);
        let keeps = match &task {
            KeptTask::Propose { kept, .. } => !kept.is_empty(),
            KeptTask::Keep { kept, .. } => !kept.is_empty(),
        };
        let softmax = match (layers.last().and_then(KeptLayer::softmax), samples.targets) {
            (Some(slot), Targets::Classes(classes)) if keeps => Some((slot, classes)),
            _ => None,
        };
        for group in groups::<L>(self, samples.len(), block, scratch.len()) {
            let samples_of_block = (group.end - group.start).next_multiple_of(L::T);
            let mut buffers = buffers(&self.net(), &mut *scratch);
            let (first, count) = group.range::<L>();
            let entry = match (&mut task, neuron) {
                (KeptTask::Propose { kept, fresh, column }, Some((layer, unit))) => {
                    let kept = Kept { numbers: *kept, samples: samples_of_block };
                    let fresh = fresh.get_mut(first..first + count).unwrap_or_default();
                    let before = layer.checked_sub(1).map(|before| layer_of(layers, before));
                    own_sums(lanes, before, &kept, group, samples, column, fresh);
                    if let (None, Some(softmax)) = (layer_of(layers, layer).outputs, softmax) {
                        let to = buffers.made.get_mut(..count).unwrap_or_default();
                        let of = (layer_of(layers, layer), softmax);
                        self.one_input(lanes, unit, of, &kept, group, fresh, to);
                        take_losses(lanes, to, 1, (group.first, group.end), collect);
                        continue;
                    }
                    self.correct(lanes, parameters, (layer, unit), (layers, &kept), group, fresh, &mut buffers)
                }
                (KeptTask::Keep { kept, fresh, counts }, Some(neuron)) => {
                    let kept = Kept { numbers: &mut **kept, samples: samples_of_block };
                    let mut keeper = Keeper { layers, kept, first };
                    let fresh = fresh.get(first..first + count).unwrap_or_default();
                    let entry = self.replace(lanes, neuron, &mut keeper, group, fresh, &mut buffers);
                    if layer_of(layers, neuron.0).is_exact() && !*counts {
                        continue;
                    }
                    entry
                }
                (KeptTask::Propose { kept, .. }, None) => {
                    let kept = Kept { numbers: *kept, samples: samples_of_block };
                    enter::<L>(layers, part, &kept, group, &mut buffers)
                }
                (KeptTask::Keep { kept, .. }, None) => {
                    let kept = Kept { numbers: &**kept, samples: samples_of_block };
                    enter::<L>(layers, part, &kept, group, &mut buffers)
                }
            };
            let counts = matches!(task, KeptTask::Keep { counts: true, .. });
            let mut keeper = match &mut task {
                KeptTask::Propose { .. } => None,
                KeptTask::Keep { kept, .. } => {
                    let kept = Kept { numbers: &mut **kept, samples: samples_of_block };
                    Some(Keeper { layers, kept, first })
                }
            };
            let inputs = (&samples.features, group.first);
            let signals = None::<Signals<'_, Sums<'_>>>;
            let given = pass.run_from(lanes, group.tiles, entry, inputs, buffers, signals, &mut keeper);
            let range = (group.first, group.end);
            // A proposed net's losses are those of a whole pass: where nothing is kept they are the last word.
            let is_near = self.loss() == Loss::MeanSquaredError && part != Part::Net;
            let Some((slot, classes)) = softmax.filter(|_| keeper.is_some() || is_near) else {
                found += self.losses(lanes, samples.targets, range, given, counts, collect);
                continue;
            };
            let (loss, width) = (self.loss(), self.net().outputs());
            let classes = classes.get(group.first..).unwrap_or_default();
            match &mut keeper {
                None => lanes.outlined(SquaredErrors { inputs: &mut *given, width, classes }),
                Some(keeper) => {
                    found += if counts { self.right::<L>(samples.targets, range, given) } else { 0 };
                    let to = keeper.place(slot, softmax::NUMBERS, softmax::NUMBERS * count);
                    lanes.outlined(Keep { loss, inputs: &mut *given, width, classes, to });
                }
            }
            take_losses(lanes, given, width, range, collect);
        }
        found
    }

    fn pass<'p, F: Features>(&'p self, parameters: &'p [f32], samples: &Samples<'_, F>) -> Pass<'p> {
        let (net, scale) = (self.net(), samples.features.scale());
        Pass { net, parameters, scale, last: self.loss().last_activation(net.output()) }
    }

    /// The sums of the next layer, corrected by what a neuron gives now; those of the last layer, with its own.
    #[expect(clippy::too_many_arguments, reason = "what is corrected, and by what")]
    #[inline(always)]
    fn correct<L: Lanes>(
        &self,
        lanes: L,
        parameters: &[f32],
        (layer, unit): (usize, usize),
        (layers, kept): (&[KeptLayer], &Kept<&[f32]>),
        group: Group,
        fresh: &[f32],
        buffers: &mut Buffers<'_>,
    ) -> Entry {
        let (own, next) = (layer_of(layers, layer), layer_of(layers, layer + 1));
        let range = group.range::<L>();
        let Some(outputs) = own.outputs else {
            lanes.copy(kept.tiles(own.sums.unwrap_or_default(), own.units, range), buffers.made);
            put_unit::<L>(buffers.made, own.units, unit, fresh);
            return Entry::Sums(layer);
        };
        let row = next.start + unit * next.units;
        let row = parameters.get(row..row + next.units).unwrap_or_default();
        let before = kept.tiles(outputs, own.units, range);
        let sums = kept.tiles(next.sums.unwrap_or_default(), next.units, range);
        let changed = self.outputs_of(lanes, layer, fresh);
        let made = &mut *buffers.made;
        let of = Corrections { unit, units: own.units, row, before, changed: &changed, sums, made };
        lanes.outlined(of);
        Entry::Sums(layer + 1)
    }

    /// Losses with another input of the softmax.
    #[expect(clippy::too_many_arguments, reason = "which input, and what is kept of it and of the others")]
    #[inline(always)]
    fn one_input<L: Lanes>(
        &self,
        lanes: L,
        unit: usize,
        (layer, (slot, classes)): (KeptLayer, (usize, &[u8])),
        kept: &Kept<&[f32]>,
        group: Group,
        fresh: &[f32],
        to: &mut [f32],
    ) {
        let (loss, width, range) = (self.loss(), layer.units, group.range::<L>());
        let inputs = kept.tiles(layer.sums.unwrap_or_default(), width, range);
        let kept = kept.tiles(slot, softmax::NUMBERS, range);
        let classes = classes.get(group.first..).unwrap_or_default();
        lanes.outlined(OneInput { loss, unit, width, inputs, kept, classes, fresh, to });
    }

    /// Puts a neuron's new sums and outputs among what is kept, and begins a pass behind its layer.
    #[inline(always)]
    fn replace<L: Lanes>(
        &self,
        lanes: L,
        (layer, unit): (usize, usize),
        keeper: &mut Keeper<'_>,
        group: Group,
        fresh: &[f32],
        buffers: &mut Buffers<'_>,
    ) -> Entry {
        let KeptLayer { outputs, sums, units, .. } = layer_of(keeper.layers, layer);
        let (first, count) = group.range::<L>();
        let samples = keeper.kept.samples;
        let mut put = |slot: Option<usize>, numbers: &[f32]| {
            let Some(slot) = slot else { return };
            let start = slot * samples + first * units;
            let to = keeper.kept.numbers.get_mut(start..start + count * units).unwrap_or_default();
            put_unit::<L>(to, units, unit, numbers);
            fill(buffers.made, to);
        };
        put(sums, fresh);
        if outputs.is_none() {
            return Entry::Sums(layer);
        }
        let changed = self.outputs_of(lanes, layer, fresh);
        put(outputs, changed.get(..fresh.len()).unwrap_or_default());
        Entry::Outputs(layer)
    }

    /// What a neuron of a layer makes of its sums.
    #[inline(always)]
    fn outputs_of<L: Lanes>(&self, lanes: L, layer: usize, sums: &[f32]) -> [f32; BLOCK] {
        let mut outputs = [0.0; BLOCK];
        fill(&mut outputs, sums);
        let activation = self.net().layers().get(layer).map_or(Activation::Linear, |layer| layer.activation());
        let values = outputs.get_mut(..sums.len()).unwrap_or_default();
        lanes.outlined(Activate { activation, values });
        outputs
    }
}

/// The sums of the next layer, `[tile][unit][T]`, corrected by what one of `units` neurons gives now.
struct Corrections<'c> {
    unit: usize,
    units: usize,
    /// The next layer's weights for this neuron.
    row: &'c [f32],
    /// What all neurons gave.
    before: &'c [f32],
    /// What this one gives now.
    changed: &'c [f32],
    sums: &'c [f32],
    made: &'c mut [f32],
}

impl<L: Lanes> Outlined<L> for Corrections<'_> {
    #[inline(always)]
    fn run(self, lanes: L) {
        let Self { unit, units, row, before, changed, sums, made } = self;
        let (own_tile, next_tile) = ((units * L::T).max(1), (row.len() * L::T).max(1));
        let tiles = before.chunks_exact(own_tile).zip(changed.chunks_exact(L::T));
        let sums = sums.chunks_exact(next_tile).zip(made.chunks_exact_mut(next_tile));
        for ((before, changed), (sums, made)) in tiles.zip(sums) {
            let before = before.get(unit * L::T..).unwrap_or_default();
            let by = lanes.sub(lanes.load(changed), lanes.load(before));
            lanes.corrected(row, by, sums, made);
        }
    }
}

/// The layer and the number of a neuron that is evaluated by its own sum.
fn corrected(layers: &[KeptLayer], part: Part) -> Option<(usize, usize)> {
    match part {
        Part::Neuron { layer, unit } if layer_of(layers, layer).is_corrected => Some((layer, unit)),
        _ => None,
    }
}

/// Begins a pass at a part's first layer, of what the layer before is kept to have given.
#[inline(always)]
fn enter<L: Lanes>(
    layers: &[KeptLayer],
    part: Part,
    kept: &Kept<&[f32]>,
    group: Group,
    buffers: &mut Buffers<'_>,
) -> Entry {
    let Some(before) = layer_of(layers, part.layer()).begins.checked_sub(1) else { return Entry::Features };
    let KeptLayer { outputs, units, .. } = layer_of(layers, before);
    fill(buffers.made, kept.tiles(outputs.unwrap_or_default(), units, group.range::<L>()));
    Entry::Outputs(before)
}

/// A neuron's own sums, as a whole pass makes them, of its weights and its bias in `column`, and of the layer before or the
/// features.
#[inline(always)]
fn own_sums<L: Lanes, F: Features>(
    lanes: L,
    before: Option<KeptLayer>,
    kept: &Kept<&[f32]>,
    group: Group,
    samples: &Samples<'_, F>,
    column: &[f32],
    fresh: &mut [f32],
) {
    let Some((bias, weights)) = column.split_last() else { return };
    match before {
        // One sum at a time, where lanes are few.
        None if L::T < 8 => {
            let biases = core::slice::from_ref(bias);
            let scale = samples.features.scale();
            let neurons = Neurons { weights, biases, scale, begins: true, ends: true };
            samples.features.apply(lanes, First { neurons, first: group.first, made: fresh });
        }
        None => samples.features.apply(lanes, OneFirst { weights, bias: *bias, first: group.first, sums: fresh }),
        Some(KeptLayer { outputs, units, .. }) => {
            let given = kept.tiles(outputs.unwrap_or_default(), units, group.range::<L>());
            lanes.outlined(OneNeuron { given, weights, bias: *bias, sums: fresh });
        }
    }
}

/// The groups of tiles that the samples of a block are evaluated in, as many together as the scratch memory holds.
fn groups<L: Lanes>(
    objective: &Objective<'_>,
    samples: usize,
    block: usize,
    scratch: usize,
) -> impl Iterator<Item = Group> {
    let net = objective.net();
    let size = L::T * (scratch / (net.buffers() * net.widest() * L::T).max(1)).min(BLOCK / L::T);
    let start = block.saturating_mul(BLOCK);
    let end = start.saturating_add(BLOCK).min(samples);
    let range = if size == 0 { 0..0 } else { start..end };
    range.step_by(size.max(1)).map(move |first| {
        let tiles = (end - first).min(size).div_ceil(L::T);
        Group { first, start, end, tiles }
    })
}

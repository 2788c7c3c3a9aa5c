//! Evaluation of an integer net on one core.

use super::activation::activate;
use super::chain::{Change, Changes, Evaluate};
use super::kernel::{Element, Kernel, add_column};
use super::loss::{Objective, Outputs};
use super::net::{Error, Net, Place};
use super::pass::{KeptTile, Pass, Scratch, outputs};
use super::samples::{Samples, Targets};

/// Memory of a [`Serial`], lent by the caller. What is kept changes no bit, but what a move costs: the first tiles of samples
/// have their sums kept as far as there is memory for them, the next their activations, the others nothing.
#[derive(Debug)]
pub struct SerialMemory<'m> {
    /// [`Net::scratch`](super::Net::scratch)`(T)` numbers.
    pub sums: &'m mut [i32],
    /// [`Net::scratch_outputs`](super::Net::scratch_outputs)`(T)` numbers.
    pub outputs: &'m mut [i8],
    /// [`Net::kept_sums`](super::Net::kept_sums)`(T)` numbers for each tile that is to have them: then a move costs the changed
    /// weights alone, and the layers from the next but one on.
    pub kept_sums: &'m mut [i32],
    /// [`Net::kept_outputs`](super::Net::kept_outputs)`(T)` numbers for each tile: then a move costs the neuron, and the layers
    /// behind it.
    pub kept_outputs: &'m mut [i8],
}

/// What a net makes of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The loss, summed over the samples: see [`Objective`].
    pub loss: u64,
    /// Samples whose largest output, the first of equals, is that of their class.
    pub correct: usize,
    /// Samples of which an output was cut off.
    pub clipped: usize,
}

/// A net, its loss, and samples, evaluated tile by tile.
#[derive(Debug)]
pub struct Serial<'m, K, E, const T: usize> {
    objective: Objective<'m>,
    kernel: K,
    samples: Samples<'m, E, T>,
    memory: SerialMemory<'m>,
    /// Tiles whose sums are kept, and numbers that are kept of each.
    sums: (usize, usize),
    /// The same of activations.
    outputs: (usize, usize),
}

/// What is kept of a tile, and from which number on.
#[derive(Clone, Copy)]
enum Kept {
    Sums(usize),
    Outputs(usize),
    Nothing,
}

/// A change, and where in what is kept of a tile the layers around it are.
struct Plan<'c> {
    change: &'c Change,
    /// The changed neuron's layer.
    place: Place,
    /// Where its units begin, and those of the layer before.
    own: usize,
    before_at: usize,
    before: Option<Place>,
    /// The layer behind, none of the last one.
    next: Option<Place>,
    next_at: usize,
}

impl<'c> Plan<'c> {
    #[inline(always)]
    fn new(net: Net<'_>, change: &'c Change, tile: usize) -> Option<Self> {
        let (layer, place) = (change.layer, net.places().nth(change.layer)?);
        let at = |layer| net.units(layer) * tile;
        let before = layer.checked_sub(1);
        Some(Self {
            change,
            place,
            own: at(layer),
            before_at: before.map_or(0, at),
            before: before.and_then(|layer| net.places().nth(layer)),
            next: net.places().nth(layer + 1),
            next_at: at(layer) + place.units * tile,
        })
    }
}

impl<'m, K: Kernel<T>, E: Element, const T: usize> Serial<'m, K, E, T> {
    /// Evaluates these samples.
    ///
    /// # Errors
    /// Where they do not fit the net, or the memory is too short.
    pub fn new(
        objective: Objective<'m>,
        kernel: K,
        samples: Samples<'m, E, T>,
        memory: SerialMemory<'m>,
    ) -> Result<Self, Error> {
        let net = objective.net();
        check(objective, &samples)?;
        for (what, needed, given) in [
            ("scratch sums", net.scratch(T), memory.sums.len()),
            ("scratch outputs", net.scratch_outputs(T), memory.outputs.len()),
        ] {
            if given < needed {
                return Err(Error::Length { what, needed, given });
            }
        }
        let sums = (memory.kept_sums.len() / net.kept_sums(T), net.kept_sums(T));
        let outputs = (memory.kept_outputs.len().checked_div(net.kept_outputs(T)).unwrap_or(0), net.kept_outputs(T));
        Ok(Self { objective, kernel, samples, memory, sums, outputs })
    }

    /// What the net makes of these samples or others.
    ///
    /// # Errors
    /// Where they do not fit the net.
    #[inline(always)]
    pub fn score(&mut self, samples: &Samples<'m, E, T>, parameters: &[i8]) -> Result<Score, Error> {
        check(self.objective, samples)?;
        let own = core::mem::replace(&mut self.samples, *samples);
        let mut score = Score::default();
        for tile in 0..self.tiles() {
            self.pass(parameters, samples.features.tile(tile));
            let outputs = self.last();
            for (lane, sample) in self.lanes(tile).enumerate() {
                let target = self.objective.target(samples.targets, sample);
                score.loss += u64::from(outputs.loss(lane, target));
                score.clipped += usize::from(outputs.is_clipped(lane, target));
                let Targets::Classes(classes) = samples.targets else { continue };
                let class = classes.get(sample).copied().map(usize::from);
                score.correct += usize::from(class == Some(outputs.largest(lane)));
            }
        }
        self.samples = own;
        Ok(score)
    }

    /// The outputs of a tile of samples, `[output][T]`, from its features, `[feature][T]`: of a softmax the logits.
    ///
    /// # Errors
    /// Where there are more or fewer features than the net takes.
    #[inline(always)]
    pub fn outputs(&mut self, parameters: &[i8], features: &[E]) -> Result<&[[i32; T]], Error> {
        let (needed, given) = (self.objective.net().shape().inputs() * T, features.len());
        if needed != given {
            return Err(Error::Length { what: "features", needed, given });
        }
        self.pass(parameters, features);
        let (outputs, shift) = (self.objective.net().shape().outputs() * T, self.last().shift);
        let sums = self.memory.sums.get_mut(..outputs).unwrap_or_default();
        sums.iter_mut().for_each(|sum| *sum >>= shift);
        Ok(self.last().sums)
    }

    /// The losses of tiles at parameters of which only a neuron differs from those kept last, as `next` asks for them: it is given that of
    /// the tile before, if there was one. Those that are certain to exceed a bound soon are asked for first.
    #[inline(always)]
    pub fn propose_tiles(
        &mut self,
        parameters: &[i8],
        change: &Change,
        mut next: impl FnMut(Option<u64>) -> Option<usize>,
    ) {
        let Some(plan) = Plan::new(self.objective.net(), change, T) else { return };
        let mut wanted = next(None);
        while let Some(tile) = wanted {
            wanted = next(Some(self.tile(parameters, &plan, tile, false)));
        }
    }

    /// The samples.
    pub fn samples(&self) -> Samples<'m, E, T> {
        self.samples
    }

    #[inline(always)]
    fn tiles(&self) -> usize {
        self.samples.features.len().div_ceil(T)
    }

    /// The samples of a tile.
    #[inline(always)]
    fn lanes(&self, tile: usize) -> core::ops::Range<usize> {
        tile * T..self.samples.features.len().min((tile + 1) * T)
    }

    /// A pass of which nothing is kept.
    #[inline(always)]
    fn pass(&mut self, parameters: &[i8], features: &[E]) {
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let SerialMemory { sums, outputs, .. } = &mut self.memory;
        let (made, given) = outputs.split_at_mut(outputs.len() / 2);
        pass.run(0, features, Scratch { sums, made, given }, KeptTile::default());
    }

    /// What a pass made.
    #[inline(always)]
    fn last(&self) -> Outputs<'_, T> {
        let net = self.objective.net();
        let (outputs, shift) = (net.shape().outputs() * T, net.scales().last().map_or(0, |scale| scale.shift));
        Outputs { sums: self.memory.sums.get(..outputs).unwrap_or_default().as_chunks().0, shift }
    }

    /// The sum of a tile's losses.
    #[inline(always)]
    fn loss(&self, tile: usize) -> u64 {
        let outputs = self.last();
        match self.samples.targets {
            Targets::Classes(classes) if T > 1 => {
                return outputs.cross_entropies(classes.get(self.lanes(tile)).unwrap_or_default());
            }
            Targets::Values(values) if T > 1 => {
                let (samples, numbers) = (self.lanes(tile), outputs.sums.len());
                let values = values.get(samples.start * numbers..samples.end * numbers);
                return outputs.squared_errors(values.unwrap_or_default());
            }
            _ => {}
        }
        let losses = self
            .lanes(tile)
            .enumerate()
            .map(|(lane, sample)| u64::from(outputs.loss(lane, self.objective.target(self.samples.targets, sample))));
        losses.sum()
    }

    /// What is kept of a tile.
    #[inline(always)]
    fn kept(&self, tile: usize) -> Kept {
        let ((with_sums, of_sums), (with_outputs, of_outputs)) = (self.sums, self.outputs);
        if tile < with_sums {
            Kept::Sums(tile * of_sums)
        } else if tile - with_sums < with_outputs {
            Kept::Outputs((tile - with_sums) * of_outputs)
        } else {
            Kept::Nothing
        }
    }

    /// The sum of a tile's losses by a whole pass, all of which is kept if there is memory and it is wanted.
    #[inline(always)]
    fn whole(&mut self, parameters: &[i8], tile: usize, keeps: bool) -> u64 {
        let place = if keeps { self.kept(tile) } else { Kept::Nothing };
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let SerialMemory { sums, outputs, kept_sums, kept_outputs } = &mut self.memory;
        let (made, given) = outputs.split_at_mut(outputs.len() / 2);
        let mut kept = KeptTile::default();
        match place {
            Kept::Sums(at) => kept.sums = kept_sums.get_mut(at..at + self.sums.1).unwrap_or_default(),
            Kept::Outputs(at) => kept.outputs = kept_outputs.get_mut(at..at + self.outputs.1).unwrap_or_default(),
            Kept::Nothing => {}
        }
        pass.run(0, self.samples.features.tile(tile), Scratch { sums, made, given }, kept);
        let loss = self.loss(tile);
        if let Kept::Sums(at) = place {
            self.keep_loss(at, loss);
        }
        loss
    }

    /// The loss of a tile, 64 bits, stands behind its sums. (A tile of one sample has a loss of 32.)
    #[inline(always)]
    fn keep_loss(&mut self, at: usize, loss: u64) {
        let first = at + self.sums.1 - T;
        if let Some(kept) = self.memory.kept_sums.get_mut(first..) {
            for (part, kept) in kept.iter_mut().take(T.min(2)).enumerate() {
                *kept = (loss >> (32 * part)) as i32;
            }
        }
    }

    #[inline(always)]
    fn kept_loss(&self, at: usize) -> u64 {
        let first = at + self.sums.1 - T;
        let kept = self.memory.kept_sums.get(first..).unwrap_or_default();
        let parts = kept.iter().take(T.min(2)).enumerate();
        parts.map(|(part, kept)| u64::from(*kept as u32) << (32 * part)).sum()
    }

    /// The sum of a tile's losses where a neuron has changed, from kept activations.
    #[inline(always)]
    fn by_outputs(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, at: usize, keeps: bool) -> u64 {
        let Plan { change, place, own, before_at, next_at, .. } = *plan;
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let features = self.samples.features.tile(tile);
        let SerialMemory { sums, outputs: scratch, kept_outputs, .. } = &mut self.memory;
        let (made, given) = scratch.split_at_mut(scratch.len() / 2);
        let kept = kept_outputs.get_mut(at..at + self.outputs.1).unwrap_or_default();
        // What the layer takes: kept of the layer before, which a first one has not.
        let before = kept.get(before_at..own).unwrap_or_default();
        let mut begun = change.layer;
        if plan.next.is_none() {
            given.iter_mut().zip(before).for_each(|(given, before)| *given = *before);
        } else {
            let sum = match change.layer {
                0 => pass.sum(&place, change.unit, features),
                _ => pass.sum(&place, change.unit, before),
            };
            let changed = change.unit * T..(change.unit + 1) * T;
            let layer = kept.get_mut(own..next_at).unwrap_or_default();
            given.iter_mut().zip(&*layer).for_each(|(given, kept)| *given = *kept);
            let output = given.get_mut(changed.clone()).unwrap_or_default();
            outputs(&place, &sum, output);
            if keeps && let Some(kept) = layer.get_mut(changed) {
                kept.copy_from_slice(output);
            }
            begun += 1;
        }
        let kept = KeptTile { outputs: if keeps { kept } else { &mut [] }, ..KeptTile::default() };
        pass.run(begun, features, Scratch { sums, made, given }, kept);
        self.loss(tile)
    }

    /// The same from kept sums.
    #[inline(always)]
    fn by_sums(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, at: usize, keeps: bool) -> u64 {
        let Plan { change, place, own, next_at, .. } = *plan;
        let pass = Pass { net: self.objective.net(), kernel: self.kernel, parameters };
        let features = self.samples.features.tile(tile);
        let SerialMemory { sums, outputs: scratch, kept_sums, .. } = &mut self.memory;
        let (made, given) = scratch.split_at_mut(scratch.len() / 2);
        let kept = kept_sums.get_mut(at..at + self.sums.1).unwrap_or_default();
        let changed = own + change.unit * T..own + (change.unit + 1) * T;
        let old = kept.get(changed.clone()).and_then(|kept| kept.first_chunk().copied()).unwrap_or([0; T]);
        let new = changed_sum(&pass, plan, features, kept, old, given);
        if keeps && let Some(kept) = kept.get_mut(changed) {
            kept.copy_from_slice(&new);
        }
        // What is at the front of the scratch sums in the end are those of the last layer.
        let Some(next) = plan.next else {
            copy(kept.get(own..next_at), sums);
            if let Some(sum) = sums.get_mut(change.unit * T..(change.unit + 1) * T) {
                sum.copy_from_slice(&new);
            }
            let loss = self.loss(tile);
            if keeps {
                self.keep_loss(at, loss);
            }
            return loss;
        };
        let mut by = [0_i16; T];
        for ((by, old), new) in by.iter_mut().zip(old).zip(new) {
            let output = |sum: i32| i16::from(activate(place.activation, sum >> place.scale.shift));
            *by = output(new) - output(old);
        }
        if by == [0; T] {
            return self.kept_loss(at);
        }
        let behind = next_at..next_at + next.units * T;
        copy(kept.get(behind.clone()), sums);
        let mut weight_at = next.start + change.unit;
        for sums in sums.as_chunks_mut().0.iter_mut().take(next.units) {
            add_column(parameters.get(weight_at).copied().unwrap_or(0).into(), &by, sums);
            weight_at += next.inputs;
        }
        let made_sums = sums.get(..behind.len()).unwrap_or_default();
        if keeps && let Some(kept) = kept.get_mut(behind) {
            kept.copy_from_slice(made_sums);
        }
        if change.layer + 2 < self.objective.net().scales().len() {
            outputs(&next, made_sums, given);
            let kept = KeptTile { sums: if keeps { kept } else { &mut [] }, ..KeptTile::default() };
            pass.run(change.layer + 2, features, Scratch { sums, made, given }, kept);
        }
        let loss = self.loss(tile);
        if keeps {
            self.keep_loss(at, loss);
        }
        loss
    }

    #[inline(always)]
    fn tile(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        match K::OUTLINES {
            true => self.tile_called(parameters, plan, tile, keeps),
            false => self.tile_inlined(parameters, plan, tile, keeps),
        }
    }

    #[inline(never)]
    fn tile_called(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        self.tile_inlined(parameters, plan, tile, keeps)
    }

    #[inline(always)]
    fn tile_inlined(&mut self, parameters: &[i8], plan: &Plan<'_>, tile: usize, keeps: bool) -> u64 {
        match self.kept(tile) {
            Kept::Sums(at) => self.by_sums(parameters, plan, tile, at, keeps),
            Kept::Outputs(at) => self.by_outputs(parameters, plan, tile, at, keeps),
            Kept::Nothing if keeps => 0,
            Kept::Nothing => self.whole(parameters, tile, false),
        }
    }
}

/// The sum of a changed neuron, from the one before the change.
#[inline(always)]
fn changed_sum<K: Kernel<T>, E: Element, const T: usize>(
    pass: &Pass<'_, K, T>,
    plan: &Plan<'_>,
    features: &[E],
    kept: &[i32],
    mut sum: [i32; T],
    given: &mut [i8],
) -> [i32; T] {
    let Plan { change, place, own, before_at, before, .. } = plan;
    match (&change.inputs, before) {
        (Changes::Some(changes), before) => {
            for (input, by) in changes {
                let (input, by) = (usize::from(*input), i32::from(*by));
                let first = input * T;
                if input == place.inputs {
                    add_column(by << place.scale.bias, &[1_u8; T], &mut sum);
                } else if let Some(before) = before {
                    let mut column = [0_i8; T];
                    let first = before_at + first;
                    outputs(before, kept.get(first..first + T).unwrap_or_default(), &mut column);
                    add_column(by, &column, &mut sum);
                } else if let Some(column) = features.get(first..).and_then(|column| column.first_chunk()) {
                    add_column(by, column, &mut sum);
                }
            }
            sum
        }
        (Changes::Many, None) => pass.sum(place, change.unit, features),
        (Changes::Many, Some(before)) => {
            outputs(before, kept.get(*before_at..*own).unwrap_or_default(), given);
            pass.sum(place, change.unit, given.get(..place.inputs * T).unwrap_or_default())
        }
    }
}

#[inline(always)]
fn copy(from: Option<&[i32]>, to: &mut [i32]) {
    for (to, from) in to.iter_mut().zip(from.unwrap_or_default()) {
        *to = *from;
    }
}

/// Checks that samples fit a net and its loss.
fn check<E: Element, const T: usize>(objective: Objective<'_>, samples: &Samples<'_, E, T>) -> Result<(), Error> {
    let (net, features) = (objective.net(), samples.features);
    let (width, needed) = (features.width(), net.shape().inputs());
    if features.is_empty() {
        return Err(Error::NoSamples);
    }
    if width != needed {
        return Err(Error::Length { what: "features of a sample", needed, given: width });
    }
    let (needed, given) = (features.len().div_ceil(T).saturating_mul(T).saturating_mul(width), features.values().len());
    if given < needed {
        return Err(Error::Length { what: "features", needed, given });
    }
    let most = net.most_input();
    if E::MOST > most {
        let numbers = features.values().iter().take(needed).map(|value| value.number());
        if let Some((at, value)) = numbers.enumerate().find(|(_, value)| value.abs() > most) {
            let (tile, within) = (at / (width * T), at % (width * T));
            return Err(Error::Input { sample: tile * T + within % T, feature: within / T, value, most });
        }
    }
    objective.check(samples.targets, features.len())
}

impl<K: Kernel<T>, E: Element, const T: usize> Evaluate for Serial<'_, K, E, T> {
    #[inline(always)]
    fn propose(&mut self, bound: u64, parameters: &[i8], change: &Change) -> Option<u64> {
        let plan = Plan::new(self.objective.net(), change, T)?;
        let mut loss = 0;
        for tile in 0..self.tiles() {
            loss += self.tile(parameters, &plan, tile, false);
            if loss > bound {
                return None;
            }
        }
        Some(loss)
    }

    #[inline(always)]
    fn keep(&mut self, parameters: &[i8], change: &Change) {
        let Some(plan) = Plan::new(self.objective.net(), change, T) else { return };
        for tile in 0..self.tiles().min(self.sums.0 + self.outputs.0) {
            self.tile(parameters, &plan, tile, true);
        }
    }

    #[inline(always)]
    fn begin(&mut self, parameters: &[i8]) -> u64 {
        (0..self.tiles()).map(|tile| self.whole(parameters, tile, true)).sum()
    }
}

//! Evaluation of an integer net on one core.

mod changed;
mod layer;
mod output;

use changed::Plan;

use super::chain::{Change, Evaluate};
use super::error::Error;
use super::kernel::{Element, Kernel, Softmax};
use super::loss::{Objective, Outputs};
use super::pass::{KeptTile, Pass, Scratch};
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
    /// behind it. Where `T` is more than 1 and there are as many for all tiles, those whose sums are kept have theirs, too, which need not
    /// be found again.
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
    /// Sums and activations.
    Both(usize, usize),
    Nothing,
}

impl Kept {
    /// Where sums begin, if they are kept.
    #[inline(always)]
    const fn sums(self) -> Option<usize> {
        match self {
            Self::Sums(at) | Self::Both(at, _) => Some(at),
            Self::Outputs(_) | Self::Nothing => None,
        }
    }

    /// Where activations begin.
    #[inline(always)]
    const fn outputs(self) -> Option<usize> {
        match self {
            Self::Outputs(at) | Self::Both(_, at) => Some(at),
            Self::Sums(_) | Self::Nothing => None,
        }
    }

    /// It, of which there are so many numbers.
    #[inline(always)]
    fn tile<'k>(
        self,
        (of_sums, of_outputs): (usize, usize),
        sums: &'k mut [i32],
        outputs: &'k mut [i8],
    ) -> KeptTile<'k> {
        KeptTile {
            sums: self.sums().and_then(|at| sums.get_mut(at..at + of_sums)).unwrap_or_default(),
            outputs: self.outputs().and_then(|at| outputs.get_mut(at..at + of_outputs)).unwrap_or_default(),
        }
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
        objective.check(&samples)?;
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
        self.objective.check(samples)?;
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
        pass.run(0, (features, None), Scratch { sums, made, given }, KeptTile::default());
    }

    /// What a pass made.
    #[inline(always)]
    fn last(&self) -> Outputs<'_, T> {
        Outputs::of_net(self.objective.net(), self.memory.sums)
    }

    /// The sum of a tile's losses.
    #[inline(always)]
    fn loss(&self, tile: usize) -> u64 {
        let outputs = self.last();
        match self.samples.targets {
            Targets::Classes(classes) if T > 1 => {
                let classes = classes.get(self.lanes(tile)).unwrap_or_default();
                return cross_entropies(self.kernel, outputs, classes, None);
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
        let has_all = T > 1 && with_outputs >= self.tiles();
        if tile < with_sums {
            match has_all {
                true => Kept::Both(tile * of_sums, tile * of_outputs),
                false => Kept::Sums(tile * of_sums),
            }
        } else if has_all {
            Kept::Outputs(tile * of_outputs)
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
        let kept = place.tile((self.sums.1, self.outputs.1), kept_sums, kept_outputs);
        pass.run(0, (self.samples.features.tile(tile), Some(tile)), Scratch { sums, made, given }, kept);
        match place.sums() {
            Some(at) => self.kept_anew(tile, at),
            None => self.loss(tile),
        }
    }

    /// The sum of a tile's losses, which is kept where its sums are.
    #[inline(always)]
    fn kept_anew(&mut self, tile: usize, at: usize) -> u64 {
        let loss = match T {
            1 => self.loss(tile),
            _ => self.loss_of_softmax(tile, at).unwrap_or_else(|| self.loss(tile)),
        };
        self.keep_loss(at, loss);
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
}

/// The sum of the cross-entropies of samples of these classes, which have the first lanes.
#[inline(always)]
fn cross_entropies<K: Kernel<T>, const T: usize>(
    kernel: K,
    outputs: Outputs<'_, T>,
    classes: &[u8],
    mut kept: Option<&mut Softmax<T>>,
) -> u64 {
    let found = kernel.cross_entropies(outputs.sums, outputs.shift, classes, kept.as_deref_mut());
    found.unwrap_or_else(|| outputs.cross_entropies(classes, kept))
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

//! Mixed moves: of whole nets, of one neuron, of a few weights, chosen by what they gain for what they cost.
//!
//! The method has no setting. It is apart from the paper's aMC ([`chain`](crate::chain)); `docs/method.md` of the project
//! derives it. [`Mixed`] is its state, [`Mixed::step`] makes a move with the help of whoever [evaluates](EvaluateParts) parts
//! of a net.
//!
//! - A move changes a part of the net by Gaussian numbers, scaled so that the sums of the neurons that it changes move by σ in
//!   standard deviation over the samples ([`Gather`] has what that takes); a neuron of few inputs alike in all directions in which
//!   these vary ([`whitening`]).
//! - It is accepted if the loss does not rise; at a temperature T, if it rises by less than −T ln ξ. NaN is never accepted.
//! - Each [arm](Arm), a kind of moves in a layer, has a σ of its own, which grows where a move in five gains or more.
//! - Cost is spent on the arms in proportion to what they gain, relative to the loss, for their cost.
//! - At T = 0 every so often a pattern move goes further along the way that was gone.

mod arm;
mod draw;
mod memory;
mod options;
mod pattern;
mod renew;
mod serial;
mod start;
mod state;
mod statistics;
mod whitening;

pub(crate) use arm::below;
pub use arm::{Arm, MoveKind, RunningMean};
pub use memory::MixedTrainingMemory;
pub use options::{Begin, MixedOptions};
pub use pattern::Pattern;
pub use serial::{SerialMemory, SerialParts};
pub use start::{start, start_at};
pub use state::MixedState;
pub use statistics::Gather;
pub use whitening::whitening;

use rand_core::Rng;

use crate::chain::Counters;
use crate::elementary::ln_normal;
use crate::gaussian::uniform;
use crate::lanes::{Lanes, Portable};
use crate::net::Net;
use crate::part::Part;
use arm::Arms;
use draw::Size;
use pattern::Line;

/// Accepted moves after which the statistics of the layers' inputs are gathered anew.
const GATHERED_AFTER: u32 = 100;

/// Why mixed moves cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum MixedError {
    /// Memory of another length than the net takes.
    #[error("{what}: {needed} are needed, but there are {given}")]
    Length {
        /// Which memory.
        what: &'static str,
        /// Numbers, or arms, needed.
        needed: usize,
        /// And given.
        given: usize,
    },
    /// A temperature that is negative or not finite.
    #[error("temperature is {0}: it has to be a finite number, 0 or above")]
    Temperature(f32),
    /// A number to begin with is infinite or not a number.
    #[error("{what} {index} is {value}: it has to be finite")]
    NotFinite {
        /// `parameter` or another.
        what: &'static str,
        /// The first such number.
        index: usize,
        /// What it is.
        value: f32,
    },
    /// The loss of the parameters to begin with is infinite or not a number.
    #[error("the loss of the current parameters is {loss}: it has to be finite")]
    Loss {
        /// The loss.
        loss: f32,
    },
    /// A state that no moves lead to.
    #[error("no moves lead to this state: {0}")]
    State(&'static str),
}

/// Who evaluates changed parts of a net, and keeps what is common to all moves.
pub trait EvaluateParts {
    /// Who draws moves.
    type Lanes: Lanes;

    /// Who draws moves.
    fn lanes(&self) -> Self::Lanes;

    /// U(x') at parameters of which only a part is another than those kept last, or none as soon as it is certain to exceed
    /// `bound`; it may be off by rounding.
    fn propose(&mut self, bound: f32, parameters: &[f32], part: Part) -> Option<f32>;

    /// Keeps these parameters, which are the ones proposed last, or of which the part is the whole net. Gives their loss.
    fn keep(&mut self, parameters: &[f32], part: Part) -> f32;

    /// Gathers the statistics of the inputs of the layers from `from` on, at these parameters over some of the samples. Where they
    /// were gathered last the layers before `from − 1` had the same parameters; the first time, `from` is 0.
    fn gather(&mut self, net: Net<'_>, parameters: &[f32], statistics: &mut [f32], from: usize);
}

/// Memory of mixed moves, lent by the caller.
#[derive(Debug)]
pub struct MixedMemory<'m> {
    /// N current parameters.
    pub parameters: &'m mut [f32],
    /// N numbers: what a move has changed, to be put back.
    pub undo: &'m mut [f32],
    /// N numbers: where the next pattern move begins.
    pub base: &'m mut [f32],
    /// [`Net::arms`] arms.
    pub arms: &'m mut [Arm],
    /// [`Net::statistics`] numbers, [gathered](Gather) of the parameters.
    pub statistics: &'m mut [f32],
}

impl MixedMemory<'_> {
    fn check(&self, net: Net<'_>) -> Result<(), MixedError> {
        for (what, needed, given) in [
            ("parameters", net.parameters(), self.parameters.len()),
            ("numbers to undo a move", net.parameters(), self.undo.len()),
            ("numbers of a base", net.parameters(), self.base.len()),
            ("arms", net.arms(), self.arms.len()),
            ("statistics", net.statistics(), self.statistics.len()),
        ] {
            if needed != given {
                return Err(MixedError::Length { what, needed, given });
            }
        }
        check_finite("parameter", self.parameters)?;
        check_finite("statistic", self.statistics)
    }
}

/// Copies numbers to as many others: with lengths that nobody has to check, an image holds no panic.
// Inlined, as moves are: what it has in common with the chain would be shared with it.
#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

fn check_finite(what: &'static str, values: &[f32]) -> Result<(), MixedError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(MixedError::NotFinite { what, index, value: *value }),
        None => Ok(()),
    }
}

fn check_loss(loss: f32) -> Result<(), MixedError> {
    if loss.is_finite() { Ok(()) } else { Err(MixedError::Loss { loss }) }
}

fn check_temperature(temperature: f32) -> Result<(), MixedError> {
    if temperature.is_finite() && temperature >= 0.0 { Ok(()) } else { Err(MixedError::Temperature(temperature)) }
}

/// The state of training by mixed moves.
#[derive(Debug)]
pub struct Mixed<'m, R> {
    net: Net<'m>,
    parameters: &'m mut [f32],
    undo: &'m mut [f32],
    base: &'m mut [f32],
    statistics: &'m mut [f32],
    arms: Arms<'m>,
    /// What a whole pass costs.
    whole: f32,
    temperature: f32,
    rng: R,
    loss: f32,
    counters: Counters,
    pattern: Pattern,
    /// Moves accepted since statistics were gathered.
    since_gathered: u32,
    /// The first layer that they have changed, or may have.
    changed_from: usize,
}

impl<'m, R: Rng + Clone> Mixed<'m, R> {
    /// Begins at the parameters in `memory`, whose loss is `loss`.
    ///
    /// # Errors
    /// Where lengths do not fit, or numbers are not finite.
    pub fn new(net: Net<'m>, memory: MixedMemory<'m>, temperature: f32, rng: R, loss: f32) -> Result<Self, MixedError> {
        memory.check(net)?;
        check_temperature(temperature)?;
        check_loss(loss)?;
        copy(memory.base, memory.parameters);
        memory.arms.iter_mut().for_each(Arm::forget);
        let state = MixedState {
            loss,
            counters: Counters::default(),
            kinds: Default::default(),
            pattern: Pattern::new(loss),
            since_gathered: 0,
            generator: rng,
        };
        Ok(Self::at(net, memory, temperature, state))
    }

    /// Says of which layer on numbers are kept of the samples, by default 0. A move in a layer whose inputs are not kept costs a
    /// whole pass; of as many as there are layers, every one does.
    pub fn set_kept_from(&mut self, first: usize) {
        self.arms.set_costs(self.net, first);
    }

    /// The current parameters x.
    pub fn parameters(&self) -> &[f32] {
        self.parameters
    }

    /// The loss U(x) of the current parameters.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// Moves made and accepted; a pattern move is one of them, and there are no resets.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The arms.
    pub fn arms(&self) -> &[Arm] {
        self.arms.parts().0
    }

    /// The mean of log σ over the arms, as a step size.
    pub fn sigma(&self) -> f32 {
        let arms = self.arms();
        arm::exp2(arms.iter().map(|arm| arm.log2_sigma).sum::<f32>() / arms.len().max(1) as f32)
    }

    /// Replaces U(x) by the loss of the current parameters on other samples. What it is on these where the next pattern move
    /// begins is not known then.
    ///
    /// # Errors
    /// Where it is not finite.
    pub fn rescore(&mut self, loss: f32) -> Result<(), MixedError> {
        check_loss(loss)?;
        self.loss = loss;
        self.pattern.base_loss = f32::INFINITY;
        Ok(())
    }

    /// Makes a move; says whether it was accepted.
    pub fn step(&mut self, evaluator: &mut impl EvaluateParts) -> bool {
        let is_accepted = match self.temperature == 0.0 && self.pattern.is_due() {
            true => self.line(evaluator),
            false => self.make_move(evaluator),
        };
        self.counters.steps += 1;
        self.counters.accepted += u64::from(is_accepted);
        self.since_gathered += u32::from(is_accepted);
        if self.since_gathered >= GATHERED_AFTER {
            self.gather(evaluator);
        }
        is_accepted
    }

    /// Gathers the statistics that accepted moves have made others: of the inputs of layers behind those that they changed.
    fn gather(&mut self, evaluator: &mut impl EvaluateParts) {
        let behind = self.changed_from.saturating_add(1);
        if behind < self.net.layers().len() {
            evaluator.gather(self.net, self.parameters, self.statistics, behind);
        }
        (self.since_gathered, self.changed_from) = (0, usize::MAX);
    }

    fn make_move<E: EvaluateParts>(&mut self, evaluator: &mut E) -> bool {
        let Self { net, parameters, statistics, rng, .. } = self;
        let index = self.arms.choose(rng);
        let arm = self.arms.get(index);
        let part = draw::choose_part(*net, &arm, rng);
        for (undo, index) in self.undo.iter_mut().zip(net.indices(part)) {
            *undo = parameters.get(index).copied().unwrap_or(0.0);
        }
        let size = Size::of_move(arm.draw_sigma(rng), rng);
        draw::draw(evaluator.lanes(), *net, (arm.kind, part), size, statistics, parameters, rng);
        let bound = self.loss + self.allowed_rise();
        let before = self.loss;
        let is_accepted = match evaluator.propose(bound, self.parameters, part) {
            Some(loss) if loss <= bound => self.keep(evaluator, bound, part),
            _ => {
                self.take_back(part);
                false
            }
        };
        let gain = if is_accepted { (before - self.loss).max(0.0) } else { 0.0 };
        self.arms.learn(index, if before > 0.0 { gain / before } else { 0.0 });
        self.pattern.count(arm.cost / self.whole, is_accepted);
        is_accepted
    }

    /// Keeps what was proposed, unless its loss is above the bound after all: by as little as a sum that was corrected is
    /// rounded otherwise.
    fn keep(&mut self, evaluator: &mut impl EvaluateParts, bound: f32, part: Part) -> bool {
        let loss = evaluator.keep(self.parameters, part);
        if loss <= bound {
            self.loss = loss;
            self.changed_from = self.changed_from.min(part.layer());
            return true;
        }
        self.take_back(part);
        evaluator.propose(f32::INFINITY, self.parameters, part);
        evaluator.keep(self.parameters, part);
        false
    }

    fn take_back(&mut self, part: Part) {
        for (undo, index) in self.undo.iter().zip(self.net.indices(part)) {
            if let Some(x) = self.parameters.get_mut(index) {
                *x = *undo;
            }
        }
    }

    /// A pattern move.
    fn line(&mut self, evaluator: &mut impl EvaluateParts) -> bool {
        copy(self.undo, self.parameters);
        let mut line = Line::new(&self.pattern, self.loss);
        loop {
            self.go_to(line.t());
            let loss = evaluator.propose(f32::INFINITY, self.parameters, Part::Net).unwrap_or(f32::NAN);
            if !line.found(loss) {
                break;
            }
        }
        let best = line.best();
        let is_accepted = match best {
            Some(t) => {
                self.go_to(t);
                self.keep(evaluator, self.loss, Part::Net)
            }
            None => {
                copy(self.parameters, self.undo);
                false
            }
        };
        self.pattern.end(best.filter(|_| is_accepted), self.loss, &mut self.rng);
        copy(self.base, self.parameters);
        is_accepted
    }

    /// Sets the parameters to x + t (x − b), x being what there is to undo.
    fn go_to(&mut self, t: f32) {
        for ((x, from), base) in self.parameters.iter_mut().zip(&*self.undo).zip(&*self.base) {
            *x = from + t * (from - base);
        }
    }

    /// By how much the loss may rise: ξ < exp(−ΔU/T) is ΔU < −T ln ξ.
    fn allowed_rise(&mut self) -> f32 {
        if self.temperature == 0.0 {
            return 0.0;
        }
        let [ln_xi] = ln_normal(Portable::<1>, [uniform(&mut self.rng)]);
        -self.temperature * ln_xi
    }
}

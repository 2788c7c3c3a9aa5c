//! Where training by mixed moves stands, to be kept while the machine is off.

use rand_core::Rng;

use super::arm::{Arms, KINDS, RunningMean};
use super::{Mixed, MixedError, MixedMemory, Pattern, check_finite, check_loss, check_temperature};
use crate::chain::Counters;
use crate::net::Net;

/// Where it stands, beside the memory that its caller lent it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MixedState<R> {
    /// U(x), finite.
    pub loss: f32,
    /// The counters.
    pub counters: Counters,
    /// The gains of each kind of moves.
    pub kinds: [RunningMean; KINDS],
    /// When the next pattern move is due, and how far it goes.
    pub pattern: Pattern,
    /// Moves accepted since statistics were gathered.
    pub since_gathered: u32,
    /// The generator.
    pub generator: R,
}

impl<'m, R: Rng + Clone> Mixed<'m, R> {
    /// Where it stands: with its memory, [`resume`](Mixed::resume) goes on from there.
    pub fn state(&self) -> MixedState<R> {
        let Self { loss, counters, pattern, since_gathered, .. } = *self;
        let (_, kinds) = self.arms.parts();
        MixedState { loss, counters, kinds, pattern, since_gathered, generator: self.rng.clone() }
    }

    /// Where the next pattern move begins.
    pub fn base(&self) -> &[f32] {
        self.base
    }

    /// The statistics of the layers' inputs.
    pub fn statistics(&self) -> &[f32] {
        self.statistics
    }

    /// Makes the moves, bit for bit, that another would have gone on with, whose state this is and whose memory holds what
    /// that one's did. What is to be undone may be any numbers.
    ///
    /// # Errors
    /// Where lengths do not fit, or no moves lead to such a state.
    pub fn resume(
        net: Net<'m>,
        memory: MixedMemory<'m>,
        temperature: f32,
        state: MixedState<R>,
    ) -> Result<Self, MixedError> {
        memory.check(net)?;
        check_temperature(temperature)?;
        let MixedState { loss, counters, kinds, pattern, .. } = &state;
        check_loss(*loss)?;
        check_finite("base", memory.base)?;
        let Pattern { step, base_loss, spent, due, .. } = *pattern;
        let is_mean = |mean: &RunningMean| mean.mean >= 0.0 && mean.mean.is_finite() && mean.count >= 0.0;
        if !(step > 0.0 && !base_loss.is_nan() && [step, spent, due].iter().all(|number| number.is_finite())) {
            return Err(MixedError::State("a pattern move's numbers are not finite"));
        }
        if counters.accepted > counters.steps {
            return Err(MixedError::State("more moves were accepted than made"));
        }
        let is_arm = |arm: &super::Arm| arm.log2_sigma.is_finite() && is_mean(&arm.gain);
        if !(kinds.iter().all(is_mean) && memory.arms.iter().all(is_arm)) {
            return Err(MixedError::State("an arm's numbers are not finite"));
        }
        Ok(Self::at(net, memory, temperature, state))
    }

    /// What has this state and this memory, which were checked.
    pub(super) fn at(net: Net<'m>, memory: MixedMemory<'m>, temperature: f32, state: MixedState<R>) -> Self {
        let MixedMemory { parameters, undo, base, arms, statistics } = memory;
        let MixedState { loss, counters, kinds, pattern, since_gathered, generator } = state;
        Self {
            net,
            parameters,
            undo,
            base,
            statistics,
            arms: Arms::new(net, arms, kinds),
            whole: net.cost().total().max(1) as f32,
            temperature,
            rng: generator,
            loss,
            counters,
            pattern,
            since_gathered,
            changed_from: 0,
        }
    }
}

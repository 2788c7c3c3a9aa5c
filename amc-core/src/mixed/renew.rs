//! Mixed moves begin on samples, and go on with others.

use rand_core::Rng;

use super::arm::Arm;
use super::{Begin, EvaluateParts, Mixed, MixedError, MixedMemory, MixedOptions, MixedState, Pattern};
use super::{check_finite, check_loss, copy, start, start_at};
use crate::chain::Counters;
use crate::net::Net;
use crate::part::Part;

impl<'m, R: Rng + Clone> Mixed<'m, R> {
    /// What [begins](Mixed::begin) when there are samples: until then its loss is not a number.
    ///
    /// # Errors
    /// Where lengths do not fit, or numbers are not finite.
    pub fn waiting(net: Net<'m>, memory: MixedMemory<'m>, options: MixedOptions, rng: R) -> Result<Self, MixedError> {
        options.check()?;
        memory.check(net)?;
        memory.arms.iter_mut().for_each(Arm::forget);
        let loss = f32::NAN;
        let (counters, kinds, pattern) = (Counters::default(), Default::default(), Pattern::new(loss));
        let state = MixedState { loss, counters, kinds, pattern, since_gathered: 0, generator: rng };
        Ok(Self::at(net, memory, options.temperature, state))
    }

    /// Begins on the samples that the evaluator has.
    ///
    /// # Errors
    /// Where the loss is not finite; then it still waits, and can begin on other samples as if nothing had been.
    pub fn begin(&mut self, begin: Begin, evaluator: &mut impl EvaluateParts) -> Result<(), MixedError> {
        let Self { net, parameters, statistics, .. } = self;
        let mut rng = self.rng.clone();
        let loss = match begin {
            Begin::Drawn => start(*net, parameters, statistics, &mut rng, evaluator),
            Begin::Given => start_at(*net, parameters, statistics, evaluator),
        };
        check_loss(loss)?;
        check_finite("parameter", parameters)?;
        copy(self.base, self.parameters);
        (self.rng, self.loss, self.pattern) = (rng, loss, Pattern::new(loss));
        Ok(())
    }

    /// Goes on with other samples, which the evaluator has by now: finds the loss and the statistics of the layers' inputs anew. What
    /// the loss is where the next pattern move begins is not known then.
    ///
    /// # Errors
    /// Where the loss is not finite. Then nothing has changed but what the evaluator keeps.
    pub fn renew(&mut self, evaluator: &mut impl EvaluateParts) -> Result<(), MixedError> {
        self.rescore(evaluator.keep(self.parameters, Part::Net))?;
        evaluator.gather(self.net, self.parameters, self.statistics, 0);
        (self.since_gathered, self.changed_from) = (0, usize::MAX);
        Ok(())
    }
}

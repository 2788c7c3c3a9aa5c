//! Moves that are known to be rejected before they are made, and a second chain that tries what comes after them.
//!
//! After a rejection all is known of a chain but what the next move's loss is. So whoever can evaluate several moves at
//! once has other chains [follow](Chain::follow) this one, [pass over](Chain::pass) one, two or more moves as if they were
//! rejected, and propose the next. The first move that is accepted is then made by this chain, too.

use rand_core::Rng;

use super::parts::Workers;
use super::streams::{RANGE, numbers};
use super::{Chain, ChainError, Decision};

impl<R: Rng + Clone> Chain<'_, R> {
    /// Rejects the next move without computing it: its random numbers are drawn, and nothing is made of them. The chain comes to
    /// what [`reject`](super::Proposal::reject) brings it to. `workers` take back what is suspended in place.
    pub fn pass<C: Workers<R>>(&mut self, mut workers: C) -> Decision {
        if self.is_undecided() {
            self.take_back(&mut workers);
        }
        self.own.has_move = false;
        let rest = self.memory.parameters.len();
        let skip = |generator: &mut R, parameters: usize| {
            for _ in 0..numbers(parameters) {
                generator.next_u32();
            }
        };
        skip(&mut self.own.now, rest.min(RANGE));
        if self.options.temperature != 0.0 {
            self.own.now.next_u32();
        }
        let mut rest = rest.saturating_sub(RANGE);
        for stream in self.memory.streams.iter_mut() {
            skip(&mut stream.now, rest.min(RANGE));
            rest = rest.saturating_sub(RANGE);
        }
        self.count_rejection()
    }

    /// Goes to where another chain stands, which keeps to options of its own: of the same options, the two go on alike.
    ///
    /// # Errors
    /// While a proposal of either is suspended in place, or where the other has more or fewer parameters, centres or signals.
    pub fn follow(&mut self, other: &Chain<'_, R>) -> Result<(), ChainError> {
        if self.is_undecided() || other.is_undecided() {
            return Err(ChainError::Undecided);
        }
        let (memory, of) = (&mut self.memory, &other.memory);
        let vectors =
            [("parameters", &mut *memory.parameters, &*of.parameters), ("centres", &mut *memory.centres, &*of.centres)];
        for (what, to, from) in vectors {
            copy(what, to, from)?;
        }
        copy("signal", memory.signal_mut(), of.signal())?;
        let (needed, given) = (memory.streams.len(), of.streams.len());
        if needed != given {
            return Err(ChainError::Streams { needed, given });
        }
        for (to, from) in memory.streams.iter_mut().zip(of.streams.iter()) {
            to.now.clone_from(&from.now);
        }
        self.own.now.clone_from(&other.own.now);
        self.own.has_move = false;
        (self.sigma, self.loss) = (other.sigma, other.loss);
        (self.rejected_in_a_row, self.counters) = (other.rejected_in_a_row, other.counters);
        Ok(())
    }
}

fn copy(what: &'static str, to: &mut [f32], from: &[f32]) -> Result<(), ChainError> {
    let (needed, given) = (to.len(), from.len());
    if needed != given {
        return Err(ChainError::Length { what, needed, given });
    }
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    Ok(())
}

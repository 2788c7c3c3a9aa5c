//! What types that hold vectors or generators say over defmt: where they stand, without those. A generator need not
//! format.

use rand_core::Rng;

use super::{Chain, Memory, MovePart, MoveParts, Proposal, State, Stream, Workers};

impl<R> defmt::Format for Chain<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Chain: {}, loss {}, sigma {}", self.counters, self.loss, self.sigma);
    }
}

impl<R: Rng + Clone, C: Workers<R>> defmt::Format for Proposal<'_, '_, R, C> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Proposal: bound {}", self.bound());
    }
}

impl<R> defmt::Format for Memory<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Memory: {} parameters", self.parameters.len());
    }
}

impl<R> defmt::Format for State<R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "State: {}, loss {}, sigma {}", self.counters, self.loss, self.sigma);
    }
}

impl<R> defmt::Format for Stream<R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Stream");
    }
}

impl<R> defmt::Format for MoveParts<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "MoveParts: {} left", self.len());
    }
}

impl<R> defmt::Format for MovePart<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "MovePart: from parameter {}", self.first);
    }
}

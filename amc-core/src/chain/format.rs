//! What types that hold vectors or generators say over defmt: where they stand, without those. A generator need not
//! format.

use rand_core::Rng;

use super::{Chain, Crew, Memory, Part, Parts, Proposal, State, Stream};

impl<R> defmt::Format for Chain<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Chain: {}, loss {}, sigma {}", self.counters, self.loss, self.sigma);
    }
}

impl<R: Rng + Clone, C: Crew<R>> defmt::Format for Proposal<'_, '_, R, C> {
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

impl<R> defmt::Format for Parts<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Parts: {} left", self.len());
    }
}

impl<R> defmt::Format for Part<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Part: from parameter {}", self.first);
    }
}

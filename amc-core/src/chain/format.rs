//! What a chain and a proposal say over defmt: where they stand, without their vectors. A generator need not format.

use super::{Chain, Proposal};

impl<R> defmt::Format for Chain<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Chain: {}, loss {}, sigma {}", self.counters, self.loss, self.sigma);
    }
}

impl<R, L> defmt::Format for Proposal<'_, '_, R, L> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Proposal: bound {}", self.bound);
    }
}

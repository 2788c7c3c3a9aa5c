//! What types that hold vectors, generators, drivers or bytes say over defmt: where they stand, without those.

use crate::Description;
use crate::flash::{Blocking, Store};
use crate::model::{self, Model};
use crate::snapshot::{self, Slices, Snapshot};

impl defmt::Format for Description<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Description: {}, {} inputs, layers:", self.loss, self.inputs);
        self.layers().for_each(|layer| defmt::write!(f, " {}", layer));
    }
}

impl defmt::Format for Model<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Model: {}, {}, {} parameters", self.arithmetic, self.objective, self.parameters.len());
    }
}

impl defmt::Format for model::Stored<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let parameters = self.parameters().len();
        defmt::write!(f, "Stored: {}, {}, {} parameters", self.arithmetic(), self.description(), parameters);
    }
}

impl<R> defmt::Format for Snapshot<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Snapshot: {}, {} parameters, {}", self.arithmetic, self.parameters.len(), self.state);
    }
}

impl<R> defmt::Format for Slices<'_, R> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let [x, mu, signal] = [&self.parameters, &self.centres, &self.signal].map(|slice| slice.len());
        defmt::write!(
            f,
            "Slices: {} parameters, {} centres, {} signals, {} streams",
            x,
            mu,
            signal,
            self.streams.len()
        );
    }
}

impl defmt::Format for snapshot::Stored<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let parameters = self.parameters().len();
        defmt::write!(f, "Stored: {}, {}, {} parameters", self.arithmetic(), self.description(), parameters);
    }
}

impl<F> defmt::Format for Blocking<F> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Blocking");
    }
}

impl<F> defmt::Format for Store<F> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Store: {:#x}..{:#x}, pieces of {}", self.region.start, self.region.end, self.piece);
    }
}

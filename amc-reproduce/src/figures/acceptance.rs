//! Acceptance rates by the losses at which moves are made.

use std::collections::BTreeMap;

use super::series::Curve;

/// Intervals of the loss in a decade.
pub const BINS: f64 = 4.0;
/// Moves in an interval from which its acceptance rate is shown.
const ENOUGH: f64 = 50.0;

/// The number of the interval that a loss is in.
fn bin(loss: f64) -> i32 {
    (BINS * loss.log10()).floor() as i32
}

/// Moves and accepted moves while the loss was in each interval.
#[derive(Clone, Debug, Default)]
pub struct Bins {
    /// By [`bin`].
    counts: BTreeMap<i32, (f64, f64)>,
}

impl Bins {
    /// Counts a move that was made at a loss.
    pub fn count(&mut self, loss: f64, accepted: bool) {
        let counts = self.counts.entry(bin(loss)).or_default();
        counts.0 += 1.0;
        counts.1 += f64::from(u8::from(accepted));
    }

    /// Moves and accepted moves, over the losses in the middle of their intervals.
    pub fn curves(&self) -> Vec<Curve> {
        let middle = |bin: &i32| 10_f64.powf((f64::from(*bin) + 0.5) / BINS);
        let moves = self.counts.iter().map(|(bin, counts)| (middle(bin), counts.0)).collect();
        let accepted = self.counts.iter().map(|(bin, counts)| (middle(bin), counts.1)).collect();
        vec![Curve::new("moves", moves), Curve::new("accepted", accepted)]
    }

    /// Adds the counts of a run.
    pub fn add(&mut self, curves: &[Curve]) {
        let [moves, accepted] = curves else { return };
        for ((loss, moves), (_, accepted)) in moves.points.iter().zip(&accepted.points) {
            let counts = self.counts.entry(bin(*loss)).or_default();
            counts.0 += moves;
            counts.1 += accepted;
        }
    }

    /// (loss, acceptance rate), where there were moves enough.
    pub fn rates(&self) -> Vec<(f64, f64)> {
        let [moves, accepted] = &self.curves()[..] else { return Vec::new() };
        let both = moves.points.iter().zip(&accepted.points).filter(|(moves, _)| moves.1 >= ENOUGH);
        both.map(|(moves, accepted)| (moves.0, accepted.1 / moves.1)).collect()
    }

    /// The acceptance rate in the interval of a loss.
    pub fn rate_at(&self, loss: f64) -> Option<f64> {
        let (moves, accepted) = self.counts.get(&bin(loss))?;
        (*moves >= ENOUGH).then(|| accepted / moves)
    }
}

#[cfg(test)]
mod tests {
    use super::Bins;

    #[test]
    fn moves_are_counted_where_their_loss_is() {
        let mut bins = Bins::default();
        for step in 0..400 {
            bins.count(0.1, step % 4 == 0);
            bins.count(0.01, step % 40 == 0);
        }
        bins.count(1e-4, true);
        assert_eq!((bins.rate_at(0.1), bins.rate_at(0.01), bins.rate_at(1e-4)), (Some(0.25), Some(0.025), None));
        let mut twice = Bins::default();
        twice.add(&bins.curves());
        twice.add(&bins.curves());
        assert_eq!(twice.rates(), bins.rates());
        assert_eq!(twice.counts.values().map(|counts| counts.0).sum::<f64>(), 2.0 * 801.0);
    }
}

//! What passes between the chains of a population: rules that need their losses alone, so that all ranks come to the same.

use amc_core::elementary::ln;
use amc_core::{Generator, Portable};
use rand_core::Rng;

/// The chains by their losses, the least first; of equal ones the first.
pub(super) fn ranking(losses: &[f32]) -> Vec<usize> {
    let mut ranking: Vec<usize> = (0..losses.len()).collect();
    ranking.sort_by(|a, b| losses[*a].total_cmp(&losses[*b]));
    ranking
}

/// Which chains are copied over which: each of the better half over one of the others, the best over the worst.
pub(super) fn copies(ranking: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    ranking.iter().copied().zip(ranking.iter().rev().copied()).take(ranking.len() / 2)
}

/// Which neighbours on a ladder of temperatures are asked to swap at a meeting, counted from 0: the first with the second, the
/// third with the fourth and so on, and at the next meeting the others.
pub(super) fn pairs(meeting: u64, rungs: usize) -> impl Iterator<Item = (usize, usize)> {
    ((meeting % 2) as usize..rungs.saturating_sub(1)).step_by(2).map(|cold| (cold, cold + 1))
}

/// Whether two chains at these temperatures with these losses swap, by the rule of Metropolis for both together: with a chance of
/// min(1, exp((1/T − 1/T′)(U − U′))), for which `xi` is uniform on (0, 1]. So each keeps to the distribution exp(−U/T) of its
/// temperature (Swendsen and Wang 1986; Geyer 1991; Earl and Deem 2005).
pub(super) fn is_swapped(temperatures: [f32; 2], losses: [f32; 2], xi: f32) -> bool {
    let [[cold, hot], [at_cold, at_hot]] = [temperatures, losses].map(|pair| pair.map(f64::from));
    let [ln_xi] = ln(Portable::<1>, [xi]);
    f64::from(ln_xi) <= (1.0 / cold - 1.0 / hot) * (at_cold - at_hot)
}

/// A number uniform on (0, 1].
pub(super) fn uniform(rng: &mut Generator) -> f32 {
    (rng.next_u32() | 1) as f32 / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::{copies, is_swapped, pairs, ranking};

    #[test]
    fn the_better_half_is_copied_the_best_over_the_worst() {
        let copied = |losses: &[f32]| copies(&ranking(losses)).collect::<Vec<_>>();
        assert_eq!(copied(&[0.4, 0.1, 0.3, 0.5, 0.2]), [(1, 3), (4, 0)]);
        assert_eq!(copied(&[0.1, 0.1, f32::NAN, 0.1]), [(0, 2), (1, 3)]);
        assert_eq!(copied(&[0.1]), []);
        assert_eq!(copied(&[]), []);
    }

    #[test]
    fn every_pair_of_neighbours_is_asked_at_every_other_meeting() {
        let asked = |meeting, rungs| pairs(meeting, rungs).collect::<Vec<_>>();
        assert_eq!(asked(0, 5), [(0, 1), (2, 3)]);
        assert_eq!(asked(1, 5), [(1, 2), (3, 4)]);
        assert_eq!(asked(u64::MAX, 4), [(1, 2)]);
        assert_eq!((asked(0, 1), asked(1, 0)), (vec![], vec![]));
    }

    /// Of all 2^16 numbers that are evenly spread over (0, 1] as many lead to a swap as the chance of it says; and between any two
    /// states that a swap brings into each other, exp(−U/T) times the chance is the same both ways.
    #[test]
    fn swaps_are_in_detailed_balance_by_count() {
        const NUMBERS: u32 = 1 << 16;
        let temperatures = [0.5_f32, 0.8];
        let chance = |losses: [f32; 2]| {
            let of = |number: u32| (number as f32 + 0.5) / NUMBERS as f32;
            let swapped = (0..NUMBERS).filter(|number| is_swapped(temperatures, losses, of(*number))).count();
            swapped as f64 / f64::from(NUMBERS)
        };
        let weight = |losses: [f32; 2]| {
            let energy: f64 = losses.iter().zip(temperatures).map(|(u, t)| f64::from(*u) / f64::from(t)).sum();
            (-energy).exp()
        };
        // One number more or less, as the chance lies between two of them.
        let within = 1.0 / f64::from(NUMBERS);
        let levels = [0.0_f32, 0.3, 1.0, 2.5];
        for (a, b) in levels.iter().flat_map(|a| levels.map(|b| (*a, b))) {
            let (there, back) = (chance([a, b]), chance([b, a]));
            let ratio = weight([b, a]) / weight([a, b]);
            assert!((there - ratio.min(1.0)).abs() <= within, "{a} and {b}: {there}, not {}", ratio.min(1.0));
            assert!((weight([a, b]) * there - weight([b, a]) * back).abs() <= within, "{a} and {b}");
        }
    }
}

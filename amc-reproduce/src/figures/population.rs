//! Thirty chains at one setting, how far apart they end, and what it gains to move the first of them together and copy the
//! best over the others from time to time (Sec. II F).

use anyhow::Context;
use serde::Serialize;

use super::images::{Images, train};
use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLUE, GREEN, Line, Panel, Style};
use super::series::{Curve, median, moments};
use super::under_way::UnderWay;
use super::watch::Watch;
use super::{Claim, Figure, Machine, Made, Run};
use amc_engine::train::{Batching, Chains, Initial, Population as Together};

#[derive(Serialize)]
pub(super) struct Population {
    images: Images,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    /// Chains that move alone.
    chains: u64,
    /// Those of them, from the first, that move together as well; the paper suggests a population and names no size.
    population: u64,
    /// Moves after which the better half of the population is copied.
    period: u64,
    epochs: u64,
}

/// What is run.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Chain {
    Alone(Training),
    /// Chains from the training's seed and those that follow.
    Together {
        training: Training,
        chains: u64,
        period: u64,
    },
}

impl Run for Chain {
    fn label(&self) -> String {
        match self {
            Chain::Alone(training) => training.label(),
            Chain::Together { training, chains, period } => {
                format!("{}, {chains} chains together, copied every {period}", training.label())
            }
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Chain::Alone(training) => training.cost(),
            Chain::Together { training, chains, .. } => training.cost() * *chains as f64,
        }
    }
}

/// Moments in a decade at which chains that move together are looked at.
const PER_DECADE: u32 = 20;

impl Figure for Population {
    type Run = Chain;
    const NAME: &'static str = "population";

    fn paper() -> Self {
        Self {
            images: Images::Mnist,
            sigma: 1e-2,
            epsilon: 0.0,
            n_reset: 20,
            chains: 30,
            population: 8,
            period: 1000,
            epochs: 100_000,
        }
    }

    fn quick() -> Self {
        Self { images: Images::Digits, chains: 10, population: 10, period: 300, epochs: 3_000, ..Self::paper() }
    }

    fn seeds(self, chains: u64) -> Self {
        Self { chains, population: self.population.min(chains), ..self }
    }

    fn images(&self) -> Option<Images> {
        Some(self.images)
    }

    fn runs(&self) -> Vec<Chain> {
        let Self { sigma, epsilon, n_reset, chains, population, period, epochs, .. } = *self;
        let method = Method::Amc { sigma, epsilon, n_reset, signal_norm: true, batching: Batching::Full };
        let training = |seed| self.images.training(method, Initial::Gaussian(sigma as f32), epochs, seed);
        let together = Chain::Together { training: training(1), chains: population, period };
        (1..=chains).map(|seed| Chain::Alone(training(seed))).chain([together]).collect()
    }

    fn make(&self, run: &Chain, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        match run {
            Chain::Alone(training) => train(training, machine, way),
            Chain::Together { training, chains, period } => move_together(training, (*chains, *period), machine, way),
        }
    }

    fn panels(&self, made: &[Made<Chain>]) -> (Vec<Panel>, usize) {
        let panel = |title: &str, y, curve: &str| {
            let mut first = true;
            let line = |made: &Made<Chain>| {
                let alone = matches!(made.run, Chain::Alone(_));
                let label = match alone {
                    true if std::mem::take(&mut first) => "alone",
                    true => "",
                    false => "together, the best",
                };
                let colour = if alone { BLUE } else { GREEN };
                Line { label: label.into(), colour, style: Style::Line, points: made.kept.curve(curve).points.clone() }
            };
            Panel { title: title.into(), x: Axis::log("epoch n"), y, lines: made.iter().map(line).collect() }
        };
        let panels = vec![
            panel("(a)", Axis::log("training loss U"), "loss"),
            panel("(b)", Axis::linear("test accuracy C").range(0.0, 1.0), "accuracy"),
        ];
        (panels, 2)
    }

    fn claims(&self, made: &[Made<Chain>]) -> Vec<Claim> {
        let end = |made: &Made<Chain>, curve: &str| made.kept.curve(curve).end();
        let alone = |up_to: u64, curve: &str| {
            let of = |made: &&Made<Chain>| matches!(&made.run, Chain::Alone(training) if training.seed <= up_to);
            made.iter().filter(of).filter_map(|made| end(made, curve)).collect::<Vec<_>>()
        };
        let together = |curve: &str| {
            let of = made.iter().find(|made| matches!(made.run, Chain::Together { .. }));
            of.and_then(|made| end(made, curve)).unwrap_or(f64::NAN)
        };
        let extremes = |numbers: &[f64]| {
            let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            (least, numbers.iter().copied().fold(0.0, f64::max))
        };
        let (low, high) = extremes(&alone(self.chains, "accuracy"));
        let losses = alone(self.population, "loss");
        let (best, _) = extremes(&losses);
        let middle = median(losses).unwrap_or(f64::NAN);
        let (loss, accuracy) = (together("loss"), together("accuracy"));
        vec![
            Claim::new(
                format!("least and largest test accuracy of {} chains alone", self.chains),
                "a variation of about 1% for 30 independent trajectories",
                format!("{low:.4} and {high:.4}"),
                high > low && high - low < if self.images == Images::Mnist { 0.02 } else { 0.1 },
            ),
            Claim::new(
                format!(
                    "U at the end: the best of {0} chains together, and of the same {0} alone the best and the median",
                    self.population
                ),
                "such fluctuations could be the basis of importance sampling that propagates the best nets",
                format!("{loss:.6} (test accuracy {accuracy:.4}); {best:.6}, {middle:.6}"),
                loss < best,
            ),
        ]
    }
}

/// Loss and accuracy of the best of chains of which the better half is copied every `period` moves.
fn move_together(
    training: &Training,
    (chains, period): (u64, u64),
    machine: &Machine,
    way: &UnderWay<'_>,
) -> anyhow::Result<Vec<Curve>> {
    let (data, _) = machine.images.as_ref().context("no images are loaded")?;
    let objective = training.net.objective()?;
    data.train.check(objective)?;
    let settings = training.settings(machine.of_a_run());
    let chains = Chains { count: chains as usize, every: period, ladder: Vec::new() };
    let mut population = Together::new(objective, &data.train, &settings, &chains, None)?;
    let mut watch = Watch::new(objective, data, machine.of_a_run());
    let mut made = 0;
    if let Some((curves, (moves, chains))) = way.checkpoint::<(u64, Vec<u8>)>() {
        made = moves;
        population.resume(&chains)?;
        watch.resume(&curves);
    }
    let mut moments = moments(training.epochs, PER_DECADE);
    moments.retain(|moment| *moment > made);
    for moment in moments {
        while made < moment {
            way.keep(|| Ok((watch.curves(), (made, population.checkpoint()?))))?;
            let next = moment.min((made / period + 1) * period);
            population.advance(next - made)?;
            made = next;
            if made.is_multiple_of(period) {
                population.exchange()?;
            }
            way.show(made as f64 / training.epochs as f64);
        }
        let best = population.chains().min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, parameters, _)) = best {
            watch.see(moment, parameters);
        }
    }
    Ok(watch.curves())
}

#[cfg(test)]
mod tests {
    use super::{Chain, Curve, Figure, Made, Population};
    use crate::figures::resume::Kept;

    /// Three chains alone, and the first two together.
    fn of_three() -> (Population, Vec<Chain>) {
        let figure = Population { population: 2, ..Population::quick() }.seeds(3);
        let runs = figure.runs();
        (figure, runs)
    }

    #[test]
    fn the_first_chains_move_together_as_well() {
        let (_, runs) = of_three();
        let [Chain::Alone(first), Chain::Alone(_), Chain::Alone(third), Chain::Together { training, chains: 2, .. }] =
            &runs[..]
        else {
            panic!("{}", runs.len())
        };
        assert_eq!((first.seed, third.seed, training.seed), (1, 3, 1));
        assert_eq!(Population::paper().seeds(3).population, 3, "no more than there are alone");
        assert_eq!(Population::paper().seeds(40).population, 8);
    }

    #[test]
    fn chains_together_are_compared_with_the_same_chains_alone() {
        let holds = |loss_together| {
            let (figure, runs) = of_three();
            let made = runs.into_iter().map(|run| {
                let (loss, accuracy) = match &run {
                    Chain::Alone(training) => {
                        ([0.5, 0.3, 0.1][training.seed as usize - 1], 0.9 + 0.005 * training.seed as f64)
                    }
                    Chain::Together { .. } => (loss_together, 0.95),
                };
                let curves = [("loss", loss), ("accuracy", accuracy)].map(|(name, y)| Curve::new(name, vec![(1.0, y)]));
                Made { run, label: String::new(), kept: Kept { seconds: 1.0, curves: curves.into() } }
            });
            let claims = figure.claims(&made.collect::<Vec<_>>());
            assert_eq!(claims[0].ours, "0.9050 and 0.9150", "of all three alone");
            claims[1].holds
        };
        assert!(holds(0.2) && !holds(0.4) && !holds(f64::NAN));
    }
}

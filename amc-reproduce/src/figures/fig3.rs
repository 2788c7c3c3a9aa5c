//! Fig. 3: on Rosenbrock's function, Eq. (6), the larger epsilon the sooner (1, 1) is reached.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Generator, Portable};
use rand_core::SeedableRng;
use serde::Serialize;

use super::picture::{Axis, BLUE, GRAY, GREEN, Line, Panel, RED, Style};
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::{Claim, Figure, Machine, Made};

/// The paper does not name its three rates; these are ours.
const EPSILONS: [f64; 3] = [0.0, 0.01, 0.1];
/// At this value of the function (1, 1) counts as reached.
const REACHED: f64 = 1e-2;

#[derive(Serialize)]
pub(super) struct Fig3 {
    epsilons: Vec<f64>,
    sigma: f64,
    n_reset: u32,
    steps: u64,
    /// Steps of the path that panel (a) shows.
    path_steps: u64,
    seeds: u64,
}

#[derive(Serialize)]
pub(super) struct Run {
    epsilon: f64,
    sigma: f64,
    n_reset: u32,
    steps: u64,
    path_steps: u64,
    seed: u64,
}

impl super::Run for Run {
    fn label(&self) -> String {
        format!("rosenbrock, epsilon {}, seed {}", self.epsilon, self.seed)
    }

    fn cost(&self) -> f64 {
        self.steps as f64
    }
}

fn rosenbrock(x: &[f32]) -> f32 {
    let [x, y] = *x else { return f32::NAN };
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

impl Figure for Fig3 {
    type Run = Run;
    const NAME: &'static str = "fig3";

    fn paper() -> Self {
        // n_s is 20 in the caption, 100 in the text.
        let epsilons = EPSILONS.to_vec();
        Self { epsilons, sigma: 1e-3, n_reset: 20, steps: 10_000, path_steps: 2000, seeds: 1 }
    }

    fn quick() -> Self {
        Self::paper()
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn runs(&self) -> Vec<Run> {
        let Self { sigma, n_reset, steps, path_steps, .. } = *self;
        let run = |epsilon, seed| Run { epsilon, sigma, n_reset, steps, path_steps, seed };
        let each = self.epsilons.iter().flat_map(|epsilon| (1..=self.seeds).map(|seed| (*epsilon, seed)));
        each.map(|(epsilon, seed)| run(epsilon, seed)).collect()
    }

    fn make(&self, run: &Run, _: &Machine, _: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let (mut x, mut proposed, mut centres) = ([-2.0, 2.0], [0.0; 2], [0.0; 2]);
        let start = rosenbrock(&x);
        let memory = Memory::new(&mut x, &mut proposed).centres(&mut centres);
        let options = Options::new(run.sigma as f32).epsilon(run.epsilon as f32).n_reset(run.n_reset);
        let mut chain = Chain::new(memory, options, Generator::seed_from_u64(run.seed), start)?;
        let mut path = vec![(-2.0, 2.0)];
        let mut values = vec![(0.0, f64::from(start))];
        for step in 1..=run.steps {
            let proposal = chain.propose(Portable::<1>);
            let value = rosenbrock(proposal.parameters());
            proposal.decide(value);
            if step % 10 == 0 {
                values.push((step as f64, f64::from(chain.loss())));
                if step <= run.path_steps {
                    let [x, y] = *chain.parameters() else { continue };
                    path.push((f64::from(x), f64::from(y)));
                }
            }
        }
        Ok(vec![Curve::new("path", path), Curve::new("f", values)])
    }

    fn panels(&self, made: &[Made<Run>]) -> (Vec<Panel>, usize) {
        let lines = |curve: &str| {
            let line = |made: &Made<Run>| {
                let rate = self.epsilons.iter().position(|epsilon| *epsilon == made.run.epsilon).unwrap_or(0);
                let label = if made.run.seed == 1 { format!("ε = {}", made.run.epsilon) } else { String::new() };
                let colour = [GRAY, BLUE, GREEN][rate % 3];
                Line { label, colour, style: Style::Line, points: made.kept.curve(curve).points.clone() }
            };
            made.iter().map(line).collect::<Vec<_>>()
        };
        let mut paths = lines("path");
        paths.push(Line { label: String::new(), colour: RED, style: Style::Discs, points: vec![(1.0, 1.0)] });
        let title = format!("(a) {} steps", self.path_steps);
        let (x, y) = (Axis::linear("x").range(-2.2, 2.2), Axis::linear("y").range(-0.5, 4.5));
        let a = Panel { title, x, y, lines: paths };
        let (x, y) = (Axis::linear("n"), Axis::log("f(x, y)").range(1e-8, 1e3));
        let b = Panel { title: "(b)".into(), x, y, lines: lines("f") };
        (vec![a, b], 2)
    }

    fn claims(&self, made: &[Made<Run>]) -> Vec<Claim> {
        let of = |epsilon: f64| made.iter().filter(move |made| made.run.epsilon == epsilon);
        let steps: Vec<_> =
            self.epsilons.iter().map(|epsilon| reached(of(*epsilon).map(|m| m.kept.curve("f")))).collect();
        let what = format!("steps until f <= {REACHED}, for epsilon {:?}", self.epsilons);
        let said = "the larger epsilon, the more rapidly the minimum is attained, the difference between zero and nonzero \
                    epsilon being considerable";
        vec![Claim::new(what, said, format!("{steps:?}"), sooner(&steps))]
    }
}

/// The median of the steps after which runs have reached the minimum; none if fewer than half do.
fn reached<'c>(values: impl Iterator<Item = &'c Curve>) -> Option<f64> {
    let steps = values.map(|values| values.first_below(REACHED).unwrap_or(f64::INFINITY));
    median(steps).filter(|steps| steps.is_finite())
}

/// Whether each is reached sooner than the one before, and the second in half the time of the first or less.
fn sooner(steps: &[Option<f64>]) -> bool {
    let steps: Vec<f64> = steps.iter().map(|steps| steps.unwrap_or(f64::INFINITY)).collect();
    let falls = steps.windows(2).all(|pair| pair[1] < pair[0]);
    falls && matches!(steps[..], [first, second, ..] if second <= 0.5 * first)
}

#[cfg(test)]
mod tests {
    use super::{Curve, reached, sooner};

    #[test]
    fn the_claim_fails_where_epsilon_does_not_speed_things_up() {
        assert!(sooner(&[None, Some(3000.0), Some(1000.0)]));
        assert!(sooner(&[Some(9000.0), Some(3000.0), Some(1000.0)]));
        assert!(!sooner(&[Some(4000.0), Some(3000.0), Some(1000.0)]), "not considerably sooner");
        assert!(!sooner(&[None, Some(3000.0), Some(3000.0)]));
        assert!(!sooner(&[None, None, Some(3000.0)]));
        assert!(!sooner(&[None, Some(1000.0), Some(3000.0)]));
        assert!(!sooner(&[]));
    }

    #[test]
    fn the_minimum_is_reached_if_half_the_runs_reach_it() {
        let at = |step: f64| Curve::new("f", vec![(0.0, 400.0), (step, 0.005)]);
        let never = Curve::new("f", vec![(0.0, 400.0), (10.0, 0.5)]);
        assert_eq!(reached([&at(7.0), &never, &at(5.0)].into_iter()), Some(7.0));
        assert_eq!(reached([&at(7.0), &never, &never].into_iter()), None);
    }
}

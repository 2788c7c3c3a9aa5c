//! Fig. 2: the acceptance rate of Metropolis Monte Carlo falls with the loss and, slowly, with the size of the net; that
//! of aMC hardly does either.

use amc_core::chain::Options;
use serde::Serialize;

use super::acceptance::{BINS, Bins};
use super::picture::{Axis, COLOURS, Line, Panel, Style};
use super::series::Curve;
use super::under_way::UnderWay;
use super::{Claim, Figure, Machine, Made};
use amc_engine::data::functions;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{self, Batching, Initial, Settings, with_moves};

/// A slope of log A against log N that is more than an accident of the moves.
const SURE: f64 = 0.05;
/// The least acceptance rate that counts as large: moves are made smaller after n_s = 100 rejections in a row, so that
/// it settles near 1/n_s.
const LARGE: f64 = 0.005;

#[derive(Serialize)]
pub(super) struct Fig2 {
    /// Widths of nets of two hidden layers.
    widths: Vec<usize>,
    /// Depths of nets of width 25.
    depths: Vec<usize>,
    mc_sigma: f64,
    /// The paper does not name it; from N(0, σ²) the deepest net learns nothing within these moves.
    mc_initial: Initial,
    amc_sigma: f64,
    epsilon: f64,
    n_reset: u32,
    /// Losses at which acceptance rates are compared, the highest first; the paper does not name its U₀.
    levels: Vec<f64>,
    /// U₀ at which the acceptance rates of nets of different sizes are compared.
    size_level: f64,
    /// Moves of a run, at most; it ends when the loss is below the last level's interval.
    moves: u64,
    /// Moves times parameters of a run, at most.
    moves_times_parameters: f64,
    seeds: u64,
}

#[derive(Serialize)]
pub(super) struct Run {
    algorithm: Algorithm,
    varied: Varied,
    hidden: Vec<usize>,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    initial: Initial,
    least_loss: f64,
    moves: u64,
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
enum Algorithm {
    #[serde(rename = "MC")]
    Metropolis,
    #[serde(rename = "aMC")]
    Adaptive,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Varied {
    Width,
    Depth,
}

impl Run {
    /// The width, or the depth.
    fn size(&self) -> usize {
        if self.varied == Varied::Width { self.hidden[0] } else { self.hidden.len() }
    }
}

impl super::Run for Run {
    fn label(&self) -> String {
        let algorithm = if self.algorithm == Algorithm::Metropolis { "MC" } else { "aMC" };
        let varied = if self.varied == Varied::Width { "width" } else { "depth" };
        format!("sine, {algorithm}, {varied} {}, seed {}", self.size(), self.seed)
    }

    fn cost(&self) -> f64 {
        (parameters(&self.hidden) + 40 * self.hidden.iter().sum::<usize>()) as f64 * self.moves as f64
    }
}

impl Figure for Fig2 {
    type Run = Run;
    const NAME: &'static str = "fig2";

    fn paper() -> Self {
        Self {
            widths: vec![10, 32, 100, 316, 1000],
            depths: vec![2, 4, 6, 8, 10],
            mc_sigma: 1e-3,
            mc_initial: Initial::Kaiming,
            amc_sigma: 1e-2,
            epsilon: 1e-2,
            n_reset: 100,
            levels: vec![0.1, 1e-2, 1e-3, 1e-4],
            size_level: 1e-2,
            moves: 2_000_000,
            moves_times_parameters: 4e10,
            seeds: 5,
        }
    }

    fn quick() -> Self {
        Self {
            widths: vec![10, 24, 56],
            depths: vec![2, 3, 4],
            levels: vec![0.1, 5e-3, 2e-3],
            moves: 200_000,
            seeds: 1,
            ..Self::paper()
        }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn runs(&self) -> Vec<Run> {
        let widths = self.widths.iter().map(|width| (Varied::Width, vec![*width; 2]));
        let depths = self.depths.iter().map(|depth| (Varied::Depth, vec![25; *depth]));
        let least_loss = self.levels.iter().copied().fold(1.0, f64::min) * 10_f64.powf(-0.5 / BINS);
        let of_net = |(varied, hidden): (Varied, Vec<usize>)| {
            let run = |algorithm, seed| {
                let (sigma, epsilon, n_reset, initial) = match algorithm {
                    Algorithm::Metropolis => (self.mc_sigma, 0.0, 0, self.mc_initial),
                    Algorithm::Adaptive => {
                        (self.amc_sigma, self.epsilon, self.n_reset, Initial::Gaussian(self.amc_sigma as f32))
                    }
                };
                let hidden = hidden.clone();
                let moves = self.moves.min((self.moves_times_parameters / parameters(&hidden) as f64) as u64);
                Run { algorithm, varied, hidden, sigma, epsilon, n_reset, initial, least_loss, moves, seed }
            };
            let of_seed = |seed| [run(Algorithm::Metropolis, seed), run(Algorithm::Adaptive, seed)];
            (1..=self.seeds).flat_map(of_seed).collect::<Vec<_>>()
        };
        widths.chain(depths).flat_map(of_net).collect()
    }

    fn make(&self, run: &Run, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let sizes = [&[1], &run.hidden[..], &[1]].concat();
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
        let net = Description::new(&sizes, activation, output, loss);
        let (arithmetic, threads) = machine.of_a_run();
        let settings = Settings {
            method: amc_engine::train::Method::Amc,
            options: Options::new(run.sigma as f32).epsilon(run.epsilon as f32).n_reset(run.n_reset),
            initial: run.initial,
            transfer: Default::default(),
            in_place: false,
            signal_norm: run.algorithm == Algorithm::Adaptive,
            batching: Batching::Full,
            steps: run.moves,
            seed: run.seed,
            threads,
            arithmetic,
        };
        let from: Option<(Vec<Curve>, train::Checkpoint)> = way.checkpoint();
        let place = from.as_ref().map(|(_, place)| place);
        let bins = with_moves(&net, &functions::sine(), &settings, place, |mut moves, _| {
            let mut bins = Bins::default();
            if let Some((curves, _)) = &from {
                bins.add(curves);
            }
            let start = moves.progress(None);
            let (mut loss, mut counters) = (f64::from(start.loss), start.counters);
            while counters.steps < run.moves && loss >= run.least_loss {
                way.keep(|| Ok((bins.curves(), moves.checkpoint()?)))?;
                moves.make()?;
                let now = moves.progress(None);
                bins.count(loss, now.counters.accepted > counters.accepted);
                (loss, counters) = (f64::from(now.loss), now.counters);
                if counters.steps % 1024 == 0 {
                    way.show(counters.steps as f64 / run.moves as f64);
                }
            }
            Ok(bins)
        })?;
        Ok(bins.curves())
    }

    fn panels(&self, made: &[Made<Run>]) -> (Vec<Panel>, usize) {
        let panels = [
            ("(a)", Algorithm::Metropolis, Varied::Width),
            ("(b)", Algorithm::Metropolis, Varied::Depth),
            ("(c)", Algorithm::Adaptive, Varied::Width),
            ("(d)", Algorithm::Adaptive, Varied::Depth),
        ];
        let panels = panels.into_iter().flat_map(|(title, algorithm, varied)| {
            let nets = nets(made, algorithm, varied);
            let name = if algorithm == Algorithm::Metropolis { "MC" } else { "aMC" };
            let size = if varied == Varied::Width { "width" } else { "depth" };
            let line = |(place, net): (usize, &Net)| Line {
                label: format!("{size} {}", net.size),
                colour: COLOURS[place % COLOURS.len()],
                style: Style::Discs,
                points: net.bins.rates().into_iter().map(|(loss, rate)| (rate, loss)).collect(),
            };
            let three = [0, nets.len() / 2, nets.len().saturating_sub(1)];
            let lines = three.into_iter().filter_map(|place| Some((place, nets.get(place)?))).map(line).collect();
            let (x, y) = (Axis::log("acceptance rate A").range(1e-5, 1.0), Axis::log("loss U"));
            let left = Panel { title: format!("{title} {name}"), x, y, lines };
            let cut = |(place, level): (usize, &f64)| Line {
                label: format!("U₀ = {level}"),
                colour: COLOURS[place],
                style: Style::Discs,
                points: cut(&nets, *level),
            };
            let lines: Vec<_> = self.levels.iter().enumerate().take(COLOURS.len()).map(cut).collect();
            let (x, y) = (Axis::log("parameters N"), Axis::log("A(U₀)").range(1e-5, 1.0));
            [left, Panel { title: format!("{title} {name}, by {size}"), x, y, lines }]
        });
        (panels.collect(), 2)
    }

    fn claims(&self, made: &[Made<Run>]) -> Vec<Claim> {
        let mut claims = Vec::new();
        for varied in [Varied::Width, Varied::Depth] {
            let by = if varied == Varied::Width { "width" } else { "depth" };
            let [mc_nets, amc_nets] = [Algorithm::Metropolis, Algorithm::Adaptive].map(|a| nets(made, a, varied));
            let cuts = |nets: &[Net]| self.levels.iter().map(|level| cut(nets, *level)).collect::<Vec<_>>();
            let (mc, amc) = (cuts(&mc_nets), cuts(&amc_nets));
            let count = if varied == Varied::Width { self.widths.len() } else { self.depths.len() };
            claims.push(Claim::new(
                format!("MC, by {by}: (N, acceptance rate) at losses {:?}", self.levels),
                "the acceptance rate declines sharply with loss",
                format!("{mc:.4?}"),
                declines_sharply(&mc, count),
            ));
            let sizes = cut(&mc_nets, self.size_level);
            let slope = slope(&sizes).filter(|_| sizes.len() == count).unwrap_or(f64::NAN);
            let at = format!("MC, by {by}: slope of log A against log N at a loss of {}", self.size_level);
            claims.push(Claim::new(&at, "A does not decline as rapidly as 1/N", slope, slope > -1.0 + SURE));
            // Over less the slope says little.
            let decades = sizes.last().map_or(0.0, |last| (last.0 / sizes[0].0).log10());
            if decades >= 3.0 {
                claims.push(Claim::new(at, "A declines with N", slope, slope < -SURE));
            }
            claims.push(Claim::new(
                format!("aMC, by {by}: (N, acceptance rate) at losses {:?}, judged from the second on", self.levels),
                "acceptance rates remain large and essentially constant with loss or model size",
                format!("{amc:.4?}"),
                stays(&amc, count),
            ));
        }
        claims
    }
}

/// The parameters of a net of one input, one output and these layers between.
fn parameters(hidden: &[usize]) -> usize {
    let sizes = [&[1], hidden, &[1]].concat();
    sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

/// All runs of one net by one algorithm.
struct Net {
    size: usize,
    parameters: usize,
    bins: Bins,
}

fn nets(made: &[Made<Run>], algorithm: Algorithm, varied: Varied) -> Vec<Net> {
    let mut nets: Vec<Net> = Vec::new();
    for Made { run, kept, .. } in made.iter().filter(|m| m.run.algorithm == algorithm && m.run.varied == varied) {
        if nets.last().is_none_or(|net| net.size != run.size()) {
            nets.push(Net { size: run.size(), parameters: parameters(&run.hidden), bins: Bins::default() });
        }
        if let Some(net) = nets.last_mut() {
            net.bins.add(&kept.curves);
        }
    }
    nets
}

/// (N, acceptance rate) at a loss.
fn cut(nets: &[Net], level: f64) -> Vec<(f64, f64)> {
    nets.iter().filter_map(|net| Some((net.parameters as f64, net.bins.rate_at(level)?))).collect()
}

/// Whether each of `count` nets comes to the second level at least, and has at most half the acceptance rate at the last
/// level it comes to that it has at the first.
fn declines_sharply(cuts: &[Vec<(f64, f64)>], count: usize) -> bool {
    let [first, second, ..] = cuts else { return false };
    let at = |cut: &Vec<(f64, f64)>, net: f64| cut.iter().find(|point| point.0 == net).map(|point| point.1);
    let last = |net| cuts.iter().rev().find_map(|cut| at(cut, net));
    let halves = |&(net, rate): &(f64, f64)| last(net).is_some_and(|last| last <= 0.5 * rate);
    first.len() == count && second.len() == count && first.iter().all(halves)
}

/// The slope of log A against log N by least squares.
fn slope(cut: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<_> = cut.iter().map(|(n, rate)| (n.ln(), rate.ln())).collect();
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let slope = mean(&|point| (point.0 - x) * (point.1 - y)) / mean(&|point| (point.0 - x).powi(2));
    slope.is_finite().then_some(slope)
}

/// Whether all `count` nets are there at every level, and at all levels but the first no acceptance rate is below a tenth
/// of the largest, nor below [`LARGE`].
fn stays(cuts: &[Vec<(f64, f64)>], count: usize) -> bool {
    let rates = || cuts.iter().skip(1).flatten().map(|point| point.1);
    let (least, largest) = (rates().fold(1.0, f64::min), rates().fold(0.0, f64::max));
    cuts.len() > 1 && cuts.iter().all(|cut| cut.len() == count) && least >= LARGE && least >= 0.1 * largest
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use serde_json::Value;

    use super::{
        Algorithm, Curve, Fig2, Figure, Initial, Machine, Run, UnderWay, Varied, declines_sharply, slope, stays,
    };
    use crate::figures::resume::Finished;
    use amc_kernels::Arithmetic;

    #[test]
    fn an_interruption_changes_no_count() {
        let machine = Machine::of(1, Arithmetic::Portable);
        let make = |dir: &Path, moves, seed, every: Duration| {
            let run = Run {
                algorithm: Algorithm::Adaptive,
                varied: Varied::Depth,
                hidden: vec![5, 5],
                sigma: 1e-2,
                epsilon: 1e-2,
                n_reset: 100,
                initial: Initial::Gaussian(1e-2),
                least_loss: 1e-4,
                moves,
                seed,
            };
            let settings = Value::Null;
            let checkpoint = Finished::open(dir).expect("a folder").checkpoint("run", &settings);
            let way = UnderWay::new(checkpoint, every, &|_| ());
            Fig2::quick().make(&run, &machine, &way).expect("made")
        };
        let [dir, straight] = [0; 2].map(|_| tempfile::tempdir().expect("a folder"));
        let before = make(dir.path(), 100, 1, Duration::ZERO);
        // All comes from the checkpoint, the generator, too.
        let curves = make(dir.path(), 500, 2, Duration::MAX);
        assert_eq!(curves, make(straight.path(), 500, 1, Duration::MAX));
        let counted = |curves: &[Curve]| curves[0].points.iter().map(|point| point.1).sum::<f64>();
        assert_eq!((counted(&before), counted(&curves)), (100.0, 500.0));
    }

    #[test]
    fn the_claims_fail_on_other_rates() {
        let cuts = |first: [f64; 2], last: [f64; 2]| {
            vec![vec![(1e2, first[0]), (1e4, first[1])], vec![(1e2, last[0]), (1e4, last[1])]]
        };
        let mc = cuts([0.4, 0.2], [0.04, 0.02]);
        assert!(declines_sharply(&mc, 2) && !declines_sharply(&mc, 3), "a net that did not get there");
        assert!(!declines_sharply(&cuts([0.4, 0.2], [0.04, 0.15]), 2));
        let deeper = |rate| [mc.clone(), vec![vec![(1e4, rate)]]].concat();
        assert!(declines_sharply(&deeper(0.001), 2) && !declines_sharply(&deeper(0.15), 2), "one net goes further");
        let amc = cuts([0.3, 0.25], [0.02, 0.013]);
        assert!(stays(&amc, 2) && !stays(&amc, 3) && !stays(&amc[..1], 2));
        assert!(!stays(&cuts([0.3, 0.25], [0.2, 0.013]), 2), "not constant");
        assert!(!stays(&cuts([0.3, 0.25], [0.003, 0.003]), 2), "not large");
    }

    #[test]
    fn slopes_are_those_of_powers() {
        for power in [-1.0, -0.25, 0.0, 0.2] {
            let points = [1e2_f64, 1e3, 1e6].map(|n| (n, 0.5 * n.powf(power)));
            assert!((slope(&points).expect("a slope") - power).abs() < 1e-12);
        }
        assert_eq!(slope(&[(1e2, 0.5)]), None);
    }
}

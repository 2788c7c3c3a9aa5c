//! The deep nets of Fig. 6 with layer normalisation or skip connections: what Adam then trains, and aMC without the signal
//! norm (Sec. II E, "We verified that").

use serde::Serialize;

use super::fig6::{LEARNED, net};
use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLUE, GREEN, Line, Panel, Style};
use super::series::Curve;
use super::under_way::UnderWay;
use super::watch::Watch;
use super::{Claim, Figure, Machine, Made};
use amc_engine::data::functions;
use amc_engine::description::Modification;
use amc_engine::train::{Batching, Initial};

#[derive(Serialize)]
pub(super) struct Modified {
    modifications: Vec<Modification>,
    /// Hidden layers of nets that Adam is tried on, and aMC.
    depths_of_adam: Vec<usize>,
    depths_of_amc: Vec<usize>,
    sigma: f64,
    epsilon: f64,
    n_reset: u32,
    adam_rate: f64,
    epochs: u64,
    /// Those of Adam: gradients that vanish are slow to compute.
    adam_epochs: u64,
    seeds: u64,
}

/// The starts of Fig. 6.
const STARTS: [Initial; 2] = [Initial::Gaussian(1e-2), Initial::Kaiming];

fn name(by: Modification) -> &'static str {
    match by {
        Modification::LayerNorm => "layer normalisation",
        Modification::SkipConnections => "skip connections",
    }
}

impl Modified {
    fn methods(&self) -> [(&'static str, plotters::style::RGBColor, Method, &[usize]); 2] {
        let Self { sigma, epsilon, n_reset, .. } = *self;
        let amc = Method::Amc { sigma, epsilon, n_reset, signal_norm: false, batching: Batching::Full };
        [
            ("Adam", BLUE, Method::adam(self.adam_rate), &self.depths_of_adam),
            ("aMC, signal norm off", GREEN, amc, &self.depths_of_amc),
        ]
    }

    fn training(&self, (by, depth): (Modification, usize), method: Method, initial: Initial, seed: u64) -> Training {
        let epochs = if method.has_gradient() { self.adam_epochs } else { self.epochs };
        Training { net: net(depth).modified(by), data: "step", method, initial, epochs, seed }
    }
}

impl Figure for Modified {
    type Run = Training;
    const NAME: &'static str = "fig6-modified";

    fn paper() -> Self {
        Self {
            modifications: vec![Modification::LayerNorm, Modification::SkipConnections],
            depths_of_adam: vec![64],
            depths_of_amc: vec![2, 4, 8, 16, 32, 64, 128],
            sigma: 1e-2,
            epsilon: 1e-2,
            n_reset: 100,
            adam_rate: 1e-4,
            epochs: 1_000_000,
            adam_epochs: 100_000,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        let modifications = vec![Modification::SkipConnections];
        Self { modifications, depths_of_amc: vec![16, 64], epochs: 6_000, adam_epochs: 6_000, ..Self::paper() }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn runs(&self) -> Vec<Training> {
        let mut runs = Vec::new();
        for by in &self.modifications {
            for (_, _, method, depths) in self.methods() {
                for (depth, initial) in depths.iter().flat_map(|depth| STARTS.map(|initial| (*depth, initial))) {
                    runs.extend((1..=self.seeds).map(|seed| self.training((*by, depth), method, initial, seed)));
                }
            }
        }
        runs
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let data = functions::step();
        let mut watch = Watch::new(run.net.objective()?, &data, machine.of_a_run());
        run.learn(&data, machine.of_a_run(), &mut watch, way)?;
        Ok(watch.curves())
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let mut panels = Vec::new();
        for by in &self.modifications {
            for depth in &self.depths_of_amc {
                let lines = self.methods().into_iter().flat_map(|(label, colour, method, _)| {
                    self.of(made, (*by, *depth), method).enumerate().map(move |(run, made)| Line {
                        label: if run == 0 { label.into() } else { String::new() },
                        colour,
                        style: Style::Line,
                        points: made.kept.curve("loss").points.clone(),
                    })
                });
                let title = format!("{}, depth {depth}", name(*by));
                let (x, y) = (Axis::log("epoch n"), Axis::log("loss U").range(1e-5, 0.2));
                panels.push(Panel { title, x, y, lines: lines.collect() });
            }
        }
        (panels, self.depths_of_amc.len().min(4))
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let papers = ["skip connections or layer norm enable Adam to train at depth 64", "... and aMC at all depths"];
        let mut claims = Vec::new();
        for ((label, _, method, depths), paper) in self.methods().into_iter().zip(papers) {
            for by in &self.modifications {
                let least = |depth: usize| {
                    let ends = self.of(made, (*by, depth), method).filter_map(|made| made.kept.curve("loss").end());
                    (depth, ends.fold(f64::NAN, f64::min))
                };
                let ends: Vec<_> = depths.iter().map(|depth| least(*depth)).collect();
                claims.push(Claim::new(
                    format!("{label}, {}: (depth, least loss of all runs)", name(*by)),
                    paper,
                    format!("{ends:.5?}"),
                    !ends.is_empty() && ends.iter().all(|(_, end)| *end < LEARNED),
                ));
            }
        }
        claims
    }
}

impl Modified {
    /// The runs of a net by a method.
    fn of<'m>(
        &self,
        made: &'m [Made<Training>],
        net: (Modification, usize),
        method: Method,
    ) -> impl Iterator<Item = &'m Made<Training>> + use<'m> {
        let layers = self.training(net, method, Initial::Kaiming, 1).net.layers;
        made.iter().filter(move |made| made.run.method == method && made.run.net.layers == layers)
    }
}

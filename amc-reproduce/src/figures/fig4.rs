//! Fig. 4: a net learns the slow part of a function and then the fast one, in an order of speed that epsilon sets.

use serde::Serialize;

use super::learning::Training;
use super::method::Method;
use super::picture::{Axis, BLACK, BLUE, CYAN, GRAY, GREEN, Line, Panel, RED, Style};
use super::resume::Kept;
use super::series::{Curve, median};
use super::under_way::UnderWay;
use super::watch::Watch;
use super::{Claim, Figure, Machine, Made};
use amc_engine::data::functions;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::train::{Batching, Initial};

/// The mean square of sin(20πθ)/10: what U is where only the slow part is learned, and U' where all is.
const FAST: f64 = 0.005;

#[derive(Serialize)]
pub(super) struct Fig4 {
    hidden: usize,
    sigma: f64,
    n_reset: u32,
    epsilons: Vec<f64>,
    /// α of gradient descent and of Adam.
    rate: f64,
    /// The paper does not say how many.
    epochs: u64,
    /// Those of gradient descent and Adam.
    gradient_epochs: u64,
    /// Whether the fast part should be learned in the end.
    learns_fast_part: bool,
    seeds: u64,
}

impl Fig4 {
    fn methods(&self) -> Vec<(String, plotters::style::RGBColor, Method)> {
        let Self { sigma, n_reset, rate, .. } = *self;
        let (signal_norm, batching) = (false, Batching::Full);
        let amc = self.epsilons.iter().zip([GREEN, CYAN, RED]).map(|(epsilon, colour)| {
            let method = Method::Amc { sigma, epsilon: *epsilon, n_reset, signal_norm, batching };
            (format!("aMC, ε = {epsilon}"), colour, method)
        });
        let gd = ("GD".into(), GRAY, Method::gradient_descent(rate));
        [gd, ("Adam".into(), BLUE, Method::adam(rate))].into_iter().chain(amc).collect()
    }
}

impl Figure for Fig4 {
    type Run = Training;
    const NAME: &'static str = "fig4";

    fn paper() -> Self {
        let epsilons = vec![5e-3, 0.0, -5e-3];
        Self {
            hidden: 100,
            sigma: 0.1,
            n_reset: 50,
            epsilons,
            rate: 5e-3,
            epochs: 10_000_000,
            gradient_epochs: 10_000_000,
            learns_fast_part: true,
            seeds: 1,
        }
    }

    fn quick() -> Self {
        Self { epochs: 30_000, gradient_epochs: 5000, learns_fast_part: false, ..Self::paper() }
    }

    fn seeds(self, seeds: u64) -> Self {
        Self { seeds, ..self }
    }

    fn runs(&self) -> Vec<Training> {
        let (activation, output, loss) = (ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
        let sizes = [1, self.hidden, 1];
        let net = Description::new(&sizes, activation, output, loss);
        let initial = Initial::Gaussian(self.sigma as f32);
        let training = |method: Method, seed| {
            let epochs = if method.has_gradient() { self.gradient_epochs } else { self.epochs };
            Training { net: net.clone(), data: "log-sine", method, initial, epochs, seed }
        };
        let of_seed = |seed| self.methods().into_iter().map(move |(_, _, method)| (method, seed));
        (1..=self.seeds).flat_map(of_seed).map(|(method, seed)| training(method, seed)).collect()
    }

    fn make(&self, run: &Training, machine: &Machine, way: &UnderWay<'_>) -> anyhow::Result<Vec<Curve>> {
        let (data, slow) = (functions::log_sine(), functions::log());
        let at = |epoch: u64| epoch.ilog10() > (epoch - 1).max(1).ilog10() || epoch == run.epochs;
        let watch = Watch::new(run.net.objective()?, &data, machine.of_a_run()).and_loss("pseudo-loss", &slow.train);
        let mut watch = watch.and_outputs(|epoch| at(epoch).then(|| outputs_at(epoch)));
        run.learn(&data, machine.of_a_run(), &mut watch, way)?;
        Ok(watch.curves())
    }

    fn panels(&self, made: &[Made<Training>]) -> (Vec<Panel>, usize) {
        let methods = self.methods();
        let lines = |which: std::ops::Range<usize>, curve: &dyn Fn(&Kept) -> &Curve| {
            let of = |(name, colour, method): &(String, _, Method)| {
                let first = made.iter().find(|made| made.run.method == *method);
                let points = first.map_or(Vec::new(), |made| curve(&made.kept).points.clone());
                Line { label: name.clone(), colour: *colour, style: Style::Line, points }
            };
            methods[which].iter().map(of).collect::<Vec<_>>()
        };
        let panel = |title: &str, which: std::ops::Range<usize>, curve: &str| {
            let y = Axis::log(if curve == "loss" { "loss U" } else { "pseudo-loss U'" });
            let lines = lines(which, &|kept| kept.curve(curve));
            Panel { title: title.into(), x: Axis::log("epoch n"), y, lines }
        };
        let at_the_end = outputs_at(self.epochs);
        let mut outputs = lines(2..methods.len(), &|kept| kept.curve(&at_the_end));
        for (data, style) in [(functions::log_sine(), Style::Line), (functions::log(), Style::Dashed)] {
            outputs.push(Line { label: String::new(), colour: BLACK, style, points: data.train.points() });
        }
        let title = format!("(c) after {} epochs", self.epochs);
        let c = Panel { title, x: Axis::linear("θ"), y: Axis::linear("f(θ)"), lines: outputs };
        let amc = 2..methods.len();
        let each = ["loss", "pseudo-loss"].into_iter().zip(["(a)", "(b)"]);
        let panels = each.flat_map(|(curve, title)| [0..2, amc.clone()].map(|which| panel(title, which, curve)));
        (panels.chain([c]).collect(), 2)
    }

    fn claims(&self, made: &[Made<Training>]) -> Vec<Claim> {
        let of = |method: &Method, curve: &str| {
            let ends = made.iter().filter(|made| made.run.method == *method).map(|made| made.kept.curve(curve).end());
            median(ends.flatten()).unwrap_or(f64::NAN)
        };
        let methods = self.methods();
        let losses: Vec<_> = methods.iter().map(|(_, _, method)| of(method, "loss")).collect();
        let pseudo: Vec<_> = methods.iter().map(|(_, _, method)| of(method, "pseudo-loss")).collect();
        let ([gd, adam, amc @ ..], epochs) = (&losses[..], self.epochs) else { return Vec::new() };
        let slowly: Vec<_> = methods[1..].iter().map(|(_, _, method)| least(made, method)).collect();
        let mut claims = vec![
            Claim::new(
                format!("U after {} epochs of GD and Adam", self.gradient_epochs),
                "Adam trains faster than GD",
                format!("{gd:.6}, {adam:.6}"),
                adam < gd,
            ),
            Claim::new(
                format!("U after {epochs} epochs of aMC with epsilon {:?}", self.epsilons),
                "the training loss decreases fastest for positive and slowest for negative epsilon",
                format!("{amc:.6?}"),
                rises(amc),
            ),
            Claim::new(
                format!("least U' of Adam, and of aMC with epsilon {:?}; knowing all, it is {FAST}", self.epsilons),
                "U' becomes small as the net first learns the low-frequency component",
                format!("{slowly:.6?}"),
                slowly.iter().all(|least| *least < 0.2 * FAST),
            ),
        ];
        if self.learns_fast_part {
            claims.extend(self.fast_claims(&losses, &pseudo));
        }
        claims
    }
}

impl Fig4 {
    /// What is said of the end, when the fast part is learned, too.
    fn fast_claims(&self, losses: &[f64], pseudo: &[f64]) -> [Claim; 2] {
        let epochs = self.epochs;
        [
            Claim::new(
                format!("U' after {} epochs of Adam; learned whole, the sine makes it {FAST}", self.gradient_epochs),
                "the net learns the high-frequency component after the low-frequency one",
                pseudo[1],
                is_learned(pseudo[1], losses[1]),
            ),
            Claim::new(
                format!("U' after {epochs} epochs of aMC with epsilon {:?}", self.epsilons),
                "with positive epsilon the sine is learned",
                format!("{:.6?}", &pseudo[2..]),
                is_learned(pseudo[2], losses[2]),
            ),
        ]
    }
}

/// The name of the curve of outputs after so many epochs.
fn outputs_at(epoch: u64) -> String {
    format!("outputs at {epoch}")
}

/// The least U' of a method's runs, the median over seeds.
fn least(made: &[Made<Training>], method: &Method) -> f64 {
    let of_method = made.iter().filter(|made| made.run.method == *method);
    let least = |made: &Made<Training>| {
        made.kept.curve("pseudo-loss").points.iter().fold(f64::INFINITY, |y, point| y.min(point.1))
    };
    median(of_method.map(least)).unwrap_or(f64::NAN)
}

/// Whether each number is larger than the one before.
fn rises(numbers: &[f64]) -> bool {
    !numbers.is_empty() && numbers.windows(2).all(|pair| pair[1] > pair[0])
}

/// Whether U' is that of the whole function and U well below that of its slow part alone.
fn is_learned(pseudo: f64, loss: f64) -> bool {
    (0.7 * FAST..1.5 * FAST).contains(&pseudo) && loss < 0.3 * FAST
}

#[cfg(test)]
mod tests {
    use super::{FAST, is_learned, rises};
    use amc_engine::data::functions;

    #[test]
    fn the_claims_fail_where_the_order_is_another() {
        assert!(rises(&[1e-4, 1e-3, 5e-3]));
        assert!(!rises(&[1e-3, 1e-4, 5e-3]) && !rises(&[1e-4, f64::NAN, 5e-3]) && !rises(&[]));
        assert!(is_learned(FAST, 1e-4));
        assert!(!is_learned(1e-5, FAST), "only the slow part");
        assert!(!is_learned(FAST, FAST), "neither");
    }

    #[test]
    fn the_fast_part_has_the_mean_square_that_the_claims_take() {
        let (whole, slow) = (functions::log_sine().train.points(), functions::log().train.points());
        let squares = whole.iter().zip(&slow).map(|(a, b)| (a.1 - b.1).powi(2));
        let mean = squares.sum::<f64>() / whole.len() as f64;
        // Both ends of the interval are points, and there the sine is 0: 999 of 1,000.
        assert!((mean - 0.999 * FAST).abs() < 1e-7, "{mean}");
    }
}

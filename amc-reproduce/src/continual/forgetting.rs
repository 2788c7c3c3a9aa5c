//! A net sees digits 0 to 4, and then 5 to 9 alone: what is left of the first, by the window that it learns from.

use std::fmt::Write;

use amc_core::chain::Options;
use amc_core::trainer::{Batches, Serial, Trainer};
use amc_core::window::{Balanced, Reservoir, Window, WindowError};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian};
use amc_engine::data::{OwnedTargets, Set, digits};
use anyhow::Context;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::figures::picture::{Axis, BLACK, BLUE, GREEN, Line, Panel, RED, Style, draw};

const PIXELS: usize = 64;
const CLASSES: usize = 10;
/// Places of every window.
pub const PLACES: usize = 200;
/// Moves after each sample.
const MOVES: u64 = 30;
/// How often the images of a phase come.
const TIMES: usize = 2;
/// Moves between two measurements.
const MEASURED_EVERY: u64 = 500;
/// Samples after which σ starts anew: it only ever comes down, and samples that change one by one do not raise the loss by
/// much at a time.
const RESTARTED_EVERY: u32 = 100;

const NET: Net<'static> =
    Net::new(PIXELS, &[Layer::dense(16, Activation::Tanh), Layer::dense(CLASSES, Activation::Softmax)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);
const OPTIONS: Options = Options::new(0.05).n_reset(15);
const LANES: Portable<16> = Portable;

/// What a net learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The newest samples.
    Rolling,
    /// A random sample of all.
    Reservoir,
    /// The newest of each class.
    Balanced,
    /// A random sample of each class.
    Sampled,
}

/// All of them.
pub const KINDS: [Kind; 4] = [Kind::Rolling, Kind::Reservoir, Kind::Balanced, Kind::Sampled];

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Rolling => "the newest",
            Kind::Reservoir => "reservoir",
            Kind::Balanced => "the newest of each class",
            Kind::Sampled => "a sample of each class",
        }
    }
}

enum Places {
    Rolling(Box<Window<PLACES, PIXELS, CLASSES>>),
    Reservoir(Box<Reservoir<PLACES, PIXELS, CLASSES>>),
    Balanced(Box<Balanced<PLACES, CLASSES, PIXELS>>),
    Sampled(Box<Balanced<PLACES, CLASSES, PIXELS>>),
}

struct Kept {
    places: Places,
    /// Samples since σ began.
    samples: u32,
}

impl Kept {
    fn new(kind: Kind) -> Self {
        let places = match kind {
            Kind::Rolling => Places::Rolling(Box::default()),
            Kind::Reservoir => Places::Reservoir(Box::default()),
            Kind::Balanced => Places::Balanced(Box::default()),
            Kind::Sampled => Places::Sampled(Box::default()),
        };
        Self { places, samples: 0 }
    }

    fn push(&mut self, image: [f32; PIXELS], class: u8, rng: &mut Generator) -> Result<(), WindowError> {
        let targets = std::array::from_fn(|output| if output == usize::from(class) { 1.0 } else { 0.0 });
        match &mut self.places {
            Places::Rolling(window) => window.push(image, targets),
            Places::Reservoir(reservoir) => reservoir.push(image, targets, rng).map(drop),
            Places::Balanced(window) => window.push(image, class),
            Places::Sampled(window) => window.push_sampled(image, class, rng).map(drop),
        }
    }
}

impl Batches for Kept {
    type Features<'b> = Rows<'b, f32>;

    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        match &self.places {
            Places::Rolling(window) => window.samples(),
            Places::Reservoir(reservoir) => reservoir.samples(),
            Places::Balanced(window) | Places::Sampled(window) => window.samples(),
        }
    }

    fn scored(&mut self, _: f32, _: f32) -> bool {
        self.samples = (self.samples + 1) % RESTARTED_EVERY;
        self.samples == 0
    }
}

/// Images with their classes.
struct Images {
    pixels: Vec<f32>,
    classes: Vec<u8>,
}

impl Images {
    /// Those of a set whose classes are among these.
    fn of(set: &Set, among: std::ops::Range<u8>) -> Self {
        let inputs: Vec<f32> = set.inputs().collect();
        let OwnedTargets::Classes(all) = set.targets() else {
            return Self { pixels: Vec::new(), classes: Vec::new() };
        };
        let chosen = inputs.chunks_exact(PIXELS).zip(all).filter(|(_, class)| among.contains(class));
        let (pixels, classes): (Vec<_>, Vec<_>) = chosen.map(|(image, class)| (image, *class)).unzip();
        Self { pixels: pixels.concat(), classes }
    }

    fn samples(&self) -> Samples<'_, Rows<'_, f32>> {
        Samples { features: Rows::new(&self.pixels, PIXELS, 1.0), targets: Targets::Classes(&self.classes) }
    }
}

/// Shares of held-out images that are recognised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Moves made.
    pub moves: u64,
    /// Of digits 0 to 4.
    pub first: f64,
    /// Of digits 5 to 9.
    pub second: f64,
}

/// A run of both phases.
#[derive(Clone, Debug)]
pub struct Run {
    /// The window.
    pub kind: Kind,
    /// In the order of moves.
    pub curve: Vec<Point>,
    /// At the end of the first phase.
    pub middle: Point,
    /// At the end of the second.
    pub end: Point,
}

/// Runs both phases.
pub fn run(kind: Kind, seed: u64) -> anyhow::Result<Run> {
    let data = digits();
    let test = data.test.as_ref().context("the digits have a part to test with")?;
    let phases = [Images::of(&data.train, 0..5), Images::of(&data.train, 5..10)];
    let held_out = [Images::of(test, 0..5), Images::of(test, 5..10)];

    let needs = NET.memory(16);
    let mut memory = vec![0.0; needs.numbers()];
    let buffers = needs.cut(&mut memory)?;
    let mut rng = Generator::seed_from_u64(seed);
    gaussian::fill(LANES, &mut rng, OPTIONS.sigma, buffers.parameters);
    // Another stream than the chain's, so that windows and moves do not change each other.
    let mut choices = rng.clone();
    choices.long_jump();
    let mut stream = phases.iter().flat_map(|images| {
        let once = images.pixels.as_chunks::<PIXELS>().0.iter().zip(&images.classes);
        std::iter::repeat_n(once, TIMES).flatten()
    });
    let mut kept = Kept::new(kind);
    let (image, class) = stream.next().context("there are images")?;
    kept.push(*image, *class, &mut choices)?;
    let mut trainer = Trainer::new(OBJECTIVE, LANES, kept, buffers, OPTIONS, rng)?;

    let (mut curve, mut middle) = (Vec::new(), None);
    let of_first = TIMES * phases[0].classes.len();
    for samples in 1.. {
        for _ in 0..MOVES {
            trainer.step();
            if trainer.chain().counters().steps.is_multiple_of(MEASURED_EVERY) {
                curve.push(measure(&mut trainer, &held_out)?);
            }
        }
        if samples == of_first {
            middle = Some(measure(&mut trainer, &held_out)?);
        }
        let Some((image, class)) = stream.next() else { break };
        trainer.change_batches(|kept| kept.push(*image, *class, &mut choices))?;
    }
    let end = measure(&mut trainer, &held_out)?;
    Ok(Run { kind, curve, middle: middle.context("the first phase ends")?, end })
}

fn measure<'m>(
    trainer: &mut Trainer<'m, Serial<'m, Objective<'m>, Portable<16>, Kept>>,
    [first, second]: &[Images; 2],
) -> anyhow::Result<Point> {
    let mut share = |images: &Images| -> anyhow::Result<f64> {
        let score = trainer.evaluate(&images.samples())?;
        Ok(f64::from(score.correct) / images.classes.len() as f64)
    };
    let (first, second) = (share(first)?, share(second)?);
    Ok(Point { moves: trainer.chain().counters().steps, first, second })
}

/// Every kind from seeds 1 to `seeds`.
pub fn run_all(seeds: u64) -> anyhow::Result<Vec<Run>> {
    let all: Vec<_> = KINDS.iter().flat_map(|kind| (1..=seeds).map(move |seed| (*kind, seed))).collect();
    all.into_par_iter().map(|(kind, seed)| run(kind, seed)).collect()
}

/// Medians, and the least and the most, in per cent.
pub fn table(runs: &[Run]) -> String {
    let mut text = String::from(
        "| learns from | 0-4, then | 0-4, in the end | 5-9, in the end | both |\n| --- | --- | --- | --- | --- |\n",
    );
    for kind in KINDS {
        let cell = |of: fn(&Run) -> f64| {
            let mut shares: Vec<_> = runs.iter().filter(|run| run.kind == kind).map(of).collect();
            shares.sort_unstable_by(f64::total_cmp);
            let at = |place: usize| 100.0 * shares.get(place).copied().unwrap_or(f64::NAN);
            format!("{:.1} ({:.1}-{:.1})", at(shares.len() / 2), at(0), at(shares.len().saturating_sub(1)))
        };
        let cells = [
            cell(|run| run.middle.first),
            cell(|run| run.end.first),
            cell(|run| run.end.second),
            cell(|run| 0.5 * (run.end.first + run.end.second)),
        ];
        let _ = writeln!(text, "| {} | {} |", kind.name(), cells.join(" | "));
    }
    text
}

/// Both accuracies over moves, means over the seeds, as SVG.
pub fn picture(runs: &[Run]) -> anyhow::Result<String> {
    let panel = |title: &str, of: fn(&Point) -> f64| {
        let lines = KINDS.iter().zip([RED, BLUE, GREEN, BLACK]).map(|(kind, colour)| {
            let curves: Vec<_> = runs.iter().filter(|run| run.kind == *kind).map(|run| &run.curve).collect();
            let points = curves.first().map_or(&[][..], |curve| curve).iter().enumerate().map(|(i, point)| {
                let sum: f64 = curves.iter().filter_map(|curve| curve.get(i)).map(of).sum();
                (point.moves as f64, 100.0 * sum / curves.len() as f64)
            });
            Line { label: kind.name().into(), colour, style: Style::Line, points: points.collect() }
        });
        Panel {
            title: title.into(),
            x: Axis::linear("moves"),
            y: Axis::linear("held-out images recognised, %").range(0.0, 100.0),
            lines: lines.collect(),
        }
    };
    draw(&[panel("digits 0 to 4", |point| point.first), panel("digits 5 to 9", |point| point.second)], 2)
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Point, Run, picture, table};

    #[test]
    fn tables_have_medians_and_pictures_all_windows() {
        let run = |kind, first| {
            let point = Point { moves: 500, first, second: 0.5 };
            Run { kind, curve: vec![point; 2], middle: Point { first: 1.0, ..point }, end: point }
        };
        let runs: Vec<_> = KINDS.iter().flat_map(|kind| [0.25, 0.1, 0.75].map(|first| run(*kind, first))).collect();
        let table = table(&runs);
        let row = "100.0 (100.0-100.0) | 25.0 (10.0-75.0) | 50.0 (50.0-50.0) | 37.5 (30.0-62.5) |";
        let svg = picture(&runs).expect("a picture");
        for kind in KINDS {
            assert!(table.contains(&format!("| {} | {row}", kind.name())), "{table}");
            assert!(svg.contains(kind.name()), "{kind:?} is not in the picture");
        }
        assert_eq!(table.lines().count(), 2 + KINDS.len());
    }
}

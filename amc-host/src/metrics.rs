//! How good a net's predictions are on the samples of a set: a confusion matrix where there are classes, and the size of
//! the errors where there are numbers to find.

use amc_engine::data::{OwnedTargets, Set};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::data::schema::{Outputs, Scaling};
use crate::predict::{Predictor, best};

/// How good predictions are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Of classes.
    Classes(Confusion),
    /// Of numbers to find, one after another.
    Numbers(Vec<Errors>),
}

/// Which class was found for how many samples of each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    /// The names of the classes.
    pub names: Vec<String>,
    /// Samples of a class, by the class found: `[class][found]`. A sample with an output that is NaN is found to be of none.
    pub counts: Vec<Vec<u64>>,
    /// The samples of each class.
    pub samples: Vec<u64>,
}

/// How well a class is found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassMetrics {
    /// Its name.
    pub class: String,
    /// The share of the samples found to be of it that are; none where none is found.
    pub precision: Option<f64>,
    /// The share of its samples that are found; none where there are none.
    pub recall: Option<f64>,
    /// The harmonic mean of precision and recall; none where there are neither samples nor finds.
    pub f1: Option<f64>,
    /// Its samples.
    pub samples: u64,
}

/// How far found numbers are from the true ones, in the units of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// What the number is called.
    pub name: String,
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean absolute error.
    pub mae: f64,
    /// 1 − (mean squared error) / (variance of the true numbers); none where all are the same.
    pub r2: Option<f64>,
    /// Each sample's true number and the one found.
    #[serde(skip)]
    pub points: Vec<(f64, f64)>,
}

impl Metrics {
    /// Those of a model on a set that fits it.
    pub fn of(model: &dyn Predictor, set: &Set) -> anyhow::Result<Self> {
        let outputs = model.outputs(set)?;
        let width = model.width().max(1);
        // Of samples that ranks share all have the outputs of all.
        let of_all = |own: &[f32], width| match set.share() {
            Some(share) => share.rows(own, width),
            None => Ok(own.to_vec()),
        };
        let outputs = of_all(&outputs, width)?;
        let schema = model.schema();
        let named = schema.map(|schema| &schema.outputs);
        Ok(match set.targets() {
            OwnedTargets::Classes(classes) => {
                let (known, classes_of) = match (model.class_names(), schema) {
                    (Some(names), Some(_)) => (names, set.outputs()),
                    (names, _) => (names.unwrap_or_default(), width),
                };
                // Other data may have classes that the model's table had not.
                let unknown = (known.len()..classes_of).map(|class| class.to_string());
                let names = known.iter().cloned().chain(unknown).collect();
                let found = outputs.chunks_exact(width).map(best);
                let classes: Vec<f32> = classes.iter().map(|class| f32::from(*class)).collect();
                let classes = of_all(&classes, 1)?.into_iter().map(|class| class as usize);
                Self::Classes(Confusion::of(names, classes.zip(found)))
            }
            OwnedTargets::Values(wanted, outputs_of) => {
                let wanted = of_all(wanted, *outputs_of)?;
                let name = |output: usize| match named {
                    Some(Outputs::Numbers(names)) => names.get(output).cloned(),
                    _ => None,
                };
                let name = |output: usize| name(output).unwrap_or_else(|| format!("output {output}"));
                let scalings = model.output_scaling();
                let scaling = |output: usize| scalings.get(output).copied().unwrap_or(Scaling::NONE);
                let of = |output: usize| {
                    let number = |y: &f32| f64::from(scaling(output).undo(*y));
                    let all = |of: &[f32]| of.iter().skip(output).step_by(width).map(number).collect::<Vec<_>>();
                    Errors::of(name(output), all(&wanted).into_iter().zip(all(&outputs)).collect())
                };
                Self::Numbers((0..width).map(of).collect())
            }
        })
    }

    /// Rows of cells to show, the head first: one for each class, or for each number.
    pub(crate) fn cells(&self) -> Vec<Vec<String>> {
        match self {
            Self::Classes(confusion) => {
                let head = ["class", "precision", "recall", "F1", "samples"].map(String::from);
                let of = |class: ClassMetrics| {
                    let ClassMetrics { class, precision, recall, f1, samples } = class;
                    vec![shown(&class), share(precision), share(recall), share(f1), samples.to_string()]
                };
                std::iter::once(head.to_vec()).chain(confusion.classes().into_iter().map(of)).collect()
            }
            Self::Numbers(errors) => {
                let number = |x: f64| format!("{:.4}", Significant(x));
                let of = |errors: &Errors| {
                    let Errors { name, rmse, mae, r2, .. } = errors;
                    vec![shown(name), number(*rmse), number(*mae), share(*r2)]
                };
                let head = ["number", "RMSE", "MAE", "R2"].map(String::from);
                std::iter::once(head.to_vec()).chain(errors.iter().map(of)).collect()
            }
        }
    }

    /// As a table: a line for each class, with what was found for its samples if there are few classes, or for each number.
    pub fn table(&self) -> String {
        let mut cells = self.cells();
        if let Self::Classes(Confusion { names, counts, .. }) = self
            && names.len() <= MOST_SHOWN
        {
            cells[0].extend(names.iter().map(|name| format!("as {}", shown(name))));
            cells[1..].iter_mut().zip(counts).for_each(|(row, counts)| row.extend(counts.iter().map(u64::to_string)));
        }
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(&cells[0]);
        table.add_rows(&cells[1..]);
        table.column_iter_mut().skip(1).for_each(|column| {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        });
        table.trim_fmt()
    }
}

/// Letters of a name that are shown.
const MOST_LETTERS: usize = 40;

/// A name as it can be shown: without what would control a terminal or is no XML, and not too long.
pub(crate) fn shown(name: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let letter = |c: char| if steers(c) || matches!(c, '\u{fffe}'..='\u{ffff}') { '\u{fffd}' } else { c };
    let mut shown: String = name.chars().map(letter).take(MOST_LETTERS).collect();
    if name.chars().nth(MOST_LETTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// Classes whose confusion matrix is shown in text.
const MOST_SHOWN: usize = 20;

fn share(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{share:.3}"))
}

/// A number with so many significant digits as its precision says.
struct Significant(f64);

impl std::fmt::Display for Significant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(6);
        let magnitude = self.0.abs().log10().floor();
        match magnitude as i64 {
            -4..=8 if magnitude.is_finite() => {
                let decimals = (digits as i64 - 1 - magnitude as i64).max(0) as usize;
                write!(f, "{:.decimals$}", self.0)
            }
            _ if self.0 == 0.0 => write!(f, "0"),
            _ => write!(f, "{:.*e}", digits.saturating_sub(1), self.0),
        }
    }
}

impl Confusion {
    /// Of samples with their class and the one that was found, if there was one.
    pub fn of(names: Vec<String>, found: impl Iterator<Item = (usize, Option<usize>)>) -> Self {
        let classes = names.len();
        let (mut counts, mut samples) = (vec![vec![0; classes]; classes], vec![0; classes]);
        for (class, found) in found {
            samples[class] += 1;
            // A net may have more outputs than there are classes.
            if let Some(count) = found.and_then(|found| counts[class].get_mut(found)) {
                *count += 1;
            }
        }
        Self { names, counts, samples }
    }

    /// How well each class is found.
    pub fn classes(&self) -> Vec<ClassMetrics> {
        let of = |(class, name): (usize, &String)| {
            let (right, samples) = (self.counts[class][class], self.samples[class]);
            let found = self.counts.iter().map(|counts| counts[class]).sum();
            let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
            ClassMetrics {
                class: name.clone(),
                precision: share(right, found),
                recall: share(right, samples),
                f1: share(2 * right, samples + found),
                samples,
            }
        };
        self.names.iter().enumerate().map(of).collect()
    }
}

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Confusion", 2)?;
        object.serialize_field("classes", &self.classes())?;
        object.serialize_field("confusion", &self.counts)?;
        object.end()
    }
}

impl Errors {
    /// Of true numbers and the ones found.
    pub fn of(name: String, points: Vec<(f64, f64)>) -> Self {
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
        let mean_squared = mean(&|(wanted, found)| (found - wanted).powi(2));
        let centre = mean(&|(wanted, _)| *wanted);
        let variance = mean(&|(wanted, _)| (wanted - centre).powi(2));
        Self {
            name,
            rmse: mean_squared.sqrt(),
            mae: mean(&|(wanted, found)| (found - wanted).abs()),
            r2: (variance > 0.0).then(|| 1.0 - mean_squared / variance),
            points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Confusion, Errors, Metrics, Significant, shown};

    /// sklearn.metrics.precision_recall_fscore_support([0,0,0,1,1,2], [0,0,1,1,2,2]) of scikit-learn 1.9, but that a sample of
    /// class 0 more is found to be of none.
    #[test]
    fn classes_are_measured_as_scikit_learn_does() {
        let names = || ["a", "b", "c", "never"].map(String::from).to_vec();
        let found = [(0, Some(0)), (0, Some(0)), (0, Some(1)), (1, Some(1)), (1, Some(2)), (2, Some(2))];
        let confusion = Confusion::of(names(), found.into_iter().chain([(0, None)]));
        assert_eq!(confusion.counts[0], [2, 1, 0, 0]);
        let all: Vec<_> = confusion.classes().into_iter().map(|c| (c.precision, c.recall, c.f1, c.samples)).collect();
        assert_eq!(all[0], (Some(1.0), Some(0.5), Some(4.0 / 6.0), 4));
        assert_eq!(all[1], (Some(0.5), Some(0.5), Some(0.5), 2));
        assert_eq!(all[2], (Some(0.5), Some(1.0), Some(2.0 / 3.0), 1));
        assert_eq!(all[3], (None, None, None, 0));
        let table = Metrics::Classes(confusion).table();
        let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0][..6], ["class", "precision", "recall", "F1", "samples", "as"]);
        assert_eq!(lines[1], ["a", "1.000", "0.500", "0.667", "4", "2", "1", "0", "0"]);
        assert_eq!(lines[4], ["never", "-", "-", "-", "0", "0", "0", "0", "0"]);
    }

    /// sklearn.metrics: r2_score is 0.948608..., mean_squared_error 0.375, mean_absolute_error 0.5 on its own example.
    #[test]
    fn numbers_are_measured_as_scikit_learn_does() {
        let points = vec![(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)];
        let errors = Errors::of("y".into(), points);
        assert_eq!((errors.rmse, errors.mae), (0.375_f64.sqrt(), 0.5));
        assert!((errors.r2.expect("a number") - 0.948_608_137_044_967_9).abs() < 1e-15);
        assert_eq!(Errors::of("y".into(), vec![(1.0, 2.0), (1.0, 1.0)]).r2, None);
        assert!(Errors::of("y".into(), vec![(1.0, f64::NAN), (2.0, 1.0)]).rmse.is_nan());
    }

    /// A net of more outputs than its table has classes, on data that have more.
    #[test]
    fn other_data_than_the_models_are_measured() {
        use crate::data::schema::{Outputs, Scaling, Schema};
        use crate::model::Model;
        use amc_engine::data::{OwnedTargets, Set, Values};
        use amc_engine::description::{ActivationName, Description, LossName};
        let (linear, mse) = (ActivationName::Linear, LossName::Mse);
        let of = |targets| Set::new(Values::F32(vec![1.0, 2.0, 3.0]), 1, targets);
        let model = |outputs, of| Model {
            description: Description::new(&[1, outputs], linear, linear, mse),
            arithmetic: amc_kernels::Arithmetic::Portable,
            parameters: vec![0.5; 2 * outputs],
            schema: Some(Schema {
                width: 2,
                features: Vec::new(),
                targets: Vec::new(),
                outputs: of,
                window: Default::default(),
                input_scaling: vec![Scaling::NONE],
                output_scaling: Vec::new(),
            }),
            classes: Vec::new(),
        };
        let two = || Outputs::Classes(vec!["a".into(), "b".into()]);
        let of_classes = Metrics::of(&model(4, two()), &of(OwnedTargets::Classes(vec![0, 1, 2]))).expect("metrics");
        let Metrics::Classes(confusion) = of_classes else { panic!("classes") };
        assert_eq!((confusion.names, confusion.samples), (["a", "b", "2"].map(String::from).to_vec(), vec![1; 3]));
        let of_numbers = Metrics::of(&model(1, two()), &of(OwnedTargets::Values(vec![1.0, 1.5, 2.0], 1)));
        let Metrics::Numbers(errors) = of_numbers.expect("metrics") else { panic!("numbers") };
        assert_eq!((errors[0].name.as_str(), errors[0].rmse), ("output 0", 0.0));
    }

    #[test]
    fn names_are_shown_without_what_would_steer() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}\n"), "a\u{fffd}[31mb\u{fffd}\u{fffd}");
        assert_eq!(shown(&"é".repeat(5000)), "é".repeat(40) + "…");
        assert_eq!(shown("<script> & 'Größe'"), "<script> & 'Größe'");
    }

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        let text = |x: f64| format!("{:.4}", Significant(x));
        assert_eq!(
            [0.0, 53.129, 0.012_345_6, 123_456.7, 1e-9, 1e12].map(text),
            ["0", "53.13", "0.01235", "123457", "1.000e-9", "1.000e12"]
        );
        assert_eq!(text(f64::NAN), "NaN");
    }
}

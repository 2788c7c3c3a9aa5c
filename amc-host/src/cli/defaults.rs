//! What `amc train` does with each data set unless it is told otherwise: one table.

use std::fmt::Write;

use clap::ValueEnum;

use crate::model::{ActivationName, LossName};

/// A row of the table.
pub(super) struct Defaults {
    /// The data set, as `--data` names it.
    data: &'static str,
    /// Units of the hidden layers.
    pub hidden: &'static [usize],
    pub output: ActivationName,
    /// The same where a table has numbers to find.
    pub output_of_numbers: ActivationName,
    pub loss: LossName,
    pub sigma: f32,
    pub epsilon: f32,
    pub n_reset: u32,
    pub signal_norm: bool,
    pub steps: u64,
}

/// Sec. II F: the net, σ₀, ε, n_s and signal norm of Fig. 7.
const FIG_7: Defaults = Defaults {
    data: "mnist",
    hidden: &[16, 16],
    output: ActivationName::Softmax,
    output_of_numbers: ActivationName::Linear,
    loss: LossName::Mse,
    sigma: 0.01,
    epsilon: 0.0,
    n_reset: 20,
    signal_norm: true,
    steps: 20_000,
};

/// The last row stands for all tables.
const TABLE: [Defaults; 7] = [
    // Measured, over seeds 1 and 2: 32 units, ε = 0.01, n_s = 50, progressive batches and cross-entropy are no better.
    Defaults { data: "digits", hidden: &[16], sigma: 0.02, ..FIG_7 },
    FIG_7,
    Defaults { data: "fashion-mnist", ..FIG_7 },
    // Sec. II B: Fig. 2(c), the smallest net.
    Defaults {
        data: "sine",
        hidden: &[10, 10],
        output: ActivationName::Linear,
        output_of_numbers: ActivationName::Linear,
        epsilon: 0.01,
        n_reset: 100,
        steps: 50_000,
        ..FIG_7
    },
    // Sec. II E: Fig. 6, with depth 4.
    Defaults {
        data: "step",
        hidden: &[4, 4, 4, 10],
        output: ActivationName::Tanh,
        output_of_numbers: ActivationName::Tanh,
        epsilon: 0.01,
        n_reset: 100,
        steps: 100_000,
        ..FIG_7
    },
    // Sec. II C: Fig. 4, where the paper learns fastest.
    Defaults {
        data: "log-sine",
        hidden: &[100],
        output: ActivationName::Linear,
        output_of_numbers: ActivationName::Linear,
        sigma: 0.1,
        epsilon: 5e-3,
        n_reset: 50,
        signal_norm: false,
        ..FIG_7
    },
    // As for the digits.
    Defaults { data: "FILE", hidden: &[16], sigma: 0.02, ..FIG_7 },
];

impl Defaults {
    /// The row of a data set.
    pub fn of(data: &str) -> &'static Self {
        let [named @ .., csv] = &TABLE;
        named.iter().find(|row| row.data == data).unwrap_or(csv)
    }

    /// The table as text.
    pub fn help() -> String {
        let head = ["--data", "hidden layers", "--output", "--loss", "--sigma", "--epsilon", "--n-reset"];
        let head = head.into_iter().chain(["--signal-norm", "--steps"]).map(String::from).collect();
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(TABLE.iter().map(Self::cells)).collect();
        let mut text = String::from("Defaults by data set:\n");
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                let width = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
                let _ = write!(text, "  {cell:width$}");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    fn cells(&self) -> Vec<String> {
        let name = |value: Option<clap::builder::PossibleValue>| value.map_or(String::new(), |v| v.get_name().into());
        let hidden: Vec<_> = self.hidden.iter().map(usize::to_string).collect();
        vec![
            self.data.into(),
            hidden.join(","),
            name(self.output.to_possible_value()),
            name(self.loss.to_possible_value()),
            self.sigma.to_string(),
            self.epsilon.to_string(),
            self.n_reset.to_string(),
            if self.signal_norm { "on" } else { "off" }.into(),
            self.steps.to_string(),
        ]
    }
}

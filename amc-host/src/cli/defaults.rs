//! What `amc train` does with each data set unless it is told otherwise: one table.

use std::fmt::Write;

use amc_engine::description::{ActivationName, LossName};

/// A row of the table.
#[derive(Debug)]
pub struct Defaults {
    /// The data set, as `--data` names it.
    data: &'static str,
    /// Units of the hidden layers.
    pub hidden: &'static [usize],
    /// Activation of the last layer.
    pub output: ActivationName,
    /// U(x).
    pub loss: LossName,
    /// σ₀, of moves and of the initial parameters.
    pub sigma: f32,
    /// ε.
    pub epsilon: f32,
    /// n_s; 0 for never.
    pub n_reset: u32,
    /// Whether moves are scaled by Eq. (18).
    pub signal_norm: bool,
    /// Moves.
    pub steps: u64,
    /// The loss at which a run on classes ends, unless its steps or its end are said.
    pub until_loss: Option<f32>,
}

/// Sec. II F: the net, σ₀, ε, n_s and signal norm of Fig. 7.
const FIG_7: Defaults = Defaults {
    data: "mnist",
    hidden: &[16, 16],
    output: ActivationName::Softmax,
    loss: LossName::Mse,
    sigma: 0.01,
    epsilon: 0.0,
    n_reset: 20,
    signal_norm: true,
    steps: 20_000,
    until_loss: None,
};

/// Rows to train on below which a table is a small one: it is learned by heart if moves are large and many.
const SMALL: usize = 1000;

const DATA_SETS: [Defaults; 6] = [
    // Measured, over seeds 1 and 2: 32 units, ε = 0.01, n_s = 50, progressive batches and cross-entropy are no better.
    Defaults { data: "digits", hidden: &[16], sigma: 0.02, ..FIG_7 },
    FIG_7,
    Defaults { data: "fashion-mnist", ..FIG_7 },
    // Sec. II B: Fig. 2(c), the smallest net.
    Defaults {
        data: "sine",
        hidden: &[10, 10],
        output: ActivationName::Linear,
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
        sigma: 0.1,
        epsilon: 5e-3,
        n_reset: 50,
        signal_norm: false,
        ..FIG_7
    },
];

const LARGE_TABLE: Defaults =
    Defaults { data: "FILE", hidden: &[32], loss: LossName::CrossEntropy, sigma: 0.02, ..FIG_7 };

/// Measured on iris, wine and breast cancer, over eight to ten splits: of 1,000 to 20,000 moves, σ₀ from 0.005 to 0.02, and
/// 16 to 100 units, the best on average; ends at losses from 0.02 to 0.05 are as good as this one, and better than none.
const SMALL_TABLE: Defaults =
    Defaults { data: "FILE below 1000 rows", sigma: 0.005, steps: 4_000, until_loss: Some(0.03), ..LARGE_TABLE };

impl Defaults {
    /// Those of a data set with so many rows to train on.
    pub(super) fn of(data: &str, rows: usize) -> &'static Self {
        DATA_SETS.iter().find(|row| row.data == data).unwrap_or_else(|| Self::of_table(rows))
    }

    /// Those of a table with so many rows to train on. Of classes; of numbers to find, the output is linear, the loss the
    /// mean-squared error, and no loss ends a run.
    pub fn of_table(rows: usize) -> &'static Self {
        if rows < SMALL { &SMALL_TABLE } else { &LARGE_TABLE }
    }

    /// The table as text.
    pub(super) fn help() -> String {
        let head = ["--data", "hidden layers", "--output", "--loss", "--sigma", "--epsilon", "--n-reset"];
        let head = head.into_iter().chain(["--signal-norm", "--steps", "--until-loss"]).map(String::from).collect();
        let all = DATA_SETS.iter().chain([&SMALL_TABLE, &LARGE_TABLE]);
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(all.map(Self::cells)).collect();
        let mut text = String::from("Defaults by data set:\n");
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                let width = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
                let _ = write!(text, "  {cell:width$}");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text += "  for numbers to find in a table: --output linear --loss mse, and no --until-loss; nor is there one where --steps is \
                 said, batches are not full or a temperature is above 0\n";
        text
    }

    fn cells(&self) -> Vec<String> {
        let hidden: Vec<_> = self.hidden.iter().map(usize::to_string).collect();
        vec![
            self.data.into(),
            hidden.join(","),
            self.output.name().into(),
            self.loss.name().into(),
            self.sigma.to_string(),
            self.epsilon.to_string(),
            self.n_reset.to_string(),
            if self.signal_norm { "on" } else { "off" }.into(),
            self.steps.to_string(),
            self.until_loss.unwrap_or(0.0).to_string(),
        ]
    }
}

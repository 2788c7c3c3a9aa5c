//! What the paper states, what was found, and whether they agree.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use amc_host::note;
use amc_host::output::save_again;

/// One statement of the paper beside what was found.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// What is stated.
    pub what: String,
    /// What the paper says, in its words or its numbers.
    pub paper: Value,
    /// What was found.
    pub ours: Value,
    /// Whether that agrees.
    pub holds: bool,
}

impl Claim {
    /// A claim and its verdict.
    pub fn new(what: impl Into<String>, paper: impl Into<Value>, ours: impl Into<Value>, holds: bool) -> Self {
        Self { what: what.into(), paper: paper.into(), ours: ours.into(), holds }
    }
}

/// What a figure came to: `result.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Its name on the command line.
    pub figure: &'static str,
    /// Whether it was made smaller.
    pub quick: bool,
    /// Everything it was made with.
    pub settings: Value,
    /// The time of all runs together, those of earlier starts included, each on its threads.
    pub seconds: f64,
    /// The runs that are not finished, of a figure that is drawn as far as it goes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<String>,
    /// The paper beside what was found; nothing before all runs are finished.
    pub claims: Vec<Claim>,
}

impl Outcome {
    /// Says on stderr which runs are not finished, and the verdicts.
    pub fn say(&self) {
        for run in &self.unfinished {
            note!("{}: not finished: {run}", self.figure);
        }
        for Claim { what, paper, ours, holds } in &self.claims {
            let verdict = if *holds { "holds" } else { "does not hold" };
            note!("{}: {what}: {verdict}\n  paper: {paper}\n  ours:  {ours}", self.figure);
        }
    }

    /// Writes `result.json` into `dir`.
    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        save_again(&dir.join("result.json"), &json)
    }
}

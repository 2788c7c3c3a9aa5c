//! Functions whose values are measured with noise, by what is made of the current parameters' loss.

use std::fmt::Write;

use amc_core::chain::{Chain, Decision, Memory, Options};
use amc_core::{Generator, Portable, gaussian};
use rand_core::SeedableRng;
use rayon::prelude::*;

const LANES: Portable<1> = Portable;
/// The noise over the value.
const NOISE: f32 = 0.1;
/// Of moves, and of the current parameters anew.
const MEASUREMENTS: u64 = 20_000;
const OPTIONS: Options = Options::new(0.1).n_reset(50);

/// What is minimised.
#[derive(Clone, Copy, Debug)]
enum Function {
    /// The mean of (x − 1)² in so many dimensions, from 0.
    Quadratic(usize),
    /// Rosenbrock's, from (−2, 2).
    Rosenbrock,
}

const FUNCTIONS: [Function; 4] =
    [Function::Quadratic(10), Function::Quadratic(20), Function::Quadratic(40), Function::Rosenbrock];

impl Function {
    fn start(self) -> Vec<f32> {
        match self {
            Self::Quadratic(dimensions) => vec![0.0; dimensions],
            Self::Rosenbrock => vec![-2.0, 2.0],
        }
    }

    fn value(self, at: &[f32]) -> f32 {
        match (self, at) {
            (Self::Rosenbrock, &[x, y]) => (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2),
            _ => at.iter().map(|x| (x - 1.0).powi(2)).sum::<f32>() / at.len() as f32,
        }
    }
}

/// What becomes of the current parameters' loss.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// It stays what they were accepted by.
    Stays,
    /// After so many moves it is measured anew.
    Anew(u64),
    /// The same, and is the mean of all measurements.
    Mean(u64),
}

const RULES: [Rule; 9] = [
    Rule::Stays,
    Rule::Anew(3),
    Rule::Anew(10),
    Rule::Anew(30),
    Rule::Anew(100),
    Rule::Mean(3),
    Rule::Mean(10),
    Rule::Mean(30),
    Rule::Mean(100),
];

impl Rule {
    fn name(self) -> String {
        match self {
            Self::Stays => "the accepted one".into(),
            Self::Anew(every) => format!("the newest, every {every}"),
            Self::Mean(every) => format!("the mean, every {every}"),
        }
    }
}

/// The true value in the end.
fn run(function: Function, rule: Rule, seed: u64) -> anyhow::Result<f32> {
    let mut noise = Generator::seed_from_u64(1000 + seed);
    let mut left = MEASUREMENTS;
    let mut measure = |at: &[f32], left: &mut u64| {
        *left = left.saturating_sub(1);
        let mut error = [0.0];
        gaussian::fill(LANES, &mut noise, NOISE, &mut error);
        function.value(at) * (1.0 + error[0])
    };
    let mut parameters = function.start();
    let mut proposed = parameters.clone();
    let first = measure(&parameters, &mut left);
    let memory = Memory::new(&mut parameters, &mut proposed);
    let mut chain = Chain::new(memory, OPTIONS, Generator::seed_from_u64(seed), first)?;
    let (mut sum, mut measurements) = (first, 1.0);
    while left > 0 {
        let proposal = chain.propose(LANES);
        let loss = measure(proposal.parameters(), &mut left);
        if proposal.decide(loss) == Decision::Accepted {
            (sum, measurements) = (loss, 1.0);
        }
        let (Rule::Anew(every) | Rule::Mean(every)) = rule else { continue };
        if !chain.counters().steps.is_multiple_of(every) {
            continue;
        }
        let again = measure(chain.parameters(), &mut left);
        sum += again;
        measurements += 1.0;
        chain.rescore(if let Rule::Mean(_) = rule { sum / measurements } else { again })?;
    }
    Ok(function.value(chain.parameters()))
}

/// Medians over seeds 1 to `seeds`, and the worst.
pub fn table(seeds: u64) -> anyhow::Result<String> {
    let mut text = String::from(
        "| the current parameters' loss | 10 dimensions | 20 | 40 | Rosenbrock's |\n| --- | --- | --- | --- | --- |\n",
    );
    for rule in RULES {
        let _ = write!(text, "| {} |", rule.name());
        for function in FUNCTIONS {
            let runs = (1..=seeds).into_par_iter().map(|seed| run(function, rule, seed));
            let mut values = runs.collect::<anyhow::Result<Vec<_>>>()?;
            values.sort_unstable_by(f32::total_cmp);
            if let (Some(median), Some(worst)) = (values.get(values.len() / 2), values.last()) {
                let _ = write!(text, " {median:.1e} ({worst:.1e}) |");
            }
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Function, Rule, run};

    #[test]
    fn a_mean_of_measurements_is_learned_from_and_a_lucky_one_is_not() {
        for seed in 1..=3 {
            let end = |rule| run(Function::Quadratic(20), rule, seed).expect("a chain");
            let (stays, mean) = (end(Rule::Stays), end(Rule::Mean(10)));
            assert!(stays > 0.5 && mean < 1e-6, "seed {seed}: {stays} and {mean}");
        }
    }
}

//! Whether rows that test may have trained the model that a run begins with.

use std::path::Path;

use serde_json::Value;

use crate::output::SUMMARY;

/// A warning, if the model's own run had the table that tests now, and not the same of its rows to test with. What the run was is in
/// the summary beside the model; without one, or of another table, nothing is known.
pub(super) fn may_have_trained(model: &Path, (data, test): (&str, Option<&Path>), split: &str) -> Option<String> {
    let summary: Value = serde_json::from_slice(&std::fs::read(model.with_file_name(SUMMARY)).ok()?).ok()?;
    let (begun, then) = (summary["data"].as_str()?, summary["split"].as_str()?);
    let tests = test.unwrap_or(Path::new(data));
    let is_same = Path::new(begun) == tests
        || Path::new(begun).canonicalize().ok().zip(tests.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    (is_same && then != split).then(|| {
        let (model, tests) = (model.display(), tests.display());
        format!(
            "warning: {model} was trained on rows of {tests}, too, and tested with {then}: of what tests now, {split}, it may have \
             seen rows"
        )
    })
}

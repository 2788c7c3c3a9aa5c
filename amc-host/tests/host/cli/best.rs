//! Runs whose loss can rise, and runs that do not move.

use std::fs;

use super::{amc, json};

/// Steps and losses of a curve.
fn curve(text: &str) -> Vec<(u64, f64)> {
    let cells = |line: &str| line.split(',').map(String::from).collect::<Vec<_>>();
    let points = text.lines().skip(1).map(cells);
    points.map(|cells| (cells[0].parse().expect("a step"), cells[1].parse().expect("a loss"))).collect()
}

#[test]
fn the_model_of_a_heated_run_is_of_its_lowest_loss() {
    let dir = tempfile::tempdir().expect("a folder");
    let result = json(&["train", "--temperature", "0.002", "--steps", "400", "--json"], dir.path());
    let points = curve(&fs::read_to_string(dir.path().join("runs/digits/curve.csv")).expect("a curve"));
    assert_eq!(points.len(), 400);
    let (step, loss) = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).expect("a point");
    assert!(loss < points[399].1, "the last loss is the lowest: the test shows nothing");
    assert_eq!(result["model_step"], step);
    // Of the same number in single precision, CSV and JSON have other decimals.
    assert_eq!(result["loss"].as_f64().map(|loss| loss as f32), Some(loss as f32));
    let eval = String::from_utf8(amc(&["eval", "runs/digits/model.amc"], dir.path()).stdout).expect("UTF-8");
    let accuracy = format!("accuracy {:.4}", result["test_accuracy"].as_f64().expect("a number"));
    assert!(eval.contains(&accuracy), "{accuracy} is not in {eval}");
}

#[test]
fn the_model_of_a_run_on_random_batches_is_the_best_of_twenty() {
    let dir = tempfile::tempdir().expect("a folder");
    // Moves so large that losses go up and down.
    let args = ["train", "--batch", "20", "--sigma", "0.3", "--n-reset", "0", "--steps", "400", "--json"];
    let output = amc(&args, dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let step = result["model_step"].as_u64().expect("a step");
    assert!(step.is_multiple_of(20) && step < 400, "the last loss is the lowest: the test shows nothing: {result}");
    assert!(stderr.contains(&format!("the model is of step {step}, where the loss")), "{stderr}");
}

#[test]
fn a_run_that_does_not_move_is_told_of_and_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let args =
        ["train", "--data", "sine", "--sigma", "5", "--signal-norm", "off", "--n-reset", "0", "--steps", "12000"];
    let output = amc(&args, dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr.matches("no move was accepted in the last 5000").count(), 1, "{stderr}");
    let advice = "sigma 5.0e0; sigma stays as it is: take a smaller --sigma, or --n-reset 50";
    assert!(stderr.contains(advice), "{stderr}");
}

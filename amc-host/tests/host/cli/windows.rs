//! Rows in the order of time, from a table to answers.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{amc, json, refused};

/// 200 readings, and whether the newest is above the mean of itself and the two before.
fn readings(dir: &Path) {
    let reading = |i: usize| (i * i * 7919 % 101) as f64;
    let row = |i: usize| {
        let mean = (reading(i) + reading(i.saturating_sub(1)) + reading(i.saturating_sub(2))) / 3.0;
        format!("{},{}\n", reading(i), if reading(i) > mean { "above" } else { "below" })
    };
    let all = "reading,level\n".to_string() + &(0..200).map(row).collect::<String>();
    fs::write(dir.join("log.csv"), all).expect("written");
}

const MODEL: &str = "runs/log/model.amc";

#[test]
fn windows_are_learned_evaluated_and_answered_row_by_row() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    readings(dir);
    let result = json(&["train", "--data", "log.csv", "--window", "3", "--json"], dir);
    assert!(result["test_accuracy"].as_f64() > Some(0.8), "{result}");
    let alone = json(&["train", "--data", "log.csv", "--split", "last", "--out", "alone", "--json"], dir);
    assert!(alone["test_accuracy"].as_f64() < result["test_accuracy"].as_f64(), "the rows before say nothing: {alone}");

    let eval = String::from_utf8(amc(&["eval", MODEL, "--data", "log.csv"], dir).stdout).expect("UTF-8");
    assert!(eval.contains("198 samples"), "{eval}");
    let answers = String::from_utf8(amc(&["predict", MODEL, "log.csv"], dir).stdout).expect("UTF-8");
    assert_eq!(answers.lines().count(), 1 + 198);

    // As a sensor gives them: the first answer is to the third row.
    let mut command = Command::new(env!("CARGO_BIN_EXE_amc"));
    let command = command.args(["predict", MODEL, "-"]).current_dir(dir);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("amc starts");
    let text = fs::read(dir.join("log.csv")).expect("the table");
    child.stdin.take().expect("stdin").write_all(&text).expect("written");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), answers);

    fs::write(dir.join("short.csv"), "reading\n1\n2\n").expect("written");
    let output = amc(&["predict", MODEL, "short.csv"], dir);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("short.csv: 2 rows, and the net takes 3 for an answer"), "{stderr}");

    let source = String::from_utf8(amc(&["export", MODEL, "--rust"], dir).stdout).expect("UTF-8");
    assert!(source.contains("of which the net takes 3, the oldest first") && source.contains("; 1] = ["), "{source}");
    let folded = String::from_utf8(amc(&["export", MODEL, "--rust", "--fold"], dir).stdout).expect("UTF-8");
    assert!(!folded.contains("INPUT_SCALING") && folded.contains("// reading\n"), "{folded}");
}

#[test]
fn windows_without_an_order_in_time_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    readings(dir.path());
    let train = ["train", "--data", "log.csv"];
    for (wrong, words) in [
        (&["--window", "3", "--split", "random"][..], "--window needs --split last or group:COLUMN"),
        (&["--window", "3", "--missing", "drop"], "--window needs all rows: use --missing mean"),
        (&["--window", "0"], "a number from 1 to 1000000"),
        (&["--window", "1000000"], "0 windows of 1000000 rows to train on"),
        (&["--stride", "2"], "--window"),
        (&["--balance", "--target", "reading", "--task", "regress", "--ignore", "level"], "no columns of features"),
    ] {
        refused(&[&train, wrong].concat(), dir.path(), &[words]);
    }
}

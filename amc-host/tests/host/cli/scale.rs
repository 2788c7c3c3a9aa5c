//! Features of a scale that does not train are named, with what to do.

use std::fs;
use std::path::Path;

use super::{amc, json, refused};

/// 100 samples of two features, the first of which tells the class, at these scales.
fn csv(dir: &Path, header: &str, scales: [f32; 2]) {
    let line = |i: usize| {
        let x = [(i % 2) as f32, (i * 37 % 101) as f32 / 100.0];
        format!("{:e},{:e},{}\n", x[0] * scales[0], x[1] * scales[1], i % 2)
    };
    fs::write(dir.join("x.csv"), header.to_string() + &(0..100).map(line).collect::<String>()).expect("written");
}

const TRAIN: [&str; 7] = ["train", "--data", "x.csv", "--normalise", "off", "--steps", "20"];

#[test]
fn squares_beyond_single_precision_are_refused_with_the_columns_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let refuse = |more: &[&str], words: &[&str]| refused(&[&TRAIN[..], more].concat(), dir.path(), words);
    csv(dir.path(), "x,time,class\n", [1.0, 1e20]);
    refuse(&[], &["column 2 (time) reaches 1e20", "too large for the signal norm", "scale each column to about ±1"]);
    csv(dir.path(), "", [-1e20, 1.0]);
    refuse(&["--batch", "10"], &["column 1 reaches 1e20", "too large for the signal norm"]);
    csv(dir.path(), "", [1e-25, 1e-26]);
    refuse(&[], &["column 1 reaches only 1e-25", "too small for the signal norm"]);
    csv(dir.path(), "x,time,class\n", [1.0, 1e17]);
    refuse(&["--sigma", "1000", "--activation", "relu"], &["signal of layer 2 is inf", "column 2 (time) reaches 1e17"]);
}

#[test]
fn large_features_are_warned_of_and_train() {
    let dir = tempfile::tempdir().expect("a folder");
    let stderr = |more: &[&str]| {
        let output = amc(&[&TRAIN[..], more].concat(), dir.path());
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{stderr}");
        stderr
    };
    csv(dir.path(), "x,time,class\n", [1.0, 1.7e9]);
    let told = stderr(&[]);
    assert!(told.contains("warning: column 2 (time) reaches 1.7e9: ") && told.contains("about ±1"), "{told}");
    csv(dir.path(), "", [2e3, 1e20]);
    let told = stderr(&["--signal-norm", "off"]);
    assert!(told.contains("warning: column 2 reaches 1e20, and 1 more beyond 30: "), "{told}");
    csv(dir.path(), "", [30.0, 1.0]);
    assert!(!stderr(&[]).contains("warning"), "not beyond what trains");
}

#[test]
fn large_numbers_to_find_are_warned_of() {
    let dir = tempfile::tempdir().expect("a folder");
    for (largest, more, is_told) in
        [(1e7, &["--normalise", "off"][..], true), (30.0, &["--normalise", "off"], false), (1e7, &[], false)]
    {
        let line = |i: usize| format!("{},{}\n", i as f32 / 100.0, largest * i as f32 / 100.0);
        fs::write(dir.path().join("y.csv"), "x,y\n".to_string() + &(0..=100).map(line).collect::<String>())
            .expect("written");
        let args = ["train", "--data", "y.csv", "--task", "regress", "--test-fraction", "0", "--steps", "5"];
        let output = amc(&[&args[..], more].concat(), dir.path());
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{told}");
        assert_eq!(told.contains("warning: the numbers to find reach 1e7: "), is_told, "{largest} {more:?}: {told}");
    }
}

#[test]
fn the_scales_that_are_not_warned_of_train() {
    let dir = tempfile::tempdir().expect("a folder");
    for scale in [1.0, 30.0] {
        csv(dir.path(), "", [scale, scale]);
        let args = ["train", "--data", "x.csv", "--normalise", "off", "--steps", "2000", "--json"];
        let accuracy = json(&args, dir.path())["test_accuracy"].as_f64().expect("a number");
        assert!(accuracy > 0.9, "{accuracy} at a scale of {scale}");
    }
}

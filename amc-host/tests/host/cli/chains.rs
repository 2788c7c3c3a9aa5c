//! Several chains.

use std::fs;

use super::{amc, json, refused};

#[test]
fn several_chains_give_the_best_of_them_on_any_threads() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let train = |out: &str, options: &[&str]| {
        json(&[&["train", "--steps", "700", "--json", "--out", out], options].concat(), dir)
    };
    let alone = train("alone", &[]);
    let one = train("one", &["--chains", "1", "--exchange-every", "300"]);
    assert_eq!(one["params_hash"], alone["params_hash"]);
    let copied = ["--chains", "3", "--exchange-every", "300", "--threads"];
    let three = train("three", &[&copied[..], &["1"]].concat());
    assert_eq!(three["params_hash"], train("on-two", &[&copied[..], &["2"]].concat())["params_hash"]);
    assert_eq!(three["steps"], 700);
    assert!(three["loss"].as_f64() <= alone["loss"].as_f64(), "{three}");
    // A look after each exchange, and at the end.
    let curve = fs::read_to_string(dir.join("three/curve.csv")).expect("a curve");
    let steps: Vec<_> = curve.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(steps, ["300", "600", "700"]);

    let ladder =
        amc(&["train", "--steps", "300", "--ladder", "1e-5,1e-4", "--exchange-every", "10", "--out", "ladder"], dir);
    let said = String::from_utf8_lossy(&ladder.stderr);
    assert!(ladder.status.success() && said.contains("of 15 times that they were asked to"), "{said}");
}

#[test]
fn chains_that_cannot_be_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let train = |options: &[&str], words: &[&str]| refused(&[&["train"], options].concat(), dir.path(), words);
    train(&["--chains", "0"], &["--chains"]);
    train(&["--exchange-every", "10"], &["--chains or --ladder"]);
    train(&["--chains", "2", "--exchange-every", "0"], &["--exchange-every"]);
    train(&["--ladder", "2e-4,1e-4"], &["above 0, and rise"]);
    train(&["--ladder", "0,1e-4"], &["above 0, and rise"]);
    train(&["--ladder=-1,1e-4"], &["temperature is -1"]);
    train(&["--ladder", "1e-5,1e-4", "--temperature", "1"], &["--temperature"]);
    train(&["--chains", "2", "--method", "mixed"], &["mixed moves"]);
    train(&["--chains", "2", "--batch", "progressive"], &["all samples"]);
    train(&["--chains", "2", "--speculate"], &["--speculate"]);
    train(&["--chains", "2", "--numbers", "int8"], &["--chains", "--numbers f32"]);
    train(&["--speculate", "--numbers", "int8"], &["--speculate", "--numbers f32"]);
}

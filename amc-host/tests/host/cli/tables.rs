//! From a table to a model, and from that to answers, as a user makes the way.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{amc, json, refused, stdout};

/// 120 rows in the order of their classes, of texts and of numbers far from 1: which of three the class is depends on both.
fn table(dir: &Path) {
    let row = |i: usize| {
        let (place, noise) = (i / 40, i * 37 % 11);
        let (room, height) = (["attic", "cellar"][place / 2], 1000.0 + 50.0 * (place % 2) as f64 + noise as f64);
        format!("{i},{room},{height},{}\n", ["low", "high", "deep"][place])
    };
    let all = "id,room,height,level\n".to_string() + &(0..120).map(row).collect::<String>();
    fs::write(dir.join("levels.csv"), all).expect("written");
}

const TRAIN: [&str; 6] = ["train", "--data", "levels.csv", "--steps", "3000", "--json"];
const MODEL: &str = "runs/levels/model.amc";

/// A name with a comma is told from two names.
#[test]
fn names_with_commas_are_quoted_where_they_are_listed() {
    let dir = tempfile::tempdir().expect("a folder");
    let row = |i: usize| format!("{},{}\n", i % 3, ["\"salt, sea\"", "fresh", "\"a \"\"b\"\"\""][i % 3]);
    fs::write(dir.path().join("t.csv"), "x,water\n".to_string() + &(0..30).map(row).collect::<String>())
        .expect("written");
    json(&["train", "--data", "t.csv", "--steps", "20", "--json", "--out", "t"], dir.path());
    let told = stdout(&["info", "t/model.amc"], dir.path());
    assert!(told.contains("# classes: \"a \\\"b\\\"\", fresh, \"salt, sea\"\n"), "{told}");
    fs::write(dir.path().join("t.csv"), "x,water\n1,brackish\n").expect("written");
    refused(&["eval", "t/model.amc", "--data", "t.csv"], dir.path(), &["fresh, \"salt, sea\""]);
}

#[test]
fn a_sorted_table_with_texts_is_learned_and_its_names_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    table(dir.path());
    let result = json(&TRAIN, dir.path());
    assert_eq!(result["test_accuracy"], 1.0, "{result}");
    let class = &result["test"]["classes"][1];
    assert_eq!((&class["class"], &class["recall"], &class["samples"]), (&"high".into(), &1.0.into(), &8.into()));
    assert_eq!(result["test"]["confusion"][1], serde_json::json!([0, 8, 0]), "{result}");
    let picture = fs::read_to_string(dir.path().join("runs/levels/confusion.svg")).expect("a picture");
    assert!(["\ndeep\n", "\nhigh\n", "\nlow\n", "\n8\n"].iter().all(|text| picture.contains(text)));
    let told = stdout(&["eval", MODEL, "--data", "levels.csv"], dir.path());
    assert!(told.contains("120 samples") && told.contains("accuracy 1.0000"), "{told}");
    let line = told.lines().find(|line| line.trim_start().starts_with("high")).expect("a class");
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["high", "1.000", "1.000", "1.000", "40", "0", "40", "0"]);
    let told = stdout(&["info", MODEL], dir.path());
    assert!(told.contains("# features: room (attic, cellar), height\n# classes: deep, high, low"), "{told}");

    let told = stdout(&["export", MODEL, "--rust"], dir.path());
    assert!(told.contains("/// room: 0 if it is attic, 1 if it is cellar\n/// height\n"), "{told}");
    assert!(
        told.contains("INPUT_SCALING: [[f32; 2]; 2] = [") && told.contains("\"deep\", \"high\", \"low\","),
        "{told}"
    );

    // Columns by their names, in any order; without names by their places, with or without the target.
    let head = "class,p(deep),p(high),p(low)\n";
    let answers = |text: &str| {
        fs::write(dir.path().join("new.csv"), text).expect("written");
        stdout(&["predict", MODEL, "new.csv"], dir.path())
    };
    let answer = answers("height,room\n1005,attic\n1055,attic\n1005,cellar\n");
    assert!(answer.starts_with(head), "{answer}");
    let classes: Vec<_> = answer.lines().skip(1).map(|line| line.split(',').next().expect("a cell")).collect();
    assert_eq!(classes, ["low", "high", "deep"]);
    assert_eq!(answers("1,attic,1005\n2,attic,1055\n3,cellar,1005\n"), answer);
    assert_eq!(answers("1,attic,1005,?\n2,attic,1055,?\n3,cellar,1005,?\n"), answer);
    let output = amc(&["predict", MODEL, "new.csv", "-o", "out.csv"], dir.path());
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(fs::read_to_string(dir.path().join("out.csv")).expect("written"), answer);

    for own in [MODEL, "new.csv"] {
        let before = fs::read(dir.path().join(own)).expect("read");
        let output = amc(&["predict", MODEL, "new.csv", "-o", own], dir.path());
        assert!(output.status.code() == Some(2) && fs::read(dir.path().join(own)).expect("read") == before, "{own}");
    }

    for (text, words) in [
        ("height\n1\n2\n", &["there is no column \"room\""][..]),
        ("height,size\n1,2\n", &["no column \"room\""]),
        ("height,room\n1,garage\n", &["line 2, column 2", "garage", "attic, cellar"]),
        ("height,room\n,attic\n", &["line 2, column 1", "missing"]),
        ("height,room\nx,attic\n", &["line 2, column 1", "\"x\""]),
        ("1,2\n", &["2 columns without names", "4 were wanted, or 3"]),
    ] {
        fs::write(dir.path().join("bad.csv"), text).expect("written");
        let output = amc(&["predict", MODEL, "bad.csv", "-o", "none.csv"], dir.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{text:?}: {stderr}");
        assert!(!dir.path().join("none.csv").exists());
    }
}

#[test]
fn answers_that_are_no_numbers_are_refused_by_their_row() {
    let dir = tempfile::tempdir().expect("a folder");
    let row = |i: usize| format!("{},{},{}\n", i as f32 / 1e3, i as f32 / 2e3, ["u", "v"][i % 2]);
    let text = "p,q,y\n".to_string() + &(0..40).map(row).collect::<String>();
    fs::write(dir.path().join("small.csv"), text).expect("written");
    json(&["train", "--data", "small.csv", "--steps", "50", "--out", "m", "--json"], dir.path());
    let far = "p,q,y\n0.01,0.02,u\n3e38,-3e38,v\n";
    fs::write(dir.path().join("far.csv"), far).expect("written");
    let model = "m/model.amc";
    refused(&["predict", model, "far.csv"], dir.path(), &["far.csv: line 3", "the net gives NaN"]);
    refused(
        &["eval", model, "--data", "far.csv"],
        dir.path(),
        &["far.csv: the loss is NaN", "column 2 (q) reaches inf"],
    );
    fs::write(dir.path().join("twice.csv"), "p,p,q\n1,2,3\n").expect("written");
    refused(&["predict", model, "twice.csv"], dir.path(), &["twice.csv: more than one column is called \"p\""]);
}

#[test]
fn few_rows_are_not_learned_by_heart_unless_steps_are_said() {
    let dir = tempfile::tempdir().expect("a folder");
    table(dir.path());
    let train = |more: &[&str]| json(&[&TRAIN[..3], &["--json", "--force"], more].concat(), dir.path());
    let ended = train(&[]);
    assert!(ended["ended"].as_str().is_some_and(|why| why.contains("by heart (--until-loss)")), "{ended}");
    assert!(ended["loss"].as_f64() <= Some(0.03) && ended["steps"].as_u64() < Some(4000), "{ended}");
    assert_eq!(train(&["--steps", "4000"])["steps"], 4000);
    let lower = train(&["--until-loss", "0.01"]);
    assert!(lower["loss"].as_f64() <= Some(0.01), "{lower}");
    for other in [["--loss", "mse"], ["--batch", "50"], ["--temperature", "1e-6"]] {
        assert_eq!(train(&other)["steps"], 4000, "{other:?}");
    }
}

#[test]
fn rows_of_stdin_are_answered_one_by_one() {
    let dir = tempfile::tempdir().expect("a folder");
    table(dir.path());
    json(&TRAIN, dir.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_amc"))
        .args(["predict", MODEL, "-"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("amc starts");
    let (mut stdin, stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(stdout));
    let mut next = || answers.next().expect("a line").expect("read");
    stdin.write_all(b"room,height\nattic,1005\n").expect("written");
    assert!(next().starts_with("class,"));
    // Before the next row is written.
    assert!(next().starts_with("low,"));
    stdin.write_all(b"\ncellar,1005\n").expect("written");
    assert!(next().starts_with("deep,"));
    stdin.write_all(b"attic,1005\rattic,1055\r\n").expect("written");
    assert!(next().starts_with("low,") && next().starts_with("high,"));
    stdin.write_all(b"cellar,\n").expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ended");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("stdin: line 7, column 2") && stderr.contains("missing"), "{stderr}");
}

#[test]
fn numbers_are_found_in_their_units() {
    let dir = tempfile::tempdir().expect("a folder");
    let row = |i: usize| format!("{};{},5;{}\n", i, i * 7 % 13, 3000 + 10 * i);
    let all = "a;b;weight\n".to_string() + &(0..100).map(row).collect::<String>();
    fs::write(dir.path().join("weights.csv"), all).expect("written");
    let result = json(&["train", "--data", "weights.csv", "--steps", "5000", "--json"], dir.path());
    assert_eq!((&result["data"], &result["seed"], &result["ended"]), (&"weights.csv".into(), &1.into(), &().into()));
    fs::write(dir.path().join("new.csv"), "a;b\n20;3,5\n80;1,5\n").expect("written");
    let answer = stdout(&["predict", "runs/weights/model.amc", "new.csv"], dir.path());
    let numbers: Vec<f32> = answer.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    assert!(answer.starts_with("weight\n"), "{answer}");
    assert!((numbers[0] - 3200.0).abs() < 60.0 && (numbers[1] - 3800.0).abs() < 60.0, "{answer}");
}

#[test]
fn models_without_a_table_and_columns_that_are_not_there_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    table(dir.path());
    json(&["train", "--steps", "5", "--out", "o", "--json"], dir.path());
    for args in [&["predict", "o/model.amc", "levels.csv"][..], &["eval", "o/model.amc", "--data", "levels.csv"]] {
        refused(args, dir.path(), &["not trained on a table"]);
    }
    json(&["train", "--data", "levels.csv", "--steps", "5", "--out", "t", "--json"], dir.path());
    refused(&["eval", "t/model.amc"], dir.path(), &["trained on a table", "--data FILE"]);
    refused(
        &["train", "--data", "levels.csv", "--target", "depth"],
        dir.path(),
        &["no column called \"depth\"", "level"],
    );
    let twice = ["train", "--data", "levels.csv", "--target", "level,last"];
    refused(&twice, dir.path(), &["levels.csv: \"level\" is named twice as a target"]);
    refused(&["train", "--data", "levels.csv", "--split", "group:depth"], dir.path(), &["depth"]);
    refused(&["train", "--data", "levels.csv", "--test-fraction", "1"], dir.path(), &["from 0 to below 1"]);
    refused(&["train", "--data", "none.csv"], dir.path(), &["none.csv"]);
}

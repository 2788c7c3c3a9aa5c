//! The command line as a user meets it: results, errors of use, bad files.

mod best;
mod chains;
mod data_sets;
mod folders;
mod integer;
mod machine;
mod memory;
mod methods;
mod nets;
mod resume;
mod scale;
mod streams;
mod tables;
mod transfer;
mod windows;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

pub fn amc(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amc")).args(args).current_dir(dir).output().expect("amc starts")
}

pub fn json(args: &[&str], dir: &Path) -> Value {
    let output = amc(args, dir);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON")
}

/// What a command that succeeds prints.
pub fn stdout(args: &[&str], dir: &Path) -> String {
    let output = amc(args, dir);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Asserts exit code 2, one line on stderr that holds all of `words`, and nothing written.
pub fn refused(args: &[&str], dir: &Path, words: &[&str]) {
    let output = amc(args, dir);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{args:?}: {word:?} is not in {stderr:?}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(!dir.join("runs").exists(), "{args:?} has written results");
}

#[test]
fn digits_are_learned_and_everything_is_left_in_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    let result = json(&["train", "--json"], dir.path());
    assert!(result["test_accuracy"].as_f64().expect("a number") >= 0.9, "{result}");
    for key in ["steps", "loss", "acceptance_rate", "sigma", "parameters", "train_accuracy", "seconds", "step_ms"] {
        assert!(result[key].is_number(), "{key} in {result}");
    }
    for file in ["model.amc", "curve.csv", "curve.svg", "summary.json", "confusion.svg", "report.html"] {
        assert!(fs::metadata(dir.path().join("runs/digits").join(file)).expect(file).len() > 100, "{file}");
    }
    let model = "runs/digits/model.amc";
    let eval = String::from_utf8(amc(&["eval", model], dir.path()).stdout).expect("UTF-8");
    let accuracy = format!("accuracy {:.4}", result["test_accuracy"].as_f64().expect("a number"));
    assert!(eval.contains(&accuracy), "{accuracy} is not in {eval}");
    let info = String::from_utf8(amc(&["info", model], dir.path()).stdout).expect("UTF-8");
    assert!(info.contains(result["params_hash"].as_str().expect("a hash")), "{info}");
    assert!(info.contains("arithmetic: portable"), "{info}");
    // Said to be in a folder, it is looked for as one.
    for command in
        [&["eval", "runs/digits"][..], &["export", "runs/digits", "--c"], &["train", "--from", "runs/digits"]]
    {
        let refused = amc(command, dir.path());
        let said = String::from_utf8(refused.stderr).expect("UTF-8");
        assert!(
            refused.status.code() == Some(2) && said.contains("a folder: a model is a file, as runs/digits/model.amc"),
            "{said}"
        );
    }
}

#[test]
fn threads_change_no_bit_but_seed_and_arithmetic_do() {
    let dir = tempfile::tempdir().expect("a folder");
    // Enough samples times parameters for several threads to take part.
    let hash = |more: &[&str]| {
        let base = ["train", "--data", "sine", "--layers", "1,40,40,1", "--steps", "60", "--signal-norm", "--json"];
        json(&[&base[..], more].concat(), dir.path())["params_hash"].clone()
    };
    let one = hash(&["--threads", "1"]);
    assert_eq!(one, hash(&["--threads", "2"]));
    assert_eq!(one, hash(&["--threads", "5"]));
    assert_ne!(one, hash(&["--seed", "2"]));
    if amc_kernels::is_available(amc_kernels::Arithmetic::Fused) {
        assert_ne!(one, hash(&["--arithmetic", "fused"]));
    }
}

/// 54,001 parameters: a last range that is not full.
const FOUR_RANGES: [&str; 8] = ["train", "--data", "sine", "--layers", "1,600,90,1", "--steps", "25", "--json"];

#[test]
fn threads_change_no_bit_of_a_net_of_several_ranges() {
    let dir = tempfile::tempdir().expect("a folder");
    for more in ["--temperature=0", "--temperature=0.001", "--in-place"] {
        let all = |threads| {
            let args = ["--epsilon", "0.02", "--signal-norm", "on", "--sigma", "0.01", more, "--threads", threads];
            let summary = json(&[&FOUR_RANGES[..], &args].concat(), dir.path());
            assert!((0.1..0.9).contains(&summary["acceptance_rate"].as_f64().expect("a rate")), "{summary}");
            summary["params_hash"].clone()
        };
        let one = all("1");
        assert_eq!(one, all("2"));
        assert_eq!(one, all("5"));
    }
}

#[test]
fn one_copy_of_the_parameters_learns_digits() {
    let dir = tempfile::tempdir().expect("a folder");
    let train = |more: &[&str]| json(&[&["train", "--steps", "3000", "--json"], more].concat(), dir.path());
    let (one, two) = (train(&["--in-place"]), train(&[]));
    assert_ne!(one["params_hash"], two["params_hash"]);
    let accuracy = |summary: &Value| summary["test_accuracy"].as_f64().expect("a number");
    assert!((accuracy(&one) - accuracy(&two)).abs() < 0.05, "{one}, {two}");
    for words in [["--sigma", "1e-7"], ["--sigma", "0"]] {
        let output = amc(&["train", "--in-place", words[0], words[1]], dir.path());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn threads_change_no_bit_of_minibatches() {
    let dir = tempfile::tempdir().expect("a folder");
    wide_csv(dir.path());
    // Enough features a batch for several threads to gather it and to evaluate it, and a last tile that is not full.
    let hash = |batch: &str, threads: &str| {
        let args = ["train", "--data", "wide.csv", "--steps", "20", "--out", "o", "--json"];
        json(&[&args[..], &["--batch", batch, "--threads", threads]].concat(), dir.path())["params_hash"].clone()
    };
    let one = hash("333", "1");
    assert_eq!(one, hash("333", "2"));
    assert_eq!(one, hash("333", "5"));
    assert_ne!(one, hash("334", "1"));
}

/// 500 samples of 405 features, one of which tells the class.
fn wide_csv(dir: &Path) {
    let cell = |i: usize, j: usize| if j == 7 { i % 3 } else { (i * 31 + j * 17) % 10 };
    let line = |i: usize| (0..405).map(|j| format!("{},", cell(i, j))).collect::<String>() + &format!("{}\n", i % 3);
    fs::write(dir.join("wide.csv"), (0..500).map(line).collect::<String>()).expect("written");
}

#[test]
fn a_minibatch_of_all_samples_is_judged_like_the_full_batch() {
    let dir = tempfile::tempdir().expect("a folder");
    let loss = |batch: &str| {
        json(&["train", "--steps", "1", "--batch", batch, "--force", "--json"], dir.path());
        let curve = fs::read_to_string(dir.path().join("runs/digits/curve.csv")).expect("a curve");
        let row: Vec<_> = curve.lines().nth(1).expect("a point").split(',').map(String::from).collect();
        row[1].parse::<f64>().expect("a loss")
    };
    let (full, all) = (loss("full"), loss("1437"));
    // The samples are the same in another order: the sums are rounded differently, and nothing else differs.
    assert!((full - all).abs() < 1e-6 * full, "{full} {all}");
    assert_ne!(full, loss("1000"));
}

#[test]
fn every_data_set_has_defaults_that_train() {
    let dir = tempfile::tempdir().expect("a folder");
    mnist(dir.path(), 70);
    let two = |data: &str| {
        let options = ["--data-dir", ".", "--steps", "2", "--out", "o", "--force", "--json"];
        json(&[&["train", "--data", data], &options[..]].concat(), dir.path());
        let info = amc(&["info", "o/model.amc"], dir.path());
        let info = String::from_utf8(info.stdout).expect("UTF-8");
        toml::from_str::<toml::Table>(&info).unwrap_or_else(|error| panic!("{data}: {error}: {info}"))
    };
    for (data, sizes, output) in [
        ("digits", &[64, 16, 10][..], "softmax"),
        ("mnist", &[4, 16, 16, 4], "softmax"),
        ("fashion-mnist", &[4, 16, 16, 4], "softmax"),
        ("sine", &[1, 10, 10, 1], "linear"),
        ("step", &[1, 4, 4, 4, 10, 1], "tanh"),
        ("log-sine", &[1, 100, 1], "linear"),
    ] {
        let net = two(data);
        let [inputs, units @ ..] = sizes else { panic!("sizes of a net") };
        assert_eq!(net["inputs"].as_integer(), Some(*inputs), "{data}");
        let layers = net["layers"].as_array().expect("layers");
        let has = layers.iter().map(|layer| (layer["units"].as_integer(), layer["activation"].as_str()));
        let last = units.len() - 1;
        let wanted = units
            .iter()
            .enumerate()
            .map(|(layer, units)| (Some(*units), Some(if layer == last { output } else { "tanh" })));
        assert!(has.eq(wanted), "{data}: {net}");
    }
}

#[test]
fn the_defaults_are_the_table_in_the_help() {
    let dir = tempfile::tempdir().expect("a folder");
    let help = String::from_utf8(amc(&["train", "--help"], dir.path()).stdout).expect("UTF-8");
    let table = help.split("Defaults by data set:").nth(1).expect("a table");
    let mut rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let head = rows.next().expect("a head").join(" ").replace("hidden layers", "hidden");
    let names: Vec<_> = head.split(' ').collect();
    let built_in = |name| ["digits", "sine", "step", "log-sine"].contains(&name);
    let rows: Vec<_> = rows.filter(|row| row.first().copied().is_some_and(built_in)).collect();
    assert_eq!(rows.len(), 4, "{table}");
    for row in rows {
        // All that the row says, said in so many words, must be what happens without words.
        let options = names.iter().zip(&row).filter(|(name, _)| !["hidden", "--steps"].contains(*name));
        let options: Vec<_> = options.flat_map(|(name, value)| [*name, *value]).collect();
        let train = |options: &[&str]| {
            let base = ["train", "--steps", "40", "--out", "o", "--json"];
            json(&[&base[..], options].concat(), dir.path())["params_hash"].clone()
        };
        assert_eq!(train(&options), train(&["--data", row[0]]), "{options:?}");
    }
}

#[test]
fn signal_norm_is_switched_on_and_off() {
    let dir = tempfile::tempdir().expect("a folder");
    let hash = |data: &str, more: &[&str]| {
        let base = ["train", "--data", data];
        json(&[&base[..], more, &["--steps", "40", "--json"]].concat(), dir.path())["params_hash"].clone()
    };
    let (on, off) = (hash("digits", &["--signal-norm", "on"]), hash("digits", &["--signal-norm", "off"]));
    assert_ne!(on, off);
    assert_eq!(on, hash("digits", &[]), "on by default");
    // The option that follows is not taken for its value.
    assert_eq!(on, hash("digits", &["--signal-norm"]));
    let (on, off) = (hash("log-sine", &["--signal-norm"]), hash("log-sine", &["--signal-norm=off"]));
    assert_ne!(on, off);
    assert_eq!(off, hash("log-sine", &[]), "off by default");
    refused(&["train", "--signal-norm", "maybe", "--out", "o"], &dir.path().join("runs"), &["maybe", "on, off"]);
}

#[test]
fn batches_and_losses_train() {
    let dir = tempfile::tempdir().expect("a folder");
    for more in [
        &["--batch", "progressive"][..],
        &["--batch", "200", "--epsilon", "0.01"],
        &["--loss", "cross-entropy", "--sigma", "0.01"],
        &["--loss", "cross-entropy", "--output", "sigmoid", "--activation", "relu", "--sigma", "0.01"],
        &["--temperature", "1e-6"],
    ] {
        let result = json(&[&["train", "--steps", "4000", "--json"], more].concat(), dir.path());
        assert!(result["test_accuracy"].as_f64().expect("a number") > 0.5, "chance is 0.1; {more:?}: {result}");
    }
}

#[test]
fn functions_train_and_have_no_accuracy() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["sine", "step", "log-sine"] {
        let result = json(&["train", "--data", name, "--steps", "50", "--json"], dir.path());
        assert!(result["test_accuracy"].is_null() && result["train_accuracy"].is_null(), "{result}");
    }
}

#[test]
fn errors_of_use_say_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    for (args, words) in [
        (&["--layers", "63,10"][..], &["63", "64"][..]),
        (&["--layers", "64,9"], &["9 outputs", "10"]),
        (&["--layers", "64"], &["--layers"]),
        (&["--layers", "64,0,10"], &["no units"]),
        (&["--sigma", "0"], &["sigma is 0"]),
        (&["--sigma", "NaN"], &["sigma is NaN"]),
        (&["--sigma", "-1"], &["sigma is -1"]),
        (&["--epsilon", "inf"], &["epsilon is inf"]),
        (&["--temperature", "-1"], &["temperature is -1"]),
        (&["--n-reset", "-1"], &["--n-reset is -1", "0 for never"]),
        (&["--batch", "0"], &["--batch"]),
        (&["--batch", "99999"], &["1437"]),
        (&["--threads", "0"], &["--threads"]),
        (&["--data", "nothing"], &["nothing"]),
        (&["--loss", "cross-entropy", "--output", "tanh"], &["softmax or sigmoid"]),
        (&["--data", "sine", "--batch", "progressive"], &["classes"]),
    ] {
        refused(&[&["train", "--steps", "5"], args].concat(), dir.path(), words);
    }
}

fn idx(dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).expect("written");
    gz.finish().expect("written")
}

/// A small MNIST: `n` images of 4 pixels for each part, class = the brightest pixel.
fn mnist(dir: &Path, n: u32) {
    let labels: Vec<u8> = (0..n).map(|i| (i % 4) as u8).collect();
    let pixels: Vec<u8> = labels.iter().flat_map(|l| (0..4).map(move |p| if p == *l { 255 } else { 3 })).collect();
    for part in ["train", "t10k"] {
        fs::write(dir.join(format!("{part}-images-idx3-ubyte")), idx(&[n, 2, 2], &pixels)).expect("written");
        fs::write(dir.join(format!("{part}-labels-idx1-ubyte.gz")), gzip(&idx(&[n], &labels))).expect("written");
    }
}

const MNIST: [&str; 7] = ["train", "--data", "mnist", "--data-dir", ".", "--steps", "2000"];

#[test]
fn idx_files_plain_and_gzipped_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    mnist(dir.path(), 70);
    let result = json(&[&MNIST[..], &["--json"]].concat(), dir.path());
    assert_eq!(result["test_accuracy"], 1.0, "{result}");
}

#[test]
fn bad_idx_files_are_refused() {
    let images = "train-images-idx3-ubyte";
    let labels = "t10k-labels-idx1-ubyte";
    let of_type = |code: u8| {
        let mut bytes = idx(&[70, 2, 2], &[0; 280]);
        bytes[2] = code;
        bytes
    };
    for (name, bytes, words) in [
        (images, idx(&[70, 2, 2], &[0; 279]), &["280 bytes", "279"][..]),
        (images, idx(&[70, 2, 2], &[0; 281]), &["280 bytes", "281"]),
        (images, idx(&[70, 4], &[0; 280]), &["2 dimensions", "images have 3"]),
        (labels, idx(&[70, 1], &[0; 70]), &["2 dimensions", "labels have 1"]),
        (images, of_type(0x09), &["signed bytes", "0x09", "unsigned bytes"]),
        (images, of_type(0x0b), &["shorts", "0x0b"]),
        (images, of_type(0x0c), &["ints", "0x0c"]),
        (labels, of_type(0x0d), &["floats", "0x0d"]),
        (labels, of_type(0x0e), &["doubles", "0x0e"]),
        (images, of_type(0x0a), &["begins with [00, 00, 0a, 03]"]),
        (images, vec![0x1f, 0x8b, 8, 0, 0, 0], &["begins with [1f, 8b, 08, 00]", "end in .gz"]),
        (images, Vec::new(), &["begins with"]),
        (images, vec![0, 0, 8, 3, 0, 0], &["header"]),
        (images, idx(&[0, 2, 2], &[]), &["no samples"]),
        (images, idx(&[69, 2, 2], &[0; 276]), &["69 images", "70 labels"]),
        (images, idx(&[u32::MAX; 3], &[1; 10]), &["header"]),
        (labels, idx(&[70], &[10; 70]), &["label 0 is 10"]),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        mnist(dir.path(), 70);
        fs::write(dir.path().join(name), bytes).expect("written");
        refused(&MNIST, dir.path(), &[&[name], words].concat());
    }
    let dir = tempfile::tempdir().expect("a folder");
    refused(&MNIST, dir.path(), &["train-images-idx3-ubyte", "no such file"]);
    mnist(dir.path(), 70);
    let gz = dir.path().join("train-labels-idx1-ubyte.gz");
    let whole = fs::read(&gz).expect("read");
    fs::write(&gz, &whole[..whole.len() - 5]).expect("written");
    refused(&MNIST, dir.path(), &["train-labels-idx1-ubyte.gz"]);
}

#[test]
fn csv_files_train_and_bad_cells_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let line = |i: usize| format!("{},{},{}\n", i % 2, 0.5, i % 2);
    let good: String = std::iter::once("x,y,class\n".to_string()).chain((0..100).map(line)).collect();
    fs::write(dir.path().join("good.csv"), &good).expect("written");
    let result = json(&["train", "--data", "good.csv", "--steps", "3000", "--out", "o", "--json"], dir.path());
    assert_eq!(result["test_accuracy"], 1.0, "{result}");
    for (text, words) in [
        (good.clone() + "1,zwei,1\n", &["line 102", "column 2", "zwei"][..]),
        (good.clone() + "NaN,2,1\n", &["cells are missing: 1 of \"x\""]),
        (good.clone() + "1,2\n", &["line 102", "column 3"]),
        ("1\n2\n".to_string(), &["one column"]),
        (String::new(), &["no rows"]),
    ] {
        fs::write(dir.path().join("bad.csv"), text).expect("written");
        refused(&["train", "--data", "bad.csv"], dir.path(), &[&["bad.csv"], words].concat());
    }
}

#[test]
fn damaged_models_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    json(&["train", "--data", "sine", "--steps", "5", "--out", "o", "--json"], dir.path());
    let whole = fs::read(dir.path().join("o/model.amc")).expect("read");
    let refuse = |bytes: &[u8], words: &[&str]| {
        fs::write(dir.path().join("bad.amc"), bytes).expect("written");
        refused(&["info", "bad.amc"], dir.path(), &[&["bad.amc"], words].concat());
    };
    for cut in [0, 7, 8, 11, 13, 40, whole.len() - 1] {
        refuse(&whole[..cut], &[]);
    }
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    refuse(&flipped, &["checksum"]);
    let mut newer = whole.clone();
    newer[8] = 3;
    refuse(&newer, &["version 3"]);
    let mut older = whole.clone();
    older[8] = 1;
    refuse(&older, &["model of version 1", "reads version 2"]);
    refused(&["eval", "o/model.amc", "--data", "digits"], dir.path(), &["1 inputs", "64 features"]);
}

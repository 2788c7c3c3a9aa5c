//! Nets described by a file.

use std::fs;
use std::process::{Command, Stdio};

use super::{amc, json, refused};

const CONVOLUTION: &str = "\
[[layers]]
kind = \"convolution\"
image = { rows = 8, columns = 8, channels = 1 }
filters = 4
kernel = { size = 3, stride = 2, padding = 1 }
activation = \"relu\"

[[layers]]
kind = \"dense\"
units = 10
activation = \"softmax\"
";

#[test]
fn a_net_of_a_file_is_trained_and_printed_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    fs::write(dir.join("net.toml"), CONVOLUTION).expect("written");
    let result = json(&["train", "--net", "net.toml", "--steps", "3000", "--json"], dir);
    assert_eq!(result["parameters"], 4 * 10 + (64 + 1) * 10);
    assert!(result["test_accuracy"].as_f64() > Some(0.5), "{result}");
    let info = amc(&["info", "runs/digits/model.amc"], dir).stdout;
    fs::write(dir.join("again.toml"), &info).expect("written");
    let again = json(&["train", "--net", "again.toml", "--steps", "3000", "--json", "--out", "again"], dir);
    assert_eq!(again["params_hash"], result["params_hash"], "{}", String::from_utf8_lossy(&info));
}

#[test]
fn nets_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let dense =
        |units, activation| format!("[[layers]]\nkind = \"dense\"\nunits = {units}\nactivation = \"{activation}\"\n");
    // Parameters that can be counted, and for which there is no memory.
    let many = if usize::BITS > 32 { 99_999_999_999_u64 } else { 4_000_000 };
    for (text, more, words) in [
        (dense(9, "softmax"), &[][..], "net.toml: the net gives 9 outputs, but digits needs 10"),
        ("inputs = 5\n".to_string() + &dense(10, "softmax"), &[], "net.toml: the net takes 5 inputs"),
        ("loss = \"mse\"\n".to_string() + &dense(10, "softmax"), &["--loss", "mse"], "--loss is said twice"),
        (dense(10, "softmax"), &["--layers", "64,10"], "cannot be used with"),
        (dense(usize::MAX as u64 / 256, "tanh") + &dense(10, "softmax"), &[], "line 1: the net is too large"),
        (dense(many, "tanh") + &dense(10, "softmax"), &[], "of memory, but"),
        ("inputs".to_string(), &[], "net.toml: line 1"),
    ] {
        fs::write(dir.path().join("net.toml"), text).expect("written");
        refused(&[&["train", "--net", "net.toml"], more].concat(), dir.path(), &[words]);
    }
    refused(&["train", "--net", "none.toml"], dir.path(), &["none.toml"]);
}

#[test]
fn a_run_goes_on_with_no_other_net() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    fs::write(dir.join("net.toml"), CONVOLUTION).expect("written");
    let args = ["train", "--net", "net.toml", "--steps", "99999999", "--checkpoint-every", "1ms"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_amc"));
    let mut child = command.args(args).current_dir(dir).stderr(Stdio::null()).spawn().expect("amc starts");
    while !dir.join("runs/digits/checkpoint").exists() {
        assert!(child.try_wait().expect("a state").is_none(), "it has ended");
    }
    child.kill().and_then(|()| child.wait()).expect("killed");
    fs::write(dir.join("net.toml"), CONVOLUTION.replace("\"relu\"", "\"tanh\"")).expect("written");
    let output = amc(&["train", "--resume", "runs/digits"], dir);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("the net is not what it was when the run in runs/digits was begun"), "{stderr}");
}

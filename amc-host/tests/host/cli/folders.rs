//! Where a run's files go: never over another's, and known to be writable before the run.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::{amc, json, refused};

const FEW: [&str; 6] = ["train", "--data", "sine", "--steps", "5", "--json"];

fn train(more: &[&str], dir: &Path) -> Output {
    amc(&[&FEW[..], more].concat(), dir)
}

fn out(more: &[&str], dir: &Path) -> String {
    json(&[&FEW[..], more].concat(), dir)["out"].as_str().expect("a folder").to_string()
}

#[test]
fn a_run_leaves_the_files_of_another_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let model = |folder: &str| fs::read(dir.path().join(folder).join("model.amc")).expect(folder);
    for (named, folder) in [(&[][..], "runs/sine"), (&["--out", "o"], "o"), (&["--out", "a/b"], "a/b")] {
        let again = |seed: &str, more: &[&str]| out(&[&["--seed", seed], more, named].concat(), dir.path());
        let numbered = |number: u32| format!("{folder}-{number}");
        assert_eq!(again("1", &[]), folder);
        let first = model(folder);
        assert_eq!(again("2", &[]), numbered(2));
        assert_eq!(again("3", &[]), numbered(3));
        assert!(model(folder) == first && model(&numbered(2)) != first, "{folder}");
        assert_eq!(again("4", &["--force"]), folder);
        assert_ne!(model(folder), first);
    }
    let output = train(&[], dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    let (asked, told) = ("runs/sine is another run's", "results go to runs/sine-4");
    assert!(stderr.contains(asked) && stderr.contains(told) && stderr.contains("--force"), "{stderr}");
    assert_eq!(fs::read_dir(dir.path().join("runs/sine-4")).expect("the folder").count(), 6);
}

#[test]
fn a_folder_that_takes_no_files_is_refused_before_the_run() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("file"), "mine").expect("written");
    let no_folder = if cfg!(target_os = "linux") { "/proc/amc" } else { "file/b" };
    // So many moves would not end.
    for (out, words) in [
        ("file", &["file is not a folder"][..]),
        ("file/b", &["nothing can be written into file/b"]),
        (no_folder, &["nothing can be written into", no_folder]),
    ] {
        refused(&["train", "--steps", "18446744073709551615", "--out", out], dir.path(), words);
    }
    assert_eq!(fs::read(dir.path().join("file")).expect("read"), b"mine");
    for name in [
        "model.amc",
        "curve.csv",
        "curve.svg",
        "summary.json",
        "predicted.svg",
        "confusion.svg",
        "report.html",
        "checkpoint",
    ] {
        fs::write(dir.path().join(name), "mine").expect("written");
        refused(&["train", "--steps", "5", "--out", "."], dir.path(), &["holds the files of another run", "--force"]);
        fs::remove_file(dir.path().join(name)).expect("removed");
    }
    assert_eq!(out(&["--out", "."], dir.path()), ".");
}

#[test]
fn a_run_that_is_refused_makes_no_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    for wrong in [["--sigma", "0"], ["--layers", "1,5"], ["--layers", "1,1000000,1000000,1"]] {
        assert_eq!(train(&wrong, dir.path()).status.code(), Some(2), "{wrong:?}");
        assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0, "{wrong:?}");
    }
}

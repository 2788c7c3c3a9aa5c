//! Runs that are interrupted and gone on with come to what they would have come to.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use serde_json::Value;

use super::{json, refused};

/// Long enough to be interrupted, with batches that are drawn anew; every hundredth of a second it is known where it stands.
const RUN: [&str; 10] =
    ["train", "--data", "digits", "--steps", "12000", "--batch", "100", "--json", "--checkpoint-every", "10ms"];

fn spawn(args: &[&str], dir: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amc"));
    command.args(args).current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("amc starts")
}

/// What a run comes to, without the time that it took and where.
fn result(mut summary: Value) -> Value {
    // How far threads had come when one found that a move is rejected is of the moment, as times are.
    for key in ["seconds", "step_ms", "evaluated_share", "out"] {
        assert!(summary.as_object_mut().expect("an object").remove(key).is_some());
    }
    summary
}

/// The unbroken run's summary and curve.
fn unbroken(dir: &Path) -> (Value, Vec<u8>) {
    let summary = json(&[&RUN[..], &["--out", "whole"]].concat(), dir);
    (result(summary), fs::read(dir.join("whole/curve.csv")).expect("a curve"))
}

/// The run in `out`, from where it stands.
fn args<'a>(out: &'a str, dir: &Path) -> Vec<&'a str> {
    match dir.join(out).join("checkpoint").exists() {
        true => vec!["train", "--resume", out, "--checkpoint-every", "10ms", "--json"],
        false => [&RUN[..], &["--out", out]].concat(),
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_is_asked_to_end_is_gone_on_with() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let whole = unbroken(dir);
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        if is_ignored(number) {
            continue;
        }
        let out = format!("by-{signal}");
        // The run may be faster than the signal.
        let stderr = (0..20).find_map(|_| interrupted(signal, &out, dir)).expect("interrupted");
        assert!(stderr.contains(&format!("amc train --resume {out}")), "{stderr}");
        let summary = json(&["train", "--resume", &out, "--threads", "1", "--json"], dir);
        assert_eq!(result(summary), whole.0, "{signal}");
        assert_eq!(fs::read(dir.join(&out).join("curve.csv")).expect("a curve"), whole.1);
        assert!(!dir.join(&out).join("checkpoint").exists());
    }
}

/// Whether who runs the tests has them ignore a signal, as a shell does for what it runs in the background.
#[cfg(unix)]
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).expect("a mask") >> (signal - 1) & 1 == 1)
}

/// As `nohup` does for the night.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let run = [&RUN[..], &["--out", "o"]].concat();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_amc")]).args(run).current_dir(dir);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh starts");
    while !dir.join("o/checkpoint").exists() && run.try_wait().expect("its state").is_none() {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-HUP".to_string(), run.id().to_string()]).status().expect("kill");
    let ended = run.wait_with_output().expect("its end");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// What a run said when it was asked to end by a signal; none if it ended before.
#[cfg(unix)]
fn interrupted(signal: &str, out: &str, dir: &Path) -> Option<String> {
    let mut run = spawn(&[&RUN[..], &["--out", out, "--force"]].concat(), dir);
    // Signals are waited for once something is kept.
    while !dir.join(out).join("checkpoint").exists() && run.try_wait().expect("its state").is_none() {
        std::thread::yield_now();
    }
    Command::new("kill").args([format!("-{signal}"), run.id().to_string()]).status().expect("kill");
    let ended = run.wait_with_output().expect("its end");
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.success() {
        return None;
    }
    assert!(ended.status.code() == Some(130) && ended.stdout.is_empty(), "{:?}: {stderr}", ended.status);
    Some(stderr)
}

/// A killed process does nothing more: whenever that is, the next goes on.
#[test]
fn a_run_killed_a_hundred_times_comes_to_what_the_unbroken_one_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let whole = unbroken(dir);
    let (mut kills, mut ends, mut rng) = (0, 0, amc_core::Generator::seed_from_u64(1));
    while kills < 100 || ends == 0 {
        let out = format!("killed-{ends}");
        let mut run = spawn(&args(&out, dir), dir);
        if kills < 100 {
            std::thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % 60)));
            run.kill().expect("killed, or ended");
        }
        let ended = run.wait_with_output().expect("its end");
        if !ended.status.success() {
            assert_eq!(ended.status.code(), None, "{}", String::from_utf8_lossy(&ended.stderr));
            kills += 1;
            continue;
        }
        ends += 1;
        let summary = serde_json::from_slice(&ended.stdout).expect("JSON");
        assert_eq!(result(summary), whole.0, "after {kills} kills");
        assert_eq!(fs::read(dir.join(&out).join("curve.csv")).expect("a curve"), whole.1);
        let left = |name: &str| dir.join(&out).join(name).exists();
        assert!(!left("checkpoint") && !left("checkpoint.new") && left("model.amc"));
    }
}

/// A run that began at a model goes on if that is what it was, from wherever it is asked to.
#[test]
fn a_run_of_a_models_head_is_gone_on_with() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for (out, steps) in [("begun", "200"), ("other", "100")] {
        json(&["train", "--steps", steps, "--out", out, "--json"], dir);
    }
    fs::copy(dir.join("begun/model.amc"), dir.join("model.amc")).expect("copied");
    let run = ["train", "--from", "model.amc", "--train", "head", "--json", "--steps", "20000"];
    let whole = result(json(&[&run[..], &["--out", "whole"]].concat(), dir));
    let mut cut = spawn(&[&run[..], &["--out", "cut", "--checkpoint-every", "1ms"]].concat(), dir);
    while !dir.join("cut/checkpoint").exists() {
        assert_eq!(cut.try_wait().expect("its state"), None, "it is killed before its end");
        std::thread::yield_now();
    }
    cut.kill().expect("killed");
    cut.wait().expect("its end");
    fs::copy(dir.join("other/model.amc"), dir.join("model.amc")).expect("copied");
    refused(&["train", "--resume", "cut"], dir, &["the net is not what it was when the run in cut was begun"]);
    fs::copy(dir.join("begun/model.amc"), dir.join("model.amc")).expect("copied");
    // From another folder the way to the model is another, too.
    let elsewhere = dir.join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    assert_eq!(result(json(&["train", "--resume", "../cut", "--json"], &elsewhere)), whole);
    assert!(dir.join("cut/model.amc").exists());
}

#[test]
fn nothing_else_goes_on_with_a_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let table: String = (0..40).map(|i| format!("{},{}\n", i % 7, ["a", "b"][i / 20])).collect();
    fs::write(dir.join("table.csv"), &table).expect("written");
    let begin = [
        "train",
        "--data",
        "table.csv",
        "--sigma",
        "0.3",
        "--steps",
        "9999999",
        "--out",
        "o",
        "--checkpoint-every",
        "1ms",
    ];
    let mut run = spawn(&begin, dir);
    while !dir.join("o/checkpoint").exists() {
        assert_eq!(run.try_wait().expect("its state"), None);
        std::thread::yield_now();
    }
    refused(&["train", "--resume", "o"], dir, &["a run is under way in o"]);
    refused(&[&begin[..], &["--force"]].concat(), dir, &["a run is under way in o"]);
    run.kill().expect("killed");
    run.wait().expect("its end");
    for (more, words) in [
        (&["--sigma", "0.2"][..], &["--sigma 0.2", "begun with 0.3"][..]),
        (&["--in-place"], &["--in-place", "begun without it"]),
        (&["--data", "digits"], &["--data digits", "begun with table.csv"]),
    ] {
        refused(&[&["train", "--resume", "o"], more].concat(), dir, words);
    }
    fs::write(dir.join("table.csv"), table.replace('b', "c")).expect("written");
    refused(&["train", "--resume", "o"], dir, &["table.csv is not what it was"]);
    fs::write(dir.join("table.csv"), table.replacen('0', "9", 1)).expect("written");
    refused(&["train", "--resume", "o"], dir, &["table.csv is not what it was"]);
    fs::write(dir.join("table.csv"), &table).expect("written");
    let kept = fs::read(dir.join("o/checkpoint")).expect("kept");
    for at in [0, 10, kept.len() / 2, kept.len() - 1] {
        let mut damaged = kept.clone();
        damaged[at] ^= 1;
        fs::write(dir.join("o/checkpoint"), &damaged).expect("written");
        refused(&["train", "--resume", "o"], dir, &["checkpoint is damaged"]);
        fs::write(dir.join("o/checkpoint"), &kept[..at]).expect("written");
        refused(&["train", "--resume", "o"], dir, &["checkpoint is damaged"]);
    }
    fs::remove_file(dir.join("o/checkpoint")).expect("removed");
    fs::create_dir(dir.join("o/checkpoint")).expect("made");
    refused(&["train", "--resume", "o"], dir, &["checkpoint is no file"]);
    refused(&["train", "--resume", "nowhere"], dir, &["nowhere has no run to go on with"]);
}

#[test]
fn a_run_ends_when_it_has_come_far_enough() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |more: &[&str]| json(&[&["train", "--json", "--force"], more].concat(), dir.path());
    let ended = run(&["--until-loss", "0.05"]);
    assert!(ended["loss"].as_f64() <= Some(0.05) && ended["steps"].as_u64() < Some(20_000), "{ended}");
    let ended = run(&["--until-accuracy", "0.5"]);
    assert!(ended["test_accuracy"].as_f64() >= Some(0.5) && ended["steps"].as_u64() < Some(20_000), "{ended}");
    let ended = run(&["--patience", "40"]);
    assert!(ended["steps"].as_u64().is_some_and(|steps| steps > 40 && steps < 20_000), "{ended}");
    let why = ended["ended"].as_str().unwrap_or_default();
    assert!(why.contains("has not fallen"), "{ended}");
    let page = fs::read_to_string(dir.path().join("runs/digits/report.html")).expect("a report");
    assert!(page.contains(why) && page.contains(">mse<"), "{page}");
    let ended = run(&["--time", "50ms", "--steps", "999999999"]);
    assert!(ended["steps"].as_u64() < Some(999_999_999), "{ended}");
    let folder = dir.path().join("refused");
    fs::create_dir(&folder).expect("made");
    for (wrong, words) in [
        (&["--time", "soon"][..], &["--time", "soon"][..]),
        (&["--time", "0s"], &["at least 1ms"]),
        (&["--patience", "0"], &["--patience"]),
        (&["--checkpoint-every", "0"], &["at least 1ms"]),
        (&["--until-accuracy", "95"], &["a number from 0 to 1"]),
        (&["--until-accuracy", "-1"], &["a number from 0 to 1"]),
        (&["--until-accuracy", "nan"], &["a number from 0 to 1"]),
        (&["--until-loss", "nan"], &["a number"]),
        (&["--until-accuracy", "0.9", "--data", "sine"], &["--until-accuracy needs classes"]),
        (&["--resume", "../runs/digits"], &["runs/digits has ended"]),
    ] {
        refused(&[&["train"], wrong].concat(), &folder, words);
    }
}

//! Counts that a user can type end with a line that says what to do, not with an abort or a wait.

use std::fs;
use std::process::Command;

use super::{amc, json, refused};

/// Refused, and with one line on stderr.
fn refused_in_a_line(args: &[&str], words: &[&str]) {
    let dir = tempfile::tempdir().expect("a folder");
    refused(args, dir.path(), words);
    let stderr = String::from_utf8(amc(args, dir.path()).stderr).expect("UTF-8");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn nets_that_no_memory_holds_are_refused() {
    fn train(layers: &str) -> [&str; 3] {
        ["train", "--layers", layers]
    }
    // 10¹² parameters, three times 4 bytes each: with ε = 0 there are no centres. With 32 bits none of these nets can be counted.
    let is_counted = usize::BITS > 32;
    let words = |words: &'static [&str]| if is_counted { words } else { &["the net is too large"] };
    refused_in_a_line(
        &train("64,1000000,1000000,10"),
        words(&["1,000,076,000,010 parameters", "10.9", "TiB", "can be had"]),
    );
    let units = if is_counted { "64,99999999999,10" } else { "64,4294967295,10" };
    refused_in_a_line(&train(units), words(&["7,499,999,999,935 parameters", "TiB"]));
    let most = usize::MAX.to_string();
    // Of the last the parameters can be counted.
    let least = usize::MAX / if is_counted { 4096 } else { 1024 };
    for layers in [format!("64,{most},10"), format!("64,{},10", usize::MAX / 64), format!("64,{least},10")] {
        refused_in_a_line(&train(&layers), &[]);
    }
}

/// A limit of this process is not in the system's numbers.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_may_not_be_taken_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let limited = |kibibytes: u32, args: &str| {
        let command = format!("ulimit -v {kibibytes}; exec \"$0\" {args}");
        let amc = Command::new("sh").args(["-c", &command, env!("CARGO_BIN_EXE_amc")]).current_dir(dir.path()).output();
        amc.expect("a shell")
    };
    // 64.6 million parameters, three times: 739 MiB, and what samples take.
    let refused = |kibibytes, args: &str, words: &str| {
        let output = limited(kibibytes, args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        let told = stderr.lines().last().unwrap_or_default();
        assert!(told.contains(words) && told.contains("MiB"), "{stderr}");
    };
    refused(600_000, "train --layers 64,8000,8000,10 --threads 1 --steps 0", "64,608,010 parameters");

    // Windows of 4,000 rows over 20,000: 183 MiB of 156 KiB.
    let log: String = (0..20_000).map(|i| format!("{}.5,{}\n", i % 7, i % 2)).collect();
    fs::write(dir.path().join("log.csv"), &log).expect("written");
    let samples = "a table of 12001 samples of 4000 features";
    refused(200_000, "train --data log.csv --window 4000 --stride 1 --split last --threads 1 --steps 0", samples);
    fs::write(dir.path().join("short.csv"), &log[..4 * 6 * 1000]).expect("written");
    let made = amc(
        &[
            "train",
            "--data",
            "short.csv",
            "--window",
            "3000",
            "--split",
            "last",
            "--layers",
            "3000,2",
            "--test-fraction",
            "0",
            "--steps",
            "0",
            "--out",
            "made",
        ],
        dir.path(),
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    refused(200_000, "predict made/model.amc log.csv", "a table of 17001 samples of 3000 features");
}

#[test]
fn threads_are_bounded_and_counts_may_be_as_large_as_they_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    for threads in ["0", "1000000", "18446744073709551616", "-1"] {
        let threads = format!("--threads={threads}");
        refused(&["train", &threads], dir.path(), &["--threads", "from 1 to", "at once"]);
    }
    for option in ["--steps", "--seed", "--batch", "--n-reset", "--layers"] {
        refused(&["train", "--out", "o", option, "18446744073709551616"], dir.path(), &[option]);
    }
    let most = u64::MAX.to_string();
    for (option, value) in [("--seed", &most[..]), ("--n-reset", "4294967295"), ("--threads", "64")] {
        let summary = json(&["train", "--steps", "3", "--json", "--out", &option[2..], option, value], dir.path());
        assert_eq!(summary["steps"], 3);
    }
    assert_eq!(json(&["train", "--steps", "0", "--json"], dir.path())["step_ms"], 0.0);
}

//! Counts that a user can type end with a line that says what to do, not with an abort or a wait.

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
    // 10¹² parameters, three times 4 bytes each: with ε = 0 there are no centres.
    refused_in_a_line(&train("64,1000000,1000000,10"), &["1,000,076,000,010 parameters", "10.9", "TiB", "can be had"]);
    refused_in_a_line(&train("64,99999999999,10"), &["7,499,999,999,935 parameters", "TiB"]);
    let most = usize::MAX.to_string();
    for layers in
        [format!("64,{most},10"), format!("64,{},10", usize::MAX / 64), format!("64,{},10", usize::MAX / 4096)]
    {
        refused_in_a_line(&train(&layers), &[]);
    }
}

/// A limit of this process is not in the system's numbers.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_may_not_be_taken_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let limited = |kibibytes: u32| {
        let command =
            format!("ulimit -v {kibibytes}; exec \"$0\" train --layers 64,8000,8000,10 --threads 1 --steps 0");
        let amc = Command::new("sh").args(["-c", &command, env!("CARGO_BIN_EXE_amc")]).current_dir(dir.path()).output();
        amc.expect("a shell")
    };
    // 64.6 million parameters, three times: 739 MiB, and what samples take.
    let output = limited(600_000);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("64,608,010 parameters") && stderr.contains("MiB") && stderr.lines().count() == 1,
        "{stderr}"
    );
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

//! What becomes of results and messages that nobody can take.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{amc, json};

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").expect("the device").into()
}

/// A pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

fn amc_with(args: &[&str], dir: &Path, stdout: Stdio, stderr: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amc"));
    command.args(args).current_dir(dir).stdout(stdout).stderr(stderr).output().expect("amc starts")
}

/// Every command that has results on stdout.
const RESULTS: [&[&str]; 7] = [
    &["info", "o/model.amc"],
    &["eval", "o/model.amc", "--data", "sine"],
    &["export", "o/model.amc", "--rust"],
    &["train", "--data", "sine", "--steps", "3", "--json"],
    &["--help"],
    &["train", "--help"],
    &["--version"],
];

fn trained() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    json(&["train", "--data", "sine", "--steps", "5", "--out", "o", "--json"], dir.path());
    dir
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_a_full_device_does_not_take_are_an_error_of_a_line() {
    let dir = trained();
    for args in RESULTS {
        let output = amc_with(args, dir.path(), full(), Stdio::piped());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        let line = stderr.lines().last().expect("a line");
        assert!(line.starts_with("amc: stdout cannot be written: No space left"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let dir = trained();
    for args in RESULTS {
        let output = amc_with(args, dir.path(), closed(), Stdio::piped());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
        assert!(args[0] == "train" || stderr.is_empty(), "{args:?}: {stderr}");
        assert!(!stderr.contains("stdout"), "{args:?}: {stderr}");
    }
}

#[test]
fn messages_that_nobody_can_read_stop_nothing() {
    let dir = trained();
    let device = if cfg!(target_os = "linux") { full } else { closed };
    for stderr in [closed, device] {
        let args = ["train", "--data", "sine", "--steps", "5", "--seed", "7", "--json"];
        let output = amc_with(&args, dir.path(), Stdio::piped(), stderr());
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
        for wrong in [&["info", "missing"][..], &["train", "--sigma", "x"], &["nonsense"]] {
            assert_eq!(amc_with(wrong, dir.path(), Stdio::piped(), stderr()).status.code(), Some(2), "{wrong:?}");
        }
    }
}

#[test]
fn help_and_version_are_results() {
    let dir = tempfile::tempdir().expect("a folder");
    for (args, words) in [("--help", "Usage: amc"), ("--version", "amc 0.")] {
        let output = amc(&[args], dir.path());
        let mut stdout = String::new();
        output.stdout.as_slice().read_to_string(&mut stdout).expect("UTF-8");
        assert!(output.status.success() && stdout.contains(words) && output.stderr.is_empty(), "{stdout}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_has_a_name_is_written_to() {
    let dir = trained();
    let source = amc(&["export", "o/model.amc", "--rust"], dir.path()).stdout;
    // Open for both, so that nobody waits: a pipe has room for these few kilobytes.
    let command = "mkfifo pipe && exec 3<>pipe && \"$0\" export o/model.amc --rust -o pipe && test -p pipe \
                   && head -c \"$1\" <&3";
    let args = ["-c", command, env!("CARGO_BIN_EXE_amc"), &source.len().to_string()];
    let output = Command::new("sh").args(args).current_dir(dir.path()).output().expect("a shell");
    assert!(output.status.success() && output.stdout == source, "{}", String::from_utf8_lossy(&output.stderr));
}

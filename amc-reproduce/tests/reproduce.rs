//! `amc-reproduce`: every figure in minutes, its claims checked; resuming; verdicts that fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use serde_json::Value;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fn reproduce(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amc-reproduce"))
        .args(args)
        .current_dir(dir)
        .output()
        .expect("amc-reproduce starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_figure_holds_in_minutes() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = reproduce(&["all", "--quick", "--check"], dir.path());
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    for shrunk in ["fig1: images \"digits\" instead of \"mnist\"", "fig6: epochs 6000 instead of 1000000"] {
        assert!(said.contains(shrunk), "{shrunk} is not said: {said}");
    }
    let figures =
        ["fig1", "fig2", "fig3", "fig4", "fig5", "fig5-pooled", "fig6", "fig6-modified", "fig7", "fig8", "population"];
    for figure in figures {
        let folder = dir.path().join(format!("runs/reproduce/{figure}-quick"));
        for name in [format!("{figure}.csv"), format!("{figure}.svg"), "result.json".into()] {
            assert!(fs::metadata(folder.join(&name)).expect(&name).len() > 200, "{figure}: {name}");
        }
        let result: Value = serde_json::from_slice(&fs::read(folder.join("result.json")).expect("read")).expect("JSON");
        assert!(result["quick"] == true && result["seconds"].as_f64() > Some(0.0), "{result}");
        let claims = result["claims"].as_array().expect("claims");
        assert!(!claims.is_empty(), "{figure}");
        for claim in claims {
            assert!(claim["holds"] == true && claim["what"].is_string() && claim["paper"].is_string(), "{claim}");
            assert!(!claim["ours"].is_null(), "{claim}");
        }
    }
}

fn runs(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("runs/reproduce/runs")).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths
}

#[test]
fn finished_runs_are_not_made_again_and_threads_change_no_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    let result = || fs::read(dir.path().join("runs/reproduce/fig3/fig3.csv")).expect("CSV");
    let made = |said: &str| said.lines().filter(|line| line.starts_with("fig3: rosenbrock")).count();
    let first = reproduce(&["fig3", "--seeds", "2", "--threads", "3"], dir.path());
    assert!(first.status.success());
    assert_eq!((made(&stderr(&first)), runs(dir.path()).len()), (6, 6), "{}", stderr(&first));
    let whole = result();
    assert_eq!(made(&stderr(&reproduce(&["fig3", "--seeds", "2"], dir.path()))), 0);
    // Interrupted: one run is missing, one is cut in its head, and one has the first of its curves alone.
    let [missing, cut, half, ..] = &runs(dir.path())[..] else { panic!("six runs") };
    fs::remove_file(missing).expect("removed");
    let text = fs::read(cut).expect("read");
    fs::write(cut, &text[..30]).expect("written");
    let text = fs::read_to_string(half).expect("read");
    let paths: String = text.split_inclusive('\n').filter(|line| !line.contains(",f,")).collect();
    assert!(paths.len() < text.len());
    fs::write(half, paths).expect("written");
    let again = reproduce(&["fig3", "--seeds", "2", "--threads", "1"], dir.path());
    assert_eq!(made(&stderr(&again)), 3, "{}", stderr(&again));
    assert!(result() == whole, "the same rows, whichever run was made when, on however many threads");
}

#[test]
fn a_figure_is_drawn_as_far_as_its_runs_go() {
    let dir = tempfile::tempdir().expect("a folder");
    let draw = |args: &[&str]| {
        let output = reproduce(&[&["fig3"], args].concat(), dir.path());
        assert!(output.status.success(), "{}", stderr(&output));
        let read = |name: &str| fs::read(dir.path().join("runs/reproduce/fig3").join(name)).expect(name);
        let result: Value = serde_json::from_slice(&read("result.json")).expect("JSON");
        (result, [read("fig3.csv"), read("fig3.svg")])
    };
    let (nothing, _) = draw(&["--so-far"]);
    assert_eq!((nothing["unfinished"].as_array().map(Vec::len), runs(dir.path()).len()), (Some(3), 0));
    let (whole, files) = draw(&[]);
    assert_eq!(draw(&["--so-far"]), (whole.clone(), files.clone()), "nothing is missing");
    assert_eq!(whole["unfinished"], Value::Null);
    fs::remove_file(&runs(dir.path())[0]).expect("removed");
    let (part, of_part) = draw(&["--so-far"]);
    assert_eq!(part["unfinished"].as_array().map(Vec::len), Some(1), "{part}");
    assert_eq!(part["claims"].as_array().map(Vec::len), Some(0), "no verdict: {part}");
    assert!(of_part[0].len() < files[0].len() && of_part[1] != files[1] && runs(dir.path()).len() == 2);
    assert_eq!(reproduce(&["fig3", "--so-far", "--check"], dir.path()).status.code(), Some(2));
}

/// All files below a folder by their paths there, without the times that runs took.
fn files(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).expect("read")).into_owned();
            let is_timed = |line: &&str| line.starts_with("# crc ") || line.starts_with("  \"seconds\": ");
            let timed = text.lines().find(is_timed).and_then(|line| line.split("seconds").nth(1)?.split(' ').nth(1));
            let text = timed.map_or(text.clone(), |time| text.replacen(time, "", 1));
            all.insert(path.strip_prefix(dir).expect("below it").to_path_buf(), text);
        }
    }
    all
}

/// A killed process does nothing more: whenever that is, the next goes on, and leaves what the unbroken one does.
#[test]
fn a_figure_killed_many_times_comes_to_what_the_unbroken_one_does() {
    const KILLS: u32 = 40;
    // Chains alone and together, which keep their places in different ways.
    const FIGURE: [&str; 4] = ["population", "--quick", "--seeds", "2"];
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let whole = reproduce(&[&FIGURE[..], &["--out", "whole", "--threads", "1"]].concat(), dir);
    assert!(whole.status.success(), "{}", stderr(&whole));
    let whole = files(&dir.join("whole"));
    assert_eq!(whole.len(), 3 + 3, "the figure's files and three runs");
    let (mut kills, mut ends, mut went_on) = (0, 0, 0);
    let mut rng = amc_core::Generator::seed_from_u64(1);
    // Where a machine is busy, nothing may have begun by then: the next are killed later.
    let mut latest_ms = 120;
    while kills < KILLS || ends == 0 {
        let out = format!("killed-{ends}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_amc-reproduce"));
        command.args(FIGURE).args(["--out", &out, "--threads", "2", "--checkpoint-every", "5ms"]).current_dir(dir);
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("amc-reproduce starts");
        if kills < KILLS {
            std::thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % latest_ms)));
            run.kill().expect("killed, or ended");
        }
        let ended = run.wait_with_output().expect("its end");
        if !ended.status.success() {
            assert_eq!(ended.status.code(), None, "{}", stderr(&ended));
            kills += 1;
            let is_kept = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "checkpoint");
            let goes_on = dir.join(&out).is_dir() && files(&dir.join(&out)).keys().any(is_kept);
            went_on += u32::from(goes_on);
            latest_ms += if goes_on { 0 } else { latest_ms / 3 };
            continue;
        }
        ends += 1;
        assert!(files(&dir.join(&out)) == whole, "after {kills} kills: {:?}", files(&dir.join(&out)).keys());
    }
    assert!(went_on > KILLS / 4, "{went_on} of {KILLS} kills left a run to go on with");
}

#[test]
fn check_fails_where_a_claim_does() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(reproduce(&["fig3", "--check"], dir.path()).status.success());
    // As if the largest epsilon never reached the minimum.
    let path =
        runs(dir.path()).into_iter().find(|path| path.to_string_lossy().contains("epsilon-0.1-")).expect("a run");
    let text = fs::read_to_string(&path).expect("text");
    let (head, csv) = text.split_once('\n').expect("a head");
    let stuck = csv.lines().map(|line| match line.split(",f,").collect::<Vec<_>>()[..] {
        [run, point] => format!("{run},f,{},5.0\n", point.split(',').next().unwrap_or_default()),
        _ => format!("{line}\n"),
    });
    let stuck: String = stuck.collect();
    let crc = |csv: &str| format!("# crc {:08x} ", CRC.checksum(csv.as_bytes()));
    let head = head.strip_prefix(&crc(csv)).expect("a checksum");
    fs::write(&path, format!("{}{head}\n{stuck}", crc(&stuck))).expect("written");
    let failed = reproduce(&["fig3", "--check"], dir.path());
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("does not hold"));
    assert!(reproduce(&["fig3"], dir.path()).status.success(), "without --check a verdict is no failure");
}

#[test]
fn bad_use_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    for (args, words) in [
        (&["fig3", "--seeds", "0"][..], &["--seeds is 0"][..]),
        (&["fig3", "--seeds", "18446744073709551615"], &["--seeds is 18446744073709551615", "from 1 to 10000"]),
        (&["fig3", "--threads", "1000000"], &["--threads", "from 1 to"]),
        (&["fig3", "--baseline-seeds", "0"], &["--baseline-seeds is 0"]),
        (&["fig3", "--threads", "0"], &["--threads"]),
        (&["fig9"], &["fig9", "fig3"]),
        (&["fig1", "--data-dir", "nowhere"], &["amc-fetch -- mnist", "nowhere"]),
    ] {
        let output = reproduce(args, dir.path());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        for word in words {
            assert!(stderr(&output).contains(word), "{args:?}: {word} is not in {}", stderr(&output));
        }
    }
}

fn bench(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amc-bench")).args(args).current_dir(dir).output().expect("amc-bench starts")
}

#[test]
fn the_bench_measures_the_cases_it_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = bench(&["sine-10", "--steps", "3", "--threads", "1", "--json"], dir.path());
    assert!(output.status.success(), "{}", stderr(&output));
    let measured: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    assert_eq!(measured["case"], "sine-10");
    assert_eq!(measured["parameters"], 141);
    for key in ["step_ms", "step_min_ms", "evaluation_ms", "gflops", "percent_of_peak"] {
        assert!(measured[key].as_f64().is_some_and(|number| number > 0.0), "{key} in {measured}");
    }
    for (args, words) in [
        (&["sine-11"][..], &["sine-11", "sine-1000"][..]),
        (&["sine-10", "--steps", "2"], &["--steps is 2", "3"]),
        (&["mnist", "--data-dir", "nowhere"], &["nowhere"]),
    ] {
        let refused = bench(args, dir.path());
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(words.iter().all(|word| stderr(&refused).contains(word)), "{args:?}: {}", stderr(&refused));
    }
}

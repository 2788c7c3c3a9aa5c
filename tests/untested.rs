//! What manifests say has no unit tests has none, and what they say has no examples: they would never run.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The source files below a folder, or the file itself.
fn sources(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_path_buf()] };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.is_dir() || path.extension().is_some_and(|of| of == "rs"))
        .flat_map(|path| sources(&path))
        .collect()
}

/// The sources of a target of a manifest, if it says `key = false`.
fn untested(folder: &Path, target: &str, key: &str) -> Vec<PathBuf> {
    if !target.lines().any(|line| line.strip_prefix(key) == Some(" = false")) {
        return Vec::new();
    }
    let of =
        |key: &str| target.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
    match (target.starts_with("[lib]"), of("path"), of("name")) {
        (true, None, _) => sources(&folder.join("src")),
        (_, Some(path), _) => sources(&folder.join(path)),
        (false, None, Some(name)) => sources(&folder.join(format!("src/bin/{name}.rs"))),
        (false, None, None) => panic!("a program without a name in {}", folder.display()),
    }
}

/// Sees to it that sources of targets that say `key = false` have nothing to run; gives how many there are.
fn have_none(key: &str, runs: fn(&str) -> bool) -> usize {
    let mut count = 0;
    for folder in fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path()) {
        // A firmware's have no place to run.
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        if manifest.contains("\n[workspace]") {
            continue;
        }
        let targets = manifest.split("\n\n").map(|section| section.trim_start_matches(|c| c != '['));
        let targets = targets.filter(|target| target.starts_with("[lib]") || target.starts_with("[[bin]]"));
        for source in targets.flat_map(|target| untested(&folder, target, key)) {
            count += 1;
            let text = fs::read_to_string(&source).unwrap();
            assert!(!runs(&text), "{}: what it has to run would not run", source.display());
        }
    }
    count
}

#[test]
fn what_is_not_tested_for_itself_has_no_unit_tests() {
    let count = have_none("test", |source| source.contains("#[test]"));
    assert!(count > 60, "only {count} files were found: the manifests are read wrongly");
}

#[test]
fn what_has_no_examples_that_run_has_none() {
    let count = have_none("doctest", |source| {
        let lines = source.lines().map(str::trim_start);
        let fences =
            lines.filter_map(|line| line.strip_prefix("///").or(line.strip_prefix("//!"))?.trim().strip_prefix("```"));
        fences.step_by(2).any(|of| !["toml", "text", "sh"].contains(&of))
    });
    assert!(count > 200, "only {count} files were found: the manifests are read wrongly");
}

//! Files of data sets: found where they were put, told from those of another set, unpacked as `gzip -d` does it.

use std::fs;
use std::path::Path;

use super::{amc, gzip, idx, json, mnist, refused};

const LABELS: &str = "train-labels-idx1-ubyte.gz";

/// Trains a few moves on a set.
fn hash(data: &str, dir: &Path) -> serde_json::Value {
    json(&["train", "--data", data, "--steps", "3", "--out", "o", "--json"], dir)["params_hash"].clone()
}

#[test]
fn each_set_has_a_folder_of_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, images) in [("mnist", 70), ("fashion-mnist", 71)] {
        let words =
            [&format!("data/{name}/train-images-idx3-ubyte")[..], "no such file", &format!("amc-fetch -- {name}")];
        refused(&["train", "--data", name], dir.path(), &words);
        let own = dir.path().join("data").join(name);
        fs::create_dir_all(&own).expect("made");
        mnist(&own, images);
    }
    assert_ne!(hash("mnist", dir.path()), hash("fashion-mnist", dir.path()));
}

#[test]
fn gzipped_files_are_read_to_their_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let own = dir.path().join("data/mnist");
    fs::create_dir_all(&own).expect("made");
    mnist(&own, 70);
    let whole = hash("mnist", dir.path());
    let labels: Vec<u8> = (0..70).map(|i| (i % 4) as u8).collect();
    let unpacked = idx(&[70], &labels);
    let (one, two) = unpacked.split_at(30);
    let halves = [gzip(one), gzip(two)].concat();
    let packed = fs::read(own.join(LABELS)).expect("read");
    let put = |bytes: &[&[u8]]| fs::write(own.join(LABELS), bytes.concat()).expect("written");
    for bytes in [&[&packed[..], &[0; 512]][..], &[&halves], &[&halves, &[0]]] {
        put(bytes);
        assert_eq!(hash("mnist", dir.path()), whole);
    }
    let refuse = |words: &[&str]| {
        let args = ["train", "--data", "mnist", "--out", "o"];
        refused(&args, dir.path(), &[&[LABELS], words].concat());
    };
    put(&[&packed, b"garbage"]);
    refuse(&["something else follows"]);
    put(&[&packed, &[0; 5], b"garbage"]);
    refuse(&["something else follows"]);
    put(&[&packed, &gzip(b"more")]);
    refuse(&["70 bytes", "71"]);
    put(&[b"no gzip file"]);
    refuse(&[]);
}

#[test]
fn the_options_say_where_files_are_looked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    for (command, folder) in [("train", "data/fashion-mnist"), ("eval", "data/fashion-mnist")] {
        let help = String::from_utf8(amc(&[command, "--help"], dir.path()).stdout).expect("UTF-8");
        assert!(help.split_whitespace().any(|word| word.trim_matches(&['[', ']'][..]) == folder), "{help}");
    }
}

//! `amc export` and `amc import` as a user meets them: from a model file to a device's source, and from its flash back.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective};
use amc_store::model::Model;
use amc_store::snapshot::Snapshot;
use amc_store::{Arithmetic, model};
use rand_core::SeedableRng;

const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Relu), Layer::dense(2, Activation::Softmax)]);
const N: usize = NET.parameters();
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);

fn amc(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amc")).args(args).current_dir(dir).output().expect("amc starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(bytes).to_le_bytes()
}

/// A slot of a store, as its documentation has it.
fn slot(generation: u64, blob: &[u8]) -> Vec<u8> {
    let length = (blob.len() as u32).to_le_bytes();
    let mut bytes = [b"AMCSAVED", &generation.to_le_bytes()[..], &length, &blob[blob.len() - 4..], &[0; 4]].concat();
    bytes.extend(crc(&bytes));
    bytes.extend(blob);
    bytes
}

fn a_model(value: f32) -> Vec<u8> {
    let kept = Model { objective: OBJECTIVE, arithmetic: Arithmetic::Portable, parameters: &[value; N] };
    let mut bytes = vec![0; model::length_limit(&NET)];
    let length = kept.write(&mut bytes).expect("written");
    bytes.truncate(length);
    bytes
}

fn a_chain(value: f32, objective: Option<Objective<'_>>) -> Vec<u8> {
    let (mut x, mut proposed) = ([value; N], [0.0; N]);
    let memory = Memory::new(&mut x, &mut proposed);
    let chain = Chain::new(memory, Options::new(0.1), Generator::seed_from_u64(1), 1.0).expect("a chain");
    let mut snapshot = Snapshot::of(&chain, Arithmetic::Fused).expect("a state");
    if let Some(objective) = objective {
        snapshot = snapshot.objective(objective);
    }
    let mut bytes = vec![0; 4096];
    let length = snapshot.write(&mut bytes).expect("written");
    bytes.truncate(length);
    bytes
}

/// Flash memory with these bytes at these places, erased or garbage elsewhere.
fn dump(parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..4096).map(|at| if at < 1024 { (at * 37) as u8 } else { 0xff }).collect();
    for (at, part) in parts {
        bytes[*at..][..part.len()].copy_from_slice(part);
    }
    bytes
}

/// The parameters that are imported, all alike, or what is said instead.
fn import(dump: &[u8], more: &[&str]) -> Result<(f32, String), String> {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("flash.bin"), dump).expect("written");
    let output = amc(&[&["import", "flash.bin", "--model", "m.amc"], more].concat(), dir.path());
    match fs::read(dir.path().join("m.amc")) {
        Ok(bytes) => {
            assert!(output.status.success());
            let stored = model::Stored::parse(&bytes).expect("a model");
            stored.check(&OBJECTIVE).expect("the net");
            let x = stored.parameters().next().expect("a parameter");
            assert!(stored.parameters().eq([x; N]));
            Ok((x, stderr(&output)))
        }
        Err(_) => {
            assert_eq!(output.status.code(), Some(2));
            assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1, "something is left");
            Err(stderr(&output))
        }
    }
}

#[test]
fn the_newest_save_of_a_dump_is_imported() {
    let (old, new) = (slot(7, &a_model(1.5)), slot(8, &a_chain(2.5, Some(OBJECTIVE))));
    let (got, said) = import(&dump(&[(1024, &old), (2051, &new)]), &[]).expect("imported");
    assert_eq!(got, 2.5);
    assert!(said.contains("0x400: save 7, a model") && said.contains("0x803: save 8, a chain"), "{said}");
    assert_eq!(import(&dump(&[(1024, &new), (2048, &old)]), &[]).expect("imported").0, 2.5);
    for at in ["0x400", "1024"] {
        assert_eq!(import(&dump(&[(1024, &old), (2051, &new)]), &["--at", at]).expect("imported").0, 1.5);
    }
}

#[test]
fn a_save_that_is_not_whole_is_passed_over() {
    let (old, mut new) = (slot(7, &a_chain(1.5, Some(OBJECTIVE))), slot(8, &a_model(2.5)));
    new[60] ^= 1;
    assert_eq!(import(&dump(&[(1024, &old), (2048, &new)]), &[]).expect("imported").0, 1.5);
    let cut = &slot(8, &a_model(2.5))[..40];
    assert_eq!(import(&[&old, cut].concat(), &[]).expect("imported").0, 1.5);
}

#[test]
fn dumps_that_hold_nothing_are_refused() {
    let refused = |dump: &[u8], more: &[&str], words: &str| {
        let said = import(dump, more).expect_err("nothing is imported");
        assert!(said.contains("flash.bin") && said.contains(words), "{said}");
    };
    refused(&[], &[], "no whole save in these 0 bytes");
    refused(&dump(&[]), &[], "no whole save in these 4096 bytes");
    refused(&dump(&[(1024, &slot(1, &a_model(1.0)))]), &["--at", "1028"], "no save at 0x404");
    refused(&dump(&[(1024, &slot(1, &a_chain(1.0, None)))]), &[], "without its net");
    let mut later = a_model(1.0);
    later[8] = 9;
    let end = later.len() - 4;
    let sum = crc(&later[..end]);
    later[end..].copy_from_slice(&sum);
    refused(&dump(&[(1024, &slot(1, &later))]), &[], "model of version 9");
    let dir = tempfile::tempdir().expect("a folder");
    let output = amc(&["import", "nowhere.bin", "--model", "m.amc"], dir.path());
    assert!(output.status.code() == Some(2) && stderr(&output).contains("nowhere.bin"));
}

#[test]
fn a_model_file_is_exported_as_rust() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("m.amc"), a_model(0.1)).expect("written");
    let printed = amc(&["export", "m.amc", "--rust"], dir.path());
    let source = String::from_utf8(printed.stdout).expect("UTF-8");
    for line in [
        "pub const NET: Net<'static> = Net::new(2, &[",
        "    Layer::dense(3, Activation::Relu),",
        "    Layer::dense(2, Activation::Softmax),",
        "pub const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);",
        "pub static PARAMETERS: [f32; NET.parameters()] = [",
    ] {
        assert!(source.lines().any(|of| of == line), "{line} is not in {source}");
    }
    assert_eq!(source.matches(" 0.1,").count(), N);
    assert!(amc(&["export", "m.amc", "--rust", "-o", "net.rs"], dir.path()).status.success());
    assert_eq!(fs::read_to_string(dir.path().join("net.rs")).expect("read"), source);
    let unsaid = amc(&["export", "m.amc"], dir.path());
    assert!(unsaid.status.code() == Some(2) && stderr(&unsaid).contains("--rust"));
    fs::write(dir.path().join("m.amc"), &a_model(0.1)[..50]).expect("written");
    let cut = amc(&["export", "m.amc", "--rust", "-o", "none.rs"], dir.path());
    assert!(cut.status.code() == Some(2) && stderr(&cut).contains("checksum") && !dir.path().join("none.rs").exists());
}

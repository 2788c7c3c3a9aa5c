//! `amc export` and `amc import` as a user meets them: from a model file to a device's source, and from its flash back.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Output};

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective};
use amc_store::flash::{Blocking, Store};
use amc_store::model::Model;
use amc_store::snapshot::Snapshot;
use amc_store::{Arithmetic, model};
use embassy_futures::block_on;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use rand_core::SeedableRng;

const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Relu), Layer::dense(2, Activation::Softmax)]);
const N: usize = NET.parameters();
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::CrossEntropy);
const PORTABLE: Arithmetic = Arithmetic::Portable;

fn amc(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_amc")).args(args).current_dir(dir).output().expect("amc starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn a_model(value: f32) -> Vec<u8> {
    let parameters = [value; N];
    let kept = Model::new(OBJECTIVE, Arithmetic::Portable, &parameters);
    let mut bytes = vec![0; model::length_limit(&NET)];
    let length = kept.write(&mut bytes).expect("written");
    bytes.truncate(length);
    bytes
}

fn a_chain<'a>(x: &'a mut [f32], proposed: &'a mut [f32]) -> Chain<'a, Generator> {
    let memory = Memory::new(x, proposed);
    Chain::new(memory, Options::new(0.1), Generator::seed_from_u64(1), 1.0).expect("a chain")
}

/// A chip.
struct Flash<const PAGE: usize, const WORD: usize>(Vec<u8>);

impl<const PAGE: usize, const WORD: usize> ErrorType for Flash<PAGE, WORD> {
    type Error = NorFlashErrorKind;
}

impl<const PAGE: usize, const WORD: usize> ReadNorFlash for Flash<PAGE, WORD> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl<const PAGE: usize, const WORD: usize> NorFlash for Flash<PAGE, WORD> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        self.0[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        self.0[offset as usize..].iter_mut().zip(bytes).for_each(|(to, byte)| *to &= byte);
        Ok(())
    }
}

/// A device's flash: erased, but for a program in the first 8 KiB.
fn flash() -> Vec<u8> {
    (0..65536).map(|at| if at < 8192 { (at * 37) as u8 } else { 0xff }).collect()
}

/// The flash after some more saves to a region of it: models of these values, and chains of the negative ones.
fn saved<const PAGE: usize, const WORD: usize>(flash: Vec<u8>, region: Range<u32>, values: &[f32]) -> Vec<u8> {
    let mut store = Store::new(Blocking(Flash::<PAGE, WORD>(flash)), region, 40).expect("a store");
    let mut buffer = [0; 1024];
    for &value in values {
        let saved = if value > 0.0 {
            let parameters = &[value; N];
            block_on(store.save_model(&mut buffer, &Model::new(OBJECTIVE, PORTABLE, parameters)))
        } else {
            let (mut x, mut proposed) = ([value; N], [0.0; N]);
            let chain = a_chain(&mut x, &mut proposed);
            let snapshot = Snapshot::of(&chain, Arithmetic::Fused).expect("a state");
            let snapshot = if value > -9.0 { snapshot.objective(OBJECTIVE) } else { snapshot };
            block_on(store.save_chain(&mut buffer, &snapshot))
        };
        saved.expect("saved");
    }
    store.into_flash().0.0
}

#[test]
fn a_flash_keeps_what_scales_a_model_and_loads_its_parameters() {
    let mut store = Store::new(Blocking(Flash::<4096, 4>(vec![0xff; 65536])), 0..65536, 40).expect("a store");
    let (mut buffer, x, inputs) = ([0; 1024], [0.25; N], [[1.0, 2.0], [-3.0, 0.5]]);
    let scaling = model::Scaling { inputs: &inputs, outputs: &[] };
    let kept = Model { scaling, notes: b"of a table", ..Model::new(OBJECTIVE, PORTABLE, &x) };
    block_on(store.save_model(&mut buffer, &kept)).expect("saved");
    let mut loaded = [0.0; N];
    assert_eq!(block_on(store.load_model(&mut buffer, &OBJECTIVE, &mut loaded)), Ok(Some(PORTABLE)));
    assert_eq!(loaded, x);
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

const REGION: &str = "--region=0x8000..0xc000";

#[test]
fn the_newest_save_of_a_dump_is_imported() {
    let dump = saved::<4096, 4>(flash(), 0x8000..0xc000, &[0.5, 1.5, -2.5]);
    let (got, said) = import(&dump, &[REGION]).expect("imported");
    assert_eq!(got, -2.5);
    assert!(said.contains("save 3: a chain") && said.contains("save 2: a model"), "{said}");
    assert_eq!(import(&dump, &[REGION, "--save", "2"]).expect("imported").0, 1.5);
    // The region alone, and numbers of either kind.
    assert_eq!(import(&dump[0x8000..0xc000], &[]).expect("imported").0, -2.5);
    assert_eq!(import(&dump, &["--region", "32768..0xc000", "--page-size=0x1000"]).expect("imported").0, -2.5);
}

#[test]
fn every_size_of_words_and_pages_is_read() {
    fn check<const PAGE: usize, const WORD: usize>() {
        let region = 6 * PAGE;
        for saves in 1..8 {
            let values: Vec<_> = (1..=saves).map(|save| save as f32).collect();
            let dump = saved::<PAGE, WORD>(vec![0xff; region], 0..region as u32, &values);
            let found = amc_dump::saves(&dump, PAGE, WORD).expect("read");
            let numbers: Vec<_> = found.iter().map(|save| save.generation).collect();
            assert_eq!(numbers, (1..=saves).rev().take(2).collect::<Vec<_>>(), "{PAGE}, {WORD}");
            assert!(found.iter().all(|save| save.blob == a_model(save.generation as f32)), "{PAGE}, {WORD}");
            assert!(amc_dump::geometries(&dump).any(|sizes| sizes == (PAGE, WORD, saves)), "{PAGE}, {WORD}");
        }
    }
    check::<256, 1>();
    check::<1024, 2>();
    check::<1024, 4>();
    check::<2048, 8>();
    check::<8192, 16>();
    check::<131072, 32>();
}

#[test]
fn a_save_that_is_not_whole_is_passed_over() {
    let old = saved::<4096, 4>(flash(), 0x8000..0xc000, &[0.5, 1.5]);
    let mut new = saved::<4096, 4>(old.clone(), 0x8000..0xc000, &[2.5]);
    let changed = (0..old.len()).filter(|at| old[*at] != new[*at]).nth(40).expect("written");
    new[changed] ^= 1;
    let (got, said) = import(&new, &[REGION]).expect("imported");
    assert!(got == 1.5 && !said.contains("save 3"), "{said}");
}

#[test]
fn dumps_that_hold_nothing_are_refused() {
    let refused = |dump: &[u8], more: &[&str], words: &str| {
        let said = import(dump, more).expect_err(&format!("{more:?}: nothing is imported"));
        assert!(said.contains("flash.bin") && said.contains(words), "{said}");
    };
    let region = 0x8000..0xc000;
    let dump = saved::<4096, 4>(flash(), region.clone(), &[1.0]);
    refused(&[], &[], "0 bytes are not the region of a store");
    refused(&flash(), &[], "no whole save in 0x0..0x10000");
    refused(&dump, &["--region=0x4000..0x8000"], "which has to be the store's region");
    refused(&dump, &["--region=0x8000..0x9000"], "4096 bytes are not the region of a store: 4 or more pages");
    refused(&dump, &["--region=0x8000..0x18000"], "not within its 65536 bytes");
    refused(&dump, &["--region=0xc000..0x8000"], "not within its 65536 bytes");
    refused(&dump, &[REGION, "--save", "7"], "there is no save 7");
    let small_pages = saved::<256, 4>(flash(), region.clone(), &[1.0; 300]);
    refused(&small_pages, &[REGION], " or --page-size 256 --word-size 4");
    refused(&dump, &[REGION, "--word-size=8"], "--page-size 4096 --word-size 4\n");
    refused(&dump, &[REGION, "--word-size=3"], "[1, 2, 4, 8, 16, 32]");
    for size in ["0", "12", "4095", "262144"] {
        refused(&dump, &[REGION, "--page-size", size], &format!("pages of {size} bytes"));
    }
    refused(&saved::<4096, 4>(flash(), region, &[-9.5]), &[REGION], "without its net");
    let dir = tempfile::tempdir().expect("a folder");
    let output = amc(&["import", "nowhere.bin", "--model", "m.amc"], dir.path());
    assert!(output.status.code() == Some(2) && stderr(&output).contains("nowhere.bin"));
    let output = amc(&["import", "nowhere.bin", "--model", "m.amc", "--region", "1-2"], dir.path());
    assert!(output.status.code() == Some(2) && stderr(&output).contains("FROM..TO"));
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

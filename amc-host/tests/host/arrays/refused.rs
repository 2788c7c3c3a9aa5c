//! Files of arrays that are refused: with the file, the array and what was wanted, and never with a panic.

use std::fs;
use std::io::Write;

use amc_host::data::table::{Table, Written};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::files::{Packed, floats, ints, npy, npz, savez_compressed, written, zip};
use super::{plain, prepared};
use crate::cli::amc;

fn x() -> Vec<u8> {
    floats(&[20, 2], (0..40).map(f64::from))
}

fn y() -> Vec<u8> {
    ints(&[20], (0..20).map(|i| i % 2))
}

#[test]
fn arrays_that_are_none_are_refused_by_name() {
    let refuse = |name: &str, bytes: &[u8], words: &[&str]| {
        let told = prepared(name, bytes, &plain()).map(|prepared| prepared.report).expect_err(name);
        assert!(told.starts_with(&format!("/{name}: ")), "{told}");
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    };
    let x = x();
    refuse("X.npy", b"", &["begins with []", "numpy saves"]);
    refuse("X.npy", b"1,2\n3,4\n", &["begins with [31, 2c"]);
    refuse("X.npy", &x[..7], &["header", "ends within"]);
    refuse("X.npy", &x[..40], &["header", "ends within"]);
    refuse("X.npy", &[b"\x93NUMPY\x04\x00", &x[8..]].concat(), &["version"]);
    for length in [b"\xff\xff\xff\x7f", b"\x01\x00\x01\x00"] {
        refuse("X.npy", &[b"\x93NUMPY\x02\x00", &length[..], &x[8..]].concat(), &["longer than 64 KiB"]);
    }
    refuse("X.npy", &[b"\x93NUMPY\x02\x00\x00\x00\x01\x00", &x[8..]].concat(), &["ends within"]);
    refuse("X.npy", &x[..x.len() - 1], &["320 bytes, of shape (20, 2)", "319 are there"]);
    refuse("X.npy", &[&x[..], b"\0"].concat(), &["320 bytes", "321 are there"]);
    refuse("X.npy", &written("{'descr': '<f8'}", b""), &["descr, fortran_order and shape"]);
    refuse("X.npy", &npy("|O", &[20], b""), &["Python objects", "pickled", "are read"]);
    refuse("X.npy", &npy("<c16", &[20, 1], &[0; 320]), &["complex"]);
    refuse("X.npy", &npy("<f8", &[], &[0; 8]), &["shape is ()", "a single value"]);
    for shape in [&[0, 3][..], &[3, 0], &[3, 0, usize::MAX]] {
        refuse("X.npy", &npy("<f8", shape, b""), &["it is empty"]);
    }
    refuse("X.npy", &npy("<f8", &[usize::MAX / 2, usize::MAX / 2], b""), &["more than a machine can count"]);
    // numpy has no more, and each is looked at for every column.
    refuse("X.npy", &npy("<f8", &[1; 65], &[0; 8]), &["more than 64 dimensions"]);
    refuse("X.npy", &npy("<f8", &[1; 64], b""), &["8 bytes", "0 are there"]);
    // 2⁵⁰, or 2²⁵ with 32 bits.
    let many = 1 << (usize::BITS * 25 / 32);
    let announced = format!("{} bytes", many * 16);
    refuse("X.npy", &npy("<f8", &[many, 2], b""), &[&announced, "0 are there"]);
    let field =
        |of: &str| written(&format!("{{'descr': [('a', {of})], 'fortran_order': False, 'shape': (20,), }}"), b"");
    refuse("X.npy", &field("'|O'"), &["field \"a\"", "Python objects"]);
    refuse("X.npy", &field("'<f4', (3,)"), &["field \"a\""]);

    // In an archive the array is named.
    let x_is = |bytes: &[u8]| savez_compressed(&[("X", bytes), ("y", &y())]);
    refuse("d.npz", &x_is(&x[..x.len() - 1]), &["/d.npz: X: ", "320 bytes", "319 are there"]);
    refuse("d.npz", &x_is(&[&x[..], &[0; 9]].concat()), &["/d.npz: X: ", "320 bytes", "more are there"]);
    refuse("d.npz", &x_is(b"text"), &["/d.npz: X: ", "begins with"]);
    refuse("d.npz", &x_is(&npy("|O", &[20], b"\x80pickle")), &["/d.npz: X: ", "Python objects"]);
    refuse("d.npz", &x_is(&npy("<f8", &[many, 2], b"")), &["/d.npz: X: ", &announced]);
    refuse("d.npz", b"", &["no whole zip file"]);
    let whole = npz(&[("X", &x), ("y", &y())]);
    refuse("d.npz", &whole[..whole.len() - 30], &["no whole zip file"]);
    let packed = |of: Packed| zip(&[of, Packed::stored("y.npy", &y())]);
    let stored = || Packed::stored("X.npy", &x);
    refuse("d.npz", &packed(Packed { crc: 7, ..stored() }), &["/d.npz: X"]);
    refuse("d.npz", &packed(Packed { flags: 1, ..stored() }), &["/d.npz: X: ", "encrypted"]);
    refuse("d.npz", &packed(Packed { method: 14, ..stored() }), &["/d.npz: X: ", "another method"]);
    refuse("d.npz", &packed(Packed { method: 8, ..stored() }), &["/d.npz: X"]);
    refuse("d.npz", &zip(&[stored(), stored()]), &["two arrays called X"]);
    // As a spreadsheet is.
    refuse(
        "d.xlsx",
        &zip(&[Packed::stored("xl/workbook.xml", b"<xml/>")]),
        &["which array has the features", "no arrays"],
    );
}

/// A gigabyte of zeros is packed to a megabyte.
#[test]
fn archives_that_are_unpacked_to_far_more_are_refused() {
    let gigabyte = |more: usize| npy("|u1", &[(1 << 20) + more, 1 << 10], b"");
    let told = |x: &[u8], y: &[u8]| {
        prepared("d.npz", &savez_compressed(&[("X", x), ("y", y)]), &plain()).map(|_| ()).expect_err("refused")
    };
    let words = "/d.npz: X: the header announces 1073742848 bytes: arrays that come to more than 64 times their file and to more than 1024 MiB";
    assert!(told(&gigabyte(1), &y()).starts_with(words), "{}", told(&gigabyte(1), &y()));
    // As much in several, of which one has no rows that it announces.
    let (x, half) = (npy("|u1", &[1 << 20, 8], &vec![0; 8 << 20]), npy("|u1", &[1 << 20, 1020], b""));
    let words = "/d.npz: y: the header announces 1069547520 bytes: arrays that come to more than";
    assert!(told(&x, &half).starts_with(words), "{}", told(&x, &half));
    // Up to there zeros are read, however small they are packed.
    let told = told(&gigabyte(0), &y());
    assert!(told.contains("1073741824 bytes, of shape (1048576, 1024), but 0 are there"), "{told}");
    let zeros = npy("|u1", &[1 << 14, 1 << 11], &vec![0; 32 << 20]);
    let file = savez_compressed(&[("X", &zeros), ("y", &ints(&[1 << 14], (0..1 << 14).map(|i| i % 2)))]);
    assert!(file.len() < zeros.len() / 100, "{}", file.len());
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("d.npz"), file).expect("written");
    let table = Table::read(&dir.path().join("d.npz"), Written::default(), &[]).expect("a table");
    assert_eq!(table.rows(), 1 << 14);
}

#[test]
fn arrays_that_cannot_be_told_apart_are_listed() {
    let (x, y) = (x(), y());
    let refuse = |arrays: &[(&str, &[u8])], words: &[&str]| {
        let told = prepared("d.npz", &npz(arrays), &plain()).map(|prepared| prepared.report).expect_err("refused");
        assert!(words.iter().all(|word| told.contains(word)), "{words:?}: {told}");
    };
    refuse(&[("one", &x), ("other", &y)], &["which array has the features", "one (20, 2) float64, other (20,) int64"]);
    refuse(&[("X", &x), ("outcome", &y)], &["which array has the targets", "outcome", "y, target or labels"]);
    refuse(&[("X", &x), ("data", &x), ("y", &y)], &["X, data may each be the features"]);
    refuse(&[("X", &x), ("y", &y), ("Labels", &y)], &["y, Labels may each be the targets"]);
    refuse(&[("X", &x), ("X_test", &x), ("y", &y)], &["X, X_test may each"]);
    refuse(
        &[("X_train", &x), ("X_test", &x), ("y_train", &y)],
        &["features are in X_train and X_test, targets in y_train"],
    );
    let short = ints(&[19], 0..19);
    refuse(&[("X", &x), ("y", &short)], &["y has 19 rows, where X has 20"]);
    let wide = floats(&[20, 3], (0..60).map(f64::from));
    refuse(
        &[("X_train", &x), ("y_train", &y), ("X_test", &wide), ("y_test", &y)],
        &["X_test has 3 numbers a row, where X_train has 2"],
    );
    // Beside what is no column, the last column of the only array is the target, as in any table.
    let told = prepared("d.npz", &npz(&[("X", &x), ("version", &ints(&[1], 0..1))]), &plain()).expect("a table").report;
    assert!(told.iter().any(|line| line.contains("column 2, the last column")), "{told:?}");
}

/// Whichever byte is another.
#[test]
fn damaged_files_never_panic() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("d.npz");
    let small = [("X", npy("|u1", &[3, 2], &[1, 2, 3, 4, 5, 6])), ("y", npy("<U1", &[3], &[97, 0, 0, 0].repeat(3)))];
    let small = small.each_ref().map(|(name, bytes)| (*name, &**bytes));
    for whole in [npz(&small), savez_compressed(&small), small[1].1.to_vec()] {
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= [0xff, 1][at % 2];
            fs::write(&path, &bytes).expect("written");
            let read = Table::read(&path, Written::default(), &[]);
            refused += usize::from(read.is_err());
            if let Ok(table) = read {
                assert!((0..table.width()).all(|column| table.column(column).count() == table.rows()));
            }
        }
        assert!(refused > whole.len() / 3, "{refused} of {}", whole.len());
        for length in (0..whole.len()).step_by(7) {
            fs::write(&path, &whole[..length]).expect("written");
            assert!(Table::read(&path, Written::default(), &[]).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn refusals_are_a_line_and_exit_code_2() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("d.npz"), npz(&[("X", &x()), ("y", &npy("|O", &[20], b""))])).expect("written");
    fs::write(dir.path().join("X.npy"), x()).expect("written");
    for (args, word) in [
        (&["train", "--data", "d.npz"][..], "d.npz: y: elements of type \"|O\""),
        (&["train", "--data", "X.npy,none.npy"], "none.npy"),
        (&["train", "--data", "X.npy,X.npy,X.npy"], "X.npy"),
        (&["train", "--data", "X.npy", "--target", "y.npy"], "--data X.npy,y.npy"),
    ] {
        let output = amc(args, dir.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().last().unwrap_or_default();
        assert!(output.status.code() == Some(2) && last.contains(word) && !stderr.contains("panicked"), "{stderr}");
        assert!(!dir.path().join("runs").exists());
    }
}

/// A gigabyte of zeros in a megabyte: what there is not the memory for is not read to its end.
#[cfg(target_os = "linux")]
#[test]
fn what_unpacks_to_more_than_there_is_memory_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let rows = 1000 << 20;
    encoder.write_all(&npy("|u1", &[rows, 1], b"")).expect("packed");
    encoder.flush().expect("packed");
    encoder.write_all(&[0; 1 << 20]).expect("packed");
    encoder.flush().expect("packed");
    let before = encoder.get_ref().len();
    encoder.write_all(&[0; 1 << 20]).expect("packed");
    encoder.flush().expect("packed");
    // Blocks that end at a byte, each of the same zeros after zeros.
    let block = encoder.get_ref()[before..].to_vec();
    let bytes = [encoder.get_ref().clone(), block.repeat(998), vec![3, 0]].concat();
    let bomb = Packed { name: "X.npy".into(), flags: 0, method: 8, bytes, crc: 0, size: rows as u32 };
    fs::write(dir.path().join("d.npz"), zip(&[bomb])).expect("written");
    let command = "ulimit -v 600000; exec \"$0\" train --data d.npz --threads 1";
    let run = std::process::Command::new("sh")
        .args(["-c", command, env!("CARGO_BIN_EXE_amc")])
        .current_dir(dir.path())
        .output();
    let output = run.expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let words = ["d.npz: X", "MiB of memory", "can be had"];
    assert!(words.iter().all(|word| stderr.contains(word)) && stderr.lines().count() == 1, "{stderr}");
}

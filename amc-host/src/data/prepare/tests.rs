//! What ranks have of a table, beside what one process has: pieces are short here.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use amc_engine::data::{Data, OwnedTargets, Set};
use amc_engine::ranks::{Team, Together};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Missing, Options, PrepareError, Prepared, load_beside, load_known};
use crate::data::normalise::Normalise;
use crate::data::schema::Schema;
use crate::data::split::Split;
use crate::data::table::{Pieces, TableError, Written};
use crate::data::target::Task;
use crate::data::window::Window;

const ROWS: usize = 160;

/// A table: an index, two columns of numbers of which the second has holes, one of texts, a group, and a class or a number to find.
fn table(row_of_names: bool, comma: char, is_whole: bool) -> String {
    let mut text = String::new();
    if row_of_names {
        text += "id,length,\"width, or so\",colour,room,class\n";
    }
    for row in 0..ROWS {
        let hole = !is_whole && row % 29 == 3;
        let width = if hole { "NA".to_string() } else { format!("{:.3}", (row * 37 % 101) as f64 / 7.0 - 3.0) };
        let colour = ["red", "\"dark\nblue\"", "green"][row * row % 7 % 3];
        let class = ["a", "b", "c"][(row / 3 + row % 5) % 3];
        let length = 1e4 + (row * 53 % 997) as f64 / 13.0;
        writeln!(text, "{row},{length},{width},{colour},{},{class}", row / 16).expect("a text");
    }
    if comma == ',' { text } else { text.replace(',', &comma.to_string()).replace('\n', "\r\n") }
}

/// What each of so many ranks has, by itself: none talks to another.
fn on_ranks(count: usize, work: impl Fn(Option<&Arc<Team>>) -> Result<Prepared, PrepareError>) -> Vec<Prepared> {
    Together::teams(count).iter().map(|team| work(Some(team)).expect("a part")).collect()
}

/// Features and targets of each sample.
fn samples(set: &Set) -> Vec<(Vec<u32>, Vec<u32>)> {
    let inputs: Vec<u32> = set.inputs().map(f32::to_bits).collect();
    let (targets, width): (Vec<u32>, _) = match set.targets() {
        OwnedTargets::Classes(classes) => (classes.iter().map(|class| u32::from(*class)).collect(), 1),
        OwnedTargets::Values(values, width) => (values.iter().map(|y| y.to_bits()).collect(), *width),
    };
    let rows = inputs.chunks(set.width()).zip(targets.chunks(width));
    rows.map(|(x, y)| (x.to_vec(), y.to_vec())).collect()
}

/// Checks that ranks have the samples of one process, each of them once, and know all that it knows.
fn compare(what: &str, work: impl Fn(Option<&Arc<Team>>) -> Result<Prepared, PrepareError>) {
    let whole = work(None).expect("a table");
    for count in [1, 3] {
        let parts = on_ranks(count, &work);
        for part in &parts {
            assert_eq!(part.schema, whole.schema, "{what}, {count} ranks");
            assert_eq!(part.report, whole.report, "{what}, {count} ranks");
        }
        let sets = |data: &Data| [Some(data.train.clone()), data.test.clone()];
        for (at, wanted) in sets(&whole.data).into_iter().enumerate() {
            let of_ranks: Vec<_> = parts.iter().map(|part| sets(&part.data)[at].clone()).collect();
            let Some(wanted) = wanted else {
                assert!(of_ranks.iter().all(Option::is_none), "{what}");
                continue;
            };
            let wanted_samples = samples(&wanted);
            for own in of_ranks.into_iter().flatten() {
                let share = own.share().expect("a share");
                assert_eq!((share.samples(), own.outputs()), (wanted.len(), wanted.outputs()), "{what}, {count} ranks");
                assert_eq!(own.checksum(), wanted.checksum(), "{what}, {count} ranks: another checksum");
                let held: Vec<_> = share.ranges().flatten().map(|at| wanted_samples[at].clone()).collect();
                assert_eq!(samples(&own), held, "{what}, rank {} of {count}", share.team().rank());
            }
        }
    }
}

fn written(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> std::path::PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("written");
    path
}

#[test]
fn a_rank_has_its_part_of_a_text_with_the_scale_and_the_parts_of_all() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let whole = written(dir, "whole.csv", table(true, ',', true));
    let holes = written(dir, "holes.csv", table(true, ',', false));
    let tabs = written(dir, "holes.tsv", table(true, '\t', false));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut packed, table(false, ';', false).as_bytes()).expect("packed");
    let packed = written(dir, "holes.csv.gz", packed.finish().expect("packed"));
    let load = |path: &Path, options: Options| {
        let path = path.to_path_buf();
        move |team: Option<&Arc<Team>>| load_beside(&[], &path, &options, team)
    };
    let last = Options { split: Split::Last, ..Options::default() };
    compare("plain", load(&whole, Options::default()));
    compare("balanced", load(&whole, Options { balance: true, normalise: Normalise::MinMax, ..Options::default() }));
    compare("groups", load(&whole, Options { split: Split::Group("room".into()), ..Options::default() }));
    compare("filled", load(&tabs, Options { missing: Missing::Mean, ..Options::default() }));
    compare(
        "packed",
        load(&packed, Options { missing: Missing::Mean, normalise: Normalise::Off, ..Options::default() }),
    );
    compare("left out", load(&holes, Options { missing: Missing::Drop, ..Options::default() }));
    compare("windows", load(&whole, Options { window: Window { rows: 7, stride: 3 }, ..last.clone() }));
    let numbers =
        Options { targets: vec!["length".into(), "3".into()], task: Some(Task::Regress), ..Options::default() };
    compare("numbers", load(&whole, numbers));
    compare("another to test with", load(&whole, Options { test: Some(whole.clone()), ..Options::default() }));
    let test = Options { test: Some(holes.clone()), missing: Missing::Drop, ..Options::default() };
    compare("another to test with, some left out", load(&holes, test));
    // As R writes it, with spaces; the delimiter is told.
    let spaced = written(
        dir,
        "spaced.txt",
        format!("x y\n{}", (0..200).map(|i| format!("r{i}  {} {}\n", i * i % 17, i % 2)).collect::<String>()),
    );
    compare("of R", load(&spaced, Options { ignored: vec!["1".into()], ..Options::default() }));
    let delimiter = Some(crate::data::table::dialect::Delimiter::Character(','));
    compare("told", load(&whole, Options { written: Written { delimiter, header: Some(true) }, ..Options::default() }));
    let classes = ["c", "d"].map(String::from);
    compare("beside other classes", |team| load_beside(&classes, &whole, &Options::default(), team));
    let known: Schema = load_beside(&[], &whole, &Options::default(), None).expect("a table").schema;
    let filled = Options { missing: Missing::Mean, ..last };
    compare("known", |team| load_known(&known, &holes, &filled, false, team));
}

/// An array as numpy saves it.
fn npy(described: &str, shape: &str, is_fortran: bool, elements: &[u8]) -> Vec<u8> {
    let order = if is_fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{described}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(elements);
    bytes
}

#[test]
fn a_rank_has_its_part_of_arrays() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let x = |row: usize, column: usize| ((row * 31 + column * 17) % 97) as f32 / 3.0;
    let rows: Vec<u8> =
        (0..ROWS).flat_map(|row| (0..6).map(move |column| x(row, column))).flat_map(f32::to_le_bytes).collect();
    let columns: Vec<u8> =
        (0..6).flat_map(|column| (0..ROWS).map(move |row| x(row, column))).flat_map(f32::to_le_bytes).collect();
    let classes: Vec<u8> = (0..ROWS).map(|row| (row * row % 11 % 3) as u8).collect();
    let shape = format!("({ROWS}, 2, 3)");
    written(dir, "x.npy", npy("<f4", &shape, false, &rows));
    written(dir, "f.npy", npy("<f4", &format!("({ROWS}, 6)"), true, &columns));
    written(dir, "y.npy", npy("|u1", &format!("({ROWS},)"), false, &classes));
    for name in ["x.npy,y.npy", "f.npy,y.npy", "f.npy", "x.npy"] {
        let path = dir.join(name.replace(",", &format!(",{}/", dir.display())));
        compare(name, |team| load_beside(&[], &path, &Options::default(), team));
        let kept = Options { missing: Missing::Drop, split: Split::Last, ..Options::default() };
        compare(name, |team| load_beside(&[], &path, &kept, team));
    }
}

#[test]
fn no_piece_is_the_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let zeros = npy("<f8", &format!("({ROWS}, 8)"), false, &vec![0; ROWS * 64]);
    for path in [written(dir.path(), "t.csv", table(true, ',', true)), written(dir.path(), "t.npy", zeros)] {
        let table = Pieces::open(&path, Written::default(), &[]).expect("a table");
        let (mut next, mut most) = (0, 0);
        let each = table.each(|first, piece| {
            assert_eq!(first, next);
            (next, most) = (first + piece.rows(), most.max(piece.rows()));
            Ok::<_, TableError>(())
        });
        each.expect("all of them");
        assert_eq!((next, table.rows()), (ROWS, ROWS), "{}", path.display());
        assert!(most <= 32 && table.head().rows() <= 1, "{}: {most} rows at once", path.display());
    }
}

#[test]
fn what_is_wrong_is_said_as_one_process_says_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let texts = [
        table(true, ',', true).replacen("NA", "x", 1),
        table(true, ',', false),
        table(true, ',', true).replacen("\n151,1", "\n151,x1", 1),
        table(true, ',', true).replacen("\n151,1", "\n151,1e99", 1),
        table(true, ',', true).replacen("\n151,", "\n151,0,", 1),
        table(true, ',', true) + "1,2,3,\"red\n",
        "a,b\n1,2\n".to_string(),
        String::new(),
        "a\n1\n2\n3\n".to_string(),
        table(true, ',', true).replacen("\n151,", "\n151\0,", 1),
    ];
    for (at, text) in texts.iter().enumerate() {
        let path = written(dir.path(), &format!("{at}.csv"), text);
        let said = |team: Option<&Arc<Team>>| {
            load_beside(&[], &path, &Options::default(), team)
                .map_or_else(|error| error.to_string(), |_| "well".to_string())
        };
        let alone = said(None);
        assert_eq!(alone == "well", at == 0, "{at}: {alone}");
        Together::teams(2).iter().for_each(|team| assert_eq!(said(Some(team)), alone, "{at}"));
    }
}

#[test]
fn a_file_that_changes_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = written(dir.path(), "t.csv", table(true, ',', true));
    let table_of = |path: &Path| Pieces::open(path, Written::default(), &[]).expect("a table");
    for text in [table(true, ',', true) + "1,2,3,red,4,a\n", "a,b\n1,2\n".into(), table(true, ',', true)[..2000].into()]
    {
        let table = table_of(&path);
        written(dir.path(), "t.csv", text);
        let passed = table.each(|_, _| Ok::<_, TableError>(()));
        assert!(matches!(passed, Err(TableError::Changed(_) | TableError::OpenQuote(_))), "{passed:?}");
        written(dir.path(), "t.csv", self::table(true, ',', true));
    }
}

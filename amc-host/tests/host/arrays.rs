//! Arrays as numpy saves them: what is taken for what, what is refused and where.
//!
//! `arrays/make.py` has made those of numpy itself; all others are written here.

mod files;
mod refused;

use std::fs;
use std::path::Path;

use amc_engine::data::Data;
use amc_host::data::normalise::Normalise;
use amc_host::data::prepare::rows::{self, RowTargets, Rows};
use amc_host::data::prepare::{Missing, Options, Prepared, load, load_with};
use amc_host::data::schema::Outputs;
use amc_host::data::split::Split;
use amc_host::data::table::{Table, Written};
use amc_host::data::target::Task;
use amc_host::data::window::Window;

use self::files::{floats, ints, npy, npz, savez_compressed};
use crate::cli::{amc, json, stdout};

/// As they are, in their order.
fn plain() -> Options {
    Options { normalise: Normalise::Off, split: Split::Last, ..Options::default() }
}

fn prepared(name: &str, bytes: &[u8], options: &Options) -> Result<Prepared, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("written");
    load(&path, options).map_err(|error| error.to_string().replace(&*dir.path().to_string_lossy(), ""))
}

#[test]
fn rows_in_memory_are_what_a_file_of_them_is() {
    let samples: Vec<_> = (0..60).map(sample).collect();
    let (x, y) = (|| samples.iter().flat_map(|row| row.0), || samples.iter().map(|row| row.1));
    let options = |task| Options { split: Split::Last, test_fraction: 0.0, task, ..Options::default() };
    let same = |file: &str, bytes: &[u8], options: &Options, targets| {
        let Prepared { data, schema, .. } = prepared(file, bytes, options).expect("a table");
        let rows = Rows { features: x().map(|x| x as f32).collect(), names: None, targets };
        let (of_rows, schema_of_rows) = rows::of(rows).expect("rows");
        assert_eq!(schema_of_rows, schema);
        assert_eq!(of_rows.train.checksum(), data.train.checksum());
        assert!(of_rows.test.is_none() && data.test.is_none());
    };
    let file = npz(&[("X", &floats(&[60, 3], x())), ("y", &ints(&[60], y()))]);
    let names = (0..3).map(|class| class.to_string()).collect();
    same("t.npz", &file, &options(None), RowTargets::Classes { of: y().map(|y| y as usize).collect(), names });
    let number = |row: usize| [row as f64 / 3.0, -(row as f64)];
    let file = npz(&[("X", &floats(&[60, 3], x())), ("y", &floats(&[60, 2], (0..60).flat_map(number)))]);
    let column = |place: usize| (format!("y_{}", place + 1), (0..60).map(|row| number(row)[place] as f32).collect());
    same("t.npz", &file, &options(Some(Task::Regress)), RowTargets::Numbers(vec![column(0), column(1)]));
}

/// The features of all rows.
fn inputs(data: &Data) -> Vec<f32> {
    data.train.inputs().chain(data.test.iter().flat_map(|test| test.inputs())).collect()
}

fn of_numpy(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host/arrays").join(name)
}

/// 60 rows of three numbers and a class.
fn sample(row: usize) -> ([f64; 3], i64) {
    let x = [row as f64 / 7.0, (row * row % 11) as f64 - 5.5, 1e-3 * (row * 13 % 17) as f64];
    (x, i64::from(x[1] > 0.0) + i64::from(row > 40))
}

#[test]
fn arrays_give_the_model_that_the_same_numbers_give_as_text() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: Vec<u8>| fs::write(dir.path().join(name), bytes).expect("written");
    let hash = |data: &str| {
        let args = ["train", "--data", data, "--steps", "200", "--threads", "1", "--force", "--out", "o", "--json"];
        json(&args, dir.path())["params_hash"].as_str().expect("a hash").to_string()
    };
    let rows: Vec<_> = (0..60).map(sample).collect();
    let line = |([a, b, c], class): &([f64; 3], i64)| format!("{a},{b},{c},{class}\n");
    write("t.csv", rows.iter().map(line).collect::<String>().into_bytes());
    let wanted = hash("t.csv");

    let x = || rows.iter().flat_map(|row| row.0);
    let y = || rows.iter().map(|row| row.1);
    let (x_file, y_file) = (floats(&[60, 3], x()), ints(&[60], y()));
    write("X.npy", x_file.clone());
    write("y.npy", y_file.clone());
    assert_eq!(hash("X.npy,y.npy"), wanted);
    write("stored.npz", npz(&[("X", &x_file), ("y", &y_file)]));
    assert_eq!(hash("stored.npz"), wanted);
    // Whatever their names, their order and their packing.
    write("packed.npz", savez_compressed(&[("arr_1", &y_file), ("arr_0", &x_file)]));
    assert_eq!(hash("packed.npz"), wanted);
    let other =
        savez_compressed(&[("labels", &ints(&[60, 1], y())), ("DESCR", &npy("<U1", &[], b"a\0\0\0")), ("x", &x_file)]);
    write("other.npz", other);
    assert_eq!(hash("other.npz"), wanted);
    // All in one, in the order of Fortran and of large ends.
    let columns = (0..3).flat_map(|column| rows.iter().map(move |row| row.0[column]));
    let all: Vec<u8> = columns.chain(y().map(|class| class as f64)).flat_map(f64::to_be_bytes).collect();
    write("all.npy", files::written("{'descr': '>f8', 'fortran_order': True, 'shape': (60, 4), }", &all));
    assert_eq!(hash("all.npy"), wanted);
    // Of one number less.
    write("other.npy", floats(&[60, 3], x().map(|x| if x == 1e-3 { 2e-3 } else { x })));
    assert_ne!(hash("other.npy,y.npy"), wanted);

    // What it answers to new rows is the same, too.
    json(&["train", "--data", "t.csv", "--steps", "200", "--json"], dir.path());
    let predict = |model: &str, data: &str| stdout(&["predict", model, data], dir.path());
    let answer = predict("runs/t/model.amc", "t.csv");
    assert_eq!(answer.lines().count(), 61);
    json(&["train", "--data", "X.npy,y.npy", "--steps", "200", "--json"], dir.path());
    for data in ["t.csv", "X.npy", "stored.npz", "X.npy,y.npy", "all.npy"] {
        assert_eq!(predict("runs/X/model.amc", data), answer, "{data}");
        assert_eq!(predict("runs/t/model.amc", data), answer, "{data}");
    }
    write("X.npz", npz(&[("whatever", &x_file)]));
    assert_eq!(predict("runs/X/model.amc", "X.npz"), answer);
    let before = fs::read(dir.path().join("y.npy")).expect("read");
    let output = amc(&["predict", "runs/X/model.amc", "X.npy,y.npy", "-o", "y.npy"], dir.path());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read(dir.path().join("y.npy")).expect("read"), before);
    let eval = |data: &str| {
        let told = stdout(&["eval", "runs/X/model.amc", "--data", data], dir.path());
        told.strip_prefix(data).unwrap_or_else(|| panic!("{data}: {told}")).to_string()
    };
    assert!(eval("t.csv").starts_with(": 60 samples"), "{}", eval("t.csv"));
    for data in ["X.npy,y.npy", "stored.npz", "packed.npz", "all.npy"] {
        assert_eq!(eval(data), eval("t.csv"), "{data}");
    }
}

#[test]
fn a_part_to_test_with_is_used_as_such() {
    let pixels = |rows: usize| (0..rows * 4).map(|i| (i * 37 % 256) as u8).collect::<Vec<_>>();
    let labels = |rows: usize| npy("|u1", &[rows], &(0..rows).map(|i| (i % 2) as u8).collect::<Vec<_>>());
    let images = |rows: usize| npy("|u1", &[rows, 2, 2], &pixels(rows));
    // As Keras has MNIST, and as MedMNIST.
    let keras = [("x_test", images(3)), ("x_train", images(10)), ("y_train", labels(10)), ("y_test", labels(3))];
    let med = [
        ("train_images", images(10)),
        ("train_labels", labels(10)),
        ("val_images", images(2)),
        ("test_images", images(3)),
        ("test_labels", labels(3)),
    ];
    let pack =
        |arrays: &[(&str, Vec<u8>)]| npz(&arrays.iter().map(|(name, bytes)| (*name, &**bytes)).collect::<Vec<_>>());
    for (file, of) in [(pack(&keras), "x"), (pack(&med), "images")] {
        let Prepared { data, report, schema } =
            prepared("m.npz", &file, &Options { split: Split::Random(1), ..plain() }).expect(of);
        let test = data.test.as_ref().expect("a part to test with");
        assert_eq!((data.train.len(), test.len(), data.train.width()), (10, 3, 4));
        assert!(data.train.inputs().map(|x| x as u8).eq(pixels(10)) && test.inputs().map(|x| x as u8).eq(pixels(3)));
        assert_eq!(schema.outputs, Outputs::Classes(vec!["0".into(), "1".into()]));
        let report = report.join("\n");
        let words = [
            "(10, 2, 2) uint8 and ",
            "(3, 2, 2) uint8, 4 numbers a row",
            "10 rows to train on, 3 to test with, as the file",
        ];
        assert!(words.iter().all(|word| report.contains(word)), "{report}");
        assert_eq!(report.contains("not read: val_images"), of == "images", "{report}");
        // No window has rows of both parts.
        let window = Window { rows: 2, stride: 1 };
        let windows = prepared("m.npz", &file, &Options { window, split: Split::Random(1), ..plain() }).expect(of);
        assert_eq!((windows.data.train.len(), windows.data.test.map(|test| test.len())), (9, Some(2)));
    }
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("m.npz"), pack(&keras)).expect("written");
    let result = json(&["train", "--data", "m.npz", "--steps", "50", "--json"], dir.path());
    assert_eq!(result["test"]["classes"][0]["samples"], 2, "{result}");
    let told = stdout(&["eval", "runs/m/model.amc", "--data", "m.npz"], dir.path());
    assert!(told.contains("train: 10 samples") && told.contains("test: 3 samples"), "{told}");
    assert_eq!(stdout(&["predict", "runs/m/model.amc", "m.npz"], dir.path()).lines().count(), 14);
    for more in [["--split", "last"], ["--test", "m.npz"]] {
        let output = amc(&["train", "--data", "m.npz", "--out", "n", more[0], more[1]], dir.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && stderr.contains(&format!("leave out {}", more[0])), "{stderr}");
    }
    // Rows that are left out are so in their part.
    let x = |rows: usize, missing: usize| {
        floats(&[rows, 1], (0..rows).map(|i| if i == missing { f64::NAN } else { i as f64 }))
    };
    let file = pack(&[("x_train", x(8, 5)), ("y_train", labels(8)), ("x_test", x(4, 0)), ("y_test", labels(4))]);
    let options = Options { missing: Missing::Drop, split: Split::Random(1), ..plain() };
    let Data { train, test } = prepared("m.npz", &file, &options).expect("a table").data;
    assert_eq!(train.inputs().collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0]);
    assert_eq!(test.expect("a part").inputs().collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
}

#[test]
fn what_numpy_writes_is_read() {
    let Prepared { data, schema, report } = load(&of_numpy("bunch.npz"), &plain()).expect("a table");
    assert_eq!(schema.names(), ["sepal length", "petal width é"]);
    assert_eq!(schema.outputs, Outputs::Classes(["setosa", "versicolor", "virginica"].map(String::from).to_vec()));
    assert!(inputs(&data).into_iter().eq((0..12).flat_map(|i| [i as f32 / 4.0, -i as f32])));
    assert_eq!(data.train.targets(), &amc_engine::data::OwnedTargets::Classes((0..10).map(|i| i % 3).collect()));
    assert!(
        report[0].contains("features data (12, 2) float64; targets target (12,) int64; not read: frame, DESCR"),
        "{report:?}"
    );
    let again = load_with(&schema, &of_numpy("bunch.npz"), Written::default()).expect("a table");
    assert_eq!(again.train.len(), 12);

    let last = Options { targets: vec!["kind".into()], ..plain() };
    let Prepared { data, schema, .. } = load(&of_numpy("records.npy"), &last).expect("a table");
    assert_eq!(schema.names(), ["a", "b", "c"]);
    assert_eq!(schema.outputs, Outputs::Classes(["four", "one"].map(String::from).to_vec()));
    assert!(inputs(&data).into_iter().eq((0..12).flat_map(|i| [(i % 2) as f32, i as f32 / 8.0, -i as f32])));

    let table = Table::read(&of_numpy("fortran.npy"), Written::default(), &[]).expect("a table");
    assert_eq!((table.rows(), table.width(), table.has_names()), (12, 6, false));
    for (column, add) in [0, 1, 2, 10, 11, 12].into_iter().enumerate() {
        let cells: Vec<_> = table.column(column).map(|cell| cell.number()).collect();
        assert_eq!(cells, (0..12).map(|row| Some(f64::from(100 * row + add))).collect::<Vec<_>>(), "{column}");
    }
    assert!(table.place(3, 4).to_string().ends_with("fortran.npy: element [3, 1, 1]"), "{}", table.place(3, 4));
}

#[test]
fn missing_numbers_are_filled_and_infinite_ones_are_named() {
    let y = ints(&[20], (0..20).map(|i| i % 2));
    let x = |row: usize, x: f64| floats(&[20, 2], (0..40).map(|i| if i == 2 * row + 1 { x } else { (i / 2) as f64 }));
    let file = |row, value| npz(&[("X", &x(row, value)), ("y", &y)]);
    let told = prepared("d.npz", &file(3, f64::NAN), &plain()).expect_err("refused");
    assert!(told.contains("1 of column 2") && told.contains("--missing mean"), "{told}");
    let mean = Options { missing: Missing::Mean, ..plain() };
    let filled = inputs(&prepared("d.npz", &file(3, f64::NAN), &mean).expect("a table").data);
    // The mean of 0 to 15 without 3.
    assert!((filled[7] - 7.8).abs() < 1e-6, "{filled:?}");
    for (value, text) in [(f64::INFINITY, "inf"), (-1e39, "-1000000000000000000000000000000000000000")] {
        let told = prepared("d.npz", &file(7, value), &mean).expect_err("refused");
        assert_eq!(told, format!("/d.npz: X[7, 1]: {text:?} is not a finite number in single precision"));
    }
    let told = prepared("X.npy", &x(7, 1e39), &plain()).expect_err("refused");
    assert!(told.starts_with("/X.npy: element [7, 1]: "), "{told}");
    let missing = floats(&[20], (0..20).map(|i| if i == 4 { f64::NAN } else { f64::from(i) + 0.5 }));
    let told = prepared("d.npz", &npz(&[("X", &x(0, 0.0)), ("y", &missing)]), &mean).expect_err("refused");
    assert!(told.contains("1 of \"y\""), "{told}");
}

#[test]
fn targets_are_numbers_texts_or_a_column_of_the_features() {
    let x = floats(&[20, 2], (0..40).map(|i| f64::from(i) + 0.25));
    let outputs = |y: &[u8], options: &Options| {
        prepared("d.npz", &npz(&[("X", &x), ("Targets", y)]), options).expect("a table").schema
    };
    let texts: Vec<u8> =
        (0..20).flat_map(|i| [b"no\0".as_slice(), b"yes"][i % 2].iter().flat_map(|byte| [*byte, 0, 0, 0])).collect();
    assert_eq!(
        outputs(&npy("<U3", &[20], &texts), &plain()).outputs,
        Outputs::Classes(vec!["no".into(), "yes".into()])
    );
    let numbers = floats(&[20, 2], (0..40).map(|i| f64::from(i) * 1.5));
    assert_eq!(outputs(&numbers, &plain()).outputs, Outputs::Numbers(vec!["targets_1".into(), "targets_2".into()]));
    let one = outputs(&numbers, &Options { targets: vec!["targets_2".into()], ..plain() });
    assert_eq!((one.outputs, one.features.len()), (Outputs::Numbers(vec!["targets_2".into()]), 2));
    // Of the features; what else is to be learned is no feature.
    let first = outputs(&numbers, &Options { targets: vec!["first".into()], ..plain() });
    assert_eq!((first.outputs, first.features.len()), (Outputs::Numbers(vec!["column 1".into()]), 1));
    // One feature that counts rows is no index.
    let count = npz(&[("X", &ints(&[20], 0..20)), ("y", &numbers)]);
    assert_eq!(prepared("d.npz", &count, &plain()).expect("a table").data.train.width(), 1);
}

//! Tables as people have them: how they are written, what their columns are, what is refused and where.

use std::fs;
use std::io::Write;
use std::path::Path;

use amc_engine::data::{OwnedTargets, Set};
use amc_host::data::normalise::Normalise;
use amc_host::data::prepare::{Missing, Options, Prepared, load};
use amc_host::data::schema::{Kind, Outputs};
use amc_host::data::split::Split;
use amc_host::data::table::dialect::{Decimal, Delimiter};
use amc_host::data::table::{Table, Written};
use amc_host::data::target::Task;
use amc_host::data::window::Window;

fn parse(text: &str) -> Table {
    Table::parse(Path::new("t.csv"), text, Written::default(), &[]).expect("a table")
}

fn prepared(text: impl AsRef<[u8]>, options: &Options) -> Result<Prepared, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.csv");
    fs::write(&path, text).expect("written");
    load(&path, options).map_err(|error| error.to_string())
}

fn refusal(text: impl AsRef<[u8]>, options: &Options) -> String {
    prepared(text, options).map(|prepared| prepared.report).expect_err("refused")
}

/// Rows made of their number.
fn rows(row: impl Fn(usize) -> String) -> String {
    (0..20).map(|i| row(i) + "\n").collect()
}

#[test]
fn delimiters_decimals_and_blank_lines_are_found() {
    for (text, delimiter, decimal) in [
        ("a,b\n1.5,2\n3,4\n", Delimiter::Character(','), Decimal::Point),
        ("a;b\r\n1,5;2\r\n\r\n3;4,25\r\n   \r\n", Delimiter::Character(';'), Decimal::Comma),
        ("a\tb c\n1.5\t2\n3\t4\n", Delimiter::Character('\t'), Decimal::Point),
        ("  a   b\n 1.5  2 \n\n 3    4\n", Delimiter::Spaces, Decimal::Point),
        ("\"a, or so\",b\n1.5,\"2\"\n3,4\n,\n", Delimiter::Character(','), Decimal::Point),
    ] {
        let table = parse(text);
        let lines = table.lines().expect("a text");
        assert_eq!((lines.delimiter, lines.decimal), (delimiter, decimal), "{text:?}");
        assert_eq!((table.rows(), table.width()), (2, 2), "{text:?}");
        let number = table.column(0).next().and_then(|cell| cell.number());
        assert_eq!(number, Some(1.5), "{text:?}");
    }
    assert_eq!(parse("\"a, or so\",b\n1,2\n").name(0), Some("a, or so"));
}

#[test]
fn first_lines_are_names_or_rows() {
    for (text, names, count) in [
        ("x,y\n1,2\n3,4\n", Some("x"), 2),
        ("1,2\n3,4\n", None, 2),
        // As pandas writes columns without names, with and without an index, and with a target that was named.
        ("0,1,2\n5,6,7\n8,9,0\n", Some("0"), 2),
        (",0,1\n0,6,7\n1,9,0\n", None, 2),
        ("0,1,target\n5,6,cat\n8,9,dog\n", Some("0"), 2),
        ("0,1,0\n1,0,1\n0,1,0\n", None, 3),
        // Of texts.
        ("colour,kind\nred,a\nred,b\nblue,a\n", Some("colour"), 3),
        ("red,a\nred,b\nblue,a\n", None, 3),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n6.1,2.0,virginica\n", None, 3),
        // A cell that is missing is no name.
        ("?,3.5,a\n4.9,3.0,a\n6.1,2.0,b\n", None, 3),
    ] {
        let table = parse(text);
        assert_eq!((table.name(0), table.rows()), (names, count), "{text:?}");
    }
    let told =
        |header| Table::parse(Path::new("t"), "1,2\n3,4\n", Written { header, delimiter: None }, &[]).expect("a table");
    assert_eq!((told(Some(true)).rows(), told(Some(true)).name(0)), (1, Some("1")));
    // As R writes tables: rows have names, and these no head.
    let table = parse("a b\nr1 1 2\nr2 3 4\n");
    assert_eq!((table.width(), table.name(0), table.name(1), table.rows()), (3, None, Some("a"), 2));
}

#[test]
fn what_is_no_table_is_refused_with_its_place() {
    let refuse = |text: &[u8], words: &[&str]| {
        let told = refusal(text, &Options::default());
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    };
    refuse(b"", &["no rows"]);
    refuse(b"\n  \n", &["no rows"]);
    refuse(b"a\n1\n2\n", &["one column", "--delimiter"]);
    refuse(b"\xff\xfea\0,\0b\0\n\0", &["UTF-16"]);
    refuse(b"a,b\n1,\x002\n", &["line 2, column 3", "NUL"]);
    refuse(b"a,b\n1,2\ncaf\xe9,2\n", &["line 3, column 4", "0xe9", "UTF-8"]);
    refuse(b"a,b,c\n1,2,3\n1,2\n", &["line 3, column 3", "after 2 cells", "line 1 has 3"]);
    refuse(b"a,b\n1,2\n\n1,2,3\n", &["line 4, column 3", "a cell too many"]);
    refuse(b"a,b\n1,2\n3,\"4\n5,6\n7,8\n", &["line 3, column 2", "a quote is opened and never closed"]);
    let text = "a,b,class\n".to_string() + &rows(|i| format!("{i},{},{}", i * i, i % 2));
    refuse(
        (text.clone() + "7,x,1\n").as_bytes(),
        &["line 22, column 2", "\"x\"", "not a number", "20 other cells", "\"b\""],
    );
    refuse((text.clone() + "1e39,1,1\n").as_bytes(), &["line 22, column 1", "1e39", "finite"]);
    refuse((text.clone() + "inf,1,1\n").as_bytes(), &["line 22, column 1", "inf"]);
    refuse((text.clone() + "1,,1\nNA,?,0\n").as_bytes(), &["1 of \"a\", 2 of \"b\"", "--missing mean"]);
    refuse((text + "1,1,\n").as_bytes(), &["1 of \"class\""]);
    refuse(b"a,class\n1,x\n2,x\n3,x\n4,x\n5,x\n", &["all rows are of class \"x\""]);
    refuse(b"a,class\n1,x\n2,y\n", &["2 rows", "at least 5"]);
}

#[test]
fn targets_are_found_and_named() {
    let classes = |text: String| match prepared(text, &Options::default()).expect("a table").schema.outputs {
        Outputs::Classes(names) => names,
        Outputs::Numbers(names) => panic!("numbers: {names:?}"),
    };
    let of = |class: &dyn Fn(usize) -> String| classes("x,y\n".to_string() + &rows(|i| format!("{i},{}", class(i))));
    assert_eq!(of(&|i| ["cat", "dog"][i % 2].into()), ["cat", "dog"]);
    assert_eq!(of(&|i| ["True", "False"][i % 2].into()), ["False", "True"]);
    assert_eq!(of(&|i| [5, -1, 1000][i % 3].to_string()), ["-1", "5", "1000"]);
    assert_eq!(of(&|i| ["1.0", "2.0"][i % 2].into()), ["1", "2"]);
    assert_eq!(of(&|i| ["0", "-0", "1"][i % 3].into()), ["0", "1"]);
    // By its name, wherever it stands.
    let text = "Class,x\n".to_string() + &rows(|i| format!("{},{i}", ["a", "b"][i % 2]));
    assert_eq!(classes(text.clone()), ["a", "b"]);
    // Many whole numbers, or fractions, are to be found.
    let numbers = |text: String, options: &Options| {
        matches!(prepared(text, options).expect("a table").schema.outputs, Outputs::Numbers(_))
    };
    assert!(numbers("x,y\n".to_string() + &rows(|i| format!("{i},{}", i * 3)), &Options::default()));
    assert!(numbers("x,y\n".to_string() + &rows(|i| format!("{i},{}.5", i % 2)), &Options::default()));
    let two = Options { targets: vec!["y".into(), "1".into()], ..Options::default() };
    assert!(numbers("x,z,y\n".to_string() + &rows(|i| format!("{i},{},{}", i * i, i * 3)), &two));
    let classify = Options { task: Some(Task::Classify), ..Options::default() };
    let Outputs::Classes(names) =
        prepared("x,y\n".to_string() + &rows(|i| format!("{i},{}", i * 3)), &classify).expect("a table").schema.outputs
    else {
        panic!()
    };
    assert_eq!(names.len(), 20);
    let first = Options { targets: vec!["first".into()], ..Options::default() };
    assert!(
        matches!(prepared(text, &first).expect("a table").schema.outputs, Outputs::Classes(names) if names == ["a", "b"])
    );
    let none = Options { targets: vec!["z".into()], ..Options::default() };
    let told = refusal("x,y\n".to_string() + &rows(|i| format!("{i},{}", i % 2)), &none);
    assert!(told.contains("no column called \"z\"") && told.contains("x, y"), "{told}");
}

#[test]
fn an_index_empty_columns_and_texts_are_told_of() {
    let text = ",colour,size,nothing,y\n".to_string()
        + &rows(|i| format!("{i},{},{},,{}", ["red", "green", "blue"][i % 3], i * i, ["a", "b"][i % 2]));
    let Prepared { data, schema, report } = prepared(text, &Options::default()).expect("a table");
    assert_eq!(data.train.width(), 4);
    assert!(matches!(&schema.features[0].kind, Kind::Choice(names, None) if names == &["blue", "green", "red"]));
    let report = report.join("\n");
    for word in
        ["20 rows", "column 1 numbers the rows", "\"nothing\" is empty", "of texts: colour", "16 rows to train on, 4"]
    {
        assert!(report.contains(word), "{word:?} is not in {report}");
    }
    let two = "s,x,y\n".to_string() + &rows(|i| format!("{},{i},{}", ["no", "yes"][i / 3 % 2], i % 2));
    assert_eq!(prepared(two, &Options::default()).expect("a table").data.train.width(), 2);
    let many = "s,x,y\n".to_string() + &(0..100).map(|i| format!("t{i},{i},{}\n", i % 2)).collect::<String>();
    let told = refusal(&many, &Options::default());
    assert!(told.contains("\"s\" has 100 different texts") && told.contains("--ignore"), "{told}");
    let ignored = Options { ignored: vec!["s".into()], ..Options::default() };
    assert_eq!(prepared(many, &ignored).expect("a table").data.train.width(), 1);
}

#[test]
fn what_would_be_mistaken_is_refused_or_told() {
    let twice = refusal("a,a,y\n".to_string() + &rows(|i| format!("{i},{},{}", i * i, i % 2)), &Options::default());
    assert!(twice.contains("more than one column called \"a\""), "{twice}");
    let sorted = "a,y\n".to_string() + &rows(|i| format!("{i},{}", if i < 16 { ["u", "v"][i % 2] } else { "w" }));
    let report = prepared(sorted, &Options { split: Split::Last, ..Options::default() }).expect("a table").report;
    assert!(report.contains(&"  w: 0 to train on, 4 to test with: never trained on".to_string()), "{report:?}");
    let thousands = "a;y\n".to_string() + &rows(|i| format!("{}.000,5;{}", 1 + i % 3, ["u", "v"][i % 2]));
    let report = prepared(thousands, &Options::default()).expect("a table").report.join("\n");
    assert!(report.contains("a: \"1.000,5\" is a text: write numbers without separators of thousands"), "{report}");
}

#[test]
fn columns_without_names_are_told_of_together() {
    let text = rows(|i| format!("7,8,{i},9,{}", ["u", "v"][i % 2]));
    let Prepared { schema, report, .. } = prepared(text, &Options::default()).expect("a table");
    let constant = "the same in all rows to train on, so that they tell nothing: columns 1 to 2, column 4";
    assert!(report.iter().any(|line| line == constant), "{report:?}");
    assert_eq!(schema.to_string(), "features: columns 1 to 4\nclasses: u, v");
}

#[test]
fn features_are_scaled_by_the_rows_that_train() {
    let text = "x,c,y\n".to_string() + &rows(|i| format!("{},7,{}.5", 10 * i, i));
    let last = Options { split: Split::Last, ..Options::default() };
    let Prepared { data, schema, report } = prepared(&text, &last).expect("a table");
    let mean = 75.0_f32;
    let deviation = (0..16).map(|i| (10.0 * i as f32 - mean).powi(2)).sum::<f32>().sqrt() / 4.0;
    let inputs: Vec<f32> = data.train.inputs().collect();
    assert!((inputs[0] + mean / deviation).abs() < 1e-6, "{inputs:?}");
    assert!(inputs.iter().skip(1).step_by(2).all(|x| *x == 0.0), "the same everywhere");
    assert!(report.iter().any(|line| line.contains("c is the same in all rows")), "{report:?}");
    assert!((schema.input_scaling[0].offset - mean).abs() < 1e-5);
    assert!((schema.output_scaling[0].offset - 8.0).abs() < 1e-6, "targets too");
    let test: Vec<f32> = data.test.expect("a test part").inputs().collect();
    assert!((test[0] - (160.0 - mean) / deviation).abs() < 1e-6, "by the rows that train");
    let minmax = prepared(&text, &Options { normalise: Normalise::MinMax, ..last.clone() }).expect("a table");
    assert_eq!(minmax.data.train.inputs().step_by(2).last(), Some(1.0));
    let off = prepared(&text, &Options { normalise: Normalise::Off, ..last }).expect("a table");
    assert_eq!(off.data.train.inputs().nth(2), Some(10.0));
}

#[test]
fn missing_cells_are_filled_or_left_out() {
    let text = "x,s,y\n".to_string()
        + &rows(|i| {
            format!(
                "{},{},{}",
                if i == 3 { "NA".into() } else { i.to_string() },
                if i == 4 { "" } else { ["u", "v", "v"][i % 3] },
                i % 2
            )
        });
    let last = Options { split: Split::Last, normalise: Normalise::Off, missing: Missing::Mean, ..Options::default() };
    let filled: Vec<f32> = prepared(&text, &last).expect("a table").data.train.inputs().collect();
    // The mean of 0 to 15 without 3, and the more frequent text.
    assert!((filled[6] - 7.8).abs() < 1e-6 && filled[9] == 1.0, "{filled:?}");
    let dropped = prepared(&text, &Options { missing: Missing::Drop, ..last }).expect("a table");
    assert_eq!(dropped.data.train.len() + dropped.data.test.expect("a test part").len(), 18);
    assert!(dropped.report.iter().any(|line| line.contains("2 rows with missing cells")), "{:?}", dropped.report);
    // Of a table of its own to test with, too.
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("test.csv");
    let own = Options { missing: Missing::Drop, test: Some(path.clone()), ..Options::default() };
    fs::write(&path, "y,x,s\n1,?,u\n0,7,v\n,8,u\n1,5,u\n").expect("written");
    let dropped = prepared(&text, &own).expect("a table");
    assert_eq!((dropped.data.train.len(), dropped.data.test.expect("a test part").len()), (18, 2));
    assert!(dropped.report.iter().any(|line| line.contains("test.csv: 2 rows with")), "{:?}", dropped.report);
    fs::write(&path, "y,x,s\n1,?,u\n").expect("written");
    assert!(refusal(&text, &own).contains("test.csv: all rows have missing cells"));
}

#[test]
fn gzip_and_byte_order_marks_are_read() {
    let text = "x,y\n".to_string() + &rows(|i| format!("{i},{}", i % 2));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).expect("packed");
    let packed = packed.finish().expect("packed");
    let plain = prepared(&text, &Options::default()).expect("a table");
    for bytes in [packed.clone(), [b"\xef\xbb\xbf", text.as_bytes()].concat()] {
        let other = prepared(bytes, &Options::default()).expect("a table");
        assert_eq!((&other.schema, other.data.train.checksum()), (&plain.schema, plain.data.train.checksum()));
    }
    assert!(refusal(&packed[..packed.len() - 5], &Options::default()).contains("t.csv"));
}

#[test]
fn rows_of_rare_classes_are_trained_on_more_often() {
    let text = rows(|i| format!("{i}.5,{}", if i < 15 { "often" } else { "rare" }));
    let prepared = |balance| prepared(&text, &Options { balance, ..Options::default() }).expect("prepared");
    let of = |prepared: &Prepared, class: u8| match prepared.data.train.targets() {
        OwnedTargets::Classes(classes) => classes.iter().filter(|other| **other == class).count(),
        OwnedTargets::Values(..) => 0,
    };
    assert_eq!([of(&prepared(false), 0), of(&prepared(false), 1)], [12, 4]);
    let balanced = prepared(true);
    assert_eq!([of(&balanced, 0), of(&balanced, 1)], [12, 12]);
    // A part of them has both classes.
    let first = match balanced.data.train.targets() {
        OwnedTargets::Classes(classes) => classes[..4].to_vec(),
        OwnedTargets::Values(..) => Vec::new(),
    };
    assert_eq!(first, [0, 1, 0, 1]);
    assert!(balanced.report.iter().any(|line| line.contains("12 of each class")), "{:?}", balanced.report);
    assert_eq!(balanced.data.test.expect("rows to test with").len(), 4);
    // What scales them is of the rows, each once.
    assert_eq!(balanced.schema.input_scaling, prepared(false).schema.input_scaling);
    let told = refusal(rows(|i| format!("{i}.5,{i}.25")), &Options { balance: true, ..Options::default() });
    assert!(told.contains("--balance needs classes"), "{told}");
}

#[test]
fn windows_have_rows_of_one_part_and_one_group() {
    let text = rows(|i| format!("{i},{},{}", i / 10, i * i));
    let windows = |rows, stride, split| {
        let window = Window { rows, stride };
        let (normalise, task, split) = (Normalise::Off, Some(Task::Regress), split);
        prepared(&text, &Options { window, split, normalise, task, ..Options::default() })
    };
    let last = windows(3, 2, Split::Last).expect("prepared");
    let values: Vec<f32> = last.data.train.inputs().collect();
    assert_eq!(values[..12], [0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0]);
    let ends = |set: &Set| match set.targets() {
        OwnedTargets::Values(values, 1) => values.iter().map(|y| y.sqrt() as usize).collect(),
        _ => Vec::new(),
    };
    assert_eq!(ends(&last.data.train), [2, 4, 6, 8, 10, 12, 14]);
    assert_eq!(ends(last.data.test.as_ref().expect("a part")), [18]);
    assert_eq!((last.schema.inputs(), last.data.train.width()), (6, 6));
    let grouped = windows(4, 1, Split::Group("2".into())).expect("prepared");
    let (train, test) = (ends(&grouped.data.train), grouped.data.test.map(|test| ends(&test)).unwrap_or_default());
    let mut all = [train, test].concat();
    all.sort_unstable();
    assert_eq!(all, [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19]);
    // A table of its own to test with has groups, too.
    let dir = tempfile::tempdir().expect("a folder");
    let test = Some(dir.path().join("test.csv"));
    fs::write(dir.path().join("test.csv"), rows(|i| format!("{i},{},{}", i / 7, i * i))).expect("written");
    let (window, split, task) = (Window { rows: 4, stride: 1 }, Split::Group("2".into()), Some(Task::Regress));
    let normalise = Normalise::Off;
    let own =
        prepared(&text, &Options { window, split, normalise, task, test, ..Options::default() }).expect("prepared");
    assert_eq!(ends(&own.data.train), [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19]);
    assert_eq!(own.data.test.map(|test| ends(&test)), Some(vec![3, 4, 5, 6, 10, 11, 12, 13, 17, 18, 19]));
    for (rows, split, words) in [
        (3, Split::Random(1), "--window needs --split last"),
        (17, Split::Last, "0 windows of 17 rows to train on, of the 4 needed"),
        (5, Split::Last, "0 windows of 5 rows to test with, of the 1 needed"),
    ] {
        let told = windows(rows, 1, split).map(|prepared| prepared.report).expect_err("refused");
        assert!(told.contains(words), "{told}");
    }
}

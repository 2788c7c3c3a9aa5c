//! `amc train --from`: a model is gone on with, in whole or in parts, on data that may have more classes.

use std::fs;
use std::path::Path;

use amc_engine::description::{ActivationName, Description, LossName};
use amc_host::model::Model;
use amc_kernels::Arithmetic;
use serde_json::Value;

use super::{amc, json, refused, stdout};

/// 64-32-16-10, trained for a moment.
fn begun(dir: &Path) -> Model {
    json(&["train", "--layers", "64,32,16,10", "--steps", "300", "--out", "begun", "--json"], dir);
    Model::load(&dir.join("begun/model.amc")).expect("a model")
}

fn go_on(dir: &Path, out: &str, more: &[&str]) -> (Value, Model) {
    let args = ["train", "--from", "begun/model.amc", "--steps", "300", "--json", "--out", out];
    let summary = json(&[&args[..], more].concat(), dir);
    (summary, Model::load(&dir.join(out).join("model.amc")).expect("a model"))
}

#[test]
fn a_head_is_trained_and_its_body_stays_with_the_same_bits_kept_or_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let begun = begun(dir.path());
    let (kept, model) = go_on(dir.path(), "kept", &["--train", "head"]);
    let body = 65 * 32 + 33 * 16;
    assert_eq!(model.parameters[..body], begun.parameters[..body]);
    assert_ne!(model.parameters[body..], begun.parameters[body..]);
    assert_eq!(model.parameters.len(), begun.parameters.len());
    let (anew, _) = go_on(dir.path(), "anew", &["--train", "2", "--cache", "off", "--threads", "3"]);
    assert_eq!(kept["params_hash"], anew["params_hash"]);
    assert_eq!(kept["test_accuracy"], anew["test_accuracy"]);
    let accuracy = |summary: &Value| summary["train_accuracy"].as_f64().expect("a number");
    let (all, _) = go_on(dir.path(), "all", &[]);
    let (mixed, model) = go_on(dir.path(), "mixed", &["--train", "last:2", "--method", "mixed"]);
    assert_eq!(model.parameters[..65 * 32], begun.parameters[..65 * 32]);
    let before = stdout(&["eval", "begun/model.amc"], dir.path());
    let before: f64 = before.split("accuracy ").nth(1).and_then(|text| text[..6].parse().ok()).expect("a number");
    for summary in [&kept, &all, &mixed] {
        assert!(accuracy(summary) > before, "{before}: {summary}");
    }
    let eval = stdout(&["eval", "mixed/model.amc"], dir.path());
    assert!(eval.contains(&format!("accuracy {:.4}", accuracy(&mixed))), "the model is the one measured: {eval}");
}

#[test]
fn biases_are_trained_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    let begun = begun(dir.path());
    let (_, model) = go_on(dir.path(), "biases", &["--train", "biases"]);
    let changed = model.parameters.iter().zip(&begun.parameters).filter(|(now, then)| now != then).count();
    assert_eq!(changed, 32 + 16 + 10);
}

#[test]
fn a_net_file_says_what_is_not_trainable() {
    let dir = tempfile::tempdir().expect("a folder");
    let begun = begun(dir.path());
    let file = stdout(&["info", "begun/model.amc"], dir.path());
    let frozen = file.replacen("units = 32", "units = 32\ntrainable = false", 1);
    fs::write(dir.path().join("net.toml"), &frozen).expect("written");
    let (by_file, model) = go_on(dir.path(), "by-file", &["--net", "net.toml"]);
    assert_eq!(model.parameters[..65 * 32], begun.parameters[..65 * 32]);
    assert_eq!(by_file["params_hash"], go_on(dir.path(), "by-option", &["--train", "1,2"]).0["params_hash"]);
    let line = ["net.toml: layer 0 (from 0) is not trainable: --from MODEL says what it is"];
    refused(&["train", "--net", "net.toml"], dir.path(), &line);
    fs::write(dir.path().join("net.toml"), file.replacen("units = 16", "units = 17", 1)).expect("written");
    let line = [
        "net.toml: layer 1 (from 0) is dense (activation = \"tanh\", units = 17), but dense (activation = \"tanh\", units = 16)",
    ];
    refused(&["train", "--from", "begun/model.amc", "--net", "net.toml"], dir.path(), &line);
}

#[test]
fn layers_are_trained_by_their_names() {
    let dir = tempfile::tempdir().expect("a folder");
    let begun = begun(dir.path());
    let file = stdout(&["info", "begun/model.amc"], dir.path());
    let named = file.replacen("units = 32", "units = 32\nname = \"first\"", 1).replacen(
        "units = 10",
        "units = 10\nname = \"out\"",
        1,
    );
    fs::write(dir.path().join("net.toml"), named).expect("written");
    // A file gives a model names, which stay in it.
    let named = ["--net", "net.toml", "--steps", "0", "--json", "--out", "named"];
    json(&[&["train", "--from", "begun/model.amc"], &named[..]].concat(), dir.path());
    let model = Model::load(&dir.path().join("named/model.amc")).expect("a model");
    assert_eq!((model.parameters, model.description.names.to_string()), (begun.parameters, "first, out".into()));
    let info = stdout(&["info", "named/model.amc"], dir.path());
    assert!(info.contains("name = \"first\"\nunits = 32\n") && info.contains("name = \"out\"\nunits = 10\n"), "{info}");
    let on = ["train", "--from", "named/model.amc", "--steps", "300"];
    let output = amc(&[&on[..], &["--train", "out,1", "--out", "by-name"]].concat(), dir.path());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("698 of 2778 parameters are trained, of layer 1, out; what the first layer gives"), "{told}");
    let report = fs::read_to_string(dir.path().join("by-name/report.html")).expect("a report");
    assert!(report.contains("are trained, of layer 1, out"));
    let model = Model::load(&dir.path().join("by-name/model.amc")).expect("a model");
    assert_eq!(model.description.names.to_string(), "first, out");
    assert_eq!(model.parameters, go_on(dir.path(), "by-number", &["--train", "1,2"]).1.parameters);
    let told = json(&[&on[..], &["--json", "--out", "whole"]].concat(), dir.path());
    assert_eq!(told["params_hash"], go_on(dir.path(), "all", &[]).0["params_hash"]);
    // A layer that the file does not name stays as it is called.
    fs::write(dir.path().join("one.toml"), file.replacen("units = 10", "units = 10\nname = \"tail\"", 1))
        .expect("written");
    let renamed = ["--net", "one.toml", "--steps", "0", "--json", "--out", "renamed"];
    json(&[&["train", "--from", "named/model.amc"], &renamed[..]].concat(), dir.path());
    let model = Model::load(&dir.path().join("renamed/model.amc")).expect("a model");
    assert_eq!(model.description.names.to_string(), "first, tail");
    for (part, words) in [
        ("last", "--train last: the names of the net's layers are first, out"),
        ("first,head", "or numbers of layers, from 0, or their names, with commas between"),
        ("first,", "use all, head, last:K, biases, norms, or numbers of layers, from 0, or their names"),
    ] {
        refused(&[&on[..], &["--train", part]].concat(), dir.path(), &[words]);
    }
}

/// Irises of two kinds are learned first, and then the third.
#[test]
fn a_table_with_a_new_class_gets_an_output_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let iris = include_str!("../../../../data/iris.csv");
    let two: String = iris.lines().filter(|line| !line.ends_with("setosa")).flat_map(|line| [line, "\n"]).collect();
    fs::write(dir.path().join("two.csv"), two).expect("written");
    fs::write(dir.path().join("iris.csv"), iris).expect("written");
    let args = ["train", "--data", "two.csv", "--layers", "4,8,2", "--steps", "2000", "--out", "begun", "--json"];
    json(&args, dir.path());
    let begun = Model::load(&dir.path().join("begun/model.amc")).expect("a model");
    let output = amc(
        &["train", "--data", "iris.csv", "--from", "begun/model.amc", "--train", "head", "--out", "on"],
        dir.path(),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    for words in [
        "the last layer has 3 outputs: 2 of the model's and 1 new ones",
        "27 of 67 parameters are trained",
        "scaled as the net has them",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    let model = Model::load(&dir.path().join("on/model.amc")).expect("a model");
    let (then, now) = (begun.schema.expect("of a table"), model.schema.expect("of a table"));
    assert_eq!((&now.input_scaling, &now.features), (&then.input_scaling, &then.features));
    assert_eq!(
        now.outputs,
        amc_host::data::schema::Outputs::Classes(["versicolor", "virginica", "setosa"].map(String::from).to_vec())
    );
    assert_eq!(model.parameters[..40], begun.parameters[..40]);
    let summary = fs::read_to_string(dir.path().join("on/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    assert!(summary["test_accuracy"].as_f64().expect("a number") > 0.9, "{summary}");
    let answers = stdout(&["predict", "on/model.amc", "iris.csv"], dir.path());
    assert!(answers.lines().nth(1).expect("an answer").starts_with("setosa,"), "{answers}");
}

/// What a model knows decides over how a table is read; a new head is for whatever a table has.
#[test]
fn a_table_is_read_as_the_model_knows_it_or_for_a_new_head() {
    let dir = tempfile::tempdir().expect("a folder");
    let rows = (0..40).map(|i| (i % 8, i / 8)).map(|(a, b)| (a, b, a * b, ["x", "y"][usize::from(a > 3)]));
    let table: String = rows.clone().map(|(a, b, c, d)| format!("{a},{b},{c},{},{d}\n", 1000 - c)).collect();
    fs::write(dir.path().join("t.csv"), format!("a,b,c,far,d\n{table}")).expect("written");
    let begin = ["train", "--data", "t.csv", "--target", "c", "--ignore", "far,d", "--steps", "300", "--json", "--out"];
    json(&[&begin[..], &["begun"]].concat(), dir.path());
    let from = ["train", "--data", "t.csv", "--from", "begun/model.amc"];
    for (more, words) in [
        (&["--target", "far"][..], "t.csv: the net that is gone on with finds c, in this order: --new-head"),
        (&["--target", "a", "--new-head"], "t.csv: \"a\" is a feature of the net that is gone on with, and no target"),
        (&["--ignore", "b"], "--ignore: the model of --from knows which columns it reads"),
        (&["--normalise", "minmax"], "--normalise: the model of --from knows which columns it reads"),
        (
            &["--target", "d", "--task", "classify"],
            "t.csv: the net that is gone on with finds c, in this order: --new-head",
        ),
    ] {
        refused(&[&from[..], more].concat(), dir.path(), &[words]);
    }
    refused(&["train", "--from", "begun/model.amc"], dir.path(), &["the model was trained on a table: name one"]);
    let far = json(&[&from[..], &["--target", "far", "--new-head", "--out", "far", "--json"]].concat(), dir.path());
    assert!(far["train"][0]["r2"].as_f64().expect("a number") > 0.9, "on a scale of its own: {far}");
    json(&[&from[..], &["--target", "d", "--new-head", "--out", "classes", "--json"]].concat(), dir.path());
    let model = Model::load(&dir.path().join("classes/model.amc")).expect("a model");
    let names = ["x", "y"].map(String::from).to_vec();
    assert_eq!(model.schema.expect("of a table").outputs, amc_host::data::schema::Outputs::Classes(names));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    begun(dir.path());
    let from = ["train", "--from", "begun/model.amc"];
    for (more, words) in [
        (&["--train", "last:4"][..], &["--train last:4: 3 layers of the net have parameters"][..]),
        (&["--train", "norms"], &["nothing is trained: the layers chosen have no parameters"]),
        (&["--new-head", "--train", "0"], &["the last layer has outputs that begin at 0: --train it, too"]),
        (
            &["--train", "tail"],
            &[
                "--train tail: the layers of the net have no names",
                "use all, head, last:K, biases, norms, or numbers of layers",
            ],
        ),
        (
            &["--train", "biases", "--method", "mixed"],
            &["--method mixed moves", "--train all, head or last:K", "--method amc"],
        ),
        (&["--train", "0", "--method", "mixed"], &["--train all, head or last:K with --cache on"]),
        (&["--train", "head", "--cache", "off", "--method", "mixed"], &["--train all, head or last:K with --cache on"]),
        (&["--layers", "64,10"], &["--layers", "cannot be used with"]),
        (
            &["--data", "sine"],
            &["begun/model.amc gives classes, and the data have numbers: --new-head replaces its last layer"],
        ),
        (&["--data", "sine", "--new-head"], &["begun/model.amc: the net takes 64 inputs, but a sample of sine has 1"]),
    ] {
        refused(&[&from[..], more].concat(), dir.path(), words);
    }
    refused(&["train", "--train", "head"], dir.path(), &["--from <MODEL>"]);
    refused(&["train", "--from", "nothing.amc"], dir.path(), &["nothing.amc"]);
}

/// What frozen layers give has no column.
#[test]
fn features_of_frozen_layers_are_called_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let (linear, mse) = (ActivationName::Linear, LossName::Mse);
    let description = Description::new(&[2, 4, 3], linear, linear, mse);
    // Weights of which squares are beyond single precision.
    let parameters = [vec![1e19; 12], vec![0.5; 15]].concat();
    let model = Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None, classes: Vec::new() };
    model.save(&dir.path().join("large.amc")).expect("saved");
    let rows: String = (0..60).map(|i| format!("{},{},{}\n", i % 7, i % 5, ["a", "b", "c"][i % 3])).collect();
    fs::write(dir.path().join("t.csv"), rows).expect("written");
    let from = ["train", "--data", "t.csv", "--from", "large.amc", "--new-head", "--train", "head"];
    let words = ["feature 3 (from 0) of the frozen layers reaches", "too large for the signal norm"];
    refused(&from, dir.path(), &words);
}

/// What tests is not to have trained the model, as far as its own run tells.
#[test]
fn rows_that_may_have_trained_the_model_are_warned_of() {
    let dir = tempfile::tempdir().expect("a folder");
    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i % 8, i / 8, ["x", "y"][i % 2])).collect();
    for name in ["t.csv", "other.csv"] {
        fs::write(dir.path().join(name), format!("a,b,c\n{rows}")).expect("written");
    }
    json(&["train", "--data", "t.csv", "--steps", "2", "--out", "begun", "--json"], dir.path());
    let told = |more: &[&str]| {
        let args = ["train", "--from", "begun/model.amc", "--steps", "2", "--out", "on", "--force"];
        let output = amc(&[&args[..], more].concat(), dir.path());
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(output.status.success(), "{told}");
        told
    };
    let words = "warning: begun/model.amc was trained on rows of t.csv, too, and tested with --split random:1 --test-fraction 0.2";
    for more in [
        &["--data", "t.csv", "--split", "random:2"][..],
        &["--data", "./t.csv", "--split", "last"],
        &["--data", "t.csv", "--test-fraction", "0.5"],
        &["--data", "other.csv", "--test", "t.csv"],
    ] {
        assert!(told(more).replace("./t.csv", "t.csv").contains(words), "{more:?}: {}", told(more));
    }
    for more in [
        &["--data", "t.csv"][..],
        &["--data", "other.csv", "--split", "last"],
        &["--data", "t.csv", "--test", "other.csv"],
    ] {
        assert!(!told(more).contains("warning: begun"), "{more:?}: {}", told(more));
    }
}

//! Methods beside the paper's.

use std::fs;

use super::{json, refused};

#[test]
fn mixed_moves_train_on_any_threads_and_nets() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let train = |more: &[&str]| {
        let few = ["train", "--method", "mixed", "--steps", "4000", "--json"];
        json(&[&few[..], more].concat(), dir)
    };
    let one = train(&["--threads", "1", "--out", "one"]);
    assert!(one["test_accuracy"].as_f64() > Some(0.8), "{one}");
    let two = train(&["--threads", "2", "--out", "two"]);
    assert_eq!(one["params_hash"], two["params_hash"]);
    let report = fs::read_to_string(dir.join("one/report.html")).expect("a report");
    assert!(report.contains("method") && report.contains("mixed") && !report.contains("n_reset"));
    assert_eq!(one["method"], "mixed");

    let progressive = train(&["--batch", "progressive", "--out", "progressive"]);
    assert!(progressive["test_accuracy"].as_f64() > Some(0.6), "{progressive}");
    let mini = train(&["--batch", "500", "--threads", "2", "--out", "mini"]);
    assert!(mini["test_accuracy"].as_f64() > Some(0.5), "{mini}");
    let net = "\
        [[layers]]\nkind = \"conv1d\"\nsteps = 8\nchannels = 8\nfilters = 6\n\
        kernel = { size = 3, stride = 1, padding = 0 }\nactivation = \"tanh\"\n\
        [[layers]]\nkind = \"gru\"\ninputs = 6\nunits = 8\nsteps = 6\n\
        [[layers]]\nkind = \"normalization\"\nunits = 8\nactivation = \"tanh\"\n\
        [[layers]]\nkind = \"dense\"\nunits = 10\nactivation = \"softmax\"\n";
    fs::write(dir.join("net.toml"), net).expect("written");
    let others = train(&["--net", "net.toml", "--out", "others"]);
    assert!(others["test_accuracy"].as_f64() > Some(0.4), "{others}");
}

#[test]
fn what_is_no_option_of_mixed_moves_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let train = ["train", "--method", "mixed", "--steps", "5"];
    for options in [
        &["--sigma", "0.1"][..],
        &["--epsilon", "0.01"],
        &["--n-reset", "50"],
        &["--signal-norm", "off"],
        &["--in-place"],
    ] {
        refused(&[&train[..], options].concat(), dir.path(), &[options[0], "--method amc"]);
    }
    let warm = [&train[..], &["--batch", "100", "--temperature", "0.1"]].concat();
    refused(&warm, dir.path(), &["--batch 100", "--temperature", "--method mixed"]);
    refused(&[&train[..], &["--temperature", "-1"]].concat(), dir.path(), &["temperature"]);
}

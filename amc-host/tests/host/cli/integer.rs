//! `amc train --numbers int8`, and what takes the models that it makes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{amc, json, refused, stdout};

const TRAIN: [&str; 6] = ["train", "--numbers", "int8", "--steps", "4000", "--json"];

fn train(more: &[&str], dir: &Path) -> Value {
    json(&[&TRAIN[..], more].concat(), dir)
}

/// The accuracy on the test samples that a command prints.
fn accuracy(told: &str) -> f64 {
    let line = told.lines().rev().find(|line| line.starts_with("test: ")).expect("test samples");
    line.rsplit(' ').next().expect("a number").parse().expect("a number")
}

#[test]
fn digits_are_learned_in_integers_on_any_threads_and_the_model_is_taken_everywhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let one = train(&["--threads", "1"], dir);
    assert!(one["test_accuracy"].as_f64() > Some(0.8), "{one}");
    assert_eq!((&one["numbers"], &one["parameters"]), (&"int8".into(), &1210.into()));
    assert_eq!(train(&["--threads", "2", "--out", "two"], dir)["params_hash"], one["params_hash"]);
    assert_ne!(train(&["--seed", "2", "--out", "seed"], dir)["params_hash"], one["params_hash"]);

    let model = "runs/digits/model.amc";
    let told = stdout(&["eval", model], dir);
    assert_eq!((accuracy(&told) * 1e4).round(), (one["test_accuracy"].as_f64().expect("a number") * 1e4).round());
    let told = stdout(&["info", model], dir);
    for words in
        ["# numbers: int8", "# inputs: u8", "# scales: sums / 2^", one["params_hash"].as_str().expect("a hash")]
    {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    // What is printed is a net file.
    fs::write(dir.join("net.toml"), told.replacen("units = 16", "units = 16\nname = \"hidden\"", 1)).expect("written");
    assert_eq!(train(&["--net", "net.toml", "--out", "net"], dir)["params_hash"], one["params_hash"]);
    let info = stdout(&["info", "net/model.amc"], dir);
    assert!(info.contains("name = \"hidden\"\nunits = 16"), "names are kept: {info}");
    let report = fs::read_to_string(dir.join("runs/digits/report.html")).expect("a report");
    assert!(report.contains("int8") && !report.contains("n_reset"));

    for (args, words) in [
        (&["predict", model, "rows.csv"][..], "not trained on a table"),
        (&["train", "--from", model, "--data", "digits"], "an integer net: this takes nets of floats"),
        (&["eval", model, "--data", "sine"], "64 inputs"),
        (&["export", model, "--onnx", "-o", "net.onnx"], "--onnx has no such integers"),
        (&["export", model, "--c"], "take --c99"),
        (&["quantise", model, "-o", "net"], "an integer net"),
    ] {
        let told = amc(args, dir);
        let stderr = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.status.code() == Some(2) && stderr.contains(words), "{args:?}: {stderr}");
    }
    // Any byte that is another is found.
    let bytes = fs::read(dir.join(model)).expect("a model");
    for at in [3, 9, 20, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(dir.join("damaged"), damaged).expect("written");
        assert_eq!(amc(&["info", "damaged"], dir).status.code(), Some(2), "byte {at}");
        fs::write(dir.join("damaged"), &bytes[..at]).expect("written");
        assert_eq!(amc(&["info", "damaged"], dir).status.code(), Some(2), "{at} bytes");
    }
}

#[test]
fn nets_of_other_layers_learn_in_integers_and_are_taken_as_dense_ones_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let filters = "[[layers]]\nkind = \"convolution\"\nimage = { rows = 8, columns = 8, channels = 1 }\nfilters = 4\n\
        kernel = { size = 3, stride = 1, padding = 0 }\nactivation = \"tanh\"\n\
        [[layers]]\nkind = \"max-pool\"\nimage = { rows = 6, columns = 6, channels = 4 }\n\
        kernel = { size = 2, stride = 2, padding = 0 }\n";
    let states = "[[layers]]\nkind = \"recurrent\"\ninputs = 8\nunits = 12\nsteps = 8\nactivation = \"tanh\"\n";
    let classes = "[[layers]]\nkind = \"dense\"\nunits = 10\nactivation = \"softmax\"\n";
    for (name, layers, most) in [("filters", filters, 410), ("states", states, 382)] {
        fs::write(dir.join("net.toml"), layers.to_string() + classes).expect("written");
        let options = ["train", "--numbers", "int8", "--net", "net.toml", "--json", "--steps"];
        let run = |steps: &str, out: &str, threads: &str| {
            json(&[&options[..], &[steps, "--out", out, "--threads", threads]].concat(), dir)
        };
        let whole = run("1500", name, "1");
        assert_eq!(whole["parameters"], most, "{name}");
        assert!(whole["test_accuracy"].as_f64() > Some(0.5), "{name}: {whole}");
        assert_eq!(run("1500", &format!("{name}-2"), "2")["params_hash"], whole["params_hash"]);
        let model = format!("{name}/model.amc");
        let told = stdout(&["eval", &model], dir);
        assert_eq!((accuracy(&told) * 1e4).round(), (whole["test_accuracy"].as_f64().expect("a number") * 1e4).round());
        // What is printed is a net file.
        fs::write(dir.join("net.toml"), stdout(&["info", &model], dir)).expect("written");
        assert_eq!(run("1500", &format!("{name}-3"), "1")["params_hash"], whole["params_hash"]);
        assert!(stdout(&["export", &model, "--rust"], dir).contains("feature `layers`"), "{name}");

        json(&["train", "--net", "net.toml", "--json", "--steps", "6000", "--out", "floats", "--force"], dir);
        let told = stdout(&["quantise", "floats/model.amc", "-o", "integers.amc"], dir);
        let parts: Vec<_> = told.split("train: ").collect();
        let [floats, integers] = [parts[1], parts[2]].map(accuracy);
        assert!(floats > 0.6 && integers > floats - 0.04, "{name}: {floats} {integers}");
    }
}

#[test]
fn a_number_that_is_too_far_from_the_others_is_refused_by_its_column() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let rows: String = (0..20).map(|i| format!("{},{},{}\n", i % 3, i % 7, ["a", "b"][i % 2])).collect();
    fs::write(dir.join("train.csv"), format!("length,mass,kind\n{rows}")).expect("written");
    fs::write(dir.join("test.csv"), "length,mass,kind\n1,2,a\n2,1e38,b\n").expect("written");
    let options = ["train", "--data", "train.csv", "--test", "test.csv", "--numbers", "int8", "--steps", "10"];
    let told = amc(&options, dir);
    assert_eq!(told.status.code(), Some(2));
    let told = String::from_utf8_lossy(&told.stderr);
    let wanted = "the samples to test with: sample 1 (from 0): column \"mass\" is inf";
    assert!(told.lines().last().is_some_and(|line| line.contains(wanted)), "{told}");
}

#[test]
fn weights_of_few_bits_stay_within_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let ternary = train(&["--bits", "2", "--activation", "sign"], dir);
    assert!(ternary["test_accuracy"].as_f64() > Some(0.5), "{ternary}");
    let told = stdout(&["info", "runs/digits/model.amc"], dir);
    assert!(told.contains("# weights: -1 to 1, ") && told.contains("activation = \"sign\""), "{told}");
    assert!(ternary["saturated"].as_u64() > Some(100), "{ternary}");
}

/// Rows of two features, of which a third is a function, and one far from all others.
fn rows(dir: &Path) {
    let row = |i: usize| {
        let (a, b) = ((i * 37 % 101) as f64, (i * 53 % 89) as f64 / 10.0);
        format!("{a},{b},{}\n", 1000.0 + 3.0 * a - 20.0 * b)
    };
    let all = "a,b,sum\n".to_string() + &(0..400).map(row).collect::<String>() + "50,900,1000\n";
    fs::write(dir.join("sums.csv"), all).expect("written");
}

#[test]
fn tables_are_brought_to_integers_and_answers_to_their_units() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    rows(dir);
    let output = amc(&[&TRAIN[..], &["--data", "sums.csv", "--split", "last"]].concat(), dir);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("test: 1 of 160 features is beyond ±127"), "{stderr}");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let r2 = summary["train"][0]["r2"].as_f64().expect("a number");
    assert!(r2 > 0.9, "{summary}");
    fs::write(dir.join("new.csv"), "b,a\n4,50\n2,60\n").expect("written");
    let told = stdout(&["predict", "runs/sums/model.amc", "new.csv"], dir);
    let answers: Vec<f64> = told.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    // Three root mean squares of the errors in training.
    let off = 3.0 * summary["train"][0]["rmse"].as_f64().expect("a number");
    for (answer, wanted) in answers.iter().zip([1070.0, 1140.0]) {
        assert!((answer - wanted).abs() < off, "{answer}, not {wanted} within {off}");
    }
    let eval = stdout(&["eval", "runs/sums/model.amc", "--data", "sums.csv"], dir);
    assert!(eval.contains("401 samples"), "{eval}");
    // Functions are standardised, too.
    let sine = train(&["--data", "sine"], dir);
    assert!(sine["train"][0]["r2"].as_f64() > Some(0.5), "{sine}");
    let told = stdout(&["eval", "runs/sine/model.amc", "--data", "sine"], dir);
    assert!(told.contains(&format!("loss {:.6}", sine["loss"].as_f64().expect("a number"))), "{told} {sine}");
}

#[test]
fn a_run_that_was_stopped_comes_to_what_it_would_have_come_to() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let run = ["train", "--numbers", "int8", "--steps", "20000", "--json", "--out"];
    let whole = json(&[&run[..], &["whole", "--threads", "1"]].concat(), dir);
    // The run may be faster than who kills it.
    let is_killed = (0..20).any(|_| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amc"));
        let command = command.args(run).args(["part", "--force", "--checkpoint-every", "10ms"]).current_dir(dir);
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("amc starts");
        while !dir.join("part/checkpoint").exists() && run.try_wait().expect("its state").is_none() {
            std::thread::yield_now();
        }
        let _ = run.kill();
        run.wait().expect("its end");
        dir.join("part/checkpoint").exists()
    });
    assert!(is_killed);
    let summary = json(&["train", "--resume", "part", "--threads", "2", "--json"], dir);
    for key in ["params_hash", "loss", "test_loss", "acceptance_rate", "saturated"] {
        assert_eq!(summary[key], whole[key], "{key}");
    }
    assert_eq!(fs::read(dir.join("part/curve.csv")).ok(), fs::read(dir.join("whole/curve.csv")).ok());
}

#[test]
fn what_is_not_for_integers_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let train = ["train", "--numbers", "int8", "--steps", "5"];
    for options in [
        &["--sigma", "0.1"][..],
        &["--epsilon", "0.01"],
        &["--n-reset", "50"],
        &["--signal-norm", "off"],
        &["--in-place"],
        &["--method", "mixed"],
        &["--batch", "100"],
        &["--temperature", "0.1"],
        &["--arithmetic", "fused"],
        &["--from", "model.amc"],
    ] {
        refused(&[&train[..], options].concat(), dir, &[options[0], "--numbers f32"]);
    }
    refused(&[&train[..], &["--loss", "mse"]].concat(), dir, &["--loss mse", "cross-entropy", "softmax"]);
    refused(&[&train[..], &["--output", "tanh"]].concat(), dir, &["ends with a softmax"]);
    refused(&[&train[..], &["--bits", "9"]].concat(), dir, &["--bits", "2..=8"]);
    refused(&["train", "--bits", "4"], dir, &["--bits", "--numbers int8"]);
    rows(dir);
    refused(&[&train[..], &["--data", "sums.csv", "--normalise", "off"]].concat(), dir, &["--normalise", "standard"]);
    let net = "[[layers]]\nkind = \"gru\"\ninputs = 8\nunits = 6\nsteps = 8\n\
        [[layers]]\nkind = \"dense\"\nunits = 10\nactivation = \"softmax\"\n";
    fs::write(dir.join("net.toml"), net).expect("written");
    refused(&[&train[..], &["--net", "net.toml"]].concat(), dir, &["layer 0 is of a kind that has no integers"]);
    let wide = "200000";
    refused(
        &[&train[..], &["--layers", &format!("64,{wide},2,10")]].concat(),
        dir,
        &["layer 1 is too wide: 200000 inputs"],
    );
}

#[test]
fn a_trained_net_of_floats_becomes_one_of_integers_that_is_nearly_as_good() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for (activation, off) in [("tanh", 0.02), ("relu", 0.04)] {
        json(&["train", "--json", "--force", "--steps", "6000", "--activation", activation], dir);
        // By whatever name.
        let itself = amc(&["quantise", "runs/digits/model.amc", "-o", "runs/../runs/digits/model.amc"], dir);
        assert_eq!(itself.status.code(), Some(2), "it would be lost");
        let told = stdout(&["quantise", "runs/digits/model.amc", "-o", "integers.amc"], dir);
        let parts: Vec<_> = told.split("train: ").collect();
        let [floats, integers] = [parts[1], parts[2]].map(accuracy);
        assert!(floats > 0.75 && integers > floats - off, "{activation}: {floats} {integers}");
        assert_eq!(accuracy(&stdout(&["eval", "integers.amc"], dir)), integers);
    }
    rows(dir);
    json(&["train", "--json", "--data", "sums.csv", "--steps", "6000"], dir);
    let told = stdout(&["quantise", "runs/sums/model.amc", "--data", "sums.csv", "-o", "sums.amc"], dir);
    let r2 = |line: &str| line.split_whitespace().nth(3).and_then(|cell| cell.parse::<f64>().ok());
    let found: Vec<_> = told.lines().filter(|line| line.trim_start().starts_with("sum")).filter_map(r2).collect();
    // Of floats and of integers those to train on, of which one is far from all others, and those to test with.
    assert!(found.len() == 4 && found[3] > found[1] - 0.05, "{told}");
    let wanted = json(&["train", "--json", "--data", "sine", "--steps", "20000"], dir);
    let told = stdout(&["quantise", "runs/sine/model.amc", "--data", "sine", "-o", "sine.amc"], dir);
    assert!(wanted["train"][0]["r2"].as_f64() > Some(0.9), "{wanted}");
    let found: Vec<_> = told.lines().filter(|line| line.trim_start().starts_with("output 0")).collect();
    let r2 = |line: &str| line.split_whitespace().last().expect("a cell").parse::<f64>().expect("a number");
    assert!(found.len() == 2 && r2(found[1]) > r2(found[0]) - 0.05, "{told}");
}

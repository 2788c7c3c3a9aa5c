//! Nets that come from other toolchains and go to them, by the command.

use std::fs;
use std::path::Path;

use amc_exchange::safetensors;
use amc_exchange::tensor::Tensor;

use crate::cli::{amc, json, stdout};

/// Files that PyTorch and Keras wrote.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../amc-exchange/tests/exchange/files");

fn stderr(args: &[&str], dir: &Path) -> String {
    let output = amc(args, dir);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// Asserts exit code 2, one line on stderr that has the words, and no model.
fn refused(args: &[&str], dir: &Path, words: &str) {
    let output = amc(args, dir);
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    let told = told.lines().last().unwrap_or_default();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    // Options that exclude each other are clap's to refuse.
    let is_refused = if words.is_empty() { told.contains("--help") } else { told.starts_with("amc: ") };
    assert!(is_refused && told.contains(words), "{args:?}: {words}: {told}");
    assert!(!dir.join("no.amc").exists(), "{args:?}");
}

/// Trains on windows of a table, so that all is there that a model file can have.
fn trained(dir: &Path, net: &str, more: &[&str]) {
    let row = |i: usize| format!("{},{},{}\n", 900 + i * 7 % 13, i * 5 % 17, ["low", "high"][i * 3 % 5 % 2]);
    fs::write(dir.join("log.csv"), "pressure,flow,state\n".to_string() + &(0..60).map(row).collect::<String>())
        .expect("written");
    fs::write(dir.join("net.toml"), net).expect("written");
    let args =
        ["train", "--data", "log.csv", "--window", "3", "--net", "net.toml", "--steps", "100", "--json", "--force"];
    json(&[&args[..], more].concat(), dir);
}

const DENSE: &str = "[[layers]]\nkind = \"dense\"\nunits = 4\nactivation = \"relu\"\n\n\
                     [[layers]]\nkind = \"dense\"\nunits = 2\nactivation = \"softmax\"\n";

const GRU: &str = "[[layers]]\nkind = \"gru\"\ninputs = 2\nunits = 3\nsteps = 3\n\n\
                   [[layers]]\nkind = \"dense\"\nunits = 2\nactivation = \"softmax\"\n";

const MODEL: &str = "runs/log/model.amc";

#[test]
fn a_model_goes_out_and_comes_back_to_the_byte() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let named = DENSE.replacen("units = 4", "units = 4\nname = \"hidden\"", 1);
    for (net, more) in [(DENSE, &[][..]), (GRU, &["--arithmetic", "fused"]), (&named, &[])] {
        trained(dir, net, more);
        for format in ["onnx", "safetensors"] {
            let file = format!("net.{format}");
            let told = stderr(&["export", MODEL, &format!("--{format}"), "-o", &file], dir);
            assert_eq!(told.contains("    nn.Softmax(1),\n)"), format == "safetensors", "{told}");
            stderr(&["import", &file, "-o", "back.amc"], dir);
            assert!(
                fs::read(dir.join(MODEL)).expect("a model") == fs::read(dir.join("back.amc")).expect("a model"),
                "{file}"
            );
        }
    }
    let answers = stdout(&["predict", MODEL, "log.csv"], dir);
    assert_eq!(answers, stdout(&["predict", "back.amc", "log.csv"], dir));

    // A net file of the same net stands for all that was written beside it.
    fs::write(dir.join("info.toml"), stdout(&["info", MODEL], dir)).expect("written");
    let told = stderr(&["import", "net.safetensors", "--net", "info.toml", "-o", "bare.amc"], dir);
    assert!(told.contains("without it, columns and their scale, names of layers are read, too"), "{told}");
    refused(&["predict", "bare.amc", "log.csv"], dir, "it knows no columns");
}

#[test]
fn modules_and_nodes_give_the_layers_their_names() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let of = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        Tensor::new(name, shape, (0..count).map(|x| x as f64 / 8.0)).expect("a tensor")
    };
    let tensors =
        [of("fc1.weight", &[3, 1]), of("fc1.bias", &[3]), of("fc2.weight", &[4, 3]), of("fc10.weight", &[1, 4])];
    let file = safetensors::write(&tensors, ("format", "pt".to_string())).expect("a file");
    fs::write(dir.join("net.safetensors"), file).expect("written");
    let told = stderr(&["import", "net.safetensors", "-o", "m.amc"], dir);
    assert!(told.contains("layers are called fc1, fc2, fc10: --train takes these names"), "{told}");
    let info = stdout(&["info", "m.amc"], dir);
    assert!(info.contains("name = \"fc10\"\nunits = 1\n"), "{info}");
    let on = ["train", "--data", "sine", "--from", "m.amc", "--steps", "50", "--json", "--force", "--train"];
    let hash = |part: &str| json(&[&on[..], &[part]].concat(), dir)["params_hash"].clone();
    assert_eq!(hash("fc2,2"), hash("1,2"));
    assert_ne!(hash("fc2"), hash("fc1"));

    // By way of a graph whose metadata are not there, by a net file, and by one that says other names.
    stderr(&["export", "m.amc", "--onnx", "-o", "net.onnx"], dir);
    let bytes = fs::read(dir.join("net.onnx")).expect("a graph");
    let key = bytes.windows(5).rposition(|of| of == b"\x0a\x03amc").expect("metadata");
    fs::write(dir.join("bare.onnx"), [&bytes[..key], b"\x0a\x03cma", &bytes[key + 5..]].concat()).expect("written");
    stderr(&["import", "bare.onnx", "-o", "bare.amc"], dir);
    fs::write(dir.join("net.toml"), info.replace("name = ", "# ")).expect("written");
    stderr(&["import", "net.safetensors", "--net", "net.toml", "-o", "same.amc"], dir);
    let of = |model: &str| fs::read(dir.join(model)).expect("a model");
    assert!(of("bare.amc") == of("m.amc") && of("same.amc") == of("m.amc"));
    fs::write(dir.join("net.toml"), info.replace("fc10", "out").replace("name = \"fc1\"\n", "")).expect("written");
    let told = stderr(&["import", "net.safetensors", "--net", "net.toml", "-o", "other.amc"], dir);
    assert!(told.contains("layers are called fc1, fc2, out:"), "{told}");
    let info = stdout(&["info", "other.amc"], dir);
    assert!(info.contains("name = \"out\"") && info.contains("name = \"fc1\"") && !info.contains("fc10"), "{info}");
}

#[test]
fn arrays_come_back_with_the_net_that_info_prints() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    trained(dir, GRU, &[]);
    let info = stdout(&["info", MODEL], dir);
    fs::write(dir.join("info.toml"), &info).expect("written");
    stderr(&["export", MODEL, "--npz", "-o", "net.npz"], dir);
    stderr(&["import", "net.npz", "--net", "info.toml", "-o", "back.amc"], dir);
    let hash = |info: &str| info.lines().find(|line| line.contains("params_hash")).map(str::to_string).expect("a hash");
    assert_eq!(hash(&info), hash(&stdout(&["info", "back.amc"], dir)));
}

#[test]
fn a_folded_net_goes_out_without_a_scale() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    trained(dir, DENSE, &[]);
    stderr(&["export", MODEL, "--safetensors", "--fold", "-o", "net.safetensors"], dir);
    stderr(&["import", "net.safetensors", "-o", "back.amc"], dir);
    let of = |model: &str| stdout(&["export", model, "--rust", "--fold"], dir);
    assert_eq!(of("back.amc"), of(MODEL));
}

#[test]
fn what_the_file_does_not_say_is_taken_from_options_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let file = format!("{FILES}/dense.float64.safetensors");
    let told = stderr(&["import", &file, "--model", "guessed.amc"], dir);
    for words in [
        "no net is said: a chain of 3 dense layers, tanh and linear at the end",
        "layer 1, dense: 2.bias (7,), 2.weight (7, 7), weights [unit][input]",
        "the loss is taken to be mse",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let more = ["--activation", "relu", "--output-activation", "softmax"];
    let told = stderr(&[&["import", &*file, "-o", "said.amc"], &more[..]].concat(), dir);
    assert!(told.contains("relu and softmax") && told.contains("cross-entropy"), "{told}");
    let info = stdout(&["info", "said.amc"], dir);
    assert!(
        info.contains("inputs = 5\nloss = \"cross-entropy\"") && info.contains("activation = \"softmax\""),
        "{info}"
    );
    let told = stderr(&["import", &format!("{FILES}/dense.onnx"), "-o", "graph.amc", "--loss", "mse"], dir);
    assert!(!told.contains("the loss is taken"), "{told}");
    assert!(stdout(&["info", "graph.amc"], dir).contains("loss = \"mse\""));
    let told = stderr(&["import", &format!("{FILES}/images.onnx"), "-o", "graph.amc"], dir);
    assert!(
        told.contains("samples have channels last, where the graph's, [batch, 2, 4, 3], have them first"),
        "{told}"
    );
}

#[test]
fn a_net_file_says_the_layers_of_tensors() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // How many inputs there are is what the first layer takes.
    let net = "[[layers]]\nkind = \"conv1d\"\nsteps = 8\nchannels = 2\nfilters = 3\n\
               kernel = { size = 3, stride = 2, padding = 1 }\nactivation = \"relu\"\n\n\
               [[layers]]\nkind = \"normalization\"\nunits = 12\nactivation = \"linear\"\n\n\
               [[layers]]\nkind = \"dense\"\nunits = 2\nactivation = \"linear\"\n";
    fs::write(dir.join("net.toml"), net).expect("written");
    let told = stderr(&["import", &format!("{FILES}/sequences.safetensors"), "--net", "net.toml", "-o", "m.amc"], dir);
    assert!(told.contains("samples are [step][channel], where PyTorch's are [channel][step]"), "{told}");
    assert!(stdout(&["info", "m.amc"], dir).starts_with("inputs = 16\n"));
    fs::write(dir.join("net.toml"), net.replace("filters = 3", "filters = 4").replace("= 12", "= 16"))
        .expect("written");
    let args = ["import", &format!("{FILES}/sequences.safetensors"), "--net", "net.toml", "-o", "no.amc"];
    refused(&args, dir, "layer 0, conv1d: 0.weight is (3, 2, 3), where (4, 2, 3) was wanted");
}

#[test]
fn options_of_another_kind_of_file_are_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let tensors = format!("{FILES}/dense.float32.safetensors");
    for (file, option, value) in [
        (&*tensors, "--page-size", "4096"),
        (&tensors, "--word-size", "4"),
        (&tensors, "--region", "0..8"),
        (&tensors, "--save", "1"),
        ("flash.bin", "--net", "net.toml"),
        ("flash.bin", "--activation", "tanh"),
        ("flash.bin", "--output-activation", "tanh"),
        ("flash.bin", "--loss", "mse"),
        ("a.onnx", "--net", "net.toml"),
        ("a.onnx", "--activation", "tanh"),
    ] {
        refused(&["import", file, "-o", "no.amc", option, value], dir, &format!("{file}: {option} is not for "));
    }
    refused(&["import", &tensors, "-o", "no.amc", "--net", "a.toml", "--activation", "tanh"], dir, "");
    refused(&["import", "none.onnx", "-o", "no.amc"], dir, "none.onnx");
    for (file, words) in [
        (
            "net.pt",
            "net.pt: .safetensors, .npz and .onnx are read: in Python, safetensors.torch.save_file(net.state_dict(), ",
        ),
        ("net.PTH", "safetensors.torch.save_file"),
        ("net.keras", "numpy.savez(\"net.npz\", *net.get_weights())"),
        ("net.tflite", "tf2onnx"),
    ] {
        refused(&["import", file, "-o", "no.amc"], dir, words);
    }
    refused(&["import", &tensors, "-o", "no.amc", "--loss", "cross-entropy"], dir, "cross-entropy needs a softmax");
    fs::write(dir.join("net.toml"), format!("loss = \"mse\"\n{DENSE}")).expect("written");
    refused(
        &["import", &format!("{FILES}/keras-dense.npz"), "-o", "no.amc", "--net", "net.toml"],
        dir,
        "where (5, 4) was wanted",
    );
    refused(&["export", "a.amc", "--onnx"], dir, "a.amc");
    stderr(&["import", &tensors, "-o", "m.amc"], dir);
    refused(&["export", "m.amc", "--onnx"], dir, "name it, with -o FILE");
    refused(&["export", "m.amc", "--onnx", "--fold", "-o", "m.onnx"], dir, "no scaling to fold");
}

#[test]
fn what_is_carried_beside_a_net_has_to_fit_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    trained(dir, DENSE, &[]);
    stderr(&["export", MODEL, "--safetensors", "-o", "net.safetensors"], dir);
    let (tensors, metadata) = safetensors::read(&fs::read(dir.join("net.safetensors")).expect("a file")).expect("read");
    let carried = metadata.get("amc").expect("carried");
    let import = |tensors: &[Tensor], text: String, words: &str| {
        let file = safetensors::write(tensors, ("amc", text)).expect("written");
        fs::write(dir.join("changed.safetensors"), file).expect("written");
        refused(&["import", "changed.safetensors", "-o", "no.amc"], dir, words);
    };
    let json: serde_json::Value = serde_json::from_str(carried).expect("JSON");
    let scale = json["table"]["inputs"][0].to_string();
    import(&tensors, "{".into(), "changed.safetensors: EOF while parsing");
    import(&tensors, "[".repeat(100_000), "changed.safetensors");
    import(&tensors, carried.replace("\"portable\"", "\"exact\""), "there is no arithmetic \"exact\"");
    import(&tensors, carried.replacen(&scale, "[0.0,0.0]", 1), "a scale is 0");
    import(&tensors, carried.replacen(&scale, "[1e300,1.0]", 1), "not finite");
    import(&tensors, carried.replacen(&format!("{scale},"), "", 1), "scaled inputs for a net of 6");
    import(&tensors, carried.replace("\"stride\":1", "\"stride\":0"), "do not move");
    import(&tensors, carried.replace("\"rows\":3", "\"rows\":4000000000"), "features and");
    import(
        &tensors,
        carried.replace("units = 4", "units = 5"),
        "layer 0, dense: 0.weight is (4, 6), where (5, 6) was wanted",
    );
    import(&tensors[..2], carried.clone(), "there is no tensor left for it");
    let one = Tensor::new("0.weight", &[1, 2], [0.5, 0.5].into_iter()).expect("a tensor");
    fs::write(dir.join("one.safetensors"), safetensors::write(&[one], ("a", "b".into())).expect("written"))
        .expect("written");
    let args = ["import", "one.safetensors", "--output-activation", "softmax", "-o", "no.amc"];
    refused(&args, dir, "one.safetensors: layer 0 is a softmax: it has to be the last layer");
    import(&tensors, carried.replace("inputs = 6", "inputs = 0"), "at least one input");
    let output = amc(&["import", "net.safetensors", "--activation", "relu", "-o", "no.amc"], dir);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--activation is said twice"));
}

/// A table's labels find their outputs by the names that were said, and not by the alphabet.
#[test]
fn classes_that_were_said_are_matched_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    // The first output is the larger one where x is.
    let weights = Tensor::new("0.weight", &[2, 1], [4.0, -4.0].into_iter()).expect("a tensor");
    let file = safetensors::write(&[weights], ("made", "by hand".into())).expect("written");
    fs::write(dir.join("net.safetensors"), file).expect("written");
    let import = ["import", "net.safetensors", "--output-activation", "softmax", "-o"];
    let rows = (0..20).map(|i| format!("{},{}\n", i - 10, if i > 10 { "up, or so" } else { "down" }));
    fs::write(dir.join("t.csv"), "x,way\n".to_string() + &rows.collect::<String>()).expect("written");
    let rows = fs::read_to_string(dir.join("t.csv")).expect("read").replace("up, or so", "\"up, or so\"");
    fs::write(dir.join("t.csv"), rows).expect("written");
    fs::write(dir.join("names"), "up, or so\r\ndown\n").expect("written");
    stderr(&[&import[..], &["named.amc", "--classes-file", "names"]].concat(), dir);
    stderr(&[&import[..], &["plain.amc"]].concat(), dir);
    assert!(stdout(&["info", "named.amc"], dir).ends_with("# classes: \"up, or so\", down\n"));

    let train = |model: &str| {
        let args =
            ["train", "--data", "t.csv", "--from", model, "--normalise", "off", "--steps", "1", "--sigma", "1e-6"];
        let output = amc(&[&args[..], &["--json", "--out", "on", "--force"]].concat(), dir);
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&told);
        (summary["train_accuracy"].as_f64().expect("a number"), told)
    };
    let (accuracy, told) = train("plain.amc");
    assert!(accuracy < 0.2 && told.contains("taken for down, \"up, or so\", in this order"), "{accuracy}: {told}");
    let (accuracy, told) = train("named.amc");
    assert!(accuracy > 0.9 && !told.contains("in this order"), "{accuracy}: {told}");
    assert!(stdout(&["predict", "on/model.amc", "t.csv"], dir).starts_with("class,\"p(up, or so)\",p(down)\n"));

    fs::write(dir.join("new.csv"), "x\n3\n-3\n").expect("written");
    let answers = stdout(&["predict", "named.amc", "new.csv"], dir);
    let lines: Vec<_> = answers.lines().collect();
    assert!(lines[1].starts_with("\"up, or so\",") && lines[2].starts_with("down,"), "{answers}");
    refused(&["predict", "plain.amc", "new.csv"], dir, "it knows no columns and no classes");

    // Source code has the names, too, and of a net that nobody named classes of none.
    let strings = "MODEL_CLASSES[MODEL_CLASS_COUNT] = {\n    \"up, or so\",\n    \"down\",\n};\n";
    for (format, names) in [
        ("--rust", "pub static CLASSES: [&str; 2] = [\n    \"up, or so\", \"down\",\n];\n"),
        ("--c", strings),
        ("--c99", strings),
    ] {
        let [named, plain] = ["named.amc", "plain.amc"].map(|model| stdout(&["export", model, format], dir));
        assert!(named.contains(names) && !plain.contains("CLASSES"), "{named}");
    }

    for format in ["onnx", "safetensors"] {
        let file = format!("back.{format}");
        stderr(&["export", "named.amc", &format!("--{format}"), "-o", &file], dir);
        stderr(&["import", &file, "-o", "back.amc"], dir);
        assert!(
            fs::read(dir.join("named.amc")).expect("read") == fs::read(dir.join("back.amc")).expect("read"),
            "{file}"
        );
        refused(
            &["import", &file, "-o", "no.amc", "--classes", "a,b"],
            dir,
            "--classes says twice what the outputs are",
        );
    }
    for (names, words) in [
        ("a,b,c", "--classes: 3 names of classes for a net of 2 outputs"),
        ("a,a", "--classes: two classes are called \"a\""),
        ("a,", "--classes: class 1 (from 0) has no name"),
    ] {
        refused(&["import", "net.safetensors", "-o", "no.amc", "--classes", names], dir, words);
    }
    refused(&["import", "net.safetensors", "-o", "no.amc", "--classes-file", "none"], dir, "none");
}

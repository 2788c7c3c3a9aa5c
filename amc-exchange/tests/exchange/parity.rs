//! What is read gives what PyTorch and Keras gave.

use serde_json::Value;

use crate::nets::{bytes, of_graph, outputs, read};

/// The largest difference from outputs in double precision. A sum of up to 60 parts, all below 4, is rounded with each of them,
/// by 2⁻²⁴ of itself: 1.4e-5, and no layer behind it makes more of that.
const BOUND: f64 = 1.5e-5;

/// A sample, and what it becomes.
struct Case {
    file: String,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f64>>,
}

fn cases() -> Vec<Case> {
    let stored: Vec<Value> = serde_json::from_str(include_str!("cases.json")).expect("JSON");
    let rows = |of: &Value| -> Vec<Vec<f64>> { serde_json::from_value(of.clone()).expect("rows") };
    let single = |row: Vec<f64>| row.into_iter().map(|x| x as f32).collect();
    let case = |of: &Value| Case {
        file: of["file"].as_str().expect("a file").to_string(),
        inputs: rows(&of["inputs"]).into_iter().map(single).collect(),
        outputs: rows(&of["outputs"]),
    };
    stored.iter().map(case).collect()
}

#[test]
fn nets_give_what_they_gave_where_they_come_from() {
    let cases = cases();
    assert_eq!(cases.len(), 29);
    for Case { file, inputs, outputs: wanted } in cases {
        let (net, told) = read(&file, &bytes(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for (inputs, wanted) in inputs.iter().zip(&wanted) {
            let given = outputs(&net, inputs);
            assert_eq!(given.len(), wanted.len(), "{file}");
            let far = given.iter().zip(wanted).map(|(y, wanted)| (f64::from(*y) - wanted).abs()).fold(0.0, f64::max);
            assert!(far < BOUND, "{file}: {far} off; {told:?}");
        }
    }
}

#[test]
fn graphs_are_the_layers_they_were_made_of() {
    for Case { file, .. } in cases().iter().filter(|case| case.file.ends_with(".onnx")) {
        let (net, told) = read(file, &bytes(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(net.layers, of_graph(file), "{file}");
        let has_channels = net.layers.iter().any(|layer| layer.to_string().contains("conv"));
        assert_eq!(told.iter().any(|line| line.contains("channels last")), has_channels, "{file}: {told:?}");
    }
}

//! Model files of nets beyond dense ones, and of such that give no numbers.

use std::fs;
use std::path::Path;

use amc_engine::description::{ActivationName, Description, LayerNames, LossName};
use amc_host::model::Model;
use amc_kernels::Arithmetic;

use crate::cli::{amc, refused};

#[test]
fn a_recurrent_nets_model_is_read_as_it_was_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("model.amc");
    let description = Description::of_sequences(16, 8);
    let count = description.objective().expect("a net").net().parameters();
    let parameters = (0..count).map(|i| i as f32 / 7.0).collect();
    let model = Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None, classes: Vec::new() };
    model.save(&path).expect("saved");
    assert_eq!(Model::load(&path).expect("read"), model);
}

/// A model as it was written before layers had names.
const UNNAMED: &[u8] = b"AMCMODEL\x02\x00\x00\x00\x14\x00\x00\x00\x00\x01\x01\x02\x00\x02\x01\x00\x02\x04\x0a\x00\x00\x06\x02\x02\x01a\x01b\x00\x00\x80?\x00\x00\x00@\x00\x00\x00?\x00\x00\x00\xbf\x00\x00\x80?\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00\x00\x00\x00\x80>\x85G\xa1\x1c";

#[test]
fn names_of_layers_are_behind_what_a_model_had_before() {
    let place = Path::new("m.amc");
    let model = Model::parse(place, UNNAMED).expect("a model");
    assert_eq!(model.classes, ["a", "b"]);
    assert!(model.description.names.is_empty() && model.bytes(place).expect("bytes") == UNNAMED);
    let names = LayerNames::guessed(&[None, Some("out".into())]);
    let description = Description { names: names.clone(), ..model.description.clone() };
    let named = Model { description, ..model.clone() };
    let bytes = named.bytes(place).expect("bytes");
    assert_eq!(Model::parse(place, &bytes).expect("a model"), named);
    // Classes come first, for programs that know no names.
    assert!(bytes.windows(3).any(|of| of == b"\x01b\x03"), "{bytes:?}");
    // Names of a net without classes, and of another one.
    let alone = Model { classes: Vec::new(), ..named.clone() };
    assert_eq!(Model::parse(place, &alone.bytes(place).expect("bytes")).expect("a model"), alone);
    let description = Description { names: LayerNames::guessed(&[Some("out".into())]), ..model.description.clone() };
    let told = Model::parse(place, &Model { description, ..model }.bytes(place).expect("bytes")).expect_err("refused");
    assert_eq!(told.to_string(), "m.amc: the description is not valid: names of other layers than its 2");
}

/// A model that gives no numbers says where it has none.
#[test]
fn parameters_that_are_not_finite_are_told_of_with_their_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let (linear, mse) = (ActivationName::Linear, LossName::Mse);
    let description = Description::new(&[1, 2, 1], linear, linear, mse);
    // Of each layer the biases stand behind the weights: 2 and 2, 2 and 1.
    let mut parameters = vec![0.5; 7];
    (parameters[3], parameters[4]) = (f32::NAN, f32::INFINITY);
    let model = Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None, classes: Vec::new() };
    model.save(&dir.path().join("nan.amc")).expect("saved");
    let words = "parameter 3, of the biases of layer 0 (from 0), is NaN, and 1 more are not finite";
    let output = amc(&["info", "nan.amc"], dir.path());
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success() && told.contains(&format!("warning: {words}")), "{told}");
    fs::write(dir.path().join("rows.csv"), "x\n1\n").expect("written");
    refused(&["eval", "nan.amc", "--data", "sine"], dir.path(), &[words]);
    refused(&["predict", "nan.amc", "rows.csv"], dir.path(), &[words]);
    refused(&["export", "nan.amc", "--npz", "-o", "nan.npz"], dir.path(), &["parameter 3, of the biases of layer 0"]);
}

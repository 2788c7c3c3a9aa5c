//! A net of which layers are frozen, exported as source code: what is checked in is compiled here, is what is exported, and
//! makes what the net does.

#[path = "exported/f16.rs"]
mod of_16_bits;
#[path = "exported/f32.rs"]
mod of_32_bits;
#[path = "exported/i8.rs"]
mod of_8_bits;

use std::fs;
use std::process::Command;

use amc_core::{Activation, Body, Frozen, Layer, Net, Portable, Rows};
use amc_engine::description::{Description, LossName};
use amc_host::export::{self, ExportError, Stored, c, rust};
use amc_host::model::Model;
use amc_kernels::Arithmetic;

use crate::export_c::repository;

/// Of every way to use weights: sums, gates, and none.
fn model() -> Model {
    model_of(vec![
        Layer::gru_states(2, 2, 3),
        Layer::normalization(6, Activation::Tanh),
        Layer::dense(3, Activation::Tanh),
        Layer::dense(2, Activation::Softmax),
    ])
}

fn model_of(layers: Vec<Layer>) -> Model {
    let description = Description::unnamed(6, layers, LossName::CrossEntropy);
    let count = description.objective().expect("a net").net().parameters();
    let parameters = (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) / 64.0).collect();
    Model { description, arithmetic: Arithmetic::Portable, parameters, schema: None, classes: Vec::new() }
}

fn exported(stored: Stored, layers: Option<usize>) -> anyhow::Result<String> {
    rust(&model(), Some(export::Frozen { stored, layers }))
}

const FEATURES: [f32; 6] = [0.3, -0.7, 1.5, 0.2, -1.1, 0.9];

fn features(net: Net<'_>, frozen: Frozen<'_>) -> [f32; 3] {
    let body = Body::try_stored(net, frozen).expect("a body");
    let (mut scratch, mut features) = (vec![0.0; Body::scratch(&net, 1)], [0.0; 3]);
    body.features(Portable::<1>, &Rows::new(&FEATURES, 6, 1.0), &mut scratch, &mut features).expect("features");
    features
}

#[test]
fn the_files_are_what_is_exported_and_make_what_the_net_does() {
    let model = model();
    let net = model.description.objective().expect("a net").net();
    let (body, head) = net.split(3).expect("two nets");
    let (of_body, of_head) = model.parameters.split_at(body.parameters());
    let wanted = features(body, Frozen::F32(of_body));
    let objectives = [of_32_bits::OBJECTIVE, of_16_bits::OBJECTIVE, of_8_bits::OBJECTIVE];
    assert_eq!(objectives, [model.description.objective().expect("a net"); 3]);
    for (stored, name, text, parts, frozen, of_the_head, off) in [
        (
            Stored::F32,
            "f32",
            include_str!("exported/f32.rs"),
            (of_32_bits::BODY, of_32_bits::HEAD),
            of_32_bits::FROZEN,
            &of_32_bits::HEAD_PARAMETERS[..],
            0.0,
        ),
        (
            Stored::F16,
            "f16",
            include_str!("exported/f16.rs"),
            (of_16_bits::BODY, of_16_bits::HEAD),
            of_16_bits::FROZEN,
            &of_16_bits::HEAD_PARAMETERS[..],
            // A weight is off by 2^-12 of the largest of its neuron, sums of 10 by as much: tanh and a normalisation over 6
            // numbers let it grow.
            2e-3,
        ),
        (
            Stored::I8,
            "i8",
            include_str!("exported/i8.rs"),
            (of_8_bits::BODY, of_8_bits::HEAD),
            of_8_bits::FROZEN,
            &of_8_bits::HEAD_PARAMETERS[..],
            // The same of 1/254.
            3e-2,
        ),
    ] {
        let source = exported(stored, None).expect("exported");
        if std::env::var_os("AMC_WRITE_EXAMPLE").is_some() {
            std::fs::write(format!("tests/host/exported/{name}.rs"), &source).expect("written");
            continue;
        }
        assert!(source == text, "tests/host/exported/{name}.rs is not this:\n{source}");
        assert_eq!((parts, of_the_head), ((body, head), of_head));
        for (made, wanted) in features(body, frozen).iter().zip(wanted) {
            assert!((made - wanted).abs() <= off, "{name}: {made}, not {wanted}");
        }
    }
}

#[test]
fn a_body_is_what_somebody_says() {
    let source = exported(Stored::I8, Some(1)).expect("exported");
    assert!(source.contains("match NET.split(1) {") && source.contains("/// Their weights."), "{source}");
    let refused = |layers| format!("{:#}", exported(Stored::I8, Some(layers)).expect_err("refused"));
    assert_eq!(refused(0), "--body 0: of a net's 4 layers the body is at least the first, and not the last");
    assert_eq!(refused(4), "--body 4: of a net's 4 layers the body is at least the first, and not the last");
    let mut model = model();
    model.parameters[3] = f32::INFINITY;
    let frozen = |stored| rust(&model, Some(export::Frozen { stored, layers: None }));
    assert!(frozen(Stored::F32).is_ok());
    let told = frozen(Stored::F16).expect_err("refused").to_string();
    assert_eq!(told, "parameter 3 is inf: weights of fewer bits are finite numbers");
}

/// Of layers that the library for C has.
fn dense() -> Model {
    model_of(vec![
        Layer::dense(5, Activation::Relu),
        Layer::dense(3, Activation::Tanh),
        Layer::dense(2, Activation::Softmax),
    ])
}

/// The numbers of an array of source code, which begins behind `head`: as they are written, but for what tells their type.
fn numbers(source: &str, head: &str, is_float: bool) -> Vec<String> {
    let (_, from) = source.split_once(head).unwrap_or_else(|| panic!("{head} is not in {source}"));
    let (_, array) = from.split_once("= ").expect("an array");
    let array = array.trim_start_matches(['{', '[']).split(['}', ']']).next().unwrap_or_default();
    let bare = |number: &str| {
        let number = number.trim_start_matches("F16(").trim_end_matches(')');
        if is_float { number.trim_end_matches('f') } else { number }.to_string()
    };
    array.split(',').map(str::trim).filter(|number| !number.is_empty()).map(bare).collect()
}

#[test]
fn c_has_the_numbers_of_rust() {
    let (model, dir) = (dense(), tempfile::tempdir().expect("a folder"));
    for (stored, arrays) in [
        (Stored::F32, &["BODY_PARAMETERS", "HEAD_PARAMETERS"][..]),
        (Stored::F16, &["BODY_WEIGHTS", "BODY_OTHERS", "HEAD_PARAMETERS"]),
        (Stored::I8, &["BODY_WEIGHTS", "BODY_OTHERS", "HEAD_PARAMETERS"]),
    ] {
        for layers in [None, Some(1)] {
            let frozen = Some(export::Frozen { stored, layers });
            let (in_rust, in_c) = (rust(&model, frozen), c(&model, "M", frozen));
            let (in_rust, in_c) = (in_rust.expect("exported"), in_c.expect("exported"));
            for array in arrays {
                let is_float = *array != "BODY_WEIGHTS";
                let of_rust = numbers(&in_rust, &format!("static {array}: "), is_float);
                let of_c = numbers(&in_c, &format!(" M_{array}["), is_float);
                assert!(of_c == of_rust && !of_c.is_empty(), "{array} of {stored:?}: {of_c:?}, not {of_rust:?}");
            }
            fs::write(dir.path().join("m.h"), in_c).expect("written");
            for (compiler, options) in [("cc", ["-x", "c", "-std=c99"]), ("c++", ["-x", "c++", "-std=c++11"])] {
                let mut command = Command::new(compiler);
                command.args(options).args([
                    "-Wall",
                    "-Wextra",
                    "-Wpedantic",
                    "-Wconversion",
                    "-Werror",
                    "-fsyntax-only",
                ]);
                let command = command.arg("-I").arg(repository().join("amc-c/include")).arg(dir.path().join("m.h"));
                let told = command.output().expect("a compiler");
                assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            }
        }
    }
}

#[test]
fn c_refuses_what_rust_does_and_layers_that_its_library_has_not() {
    let refused = |model: &Model, stored, layers| {
        let error = c(model, "M", Some(export::Frozen { stored, layers })).expect_err("refused");
        (format!("{error:#}"), error.downcast::<ExportError>().ok())
    };
    for layers in [0, 3, 4] {
        let told = format!("--body {layers}: of a net's 3 layers the body is at least the first, and not the last");
        assert_eq!(refused(&dense(), Stored::I8, Some(layers)).0, told);
    }
    let (_, of_a_layer) = refused(&model(), Stored::I8, None);
    assert!(matches!(of_a_layer, Some(ExportError::Layer { layer: 0, .. })), "{of_a_layer:?}");
    for index in [3, dense().parameters.len() - 1] {
        let mut spoilt = dense();
        spoilt.parameters[index] = f32::NAN;
        let told = format!("parameter {index} is NaN: weights of fewer bits are finite numbers");
        assert_eq!(refused(&spoilt, Stored::F16, None).0, told);
        let (_, of_a_constant) = refused(&spoilt, Stored::F32, None);
        assert!(matches!(of_a_constant, Some(ExportError::NotFinite { what: "parameter", .. })), "{of_a_constant:?}");
    }
}

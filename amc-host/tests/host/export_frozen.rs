//! A net of which layers are frozen, exported as source code: what is checked in is compiled here, is what is exported, and
//! makes what the net does.

#[path = "exported/f16.rs"]
mod of_16_bits;
#[path = "exported/f32.rs"]
mod of_32_bits;
#[path = "exported/i8.rs"]
mod of_8_bits;

use amc_core::{Activation, Body, Frozen, Layer, Net, Portable, Rows};
use amc_engine::description::{Description, LossName};
use amc_host::export::{self, Stored, rust};
use amc_host::model::Model;
use amc_kernels::Arithmetic;

/// Of every way to use weights: sums, gates, and none.
fn model() -> Model {
    let layers = vec![
        Layer::gru_states(2, 2, 3),
        Layer::normalization(6, Activation::Tanh),
        Layer::dense(3, Activation::Tanh),
        Layer::dense(2, Activation::Softmax),
    ];
    let description = Description { inputs: 6, layers, loss: LossName::CrossEntropy };
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
    assert_eq!(refused(0), "--frozen: a net needs at least one layer");
    assert_eq!(refused(4), "--frozen: a net needs at least one layer");
    let mut model = model();
    model.parameters[3] = f32::INFINITY;
    let frozen = |stored| rust(&model, Some(export::Frozen { stored, layers: None }));
    assert!(frozen(Stored::F32).is_ok());
    let told = frozen(Stored::F16).expect_err("refused").to_string();
    assert_eq!(told, "parameter 3 is inf: weights of fewer bits are finite numbers");
}

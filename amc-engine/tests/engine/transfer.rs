//! A trained net is gone on with: its head on the features of its body, or parts of it in its place.

use amc_core::chain::Options;
use amc_core::{Activation, Layer, Trainable};
use amc_engine::data::{Data, OwnedTargets, Set, Values, digits};
use amc_engine::description::{Description, LossName};
use amc_engine::evaluate::features;
use amc_engine::train::{Batching, Initial, Method, Settings, Trained, Transfer, train, train_on};
use amc_kernels::Arithmetic;
use std::ops::ControlFlow;

use Trainable::{All, Biases, Nothing};

fn description() -> Description {
    let layers = vec![
        Layer::dense(12, Activation::Tanh),
        Layer::normalization(12, Activation::Relu),
        Layer::dense(11, Activation::Tanh),
        Layer::dense(10, Activation::Softmax),
    ];
    Description::unnamed(64, layers, LossName::CrossEntropy)
}

/// The parameters that lie behind the first two layers.
const HEAD: usize = 64 * 12 + 12 + 24;

fn settings(method: Method, batching: Batching, transfer: Transfer) -> Settings {
    Settings {
        method,
        options: Options::new(0.05).epsilon(if method == Method::Amc { 0.01 } else { 0.0 }).n_reset(20),
        initial: Initial::Kaiming,
        transfer,
        in_place: false,
        signal_norm: true,
        batching,
        steps: 400,
        seed: 3,
        threads: 2,
        arithmetic: Arithmetic::Portable,
    }
}

fn bits(parameters: &[f32]) -> Vec<u32> {
    parameters.iter().map(|x| x.to_bits()).collect()
}

fn given() -> Vec<f32> {
    let pretraining = Settings { steps: 1, ..settings(Method::Amc, Batching::Full, Transfer::default()) };
    train(&description(), &digits(), &pretraining, |_| ()).expect("trained").parameters
}

fn of_part(trainable: &[Trainable], batching: Batching) -> Trained {
    let transfer = Transfer { from: Some(given()), trainable: trainable.to_vec() };
    train(&description(), &digits(), &settings(Method::Amc, batching, transfer), |_| ()).expect("trained")
}

/// The head on the features of its body.
fn of_features(method: Method, batching: Batching) -> Trained {
    let (description, data, given) = (description(), digits(), given());
    let (body, head) = description.objective().expect("a net").net().split(2).expect("two nets");
    let of = |set: &Set| features(body, Arithmetic::Portable, &given[..HEAD], set).expect("features");
    let data = Data { train: of(&data.train), test: data.test.as_ref().map(of) };
    let head = Description::unnamed(head.inputs(), head.layers().to_vec(), description.loss);
    let transfer = Transfer { from: Some(given[HEAD..].to_vec()), trainable: Vec::new() };
    train(&head, &data, &settings(method, batching, transfer), |_| ()).expect("trained")
}

#[test]
fn a_head_takes_the_same_way_by_the_features_of_its_body_and_in_the_net() {
    for batching in [Batching::Full, Batching::Mini(100)] {
        let (whole, head) = (of_part(&[Nothing, Nothing, All, All], batching), of_features(Method::Amc, batching));
        assert!(head.counters.accepted > 20, "{batching:?}: {:?}", head.counters);
        assert_eq!((whole.counters, whole.train_loss), (head.counters, head.train_loss), "{batching:?}");
        assert_eq!(bits(&whole.parameters[HEAD..]), bits(&head.parameters), "{batching:?}");
        assert_eq!(bits(&whole.parameters[..HEAD]), bits(&given()[..HEAD]), "{batching:?}");
        assert_eq!(whole.test_accuracy, head.test_accuracy);
    }
}

#[test]
fn what_is_frozen_stays_and_the_rest_lowers_the_loss() {
    let start = of_part(&[All; 4], Batching::Mini(1)).train_loss;
    for (trainable, moved) in [
        ([Biases; 4], 12 + 24 + 11 + 10),
        ([Nothing, All, Nothing, Nothing], 24),
        ([All, Nothing, Biases, Nothing], 64 * 12 + 12 + 11),
    ] {
        let trained = of_part(&trainable, Batching::Full);
        let changed = trained.parameters.iter().zip(given()).filter(|(now, then)| **now != *then).count();
        assert_eq!(changed, moved, "{trainable:?}");
        assert!(trained.train_loss < start, "{trainable:?}: {} of {start}", trained.train_loss);
    }
}

#[test]
fn mixed_moves_begin_at_what_is_given_and_move_a_head() {
    let head = of_features(Method::Mixed, Batching::Full);
    let first = of_part(&[Nothing, Nothing, All, All], Batching::Mini(1)).train_loss;
    assert!(head.train_loss < 0.8 * first, "{} of {first}", head.train_loss);
    let given = given();
    let transfer = Transfer { from: Some(given.clone()), trainable: Vec::new() };
    let begun = Settings { steps: 0, ..settings(Method::Mixed, Batching::Full, transfer) };
    assert_eq!(train(&description(), &digits(), &begun, |_| ()).expect("begun").parameters, given);
}

#[test]
fn a_chain_of_parts_goes_on_from_where_it_stood() {
    let transfer = Transfer { from: Some(given()), trainable: vec![Biases, Nothing, All, Nothing] };
    let settings = settings(Method::Amc, Batching::Full, transfer);
    let mut kept = None;
    let whole = train_on(&description(), &digits(), &settings, None, |moves, _| {
        if moves.progress(None).counters.steps == 150 {
            kept = Some(moves.checkpoint()?);
        }
        Ok(ControlFlow::Continue(()))
    });
    let rest = train_on(&description(), &digits(), &settings, kept.as_ref(), |_, _| Ok(ControlFlow::Continue(())));
    let (whole, rest) = (whole.expect("trained"), rest.expect("gone on"));
    assert!(kept.is_some() && whole.counters.steps == 400);
    assert_eq!((bits(&whole.parameters), whole.counters), (bits(&rest.parameters), rest.counters));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |method, transfer| {
        let settings = settings(method, Batching::Full, transfer);
        train(&description(), &digits(), &settings, |_| ()).expect_err("refused").to_string()
    };
    let of = |trainable: &[Trainable]| Transfer { from: None, trainable: trainable.to_vec() };
    let from = |from: Vec<f32>| Transfer { from: Some(from), trainable: Vec::new() };
    assert_eq!(refused(Method::Amc, of(&[Nothing; 4])), "nothing is trained: the layers chosen have no parameters");
    let layers = "what is trained is said of 3 layers, but the net has 4";
    assert_eq!(refused(Method::Amc, of(&[All; 3])), layers);
    assert_eq!(
        refused(Method::Mixed, of(&[All, All, All, Biases])),
        "mixed moves are of all parameters that a net has: freeze whole layers in front, or none"
    );
    let mut given = given();
    given[7] = f32::NAN;
    assert_eq!(refused(Method::Amc, from(given.clone())), "parameter 7 to start from is NaN");
    assert_eq!(
        refused(Method::Mixed, from(given[1..].to_vec())),
        "1066 parameters to start from, but the net has 1067"
    );
}

#[test]
fn features_that_are_no_numbers_are_refused() {
    let net = Description::unnamed(1, vec![Layer::dense(2, Activation::Linear)], LossName::Mse);
    let set = Set::new(Values::F32(vec![1.0, 3e38, 2.0]), 1, OwnedTargets::Classes(vec![0, 1, 0]));
    let body = net.objective().expect("a net").net();
    let made = features(body, Arithmetic::Portable, &[1.0, 2.0, 0.5, 0.0], &set.first(1)).expect("features");
    assert_eq!((made.inputs().collect::<Vec<_>>(), made.targets()), (vec![1.5, 2.0], &OwnedTargets::Classes(vec![0])));
    let error = features(body, Arithmetic::Portable, &[1.0, 2.0, 0.0, 0.0], &set).expect_err("refused");
    assert_eq!(error.to_string(), "of sample 1 the frozen layers give inf for feature 1");
}

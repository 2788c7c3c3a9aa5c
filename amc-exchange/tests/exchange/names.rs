//! Which tensors are taken for which layers.

use amc_core::{Activation, Layer};
use amc_engine::description::ActivationName;
use amc_exchange::chain::chain;
use amc_exchange::keras;
use amc_exchange::layers::Taken;
use amc_exchange::onnx;
use amc_exchange::tensor::Tensor;
use amc_exchange::torch::{Order, is_named, parameters};

use crate::nets::bytes;

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::new(name, shape, (0..count).map(|x| x as f64)).expect("a tensor")
}

fn dense(layers: &[usize]) -> Vec<Layer> {
    layers.iter().map(|units| Layer::dense(*units, Activation::Tanh)).collect()
}

#[test]
fn the_order_of_modules_is_told_by_numbers_and_by_what_fits() {
    let of = |name: &str, shape: &[usize]| tensor(&format!("{name}.weight"), shape);
    let given = |tensors: &[Tensor], layers: &[usize]| parameters(tensors, Order::Names, 2, &dense(layers));
    // By what fits: "out" is the last one.
    let Taken { told, .. } =
        given(&[of("head", &[3, 2]), of("out", &[1, 4]), of("rest", &[4, 3])], &[3, 4, 1]).expect("parameters");
    let places: Vec<_> = told.iter().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(places[0], "head.weight (3, 2), weights [unit][input]");
    assert!(places[1].starts_with("rest") && places[2].starts_with("out"), "{told:?}");
    // By numbers.
    assert!(given(&[of("fc1", &[2, 2]), of("fc2", &[2, 2])], &[2, 2]).is_ok());
    let error = given(&[of("decoder", &[2, 2]), of("encoder", &[2, 2])], &[2, 2]).expect_err("nothing tells");
    assert_eq!(
        error.to_string(),
        "layer 0: \"decoder\" and \"encoder\" both fit it: numbers in names that are else the same tell an order"
    );
    // An archive has them in the order in which they were saved.
    assert!(parameters(&[of("decoder", &[2, 2]), of("encoder", &[2, 2])], Order::Given, 2, &dense(&[2, 2])).is_ok());
}

#[test]
fn what_does_not_fit_is_told() {
    let given = |tensors: &[Tensor], layers: &[usize]| {
        parameters(tensors, Order::Names, 2, &dense(layers)).expect_err("refused").to_string()
    };
    let (weight, bias) = (tensor("0.weight", &[3, 2]), tensor("0.bias", &[3]));
    for (tensors, layers, words) in [
        (vec![tensor("0.weight", &[2, 3])], &[3][..], "layer 0, dense: 0.weight is (2, 3), where (3, 2) was wanted"),
        (vec![weight.clone(), tensor("0.bias", &[2])], &[3], "layer 0, dense: 0.bias is (2,), where (3,) was wanted"),
        (vec![bias.clone()], &[3], "layer 0, dense: \"0\" has no weight"),
        (vec![weight.clone(), bias.clone()], &[3, 3], "layer 1, dense: there is no tensor left for it"),
        (vec![weight.clone(), tensor("2.bias", &[3])], &[3], "2.bias: there is no layer left for it"),
        (vec![weight.clone(), tensor("1.running_mean", &[3])], &[3], "1.running_mean: no such tensor is read"),
        (vec![tensor("0.weight_ih_l0", &[3, 2])], &[3], "layer 0, dense: 0.weight_ih_l0 is none of its parameters"),
        (vec![tensor("0.weight_ih_l0_reverse", &[3, 2])], &[3], "0.weight_ih_l0_reverse: no such tensor is read"),
    ] {
        assert!(given(&tensors, layers).starts_with(words), "{words}: {}", given(&tensors, layers));
    }
}

#[test]
fn arrays_without_names_have_the_order_of_the_layers() {
    let given = |tensors: &[Tensor], layers: &[Layer]| {
        keras::parameters(tensors, 2, layers).map(|of| of.parameters).map_err(|e| e.to_string())
    };
    let kernel = tensor("arr_0", &[2, 3]);
    assert!(!is_named(std::slice::from_ref(&kernel)));
    // A layer may have no bias.
    assert_eq!(
        given(std::slice::from_ref(&kernel), &dense(&[3])),
        Ok(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0])
    );
    for (arrays, layers, words) in [
        (vec![tensor("arr_0", &[3, 2])], dense(&[3]), "layer 0, dense: arr_0 is (3, 2), where (2, 3) was wanted"),
        (vec![kernel.clone(), tensor("arr_1", &[2])], dense(&[3]), "layer 0, dense: arr_1 is (2,), where (3,)"),
        (
            vec![kernel.clone(), tensor("arr_1", &[3]), tensor("arr_2", &[3])],
            dense(&[3]),
            "arr_2: there is no layer left",
        ),
        (vec![], dense(&[3]), "layer 0, dense: there is no tensor left"),
        (
            vec![tensor("arr_0", &[2, 9]), tensor("arr_1", &[3, 9]), tensor("arr_2", &[9])],
            vec![Layer::gru(2, 3, 1)],
            "layer 0, gru: arr_2 is (9,): Keras's GRU with reset_after=True alone",
        ),
    ] {
        let told = given(&arrays, &layers).expect_err(words);
        assert!(told.starts_with(words), "{words}: {told}");
    }
}

#[test]
fn layers_are_called_as_the_modules_of_their_tensors() {
    let called = |names: &[&str], layers: &[Layer]| {
        let shapes = layers.iter().scan(2, |inputs, layer| {
            let shape = [layer.units(), std::mem::replace(inputs, layer.units())];
            Some(shape)
        });
        let weights: Vec<_> = names.iter().zip(shapes).map(|(name, shape)| tensor(name, &shape)).collect();
        parameters(&weights, Order::Given, 2, layers).expect("parameters").names.to_string()
    };
    assert_eq!(called(&["fc1.weight", "2.weight", "encoder.conv.weight"], &dense(&[3, 4, 1])), "fc1, encoder.conv");
    assert_eq!(called(&["weight"], &dense(&[3])), "");
    // Layers of one module have no name of their own.
    let parts = |layer: usize| {
        let of = |part: &str, inputs| tensor(&format!("rnn.weight_{part}_l{layer}"), &[2, inputs]);
        [of("ih", 2), of("hh", 2)]
    };
    let of_rnn = |layers: usize| {
        let tensors: Vec<_> = (0..layers).flat_map(parts).collect();
        let rnn = vec![Layer::recurrent_states(2, 2, 3, Activation::Tanh); layers];
        parameters(&tensors, Order::Given, 6, &rnn).expect("parameters").names.to_string()
    };
    assert_eq!((of_rnn(1), of_rnn(2)), ("rnn".into(), String::new()));
}

#[test]
fn layers_are_called_as_a_graph_calls_them() {
    for (file, names) in [
        ("dense", ""),
        ("block", "one, two, dense"),
        ("rnn-all", "recurrent, dense"),
        // Where PyTorch's newer exporter has no weights that say the module, its node has a name, too.
        ("gru-new", "node_gru__1, dense"),
        ("images-new", "node_max_pool2d"),
    ] {
        let read = onnx::read(&bytes(&format!("{file}.onnx"))).expect(file);
        assert_eq!(read.names.to_string(), names, "{file}");
    }
}

#[test]
fn layers_are_called_as_what_the_names_of_their_arrays_begin_with() {
    let called = |names: [&str; 4]| {
        let shapes: [&[usize]; 4] = [&[2, 3], &[3], &[3, 4], &[4]];
        let arrays: Vec<_> = names.iter().zip(shapes).map(|(name, shape)| tensor(name, shape)).collect();
        keras::parameters(&arrays, 2, &dense(&[3, 4])).expect("parameters").names.to_string()
    };
    assert_eq!(called(["net/one/kernel:0", "net/one/bias:0", "out.W", "out.b"]), "net/one, out");
    assert_eq!(called(["one.W", "two.b", "out.W", "out.b"]), "out");
    assert_eq!(called(["arr_0", "arr_1", "arr_2", "arr_3"]), "");
    assert_eq!(called(["0/W", "0/b", "head/W", "head/b"]), "");
}

#[test]
fn chains_of_dense_layers_are_found() {
    let found = |tensors: &[Tensor], order| {
        let found = chain(tensors, order, ActivationName::Relu, ActivationName::Softmax);
        found.map(|of| (of.inputs, of.layers)).map_err(|error| error.to_string())
    };
    let layers = vec![Layer::dense(3, Activation::Relu), Layer::dense(4, Activation::Softmax)];
    let torch = [tensor("0.weight", &[3, 2]), tensor("0.bias", &[3]), tensor("2.weight", &[4, 3])];
    assert_eq!(found(&torch, Order::Names), Ok((2, layers.clone())));
    let keras = [tensor("arr_0", &[2, 3]), tensor("arr_1", &[3]), tensor("arr_2", &[3, 4])];
    assert_eq!(found(&keras, Order::Given), Ok((2, layers)));
    let refused = |tensors: &[Tensor], words: &str| {
        let told = found(tensors, Order::Names).expect_err(words);
        assert!(told.starts_with(words), "{words}: {told}");
    };
    refused(&[], "there is no tensor");
    refused(
        &[torch[0].clone(), tensor("2.weight", &[4, 4])],
        "2.weight takes 4 numbers, but the layer before it gives 3",
    );
    refused(&[tensor("0.weight", &[3, 2, 1])], "0.weight is (3, 2, 1): without a net file");
    refused(&[tensor("0.weight_ih_l0", &[3, 2])], "0.weight_ih_l0 is (3, 2): without a net file");
    refused(&[tensor("out.weight", &[3, 3]), tensor("so.weight", &[3, 3])], "\"out\" or \"so\" may come first");
}

#[test]
fn shapes_tell_an_order_where_they_allow_just_one() {
    let order = |sizes: &[(&str, usize, usize)]| {
        let tensors: Vec<_> =
            sizes.iter().map(|(name, inputs, units)| tensor(&format!("{name}.weight"), &[*units, *inputs])).collect();
        let found = chain(&tensors, Order::Names, ActivationName::Tanh, ActivationName::Linear);
        let names = found.map(|of| (of.inputs, of.layers.len(), of.by_shape.map(|names| names.concat())));
        // What is found is what the layers then take.
        if let Ok((inputs, ..)) = &names {
            let layers =
                chain(&tensors, Order::Names, ActivationName::Tanh, ActivationName::Linear).expect("found").layers;
            assert!(parameters(&tensors, Order::Names, *inputs, &layers).is_ok());
        }
        names.map_err(|error| error.to_string())
    };
    let of = |inputs, layers, names: &str| Ok((inputs, layers, Some(names.to_string())));
    assert_eq!(order(&[("b", 3, 2), ("a", 2, 5), ("c", 7, 3)]), of(7, 3, "cba"));
    assert_eq!(order(&[("c", 3, 3), ("b", 2, 3)]), of(2, 2, "bc"));
    let ring = order(&[("a", 2, 3), ("b", 3, 2)]).expect_err("either may be first");
    assert!(ring.starts_with("\"a\" or \"b\" may come first, and shapes allow not just one order"), "{ring}");
    assert!(order(&[("a", 2, 3), ("b", 4, 5)]).is_err(), "no chain at all");
    // A way back to a size can be taken before or after another.
    assert!(order(&[("a", 2, 3), ("b", 3, 4), ("c", 4, 3), ("d", 3, 5), ("e", 5, 3)]).is_err());
    // Of many that fit everywhere the search ends.
    let many: Vec<_> = (0..100).map(|i| format!("m{}", "x".repeat(i))).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), 4, 4)).chain([("last", 4, 5), ("no", 6, 6)]).collect();
    assert!(order(&many).is_err());
}

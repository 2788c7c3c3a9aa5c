use std::path::Path;

use amc_core::{Activation, Image, Kernel, Layer};

use super::{NetFile, parse, said, write};
use amc_engine::description::{Description, LossName};

fn read(text: &str) -> Result<NetFile, String> {
    parse(Path::new("net.toml"), text, 12).map_err(|error| error.to_string())
}

#[test]
fn every_kind_is_written_and_read() {
    let (tanh, kernel) = (Activation::Tanh, Kernel::new(3, 1, 1));
    let image = Image::new(4, 4, 2);
    for (inputs, layers) in [
        (
            32,
            vec![
                Layer::convolution(image, 2, kernel, tanh),
                Layer::max_pool(image, kernel),
                Layer::global_average(image),
            ],
        ),
        (24, vec![Layer::conv1d(12, 2, 3, kernel, Activation::Relu), Layer::normalization(36, tanh)]),
        (24, vec![Layer::recurrent_states(2, 4, 12, tanh), Layer::recurrent(4, 3, 12, tanh)]),
        (6, vec![Layer::keep(6), Layer::dense(6, tanh), Layer::swap(6), Layer::dense(6, tanh), Layer::add(6, tanh)]),
        (24, vec![Layer::gru_states(2, 4, 12), Layer::gru(4, 3, 12)]),
        (6, vec![Layer::dense(2, Activation::Softmax)]),
    ] {
        let loss = LossName::CrossEntropy;
        let text = write(&Description::unnamed(inputs, layers.clone(), loss)).expect("a file");
        assert_eq!(read(&text), Ok(NetFile::new(inputs, layers, Some(loss))), "{text}");
    }
}

#[test]
fn what_is_left_out_is_as_given() {
    let net = read("[[layers]]\nkind = \"recurrent\"\ninputs = 3\nunits = 2\nsteps = 4\nactivation = \"tanh\"\n");
    let layers = vec![Layer::recurrent(3, 2, 4, Activation::Tanh)];
    assert_eq!(net, Ok(NetFile::new(12, layers, None)));
}

#[test]
fn layers_have_names() {
    let dense = |name: &str| format!("[[layers]]\nkind = \"dense\"\nname = {name}\nunits = 5\nactivation = \"tanh\"\n");
    let text = dense("'one'") + &dense("'one'").replace("name = 'one'\n", "") + &dense("'the \"other\"'");
    let NetFile { inputs, layers, names, .. } = read(&text).expect("a net");
    assert_eq!((names.to_string(), names.of(1)), ("one, the \"other\"".to_string(), None));
    let description = Description { inputs, layers, names: names.clone(), loss: LossName::Mse };
    assert_eq!(read(&write(&description).expect("a file")).expect("a net").names, names);
    for (wrong, told) in [
        ("''", "line 8: layer 1 (from 0): dense: a name is not empty"),
        ("'head'", "line 8: layer 1 (from 0): dense: \"head\" is no name: all, head, last:K, biases and norms are"),
        ("'2'", "line 8: layer 1 (from 0): dense: \"2\" is no name: a name has a letter, and is no number"),
        ("2", "line 8: layer 1 (from 0): dense: name is 2: use a text"),
        ("'one'", "line 8: layer 1 (from 0): layers 0 and 1 (from 0) are both called \"one\""),
    ] {
        let error = read(&(dense("'one'") + &dense(wrong))).expect_err(wrong);
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn layers_are_frozen() {
    let dense = "[[layers]]\nkind = \"dense\"\nunits = 5\nactivation = \"tanh\"\n";
    let net = read(&format!("{dense}trainable = false\n{dense}{dense}trainable = true\n")).expect("a net");
    assert_eq!(net.frozen, [true, false, false]);
    let told = read(&format!("{dense}trainable = 0\n")).expect_err("refused");
    assert!(told.ends_with("dense: trainable is 0: use true or false"), "{told}");
}

#[test]
fn layers_are_said_in_the_words_of_a_file() {
    let image = Image::new(4, 5, 2);
    for (layer, words) in [
        (Layer::dense(3, Activation::Tanh), "dense (activation = \"tanh\", units = 3)"),
        (Layer::keep(5), "keep (units = 5)"),
        (Layer::global_average(image), "global-average (image = { channels = 2, columns = 5, rows = 4 })"),
    ] {
        assert_eq!(said(&layer), words);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_layer() {
    let dense = "[[layers]]\nkind = \"dense\"\nunits = 5\nactivation = \"tanh\"\n";
    for (text, words) in [
        ("", "line 1: a net needs at least one layer"),
        ("inputs = 2\nunits = 5\n", "line 2: unknown field `units`"),
        ("inputs = \n", "line 1: "),
        ("inputs = -3\n", "line 1: invalid value: integer `-3`, expected a whole number from 0"),
        ("loss = \"mean\"\n", "line 1: unknown variant `mean`"),
        ("[[layers]]\nunits = 5\n", "line 1: layer 0 (from 0): kind = \"...\" is missing"),
        (&format!("{dense}\n[[layers]]\nkind = \"dens\"\n"), "line 7: layer 1 (from 0): dens: unknown variant `dens`"),
        (
            &format!("{dense}\n[[layers]]\nkind = \"dense\"\nactivation = \"tanh\"\nunits = -2\n"),
            "line 9: layer 1 (from 0): dense: invalid value: integer `-2`, expected a whole number from 0",
        ),
        ("[[layers]]\nkind = \"dense\"\nactivation = \"tan\"\nunits = 2\n", "line 3: layer 0 (from 0): dense: unknown"),
        (
            "inputs = 64\n[[layers]]\nkind = \"global-average\"\nimage = { rows = 8, columns = 8, channels = 1 }\n",
            "line 2: the layers, of which the first is global-average, have no parameters: there is nothing to train",
        ),
        (
            &format!("{dense}\n[[layers]]\nkind = \"dense\"\nunits = 2\n"),
            "line 6: layer 1 (from 0): dense: missing field `activation`",
        ),
        (
            &format!("{dense}bias = true\n"),
            "line 5: layer 0 (from 0): dense: there is no bias: its fields are activation, units, name, trainable",
        ),
        (
            &format!("{dense}\n[[layers]]\nkind = \"keep\"\nunits = 4\n"),
            "line 6: layer 1 takes 4 inputs, but is given 5",
        ),
        (&format!("inputs = 0\n{dense}"), "a net needs at least one input"),
    ] {
        let told = read(text).expect_err(text);
        assert!(told.starts_with("net.toml: line ") && told.contains(words) && !told.contains('\n'), "{told}");
    }
}

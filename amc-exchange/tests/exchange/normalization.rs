//! Normalisations that a graph writes out, as sets of operators before 17 do: they are the layer that the operator is.

use amc_engine::description::LayerNames;
use amc_exchange::onnx;

use crate::graphs::{file, float, floats, int, ints, node};

/// What LayerNormalization makes `to` of `from`, written out as PyTorch does, with what follows the division.
fn written_out(from: &str, to: &str, axes: &[i64], epsilon: f32) -> Vec<Vec<u8>> {
    let mean = |of: &str, made: &str| node("ReduceMean", &[of], &[made], &[ints("axes", axes)]);
    vec![
        mean(from, "mean"),
        node("Sub", &[from, "mean"], &["centred"], &[]),
        node("Pow", &["centred", "two"], &["square"], &[]),
        mean("square", "variance"),
        node("Add", &["variance", "epsilon"], &["sum"], &[]),
        node("Sqrt", &["sum"], &["root"], &[]),
        node("Div", &["centred", "root"], &[to], &[]),
        floats("two", &[], &[2.0]),
        floats("epsilon", &[], &[epsilon]),
    ]
}

fn constants() -> Vec<Vec<u8>> {
    vec![floats("g", &[3], &[1.0, 2.0, 3.0]), floats("b", &[3], &[4.0, 5.0, 6.0]), floats("w", &[3, 3], &[0.5; 9])]
}

fn read(parts: &[Vec<Vec<u8>>]) -> Result<onnx::Read, String> {
    let read = onnx::read(&file(&[3], &parts.concat())).map_err(|error| error.to_string())?;
    // Nodes that are the same layer have names of their own.
    Ok(onnx::Read { names: LayerNames::default(), ..read })
}

fn operator(from: &str, to: &str, of: &[&str]) -> Vec<Vec<u8>> {
    vec![node("LayerNormalization", &[&[from][..], of].concat(), &[to], &[float("epsilon", 1e-5)])]
}

#[test]
fn a_normalisation_that_is_written_out_is_the_operators() {
    let of = |parts: &[Vec<Vec<u8>>]| read(&[parts, &[constants()]].concat()).expect("a net");
    let affine = |to: &str| vec![node("Mul", &["n", "g"], &["m"], &[]), node("Add", &["b", "m"], &[to], &[])];
    let wanted = of(&[operator("x", "y", &["g", "b"])]);
    assert_eq!(wanted.parameters, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(of(&[written_out("x", "n", &[-1], 1e-5), affine("y")]), wanted);
    // The square as a product.
    let mut product = written_out("x", "n", &[1], 1e-5);
    product[2] = node("Mul", &["centred", "centred"], &["square"], &[]);
    assert_eq!(of(&[product, affine("y")]), wanted);
    // Without gains and biases, or gains alone.
    assert_eq!(of(&[written_out("x", "y", &[-1], 1e-5)]).parameters, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    let gains = vec![node("Mul", &["g", "n"], &["y"], &[])];
    assert_eq!(of(&[written_out("x", "n", &[-1], 1e-5), gains]), of(&[operator("x", "y", &["g"])]));
    assert_eq!(of(&[operator("x", "y", &[])]).parameters, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    // Behind a MatMul, whose bias it does not take; and within a connection around layers.
    let product = |from: &str, to: &str| vec![node("MatMul", &[from, "w"], &[to], &[])];
    assert_eq!(
        of(&[product("x", "p"), written_out("p", "n", &[-1], 1e-5), affine("y")]),
        of(&[product("x", "p"), operator("p", "y", &["g", "b"])])
    );
    let sum = vec![node("Add", &["x", "k"], &["y"], &[])];
    assert_eq!(
        of(&[product("x", "p"), written_out("p", "n", &[-1], 1e-5), affine("k"), sum.clone()]),
        of(&[product("x", "p"), operator("p", "k", &["g", "b"]), sum])
    );
}

#[test]
fn what_is_no_normalisation_over_a_sample_is_refused() {
    let refused = |parts: Vec<Vec<u8>>, words: &str| {
        let told = read(&[parts, constants()]).expect_err(words);
        assert!(told.contains(words) && !told.contains('\n'), "{words}: {told}");
    };
    refused(written_out("x", "y", &[-1], 1e-3), "\"the Div\", Div: a normalisation that ends here: epsilon is 0.001");
    refused(written_out("x", "y", &[0], 1e-5), "it is not over all numbers of a sample, which is [batch, 3]");
    let mut flat = written_out("x", "y", &[-1], 1e-5);
    flat[0] = node("ReduceMean", &["x"], &["mean"], &[ints("axes", &[-1]), int("keepdims", 0)]);
    refused(flat, "its means do not keep their dimensions");
    let mut cubed = written_out("x", "y", &[-1], 1e-5);
    cubed[7] = floats("two", &[], &[3.0]);
    refused(cubed, "");
    let few =
        [written_out("x", "n", &[-1], 1e-5), vec![node("Mul", &["n", "f"], &["y"], &[]), floats("f", &[2], &[1.0; 2])]];
    refused(few.concat(), "2 gains for 3 numbers");
}

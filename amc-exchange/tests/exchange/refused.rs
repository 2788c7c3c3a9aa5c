//! Graphs, tensors and archives that are no nets: what is told of each.

use amc_exchange::{arrays, onnx, safetensors};

use crate::graphs::{constant, file, float, floats, int, ints, longs, node, number, of_graph, text, value};

fn refuse(bytes: &[u8], words: &str) {
    let told = onnx::read(bytes).map(|read| read.layers).expect_err(words).to_string();
    assert!(told.contains(words) && !told.contains('\n'), "{words}: {told}");
}

/// A dense layer of two inputs and two units.
fn dense() -> Vec<Vec<u8>> {
    vec![node("Gemm", &["x", "w"], &["y"], &[]), floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0])]
}

fn with(parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [&dense()[1..], parts].concat()
}

#[test]
fn a_graph_by_hand_is_read() {
    let read = onnx::read(&file(&[2], &dense())).expect("a net");
    assert_eq!((read.inputs, read.parameters), (2, vec![1.0, 2.0, 3.0, 4.0, 0.0, 0.0]));
    // The order in which nodes stand in the file means nothing.
    let turned = [node("Tanh", &["a"], &["y"], &[]), node("Gemm", &["x", "w"], &["a"], &[])];
    let read = onnx::read(&file(&[2], &with(&turned))).expect("a net");
    assert_eq!(read.layers, [amc_core::Layer::dense(2, amc_core::Activation::Tanh)]);
    // So much of each weight, and twice the bias.
    let scaled = node("Gemm", &["x", "w", "b"], &["y"], &[float("alpha", 0.5), float("beta", 2.0), int("transB", 1)]);
    let read = onnx::read(&file(&[2], &with(&[scaled, floats("b", &[2], &[5.0, 6.0])]))).expect("a net");
    assert_eq!(read.parameters, [0.5, 1.5, 1.0, 2.0, 10.0, 12.0]);
    let added = [
        node("MatMul", &["x", "w"], &["a"], &[]),
        node("Add", &["b", "a"], &["y"], &[]),
        floats("b", &[1, 2], &[5.0, 6.0]),
    ];
    let read = onnx::read(&file(&[2], &with(&added))).expect("a net");
    assert_eq!(read.parameters, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn nodes_are_refused_by_name_and_operator() {
    let gemm = |attributes: &[Vec<u8>]| with(&[node("Gemm", &["x", "w"], &["y"], attributes)]);
    let conv = |attributes: &[Vec<u8>]| {
        vec![node("Conv", &["x", "k"], &["y"], attributes), floats("k", &[1, 1, 2, 2], &[1.0; 4])]
    };
    let pool = |attributes: &[Vec<u8>]| vec![node("MaxPool", &["x"], &["y"], attributes)];
    let norm = |attributes: &[Vec<u8>]| {
        vec![node("LayerNormalization", &["x", "g"], &["y"], attributes), floats("g", &[2], &[1.0; 2])]
    };
    let square = ints("kernel_shape", &[2, 2]);
    for (lengths, parts, words) in [
        (&[2][..], vec![node("Erf", &["x"], &["y"], &[])], "node \"the Erf\", Erf: this operator is not read"),
        (&[2], vec![node("Tanh", &["x"], &["y"], &[])], "no layer before it"),
        (&[2], gemm(&[int("transA", 1)]), "transA is 1"),
        (&[2], gemm(&[int("transC", 1)]), "attribute \"transC\" is not read"),
        (&[2], gemm(&[float("alpha", f32::MAX)]), "beyond single precision"),
        (&[3], dense(), "4 weights of 2 units are for other numbers than [batch, 3]"),
        (&[2, 1], dense(), "other numbers than [batch, 2, 1]"),
        (&[2], with(&[node("Gemm", &["w", "x"], &["y"], &[])]), "its first input"),
        (&[2], with(&[node("Gemm", &["x", "x"], &["y"], &[])]), "its first input, and no other"),
        (&[2], with(&[node("Gemm", &["x", "v"], &["y"], &[])]), "\"v\" is no constant"),
        (&[2], with(&[node("Gemm", &["x", "w"], &["y", "z"], &[]), node("Erf", &["z"], &["v"], &[])]), "output \"z\""),
        (&[2], with(&[node("Gemm", &["x", "w"], &["a"], &[]), node("Add", &["a", "w"], &["y"], &[])]), "no MatMul"),
        (&[1, 3, 3], conv(&[int("group", 2)]), "group is 2"),
        (&[1, 3, 3], conv(&[ints("dilations", &[2, 2])]), "dilations of 2"),
        (&[1, 3, 3], conv(&[ints("pads", &[0, 0, 1, 1])]), "pads [0, 0, 1, 1] are not the same"),
        (&[1, 3, 3], conv(&[ints("strides", &[1, 2])]), "strides [1, 2] are not the same"),
        (&[1, 3, 3], conv(&[ints("strides", &[0, 0])]), "stride of a window has to be at least 1"),
        (&[1, 3, 3], conv(&[ints("pads", &[-1, -1, -1, -1])]), "a window of -1"),
        (&[1, 3, 3], conv(&[ints("pads", &[2, 2, 2, 2])]), "padding of a window has to be below its size"),
        (&[1, 3, 3], conv(&[text("auto_pad", "SAME_UPPER")]), "auto_pad SAME_UPPER"),
        (&[1, 1, 3], conv(&[]), "has no place"),
        (&[2, 3, 3], conv(&[]), "are for other numbers than [batch, 2, 3, 3]"),
        (&[3, 3], conv(&[]), "are for other numbers"),
        (&[1, 3, 3], pool(&[square.clone(), int("ceil_mode", 1)]), "ceil_mode is 1"),
        (&[1, 3, 3], pool(&[ints("kernel_shape", &[2, 3])]), "no square"),
        (&[1, 3], pool(&[ints("kernel_shape", &[2])]), "windows of two dimensions"),
        (&[2], norm(&[float("epsilon", 1e-3)]), "epsilon is 0.001"),
        (&[3, 2], norm(&[]), "not over all numbers of a sample, which is [batch, 3, 2]"),
        (&[3], norm(&[]), "2 gains for 3 numbers"),
        (
            &[4],
            vec![node("Reshape", &["x", "s"], &["y"], &[]), longs("s", &[0, 3])],
            "shape [0, 3] is not read for [batch, 4]",
        ),
        (&[4], vec![node("Reshape", &["x", "s"], &["y"], &[]), longs("s", &[4, -1])], "shape [4, -1]"),
        (&[4], vec![node("Reshape", &["x", "s"], &["y"], &[])], "\"s\" is no constant"),
        (&[4], vec![node("Transpose", &["x"], &["y"], &[ints("perm", &[0, 0])])], "perm [0, 0] is no order"),
        (&[4], vec![node("Squeeze", &["x", "s"], &["y"], &[]), longs("s", &[1])], "dimension 1 is not of length 1"),
        (&[4], vec![node("Squeeze", &["x", "s"], &["y"], &[]), longs("s", &[i64::MIN])], "there is no dimension"),
        (&[4], vec![node("Unsqueeze", &["x", "s"], &["y"], &[]), longs("s", &[0; 9])], "up to 8 are read"),
        (&[4], vec![node("Flatten", &["x"], &["y"], &[int("axis", 2)])], "not the batch alone"),
        (
            &[2],
            with(&[node("Gemm", &["x", "w"], &["a"], &[]), node("Softmax", &["a"], &["y"], &[int("axis", 0)])]),
            "not over all outputs",
        ),
        (
            &[4],
            vec![node("Gather", &["x", "s"], &["y"], &[int("axis", 1)]), longs("s", &[3])],
            "behind a recurrent layer",
        ),
        (&[4], vec![node("Gather", &["x", "s"], &["y"], &[int("axis", 0)]), longs("s", &[0])], "one sample of a batch"),
        (&[2, 3, 3], vec![node("ReduceMean", &["x"], &["y"], &[ints("axes", &[1, 2])])], "mean over all places"),
    ] {
        refuse(&file(lengths, &parts), words);
    }
}

#[test]
fn shapes_are_computed_of_those_that_are_known() {
    let reshaped = |parts: &[Vec<u8>]| {
        let own = [
            node("Shape", &["x"], &["n"], &[]),
            node("Reshape", &["x", "s"], &["a"], &[]),
            node("Gemm", &["a", "w"], &["y"], &[]),
            floats("w", &[8, 1], &[1.0; 8]),
            longs("-9", &[-9]),
            longs("0", &[0]),
            longs("1", &[1]),
            longs("2", &[2]),
            longs("8", &[8]),
        ];
        file(&[2, 4], &[&own, parts].concat())
    };
    let slice = |inputs: &[&str]| node("Slice", &[&["n"], inputs].concat(), &["b"], &[]);
    let concat = |inputs: &[&str]| node("Concat", inputs, &["s"], &[int("axis", 0)]);
    assert!(onnx::read(&reshaped(&[slice(&["0", "1"]), concat(&["b", "8"])])).is_ok());
    assert!(onnx::read(&reshaped(&[node("Gather", &["n", "0"], &["b"], &[]), concat(&["b", "8"])])).is_ok());
    for (parts, words) in [
        (vec![concat(&["8", "s"])], "computed by more than 64 nodes"),
        (vec![concat(&["s", "s"])], "computed by more than 64 nodes"),
        (vec![concat(&["n", "n", "n"])], "more than 8 lengths"),
        (vec![slice(&["0", "1", "0", "2"]), concat(&["b", "8"])], "takes a part of a shape that is not read"),
        (vec![node("Gather", &["n", "-9"], &["b"], &[]), concat(&["b", "8"])], "a place that a shape does not have"),
        (vec![node("Gather", &["n", "8"], &["b"], &[]), concat(&["b", "8"])], "a place that a shape does not have"),
        (vec![slice(&["0", "1"]), node("Mul", &["b", "2"], &["s"], &[])], "of several batches"),
        (vec![node("Mul", &["n", "2"], &["s"], &[])], "is not one length"),
        (vec![slice(&["0", "1"]), concat(&["8", "b"])], "is not read for [batch, 2, 4]"),
        (vec![node("Shape", &["y"], &["b"], &[]), concat(&["b", "8"])], "the shape of \"y\" is not known"),
        (vec![node("NonZero", &["n"], &["s"], &[])], "NonZero computes no shape that is read"),
    ] {
        refuse(&reshaped(&parts), words);
    }
}

#[test]
fn numbers_in_an_order_that_no_layer_has_are_refused() {
    let conv = |from: &str, to: &str| node("Conv", &[from, "k"], &[to], &[]);
    let kernel = || floats("k", &[2, 2, 1, 1], &[1.0; 4]);
    // What a dense layer makes are channels first: they would have to change places.
    let made = [
        node("Gemm", &["x", "w"], &["a"], &[]),
        node("Reshape", &["a", "s"], &["b"], &[]),
        conv("b", "y"),
        floats("w", &[2, 8], &[1.0; 16]),
        longs("s", &[0, 2, 2, 2]),
        kernel(),
    ];
    refuse(&file(&[2], &made), "channels and places of its image are in another order");
    refuse(
        &file(&[2, 2, 2], &[conv("x", "y"), kernel()]),
        "value \"y\": it is [batch, 2, 2, 2], in another order than that of a net's numbers",
    );
    // Both ways begin with the input, whose order the first one says.
    let around = |lengths: &[i64], first: Vec<u8>, more: &[Vec<u8>]| {
        let parts = [
            first,
            node("Conv", &["t", "k"], &["a"], &[]),
            conv("x", "b"),
            node("Add", &["a", "b"], &["y"], &[]),
            kernel(),
        ];
        file(lengths, &[&parts, more].concat())
    };
    let turn = |order: &[i64]| node("Transpose", &["x"], &["t"], &[ints("perm", order)]);
    refuse(
        &around(&[2, 2, 2], turn(&[0, 2, 1, 3]), &[]),
        "Conv: channels and places of its image are in another order",
    );
    let cut = [node("Reshape", &["x", "s"], &["q"], &[]), node("Reshape", &["q", "u"], &["t"], &[])];
    let cut = around(&[2, 4, 1], cut.concat(), &[longs("s", &[0, 8]), longs("u", &[0, 2, 2, 2])]);
    refuse(&cut, "another order than that in which they are kept");
    let turned = [
        conv("x", "a"),
        conv("a", "b"),
        node("Transpose", &["b"], &["c"], &[ints("perm", &[0, 1, 3, 2])]),
        node("Add", &["c", "a"], &["y"], &[]),
        kernel(),
    ];
    refuse(&file(&[2, 2, 2], &turned), "it adds [batch, 2, 2, 2] and [batch, 2, 2, 2], of which");
}

#[test]
fn recurrent_nodes_of_other_equations_are_refused() {
    let sequence = |operator: &str, gates: usize, attributes: &[Vec<u8>], inputs: &[&str]| {
        let gates = gates as i64;
        let weights = vec![1.0; gates as usize * 2];
        let inputs = [&["t", "w", "w"], inputs].concat();
        file(
            &[3, 2],
            &[
                node("Transpose", &["x"], &["t"], &[ints("perm", &[1, 0, 2])]),
                node(operator, &inputs, &["", "h"], attributes),
                node("Squeeze", &["h", "s"], &["y"], &[]),
                longs("s", &[0]),
                floats("w", &[1, gates, 2], &weights),
                floats("one", &[1], &[1.0]),
                floats("b", &[1, 3], &[0.0; 3]),
            ],
        )
    };
    // Of one unit with two inputs W would be [1, 1, 2] and R [1, 1, 1]: none of these has both.
    refuse(&sequence("RNN", 1, &[], &[]), "do not fit 2 inputs");
    refuse(&sequence("RNN", 2, &[int("layout", 1)], &[]), "layout is 1");
    refuse(&sequence("RNN", 2, &[text("direction", "reverse")], &[]), "forward is the only direction");
    refuse(&sequence("RNN", 2, &[], &["", "one"]), "lengths of sequences");
    refuse(&sequence("RNN", 2, &[], &["", "", "one"]), "a first state");
    refuse(&sequence("RNN", 2, &[], &["b"]), "3 biases for 2 units");
    refuse(&sequence("GRU", 6, &[], &[]), "linear_before_reset is 0");
    refuse(&sequence("GRU", 6, &[int("linear_before_reset", 0)], &[]), "linear_before_reset is 0");
    refuse(&sequence("RNN", 2, &[float("clip", 1.0)], &[]), "attribute \"clip\"");
    assert!(
        onnx::read(&sequence("RNN", 2, &[], &[])).is_ok()
            && onnx::read(&sequence("GRU", 6, &[int("linear_before_reset", 1)], &[])).is_ok()
    );
}

#[test]
fn graphs_are_refused_by_their_values() {
    let gemm = |inputs: &[&str], outputs: &[&str]| node("Gemm", inputs, outputs, &[]);
    let relu = |from: &str, to: &str| node("Relu", &[from], &[to], &[]);
    for (parts, words) in [
        // What comes out goes in again.
        (with(&[gemm(&["x", "w"], &["a"]), relu("a", "b"), relu("b", "a")]), "value \"a\": it is given twice"),
        (with(&[gemm(&["x", "w"], &["y"]), relu("y", "b")]), "it is the graph's output, and a node takes it"),
        (with(&[relu("a", "b"), relu("b", "a")]), "value \"x\": it does not lead to the graph's output"),
        (with(&[gemm(&["x", "w"], &["a"])]), "value \"a\": it does not lead"),
        (with(&[gemm(&["x", "w"], &["w"])]), "value \"w\": it is given twice"),
        (with(&[gemm(&["x", "w"], &["a"]), node("Add", &["a", "a"], &["y"], &[])]), "adds it to itself"),
        (
            with(&[gemm(&["x", "w"], &["a"]), node("Add", &["a", "v"], &["y"], &[]), relu("q", "v")]),
            "not of one connection",
        ),
        (with(&[gemm(&["x", "w"], &["a"]), relu("a", "b"), relu("a", "y")]), "no layer before it"),
        (
            with(&[gemm(&["x", "w"], &["a"]), gemm(&["x", "w"], &["b"]), relu("a", "y"), relu("b", "v")]),
            "value \"y\": within a connection",
        ),
    ] {
        refuse(&file(&[2], &parts), words);
    }
    let value = |lengths: &[i64]| value(11, "x", lengths);
    let output = crate::graphs::value(12, "y", &[1]);
    let graph = |parts: &[Vec<u8>]| of_graph([dense().concat(), parts.concat()].concat());
    refuse(&graph(&[value(&[2]), crate::graphs::value(11, "z", &[2]), output.clone()]), "a graph of one input");
    refuse(&graph(&[value(&[2]), output.clone(), output.clone()]), "a graph of one output");
    refuse(&graph(&[value(&[]), output.clone()]), "beside that of the batch");
    refuse(&graph(&[value(&[0]), output.clone()]), "not at least 1");
    refuse(&graph(&[value(&[-4]), output.clone()]), "not at least 1");
    let many = 1 << (usize::BITS / 2);
    refuse(&graph(&[value(&[many / 2, many / 2]), output.clone()]), "more numbers than can be counted");
    refuse(&graph(&[value(&[2; 9]), output.clone()]), "up to 8");
    let newer = [file(&[2], &dense()), crate::graphs::field(8, number(2, 999))].concat();
    refuse(&newer, "operators of set 999");
    refuse(&[], "there is no graph");
    let whole = file(&[2], &dense());
    refuse(&whole[..whole.len() - 4], "which set of operators");
    let foreign = crate::graphs::field(
        1,
        [&node("Relu", &["x"], &["y"], &[])[2..], &crate::graphs::field(7, "com.else")].concat(),
    );
    refuse(&file(&[2], &[foreign]), "operators of \"com.else\"");
}

#[test]
fn constants_are_refused_by_name() {
    let weights = |of: Vec<u8>| file(&[2], &[dense()[0].clone(), of]);
    let four = [0_u8; 16];
    // Of which four have more bytes than can be counted.
    let many = 1 << (usize::BITS - 2);
    refuse(&weights(constant("w", 1, &[2, 2], &four[1..])), "w: its shape is (2, 2), but it has 15 bytes");
    refuse(&weights(constant("w", 1, &[2, 3], &four)), "w: its shape is (2, 3)");
    refuse(&weights(constant("w", 1, &[many, many], &four)), "of no shape");
    refuse(&weights(constant("w", 1, &[-2, -2], &four)), "of no shape");
    refuse(&weights(constant("w", 1, &[0, many], &[])), "it has no weights");
    let shared =
        [node("Gemm", &["x", "w", "b"], &["y"], &[]), floats("b", &[1], &[1.0]), constant("w", 1, &[0, many], &[])];
    refuse(&file(&[2], &shared), "it has no weights");
    refuse(&file(&[2], &[dense(), dense()[1..].to_vec()].concat()), "value \"w\": it is given twice");
    refuse(&weights(constant("w", 6, &[2, 2], &four)), "w: its elements are of ONNX's type 6");
    refuse(&weights(floats("w", &[2, 2], &[1.0, f32::NAN, 1.0, 1.0])), "w: element 1 is NaN");
    refuse(&weights(constant("w", 11, &[2, 2], &[f64::MAX.to_le_bytes(); 4].concat())), "w: element 0 is 1797");
    let elsewhere = [&constant("w", 1, &[2, 2], &four)[2..], &number(14, 1)].concat();
    refuse(&weights(crate::graphs::field(5, elsewhere)), "in another file");
}

/// The bytes of a file of safetensors.
fn tensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn files_of_safetensors_are_refused() {
    let refuse = |bytes: &[u8], words: &str| {
        let told = safetensors::read(bytes).expect_err(words).to_string();
        assert!(told.contains(words) && !told.contains('\n'), "{words}: {told}");
    };
    let one = |dtype: &str, shape: &str, end: usize| {
        format!(r#"{{"0.weight":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
    };
    assert!(safetensors::read(&tensors(&one("F32", "[1,1]", 4), &[0; 4])).is_ok());
    refuse(b"", "too small");
    refuse(&u64::MAX.to_le_bytes(), "too large");
    refuse(&(1_u64 << 20).to_le_bytes(), "invalid header length");
    refuse(&tensors("[", &[]), "invalid JSON");
    refuse(&tensors(&"[".repeat(100_000), &[]), "invalid JSON");
    refuse(&tensors(&one("F32", "[2,2]", 4), &[0; 4]), "whole safetensors file");
    refuse(&tensors(&one("F32", &format!("[{},4]", 1_usize << (usize::BITS - 2)), 4), &[0; 4]), "overflow");
    refuse(&tensors(&one("F32", "[1]", 4), &[0; 5]), "not fully covered");
    refuse(&tensors(&one("F32", "[1]", 4), &[0; 3]), "not fully covered");
    refuse(&tensors(&one("I64", "[1]", 8), &[0; 8]), "0.weight: its elements are I64");
    refuse(&tensors(&one("F32", "[1]", 4), &f32::INFINITY.to_le_bytes()), "0.weight: element 0 is inf");
    refuse(&tensors(&one("F64", "[1]", 8), &1e300_f64.to_le_bytes()), "0.weight: element 0 is 1000");
    refuse(&tensors(&one("F16", "[1]", 2), &[0, 0x7c]), "element 0 is inf");
    refuse(&tensors(&one("BF16", "[1]", 2), &[0xc0, 0xff]), "element 0 is NaN");
}

/// The bytes of an array's file.
fn array(shape: &str, described: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{described}', 'fortran_order': False, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// An archive of these files, packed.
fn archive(of: &[Vec<u8>]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (place, array) in of.iter().enumerate() {
        let name = format!("arr_{place}.npy");
        let file = zip.new_file(&name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut file, config) = file.start().expect("begun");
        let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut file, flate2::Compression::fast()));
        writer.write_all(array).expect("written");
        let (packed, descriptor) = writer.finish().expect("written");
        packed.finish().expect("packed");
        file.finish(descriptor).expect("written");
    }
    zip.finish().expect("an archive")
}

#[test]
fn archives_are_refused() {
    let refuse = |of: &[u8], words: &str| {
        let told = arrays::read(archive(&[of.to_vec()]), "a.npz").expect_err(words).to_string();
        assert!(told.starts_with("a.npz") && told.contains(words) && !told.contains('\n'), "{words}: {told}");
    };
    assert!(arrays::read(archive(&[array("(1,)", "<f4", &[0; 4])]), "a.npz").is_ok());
    refuse(&array("(1,)", "<i4", &[0; 4]), "arr_0: its elements are (1,) int32");
    refuse(&array("(1,)", "|O", &[0; 4]), "pickled");
    refuse(&array("(1,)", "<f4", &f32::NAN.to_le_bytes()), "arr_0: element 0 is NaN");
    refuse(&array("(1,)", ">f8", &1e300_f64.to_be_bytes()), "arr_0: element 0 is 1000");
    refuse(&array("(2,)", "<f4", &[0; 4]), "announces 8 bytes");
    // 2⁶⁰, or 2²⁸ with 32 bits.
    let many = 1_u64 << (usize::BITS - 4);
    refuse(&array(&format!("({many},)"), "<f4", &[0; 4]), &format!("announces {} bytes", 4 * many));
    refuse(&array(&format!("({},)", u64::MAX / 2), "<f4", &[0; 4]), "more than a machine can count");
    refuse(&array("()", "<f4", &[0; 4]), "a single value");
    refuse(b"no array", "begins with");
}

/// A megabyte of zeros is packed to a kilobyte.
#[test]
fn archives_that_are_unpacked_to_far_more_are_refused() {
    let zeros = |megabytes: &usize| array(&format!("(4, {})", megabytes << 16), "<f4", &vec![0; megabytes << 20]);
    let read = |megabytes: &[usize]| {
        let file = archive(&megabytes.iter().map(zeros).collect::<Vec<_>>());
        arrays::read(file, "a.npz").map_err(|error| error.to_string())
    };
    assert_eq!(read(&[1, 2]).map(|tensors| tensors.len()), Ok(2));
    assert_eq!(
        read(&[8, 8, 1]).expect_err("too much"),
        "a.npz: arr_2: the header announces 1048576 bytes: arrays that come to more than 64 times their file and to more than 16 MiB are not read"
    );
}

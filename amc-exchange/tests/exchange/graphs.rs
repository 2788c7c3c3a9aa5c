//! Files of ONNX by hand: protobuf's fields, and nodes, constants and values of a graph.

/// A field of bytes, which may be a message.
pub fn field(tag: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    [varint(u64::from(tag) << 3 | 2), varint(bytes.as_ref().len() as u64), bytes.as_ref().to_vec()].concat()
}

/// A field that is a number.
pub fn number(tag: u8, number: i64) -> Vec<u8> {
    [varint(u64::from(tag) << 3), varint(number as u64)].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A node of a graph.
pub fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs = inputs.iter().map(|name| field(1, name));
    let outputs = outputs.iter().map(|name| field(2, name));
    let attributes = attributes.iter().map(|attribute| field(5, attribute));
    let operator = [field(4, operator), field(3, format!("the {operator}"))].concat();
    field(1, inputs.chain(outputs).chain([operator]).chain(attributes).flatten().collect::<Vec<_>>())
}

/// Attributes of a whole number, of several, of a float, and of a text.
pub fn int(name: &str, of: i64) -> Vec<u8> {
    [field(1, name), number(3, of), number(20, 2)].concat()
}

pub fn ints(name: &str, of: &[i64]) -> Vec<u8> {
    let ints = of.iter().flat_map(|of| number(8, *of));
    [field(1, name), ints.collect(), number(20, 7)].concat()
}

pub fn float(name: &str, of: f32) -> Vec<u8> {
    [field(1, name), varint(2 << 3 | 5), of.to_le_bytes().to_vec(), number(20, 1)].concat()
}

pub fn text(name: &str, of: &str) -> Vec<u8> {
    [field(1, name), field(4, of), number(20, 3)].concat()
}

/// A constant of these elements, by ONNX's number.
pub fn constant(name: &str, element: i64, shape: &[i64], bytes: &[u8]) -> Vec<u8> {
    let shape = shape.iter().flat_map(|length| number(1, *length)).collect();
    field(5, [shape, number(2, element), field(8, name), field(9, bytes)].concat())
}

pub fn floats(name: &str, shape: &[i64], of: &[f32]) -> Vec<u8> {
    constant(name, 1, shape, &of.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}

pub fn longs(name: &str, of: &[i64]) -> Vec<u8> {
    constant(name, 7, &[of.len() as i64], &of.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}

/// A graph's input (tag 11) or output (12), of a batch and these lengths.
pub fn value(tag: u8, name: &str, lengths: &[i64]) -> Vec<u8> {
    let batch = field(1, field(2, "batch"));
    let lengths = lengths.iter().map(|length| field(1, number(1, *length)));
    let shape = std::iter::once(batch).chain(lengths).flatten().collect::<Vec<_>>();
    let tensor = [number(1, 1), field(2, shape)].concat();
    field(tag, [field(1, name), field(2, field(1, tensor))].concat())
}

/// A file with a graph of these parts, which takes `x` of such lengths and gives `y`.
pub fn file(lengths: &[i64], parts: &[Vec<u8>]) -> Vec<u8> {
    of_graph([parts.concat(), value(11, "x", lengths), value(12, "y", &[1])].concat())
}

pub fn of_graph(graph: Vec<u8>) -> Vec<u8> {
    [number(1, 8), field(7, graph), field(8, number(2, 17))].concat()
}

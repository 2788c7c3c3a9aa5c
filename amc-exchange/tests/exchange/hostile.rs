//! Bytes that somebody else has made: no panic, and no more memory than [the whole program](crate::ALLOCATOR) may have.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::graphs::{field, file, floats, node};
use crate::nets::{bytes, path, read};

fn files() -> Vec<String> {
    let entries = std::fs::read_dir(path("")).expect("the folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

#[test]
fn a_file_that_was_cut_is_refused() {
    for name in files() {
        let whole = bytes(&name);
        for length in 0..whole.len() {
            assert!(read(&name, &whole[..length]).is_err(), "{name}: {length} bytes are read");
        }
    }
}

#[test]
fn nesting_is_no_depth_of_calls() {
    // Groups within groups, which no message has.
    let groups = vec![0x0b; 1 << 20];
    assert!(read("a.onnx", &groups).is_err());
    assert!(read("a.onnx", &file(&[2], &[field(1, &groups)])).is_err());
    // Graphs within an attribute of a node.
    let mut graph = node("If", &["x"], &["y"], &[]);
    while graph.len() < 1 << 16 {
        graph = node("If", &["x"], &["y"], &[field(6, &graph)]);
    }
    assert!(read("a.onnx", &file(&[2], &[graph])).is_err());
}

#[test]
fn a_constant_that_many_nodes_share_is_not_read_for_each() {
    let mut parts = vec![floats("w", &[64, 64], &[0.5; 4096])];
    for index in 0..20_000 {
        let [from, to] = [index, index + 1].map(|index| if index == 0 { "x".to_string() } else { format!("v{index}") });
        parts.push(node("Gemm", &[&from, "w"], &[&to], &[]));
    }
    let error = read("a.onnx", &file(&[64], &parts)).expect_err("too much");
    assert!(error.contains("nodes share constants"), "{error}");
}

#[test]
fn sizes_that_no_byte_stands_for_take_no_memory() {
    // A window over an image of 2⁴⁰ places, or of 2²² with 32 bits, is a net, of which a graph needs no more than the window's weights.
    let side = if usize::BITS > 32 { 1 << 20 } else { 1 << 11 };
    let conv = node("Conv", &["x", "k"], &["a"], &[]);
    let pool = node("GlobalAveragePool", &["a"], &["b"], &[]);
    let flat = node("Flatten", &["b"], &["y"], &[]);
    let (net, _) = read("a.onnx", &file(&[1, side, side], &[conv, pool, flat, floats("k", &[1, 1, 1, 1], &[2.0])]))
        .expect("a net");
    assert_eq!((net.inputs as i64, net.parameters), (side * side, vec![2.0, 0.0]));
}

/// A change of a file.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
}

fn changes() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, to)| Change::Set(at, to)),
        (place.clone(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place.clone(), 1..64_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (place.clone(), vec(any::<u8>(), 1..16)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (place, 1..64_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn change(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    let within = |at: &usize| at % length.max(1);
    let range = |at: &usize, count: &usize| within(at)..(within(at) + count).min(length);
    match change {
        _ if bytes.is_empty() => {}
        Change::Set(at, to) => bytes[within(at)] = *to,
        Change::Flip(at, bit) => bytes[within(at)] ^= 1 << bit,
        Change::Remove(at, count) => drop(bytes.drain(range(at, count))),
        Change::Insert(at, more) => drop(bytes.splice(within(at)..within(at), more.iter().copied())),
        Change::Repeat(at, count) => {
            let again = bytes[range(at, count)].to_vec();
            let at = within(at);
            bytes.splice(at..at, again);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..4096)) {
        for name in ["a.onnx", "a.safetensors", "a.npz", "images.safetensors", "keras-gru.npz"] {
            let _ = read(name, &bytes);
        }
    }

    #[test]
    fn changed_files_are_read_or_refused(changed in vec(changes(), 1..6)) {
        for name in files() {
            let mut bytes = bytes(&name);
            changed.iter().for_each(|of| change(&mut bytes, of));
            if let Ok((net, _)) = read(&name, &bytes) {
                prop_assert!(net.parameters.iter().all(|x| !x.is_nan()), "{}", name);
            }
        }
    }
}

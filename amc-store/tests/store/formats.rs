//! The bytes of models and chains: what they are, that they come back, and that nothing else is taken for them.

use amc_core::chain::{Chain, Counters, Grid, Memory, Options, RANGE, State, Stream};
use amc_core::{Activation, Generator, Layer, Loss, Net, Objective};
use amc_store::model::{self, Model, Scaling};
use amc_store::snapshot::{self, Expected, Slices, Snapshot};
use amc_store::{Arithmetic, FormatError};
use proptest::prelude::*;
use rand_core::SeedableRng;

const LAYERS: [Layer; 2] = [Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)];
const NET: Net<'static> = Net::new(2, &LAYERS);
const N: usize = NET.parameters();
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);

/// Both as golden.py prints them.
const MODEL: &str = "\
    414d434d4f44454c020000000c000000000002020003010001000d00000080bf000000bf000000000000003f0000803f0000c03f\
    0000004000002040000040400000604000008040000090400000a040cf8449cb";
const CHAIN: &str = "\
    414d43434841494e010000004000000000010002020003010001000d0000803e0000003eac020000c03f01ec0d020000803d0000\
    403f07a08d0680010210010000000200000003000000040000000000000080bf000000bf000000000000003f0000803f0000c03f\
    0000004000002040000040400000604000008040000090400000a040000000000000803e0000003f0000403f0000803f0000a03f\
    0000c03f0000e03f0000004000001040000020400000304000004040000000400000003f796a3f35";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parameters() -> [f32; N] {
    core::array::from_fn(|i| 0.5 * i as f32 - 1.0)
}

fn written(write: impl FnOnce(&mut [u8]) -> Result<usize, FormatError>) -> Vec<u8> {
    let mut out = vec![0xaa; 4096];
    let length = write(&mut out).unwrap();
    assert!(out[length..].iter().all(|byte| *byte == 0xaa));
    out.truncate(length);
    out
}

fn a_model() -> Vec<u8> {
    let (objective, arithmetic) = (OBJECTIVE, Arithmetic::Portable);
    written(|out| Model::new(objective, arithmetic, &parameters()).write(out))
}

fn options() -> Options {
    Options::new(0.25).epsilon(0.125).n_reset(300).temperature(1.5).grid(Grid::DEFAULT)
}

fn state() -> State<Generator> {
    let counters = Counters { steps: 100_000, accepted: 128, resets: 2 };
    let generator = Generator::from_seed([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    State { sigma: 0.0625, loss: 0.75, rejected_in_a_row: 7, counters, generator }
}

fn a_chain(objective: Option<Objective<'_>>) -> Vec<u8> {
    let (mut x, mut mu, mut signal) = (parameters(), core::array::from_fn::<_, N, _>(|i| 0.25 * i as f32), [2.0, 0.5]);
    let memory = Memory::in_place(&mut x).centres(&mut mu).signal_norm(NET, &mut signal);
    let chain = Chain::resume(memory, options(), state()).unwrap();
    let snapshot = Snapshot::of(&chain, Arithmetic::Portable).unwrap();
    let snapshot = match objective {
        Some(objective) => snapshot.objective(objective),
        None => snapshot,
    };
    written(|out| snapshot.write(out))
}

fn expected() -> Expected<'static> {
    Expected { arithmetic: Arithmetic::Portable, objective: Some(OBJECTIVE), options: Some(options()) }
}

/// Where a chain is loaded to.
struct Room {
    x: Vec<f32>,
    mu: Vec<f32>,
    signal: Vec<f32>,
    streams: Vec<Stream<Generator>>,
}

impl Room {
    fn new() -> Self {
        Self { x: vec![9.0; N], mu: vec![9.0; N], signal: vec![9.0; 2], streams: Vec::new() }
    }

    fn load(&mut self, bytes: &[u8], expected: &Expected<'_>) -> Result<State<Generator>, FormatError> {
        let Self { x, mu, signal, streams } = self;
        let slices = Slices { parameters: x, centres: mu, signal, streams };
        snapshot::Stored::parse(bytes)?.load(expected, slices)
    }
}

fn load_model(bytes: &[u8], objective: &Objective<'_>) -> Result<Vec<f32>, FormatError> {
    let mut x = vec![9.0; objective.net().parameters()];
    model::Stored::parse(bytes)?.load(objective, &mut x)?;
    Ok(x)
}

#[test]
fn the_bytes_are_the_golden_ones() {
    assert_eq!(hex(&a_model()), MODEL);
    assert_eq!(hex(&a_chain(Some(OBJECTIVE))), CHAIN);
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(load_model(&a_model(), &OBJECTIVE).unwrap(), parameters());
    let bytes = a_model();
    let stored = model::Stored::parse(&bytes).unwrap();
    let description = stored.description();
    assert_eq!((stored.arithmetic(), stored.loss()), (Arithmetic::Portable, Loss::MeanSquaredError));
    assert!(description.inputs() == 2 && description.layers().eq(LAYERS));
    assert!(a_model().len() <= model::length_limit(&NET));
    for objective in [None, Some(OBJECTIVE)] {
        let mut room = Room::new();
        let got = room.load(&a_chain(objective), &Expected { objective, ..expected() }).unwrap();
        assert_eq!((got, room.x), (state(), parameters().to_vec()));
        assert!(room.mu.iter().enumerate().all(|(i, mu)| *mu == 0.25 * i as f32));
        assert_eq!(room.signal, [2.0, 0.5]);
    }
    let bytes = a_chain(Some(OBJECTIVE));
    let stored = snapshot::Stored::parse(&bytes).unwrap();
    assert_eq!((stored.options(), stored.arithmetic()), (options(), Arithmetic::Portable));
    assert!(stored.parameters().eq(parameters()) && stored.description().unwrap().layers().eq(LAYERS));
}

#[test]
fn every_kind_of_layer_activation_and_loss_is_read() {
    use Activation::{Linear, Relu, Sigmoid, Softmax, Tanh};
    for (loss, last) in [(Loss::MeanSquaredError, Linear), (Loss::CrossEntropy, Softmax)] {
        let layers = [(1, Linear), (200, Tanh), (3, Relu), (2, Sigmoid), (70_000, last)];
        let layers = layers.map(|(units, activation)| Layer::dense(units, activation));
        let objective = Objective::new(Net::new(usize::from(u16::MAX), &layers), loss);
        let x: Vec<_> = (0..objective.net().parameters()).map(|i| i as f32).collect();
        for arithmetic in [Arithmetic::Portable, Arithmetic::Fused] {
            let model = Model::new(objective, arithmetic, &x);
            let mut bytes = vec![0; model::length_limit(&objective.net())];
            let length = model.write(&mut bytes).unwrap();
            assert_eq!(length, model.length().unwrap());
            assert!(load_model(&bytes[..length], &objective).unwrap() == x);
            assert_eq!(model::Stored::parse(&bytes[..length]).unwrap().arithmetic(), arithmetic);
        }
    }
}

/// The grids' exponents, two of which have bytes that are not their own.
#[test]
fn every_grid_is_read() {
    for exponent in -100..=100 {
        let options = Options::new(1e31).grid(Grid::new(exponent).unwrap());
        let mut x = [0.0];
        let chain = Chain::new(Memory::in_place(&mut x), options, Generator::seed_from_u64(1), 1.0).unwrap();
        let bytes = written(|out| Snapshot::of(&chain, Arithmetic::Portable).unwrap().write(out));
        assert_eq!(snapshot::Stored::parse(&bytes).unwrap().options(), options);
    }
}

#[test]
fn streams_are_kept() {
    const LARGE: usize = 2 * RANGE + 1;
    let (mut x, mut proposed) = (vec![0.5; LARGE], vec![0.0; LARGE]);
    let mut streams = [11, 12].map(|seed| Stream::new(Generator::seed_from_u64(seed)));
    let memory = Memory::new(&mut x, &mut proposed).streams(&mut streams);
    let chain = Chain::new(memory, Options::new(0.1), Generator::seed_from_u64(10), 1.0).unwrap();
    let mut bytes = vec![0; 5 * LARGE];
    let length = Snapshot::of(&chain, Arithmetic::Fused).unwrap().write(&mut bytes).unwrap();
    let mut room = Room { x: vec![0.0; LARGE], mu: Vec::new(), signal: Vec::new(), streams: streams.to_vec() };
    room.streams.fill_with(|| Stream::new(Generator::seed_from_u64(0)));
    let expected = Expected { arithmetic: Arithmetic::Fused, objective: None, options: Some(Options::new(0.1)) };
    let state = room.load(&bytes[..length], &expected).unwrap();
    let generators: Vec<_> = room.streams.iter().map(Stream::generator).collect();
    assert_eq!(state.generator, Generator::seed_from_u64(10));
    assert_eq!(generators, [&Generator::seed_from_u64(11), &Generator::seed_from_u64(12)]);
    room.streams.pop();
    let error = room.load(&bytes[..length], &expected).unwrap_err();
    assert_eq!(error, FormatError::Length { what: "streams", needed: 2, given: 1 });
}

/// A state whose numbers are as large as they get.
#[test]
fn limits_are_enough() {
    let counters = Counters { steps: u64::MAX, accepted: u64::MAX / 2, resets: u64::MAX / 2 };
    let (mut x, mut mu, mut signal) = ([0.5; N], [0.5; N], [1.0; 2]);
    let memory = Memory::in_place(&mut x).centres(&mut mu).signal_norm(NET, &mut signal);
    let state = State { rejected_in_a_row: u32::MAX - 1, counters, ..state() };
    let chain = Chain::resume(memory, options().n_reset(u32::MAX), state).unwrap();
    let snapshot = Snapshot::of(&chain, Arithmetic::Portable).unwrap().objective(OBJECTIVE);
    let (length, limit) = (snapshot.length().unwrap(), snapshot::length_limit(&NET));
    // Of sizes in ten bytes, this net's take one each.
    assert!(length <= limit && limit - length < 128, "{length} {limit}");
    let numbers = 4 * (2 * N + 2) + 4;
    assert_eq!(limit - numbers, snapshot::head_limit(&NET));
    let length = a_model().len();
    assert!(length <= model::length_limit(&NET) && model::length_limit(&NET) - length < 96);
}

#[test]
fn every_truncation_and_every_flipped_bit_is_found() {
    type Parse = fn(&[u8]) -> Result<(), FormatError>;
    let model: Parse = |bytes| model::Stored::parse(bytes).map(|_| ());
    let chain: Parse = |bytes| snapshot::Stored::parse(bytes).map(|_| ());
    for (whole, parse) in [(a_model(), model), (a_chain(Some(OBJECTIVE)), chain), (a_chain(None), chain)] {
        assert_eq!(parse(&whole), Ok(()));
        for length in 0..whole.len() {
            let wanted = if length < 8 { "Magic" } else { "Checksum" };
            let got = format!("{:?}", parse(&whole[..length]).unwrap_err());
            assert!(got.starts_with(wanted), "{length}: {got}");
        }
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let wanted = match bit / 8 {
                0..8 => "Magic",
                8..12 => "Version",
                _ => "Checksum",
            };
            let got = format!("{:?}", parse(&damaged).unwrap_err());
            assert!(got.starts_with(wanted), "{bit}: {got}");
        }
        assert_eq!(parse(&[&whole[..], &[0; 4]].concat()), Err(FormatError::Checksum));
    }
    assert!(matches!(chain(&a_model()), Err(FormatError::Magic { what: "chain", .. })));
    assert!(matches!(model(&a_chain(None)), Err(FormatError::Magic { what: "model", .. })));
}

#[test]
fn what_differs_is_named() {
    let bytes = a_model();
    let tanh = Layer::dense(1, Activation::Tanh);
    for (inputs, layers, loss, wanted) in [
        (3, &LAYERS[..], Loss::MeanSquaredError, FormatError::Inputs { stored: 2, given: 3 }),
        (2, &LAYERS[..1], Loss::MeanSquaredError, FormatError::Layers { stored: 2, given: 1 }),
        (
            2,
            &[LAYERS[0], tanh],
            Loss::MeanSquaredError,
            FormatError::Layer { layer: 1, stored: LAYERS[1], given: tanh },
        ),
    ] {
        let objective = Objective::new(Net::new(inputs, layers), loss);
        assert_eq!(load_model(&bytes, &objective), Err(wanted));
    }
    let sigmoid = [LAYERS[0], Layer::dense(1, Activation::Sigmoid)];
    let other = Objective::new(Net::new(2, &sigmoid), Loss::CrossEntropy);
    let wanted = FormatError::Loss { stored: Loss::MeanSquaredError, given: Loss::CrossEntropy };
    assert_eq!(load_model(&bytes, &other), Err(wanted));
    assert_eq!(
        Room::new().load(&a_chain(Some(OBJECTIVE)), &Expected { objective: Some(other), ..expected() }),
        Err(wanted)
    );
    let short = model::Stored::parse(&bytes).unwrap().load(&OBJECTIVE, &mut [0.0; N - 1]);
    assert_eq!(short, Err(FormatError::Length { what: "parameters", needed: N, given: N - 1 }));
}

#[test]
fn a_chain_goes_on_only_as_it_was_unless_that_is_allowed() {
    let bytes = a_chain(Some(OBJECTIVE));
    let arithmetic = Arithmetic::Fused;
    let got = Room::new().load(&bytes, &Expected { arithmetic, ..expected() });
    assert_eq!(got, Err(FormatError::Arithmetic { stored: Arithmetic::Portable, given: arithmetic }));
    assert_eq!(Room::new().load(&a_chain(None), &expected()), Err(FormatError::NoNet));
    let no_grid = Options { grid: None, ..options() };
    for (name, other) in [
        ("sigma", Options { sigma: 0.5, ..options() }),
        ("epsilon", Options { epsilon: 0.0, ..options() }),
        ("temperature", Options { temperature: 1.0, ..options() }),
        ("n_reset", Options { n_reset: 0, ..options() }),
        ("grid", no_grid),
    ] {
        let error = Room::new().load(&bytes, &Expected { options: Some(other), ..expected() }).unwrap_err();
        assert!(error.to_string().contains(&format!("with {name} = ")), "{error}");
    }
    assert_eq!(Room::new().load(&bytes, &Expected { options: None, ..expected() }), Ok(state()));
    for (what, spoil) in [
        ("parameters", (|room| room.x.truncate(5)) as fn(&mut Room)),
        ("centres", |room| room.mu.clear()),
        ("signal", |room| room.signal.push(0.0)),
        ("streams", |room| room.streams.push(Stream::new(Generator::seed_from_u64(1)))),
    ] {
        let mut room = Room::new();
        spoil(&mut room);
        let error = room.load(&bytes, &expected()).unwrap_err();
        assert!(matches!(error, FormatError::Length { what: of, .. } if of == what), "{error}");
    }
}

#[test]
fn parameters_of_another_number_are_not_written() {
    let arithmetic = Arithmetic::Portable;
    let model = Model::new(OBJECTIVE, arithmetic, &[0.0; N + 1]);
    let wanted = FormatError::Length { what: "parameters", needed: N, given: N + 1 };
    assert_eq!(model.write(&mut [0; 4096]), Err(wanted));
    let model = Model { parameters: &[0.0; N], ..model };
    let needed = model.length().unwrap();
    let mut short = vec![7; needed - 1];
    assert_eq!(model.write(&mut short), Err(FormatError::Length { what: "buffer", needed, given: needed - 1 }));
    assert!(short.iter().all(|byte| *byte == 7));
}

/// A blob with a right checksum, of whatever bytes.
fn sealed(magic: &[u8; 8], version: u32, rest: &[u8]) -> Vec<u8> {
    let mut bytes = [&magic[..], &version.to_le_bytes(), rest].concat();
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes
}

fn read_all(bytes: &[u8]) {
    if let Ok(stored) = model::Stored::parse(bytes) {
        let _ = (stored.description().layers().count(), stored.parameters().count(), stored.check(&OBJECTIVE));
        let _ = (stored.scale_inputs(&mut [1.0; 2]), stored.unscale_outputs(&mut [1.0]));
    }
    if let Ok(stored) = snapshot::Stored::parse(bytes) {
        let _ = (stored.description().map(|of| of.layers().count()), stored.parameters().count());
    }
    let _ = Room::new().load(bytes, &Expected { options: None, ..expected() });
}

proptest! {
    #[test]
    fn random_bytes_are_no_blob_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(model::Stored::parse(&bytes).is_err() && snapshot::Stored::parse(&bytes).is_err());
        read_all(&bytes);
    }

    #[test]
    fn random_headers_under_a_right_checksum_give_no_panic(
        header in prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..64),
        numbers in prop::collection::vec(any::<u8>(), 0..64),
        length in prop_oneof![Just(None), any::<u32>().prop_map(Some)],
    ) {
        let length = length.unwrap_or(header.len() as u32).to_le_bytes();
        let rest = [&length[..], &header, &numbers].concat();
        read_all(&sealed(b"AMCMODEL", 2, &rest));
        read_all(&sealed(b"AMCCHAIN", 1, &rest));
    }

    #[test]
    fn a_changed_byte_under_a_right_checksum_gives_no_panic(at in 12_usize..110, to in any::<u8>()) {
        for (magic, version, bytes) in [(b"AMCMODEL", 2, a_model()), (b"AMCCHAIN", 1, a_chain(Some(OBJECTIVE)))] {
            let mut rest = bytes[12..bytes.len() - 4].to_vec();
            let place = (at - 12) % rest.len();
            rest[place] = to;
            read_all(&sealed(magic, version, &rest));
        }
    }

    #[test]
    fn any_parameters_come_back_bit_for_bit(bits in prop::collection::vec(any::<u32>(), N)) {
        let parameters: Vec<_> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
        let model = Model::new(OBJECTIVE, Arithmetic::Fused, &parameters);
        let bytes = written(|out| model.write(out));
        let back = load_model(&bytes, &OBJECTIVE).unwrap();
        prop_assert!(back.iter().map(|x| x.to_bits()).eq(bits));
    }
}

#[test]
fn scaling_and_notes_come_back_and_change_no_byte_where_there_are_none() {
    let (x, inputs, outputs) = (parameters(), [[1.0, 2.0], [-3.0, 0.5]], [[7.0, 4.0]]);
    let scaling = Scaling { inputs: &inputs, outputs: &outputs };
    let plain = Model::new(OBJECTIVE, Arithmetic::Portable, &x);
    for (scaling, notes) in [(scaling, &b"wine"[..]), (scaling, b""), (Scaling::default(), b"\0\0\0\0\0")] {
        let bytes = written(|out| Model { scaling, notes, ..plain }.write(out));
        let stored = model::Stored::parse(&bytes).unwrap();
        assert!(stored.parameters().eq(x));
        assert!(stored.input_scaling().eq(scaling.inputs.iter().copied()));
        assert!(stored.output_scaling().eq(scaling.outputs.iter().copied()));
        assert_eq!(stored.notes(), notes);
        stored.check(&OBJECTIVE).unwrap();
    }
    assert_eq!(written(|out| Model { scaling: Scaling::default(), notes: b"", ..plain }.write(out)), a_model());
    // Of all inputs, or of none.
    for scaling in [Scaling { inputs: &inputs[..1], outputs: &[] }, Scaling { inputs: &[], outputs: &inputs }] {
        let error = Model { scaling, ..plain }.write(&mut [0; 4096]);
        assert!(matches!(error, Err(FormatError::Length { .. })), "{error:?}");
    }
}

#[test]
fn numbers_are_scaled_in_place_where_the_model_says_so() {
    let (x, inputs, outputs) = (parameters(), [[1013.25, 0.1], [-3.0, 0.7]], [[7.3, 0.3]]);
    let plain = Model::new(OBJECTIVE, Arithmetic::Portable, &x);
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    // Of the inputs alone, as where outputs are classes; of both; of none.
    for (inputs, outputs) in [(&inputs[..], &[][..]), (&inputs, &outputs), (&[], &[])] {
        let bytes = written(|out| Model { scaling: Scaling { inputs, outputs }, ..plain }.write(out));
        let stored = model::Stored::parse(&bytes).unwrap();
        let (mut row, mut answer) = ([998.7, 2.9], [0.123]);
        stored.scale_inputs(&mut row).unwrap();
        stored.unscale_outputs(&mut answer).unwrap();
        let taken = if inputs.is_empty() { row } else { [(998.7 - 1013.25) * 0.1, (2.9 + 3.0) * 0.7] };
        let given = if outputs.is_empty() { 0.123 } else { 0.123 / 0.3 + 7.3 };
        assert_eq!((bits(&row), bits(&answer)), (bits(&taken), bits(&[given])));

        let (mut longer, mut none) = ([998.7, 2.9, 998.7, 2.9], []);
        let length = |what, needed, given| Err(FormatError::Length { what, needed, given });
        assert_eq!(stored.scale_inputs(&mut longer), length("inputs", 2, 4));
        assert_eq!(stored.scale_inputs(&mut longer[..1]), length("inputs", 2, 1));
        assert_eq!(longer, [998.7, 2.9, 998.7, 2.9]);
        assert_eq!(stored.unscale_outputs(&mut longer), length("outputs", 1, 4));
        assert_eq!(stored.unscale_outputs(&mut none), length("outputs", 1, 0));
    }
}

/// Under a right checksum, a model that says it scales another number of inputs or outputs than its net has.
#[test]
fn scaling_of_another_number_of_inputs_or_outputs_is_refused() {
    let (x, pairs) = (parameters(), [[1.0, 2.0]; 2]);
    let scaling = Scaling { inputs: &pairs, outputs: &pairs[..1] };
    let bytes = written(|out| Model { scaling, ..Model::new(OBJECTIVE, Arithmetic::Portable, &x) }.write(out));
    let rest = bytes[12..bytes.len() - 4].to_vec();
    // The header's length; arithmetic, loss, net and the number of parameters take eleven bytes.
    let at = 4 + 11;
    assert_eq!(rest[at - 1..at + 3], [N as u8, 2, 1, 0]);
    assert!(model::Stored::parse(&sealed(b"AMCMODEL", 2, &rest)).is_ok());
    for (inputs, outputs) in [(1, 2), (3, 0), (0, 3)] {
        let mut rest = rest.clone();
        (rest[at], rest[at + 1]) = (inputs, outputs);
        let error = model::Stored::parse(&sealed(b"AMCMODEL", 2, &rest)).unwrap_err();
        assert_eq!(error, FormatError::Header { what: "the scaled inputs and outputs" });
    }
}

/// Headers under a right checksum that say what the numbers do not hold.
#[test]
fn contradictions_are_refused() {
    let what = |result: Result<(), FormatError>| match result {
        Err(FormatError::Header { what }) => what,
        other => panic!("{other:?}"),
    };
    for (magic, version, bytes, generators) in
        [(b"AMCMODEL", 2, a_model(), 0), (b"AMCCHAIN", 1, a_chain(Some(OBJECTIVE)), 1)]
    {
        let parse = |rest: &[u8]| match generators {
            0 => model::Stored::parse(&sealed(magic, version, rest)).map(|_| ()),
            _ => Room::new().load(&sealed(magic, version, rest), &expected()).map(|_| ()),
        };
        let rest = &bytes[12..bytes.len() - 4];
        assert_eq!(parse(rest), Ok(()));
        assert!(what(parse(&rest[..rest.len() - 4])).contains("number of"));
        assert!(what(parse(&[rest, &[0; 4]].concat())).contains("number of"));
        assert_eq!(what(parse(&rest[..rest.len() - 1])), "the numbers' length");
        // Four bytes more of header.
        let mut longer = rest.to_vec();
        longer[0] += 4;
        let end = usize::from(rest[0]) + 4;
        longer.splice(end..end, [0; 4]);
        assert_eq!(what(parse(&longer)), "there are bytes behind it");
        longer.truncate(20);
        longer[0] = 0xff;
        assert_eq!(what(parse(&longer)), "its length");
    }
    let mut bytes = a_chain(None);
    let seed = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];
    let at = bytes.windows(16).position(|window| window == seed).unwrap();
    bytes[at..at + 16].fill(0);
    let zero = sealed(b"AMCCHAIN", 1, &bytes[12..bytes.len() - 4]);
    let got = Room::new().load(&zero, &Expected { objective: None, ..expected() });
    assert_eq!(got, Err(FormatError::Header { what: "a generator's state" }));
}

/// A layer of a kind that comes later is told from damage.
#[test]
fn a_later_kind_of_layer_is_named_as_such() {
    let bytes = a_model();
    let mut rest = bytes[12..bytes.len() - 4].to_vec();
    // After the header's length: arithmetic, loss, inputs, number of layers.
    rest[4 + 4] = 9;
    let error = model::Stored::parse(&sealed(b"AMCMODEL", 2, &rest)).unwrap_err();
    assert!(error.to_string().contains("layer of a kind unknown"), "{error}");
    let error = model::Stored::parse(&sealed(b"AMCMODEL", 1, &rest)).unwrap_err();
    assert_eq!(error, FormatError::Version { what: "model", version: 1, known: 2 });
}

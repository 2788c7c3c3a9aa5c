//! Integer nets on SIMD instructions have the bits of one sample after another.

use amc_core::integer::{
    Chain, ChainMemory, Change, Changes, EXP2, Element, Error, Evaluate, Kernel, LOG2, Net, Neurons, Objective, Output,
    Samples, Scale, Serial, SerialMemory, Targets, Tiles,
};
use amc_core::{Activation, Generator, Layer, Portable};
use amc_kernels::Isa;
use amc_kernels::integer::{Evaluator, Features, Fours, Host, TILE, Tiled};
use rand_core::{Rng, SeedableRng};

const SAMPLES: usize = 2 * TILE + 11;
const WIDTH: usize = 21;

/// Moves of a chain, by their losses, and the parameters in the end.
fn way(net: Net<'_>, evaluator: &mut impl Evaluate) -> (Vec<u64>, Vec<i8>) {
    let mut rng = Generator::seed_from_u64(5);
    let (mut parameters, mut undo) = (vec![0; net.parameters()], vec![0; net.widest_neuron()]);
    let mut rates = vec![0; net.scales().len()];
    net.draw(&mut parameters, &mut rng);
    let memory = ChainMemory { parameters: &mut parameters, undo: &mut undo, rates: &mut rates };
    let mut chain = Chain::new(net, memory, rng, evaluator).expect("a chain");
    let losses = (0..300).map(|_| (chain.step(evaluator), chain.loss()).1).collect();
    (losses, chain.parameters().to_vec())
}

/// Rows, and the same in tiles.
fn rows(rng: &mut Generator) -> (Vec<u8>, Vec<u8>) {
    let mut rows: Vec<_> = (0..SAMPLES * WIDTH).map(|_| rng.next_u32() as u8).collect();
    // Of each tile other features are 0: all of a four, and all but one of another.
    for (at, x) in rows.iter_mut().enumerate() {
        let (tile, feature) = (at / WIDTH / TILE, at % WIDTH);
        if feature / 4 % 3 == tile && ![15, 19].contains(&feature) {
            *x = 0;
        }
    }
    let mut tiles = vec![0; SAMPLES.next_multiple_of(TILE) * WIDTH];
    for (sample, row) in rows.chunks(WIDTH).enumerate() {
        for (feature, x) in row.iter().enumerate() {
            tiles[(sample / TILE * WIDTH + feature) * TILE + sample % TILE] = *x;
        }
    }
    (rows, tiles)
}

#[test]
fn moves_outputs_and_scores_are_those_of_one_sample_after_another() {
    use Activation::{Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh};
    let mut rng = Generator::seed_from_u64(1);
    let (bytes, tiles) = rows(&mut rng);
    let signed = |of: &[u8]| of.iter().map(|x| (*x as i8).max(-127)).collect::<Vec<_>>();
    let (of_one, of_tiles) = (signed(&bytes), signed(&tiles));
    let classes: Vec<_> = (0..SAMPLES).map(|_| (rng.next_u32() % 3) as u8).collect();
    let values: Vec<_> = (0..SAMPLES * 3).map(|_| rng.next_u32() as i16).collect();
    for (number, (hidden, last)) in
        [(vec![Tanh], Softmax), (vec![Relu, Sign], Linear), (vec![Sigmoid, Step, Linear], Softmax), (vec![], Linear)]
            .into_iter()
            .enumerate()
    {
        let mut layers: Vec<_> = hidden.iter().map(|of| Layer::dense(9, *of)).collect();
        layers.push(Layer::dense(3, last));
        let limit = [127, 7, 1, 127][number];
        let sizes = [(WIDTH, 128)].into_iter().chain(std::iter::repeat((9, 64)));
        let scale = |(layer, (inputs, rms)): (&Layer, _)| Scale::fit(inputs, rms, limit, layer.activation());
        let scales: Vec<_> = layers.iter().zip(sizes).map(scale).collect();
        let shape = amc_core::Net::new(WIDTH, &layers);
        let net = Net::new(shape, &scales, 255).with_limit(limit).expect("a limit");
        let objective = Objective::new(net).expect("a loss");
        let targets = if last == Softmax { Targets::Classes(&classes) } else { Targets::Values(&values) };
        let (mut sums, mut outputs) = (vec![0; net.scratch(1)], vec![0; net.scratch_outputs(1)]);
        let memory = SerialMemory { sums: &mut sums, outputs: &mut outputs, kept_sums: &mut [], kept_outputs: &mut [] };
        let is_signed = number % 2 == 1;
        let (wanted, score, first) = if is_signed {
            let samples = Samples { features: Tiles::new(&of_one, SAMPLES, WIDTH), targets };
            let mut serial = Serial::new(objective, Portable::<1>, samples, memory).expect("one by one");
            let wanted = way(net, &mut serial);
            let score = serial.score(&samples, &wanted.1).expect("a score");
            let first = serial.outputs(&wanted.1, &of_one[..WIDTH]).expect("outputs").as_flattened().to_vec();
            (wanted, score, first)
        } else {
            let samples = Samples { features: Tiles::new(&bytes, SAMPLES, WIDTH), targets };
            let mut serial = Serial::new(objective, Portable::<1>, samples, memory).expect("one by one");
            let wanted = way(net, &mut serial);
            let score = serial.score(&samples, &wanted.1).expect("a score");
            let first = serial.outputs(&wanted.1, &bytes[..WIDTH]).expect("outputs").as_flattened().to_vec();
            (wanted, score, first)
        };
        assert!(wanted.0.last() < wanted.0.first(), "net {number}: moves are made");
        let features = |from: usize, to: usize| match is_signed {
            true => Features::I8(&of_tiles[from..to]),
            false => Features::U8(&tiles[from..to]),
        };
        if let Some(few) = Fours::of(features(0, TILE * WIDTH), WIDTH, 0.1) {
            let memory = SerialMemory { sums: &mut [], outputs: &mut [], kept_sums: &mut [], kept_outputs: &mut [] };
            let all = Tiled { features: features(0, tiles.len()), fours: Some(few.from_tile(0)), samples: SAMPLES };
            let refused = Evaluator::new(objective, all, targets, memory).expect_err("fours of one tile");
            assert_eq!(refused, Error::Length { what: "tiles of fours", needed: 3, given: 1 });
        }
        for (with_sums, with_outputs) in [(3, 3), (3, 0), (2, 3), (1, 1), (0, 2), (0, 0)] {
            let mut kept_sums = vec![0; net.kept_sums(TILE) * with_sums];
            let mut kept_outputs = vec![0; net.kept_outputs(TILE) * with_outputs];
            let (mut sums, mut outputs) = (vec![0; net.scratch(TILE)], vec![0; net.scratch_outputs(TILE)]);
            let memory = SerialMemory {
                sums: &mut sums,
                outputs: &mut outputs,
                kept_sums: &mut kept_sums,
                kept_outputs: &mut kept_outputs,
            };
            let features_of_all = features(0, tiles.len());
            let fours = Fours::of(features_of_all, WIDTH, 0.1);
            assert_eq!(fours.is_none(), is_signed);
            let fours = fours.as_ref().map(|fours| fours.from_tile(0));
            let all = Tiled { features: features_of_all, fours, samples: SAMPLES };
            let mut evaluator = Evaluator::new(objective, all, targets, memory).expect("in tiles");
            let found = way(net, &mut evaluator);
            assert_eq!(found, wanted, "net {number}, {with_sums} tiles of sums, {with_outputs} of outputs");
            assert_eq!(evaluator.score(&wanted.1), Ok(score));
            let outputs = evaluator.outputs(&wanted.1, features(0, TILE * WIDTH)).expect("outputs");
            assert_eq!(outputs.iter().map(|outputs| outputs[0]).collect::<Vec<_>>(), first);
        }
    }
}

fn hosts() -> impl Iterator<Item = (Isa, Host<'static>)> {
    Isa::available().map(|isa| (isa, Host::of(isa).expect("this machine has it")))
}

fn random<E>(rng: &mut Generator, count: usize, number: impl Fn(u32) -> E) -> Vec<E> {
    (0..count).map(|_| number(rng.next_u32())).collect()
}

/// The sums of layers of `inputs` inputs, and of changed weights, by all instruction sets as by the core.
fn sums_are_the_same<E: Element>(rng: &mut Generator, (width, units, limit): (usize, usize, i32), inputs: &[E]) {
    let mut weights = random(rng, width * units, |x| ((x % (2 * limit as u32 + 1)) as i32 - limit) as i8);
    // Sums that are as large as can be, of one sign and of the other.
    weights[..width].fill(limit as i8);
    weights[width * (units - 1)..].fill(if units > 1 { -limit as i8 } else { limit as i8 });
    let biases = random(rng, units, |x| x as i8);
    let neurons = Neurons { weights: &weights, biases: &biases, bias: 7 };
    let (mut wanted, mut found) = (vec![0; units * TILE], vec![0; units * TILE]);
    Portable::<TILE>.layer(neurons, inputs, &mut wanted);
    for (isa, host) in hosts() {
        found.fill(1);
        host.layer(neurons, inputs, &mut found);
        assert!(found == wanted, "{isa}: {units} neurons of {width} inputs");
        let one: [i32; TILE] = host.dot(&weights[..width], inputs);
        assert_eq!(one, Portable::<TILE>.dot(&weights[..width], inputs), "{isa}: {width} inputs");
    }
    // Behind the last input is the bias. Of the largest changes no sum of products fits 16 bits.
    for most in [1, 4, 127, 254] {
        let changes: Vec<_> = (0..=width.min(15)).map(|i| i * width / width.min(15)).collect();
        let changes: Vec<_> = changes
            .into_iter()
            .map(|input| (input as u16, (rng.next_u32() % (2 * most + 1)) as i16 - most as i16))
            .collect();
        for changes in [&changes[..], &changes[..changes.len() - 1], &changes[1..], &[]] {
            let mut wanted = [5; TILE];
            Portable::<TILE>.change(changes, 3, inputs, &mut wanted);
            for (isa, host) in hosts() {
                let mut found = [5; TILE];
                host.change(changes, 3, inputs, &mut found);
                assert_eq!(found, wanted, "{isa}: {changes:?} of {width} inputs");
            }
        }
    }
}

#[test]
fn sums_are_those_of_the_core() {
    let mut rng = Generator::seed_from_u64(2);
    for (width, units) in [(1, 1), (2, 4), (3, 5), (5, 9), (63, 2), (64, 8), (65, 3), (130, 6)] {
        let most = random(&mut rng, width * TILE, |x| x as u8);
        // Inputs that are 0 in all samples, and the largest, all at once.
        let mut bytes = most.clone();
        for (input, column) in bytes.chunks_exact_mut(TILE).enumerate() {
            if !input.is_multiple_of(3) || input % 4 < 2 {
                column.fill(if input % 8 == 5 { 255 } else { 0 });
            }
        }
        let largest = vec![255; bytes.len()];
        let small = most.iter().map(|x| x % 17).collect();
        for bytes in [most, bytes, largest, small] {
            // Sums of words have room for all products of such weights, for those of some, and for none.
            for limit in [127, 64, 30, 12, 1] {
                let signed: Vec<_> = bytes.iter().map(|x| *x as i8).collect();
                sums_are_the_same(&mut rng, (width, units, limit), &bytes);
                sums_are_the_same(&mut rng, (width, units, limit), &signed);
                let activations: Vec<_> = bytes.iter().map(|x| if *x > 127 { 127 } else { -127 }).collect::<Vec<i8>>();
                sums_are_the_same(&mut rng, (width, units, limit), &activations);
            }
        }
    }
    // Wider numbers have no way of their own.
    let wide = random(&mut rng, 5 * TILE, |x| x as i16);
    sums_are_the_same(&mut rng, (5, 4, 127), &wide);
}

#[test]
fn activations_of_all_sums_are_those_of_the_core() {
    use Activation::{Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh};
    let near = -700..=700;
    let far = [i32::MIN, i32::MIN + 1, -70_000, -32_769, -32_768, 32_767, 32_768, 70_000, i32::MAX - 1, i32::MAX];
    let mut sums: Vec<_> = far.into_iter().chain(near).collect();
    sums.resize(sums.len().next_multiple_of(TILE), 0);
    for of in [Linear, Relu, Sigmoid, Sign, Softmax, Step, Tanh] {
        for shift in [0, 1, 7, 24] {
            let sums: Vec<_> = sums.iter().map(|sum| sum.checked_mul(1 << shift).unwrap_or(*sum)).collect();
            let (mut wanted, mut found) = (vec![0; sums.len()], vec![0; sums.len()]);
            Portable::<TILE>.activate(of, shift, &sums, &mut wanted);
            for (isa, host) in hosts() {
                host.activate(of, shift, &sums, &mut found);
                assert!(found == wanted, "{isa}: {of:?} of sums divided by 2^{shift}");
            }
        }
    }
}

#[test]
fn what_is_passed_on_is_that_of_the_core() {
    let mut rng = Generator::seed_from_u64(3);
    let by: [i16; TILE] =
        std::array::from_fn(|i| if i < 4 { [254, -254, 0, 1][i] } else { (rng.next_u32() % 509) as i16 - 254 });
    for (units, stride) in [(1, 1), (10, 16), (7, 3)] {
        let weights = random(&mut rng, units * stride, |x| x as i8);
        let before = random(&mut rng, units * TILE, |x| x as i32 >> 2);
        let (mut wanted, mut found) = (vec![0; units * TILE], vec![0; units * TILE]);
        Portable::<TILE>.pass_on(&by, (&weights, stride), &before, &mut wanted);
        for (isa, host) in hosts() {
            host.pass_on(&by, (&weights, stride), &before, &mut found);
            assert!(found == wanted, "{isa}: {units} neurons");
        }
    }
}

#[test]
fn cross_entropies_are_what_the_tables_say() {
    let mut rng = Generator::seed_from_u64(4);
    for outputs in [1, 2, 3, 10, 255, 256] {
        for shift in [0, 1, 5] {
            // How far logits are behind the first, which is the largest: all there are of the table's entries, few and many
            // halvings, more than is told apart, and as much as there can be.
            for far in 0..4 {
                let mut behind = |unit: usize, lane: usize| match (unit, far) {
                    (0, _) => 0,
                    (_, 0) => ((unit * TILE + lane) as u32 % 1024) << shift,
                    (_, 1) => (rng.next_u32() % 6000) << shift,
                    (_, 2) => (rng.next_u32() % (1 << 17)) << shift,
                    _ => rng.next_u32(),
                };
                let mut sums = vec![[0; TILE]; outputs];
                for (unit, sums) in sums.iter_mut().enumerate() {
                    for (lane, sum) in sums.iter_mut().enumerate() {
                        *sum = i32::MAX.wrapping_sub_unsigned(behind(unit, lane));
                    }
                }
                for samples in [TILE, 1, 37] {
                    let classes =
                        random(&mut Generator::seed_from_u64(5), samples, |x| (x as usize % outputs).min(254) as u8);
                    let wanted = cross_entropies(&sums, shift, &classes);
                    for (isa, host) in hosts() {
                        match host.cross_entropies(&sums, shift, &classes, None) {
                            Some(found) => assert_eq!(found, wanted, "{isa}: {outputs} outputs, 2^{shift}, far {far}"),
                            None => {
                                assert!(matches!(isa, Isa::Scalar | Isa::Neon) || shift == 0 || outputs > 255, "{isa}")
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn logarithms_of_all_entries_are_what_the_table_says() {
    // An output that is far behind, before and after: what is kept of the powers is all there are.
    let sums = [[0; TILE], [i32::MIN; TILE]];
    for exponent in 15..23_u32 {
        for entry in 0..256 {
            let powers = std::array::from_fn(|lane| {
                let places = exponent - 8;
                (1 << exponent) + (entry << places) + ((lane as i32 * ((1 << places) - 1)) / (TILE as i32 - 1))
            });
            let wanted: u64 = powers.iter().map(|powers| logarithm(*powers as u64) - (15 << 12)).sum();
            for (isa, host) in hosts() {
                let output = Output { number: 1, sums: &sums, new: &[i32::MIN + 1; TILE] };
                let kept = [[0; TILE], powers, [0; TILE]];
                let mut anew = heapless::Vec::new();
                let found = host.changed_cross_entropies(output, 1, &[0; TILE], &kept, &mut anew);
                assert!(found.is_none_or(|found| found == wanted), "{isa}: 2^{exponent}, {entry}");
                assert!(anew.is_empty());
            }
        }
    }
}

/// Moves of single neurons, kept or not whatever their losses: from what is kept they have the losses of a whole pass.
#[test]
fn what_is_kept_gives_the_losses_of_a_whole_pass() {
    let mut rng = Generator::seed_from_u64(6);
    let (bytes, tiles) = rows(&mut rng);
    for (outputs, shift, last) in [(2, 1, 40), (3, 6, 3), (10, 3, 127), (10, 0, 20), (17, 4, 1)] {
        let layers = [Layer::dense(6, Activation::Tanh), Layer::dense(outputs, Activation::Softmax)];
        let scales = [Scale::new(10), Scale::new(shift)];
        let net = Net::new(amc_core::Net::new(WIDTH, &layers), &scales, 255);
        let objective = Objective::new(net).expect("a loss");
        let classes = random(&mut rng, SAMPLES, |x| (x % outputs as u32) as u8);
        let targets = Targets::Classes(&classes);
        let (mut sums, mut scratch) = (vec![0; net.scratch(1)], vec![0; net.scratch_outputs(1)]);
        let memory = SerialMemory { sums: &mut sums, outputs: &mut scratch, kept_sums: &mut [], kept_outputs: &mut [] };
        let samples = Samples { features: Tiles::new(&bytes, SAMPLES, WIDTH), targets };
        let mut one_by_one = Serial::new(objective, Portable::<1>, samples, memory).expect("one by one");
        let samples = Samples { features: Tiles::new(&tiles, SAMPLES, WIDTH), targets };
        for (isa, host) in hosts() {
            for (with_sums, with_outputs) in [(3, 3), (3, 0), (2, 3)] {
                let (mut sums, mut scratch) = (vec![0; net.scratch(TILE)], vec![0; net.scratch_outputs(TILE)]);
                let mut kept_sums = vec![0; net.kept_sums(TILE) * with_sums];
                let mut kept_outputs = vec![0; net.kept_outputs(TILE) * with_outputs];
                let memory = SerialMemory {
                    sums: &mut sums,
                    outputs: &mut scratch,
                    kept_sums: &mut kept_sums,
                    kept_outputs: &mut kept_outputs,
                };
                let mut tiled = Serial::new(objective, host, samples, memory).expect("in tiles");
                let mut parameters = vec![0; net.parameters()];
                net.draw(&mut parameters, &mut rng);
                tiled.begin(&parameters);
                for number in 0..60 {
                    // Three moves of four are of an output.
                    let layer = usize::from(!rng.next_u32().is_multiple_of(4));
                    let (inputs, units, start) = [(WIDTH, 6, 0), (6, outputs, (WIDTH + 1) * 6)][layer];
                    let unit = rng.next_u32() as usize % units;
                    let mut changes = heapless::Vec::new();
                    let mut proposed = parameters.clone();
                    for input in 0..=inputs {
                        let at = start + if input < inputs { unit * inputs + input } else { units * inputs + unit };
                        let by = (rng.next_u32() % (2 * last + 1)) as i32 - last as i32;
                        proposed[at] = (i32::from(proposed[at]) + by).clamp(-127, 127) as i8;
                        let by = i16::from(proposed[at]) - i16::from(parameters[at]);
                        if rng.next_u32().is_multiple_of(2) || changes.push((input as u16, by)).is_err() {
                            proposed[at] = parameters[at];
                        }
                    }
                    let inputs = if number % 5 == 4 { Changes::Many } else { Changes::Some(changes) };
                    let change = Change { layer, unit, inputs };
                    let wanted = one_by_one.begin(&proposed);
                    let found = tiled.propose(u64::MAX, &proposed, &change);
                    let kept = (with_sums, with_outputs);
                    assert_eq!(found, Some(wanted), "{isa}, {outputs} outputs, {kept:?}: move {number} of {change:?}");
                    if rng.next_u32().is_multiple_of(3) {
                        tiled.keep(&proposed, &change);
                        parameters = proposed;
                    }
                }
            }
        }
    }
}

/// Of one sample after another, in integers that cannot overflow.
fn cross_entropies(sums: &[[i32; TILE]], shift: u8, classes: &[u8]) -> u64 {
    let lanes = classes.iter().enumerate();
    let losses = lanes.map(|(lane, class)| {
        let largest = sums.iter().map(|sums| i64::from(sums[lane])).max().expect("outputs");
        let behind = |sums: &[i32; TILE]| (largest - i64::from(sums[lane])) >> shift;
        let powers = sums.iter().map(behind).filter(|behind| behind >> 8 < 16);
        let sum: u64 = powers.map(|behind| u64::from(EXP2[(behind & 255) as usize]) >> (behind >> 8)).sum();
        ((behind(&sums[usize::from(*class)]).min(65_535) as u64) << 4) + logarithm(sum) - (15 << 12)
    });
    losses.sum()
}

/// 2¹² · log₂ by its table.
fn logarithm(x: u64) -> u64 {
    let exponent = x.ilog2();
    let (entry, rest) = ((x >> (exponent - 8) & 255) as usize, x & ((1 << (exponent - 8)) - 1));
    let (below, above) = (u64::from(LOG2[entry]), u64::from(LOG2[entry + 1]));
    (u64::from(exponent) << 12) + below + (((above - below) * rest) >> (exponent - 8))
}

//! Integer nets on SIMD instructions have the bits of one sample after another.

use amc_core::integer::{
    Chain, ChainMemory, Evaluate, Net, Objective, Samples, Scale, Serial, SerialMemory, Targets, Tiles,
};
use amc_core::{Activation, Generator, Layer, Portable};
use amc_kernels::integer::{Evaluator, Features, TILE};
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
    let rows: Vec<_> = (0..SAMPLES * WIDTH).map(|_| rng.next_u32() as u8).collect();
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
        for (with_sums, with_outputs) in [(3, 0), (1, 1), (0, 2), (0, 0)] {
            let mut kept_sums = vec![0; net.kept_sums(TILE) * with_sums];
            let mut kept_outputs = vec![0; net.kept_outputs(TILE) * with_outputs];
            let (mut sums, mut outputs) = (vec![0; net.scratch(TILE)], vec![0; net.scratch_outputs(TILE)]);
            let memory = SerialMemory {
                sums: &mut sums,
                outputs: &mut outputs,
                kept_sums: &mut kept_sums,
                kept_outputs: &mut kept_outputs,
            };
            let all = (features(0, tiles.len()), SAMPLES);
            let mut evaluator = Evaluator::new(objective, all, targets, memory).expect("in tiles");
            let found = way(net, &mut evaluator);
            assert_eq!(found, wanted, "net {number}, {with_sums} tiles of sums, {with_outputs} of outputs");
            assert_eq!(evaluator.score(&wanted.1), Ok(score));
            let outputs = evaluator.outputs(&wanted.1, features(0, TILE * WIDTH)).expect("outputs");
            assert_eq!(outputs.iter().map(|outputs| outputs[0]).collect::<Vec<_>>(), first);
        }
    }
}

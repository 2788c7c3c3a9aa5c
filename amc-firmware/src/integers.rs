//! What the programs of integer nets share: a net's memory, and a chain of it.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that programs on the host can include this file.

use amc_core::Generator;
use amc_core::integer::{Chain, ChainMemory, Kernel, Net, Objective, Samples, Serial, SerialMemory};
use rand_core::SeedableRng;

use crate::golden::checksum_of;

const FIT: &str = "the net, the samples and the memory fit together";

/// All memory of a training, of so many layers, [`Net::scratch`] sums and [`bytes`].
#[derive(Debug)]
pub struct Memory<const LAYERS: usize, const SUMS: usize, const BYTES: usize> {
    rates: [u32; LAYERS],
    sums: [i32; SUMS],
    bytes: [i8; BYTES],
}

/// Bytes of a net's memory, if activations of so many samples are kept.
pub const fn bytes(net: Net<'_>, samples: usize) -> usize {
    net.parameters() + net.widest_neuron() + net.scratch_outputs(1) + samples * net.kept_outputs(1)
}

impl<const LAYERS: usize, const SUMS: usize, const BYTES: usize> Memory<LAYERS, SUMS, BYTES> {
    /// All zero.
    pub const fn new() -> Self {
        Self { rates: [0; _], sums: [0; _], bytes: [0; _] }
    }

    /// What a chain and an evaluation of this net take of it.
    fn lend(&mut self, net: Net<'_>) -> (ChainMemory<'_>, SerialMemory<'_>) {
        let Self { rates, sums, bytes } = self;
        let (outputs, bytes) = bytes.split_at_mut(net.scratch_outputs(1));
        let (parameters, bytes) = bytes.split_at_mut(net.parameters());
        let (undo, kept_outputs) = bytes.split_at_mut(net.widest_neuron());
        (ChainMemory { parameters, undo, rates }, SerialMemory { sums, outputs, kept_sums: &mut [], kept_outputs })
    }
}

impl<const LAYERS: usize, const SUMS: usize, const BYTES: usize> Default for Memory<LAYERS, SUMS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

/// The loss of a net whose last layer is a softmax.
pub const fn objective(net: Net<'static>) -> Objective<'static> {
    match Objective::new(net) {
        Ok(objective) => objective,
        Err(_) => panic!("a softmax has a loss"),
    }
}

/// A chain that learns samples.
#[derive(Debug)]
pub struct Learner<'m, K> {
    chain: Chain<'m, Generator>,
    evaluator: Serial<'m, K, u8, 1>,
}

impl<'m, K: Kernel<1>> Learner<'m, K> {
    /// A chain at its beginning.
    ///
    /// # Panics
    /// Where net, samples and memory do not fit together.
    pub fn begin<const LAYERS: usize, const SUMS: usize, const BYTES: usize>(
        objective: Objective<'static>,
        kernel: K,
        samples: Samples<'m, u8, 1>,
        memory: &'m mut Memory<LAYERS, SUMS, BYTES>,
        seed: u64,
    ) -> Self {
        let net = objective.net();
        let (memory, evaluation) = memory.lend(net);
        let mut evaluator = Serial::new(objective, kernel, samples, evaluation).expect(FIT);
        let mut rng = Generator::seed_from_u64(seed);
        net.draw(memory.parameters, &mut rng);
        let chain = Chain::new(net, memory, rng, &mut evaluator).expect(FIT);
        Self { chain, evaluator }
    }

    /// Makes moves until there have been so many.
    pub fn run(&mut self, moves: u64) {
        while self.moves() < moves {
            self.step();
        }
    }

    /// Makes a move.
    pub fn step(&mut self) {
        self.chain.step(&mut self.evaluator);
    }

    /// Moves made.
    pub fn moves(&self) -> u64 {
        self.chain.counters().steps
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain<'m, Generator> {
        &self.chain
    }

    /// [`checksum_of`] the parameters' bytes.
    pub fn hash(&self) -> u32 {
        checksum_of(self.chain.parameters().iter().map(|parameter| parameter.to_le_bytes()))
    }

    /// How many other samples are classified rightly.
    ///
    /// # Panics
    /// Where they do not fit the net.
    pub fn right(&mut self, samples: &Samples<'m, u8, 1>) -> usize {
        self.evaluator.score(samples, self.chain.parameters()).expect(FIT).correct
    }
}

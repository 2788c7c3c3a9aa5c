//! Moves drawn by several threads.

use amc_core::Generator;
use amc_core::chain::{MoveParts, RANGE, Stream, Workers};
use amc_core::gaussian::BLOCK;
use amc_kernels::{Arithmetic, draw};
use rand_core::SeedableRng;

use super::Settings;
use super::jump::Jump;
use crate::crew;

/// Parameters that a thread draws at least, where a part is cut: to hand over fewer takes longer than to draw them.
const LEAST: usize = 1024;

/// As many threads.
#[derive(Clone, Copy)]
pub(super) struct Threads {
    pub arithmetic: Arithmetic,
    pub threads: usize,
    /// Of few parts, each is cut in pieces of so many parameters.
    piece: Option<(usize, Jump)>,
}

impl Threads {
    /// Those of a run, for moves of so many parameters.
    pub fn of(settings: &Settings, parameters: usize) -> Self {
        Self::new(settings.arithmetic, settings.threads, parameters)
    }

    pub fn new(arithmetic: Arithmetic, threads: usize, parameters: usize) -> Self {
        let part = parameters.min(RANGE);
        let length = part.div_ceil(threads.max(1)).max(LEAST).next_multiple_of(BLOCK);
        // Of many parts, each thread has enough.
        let is_cut = length < part && parameters.div_ceil(RANGE) < 4 * threads;
        Self { arithmetic, threads, piece: is_cut.then(|| (length, Jump::by(length as u64))) }
    }
}

impl Workers<Generator> for Threads {
    fn share(&mut self, parts: MoveParts<'_, Generator>) {
        let Self { arithmetic, threads, piece } = *self;
        if let Some((length, jump)) = piece {
            // Each is set before it is drawn from.
            let mut streams = vec![Stream::new(Generator::seed_from_u64(0)); RANGE.div_ceil(length)];
            for part in parts {
                part.in_pieces(
                    length,
                    &mut streams,
                    |generator| jump.of(generator),
                    |pieces| {
                        crew::share(threads.min(pieces.len()), pieces, |piece| draw::work(arithmetic, piece));
                    },
                );
            }
            return;
        }
        if threads == 1 || parts.len() == 1 {
            parts.for_each(|part| draw::work(arithmetic, part));
            return;
        }
        crew::share(threads.min(parts.len()), parts, |part| draw::work(arithmetic, part));
    }
}

#[cfg(test)]
mod tests {
    use amc_core::chain::{Chain, Grid, Memory, Options, Stream, Workers, jump_streams, streams};
    use amc_core::{Generator, Portable};
    use amc_kernels::Arithmetic;
    use rand_core::SeedableRng;

    use super::Threads;

    /// The parameters, and the next move, of a chain of moves that are accepted and rejected by turns.
    fn moves(parameters: usize, workers: impl Workers<Generator> + Copy, is_in_place: bool) -> Vec<f32> {
        let (mut x, mut proposed, mut centres) = (vec![0.0; parameters], vec![0.0; parameters], vec![0.0; parameters]);
        let rng = Generator::seed_from_u64(5);
        let mut others = vec![Stream::new(rng.clone()); streams(parameters)];
        jump_streams(&rng, &mut others);
        let mut options = Options::new(0.1).epsilon(0.1);
        let memory = match is_in_place {
            true => Memory::in_place(&mut x),
            false => Memory::new(&mut x, &mut proposed),
        };
        if is_in_place {
            options = options.grid(Grid::DEFAULT);
        }
        let memory = memory.centres(&mut centres).streams(&mut others);
        let mut chain = Chain::new(memory, options, rng, 1.0).expect("a chain");
        for number in 0..6 {
            let proposal = chain.propose(workers);
            let (bound, is_kept) = (proposal.bound(), number % 2 == 0);
            assert!(bound == 1.0);
            proposal.decide(if is_kept { bound } else { 2.0 });
        }
        let mut all = chain.parameters().to_vec();
        all.extend_from_slice(chain.propose(workers).parameters());
        all
    }

    /// What the core draws number by number, threads draw in pieces, and registers many numbers at once.
    #[test]
    fn moves_have_the_bits_of_the_core() {
        for parameters in [1000, 1025, 4096, 5001, 16_384, 18_000] {
            for is_in_place in [false, true] {
                let core = moves(parameters, Portable::<4>, is_in_place);
                for threads in [1, 2, 3, 7] {
                    let workers = Threads::new(Arithmetic::Portable, threads, parameters);
                    assert_eq!(workers.piece.is_some(), threads > 1 && parameters > 1024);
                    assert!(moves(parameters, workers, is_in_place) == core, "{parameters} on {threads}");
                }
            }
        }
    }
}

//! Memory that begins where a cache line does: a register that is read across two lines takes twice the time.

/// Numbers in a cache line, and in the widest register.
const LINE: usize = 16;

/// Numbers in memory, the first of them at the beginning of a cache line.
#[derive(Clone, Debug)]
pub struct Scratch {
    memory: Vec<f32>,
    numbers: usize,
}

impl Scratch {
    /// So many numbers, or a few more: each half and each third of them begins at a line, too.
    pub(crate) fn new(numbers: usize) -> Self {
        let numbers = numbers.next_multiple_of(6 * LINE);
        Self { memory: vec![0.0; numbers + LINE], numbers }
    }

    /// The numbers.
    pub(crate) fn numbers(&mut self) -> &mut [f32] {
        let first = self.memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        &mut self.memory[first..first + self.numbers]
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

    #[test]
    fn halves_and_thirds_begin_at_a_line() {
        for numbers in [0, 1, 95, 96, 97, 6400] {
            let mut scratch = Scratch::new(numbers);
            let numbers_there = scratch.numbers();
            assert!(numbers_there.len() >= numbers);
            for parts in [1, 2, 3] {
                for part in numbers_there.chunks_exact(numbers_there.len().div_ceil(parts).max(1)) {
                    assert_eq!(part.as_ptr().addr() % 64, 0, "{numbers} numbers in {parts} parts");
                }
            }
        }
    }
}

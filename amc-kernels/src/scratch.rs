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
    pub fn new(numbers: usize) -> Self {
        let numbers = numbers.next_multiple_of(6 * LINE);
        Self { memory: vec![0.0; numbers + LINE], numbers }
    }

    /// The numbers.
    pub fn numbers(&mut self) -> &mut [f32] {
        let first = self.memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        &mut self.memory[first..first + self.numbers]
    }
}

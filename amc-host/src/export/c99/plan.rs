//! Where a net's numbers are while it computes: a layer writes to memory in which nothing is that is needed any more.

use std::fmt;

/// Where a layer's numbers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Those that the net is given.
    Inputs,
    /// Those that it gives.
    Outputs,
    /// In between.
    Buffer(usize),
}

/// As C calls it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs => f.write_str("inputs"),
            Self::Outputs => f.write_str("outputs"),
            Self::Buffer(index) => write!(f, "buffer{index}"),
        }
    }
}

/// The buffers, each as long as the longest that is ever in it.
#[derive(Default)]
pub(super) struct Buffers(Vec<usize>);

impl Buffers {
    /// One for so many numbers, in which none of those is that are `needed`.
    pub(super) fn take(&mut self, numbers: usize, needed: &[Place]) -> Place {
        let free = (0..).find(|index| !needed.contains(&Place::Buffer(*index))).unwrap_or_default();
        if free >= self.0.len() {
            self.0.resize(free + 1, 0);
        }
        self.0[free] = self.0[free].max(numbers);
        Place::Buffer(free)
    }

    /// Numbers of all of them.
    pub(super) fn numbers(&self) -> usize {
        self.0.iter().sum()
    }

    /// Their names, one behind the other in `scratch`.
    pub(super) fn declared(&self) -> String {
        let mut start = 0;
        let mut text = String::new();
        for (index, numbers) in self.0.iter().enumerate() {
            let from = if start == 0 { "scratch".to_string() } else { format!("scratch + {start}") };
            text += &format!("    float *const {} = {from};\n", Place::Buffer(index));
            start += numbers;
        }
        text
    }
}

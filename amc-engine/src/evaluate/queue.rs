//! Blocks of samples, of which each of several workers takes a few, and then the next, until their losses exceed a bound.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Blocks that one of several threads takes at a time, at most: what threads share is slow.
const SHARE: usize = 8;
/// Times that a thread comes for blocks, at least, so that all finish together.
const ROUNDS: usize = 16;

/// The blocks of an evaluation.
pub(super) struct Queue<'s> {
    order: &'s [u32],
    /// Blocks that a worker takes at a time.
    share: usize,
    /// What the sum of block losses may not exceed.
    ceiling: f32,
    shared: Shared,
}

/// What all workers write to: apart from what they only read, which would have to be fetched anew after each write.
#[repr(align(128))]
struct Shared {
    /// The next place in the order.
    next: AtomicUsize,
    /// The sum of all block losses so far, the bits of an `f64`. The order of its terms depends on the threads: it
    /// serves to give up, never as the loss.
    sum: AtomicU64,
}

impl<'s> Queue<'s> {
    /// The blocks in this order, for so many threads, where the losses of other blocks come to `so_far`.
    pub fn new(order: &'s [u32], threads: usize, so_far: f64, ceiling: f32) -> Self {
        let share = if threads == 1 { 1 } else { (order.len() / (ROUNDS * threads)).clamp(1, SHARE) };
        let order = if ceiling < 0.0 { &[] } else { order };
        let shared = Shared { next: AtomicUsize::new(0), sum: AtomicU64::new(so_far.to_bits()) };
        Self { order, share, ceiling, shared }
    }

    /// What one worker takes of them: nothing yet.
    pub fn taken(&self) -> Taken<'_> {
        Taken { queue: self, left: &[], loss: 0.0 }
    }

    /// Adds the losses of blocks; says whether all of them together may still be within the bound.
    fn add(&self, loss: f64) -> bool {
        let add = |sum: u64| Some((f64::from_bits(sum) + loss).to_bits());
        let before = self.shared.sum.fetch_update(Relaxed, Relaxed, add).unwrap_or_else(|sum| sum);
        let exceeds = f64::from_bits(before) + loss > f64::from(self.ceiling);
        if exceeds {
            self.shared.next.store(self.order.len(), Relaxed);
        }
        !exceeds
    }
}

/// What one worker takes.
pub(super) struct Taken<'q> {
    queue: &'q Queue<'q>,
    left: &'q [u32],
    /// The losses of the blocks taken together.
    loss: f64,
}

impl Taken<'_> {
    /// Counts the loss of a block.
    pub fn add(&mut self, loss: f32) {
        self.loss += f64::from(loss);
    }

    /// The next block, until there are none left or the bound is exceeded.
    pub fn next(&mut self) -> Option<u32> {
        let Queue { order, share, shared, .. } = self.queue;
        if self.left.is_empty() && self.queue.add(std::mem::take(&mut self.loss)) {
            let rest = order.get(shared.next.fetch_add(*share, Relaxed)..).unwrap_or_default();
            self.left = rest.get(..*share).unwrap_or(rest);
        }
        let (block, left) = self.left.split_first()?;
        self.left = left;
        Some(*block)
    }
}

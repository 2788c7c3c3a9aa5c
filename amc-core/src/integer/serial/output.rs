//! What the change of an output makes of a tile's losses: of a softmax its power and a logarithm, for samples whose largest sum stays.

use super::changed::{Plan, copy};
use super::{Serial, SerialMemory, cross_entropies};
use crate::integer::kernel::{Element, Kernel, Output, Softmax};
use crate::integer::loss::Outputs;
use crate::integer::samples::Targets;

impl<K: Kernel<T>, E: Element, const T: usize> Serial<'_, K, E, T> {
    /// The sum of a tile's losses where the output of a plan has other sums.
    #[inline(always)]
    pub(super) fn by_output(&mut self, plan: &Plan<'_>, tile: usize, at: usize, new: &[i32; T], keeps: bool) -> u64 {
        if T > 1
            && !keeps
            && let Some(loss) = self.by_softmax(plan, tile, at, new)
        {
            return loss;
        }
        let unit = plan.change.unit;
        let layer = at + plan.own..at + plan.next_at;
        let SerialMemory { sums, kept_sums, .. } = &mut self.memory;
        if keeps && let Some(kept) = kept_sums.get_mut(at + plan.own + unit * T..).and_then(<[i32]>::first_chunk_mut) {
            *kept = *new;
        }
        copy(kept_sums.get(layer), sums);
        if let Some(sum) = sums.get_mut(unit * T..(unit + 1) * T) {
            sum.copy_from_slice(new);
        }
        match keeps {
            true => self.kept_anew(tile, at),
            false => self.loss(tile),
        }
    }

    /// The same from what is kept of a softmax; none where there is none, or where it is of no use.
    #[inline(always)]
    fn by_softmax(&mut self, plan: &Plan<'_>, tile: usize, at: usize, new: &[i32; T]) -> Option<u64> {
        let Targets::Classes(classes) = self.samples.targets else { return None };
        let classes = classes.get(self.lanes(tile))?;
        let kept = self.memory.kept_sums.get(at..at + self.sums.1)?;
        let outputs = Outputs::of_net(self.objective.net(), kept.get(plan.own..)?);
        let (softmax, _) = kept.get(plan.next_at..)?.as_chunks();
        let softmax = softmax.first_chunk()?;
        let number = plan.change.unit;
        let output = Output { number, sums: outputs.sums, new };
        let mut anew = heapless::Vec::new();
        let loss = self.kernel.changed_cross_entropies(output, outputs.shift, classes, softmax, &mut anew);
        let loss = loss.unwrap_or_else(|| outputs.changed_cross_entropies((number, new), classes, softmax, &mut anew));
        // To bring more together takes as long as to compute all.
        if anew.len() > T / 2 {
            return None;
        }
        if anew.is_empty() {
            return Some(loss);
        }
        let (mut classes_anew, (sums, _)) = ([0; T], self.memory.sums.as_chunks_mut::<T>());
        for (to, lane) in classes_anew.iter_mut().zip(&anew) {
            *to = classes.get(usize::from(*lane)).copied().unwrap_or(0);
        }
        for (at, (to, from)) in sums.iter_mut().zip(outputs.sums).enumerate() {
            let from = if at == number { new } else { from };
            for (to, lane) in to.iter_mut().zip(&anew) {
                *to = from.get(usize::from(*lane)).copied().unwrap_or(0);
            }
        }
        let of_anew = Outputs { sums: sums.get(..outputs.sums.len())?, shift: outputs.shift };
        Some(loss + cross_entropies(self.kernel, of_anew, classes_anew.get(..anew.len())?, None))
    }

    /// The sum of a tile's losses behind a softmax, of which is kept what [`by_softmax`](Self::by_softmax) takes.
    #[inline(always)]
    pub(super) fn loss_of_softmax(&mut self, tile: usize, at: usize) -> Option<u64> {
        let Targets::Classes(classes) = self.samples.targets else { return None };
        let (classes, units) = (classes.get(self.lanes(tile))?, self.sums.1 - T);
        let SerialMemory { sums, kept_sums, .. } = &mut self.memory;
        let (rows, _) = kept_sums.get_mut(at..at + units)?.as_chunks_mut::<T>();
        let softmax: &mut Softmax<T> = rows.last_chunk_mut()?;
        let outputs = Outputs::of_net(self.objective.net(), sums);
        Some(cross_entropies(self.kernel, outputs, classes, Some(softmax)))
    }
}

//! What a graph knows of a value: the order of a sample's numbers in each of its dimensions, and that of the net.

use crate::order::Axes;

/// Numbers that have one place in the order of a graph, and one in that of the net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    id: usize,
    pub length: usize,
}

/// A dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    /// Samples.
    Batch,
    /// Numbers of a sample; an axis of length 1 is none.
    Of(Vec<Axis>),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub dims: Vec<Dim>,
    /// The net's order.
    ours: Vec<Axis>,
    /// Whether no layer has read it yet: the first one says the order.
    is_free: bool,
    /// Whether that was another than the graph's.
    pub is_reordered: bool,
}

/// Dimensions that a value may have: images have four.
pub(super) const MOST_DIMS: usize = 8;

/// What stands in a shape for the length of a batch, which is free.
pub(super) const BATCH: i64 = i64::MIN;

/// Names axes.
#[derive(Default)]
pub(super) struct Ids(usize);

impl Ids {
    /// An axis, unless it is of length 1.
    pub(super) fn axis(&mut self, length: usize) -> Vec<Axis> {
        self.0 += 1;
        if length == 1 { Vec::new() } else { vec![Axis { id: self.0, length }] }
    }
}

fn length(axes: &[Axis]) -> usize {
    axes.iter().fold(1, |product, axis| product.saturating_mul(axis.length))
}

impl Value {
    /// One of these dimensions; its numbers have the net's order `ours`.
    pub(super) fn new(dims: Vec<Dim>, ours: Vec<Axis>) -> Self {
        Self { dims, ours, is_free: false, is_reordered: false }
    }

    /// A graph's input.
    pub(super) fn input(dims: Vec<Dim>) -> Self {
        let mut value = Self::new(dims, Vec::new());
        value.ours = value.theirs();
        value.is_free = true;
        value
    }

    /// So many numbers of a sample, in one dimension.
    pub(super) fn flat(units: usize, ids: &mut Ids) -> Self {
        let axes = ids.axis(units);
        Self::new(vec![Dim::Batch, Dim::Of(axes.clone())], axes)
    }

    /// The graph's order.
    fn theirs(&self) -> Vec<Axis> {
        let of = |dim: &Dim| match dim {
            Dim::Batch => Vec::new(),
            Dim::Of(axes) => axes.clone(),
        };
        self.dims.iter().flat_map(of).collect()
    }

    /// Numbers of a sample.
    pub(super) fn numbers(&self) -> usize {
        length(&self.ours)
    }

    /// Both orders.
    pub(super) fn axes(&self) -> Axes {
        let theirs = self.theirs();
        let place = |axis: &Axis| theirs.iter().position(|other| other == axis).unwrap_or(0);
        Axes::new(theirs.iter().map(|axis| axis.length).collect(), self.ours.iter().map(place).collect())
    }

    /// Whether samples have one dimension behind that of the batch.
    pub(super) fn is_flat(&self) -> bool {
        matches!(self.dims[..], [Dim::Batch, Dim::Of(_)])
    }

    /// Whether numbers have the same places in another one, in both orders.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let lengths = |value: &Self| value.dims.iter().map(Dim::length).collect::<Vec<_>>();
        let (own, others) = (self.axes(), other.axes());
        lengths(self) == lengths(other) && (own == others || own.are_same() && others.are_same())
    }

    /// Has the net's order be that of these dimensions; false where it is another one already.
    pub(super) fn settle(&mut self, dims: &[usize]) -> bool {
        let axes = |dim: &usize| match self.dims.get(*dim) {
            Some(Dim::Of(axes)) => axes.clone(),
            _ => Vec::new(),
        };
        let wanted: Vec<_> = dims.iter().flat_map(axes).collect();
        if self.is_free {
            self.is_free = false;
            self.is_reordered = self.ours != wanted;
            self.ours = wanted;
            return true;
        }
        self.ours == wanted
    }

    /// Has the order be the one that was said for another value of the same numbers; false where that has cut them into others.
    pub(super) fn settle_like(&mut self, other: &Self) -> bool {
        if !self.is_free {
            return true;
        }
        self.is_free = false;
        if !other.is_reordered {
            return true;
        }
        let has_same_axes =
            self.ours.len() == other.ours.len() && other.ours.iter().all(|axis| self.ours.contains(axis));
        self.ours = other.ours.clone();
        has_same_axes
    }

    /// Has the net's order stay that of the graph's input, if no layer has said another.
    pub(super) fn settle_as_it_is(&mut self) {
        self.is_free = false;
    }

    /// Changes the places of dimensions.
    pub(super) fn transpose(&mut self, order: &[i64]) -> Result<(), String> {
        if order.len() != self.dims.len() {
            return Err(format!("perm is of {} dimensions, and its input of {}", order.len(), self.dims.len()));
        }
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted.iter().enumerate().any(|(index, of)| i64::try_from(index) != Ok(*of)) {
            return Err(format!("perm {order:?} is no order of {} dimensions", self.dims.len()));
        }
        self.dims = order.iter().map(|of| self.dims[*of as usize].clone()).collect();
        Ok(())
    }

    /// Has a dimension be of length 1 that is the first axis of the net's order; false where it is another.
    pub(super) fn drop_first(&mut self, dim: usize) -> bool {
        match (&self.dims[dim], self.ours.split_first()) {
            (Dim::Of(axes), Some((first, rest))) if axes[..] == [*first] => {
                self.ours = rest.to_vec();
                self.dims[dim] = Dim::Of(Vec::new());
                true
            }
            _ => false,
        }
    }

    /// The place of a dimension that may be counted from the end.
    pub(super) fn dim(&self, axis: i64) -> Result<usize, String> {
        place(axis, self.dims.len())
    }

    /// Takes out dimensions of length 1.
    pub(super) fn squeeze(&mut self, axes: &[i64]) -> Result<(), String> {
        if axes.len() > MOST_DIMS {
            return Err(format!("{} dimensions: up to {MOST_DIMS} are read", axes.len()));
        }
        let mut places = axes.iter().map(|axis| self.dim(*axis)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        places.dedup();
        for place in places.into_iter().rev() {
            if self.dims[place] != Dim::Of(Vec::new()) {
                return Err(format!("dimension {place} is not of length 1"));
            }
            self.dims.remove(place);
        }
        Ok(())
    }

    /// Puts in dimensions of length 1.
    pub(super) fn unsqueeze(&mut self, axes: &[i64]) -> Result<(), String> {
        let rank = self.dims.len() + axes.len();
        if rank > MOST_DIMS {
            return Err(format!("{rank} dimensions: up to {MOST_DIMS} are read"));
        }
        let mut places = axes.iter().map(|axis| place(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        for place in places {
            if place > self.dims.len() {
                return Err(format!("there is no place {place} for a dimension"));
            }
            self.dims.insert(place, Dim::Of(Vec::new()));
        }
        Ok(())
    }

    /// Makes one dimension of those before a place, and one of the others.
    pub(super) fn flatten(&mut self, axis: i64) -> Result<(), String> {
        let place = if axis == self.dims.len() as i64 { self.dims.len() } else { self.dim(axis)? };
        let (before, after) = self.dims.split_at(place);
        let is_batch = before.iter().all(|dim| matches!(dim, Dim::Batch) || *dim == Dim::Of(Vec::new()));
        if !is_batch || !before.contains(&Dim::Batch) {
            return Err("what is before its axis is not the batch alone".to_string());
        }
        let axes = |dim: &Dim| match dim {
            Dim::Of(axes) => axes.clone(),
            Dim::Batch => Vec::new(),
        };
        self.dims = vec![Dim::Batch, Dim::Of(after.iter().flat_map(axes).collect())];
        Ok(())
    }

    /// Cuts the numbers into other dimensions, where a batch that is not free has so many samples.
    pub(super) fn reshape(
        &mut self,
        shape: &[i64],
        zero_is_zero: bool,
        batch: Option<usize>,
        ids: &mut Ids,
    ) -> Result<(), String> {
        if shape.len() > MOST_DIMS {
            return Err(format!("{} dimensions: up to {MOST_DIMS} are read", shape.len()));
        }
        let refuse = || format!("shape {shape:?} is not read for {}", self.text());
        let lengths: Vec<_> = self.dims.iter().map(Dim::length).collect();
        let at = self.dims.iter().position(|dim| *dim == Dim::Batch).ok_or_else(refuse)?;
        let of_dims = |lengths: &[Option<usize>]| lengths.iter().flatten().fold(1_usize, |a, b| a.saturating_mul(*b));
        let (before, all) = (of_dims(&lengths[..at]), of_dims(&lengths));
        // What each dimension is to have, none for the batch.
        let (mut wanted, mut done, mut is_placed) = (Vec::new(), 1_usize, false);
        for (index, length) in shape.iter().enumerate() {
            let copied = if *length == 0 && !zero_is_zero { lengths.get(index) } else { None };
            let is_batch = !is_placed
                && done == before
                && (*length == -1
                    || *length == BATCH
                    || copied == Some(&None)
                    || usize::try_from(*length).ok() == batch && batch.is_some());
            let length = match (*length, copied) {
                _ if is_batch => None,
                (_, Some(Some(length))) => Some(*length),
                (-1, _) if is_placed => {
                    let rest = shape[index + 1..].iter().map(|length| usize::try_from(*length).ok().filter(|l| *l > 0));
                    let rest = rest.collect::<Option<Vec<_>>>().ok_or_else(refuse)?;
                    let taken = rest.iter().fold(done, |a, b| a.saturating_mul(*b));
                    Some(all.checked_div(taken).ok_or_else(refuse)?)
                }
                (1.., _) => Some(usize::try_from(*length).map_err(|_| refuse())?),
                _ => return Err(refuse()),
            };
            is_placed |= is_batch;
            done = done.saturating_mul(length.unwrap_or(1));
            wanted.push(length);
        }
        if !is_placed || done != all {
            return Err(refuse());
        }
        let text = refuse();
        let mut rest = self.theirs().into_iter().rev().collect::<Vec<_>>();
        let mut dims = Vec::new();
        for length in wanted {
            dims.push(match length {
                None => Dim::Batch,
                Some(length) => Dim::Of(self.take(length, &mut rest, ids).ok_or_else(|| text.clone())?),
            });
        }
        self.dims = dims;
        Ok(())
    }

    /// Takes so many numbers from the end of axes that stand in reverse; the last one of these may have to be cut.
    fn take(&mut self, length: usize, rest: &mut Vec<Axis>, ids: &mut Ids) -> Option<Vec<Axis>> {
        let (mut taken, mut left) = (Vec::new(), length);
        while left > 1 {
            let axis = rest.pop()?;
            if left.is_multiple_of(axis.length) {
                left /= axis.length;
                taken.push(axis);
                continue;
            }
            if !axis.length.is_multiple_of(left) {
                return None;
            }
            let cut = [ids.axis(left), ids.axis(axis.length / left)].concat();
            self.ours = self.ours.iter().flat_map(|of| if *of == axis { cut.clone() } else { vec![*of] }).collect();
            rest.extend(cut.iter().skip(1));
            taken.extend(cut.first());
            left = 1;
        }
        Some(taken)
    }

    /// Its dimensions, as texts have them.
    pub(super) fn text(&self) -> String {
        let dim = |dim: &Dim| dim.length().map_or("batch".to_string(), |length| length.to_string());
        format!("[{}]", self.dims.iter().map(dim).collect::<Vec<_>>().join(", "))
    }
}

impl Dim {
    /// Numbers along it; none of the batch.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::Batch => None,
            Self::Of(axes) => Some(length(axes)),
        }
    }
}

fn place(axis: i64, rank: usize) -> Result<usize, String> {
    let counted = if axis < 0 { axis.saturating_add_unsigned(rank as u64) } else { axis };
    let place = usize::try_from(counted).ok().filter(|place| *place < rank);
    place.ok_or_else(|| format!("there is no dimension {axis} of {rank}"))
}

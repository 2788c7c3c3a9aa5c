//! Samples packed for evaluation: a fixed batch in its best order, or one random batch after another.

use amc_core::{Element, Targets};
use amc_kernels::evaluate::PackedSamples;
use amc_kernels::packed::PackedFeatures;

use super::order::Order;
use super::sparse::Squeezed;
use super::tiles::pack;
use super::{OwnedTargets, Set, Values};
use crate::ranks::{Drawn, Share};

/// Samples are put in order if so many of their tiles' features, at most, are not 0.
const WORTH_ORDERING: f32 = 0.85;
/// Groups of samples end where those of less loss have this share of all loss together: rejected moves raise it by as
/// much, more or less.
const GROUPS: [f64; 4] = [1.0 / 4096.0, 1.0 / 1024.0, 1.0 / 256.0, 1.0 / 64.0];
/// A group has at least one of so many samples: smaller ones leave fewer zeros out.
const SMALLEST: usize = 16;

/// Samples to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Their features and targets.
    pub samples: PackedSamples<'a>,
    /// Where each stands among the terms of the loss, if not in this order: a sum does not depend on how samples are
    /// packed.
    pub places: Option<&'a [u32]>,
    /// How many they are together with those of other ranks, if these are a rank's share.
    pub shared: Option<(usize, &'a Share)>,
    /// The random batch that these are a rank's part of, if they are.
    pub drawn: Option<Drawn<'a>>,
}

impl Batch<'_> {
    /// Samples of the whole batch: here, and on other ranks.
    pub fn all(&self) -> usize {
        let shared = self.shared.map(|(all, _)| all).or(self.drawn.map(|drawn| drawn.all()));
        shared.unwrap_or(self.samples.len())
    }
}

/// Packed samples of a set; packing others reuses the memory.
#[derive(Debug)]
pub struct PackedSet<'d> {
    set: &'d Set,
    features: Stored<'d>,
    classes: Vec<u8>,
    values: Vec<f32>,
    samples: usize,
    /// How many they are together with those of other ranks, if these are a rank's share.
    all: Option<usize>,
    /// The samples in the order that leaves most zeros out, if they are put in order.
    order: Option<Order>,
    /// Where each stands among the terms of the loss, if not in the order they are packed in.
    places: Option<Vec<u32>>,
}

#[derive(Debug)]
enum Stored<'d> {
    U8(Tiled<'d, u8>, f32),
    F32(Tiled<'d, f32>),
}

/// Rows, and some of them in tiles.
#[derive(Debug)]
struct Tiled<'d, E> {
    rows: &'d [E],
    width: usize,
    threads: usize,
    /// Working memory.
    tiles: Vec<E>,
    packed: Squeezed<E>,
}

impl<'d, E: Element + Default + PartialEq + Send + Sync> Tiled<'d, E> {
    fn new(rows: &'d [E], width: usize, threads: usize) -> Self {
        Self { rows, width, threads, tiles: Vec::new(), packed: Squeezed::default() }
    }

    fn pack(&mut self, places: &[u32]) {
        pack(self.rows, self.width, places, &mut self.tiles, self.threads);
        self.packed.fill(&self.tiles, self.width, self.threads);
    }

    /// The first samples in the order that leaves most zeros out, if there are zeros to leave out.
    fn order(&self, samples: usize) -> Option<Order> {
        let worth = self.packed.density(self.width) <= WORTH_ORDERING;
        worth.then(|| Order::by_zeros(&self.rows[..samples * self.width], self.width))
    }
}

impl<'d> PackedSet<'d> {
    /// None of a set's samples.
    pub fn empty(set: &'d Set, threads: usize) -> Self {
        let features = match &set.values {
            Values::U8(rows, scale) => Stored::U8(Tiled::new(rows, set.width, threads), *scale),
            Values::F32(rows) => Stored::F32(Tiled::new(rows, set.width, threads)),
        };
        Self {
            set,
            features,
            classes: Vec::new(),
            values: Vec::new(),
            samples: 0,
            all: None,
            order: None,
            places: None,
        }
    }

    /// Of the first `samples` samples of a set those that are here, packed on up to `threads` threads of the current rayon pool.
    ///
    /// Samples that have zeros in common are put side by side.
    pub fn first(set: &'d Set, samples: usize, threads: usize) -> Self {
        let all = set.share().map(|_| samples.min(set.all()));
        let samples = set.held(samples);
        let mut packed = Self::at(set, &(0..samples as u32).collect::<Vec<_>>(), threads);
        packed.order = match &packed.features {
            Stored::U8(tiled, _) => tiled.order(samples),
            Stored::F32(tiled) => tiled.order(samples),
        };
        if let Some(order) = packed.order.as_ref().map(|order| order.samples().to_vec()) {
            packed.replace(&order);
            packed.places = Some(order);
        }
        packed.all = all;
        packed
    }

    /// Whether samples may be [put in another order](PackedSet::group).
    pub fn is_ordered(&self) -> bool {
        self.places.is_some()
    }

    /// Puts samples that have little loss last, given the losses by place: an evaluation that will exceed its bound by
    /// more than theirs ends before them. Within a group the order is still one that leaves many zeros out, and more
    /// with `swaps`: their time is saved by many whole passes, not by moves of single neurons.
    pub fn group(&mut self, losses: &[f32], swaps: bool) {
        let Some(order) = &self.order else { return };
        let mut ranks: Vec<u32> = (0..losses.len() as u32).collect();
        ranks.sort_unstable_by(|a, b| losses[*a as usize].total_cmp(&losses[*b as usize]));
        let total: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
        let (mut easier, mut group, mut begun) = (0.0, 0, 0);
        let mut groups = vec![0; losses.len()];
        for (rank, sample) in ranks.into_iter().enumerate() {
            easier += f64::from(losses[sample as usize]);
            let passed = GROUPS.iter().filter(|share| easier > **share * total).count();
            if passed > group && rank - begun >= losses.len() / SMALLEST {
                (group, begun) = (passed, rank);
            }
            groups[sample as usize] = group;
        }
        let grouped = order.in_groups(&groups, swaps);
        self.replace(&grouped);
        self.places = Some(grouped);
    }

    /// All samples of a set.
    pub fn all(set: &'d Set, threads: usize) -> Self {
        Self::first(set, set.all(), threads)
    }

    /// The samples at `places` of those that are here, in that order: for this rank alone.
    pub fn at(set: &'d Set, places: &[u32], threads: usize) -> Self {
        let mut packed = Self::empty(set, threads);
        packed.replace(places);
        packed
    }

    /// Packs other samples in place of these, each of which stands at its place of `places` among the terms of the loss.
    pub fn replace_out_of_order(&mut self, samples: &[u32], places: &[u32]) {
        self.replace(samples);
        let kept = self.places.get_or_insert_default();
        kept.clear();
        kept.extend_from_slice(places);
    }

    /// Packs other samples in place of these.
    pub fn replace(&mut self, places: &[u32]) {
        match &mut self.features {
            Stored::U8(tiled, _) => tiled.pack(places),
            Stored::F32(tiled) => tiled.pack(places),
        }
        self.choose_targets(places);
    }

    fn choose_targets(&mut self, places: &[u32]) {
        self.samples = places.len();
        let at = places.iter().map(|place| *place as usize);
        match &self.set.targets {
            OwnedTargets::Classes(classes) => {
                self.classes.clear();
                self.classes.extend(at.map(|place| classes[place]));
            }
            OwnedTargets::Values(values, n) => {
                self.values.clear();
                self.values.extend(at.flat_map(|place| &values[place * n..(place + 1) * n]));
            }
        }
    }

    /// The set they are of.
    pub fn set(&self) -> &'d Set {
        self.set
    }

    /// Samples of the whole batch: here, and on other ranks.
    pub fn all_samples(&self) -> usize {
        self.all.unwrap_or(self.samples)
    }

    /// Samples that are here.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The share of features that are not left out as zeros.
    pub fn density(&self) -> f32 {
        match &self.features {
            Stored::U8(tiled, _) => tiled.packed.density(self.set.width),
            Stored::F32(tiled) => tiled.packed.density(self.set.width),
        }
    }

    /// Bytes of features and targets that an evaluation reads.
    pub fn bytes(&self) -> usize {
        let features = match &self.features {
            Stored::U8(tiled, _) => tiled.packed.bytes(),
            Stored::F32(tiled) => tiled.packed.bytes(),
        };
        features + self.classes.len() + 4 * self.values.len()
    }

    /// The samples.
    pub fn batch(&self) -> Batch<'_> {
        let (samples, width) = (self.samples, self.set.width);
        let features = match &self.features {
            Stored::U8(tiled, scale) => PackedFeatures::U8(tiled.packed.view(samples, width, *scale)),
            Stored::F32(tiled) => PackedFeatures::F32(tiled.packed.view(samples, width, 1.0)),
        };
        let targets = match &self.set.targets {
            OwnedTargets::Classes(_) => Targets::Classes(&self.classes),
            OwnedTargets::Values(..) => Targets::Values(&self.values),
        };
        Batch {
            samples: PackedSamples { features, targets },
            places: self.places.as_deref(),
            shared: self.all.zip(self.set.share()),
            drawn: None,
        }
    }
}

//! Samples packed for evaluation: a fixed batch in its best order, or one random batch after another.

use amc_core::{Targets, Tiles};

use super::sparse::{Sparse, Squeezed};
use super::tiles::pack;
use super::{Set, Values, Wanted, order};

/// Features are listed rather than stored if so many of them, at most, are left.
const LISTED: f32 = 0.85;

/// Packed features of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Packed<'a> {
    /// Bytes.
    U8(Tiles<'a, u8>),
    /// Numbers.
    F32(Tiles<'a, f32>),
    /// Bytes, zeros left out.
    SparseU8(Sparse<'a, u8>),
    /// Numbers, zeros left out.
    SparseF32(Sparse<'a, f32>),
}

/// Samples to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Their features.
    pub features: Packed<'a>,
    /// Their targets.
    pub targets: Targets<'a>,
}

/// Packed samples of a set; packing others reuses the memory.
#[derive(Debug)]
pub struct Pack<'d> {
    set: &'d Set,
    features: Stored<'d>,
    classes: Vec<u8>,
    values: Vec<f32>,
    samples: usize,
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
    tiles: Vec<E>,
    /// What is not 0 in the tiles, if that is worth a list.
    listed: Option<Squeezed<E>>,
}

impl<'d, E: Copy + Default + PartialEq + Send + Sync> Tiled<'d, E> {
    fn new(rows: &'d [E], width: usize, threads: usize) -> Self {
        Self { rows, width, threads, tiles: Vec::new(), listed: Some(Squeezed::default()) }
    }

    fn pack(&mut self, places: &[u32]) {
        pack(self.rows, self.width, places, &mut self.tiles, self.threads);
        if let Some(listed) = &mut self.listed {
            listed.fill(&self.tiles, self.width, self.threads);
        }
    }

    fn bytes(&self) -> usize {
        self.listed.as_ref().map_or(size_of_val(&self.tiles[..]), Squeezed::bytes)
    }

    /// Packs samples that settle whether there is a list.
    fn pack_first(&mut self, places: &[u32]) {
        self.pack(places);
        self.listed.take_if(|listed| listed.density(self.width) > LISTED);
    }

    /// Packs the first samples in the order that leaves most zeros out, and says what it is.
    fn pack_ordered(&mut self, samples: usize) -> Vec<u32> {
        let plain = (0..samples as u32).collect::<Vec<_>>();
        self.pack_first(&plain);
        if self.listed.is_none() {
            return plain;
        }
        let order = order::by_zeros(&self.rows[..samples * self.width], self.width);
        self.pack(&order);
        order
    }
}

impl<'d> Pack<'d> {
    fn empty(set: &'d Set, threads: usize) -> Self {
        let features = match &set.values {
            Values::U8(rows, scale) => Stored::U8(Tiled::new(rows, set.width, threads), *scale),
            Values::F32(rows) => Stored::F32(Tiled::new(rows, set.width, threads)),
        };
        Self { set, features, classes: Vec::new(), values: Vec::new(), samples: 0 }
    }

    /// The first `samples` samples of a set, packed on up to `threads` threads of the current rayon pool.
    ///
    /// Samples that have zeros in common are put side by side, in an order that depends on them alone.
    pub fn first(set: &'d Set, samples: usize, threads: usize) -> Self {
        let mut packed = Self::empty(set, threads);
        let samples = samples.min(set.len());
        let order = match &mut packed.features {
            Stored::U8(tiled, _) => tiled.pack_ordered(samples),
            Stored::F32(tiled) => tiled.pack_ordered(samples),
        };
        packed.choose_targets(&order);
        packed
    }

    /// All samples of a set.
    pub fn all(set: &'d Set, threads: usize) -> Self {
        Self::first(set, set.len(), threads)
    }

    /// The samples at `places`, in that order.
    pub fn at(set: &'d Set, places: &[u32], threads: usize) -> Self {
        let mut packed = Self::empty(set, threads);
        match &mut packed.features {
            Stored::U8(tiled, _) => tiled.pack_first(places),
            Stored::F32(tiled) => tiled.pack_first(places),
        }
        packed.choose_targets(places);
        packed
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
        match &self.set.wanted {
            Wanted::Classes(classes) => {
                self.classes.clear();
                self.classes.extend(at.map(|place| classes[place]));
            }
            Wanted::Values(values, n) => {
                self.values.clear();
                self.values.extend(at.flat_map(|place| &values[place * n..(place + 1) * n]));
            }
        }
    }

    /// The set they are of.
    pub fn set(&self) -> &'d Set {
        self.set
    }

    /// Samples.
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
            Stored::U8(Tiled { listed: Some(listed), .. }, _) => listed.density(self.set.width),
            Stored::F32(Tiled { listed: Some(listed), .. }) => listed.density(self.set.width),
            _ => 1.0,
        }
    }

    /// Bytes of features and targets that an evaluation reads.
    pub fn bytes(&self) -> usize {
        let features = match &self.features {
            Stored::U8(tiled, _) => tiled.bytes(),
            Stored::F32(tiled) => tiled.bytes(),
        };
        features + self.classes.len() + 4 * self.values.len()
    }

    /// The samples.
    pub fn batch(&self) -> Batch<'_> {
        let (samples, width) = (self.samples, self.set.width);
        let features = match &self.features {
            Stored::U8(Tiled { listed: Some(listed), .. }, scale) => {
                Packed::SparseU8(listed.view(samples, width, *scale))
            }
            Stored::F32(Tiled { listed: Some(listed), .. }) => Packed::SparseF32(listed.view(samples, width, 1.0)),
            Stored::U8(Tiled { tiles, .. }, scale) => Packed::U8(Tiles::new(tiles, samples, width, *scale)),
            Stored::F32(Tiled { tiles, .. }) => Packed::F32(Tiles::new(tiles, samples, width, 1.0)),
        };
        let targets = match &self.set.wanted {
            Wanted::Classes(_) => Targets::Classes(&self.classes),
            Wanted::Values(..) => Targets::Values(&self.values),
        };
        Batch { features, targets }
    }
}

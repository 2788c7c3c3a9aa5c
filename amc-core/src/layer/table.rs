//! What the table of the kinds of layers becomes.

/// Makes `Layer` of the kinds: each its file, its type, which lends its name, and what makes a layer of it.
macro_rules! kinds {
    ($($file:ident::$kind:ident: $($name:ident = $new:ident($($of:ident: $value:ty),*)),+;)+) => {
        use core::fmt;

        use crate::activation::{Activation, activate};
        use crate::lanes::Lanes;
        use crate::layer::kind::{Buffers, CODE, Kind, LayerPass, NetInputs, Seen, Shape};
        use crate::samples::Features;

        $(pub use $file::$kind;)+

        /// One layer of a net, of one of the kinds.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum Layer {$(
            #[doc = concat!("[`", stringify!($kind), "`]")]
            $kind($kind),
        )+}

        /// Why a kind refuses a layer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum LayerError {$(
            #[doc = concat!("[`", stringify!($kind), "`]")]
            #[error("{0}")]
            $kind(<$kind as Kind>::Error),
        )+}

        impl Layer {
            $($(
                #[doc = concat!("[`", stringify!($kind), "::", stringify!($new), "`]")]
                pub const fn $name($($of: $value),*) -> Self {
                    Self::$kind(<$kind>::$new($($of),*))
                }
            )+)+

            /// Outputs of the layer.
            #[inline(always)]
            pub const fn units(&self) -> usize {
                self.shape(0).outputs
            }

            /// Numbers that it has in memory for a sample while it makes its outputs, these included.
            #[inline(always)]
            pub const fn room(&self) -> usize {
                self.shape(0).room
            }

            /// The function applied to its neurons' inputs.
            pub const fn activation(&self) -> Activation {
                match self {
                    $(Self::$kind(kind) => kind.activation(),)+
                }
            }

            /// The most bytes that its description takes in postcard.
            pub const fn most_bytes(&self) -> usize {
                match self {
                    $(Self::$kind(_) => CODE + <$kind as Kind>::BYTES,)+
                }
            }

            /// Sets those of its parameters that do not start from random numbers, as normalisation has them. `parameters`
            /// are those of its [section](crate::Section).
            pub fn set_initial(&self, parameters: &mut [f32]) {
                match self {
                    $(Self::$kind(kind) => kind.set_initial(parameters),)+
                }
            }

            /// Changes parameters that mixed moves start from so that states last.
            pub(crate) fn remember(&self, parameters: &mut [f32], of_inputs: f32) {
                match self {
                    $(Self::$kind(kind) => kind.remember(parameters, of_inputs),)+
                }
            }

            /// Its shape behind a layer of `width` outputs.
            // Found without a call for a kind whose pass is no function of its own: a call would cost that pass the constants
            // in the lanes' registers.
            #[inline(always)]
            pub(crate) const fn shape(&self, width: usize) -> Shape {
                match self {
                    $(Self::$kind(kind) if !<$kind as Kind>::OUTLINED => kind.shape(width),)+
                    _ => self.shape_of_any(width),
                }
            }

            const fn shape_of_any(&self, width: usize) -> Shape {
                match self {
                    $(Self::$kind(kind) => kind.shape(width),)+
                }
            }

            /// What is wrong with it, where so many numbers are kept.
            pub(crate) const fn check(&self, kept: Option<usize>) -> Result<(), LayerError> {
                match self {$(
                    Self::$kind(kind) => match kind.check(kept) {
                        Ok(()) => Ok(()),
                        Err(error) => Err(LayerError::$kind(error)),
                    },
                )+}
            }

            /// Whether it reads a net's inputs itself: else it is to be given a copy of them.
            #[inline]
            pub(crate) const fn streams(&self) -> bool {
                match self {
                    $(Self::$kind(_) => <$kind as Kind>::STREAMS,)+
                }
            }

            /// Whether it applies its activation itself, and goes on with its outputs.
            #[inline]
            pub(crate) const fn activates(&self) -> bool {
                match self {
                    $(Self::$kind(_) => <$kind as Kind>::ACTIVATES,)+
                }
            }

            /// Whether the inputs of its activation are [sums](Kind::SUMS).
            #[inline]
            pub(crate) const fn has_sums(&self) -> bool {
                match self {
                    $(Self::$kind(_) => <$kind as Kind>::SUMS,)+
                }
            }

            /// [`Kind::FUNCTIONS`]
            #[inline]
            pub(crate) const fn own_functions(&self) -> usize {
                match self {
                    $(Self::$kind(_) => <$kind as Kind>::FUNCTIONS,)+
                }
            }

            /// [`Kind::pass`]
            #[inline(always)]
            pub(crate) fn run<L: Lanes, S: Seen<L>>(
                &self,
                lanes: L,
                pass: LayerPass<'_, '_>,
                seen: Option<S>,
            ) {
                match self {
                    $(Self::$kind(kind) => kind.pass(lanes, pass, seen),)+
                }
            }

            /// [`Kind::first`]
            #[inline(always)]
            pub(crate) fn first<L: Lanes, S: Seen<L>>(
                &self,
                lanes: L,
                inputs: NetInputs<'_, impl Features>,
                pass: LayerPass<'_, '_>,
                seen: Option<S>,
            ) {
                match self {
                    $(Self::$kind(kind) => kind.first(lanes, inputs, pass, seen),)+
                }
            }

            /// What it makes of `tiles` tiles, its activation included but for softmax, if its pass is a
            /// [function of its own](Lanes::outlined): part of a net's pass, for callers that need the numbers between its
            /// layers, as gradients do.
            ///
            /// `given`, `[tile][input][T]`, becomes `[tile][output][T]` at the front of `made`, which has [`room`](Layer::room)
            /// for each sample. Weights and biases are those of the layer's [section](crate::Section). Of dense layers and
            /// of those that go on with what is kept, or where slices are too short, `made` is left undefined.
            #[inline(always)]
            pub fn pass<'n, L: Lanes>(
                &self,
                lanes: L,
                (weights, biases): (&[f32], &[f32]),
                tiles: usize,
                given: &'n mut [f32],
                made: &'n mut [f32],
            ) {
                let (taken, wanted) = (given.len(), self.units() * L::T * tiles);
                let width = taken / (tiles * L::T).max(1);
                let mut buffers = Buffers { made, given, ..Buffers::default() };
                let pass = LayerPass { tiles, weights, biases, width, taken, wanted, buffers: &mut buffers };
                match self {
                    $(Self::$kind(kind) if <$kind as Kind>::OUTLINED => kind.pass(lanes, pass, None::<&mut dyn Seen<L>>),)+
                    _ => {}
                }
                if !self.activates() {
                    activate(lanes, self.activation(), buffers.made.get_mut(..wanted).unwrap_or_default());
                }
            }
        }

        /// As its kind has it: the name of the kind once.
        impl fmt::Debug for Layer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(kind) => fmt::Debug::fmt(kind, f),)+
                }
            }
        }

        /// The Rust that makes it.
        impl fmt::Display for Layer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(kind) => fmt::Display::fmt(kind, f),)+
                }
            }
        }
    };
}

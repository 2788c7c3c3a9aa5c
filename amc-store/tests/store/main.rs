//! The store's tests.

mod formats;
#[cfg(feature = "layers")]
mod layers;

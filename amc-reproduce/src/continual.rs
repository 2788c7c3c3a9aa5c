//! Learning that goes on: what a net forgets when its samples change, by what it learns from, and what noise in the loss does.
//! The page about them is `docs/continual.md`.

pub mod forgetting;
pub mod noise;

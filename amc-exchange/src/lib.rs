//! Nets from other toolchains, and for them: files of [`safetensors`], [`arrays`] of numpy, and [`onnx`].
//!
//! What is read is inputs, layers, and parameters in the core's order. Files of tensors have no layers: these are those of a net
//! file, or a [`chain`] of dense ones; tensors are called as [`torch`] calls them, or stand in the order of [`keras`]. Nothing here
//! takes more memory than a small multiple of the file's bytes, those that are unpacked included.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod npy;
pub mod npz;

pub mod tensor;

pub mod flow;
pub mod layers;
mod order;

pub mod chain;
pub mod keras;
pub mod torch;

pub mod arrays;
pub mod onnx;
pub mod safetensors;

//! The tests of layers and training once more: inside the crate, operations on the CPU are made of kernels
//! if there is a C++ compiler.

#![allow(clippy::duplicate_mod, reason = "each brings its own list of devices")]

#[path = "../tests/layers.rs"]
mod layers;
#[path = "../tests/optimizers.rs"]
mod optimizers;
#[path = "../tests/recurrent.rs"]
mod recurrent;
#[path = "../tests/training.rs"]
mod training;

//! Pretrained encoders as files: an ONNX graph, and a small TOML file beside it that says what to give it.
//!
//! ```text
//! musicnn.onnx    the network with its weights, in one file
//! musicnn.toml    which windows of an example it reads, and which of its numbers are the embedding
//! ```
//!
//! [`open`] makes an [`Encoder`] of them. tract runs the graph on the CPU, one window after another, as many at once as
//! there are threads.
//!
//! | file | what |
//! |---|---|
//! | `settings` | the TOML file |
//! | `layout` | from a window to the graph's input, and from its output to an embedding |
//! | `wire` | what is in an ONNX file, counted before any of it is kept |
//! | `model` | the part of a graph that leads to the embedding |
//! | `check`, `tensors` | what of it is refused |
//! | `guard` | sizes, checked before there is memory for them |
//! | `graph` | a graph, prepared for windows of one shape and run |
//! | `encoder` | the contract |
//!
//! A file may come from anybody. Nothing of it is executed but operators of a fixed list, none of which reads a file,
//! draws random numbers or loops; sizes are inferred and checked before anything is computed, and what tract cannot do
//! becomes an error.

mod check;
mod encoder;
mod graph;
mod guard;
mod layout;
mod limits;
mod model;
mod settings;
mod shown;
mod tensors;
mod wire;

pub use limits::Limits;
pub use settings::TEMPLATE;

use encoder::OnnxEncoder;
use genre_bench_api::{Encoder, Result};
use std::path::Path;

/// The encoder of an ONNX file, by the name that it gets on the command line. Its settings are in the file of the same
/// name that ends in `.toml`.
///
/// # Errors
///
/// A file is not there, or the settings make no sense: then which line, why, and what to write instead, as a sentence
/// whose subject is the ONNX file, or behind the name of the other. Whether the graph can be run shows when the encoder is
/// loaded.
pub fn open(name: &str, file: &Path) -> Result<Box<dyn Encoder>> {
    Ok(Box::new(OnnxEncoder::open(name, file)?))
}

/// Embeds one window that the settings describe, with a graph given as bytes: what [`open`] does, without files. The
/// window is all zeros. For tests and fuzzing.
///
/// # Errors
///
/// As loading an encoder and embedding with it.
pub fn embed_zeros(settings: &str, model: Vec<u8>, limits: &Limits) -> Result<Vec<f32>> {
    encoder::embed_zeros(settings, model, limits)
}

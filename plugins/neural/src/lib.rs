//! Neural music-genre classifiers for `genre-bench`, on candle.
//!
//! ```text
//! layers/   a layer is its weights and a forward pass; nothing more
//! ```
//!
//! candle keeps the graph and the tensors. What it does slowly or lacks on the way is written here as custom operations
//! with a backward pass of their own: convolution, pooling, batch normalisation, recurrent layers.

pub mod layers;

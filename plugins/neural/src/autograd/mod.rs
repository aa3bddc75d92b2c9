//! Automatic differentiation: from the operations of a forward pass to the gradients of the weights.
//!
//! ```text
//! context         the context of a forward pass: training or evaluation, dropout's random numbers, gradients
//! tape            the operations that ran, and what their backward passes need
//! given_gradient  scalars whose gradients are known already: losses
//! owned_storage   how candle's graph is handed memory that was computed elsewhere
//! ```

mod context;
mod given_gradient;
mod owned_storage;
mod tape;

pub use context::Context;
pub(crate) use given_gradient::loss;

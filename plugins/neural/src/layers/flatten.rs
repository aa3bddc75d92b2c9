use super::{Context, Layer};
use candle_core::{Result, Tensor};

/// All numbers of an example in one row: `(batch, …)` to `(batch, features)`.
#[derive(Debug, Clone, Copy)]
pub struct Flatten;

impl Layer for Flatten {
    fn forward(&self, batch: &Tensor, _context: &Context) -> Result<Tensor> {
        batch.flatten_from(1)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

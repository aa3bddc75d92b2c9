use super::{Context, Layer};
use candle_core::{D, Result, Tensor};

/// Scores to probabilities, over the last dimension.
///
/// The losses here take scores as they are, so a network ends with this only where its source has the softmax twice.
pub struct Softmax;

impl Layer for Softmax {
    fn forward(&self, batch: &Tensor, _context: &Context) -> Result<Tensor> {
        // The largest is taken away so that no exponential overflows; that changes neither result nor gradient.
        let largest = batch.detach().max_keepdim(D::Minus1)?;
        let exponentials = batch.broadcast_sub(&largest)?.exp()?;
        exponentials.broadcast_div(&exponentials.sum_keepdim(D::Minus1)?)
    }
}

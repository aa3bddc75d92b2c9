use super::{Context, Layer};
use candle_core::{Result, Tensor};

/// So many zeros around every channel of `(batch, channels, rows, columns)`: PyTorch's `ZeroPad2d`.
pub struct ZeroPad2d(pub usize);

impl Layer for ZeroPad2d {
    fn forward(&self, batch: &Tensor, _context: &Context) -> Result<Tensor> {
        batch.pad_with_zeros(2, self.0, self.0)?.pad_with_zeros(3, self.0, self.0)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

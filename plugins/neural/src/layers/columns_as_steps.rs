use super::{Context, Layer};
use candle_core::{Result, Tensor};

/// Between convolutional and recurrent layers: `(batch, channels, rows, columns)`, where the columns are
/// time, to `(batch, columns, channels · rows)`.
pub struct ColumnsAsSteps;

impl Layer for ColumnsAsSteps {
    fn forward(&self, batch: &Tensor, _context: &Context) -> Result<Tensor> {
        let (examples, channels, rows, columns) = batch.dims4()?;
        batch.permute((0, 3, 1, 2))?.reshape((examples, columns, channels * rows))
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

use super::last_map::LastMap;
use super::{Context, Layer};
use crate::geometry::AxisMap;
use crate::ops::Separable;
use candle_core::{Result, Tensor};

/// Spectrograms in another size by bilinear interpolation, as PyTorch's `interpolate` with `align_corners=False`
/// and without antialiasing.
pub struct Resize {
    size: (usize, usize),
    last: LastMap,
}

impl Resize {
    /// To so many rows and columns.
    pub fn new(size: (usize, usize)) -> Self {
        Self { size, last: LastMap::default() }
    }
}

impl Layer for Resize {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let (_, _, rows, columns) = batch.dims4()?;
        let operation = self.last.of((rows, columns), || {
            Ok(Separable::new("resizing", map(rows, self.size.0), map(columns, self.size.1)))
        })?;
        context.apply([&batch.contiguous()?], operation)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

/// Every output lies between two inputs; beyond the outermost middles it is the outermost input.
fn map(inputs: usize, outputs: usize) -> AxisMap {
    let between = |output: usize| {
        let middle = ((output as f64 + 0.5) * inputs as f64 / outputs as f64 - 0.5).max(0.0);
        let first = middle as usize;
        let share = (middle - first as f64) as f32;
        (first, if first + 1 < inputs { vec![1.0 - share, share] } else { vec![1.0] })
    };
    AxisMap { inputs, outputs: (0..outputs).map(between).collect() }
}

use super::channels_last::view;
use super::last_map::LastMap;
use super::{Context, Layer};
use crate::geometry::AxisMap;
use crate::ops::Separable;
use crate::ops::channels_last::channel_means;
use candle_core::{Result, Tensor};

/// Averages over as many windows as rows and columns are wanted, as PyTorch's `AdaptiveAvgPool2d`: spectrograms
/// of any size to spectrograms of one size.
pub struct AdaptiveAvgPool2d {
    size: (usize, usize),
    last: LastMap,
}

impl AdaptiveAvgPool2d {
    /// To so many rows and columns.
    pub fn new(size: (usize, usize)) -> Self {
        Self { size, last: LastMap::default() }
    }
}

impl Layer for AdaptiveAvgPool2d {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        if let Some(batch) = view(batch).filter(|_| self.size == (1, 1)) {
            return channel_means(&batch);
        }
        let (_, _, rows, columns) = batch.dims4()?;
        let operation = self.last.of((rows, columns), || {
            let (rows, columns) = (map(rows, self.size.0), map(columns, self.size.1));
            Ok(Separable::new("adaptive average pooling", rows, columns))
        })?;
        context.apply([&batch.contiguous()?], operation)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

/// Windows that cover all inputs, and overlap where the numbers do not divide.
fn map(inputs: usize, outputs: usize) -> AxisMap {
    let window = |output: usize| {
        let (first, end) = (output * inputs / outputs, ((output + 1) * inputs).div_ceil(outputs));
        (first, vec![1.0 / (end - first) as f32; end - first])
    };
    AxisMap { inputs, outputs: (0..outputs).map(window).collect() }
}

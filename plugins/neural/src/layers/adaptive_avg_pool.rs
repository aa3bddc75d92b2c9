use super::separable::{AxisMap, Separable};
use super::tape::Keep;
use super::{Layer, Pass};
use candle_core::{Result, Tensor};

/// Averages over as many windows as rows and columns are wanted, as PyTorch's `AdaptiveAvgPool2d`: pictures
/// of any size to pictures of one size.
pub struct AdaptiveAvgPool2d {
    size: (usize, usize),
}

impl AdaptiveAvgPool2d {
    /// To so many rows and columns.
    pub fn new(size: (usize, usize)) -> Self {
        Self { size }
    }
}

impl Layer for AdaptiveAvgPool2d {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (_, _, rows, columns) = batch.dims4()?;
        let operation = Separable {
            name: "adaptive average pooling",
            rows: map(rows, self.size.0),
            columns: map(columns, self.size.1),
        };
        pass.apply1(&batch.contiguous()?, operation, Keep::NOTHING)
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

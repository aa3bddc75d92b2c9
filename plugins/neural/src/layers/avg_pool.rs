use super::channels_last::view;
use super::last_map::LastMap;
use super::{Context, Layer, Window};
use crate::geometry::{AxisMap, WindowAxis};
use crate::ops::Separable;
use crate::ops::channels_last::{Pool, back, pool};
use candle_core::{Result, Tensor};

/// The average in every place of a window, as PyTorch's `AvgPool2d`: `(batch, channels, rows, columns)` to
/// the same with fewer rows and columns.
pub struct AvgPool2d {
    window: Window,
    count_padding: bool,
    last: LastMap,
}

impl AvgPool2d {
    /// With a window, and whether what is padded counts as zeros (PyTorch's default) or not at all.
    pub fn new(window: Window, count_padding: bool) -> Self {
        Self { window, count_padding, last: LastMap::default() }
    }

    fn map(&self, axis: WindowAxis) -> AxisMap {
        let outputs = (0..axis.output).map(|output| {
            // From the first tap on the input to the last; what the dilation skips counts nothing.
            let taps: Vec<usize> =
                (0..axis.kernel).filter(|tap| axis.outputs(*tap).contains(&output)).collect();
            let counted = if self.count_padding { axis.kernel } else { taps.len() };
            let first = taps.first().map_or(0, |tap| axis.position(output, *tap));
            let mut weights = vec![0.0; taps.len().saturating_sub(1) * axis.dilation + taps.len().min(1)];
            weights.iter_mut().step_by(axis.dilation).for_each(|weight| *weight = 1.0 / counted as f32);
            (first, weights)
        });
        AxisMap { inputs: axis.input, outputs: outputs.collect() }
    }
}

impl Layer for AvgPool2d {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        if let Some(batch) = view(batch) {
            return back(&pool(&batch, self.window, Pool::Mean { count_padding: self.count_padding })?);
        }
        let (_, _, rows, columns) = batch.dims4()?;
        let operation = self.last.of((rows, columns), || {
            let (rows, columns) = self.window.axes((rows, columns))?;
            Ok(Separable::new("average pooling", self.map(rows), self.map(columns)))
        })?;
        context.apply([&batch.contiguous()?], operation)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

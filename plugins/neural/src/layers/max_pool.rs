use super::channels_last::view;
use super::{Context, Layer, Window};
use crate::ops::WindowMaxima;
use crate::ops::channels_last::{Pool, back, pool};
use candle_core::{Result, Tensor, bail};

/// The largest number in every place of a window, as PyTorch's `MaxPool2d`: `(batch, channels, rows,
/// columns)` to the same with fewer rows and columns. What is padded is never the largest.
pub struct MaxPool2d(Window);

impl MaxPool2d {
    /// With a window; PyTorch's default is a stride as large as the kernel.
    pub fn new(window: Window) -> Self {
        Self(window)
    }

    /// With windows that lie side by side.
    pub fn side_by_side(kernel: (usize, usize)) -> Self {
        Self(Window::new(kernel).stride(kernel))
    }
}

impl Layer for MaxPool2d {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let Window { kernel, padding, same, .. } = self.0;
        if !same && (2 * padding.0 > kernel.0 || 2 * padding.1 > kernel.1) {
            bail!("a padding of {padding:?} is more than half of the kernel {kernel:?}");
        }
        if let Some(batch) = view(batch) {
            return back(&pool(&batch, self.0, Pool::Maximum)?);
        }
        context.apply([&batch.contiguous()?], WindowMaxima(self.0))
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

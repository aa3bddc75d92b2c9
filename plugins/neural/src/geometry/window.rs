use candle_core::{Result, bail};
use std::ops::Range;

/// How a kernel moves over rows and columns: `(rows, columns)` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Taps of the kernel.
    pub kernel: (usize, usize),
    /// From one place of the kernel to the next.
    pub stride: (usize, usize),
    /// Rows and columns added on either side.
    pub padding: (usize, usize),
    /// From one tap to the next.
    pub dilation: (usize, usize),
}

impl Window {
    /// A kernel that moves by one, without padding.
    pub fn new(kernel: (usize, usize)) -> Self {
        Self { kernel, stride: (1, 1), padding: (0, 0), dilation: (1, 1) }
    }

    /// Another stride.
    pub fn stride(self, stride: (usize, usize)) -> Self {
        Self { stride, ..self }
    }

    /// Another padding.
    pub fn padding(self, padding: (usize, usize)) -> Self {
        Self { padding, ..self }
    }

    /// Another dilation.
    pub fn dilation(self, dilation: (usize, usize)) -> Self {
        Self { dilation, ..self }
    }

    /// The two axes of a spectrogram of this size.
    pub(crate) fn axes(self, (rows, columns): (usize, usize)) -> Result<(WindowAxis, WindowAxis)> {
        let Self { kernel, stride, padding, dilation } = self;
        Ok((
            WindowAxis::new(rows, kernel.0, stride.0, padding.0, dilation.0)?,
            WindowAxis::new(columns, kernel.1, stride.1, padding.1, dilation.1)?,
        ))
    }
}

/// A kernel moving over one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowAxis {
    pub input: usize,
    pub output: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
}

impl WindowAxis {
    fn new(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Result<Self> {
        if kernel == 0 || stride == 0 || dilation == 0 {
            bail!("kernel {kernel}, stride {stride} and dilation {dilation} must all be positive");
        }
        let (padded, reach) = (input + 2 * padding, dilation * (kernel - 1) + 1);
        if padded < reach {
            bail!(
                "a kernel that reaches over {reach} does not fit into {input} with {padding} added on either side"
            );
        }
        Ok(Self { input, output: (padded - reach) / stride + 1, kernel, stride, padding, dilation })
    }

    /// The outputs for which a tap lies on the input and not on the padding.
    pub fn outputs(&self, tap: usize) -> Range<usize> {
        let shift = tap * self.dilation;
        let start = self.padding.saturating_sub(shift).div_ceil(self.stride);
        let end = (self.input + self.padding).saturating_sub(shift).div_ceil(self.stride).min(self.output);
        start.min(end)..end
    }

    /// Where the tap lies for one of these outputs.
    pub fn position(&self, output: usize, tap: usize) -> usize {
        output * self.stride + tap * self.dilation - self.padding
    }
}

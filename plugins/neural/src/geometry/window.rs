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
    /// TensorFlow's padding `same` instead: as many outputs as inputs by the stride, and of what is added, the odd one
    /// behind the last input.
    pub same: bool,
}

impl Window {
    /// A kernel that moves by one, without padding.
    pub fn new(kernel: (usize, usize)) -> Self {
        Self { kernel, stride: (1, 1), padding: (0, 0), dilation: (1, 1), same: false }
    }

    /// Another stride.
    pub fn stride(self, stride: (usize, usize)) -> Self {
        Self { stride, ..self }
    }

    /// Another padding.
    pub fn padding(self, padding: (usize, usize)) -> Self {
        Self { padding, ..self }
    }

    /// Padded as TensorFlow's `same`.
    pub fn same(self) -> Self {
        Self { same: true, ..self }
    }

    /// Another dilation.
    pub fn dilation(self, dilation: (usize, usize)) -> Self {
        Self { dilation, ..self }
    }

    /// The two axes of a spectrogram of this size.
    pub(crate) fn axes(self, (rows, columns): (usize, usize)) -> Result<(WindowAxis, WindowAxis)> {
        let Self { kernel, stride, padding, dilation, same } = self;
        let axis = |input, kernel, stride, padding, dilation| match same {
            true => WindowAxis::same(input, kernel, stride, dilation),
            false => WindowAxis::new(input, kernel, stride, padding, dilation),
        };
        Ok((
            axis(rows, kernel.0, stride.0, padding.0, dilation.0)?,
            axis(columns, kernel.1, stride.1, padding.1, dilation.1)?,
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
    /// In front of the first input.
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

    /// As TensorFlow pads: half of what the last output lacks, rounded down, in front.
    fn same(input: usize, kernel: usize, stride: usize, dilation: usize) -> Result<Self> {
        if input == 0 || kernel == 0 {
            bail!("neither input {input} nor kernel {kernel} may be empty");
        }
        let axis = Self::new(input, 1, stride, 0, dilation)?;
        let reach = dilation * (kernel - 1) + 1;
        let lacking = ((axis.output - 1) * stride + reach).saturating_sub(input);
        Ok(Self { input, kernel, padding: lacking / 2, ..axis })
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

use super::{Builder, Context, Layer, Window};
use crate::ops::Convolution;
use candle_core::{Result, Tensor, bail};

/// Two-dimensional convolution, as PyTorch's `Conv2d`: `(batch, channels, rows, columns)` to
/// `(batch, filters, rows, columns)`.
pub struct Conv2d {
    pub(super) weight: Tensor,
    pub(super) bias: Option<Tensor>,
    pub(super) operation: Convolution,
}

/// What can be chosen about a [`Conv2d`] besides its sizes.
#[derive(Debug, Clone, Copy)]
pub struct Conv2dOptions {
    /// Channels and filters are cut into so many groups that do not see each other.
    pub groups: usize,
    /// Whether every filter has a number to add.
    pub bias: bool,
}

impl Default for Conv2dOptions {
    /// One group, with bias.
    fn default() -> Self {
        Self { groups: 1, bias: true }
    }
}

impl Conv2d {
    /// A layer with weights `weight`, `(filters, channels / groups, kernel rows, kernel columns)`, and
    /// `bias`.
    ///
    /// # Errors
    ///
    /// Groups that divide channels or filters unevenly; a device that fails.
    pub fn new(
        builder: &Builder,
        channels: usize,
        filters: usize,
        window: Window,
        options: Conv2dOptions,
    ) -> Result<Self> {
        let Conv2dOptions { groups, bias } = options;
        let init = builder.init();
        if groups == 0 || !channels.is_multiple_of(groups) || !filters.is_multiple_of(groups) {
            bail!("{channels} channels and {filters} filters cannot be cut into {groups} groups");
        }
        let (rows, columns) = window.kernel;
        let (fan_in, fan_out) = (channels / groups * rows * columns, filters / groups * rows * columns);
        let shape = (filters, channels / groups, rows, columns);
        let weight = builder.trainable("weight", shape, init.weight(fan_in, fan_out))?;
        let bias = bias.then(|| builder.trainable("bias", filters, init.bias(fan_in))).transpose()?;
        Ok(Self { weight, bias, operation: Convolution { window, groups, exact: builder.is_exact() } })
    }

    fn count(&self, batch: &Tensor, context: &Context) -> Result<Option<Tensor>> {
        let (examples, _, rows, columns) = batch.dims4()?;
        let (rows, columns) = self.operation.window.axes((rows, columns))?;
        let shape = (examples, self.weight.dim(0)?, rows.output, columns.output);
        context.count(examples * rows.output * columns.output * self.weight.elem_count(), shape)
    }
}

impl Layer for Conv2d {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        if let Some(zeros) = self.count(batch, context)? {
            return Ok(zeros);
        }
        let batch = batch.contiguous()?;
        match &self.bias {
            Some(bias) => context.apply([&batch, &self.weight, bias], self.operation),
            None => context.apply([&batch, &self.weight], self.operation),
        }
    }

    fn is_fixed(&self) -> bool {
        !self.weight.is_variable() && self.bias.as_ref().is_none_or(|bias| !bias.is_variable())
    }
}

use super::{Window, WindowAxis};
use candle_core::{Result, Shape, bail};

/// A convolution of tensors whose shapes fit.
#[derive(Clone, Copy)]
pub(crate) struct ConvolutionSizes {
    pub batch: usize,
    pub groups: usize,
    /// Of one group.
    pub filters: usize,
    /// Of one group.
    pub unfolding: Unfolding,
}

impl ConvolutionSizes {
    /// Of an input `(batch, channels, rows, columns)`, weights `(filters, channels / groups, kernel rows, kernel columns)`
    /// and a bias `(filters)`.
    ///
    /// # Errors
    ///
    /// Shapes that do not fit each other.
    pub fn new(
        window: Window,
        groups: usize,
        input: &Shape,
        weight: &Shape,
        bias: Option<&Shape>,
    ) -> Result<Self> {
        let ((batch, channels, rows, columns), (filters, per_group, kernel_rows, kernel_columns)) =
            (input.dims4()?, weight.dims4()?);
        if groups == 0 || channels != groups * per_group || !filters.is_multiple_of(groups) {
            bail!("weights {weight:?} do not fit {channels} channels in {groups} groups");
        }
        if window.kernel != (kernel_rows, kernel_columns) {
            bail!("weights {weight:?} are not of a kernel of {:?}", window.kernel);
        }
        if bias.is_some_and(|bias| bias.dims() != [filters]) {
            bail!("a bias of {bias:?} does not fit {filters} filters");
        }
        let (rows, columns) = window.axes((rows, columns))?;
        let unfolding = Unfolding { channels: per_group, rows, columns };
        Ok(Self { batch, groups, filters: filters / groups, unfolding })
    }

    /// Whether every channel has one filter, which sees nothing else.
    pub fn is_depthwise(&self) -> bool {
        self.filters == 1 && self.unfolding.channels == 1
    }

    /// `(batch, filters, rows, columns)`.
    pub fn output_shape(&self) -> Shape {
        let Unfolding { rows, columns, .. } = self.unfolding;
        (self.batch, self.groups * self.filters, rows.output, columns.output).into()
    }
}

/// The view of an input in which a convolution is a matrix product ("im2col"): a row for every tap
/// `(channel, kernel row, kernel column)` and a column for every output pixel.
#[derive(Clone, Copy)]
pub(crate) struct Unfolding {
    pub channels: usize,
    pub rows: WindowAxis,
    pub columns: WindowAxis,
}

impl Unfolding {
    /// Rows of the view.
    pub fn taps(&self) -> usize {
        self.channels * self.rows.kernel * self.columns.kernel
    }

    /// Columns of the view.
    pub fn pixels(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Whether the view is the input itself: a kernel of one tap, which goes over every pixel.
    pub fn is_pointwise(&self) -> bool {
        let plain = |axis: WindowAxis| (axis.kernel, axis.stride, axis.padding) == (1, 1, 0);
        plain(self.rows) && plain(self.columns)
    }

    /// Numbers of the channels that are unfolded, of one example.
    pub fn inputs(&self) -> usize {
        self.channels * self.rows.input * self.columns.input
    }
}

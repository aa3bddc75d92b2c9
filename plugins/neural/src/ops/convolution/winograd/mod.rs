//! Convolution with fewer multiplications, by Winograd's minimal filtering.
//!
//! Outputs are cut into tiles, each of which sees a patch of numbers. Mapped by [`maps`], a patch and a kernel are as many numbers as
//! each other, of which the products, summed up over channels, are those of a tile of a filter: of 4×4 outputs and 3×3 taps, 36
//! instead of 144. So a convolution is as many products of matrices, and so are its gradients. Larger kernels are cut into parts: each
//! is as a kernel of its own over channels of its own, which see the same plane from further on, a *view* of it. Numbers differ from
//! those of the direct sums by rounding, by some millionths of the largest.
//!
//! ```text
//! maps             what maps there are to be, and how they go over patches
//! eight            numbers that they go over at once
//! f4x3, f5x4       the maps: outputs of a tile and taps, along an axis
//! lines            what tiles see
//! weights          mapped kernels
//! forward          the output, and with turned kernels the input's gradient
//! weight_gradient  the kernels' gradient
//! ```

mod eight;
mod f4x3;
mod f5x4;
mod forward;
mod lines;
mod maps;
mod weight_gradient;
mod weights;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests;

use crate::geometry::{ConvolutionSizes, Unfolding, WindowAxis};
use f4x3::F4x3;
use f5x4::F5x4;
use lines::Grid;
use weights::Kernels;

/// A convolution of square kernels that move by one.
pub(super) struct Winograd {
    batch: usize,
    filters: usize,
    rows: WindowAxis,
    columns: WindowAxis,
    scheme: Scheme,
    views: Views,
    grid: Grid,
}

/// Which maps are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    F4x3,
    F5x4,
}

impl Scheme {
    const ALL: [Self; 2] = [Self::F4x3, Self::F5x4];

    /// Along an axis.
    fn taps(self) -> usize {
        match self {
            Self::F4x3 => 3,
            Self::F5x4 => 4,
        }
    }

    fn outputs(self) -> usize {
        match self {
            Self::F4x3 => 4,
            Self::F5x4 => 5,
        }
    }
}

/// Kernels cut into parts of so many taps along an axis: rows of parts, in each of which channels see the plane from further on.
#[derive(Clone, Copy)]
struct Views {
    channels: usize,
    kernel: usize,
    taps: usize,
}

impl Views {
    /// Parts along an axis.
    fn parts(self) -> usize {
        self.kernel.div_ceil(self.taps)
    }

    /// Channels of all views.
    fn depth(self) -> usize {
        self.channels * self.parts() * self.parts()
    }

    /// Rows and columns that a tile sees, of all views.
    fn side(self, grid: Grid) -> usize {
        grid.outputs + self.parts() * self.taps - 1
    }

    /// The channel of a view, and the row and the column of the kernel that its part begins with.
    fn of(self, depth: usize) -> (usize, usize, usize) {
        let (part, channel) = (depth / self.channels, depth % self.channels);
        (channel, part / self.parts() * self.taps, part % self.parts() * self.taps)
    }
}

impl Winograd {
    /// Of a convolution that is such a one, with the maps that take least.
    pub fn of(sizes: &ConvolutionSizes) -> Option<Self> {
        let &ConvolutionSizes { batch, groups, filters, unfolding } = sizes;
        let Unfolding { channels, rows, columns } = unfolding;
        let kernel = rows.kernel;
        let fits = |axis: WindowAxis| {
            // The gradient's padding is what is left of the kernel.
            let behind = (axis.output + kernel - 1).saturating_sub(axis.input + axis.padding);
            let is_such = (axis.kernel, axis.stride, axis.dilation) == (kernel, 1, 1);
            is_such && axis.padding.max(behind) < kernel
        };
        if groups != 1 || kernel < 3 || !fits(rows) || !fits(columns) {
            return None;
        }
        let with = |scheme| Self::new((batch, channels, filters), rows, columns, scheme);
        Scheme::ALL.map(with).into_iter().min_by_key(Self::cost)
    }

    fn new(
        (batch, channels, filters): (usize, usize, usize),
        rows: WindowAxis,
        columns: WindowAxis,
        scheme: Scheme,
    ) -> Self {
        let outputs = scheme.outputs();
        let (across, down) = (columns.output.div_ceil(outputs), rows.output.div_ceil(outputs));
        let grid = Grid { rows: down, columns: across, outputs };
        let views = Views { channels, kernel: rows.kernel, taps: scheme.taps() };
        Self { batch, filters, rows, columns, scheme, views, grid }
    }

    /// Products of an example, and what else takes as long as so many of them: see `costs`.
    pub fn cost(&self) -> usize {
        /// Mapping a number of a patch, before or after the products.
        const PATCH: usize = 40;
        /// Mapping a number of a kernel, for which there are 16 examples or so; and as much again for every so many of them, which come
        /// from memory when they are too many for the cache.
        const KERNEL: usize = 2;
        const KERNELS: usize = 1 << 17;
        let Self { filters, views, grid, .. } = self;
        let points = grid.outputs + views.taps - 1;
        let products = views.depth() * filters;
        let of_tile = products + PATCH * (views.depth() + filters);
        points * points * (grid.tiles() * of_tile + (KERNEL + products / KERNELS) * products)
    }

    /// The output.
    pub fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let Views { channels, kernel, .. } = self.views;
        let tap = |filter: usize, channel: usize, row: usize, column: usize| {
            weight[((filter * channels + channel) * kernel + row) * kernel + column]
        };
        self.convolve_by(input, tap, bias)
    }

    /// Gradient of the input: the convolution of the output's with kernels turned by 180 degrees.
    pub fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let Views { channels, kernel, .. } = self.views;
        let turned = |axis: WindowAxis| WindowAxis {
            input: axis.output,
            output: axis.input,
            padding: kernel - 1 - axis.padding,
            ..axis
        };
        let tap = |channel: usize, filter: usize, row: usize, column: usize| {
            let (row, column) = (kernel - 1 - row, kernel - 1 - column);
            weight[((filter * channels + channel) * kernel + row) * kernel + column]
        };
        let sizes = (self.batch, self.filters, channels);
        Self::new(sizes, turned(self.rows), turned(self.columns), self.scheme)
            .convolve_by(gradient, tap, None)
    }

    fn convolve_by(
        &self,
        input: &[f32],
        tap: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
        bias: Option<&[f32]>,
    ) -> Vec<f32> {
        let kernels = Kernels { rows: self.filters, views: self.views, tap };
        match self.scheme {
            Scheme::F4x3 => self.convolve::<F4x3, 6, 3, 4>(input, &kernels, bias),
            Scheme::F5x4 => self.convolve::<F5x4, 8, 4, 5>(input, &kernels, bias),
        }
    }

    /// Gradient of the weights.
    pub fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        match self.scheme {
            Scheme::F4x3 => self.sum_up::<F4x3, 6, 3, 4>(input, gradient),
            Scheme::F5x4 => self.sum_up::<F5x4, 8, 4, 5>(input, gradient),
        }
    }
}

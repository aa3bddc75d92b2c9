//! Convolutions to compare the ways with each other.

#![allow(clippy::unwrap_used, reason = "test code")]

use crate::geometry::{ConvolutionSizes, Window};
use candle_core::Shape;

/// Numbers without a pattern, between -1 and 1.
fn numbers(count: usize, salt: u64) -> Vec<f32> {
    let number = |at: usize| {
        let mixed = (at as u64 + salt * 7919).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(number).collect()
}

/// Norm of the difference over the norm; of zeros, for inputs that no window sees, infinite unless there is none.
pub fn difference(ours: &[f32], direct: &[f32]) -> f64 {
    assert_eq!(ours.len(), direct.len());
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|n| n * n).sum::<f64>().sqrt();
    let mut apart = ours.iter().zip(direct).map(|(a, b)| f64::from(*a) - f64::from(*b));
    norm(&mut apart) / norm(&mut direct.iter().map(|b| f64::from(*b))).max(f64::MIN_POSITIVE)
}

pub struct Case {
    pub sizes: ConvolutionSizes,
    pub input: Vec<f32>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub gradient: Vec<f32>,
}

impl Case {
    pub fn new(window: Window, batch: usize, channels: usize, filters: usize, plane: (usize, usize)) -> Self {
        Self::in_groups(1, window, batch, (channels, filters), plane)
    }

    /// Of so many channels and filters of each group.
    fn in_groups(
        groups: usize,
        window: Window,
        batch: usize,
        (channels, filters): (usize, usize),
        plane: (usize, usize),
    ) -> Self {
        let input: Shape = (batch, groups * channels, plane.0, plane.1).into();
        let weight: Shape = (groups * filters, channels, window.kernel.0, window.kernel.1).into();
        let sizes = ConvolutionSizes::new(window, groups, &input, &weight, None).unwrap();
        Self {
            sizes,
            input: numbers(input.elem_count(), 1),
            weight: numbers(weight.elem_count(), 2),
            bias: numbers(groups * filters, 3),
            gradient: numbers(sizes.output_shape().elem_count(), 4),
        }
    }

    /// Output, and gradients of the input and of the weights, by the unfolded input.
    pub fn unfolded(&self) -> [Vec<f32>; 3] {
        [
            self.sizes.forward(&self.input, &self.weight, Some(&self.bias)),
            self.sizes.input_gradient(&self.weight, &self.gradient),
            self.sizes.weight_gradient(&self.input, &self.gradient),
        ]
    }

    /// Asserts that output and gradients are those of the unfolded input.
    pub fn assert_is_unfolded(&self, ours: &[Vec<f32>; 3]) {
        let (shape, window) = (self.sizes.output_shape(), self.sizes.unfolding);
        for (part, (ours, unfolded)) in ours.iter().zip(&self.unfolded()).enumerate() {
            let apart = difference(ours, unfolded);
            let (rows, columns) = (window.rows, window.columns);
            assert!(apart < 1e-5, "part {part} of {shape:?}, {rows:?}, {columns:?}: {apart}");
        }
    }
}

/// The same small convolution by any window, in groups.
pub fn small(window: Window, groups: usize) -> ConvolutionSizes {
    let (rows, columns) = window.kernel;
    let (input, weight) = ((2, 6, 9, 9).into(), (4, 6 / groups, rows, columns).into());
    ConvolutionSizes::new(window, groups, &input, &weight, None).unwrap()
}

/// Windows, and shapes that tiles, lanes, blocks of filters and of tiles do not divide.
pub fn cases() -> Vec<Case> {
    let windows = |kernel: usize| {
        let window = Window::new((kernel, kernel));
        [
            window,
            window.padding((kernel / 2, kernel / 2)),
            window.padding((kernel - 1, kernel - 1)),
            window.padding((0, kernel - 1)),
            window.padding((2, 1)),
            window.same(),
        ]
    };
    let shapes = [
        (1, 1, 1, (3, 3)),
        (2, 3, 5, (4, 9)),
        (3, 16, 16, (8, 8)),
        (5, 17, 50, (7, 6)),
        (2, 20, 100, (3, 31)),
        (1, 270, 7, (13, 5)),
        (1, 4, 3, (70, 67)),
        (40, 9, 6, (5, 11)),
    ];
    let mut cases = Vec::new();
    for kernel in [3, 4, 5, 7, 9] {
        for (batch, channels, filters, (rows, columns)) in shapes {
            let plane = (rows + kernel - 3, columns + kernel - 3);
            cases.extend(windows(kernel).map(|window| Case::new(window, batch, channels, filters, plane)));
        }
    }
    cases
}

/// Windows that move by more than one, or whose taps lie apart, in groups or not, and larger than what they go over; among them strides
/// that the kernel does not reach over, and planes that they leave numbers of unseen.
pub fn strided() -> Vec<Case> {
    let mut cases = Vec::new();
    for kernel in [(1, 1), (3, 3), (2, 5), (7, 7)] {
        for (stride, dilation) in [((2, 2), (1, 1)), ((3, 1), (1, 2)), ((4, 5), (1, 1)), ((2, 3), (2, 3))] {
            let window = Window::new(kernel).stride(stride).dilation(dilation);
            let padded = window.padding((kernel.0 / 2 * dilation.0, kernel.1 / 2 * dilation.1));
            for window in [padded, padded.padding((kernel.0 + 6, kernel.1 + 9)), window.same()] {
                for (batch, channels, filters, plane) in
                    [(1, 1, 1, (1, 1)), (3, 5, 7, (11, 16)), (7, 18, 33, (6, 5)), (2, 4, 6, (30, 23))]
                {
                    cases.push(Case::new(window, batch, channels, filters, plane));
                }
                for groups in [2, 5] {
                    cases.push(Case::in_groups(groups, window, 3, (3, 17), (11, 16)));
                }
            }
        }
    }
    cases
}

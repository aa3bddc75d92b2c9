//! Spectral roll-off: the frequency below which most of a spectrum lies.

use super::median::LANES;
use ndarray::{ArrayView2, Axis};

/// The part of a spectrum below its roll-off.
pub const PART: f32 = 0.85;

/// The roll-off bin of up to [`LANES`] frames at once, whose magnitudes are `row(0)`, `row(1)`, ….
///
/// Magnitudes are added from the lowest bin up in `f32`, like librosa's: a frame whose sum comes near
/// the mark at a bin's edge then falls on the same side. The additions of one frame wait for each
/// other, so those of several frames are done side by side.
#[inline(always)]
pub(crate) fn of_frames<'a>(
    bins: usize,
    row: impl Fn(usize) -> &'a [f32],
    sums: &mut Vec<[f32; LANES]>,
) -> [u32; LANES] {
    let rows: [&[f32]; LANES] = std::array::from_fn(|lane| &row(lane)[..bins]);
    let mut sum = [0f32; LANES];
    sums.clear();
    sums.extend((0..bins).map(|bin| {
        for lane in 0..LANES {
            sum[lane] += rows[lane][bin];
        }
        sum
    }));
    let marks = sum.map(|total| PART * total);
    let mut below = [0u32; LANES];
    for sum in sums.iter() {
        for lane in 0..LANES {
            below[lane] += u32::from(sum[lane] < marks[lane]);
        }
    }
    below
}

/// Roll-off of each frame in Hz: the frequency of the lowest bin at which the magnitudes, added up
/// from below, reach 85 % of their sum.
///
/// Takes magnitudes of shape `(frames, bins)`. A silent frame has roll-off 0.
///
/// Reference: E. Scheirer and M. Slaney, *Construction and evaluation of a robust multifeature
/// speech/music discriminator*, ICASSP (1997); `librosa.feature.spectral_rolloff`.
pub fn spectral_rolloff(magnitude: ArrayView2<f32>, rate: u32) -> Vec<f64> {
    let width = f64::from(rate) / (2 * (magnitude.ncols() - 1)) as f64;
    let one = |row: Vec<f32>| of_frames(row.len(), |_| row.as_slice(), &mut Vec::new())[0];
    magnitude.axis_iter(Axis(0)).map(|row| width * f64::from(one(row.to_vec()))).collect()
}

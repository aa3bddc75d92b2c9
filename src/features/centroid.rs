//! Spectral centroid: the mean frequency of a spectrum.

use crate::util::simd;
use ndarray::{ArrayView2, Axis};

/// Sum and mean bin of one frame's magnitudes; `indices` are 0, 1, 2, ….
///
/// The mean bin of a silent frame is 0.
#[inline(always)]
pub(crate) fn of_frame(magnitude: &[f32], indices: &[f32]) -> (f32, f32) {
    let sum = simd::sum_by(magnitude, magnitude, |m, _| m);
    let sum = if sum < f32::MIN_POSITIVE { 1.0 } else { sum };
    (sum, simd::dot(magnitude, indices) / sum)
}

/// Spectral centroid of each frame in Hz: the mean of the bins' frequencies weighted by magnitude.
///
/// Takes magnitudes of shape `(frames, bins)`. A silent frame has centroid 0.
///
/// Reference: `librosa.feature.spectral_centroid`.
pub fn spectral_centroid(magnitude: ArrayView2<f32>, rate: u32) -> Vec<f64> {
    let indices: Vec<f32> = (0..magnitude.ncols()).map(|k| k as f32).collect();
    let width = f64::from(rate) / (2 * (magnitude.ncols() - 1)) as f64;
    let frames = magnitude.axis_iter(Axis(0));
    frames.map(|row| width * f64::from(of_frame(&row.to_vec(), &indices).1)).collect()
}

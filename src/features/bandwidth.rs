//! Spectral bandwidth: the spread of a spectrum about its centroid.

use super::centroid;
use crate::util::simd;
use ndarray::{ArrayView2, Axis};

/// Standard deviation of one frame's spectrum in bins, about `centre`, for magnitudes that add up to
/// `sum`.
#[inline(always)]
pub(crate) fn of_frame(magnitude: &[f32], indices: &[f32], sum: f32, centre: f32) -> f32 {
    (simd::sum_by(magnitude, indices, |m, k| m * ((k - centre) * (k - centre))) / sum).sqrt()
}

/// Spectral bandwidth of each frame in Hz: the standard deviation of the bins' frequencies about the
/// [`centroid`], weighted by magnitude.
///
/// Takes magnitudes of shape `(frames, bins)`. A silent frame has bandwidth 0.
///
/// Reference: A. Klapuri and M. Davy, *Signal Processing Methods for Music Transcription* (2006),
/// chapter 5; `librosa.feature.spectral_bandwidth` with `p=2`.
pub fn spectral_bandwidth(magnitude: ArrayView2<f32>, rate: u32) -> Vec<f64> {
    let indices: Vec<f32> = (0..magnitude.ncols()).map(|k| k as f32).collect();
    let width = f64::from(rate) / (2 * (magnitude.ncols() - 1)) as f64;
    let one = |row: Vec<f32>| {
        let (sum, centre) = centroid::of_frame(&row, &indices);
        width * f64::from(of_frame(&row, &indices, sum, centre))
    };
    magnitude.axis_iter(Axis(0)).map(|row| one(row.to_vec())).collect()
}

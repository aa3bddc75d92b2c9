//! Mel-frequency cepstral coefficients: the shape of a log-mel spectrum in a few numbers.

use crate::util::simd;
use ndarray::{Array2, ArrayView2, Axis};
use std::f64::consts::PI;

/// The first rows of an orthonormal discrete cosine transform of type II.
///
/// Coefficient `k` of `n` values `x` is `√(2/n)·Σ xᵢ·cos(π·k·(2i + 1) / 2n)`, with `√(1/n)` in place
/// of `√(2/n)` for `k = 0`.
///
/// Reference: S. Davis and P. Mermelstein, *Comparison of parametric representations for
/// monosyllabic word recognition*, IEEE Trans. ASSP 28 (1980); `librosa.feature.mfcc`.
#[derive(Debug, Clone)]
pub struct Dct {
    rows: Vec<Vec<f32>>,
}

impl Dct {
    /// The first `coefficients` (librosa's default is 20) of a transform of `length` values.
    pub fn new(length: usize, coefficients: usize) -> Self {
        let row = |k: usize| {
            let scale = if k == 0 { 1.0 } else { 2.0 } / length as f64;
            let angle = PI * k as f64 / (2 * length) as f64;
            (0..length).map(|i| (scale.sqrt() * (angle * (2 * i + 1) as f64).cos()) as f32).collect()
        };
        Self { rows: (0..coefficients.min(length)).map(row).collect() }
    }

    /// The coefficients of one frame's log-mel spectrum.
    #[inline(always)]
    pub fn apply<'a>(&'a self, values: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.rows.iter().map(|row| simd::dot(row, values))
    }
}

/// The first `coefficients` MFCCs, shape `(frames, coefficients)`, of a log-mel spectrogram in dB of
/// shape `(frames, bands)`.
pub fn mfcc(log_mel: ArrayView2<f32>, coefficients: usize) -> Array2<f32> {
    let dct = Dct::new(log_mel.ncols(), coefficients);
    let mut out = Array2::zeros((log_mel.nrows(), dct.rows.len()));
    for (row, mut to) in log_mel.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        let row = row.to_vec();
        to.iter_mut().zip(dct.apply(&row)).for_each(|(to, value)| *to = value);
    }
    out
}

//! Energy in bands spaced as the ear hears pitch.

use super::FeatureError;
use crate::util::simd;
use ndarray::{Array2, ArrayView2, Axis};

/// Slaney's mel of a frequency in Hz: linear to 1 kHz (15 mel), logarithmic above (27 steps to 6.4 kHz).
///
/// Reference: M. Slaney, *Auditory Toolbox*, Technical Report 1998-010, Interval Research.
pub fn hz_to_mel(hz: f64) -> f64 {
    if hz < 1000.0 { hz * 3.0 / 200.0 } else { 15.0 + (hz / 1000.0).ln() * 27.0 / 6.4f64.ln() }
}

/// Frequency in Hz of a Slaney mel; the inverse of [`hz_to_mel`].
pub fn mel_to_hz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * (6.4f64.ln() / 27.0 * (mel - 15.0)).exp() }
}

/// Overlapping triangular filters of equal width in mel and equal area in Hz.
///
/// Band `i` rises from the centre of band `i − 1` to its own and falls to that of band `i + 1`. Only
/// the non-zero weights are kept: about two a bin in all, where the full matrix has 128.
///
/// Reference: `librosa.filters.mel` with its defaults `htk=False, norm="slaney"`.
#[derive(Debug, Clone)]
pub struct MelBank {
    /// First bin and weights of each band.
    bands: Vec<(usize, Vec<f32>)>,
}

impl MelBank {
    /// Filters for spectra of `n_fft` at `rate` Hz: `bands` of them (librosa's default is 128)
    /// from `fmin` (0) to `fmax` (half the rate) Hz.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where there is no band or `0 ≤ fmin < fmax ≤ rate / 2` does not hold.
    pub fn new(rate: u32, n_fft: usize, bands: usize, fmin: f64, fmax: f64) -> Result<Self, FeatureError> {
        FeatureError::unless(
            (1..=4096).contains(&bands),
            "bands",
            format!("{bands}: must be from 1 to 4096"),
        )?;
        let nyquist = f64::from(rate) / 2.0;
        let ordered = 0.0 <= fmin && fmin < fmax && fmax <= nyquist;
        let reason = format!("{fmin} and {fmax}: must be 0 ≤ fmin < fmax ≤ {nyquist}");
        FeatureError::unless(ordered, "fmin and fmax", reason)?;
        let frequencies = super::stft::frequencies(rate, n_fft);
        let (low, high) = (hz_to_mel(fmin), hz_to_mel(fmax));
        let edge = |i: usize| mel_to_hz(low + (high - low) * i as f64 / (bands + 1) as f64);
        let band = |i: usize| {
            let (left, centre, right) = (edge(i), edge(i + 1), edge(i + 2));
            let weight = |hz: f64| {
                let rise = (hz - left) / (centre - left);
                let fall = (right - hz) / (right - centre);
                // Rounded before and after it is scaled, as librosa does.
                f64::from(rise.min(fall).max(0.0) as f32) * 2.0 / (right - left)
            };
            let weights: Vec<f32> = frequencies.iter().map(|&hz| weight(hz) as f32).collect();
            let first = weights.iter().position(|&w| w > 0.0).unwrap_or(0);
            let end = weights.iter().rposition(|&w| w > 0.0).map_or(first, |last| last + 1);
            (first, weights[first..end].to_vec())
        };
        Ok(Self { bands: (0..bands).map(band).collect() })
    }

    /// Number of bands.
    pub fn len(&self) -> usize {
        self.bands.len()
    }

    /// Whether there is no band; never so.
    pub fn is_empty(&self) -> bool {
        self.bands.is_empty()
    }

    /// Writes the energy in each band to `out`, from one frame's power spectrum.
    #[inline(always)]
    pub fn apply(&self, power: &[f32], out: &mut [f32]) {
        for (to, (first, weights)) in out.iter_mut().zip(&self.bands) {
            *to = simd::dot(weights, &power[*first..]);
        }
    }

    /// Mel spectrogram, shape `(frames, bands)`, of a power spectrogram of shape `(frames, bins)`.
    pub fn spectrogram(&self, power: ArrayView2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((power.nrows(), self.len()));
        for (row, mut to) in power.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
            for (to, (first, weights)) in to.iter_mut().zip(&self.bands) {
                *to = row.iter().skip(*first).zip(weights).map(|(x, w)| x * w).sum();
            }
        }
        out
    }
}

//! Energy in bands spaced as the ear hears pitch.

use super::FeatureError;
use crate::util::simd;
use genre_bench_api::MelScale;
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

/// HTK's mel of a frequency in Hz, which Kaldi takes too.
///
/// Reference: S. Young et al., *The HTK Book*, version 3.4 (2006), equation 5.13.
fn hz_to_htk(hz: f64) -> f64 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

/// Frequency in Hz of an HTK mel; the inverse of [`hz_to_htk`].
fn htk_to_hz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

/// Overlapping triangular filters of equal width in mel.
///
/// Band `i` rises from the centre of band `i − 1` to its own and falls to that of band `i + 1`. Only
/// the non-zero weights are kept: about two a bin in all, where the full matrix has 128.
///
/// Reference: `librosa.filters.mel`; `torchaudio.compliance.kaldi.get_mel_banks` for [`MelScale::Kaldi`].
#[derive(Debug, Clone)]
pub struct MelBank {
    /// First bin and weights of each band.
    bands: Vec<(usize, Vec<f32>)>,
}

impl MelBank {
    /// Filters for spectra of `n_fft` at `rate` Hz: `bands` of them (librosa's default is 128)
    /// from `fmin` (0) to `fmax` (half the rate) Hz, on Slaney's scale and of equal area.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where there is no band or `0 ≤ fmin < fmax ≤ rate / 2` does not hold.
    pub fn new(rate: u32, n_fft: usize, bands: usize, fmin: f64, fmax: f64) -> Result<Self, FeatureError> {
        Self::on_scale(MelScale::Slaney, true, rate, n_fft, bands, (fmin, fmax))
    }

    /// Filters as [`MelBank::new`] makes them, on a scale: of equal area in Hz (librosa's `norm="slaney"`), or of height 1.
    ///
    /// # Errors
    ///
    /// As of [`MelBank::new`].
    pub fn on_scale(
        scale: MelScale,
        unit_area: bool,
        rate: u32,
        n_fft: usize,
        bands: usize,
        (fmin, fmax): (f64, f64),
    ) -> Result<Self, FeatureError> {
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
        let [to_mel, to_hz]: [fn(f64) -> f64; 2] = match scale {
            MelScale::Slaney => [hz_to_mel, mel_to_hz],
            MelScale::Htk | MelScale::Kaldi => [hz_to_htk, htk_to_hz],
        };
        let (low, high) = (to_mel(fmin), to_mel(fmax));
        let edge = |i: usize| low + (high - low) * i as f64 / (bands + 1) as f64;
        // What the triangles are straight over.
        let along: fn(f64) -> f64 = if scale == MelScale::Kaldi { to_mel } else { |hz| hz };
        let band = |i: usize| {
            let [left_hz, centre_hz, right_hz] = [i, i + 1, i + 2].map(|i| to_hz(edge(i)));
            let [left, centre, right] = [left_hz, centre_hz, right_hz].map(along);
            let height = if unit_area { 2.0 / (right_hz - left_hz) } else { 1.0 };
            let weight = |hz: f64| {
                let rise = (along(hz) - left) / (centre - left);
                let fall = (right - along(hz)) / (right - centre);
                // Rounded before and after it is scaled, as librosa does.
                f64::from(rise.min(fall).max(0.0) as f32) * height
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

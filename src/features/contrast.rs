//! Spectral contrast: how far the peaks of each octave stand above its valleys.

use super::FeatureError;
use super::decibel::power_to_db;
use ndarray::{Array2, ArrayView2, Axis};

/// Upper end of the lowest band in Hz; each following band is an octave.
const LOWEST: f64 = 200.0;
/// Octave bands above the lowest.
const OCTAVES: usize = 6;
/// Part of a band's bins that makes its peak, and its valley.
const PART: f64 = 0.02;

/// Contrast in dB, shape `(frames, 7)`, of a magnitude spectrogram of shape `(frames, bins)`.
///
/// The bands are 0–200 Hz and six octaves up from there, the last one open above. In each, the mean of
/// the lowest 2 % of the bins is the valley and that of the highest 2 % the peak (one bin at least),
/// and the contrast is the difference of their decibels.
///
/// Reference: D.-N. Jiang et al., *Music type classification by spectral contrast feature*, ICME
/// (2002); `librosa.feature.spectral_contrast`.
///
/// # Errors
///
/// [`FeatureError`] where half the rate is below the start of the last band, 6400 Hz, or where the spectrum
/// is too coarse for each band to have a bin.
pub fn spectral_contrast(magnitude: ArrayView2<f32>, rate: u32) -> Result<Array2<f32>, FeatureError> {
    let bins = magnitude.ncols();
    let edge = |band: usize| if band == 0 { 0.0 } else { LOWEST * 2f64.powi(band as i32 - 1) };
    let fits = edge(OCTAVES) < f64::from(rate) / 2.0;
    FeatureError::unless(fits, "rate", format!("{rate}: must be above {} Hz", 2.0 * edge(OCTAVES)))?;
    let width = f64::from(rate) / (2 * bins.saturating_sub(1)) as f64;
    let shape = (magnitude.nrows(), OCTAVES + 1);
    let (mut valleys, mut peaks) = (Array2::<f32>::zeros(shape), Array2::<f32>::zeros(shape));
    for band in 0..=OCTAVES {
        // Bands share the bin on an edge, take one more below, and give their own last one up.
        let first = (edge(band) / width).ceil() as usize;
        let last = ((edge(band + 1) / width).floor() as usize).min(bins.saturating_sub(1));
        let first = if band > 0 { first.saturating_sub(1) } else { first };
        let (end, size) =
            if band == OCTAVES { (bins, bins - first.min(bins)) } else { (last, last + 1 - first.min(last)) };
        FeatureError::unless(first < end, "spectrum", format!("{bins} bins are too few for octave bands"))?;
        let count = ((PART * size as f64).round_ties_even() as usize).clamp(1, end - first);
        for (t, row) in magnitude.axis_iter(Axis(0)).enumerate() {
            let mut values: Vec<f32> = row.iter().skip(first).take(end - first).copied().collect();
            values.sort_unstable_by(f32::total_cmp);
            let mean = |part: &[f32]| part.iter().map(|&x| f64::from(x)).sum::<f64>() / count as f64;
            valleys[[t, band]] = mean(&values[..count]) as f32;
            peaks[[t, band]] = mean(&values[values.len() - count..]) as f32;
        }
    }
    for values in [&mut valleys, &mut peaks] {
        if let Some(values) = values.as_slice_mut() {
            power_to_db(values, Some(80.0));
        }
    }
    Ok(peaks - valleys)
}

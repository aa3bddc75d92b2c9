//! Tuning: how far a recording's notes lie from those of A = 440 Hz.

use crate::util::simd;
use ndarray::{ArrayView2, Axis};

/// Range in which peaks are looked for, in Hz.
const RANGE: [f64; 2] = [150.0, 4000.0];
/// Peaks below this part of their frame's loudest bin are left out.
const THRESHOLD: f32 = 0.1;
/// Parts of a semitone that are told apart.
pub(crate) const STEPS: usize = 100;

/// A local maximum of a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Frequency in Hz, between the bins.
    pub pitch: f32,
    /// Height of the parabola through the bin and its neighbours.
    pub magnitude: f32,
}

/// Appends the peaks of one frame's power spectrum (or magnitudes) between 150 and 4000 Hz to `out`.
///
/// A peak is above its left neighbour, not below its right one, and above a tenth of the frame's
/// maximum; its place is that of the parabola through the three. Arithmetic is rounded to `f32` where
/// librosa's is, since a peak can decide which hundredth of a semitone wins.
///
/// Reference: `librosa.piptrack`; J. O. Smith, *Spectral Audio Signal Processing*, on parabolic
/// interpolation of peaks.
pub fn peaks(spectrum: &[f32], rate: u32, out: &mut Vec<Peak>) {
    let n_fft = 2 * spectrum.len().saturating_sub(1);
    let width = f64::from(rate) / n_fft as f64;
    let first = (RANGE[0] / width).ceil().max(1.0) as usize;
    let end =
        ((RANGE[1].min(f64::from(rate) / 2.0) / width).ceil() as usize).min(spectrum.len().saturating_sub(1));
    let threshold = THRESHOLD * simd::largest(spectrum);
    let audible = |x: f32| if x > threshold { x } else { 0.0 };
    for k in first..end {
        let [before, here, after] = [spectrum[k - 1], spectrum[k], spectrum[k + 1]];
        // Most bins fail the first test; the rest is for the few that do not.
        if here <= threshold || here <= audible(before) || here < audible(after) {
            continue;
        }
        let curvature = f64::from(after + before) - 2.0 * f64::from(here);
        let slope = f64::from(after - before) / 2.0;
        let shift = if slope.abs() >= curvature.abs() { 0.0 } else { (-slope / curvature) as f32 };
        let gradient = (after - before) / 2.0;
        out.push(Peak {
            pitch: ((k as f64 + f64::from(shift)) * f64::from(rate) / n_fft as f64) as f32,
            magnitude: here + 0.5 * gradient * shift,
        });
    }
}

/// Lower edge of a step, in semitones.
fn edge(step: usize) -> f64 {
    step as f64 / STEPS as f64 - 0.5
}

/// The step that a tuning found by [`of_peaks`] is the edge of.
pub(crate) fn step_of(tuning: f64) -> usize {
    (((tuning + 0.5) * STEPS as f64).round() as usize).min(STEPS - 1)
}

/// Tuning in semitones, −0.5 to 0.49 in steps of 0.01, from the peaks of all frames: the commonest
/// distance to the next semitone among the peaks that are at least as high as their median.
///
/// 0 where there is no peak.
///
/// Reference: `librosa.estimate_tuning`, `librosa.pitch_tuning`.
pub fn of_peaks(peaks: &[Peak]) -> f64 {
    let mut heights: Vec<f32> = peaks.iter().map(|p| p.magnitude).collect();
    let Some(threshold) = median(&mut heights) else { return 0.0 };
    let mut counts = [0u32; STEPS];
    for peak in peaks.iter().filter(|p| p.magnitude >= threshold) {
        let octaves = f64::from(peak.pitch / 27.5).log2() as f32;
        let residual = f64::from((12.0 * octaves).rem_euclid(1.0));
        let residual = if residual >= 0.5 { residual - 1.0 } else { residual };
        // The step by division may be off by one where rounding meets an edge.
        let mut step = ((residual + 0.5) * STEPS as f64) as usize;
        step = step.min(STEPS - 1);
        if residual < edge(step) {
            step -= 1;
        } else if step + 1 < STEPS && residual >= edge(step + 1) {
            step += 1;
        }
        counts[step] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    edge(counts.iter().position(|&c| c == most).unwrap_or(STEPS / 2))
}

/// Tuning in semitones of a power spectrogram of shape `(frames, bins)`; see [`of_peaks`].
pub fn estimate_tuning(power: ArrayView2<f32>, rate: u32) -> f64 {
    let mut found = Vec::new();
    power.axis_iter(Axis(0)).for_each(|row| peaks(&row.to_vec(), rate, &mut found));
    of_peaks(&found)
}

/// Median, the mean of the middle two for an even count; `None` of nothing. Reorders `values`.
pub(crate) fn median(values: &mut [f32]) -> Option<f32> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    if !even {
        return Some(upper);
    }
    let lower = below.iter().fold(f32::NEG_INFINITY, |a, &b| if a < b { b } else { a });
    Some((lower + upper) / 2.0)
}

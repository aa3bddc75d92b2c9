//! Power spectral density over time, on a linear scale of frequency.

use super::FeatureError;
use super::stft::symmetric_hann;
use ndarray::{Array2, Axis};
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::PI;
use std::sync::Arc;

/// Samples a frame: the default of SciPy and matplotlib.
const FRAME: usize = 256;

/// Density of frames that begin at the first sample and do not reach beyond the last one.
pub struct Density {
    hop: usize,
    rate: f64,
    window: Vec<f64>,
    /// Whether the mean of each frame is subtracted first.
    centred: bool,
    transform: Arc<dyn RealToComplex<f64>>,
}

impl Density {
    /// As SciPy computes it: a Tukey window that is tapered over a quarter, and each frame without its mean.
    ///
    /// Reference: `scipy.signal.spectrogram`.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where the hop is not from 1 to the frame.
    pub fn scipy(rate: u32, hop: usize) -> Result<Self, FeatureError> {
        Self::new(rate, hop, tukey(FRAME, 0.25), true)
    }

    /// As matplotlib computes it: a Hann window that is zero at both ends.
    ///
    /// Reference: `matplotlib.mlab.specgram`.
    ///
    /// # Errors
    ///
    /// As [`Density::scipy`].
    pub fn matplotlib(rate: u32, hop: usize) -> Result<Self, FeatureError> {
        Self::new(rate, hop, symmetric_hann(FRAME), false)
    }

    fn new(rate: u32, hop: usize, window: Vec<f64>, centred: bool) -> Result<Self, FeatureError> {
        FeatureError::unless((1..=FRAME).contains(&hop), "hop", format!("{hop}: must be from 1 to {FRAME}"))?;
        let transform = RealFftPlanner::new().plan_fft_forward(FRAME);
        Ok(Self { hop, rate: f64::from(rate), window, centred, transform })
    }

    /// Frames of so many samples, at least one.
    pub fn frames(&self, samples: usize) -> usize {
        1 + samples.saturating_sub(FRAME) / self.hop
    }

    /// Bins a frame.
    pub fn bins(&self) -> usize {
        FRAME / 2 + 1
    }

    /// Power a Hz of each bin, shape `(frames, bins)`. Less than a frame of samples is filled up with zeros.
    pub fn of(&self, samples: &[f32]) -> Array2<f32> {
        let mut input = self.transform.make_input_vec();
        let mut output: Vec<Complex<f64>> = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        let scale = 1.0 / (self.rate * self.window.iter().map(|weight| weight * weight).sum::<f64>());
        let mut density = Array2::zeros((self.frames(samples.len()), self.bins()));
        for (frame, mut to) in density.axis_iter_mut(Axis(0)).enumerate() {
            let samples = &samples[(frame * self.hop).min(samples.len())..];
            let sample = |at: usize| samples.get(at).copied().map_or(0.0, f64::from);
            let mean = if self.centred { (0..FRAME).map(sample).sum::<f64>() / FRAME as f64 } else { 0.0 };
            for (at, (to, weight)) in input.iter_mut().zip(&self.window).enumerate() {
                *to = (sample(at) - mean) * weight;
            }
            let done = self.transform.process_with_scratch(&mut input, &mut output, &mut scratch);
            debug_assert!(done.is_ok(), "buffers have the plan's own lengths");
            for (bin, (to, value)) in to.iter_mut().zip(&output).enumerate() {
                // All but the first and last bin stand for a negative frequency too.
                let sides = if bin == 0 || bin == FRAME / 2 { 1.0 } else { 2.0 };
                *to = (sides * scale * value.norm_sqr()) as f32;
            }
        }
        density
    }
}

/// A periodic window that rises and falls as a cosine over `tapered` of its length and is one between.
///
/// Reference: `scipy.signal.windows.tukey` with `sym=False`.
fn tukey(length: usize, tapered: f64) -> Vec<f64> {
    let side = tapered * length as f64 / 2.0;
    let weight = |at: usize| {
        let from_end = (at as f64).min((length - at) as f64);
        if from_end < side { 0.5 * (1.0 + (PI * (from_end / side - 1.0)).cos()) } else { 1.0 }
    };
    (0..length).map(weight).collect()
}

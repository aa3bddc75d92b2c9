//! Tempo: the commonest distance between onsets.

use super::stft::{Complex, hann};
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// Seconds of onset strength that are compared with themselves.
const WINDOW: f64 = 8.0;
/// Tempo that is likeliest before anything is heard, in beats a minute, and the spread in octaves.
const PRIOR: [f64; 2] = [120.0, 1.0];
/// Tempi from here on are not considered, in beats a minute.
const FASTEST: f64 = 320.0;

/// Estimates one tempo for a whole recording.
///
/// A window of 8 s slides over the onset strength, one frame at a time; its autocorrelation, scaled to
/// 1 at distance 0, tells at which distances onsets repeat. The mean over all windows is weighed with a
/// preference for tempi around 120 beats a minute, and the best distance wins.
///
/// Autocorrelation comes from the power spectrum. Only the mean is wanted, so the windows' power
/// spectra are added up and transformed back once; and two windows, as real and imaginary part, share
/// one transform.
///
/// Reference: P. Grosche, M. Müller and F. Kurth, *Cyclic tempogram*, ICASSP (2010);
/// `librosa.feature.tempo` with its defaults.
#[derive(Clone)]
pub struct TempoEstimator {
    rate: u32,
    hop: usize,
    window: Vec<f32>,
    plan: Arc<dyn Fft<f32>>,
}

impl std::fmt::Debug for TempoEstimator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TempoEstimator {{ rate: {}, hop: {} }}", self.rate, self.hop)
    }
}

impl TempoEstimator {
    /// For onset strengths every `hop` samples at `rate` Hz; both above 0.
    pub fn new(rate: u32, hop: usize) -> Self {
        let frames = ((WINDOW * f64::from(rate) / hop.max(1) as f64) as usize).max(2);
        // Room for all distances without wrapping around, of a length that transforms fast.
        let length = (2 * frames - 1).next_multiple_of(256);
        Self {
            rate,
            hop,
            window: hann(frames).into_iter().map(|w| w as f32).collect(),
            plan: FftPlanner::new().plan_fft_forward(length),
        }
    }

    /// Mean autocorrelation of all windows at distances of 0, 1, 2, … frames; at most 1.
    pub fn mean_autocorrelation(&self, onset: &[f32]) -> Vec<f64> {
        let size = self.window.len();
        let padded = with_ramps(onset, size / 2);
        let mut transformed = vec![Complex::default(); self.plan.len()];
        let mut scratch = vec![Complex::default(); self.plan.get_inplace_scratch_len()];
        let mut power = vec![0f64; self.plan.len()];
        let mut pair = [vec![0f32; size], vec![0f32; size]];
        for t in (0..onset.len()).step_by(2) {
            for (shift, to) in pair.iter_mut().enumerate() {
                to.fill(0.0);
                if t + shift < onset.len() {
                    let from = &padded[t + shift..][..size];
                    to.iter_mut().zip(from).zip(&self.window).for_each(|((to, x), w)| *to = x * w);
                }
                let energy: f64 = to.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
                let scale = if energy > 0.0 { energy.sqrt().recip() as f32 } else { 0.0 };
                to.iter_mut().for_each(|x| *x *= scale);
            }
            transformed.fill(Complex::default());
            for ((to, &re), &im) in transformed.iter_mut().zip(&pair[0]).zip(&pair[1]) {
                *to = Complex::new(re, im);
            }
            self.plan.process_with_scratch(&mut transformed, &mut scratch);
            power.iter_mut().zip(&transformed).for_each(|(to, c)| *to += f64::from(c.norm_sqr()));
        }
        // The real part of the transform of a real spectrum is the same forth and back, but for scale.
        for (to, &p) in transformed.iter_mut().zip(&power) {
            *to = Complex::new(p as f32, 0.0);
        }
        self.plan.process_with_scratch(&mut transformed, &mut scratch);
        let scale = 1.0 / (self.plan.len() * onset.len().max(1)) as f64;
        transformed[..size].iter().map(|c| f64::from(c.re) * scale).collect()
    }

    /// Tempo in beats a minute; 0 where nothing ever begins.
    pub fn estimate(&self, onset: &[f32]) -> f64 {
        if onset.iter().all(|&x| x == 0.0) {
            return 0.0;
        }
        let frames_a_minute = 60.0 * f64::from(self.rate) / self.hop as f64;
        let score = |distance: usize, likeness: f64| {
            let octaves = ((frames_a_minute / distance as f64).log2() - PRIOR[0].log2()) / PRIOR[1];
            (1e6 * likeness.max(0.0)).ln_1p() - 0.5 * octaves * octaves
        };
        let likeness = self.mean_autocorrelation(onset);
        let mut best = (f64::NEG_INFINITY, 0.0);
        for (distance, &likeness) in likeness.iter().enumerate().skip(1) {
            let tempo = frames_a_minute / distance as f64;
            let score = score(distance, likeness);
            if tempo < FASTEST && score > best.0 {
                best = (score, tempo);
            }
        }
        best.1
    }
}

/// `values` with a straight line from 0 before and one to 0 after, `width` values each.
fn with_ramps(values: &[f32], width: usize) -> Vec<f32> {
    let first = values.first().copied().unwrap_or(0.0);
    let last = values.last().copied().unwrap_or(0.0);
    let up = |end: f32| move |i: usize| (f64::from(end) * i as f64 / width as f64) as f32;
    let mut out: Vec<f32> = (0..width).map(up(first)).collect();
    out.extend_from_slice(values);
    out.extend((0..width).rev().map(up(last)));
    out
}

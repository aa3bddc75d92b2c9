//! Chroma: energy in the twelve pitch classes.

use super::tuning;
use crate::util::simd;
use ndarray::{Array2, ArrayView2, Axis};

/// Pitch classes: C, C♯, …, B.
pub const CLASSES: usize = 12;

/// Centre, in octaves above A0, and width of the bell that favours the middle registers.
const REGISTER: [f64; 2] = [5.0, 2.0];

/// Bell-shaped filters that fold a spectrum onto the twelve pitch classes.
///
/// Reference: D. Ellis, *Chroma feature analysis and synthesis* (2007); `librosa.filters.chroma`.
#[derive(Debug, Clone)]
pub struct ChromaBank {
    rows: Vec<Vec<f32>>,
}

impl ChromaBank {
    /// Filters for spectra of `n_fft` at `rate` Hz of music tuned `tuning` semitones above A = 440 Hz.
    pub fn new(rate: u32, n_fft: usize, tuning: f64) -> Self {
        let reference = 440.0 * 2f64.powf(tuning / 12.0) / 16.0;
        // Bin k in semitones above A0; the constant has none, and is put an octave and a half below bin 1.
        let semitone = |k: usize| match k {
            0 => 12.0 * (f64::from(rate) / n_fft as f64 / reference).log2() - 18.0,
            _ => 12.0 * (f64::from(rate) * k as f64 / n_fft as f64 / reference).log2(),
        };
        let bins = n_fft / 2 + 1;
        let mut rows = vec![vec![0.0; bins]; CLASSES];
        for k in 0..bins {
            let here = semitone(k);
            let width = if k + 1 < n_fft { (semitone(k + 1) - here).max(1.0) } else { 1.0 };
            // Counted from A, as frequencies are.
            let bells: [f64; CLASSES] = std::array::from_fn(|class| {
                let distance = (here - class as f64 + 126.0).rem_euclid(12.0) - 6.0;
                (-0.5 * (2.0 * distance / width).powi(2)).exp()
            });
            let length = bells.iter().map(|b| b * b).sum::<f64>().sqrt();
            let length = if length < f64::MIN_POSITIVE { 1.0 } else { length };
            let register = (-0.5 * ((here / 12.0 - REGISTER[0]) / REGISTER[1]).powi(2)).exp();
            for (class, row) in rows.iter_mut().enumerate() {
                row[k] = (bells[(class + 3) % CLASSES] / length * register) as f32;
            }
        }
        Self { rows }
    }

    /// Chroma of one frame's power spectrum, scaled so that the strongest class is 1; all 0 for silence.
    #[inline(always)]
    pub fn apply(&self, power: &[f32]) -> [f32; CLASSES] {
        let mut chroma = [0f32; CLASSES];
        let mut most = 0f32;
        for (to, row) in chroma.iter_mut().zip(&self.rows) {
            *to = simd::dot(row, power);
            most = most.max(*to);
        }
        let scale = if most < f32::MIN_POSITIVE { 1.0 } else { most };
        chroma.iter_mut().for_each(|x| *x /= scale);
        chroma
    }
}

/// Chromagram, shape `(frames, 12)`, of a power spectrogram of shape `(frames, bins)`, at the tuning
/// that [`tuning::estimate_tuning`] finds.
///
/// Reference: `librosa.feature.chroma_stft`.
pub fn chroma_stft(power: ArrayView2<f32>, rate: u32) -> Array2<f32> {
    let bank = ChromaBank::new(rate, 2 * (power.ncols() - 1), tuning::estimate_tuning(power, rate));
    let mut out = Array2::zeros((power.nrows(), CLASSES));
    for (row, mut to) in power.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        to.iter_mut().zip(bank.apply(&row.to_vec())).for_each(|(to, value)| *to = value);
    }
    out
}

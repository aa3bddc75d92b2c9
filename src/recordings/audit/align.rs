//! Whether two recordings are the same sound at an offset, told from their samples.
//!
//! Landmarks say where to look; here the samples themselves are compared, so that two songs that share a chord
//! sequence or a tempo are not taken for one. The overlap is cut into blocks of 0.74 s. Their normalised
//! cross-correlations, added up, give the lag to the sample; the recordings are as similar as their median block
//! is correlated at that lag.

use crate::audio::RATE;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::ops::Range;
use std::sync::Arc;

/// Samples a block.
const BLOCK: usize = 16_384;
/// Samples by which the lag may differ from what the landmarks say: two of their frames and what an encoder adds.
const SEARCH: usize = 2048;
/// Length of the transforms: a block and the search to both sides.
const FFT: usize = 2 * BLOCK;
/// Samples by which a block's lag may differ from that of all: 1.5 ms of drift between two transfers.
const DRIFT: usize = 32;
/// Blocks compared at most, spread over the overlap.
const BLOCKS: usize = 64;
/// Shortest overlap that is compared, in samples (3 s); or four fifths of the shorter recording.
const OVERLAP: usize = 3 * RATE as usize;
/// A block this much weaker than the average of its recording says nothing (−40 dB).
const FAINT: f64 = 1e-4;
/// Pre-emphasis: without it two songs with one bass note in common look alike.
const EMPHASIS: f32 = 0.9;

/// How one recording lies over another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alignment {
    /// Sample `n` of `b` is sample `n + lag` of `a`.
    pub lag: i64,
    /// Median over blocks of the magnitude of their correlation, 0 to 1.
    pub similarity: f64,
    /// Factor that brings `a` to the level of `b`; negative if the polarity differs.
    pub gain: f64,
    /// Power of what is left of `b` after subtracting `a` times the gain, as a part of that of `b`.
    pub residual: f64,
    /// Samples that both have.
    pub overlap: usize,
}

/// Compares recordings.
#[derive(Clone)]
pub struct Aligner {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Aligner {
    /// Plans the transforms.
    pub fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        Self { forward: planner.plan_fft_forward(FFT), inverse: planner.plan_fft_inverse(FFT) }
    }

    /// The best alignment of two recordings with a lag near one of `lags`; `None` if they overlap too little there.
    pub fn align(&self, a: &[f32], b: &[f32], lags: impl Iterator<Item = i64>) -> Option<Alignment> {
        let (a_high, b_high) = (emphasised(a), emphasised(b));
        let (lag, similarity) =
            lags.filter_map(|lag| self.compare(&a_high, &b_high, lag)).max_by(|x, y| x.1.total_cmp(&y.1))?;
        let (of_a, of_b) = overlap(a.len(), b.len(), lag);
        let (a, b) = (&a[of_a], &b[of_b]);
        let dot =
            |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
        let (aa, ab, bb) = (dot(a, a), dot(a, b), dot(b, b));
        let gain = if aa > 0.0 { ab / aa } else { 0.0 };
        let rest = a.iter().zip(b).map(|(&x, &y)| (f64::from(y) - gain * f64::from(x)).powi(2)).sum::<f64>();
        let residual = if bb > 0.0 { rest / bb } else { 1.0 };
        Some(Alignment { lag, similarity, gain, residual, overlap: a.len() })
    }

    /// Lag within [`SEARCH`] of `coarse`, and similarity at it.
    fn compare(&self, a: &[f32], b: &[f32], coarse: i64) -> Option<(i64, f64)> {
        let (of_a, of_b) = overlap(a.len(), b.len(), coarse);
        if of_b.len() < OVERLAP.min(a.len().min(b.len()) * 4 / 5).max(BLOCK) {
            return None;
        }
        let faint = |x: &[f32]| FAINT * energy(x) * BLOCK as f64 / x.len() as f64;
        let floors = (faint(&a[of_a]), faint(&b[of_b.clone()]));
        let count = of_b.len() / BLOCK;
        let starts = (0..count).step_by(count.div_ceil(BLOCKS)).map(|block| of_b.start + block * BLOCK);
        let blocks: Vec<Vec<f32>> = starts
            .filter_map(|start| {
                let window = window(a, start as i64 + coarse - SEARCH as i64);
                self.correlations(&window, &b[start..start + BLOCK], floors)
            })
            .collect();
        let at_lag = |i: usize| blocks.iter().map(|c| f64::from(c[i])).sum::<f64>().abs();
        let best = (0..=2 * SEARCH).max_by(|&i, &j| at_lag(i).total_cmp(&at_lag(j)))?;
        let near = best.saturating_sub(DRIFT)..(best + DRIFT + 1).min(2 * SEARCH + 1);
        let mut likeness: Vec<f32> =
            blocks.iter().map(|c| c[near.clone()].iter().fold(0f32, |most, c| most.max(c.abs()))).collect();
        likeness.sort_by(f32::total_cmp);
        let similarity = f64::from(*likeness.get(likeness.len() / 2)?).min(1.0);
        Some((coarse + best as i64 - SEARCH as i64, similarity))
    }

    /// Correlation coefficient of a block with what lies under it in `window` at each of `2·SEARCH + 1` lags, zero
    /// where only one of them is silent, that is below its one of `floors`; `None` if both are.
    fn correlations(&self, window: &[f32], block: &[f32], floors: (f64, f64)) -> Option<Vec<f32>> {
        let weight = energy(block);
        if energy(&window[SEARCH..][..BLOCK]) <= floors.0 && weight <= floors.1 {
            return None;
        }
        let spectrum = |samples: &[f32]| {
            let mut input = self.forward.make_input_vec();
            input[..samples.len()].copy_from_slice(samples);
            let mut output = self.forward.make_output_vec();
            let done = self.forward.process(&mut input, &mut output);
            debug_assert!(done.is_ok(), "buffers have the plan's own lengths");
            output
        };
        let mut product: Vec<Complex<f32>> =
            spectrum(window).iter().zip(&spectrum(block)).map(|(w, b)| w * b.conj()).collect();
        if let [first, .., last] = product.as_mut_slice() {
            (first.im, last.im) = (0.0, 0.0);
        }
        let mut sums = self.inverse.make_output_vec();
        let done = self.inverse.process(&mut product, &mut sums);
        debug_assert!(done.is_ok(), "buffers have the plan's own lengths");
        let mut under = energy(&window[..BLOCK]);
        let at_lag = |lag: usize| {
            let audible = under > floors.0 && weight > floors.1;
            let scale = FFT as f64 * (under * weight).sqrt();
            if let Some(&next) = window.get(lag + BLOCK) {
                under += f64::from(next).powi(2) - f64::from(window[lag]).powi(2);
            }
            if audible { (f64::from(sums[lag]) / scale) as f32 } else { 0.0 }
        };
        Some((0..=2 * SEARCH).map(at_lag).collect())
    }
}

/// What two recordings share at a lag, as ranges of each.
fn overlap(a: usize, b: usize, lag: i64) -> (Range<usize>, Range<usize>) {
    let (a, b) = (a as i64, b as i64);
    let start = 0.max(-lag);
    let end = b.min(a - lag).max(start);
    let range = |from: i64, to: i64| from as usize..to as usize;
    (range(start + lag, end + lag), range(start, end))
}

/// The samples from `from` on that a block can lie over, zeros beyond the ends.
fn window(samples: &[f32], from: i64) -> Vec<f32> {
    let mut window = vec![0.0; BLOCK + 2 * SEARCH];
    let start = from.max(0).min(samples.len() as i64);
    let end = (from + window.len() as i64).clamp(start, samples.len() as i64);
    let skip = (start - from) as usize;
    let there = &samples[start as usize..end as usize];
    window[skip..skip + there.len()].copy_from_slice(there);
    window
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&x| f64::from(x).powi(2)).sum()
}

fn emphasised(samples: &[f32]) -> Vec<f32> {
    let before = std::iter::once(&0.0).chain(samples);
    samples.iter().zip(before).map(|(&now, &before)| now - EMPHASIS * before).collect()
}

#[cfg(test)]
mod tests {
    use super::super::signals::{chords, noise, scaled};
    use super::*;

    fn align(a: &[f32], b: &[f32], coarse: i64) -> Alignment {
        Aligner::new().align(a, b, std::iter::once(coarse)).unwrap()
    }

    #[test]
    fn a_cut_is_aligned_to_the_sample() {
        let music = chords(1, 8.0);
        let cut = scaled(&music[50_001..], -0.5);
        let found = align(&music, &cut, 49_200);
        assert_eq!((found.lag, found.overlap), (50_001, cut.len()));
        assert!(found.similarity > 0.999 && found.residual < 1e-9, "{found:?}");
        assert!((found.gain + 0.5).abs() < 1e-6, "{found:?}");
        let turned = align(&cut, &music, -49_200);
        assert_eq!((turned.lag, turned.overlap), (-50_001, cut.len()));
    }

    #[test]
    fn noise_lowers_the_similarity_little() {
        let music = chords(1, 8.0);
        let rms = (energy(&music) / music.len() as f64).sqrt() as f32;
        let noisy: Vec<f32> = music.iter().zip(noise(9, 8.0)).map(|(x, n)| x + 0.1 * rms * n).collect();
        let found = align(&music, &noisy, 0);
        assert_eq!(found.lag, 0);
        assert!(found.similarity > 0.75, "{found:?}");
        assert!((0.005..0.02).contains(&found.residual), "{found:?}");
    }

    #[test]
    fn other_music_is_not_similar() {
        for other in [chords(2, 8.0), noise(3, 8.0)] {
            let found = align(&chords(1, 8.0), &other, 0);
            assert!(found.similarity < 0.5, "{found:?}");
        }
    }

    #[test]
    fn a_short_overlap_is_not_compared() {
        let music = chords(1, 8.0);
        let lag = music.len() as i64 - i64::from(RATE);
        assert_eq!(Aligner::new().align(&music, &music, std::iter::once(lag)), None);
    }
}

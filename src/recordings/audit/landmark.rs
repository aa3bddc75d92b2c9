//! Landmark fingerprints: what makes a recording recognisable whatever was done to it.
//!
//! A spectrum's peaks survive what changes a recording without changing the music: level, noise, lossy codecs, a
//! cut. Each peak is paired with a few that follow it, and the pair's two frequencies and their distance in time
//! make a number, the hash, that does not depend on where in the recording it stands.
//!
//! Reference: A. L.-C. Wang, *An industrial-strength audio search algorithm*, ISMIR 2003. Frames, density and
//! fan-out follow D. P. W. Ellis's audfprint.

use crate::features::FeatureError;
use crate::features::pad::Pad;
use crate::features::stft::Stft;

/// Samples a frame: 46 ms, short enough that a beat's notes stand apart.
const N_FFT: usize = 1024;
/// Samples from a frame to the next.
pub const HOP: usize = 512;
/// Bins looked at: up to 5.5 kHz, which every codec keeps.
const BINS: usize = 256;
/// Bins below this one hold hum and rumble.
const LOWEST: usize = 3;
/// A peak is the largest value within this many frames before and after it …
const NEAR_FRAMES: usize = 5;
/// … and this many bins below and above.
const NEAR_BINS: usize = 8;
/// Power below the recording's strongest peak at which a peak no longer counts: 70 dB.
const FLOOR: f32 = 1e-7;
/// Peaks that a peak is paired with at most.
const FAN_OUT: usize = 5;
/// Furthest frames apart (1.5 s), and furthest bins apart, that two peaks are paired.
const REACH: usize = 63;

/// A pair of peaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Landmark {
    /// The first peak's bin (8 bits), the second's distance in bins plus 64 (7 bits) and in frames (6 bits).
    pub hash: u32,
    /// The first peak's frame.
    pub frame: u32,
}

/// Finds landmarks.
#[derive(Debug, Clone)]
pub struct Fingerprinter(Stft);

impl Fingerprinter {
    /// Plans the transforms.
    ///
    /// # Errors
    ///
    /// None that a caller could cause: the parameters are constant.
    pub fn new() -> Result<Self, FeatureError> {
        Stft::new(N_FFT, HOP, Pad::Zero).map(Self)
    }

    /// The landmarks of a recording at [`crate::audio::RATE`], in the order of time: about 100 a second of music.
    pub fn landmarks(&self, samples: &[f32]) -> Vec<Landmark> {
        let power = self.power(samples);
        pairs(&peaks(&power))
    }

    /// Power spectrum, one row of [`BINS`] a frame.
    fn power(&self, samples: &[f32]) -> Vec<[f32; BINS]> {
        let mut padded = Vec::new();
        self.0.padded(samples, &mut padded);
        let mut analyser = self.0.analyser();
        let mut spectrum = vec![Default::default(); self.0.bins()];
        let frames = 0..self.0.frames(samples.len());
        frames
            .map(|t| {
                analyser.frame(&padded[t * HOP..], &mut spectrum);
                std::array::from_fn(|k| spectrum[k].norm_sqr())
            })
            .collect()
    }
}

/// Frame and bin of each local maximum, in the order of time.
fn peaks(power: &[[f32; BINS]]) -> Vec<(usize, usize)> {
    let strongest = power.iter().flatten().copied().fold(0.0, f32::max);
    // Largest value among a frame's neighbouring bins; then that among neighbouring frames.
    let around: Vec<[f32; BINS]> = power
        .iter()
        .map(|row| {
            std::array::from_fn(|k| {
                let near = &row[k.saturating_sub(NEAR_BINS)..(k + NEAR_BINS + 1).min(BINS)];
                near.iter().copied().fold(0.0, f32::max)
            })
        })
        .collect();
    let mut peaks = Vec::new();
    for (t, row) in power.iter().enumerate() {
        let near = &around[t.saturating_sub(NEAR_FRAMES)..(t + NEAR_FRAMES + 1).min(power.len())];
        let mut largest = [0f32; BINS];
        for row in near {
            largest.iter_mut().zip(row).for_each(|(largest, &value)| *largest = largest.max(value));
        }
        let is_peak = |k: &usize| row[*k] >= largest[*k] && row[*k] > FLOOR * strongest;
        peaks.extend((LOWEST..BINS).filter(is_peak).map(|k| (t, k)));
    }
    peaks
}

/// Pairs each peak with the first few that follow it within reach.
fn pairs(peaks: &[(usize, usize)]) -> Vec<Landmark> {
    let mut landmarks = Vec::new();
    for (i, &(frame, bin)) in peaks.iter().enumerate() {
        let partners = peaks[i + 1..]
            .iter()
            .skip_while(|(t, _)| *t == frame)
            .take_while(|(t, _)| t - frame <= REACH)
            .filter(|(_, k)| k.abs_diff(bin) <= REACH)
            .take(FAN_OUT);
        landmarks.extend(partners.map(|(t, k)| Landmark {
            hash: (bin << 13 | (k + 64 - bin) << 6 | (t - frame)) as u32,
            frame: frame as u32,
        }));
    }
    landmarks
}

#[cfg(test)]
mod tests {
    use super::super::signals::{chords, scaled};
    use super::*;
    use std::collections::HashSet;

    fn landmarks(samples: &[f32]) -> HashSet<(u32, u32)> {
        let found = Fingerprinter::new().unwrap().landmarks(samples);
        found.into_iter().map(|l| (l.hash, l.frame)).collect()
    }

    #[test]
    fn level_changes_no_landmark() {
        let music = chords(1, 6.0);
        let there = landmarks(&music);
        assert!(there.len() > 100, "{}", there.len());
        assert_eq!(there, landmarks(&scaled(&music, 0.5)));
    }

    #[test]
    fn a_cut_moves_landmarks_in_time() {
        let music = chords(1, 6.0);
        let cut: HashSet<_> =
            landmarks(&music[10 * HOP..]).into_iter().map(|(hash, frame)| (hash, frame + 10)).collect();
        let whole = landmarks(&music);
        assert!(cut.intersection(&whole).count() > cut.len() * 8 / 10);
    }

    #[test]
    fn silence_has_none() {
        assert!(landmarks(&vec![0.0; 50_000]).is_empty());
        assert!(landmarks(&[]).is_empty());
    }
}

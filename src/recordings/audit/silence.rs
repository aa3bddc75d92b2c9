//! Silence within a recording.

use crate::audio::RATE;

/// Samples a block: a tenth of a second.
const BLOCK: usize = RATE as usize / 10;
/// Mean square below which a block is silent: −60 dB of full scale.
const QUIET: f64 = 1e-6;

/// How much of a recording is silent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// Silent blocks as a share of all.
    pub share: f64,
    /// Seconds that the longest silence lasts.
    pub longest: f64,
}

/// Finds the blocks of a tenth of a second whose level is below −60 dB of full scale.
pub fn silence(samples: &[f32]) -> Silence {
    let quiet: Vec<bool> = samples
        .chunks(BLOCK)
        .map(|block| {
            let energy: f64 = block.iter().map(|&x| f64::from(x).powi(2)).sum();
            energy / (block.len() as f64) < QUIET
        })
        .collect();
    let silent = quiet.iter().filter(|quiet| **quiet).count();
    let runs = quiet.chunk_by(|x, y| x == y).filter(|run| run[0]);
    let longest = runs.map(<[bool]>::len).max().unwrap_or(0);
    Silence {
        share: silent as f64 / quiet.len().max(1) as f64,
        longest: longest as f64 * BLOCK as f64 / f64::from(RATE),
    }
}

#[cfg(test)]
mod tests {
    use super::super::signals::tone;
    use super::*;

    #[test]
    fn a_gap_is_measured() {
        let mut sound = tone(440.0, 5.0);
        sound[22_050..66_150].fill(0.0);
        assert_eq!(silence(&sound), Silence { share: 0.4, longest: 2.0 });
    }

    #[test]
    fn sound_is_not_silent() {
        assert_eq!(silence(&tone(440.0, 1.0)), Silence { share: 0.0, longest: 0.0 });
        assert_eq!(silence(&[]), Silence { share: 0.0, longest: 0.0 });
    }
}

use super::{Augmentation, SpectrogramMut, up_to};
use rand_chacha::ChaCha8Rng;

/// Masks whole bands and whole stretches of time (D. Park and others, "SpecAugment: a simple data
/// augmentation method for automatic speech recognition", Interspeech 2019), without the paper's time
/// warping, which it found to matter least: torchaudio's `FrequencyMasking` and `TimeMasking`.
///
/// What is masked has the spectrogram's mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpecAugment {
    /// How many masks of rows.
    pub frequency_masks: usize,
    /// Largest share of the rows that a mask has; each has between none and so many.
    pub frequency_share: f32,
    /// How many masks of columns.
    pub time_masks: usize,
    /// Largest share of the columns that a mask has.
    pub time_share: f32,
}

impl Default for SpecAugment {
    /// Our reading of the paper's policy LD, which has masks of up to 27 of 80 bands and of 100 steps of time in
    /// utterances of some 1000, for spectrograms of any size: two masks each of up to a third of the bands and of a
    /// tenth of the time.
    fn default() -> Self {
        Self { frequency_masks: 2, frequency_share: 1.0 / 3.0, time_masks: 2, time_share: 0.1 }
    }
}

impl Augmentation for SpecAugment {
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng) {
        let (rows, columns) = (spectrogram.rows, spectrogram.columns);
        let mean = spectrogram.values.iter().sum::<f32>() / spectrogram.values.len() as f32;
        for _ in 0..self.frequency_masks {
            let (start, width) = mask(self.frequency_share, rows, rng);
            spectrogram.values[start * columns..(start + width) * columns].fill(mean);
        }
        for _ in 0..self.time_masks {
            let (start, width) = mask(self.time_share, columns, rng);
            spectrogram.values.chunks_exact_mut(columns).for_each(|row| row[start..start + width].fill(mean));
        }
    }
}

/// First place and width of a mask among `count`.
fn mask(share: f32, count: usize, rng: &mut ChaCha8Rng) -> (usize, usize) {
    let most = (share * count as f32).round() as usize;
    let width = up_to(most.min(count), rng);
    (up_to(count - width, rng), width)
}

#[cfg(test)]
mod tests {
    use super::super::tests::draws;
    use super::*;

    #[test]
    fn masks_are_whole_rows_or_columns_of_the_mean() {
        let spectrogram: Vec<f32> = (0..60).map(|i| i as f32 * 2.0).collect();
        let mean = 59.0;
        let masked = |augmentation: SpecAugment, is_in: fn(usize) -> usize| {
            let mut widths = [0; 4];
            for drawn in draws(augmentation, (&spectrogram, 10), 200) {
                let mut lines: Vec<usize> =
                    (0..60).filter(|&i| drawn[i] != spectrogram[i]).map(is_in).collect();
                assert!(drawn.iter().zip(&spectrogram).all(|(new, old)| new == old || *new == mean));
                lines.dedup();
                lines.sort_unstable();
                lines.dedup();
                assert!(
                    lines.is_empty() || lines[lines.len() - 1] - lines[0] + 1 == lines.len(),
                    "{lines:?}"
                );
                widths[lines.len()] += 1;
                for i in (0..60).filter(|&i| lines.contains(&is_in(i))) {
                    assert_eq!(drawn[i], mean);
                }
            }
            assert!(widths.iter().all(|&times| times > 20), "{widths:?}");
        };
        let none = SpecAugment { frequency_masks: 0, frequency_share: 0.5, time_masks: 0, time_share: 0.3 };
        masked(SpecAugment { frequency_masks: 1, ..none }, |i| i / 10);
        masked(SpecAugment { time_masks: 1, ..none }, |i| i % 10);
        assert!(draws(none, (&spectrogram, 10), 5).iter().all(|drawn| *drawn == spectrogram));
        // A mask as large as the spectrogram, and larger ones.
        draws(
            SpecAugment { frequency_masks: 2, frequency_share: 1.0, time_masks: 2, time_share: 9.0 },
            (&spectrogram, 10),
            50,
        );
    }
}

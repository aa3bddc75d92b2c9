use super::{Augmentation, SpectrogramMut, up_to};
use rand_chacha::ChaCha8Rng;

/// Blanks whole bands and whole stretches of time (D. Park and others, "SpecAugment: a simple data
/// augmentation method for automatic speech recognition", Interspeech 2019), without the paper's time
/// warping, which it found to matter least.
///
/// Blank is the spectrogram's mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecAugment {
    /// How many blanks of rows.
    pub bands: usize,
    /// Most rows of a blank; each has between none and so many.
    pub band_width: usize,
    /// How many blanks of columns.
    pub stretches: usize,
    /// Most columns of a blank.
    pub stretch_width: usize,
}

impl Augmentation for SpecAugment {
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng) {
        let (rows, columns) = (spectrogram.rows, spectrogram.columns);
        let blank = spectrogram.values.iter().sum::<f32>() / spectrogram.values.len() as f32;
        for _ in 0..self.bands {
            let (start, width) = mask(self.band_width, rows, rng);
            spectrogram.values[start * columns..(start + width) * columns].fill(blank);
        }
        for _ in 0..self.stretches {
            let (start, width) = mask(self.stretch_width, columns, rng);
            spectrogram
                .values
                .chunks_exact_mut(columns)
                .for_each(|row| row[start..start + width].fill(blank));
        }
    }
}

/// First place and width of a blank among `count`.
fn mask(most: usize, count: usize, rng: &mut ChaCha8Rng) -> (usize, usize) {
    let width = up_to(most.min(count), rng);
    (up_to(count - width, rng), width)
}

#[cfg(test)]
mod tests {
    use super::super::tests::draws;
    use super::*;

    #[test]
    fn blanks_are_whole_rows_or_columns_of_the_mean() {
        let spectrogram: Vec<f32> = (0..60).map(|i| i as f32 * 2.0).collect();
        let mean = 59.0;
        let blanked = |augmentation: SpecAugment, is_in: fn(usize) -> usize| {
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
        let none = SpecAugment { bands: 0, band_width: 3, stretches: 0, stretch_width: 3 };
        blanked(SpecAugment { bands: 1, ..none }, |i| i / 10);
        blanked(SpecAugment { stretches: 1, ..none }, |i| i % 10);
        assert!(draws(none, (&spectrogram, 10), 5).iter().all(|drawn| *drawn == spectrogram));
        // A blank as large as the spectrogram, and larger ones.
        draws(
            SpecAugment { bands: 2, band_width: 100, stretches: 2, stretch_width: 100 },
            (&spectrogram, 10),
            50,
        );
    }
}

use super::{Augmentation, SpectrogramMut, evenly};
use rand_chacha::ChaCha8Rng;

/// Multiplies a spectrogram by a factor about its darkest value, as Keras's `brightness_range` does where that is
/// 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brightness {
    /// The factor is between 1 less and 1 more this.
    pub by: f32,
}

impl Augmentation for Brightness {
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng) {
        let factor = 1.0 + evenly(self.by, rng);
        let black = spectrogram.values.iter().copied().fold(f32::INFINITY, f32::min);
        spectrogram.values.iter_mut().for_each(|value| *value = black + (*value - black) * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::draws;
    use super::*;

    #[test]
    fn all_distances_from_black_change_by_one_factor() {
        let spectrogram = [-1.0, 0.0, 1.0, 3.0];
        let factors: Vec<f32> = draws(Brightness { by: 0.3 }, (&spectrogram, 2), 300)
            .iter()
            .map(|drawn| {
                let factor = drawn[1] + 1.0;
                assert!(
                    drawn
                        .iter()
                        .zip(&spectrogram)
                        .all(|(new, old)| (new - (factor * (old + 1.0) - 1.0)).abs() < 1e-5)
                );
                factor
            })
            .collect();
        let least = factors.iter().copied().fold(f32::INFINITY, f32::min);
        let most = factors.iter().copied().fold(0.0, f32::max);
        assert!((0.7..0.72).contains(&least) && (1.28..=1.3).contains(&most), "{least} to {most}");
    }
}

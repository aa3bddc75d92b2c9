use super::{Augmentation, SpectrogramMut};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Blurs a spectrogram by a Gaussian. Beyond its edges a spectrogram goes on as it is at the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blur {
    /// Largest standard deviation in pixels; each spectrogram has between none and this.
    pub deviation: f32,
}

impl Augmentation for Blur {
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng) {
        let kernel = gaussian(self.deviation * rng.r#gen::<f32>());
        let radius = kernel.len() as isize / 2;
        for (down, right) in [(1, 0), (0, 1)] {
            let sum = |at: usize| -> f32 {
                let (row, column) =
                    ((at / spectrogram.columns) as isize, (at % spectrogram.columns) as isize);
                let places =
                    (-radius..=radius).map(|by| spectrogram.nearest(row + by * down, column + by * right));
                places.zip(&kernel).map(|(value, weight)| value * weight).sum()
            };
            let blurred: Vec<f32> = (0..spectrogram.values.len()).map(sum).collect();
            spectrogram.values.copy_from_slice(&blurred);
        }
    }
}

/// Weights that add up to 1, out to three standard deviations.
fn gaussian(deviation: f32) -> Vec<f32> {
    let radius = (3.0 * deviation).ceil();
    if radius == 0.0 {
        return vec![1.0];
    }
    let weights: Vec<f32> =
        (-radius as i32..=radius as i32).map(|by| (-0.5 * (by as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::draws;
    use super::*;

    #[test]
    fn a_point_spreads_evenly_and_nothing_is_lost() {
        let mut point = vec![0.0; 31 * 31];
        point[15 * 31 + 15] = 1.0;
        let mut heights = Vec::new();
        for drawn in draws(Blur { deviation: 2.0 }, (&point, 31), 20) {
            assert!((drawn.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let at = |row: usize, column: usize| drawn[row * 31 + column];
            let (height, sides) = (at(15, 15), [at(14, 15), at(16, 15), at(15, 14), at(15, 16)]);
            assert!(sides.iter().all(|side| (side - sides[0]).abs() < 1e-7 && *side <= height));
            heights.push(height);
        }
        let (least, most) = heights.iter().fold((1.0_f32, 0.0_f32), |(l, m), &h| (l.min(h), m.max(h)));
        // The peak of a Gaussian of deviation 2 is 1 / (2 π 2²).
        assert!((0.039..0.06).contains(&least) && most > 0.3, "{least} to {most}");
    }

    #[test]
    fn what_is_even_stays_so() {
        for drawn in draws(Blur { deviation: 3.0 }, (&[2.5; 12], 4), 10) {
            assert!(drawn.iter().all(|value| (value - 2.5).abs() < 1e-5), "{drawn:?}");
        }
    }
}

//! What is done to training spectrograms before a network sees them, so that it never sees the same one twice.
//!
//! A spectrogram has shape `(channels, rows, columns)`: rows are frequencies and columns are time. All channels of a
//! picture are changed alike.

mod blur;
mod brightness;
mod mixup;
mod spec_augment;
mod warp;

pub use blur::Blur;
pub use brightness::Brightness;
pub use mixup::{Mix, Mixup};
pub use spec_augment::SpecAugment;
pub use warp::Warp;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::fmt::Debug;

/// A change of one spectrogram, drawn anew each time.
///
/// What [`Debug`] prints must tell apart any two that change spectrograms differently: a checkpoint is known by
/// it.
pub trait Augmentation: Debug + Send + Sync {
    /// Changes a channel of a spectrogram in place. For every channel, `rng` draws the same.
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng);
}

/// One channel of a spectrogram of a batch, row by row.
pub struct SpectrogramMut<'a> {
    /// Its values, `rows · columns`.
    pub values: &'a mut [f32],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
}

impl SpectrogramMut<'_> {
    /// The value at a place, or at the place on the edge that is nearest to it.
    fn nearest(&self, row: isize, column: isize) -> f32 {
        let clamp = |at: isize, count: usize| at.clamp(0, count as isize - 1) as usize;
        self.values[clamp(row, self.rows) * self.columns + clamp(column, self.columns)]
    }
}

/// Applies augmentations, in order, to every spectrogram of a batch. An example has `example` values, of which the first
/// are the spectrogram.
pub(crate) fn augment(
    values: &mut [f32],
    example: usize,
    [channels, rows, columns]: [usize; 3],
    augmentations: &[Box<dyn Augmentation>],
    rng: &mut ChaCha8Rng,
) {
    if augmentations.is_empty() {
        return;
    }
    for example in values.chunks_exact_mut(example.max(1)) {
        for augmentation in augmentations {
            let before = rng.clone();
            for values in example[..channels * rows * columns].chunks_exact_mut((rows * columns).max(1)) {
                rng.clone_from(&before);
                augmentation.apply(&mut SpectrogramMut { values, rows, columns }, rng);
            }
        }
    }
}

/// A number between `-bound` and `bound`.
fn evenly(bound: f32, rng: &mut ChaCha8Rng) -> f32 {
    bound * (2.0 * rng.r#gen::<f32>() - 1.0)
}

/// A whole number from 0 to `most`, both included.
fn up_to(most: usize, rng: &mut ChaCha8Rng) -> usize {
    // By hand because a library's may draw differently in its next version.
    (rng.r#gen::<f64>() * (most + 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;

    /// What augmentations make of the same spectrogram again and again.
    pub(super) fn draws(
        augmentation: impl Augmentation + 'static,
        (values, columns): (&[f32], usize),
        count: usize,
    ) -> Vec<Vec<f32>> {
        let mut batch = values.repeat(count);
        let shape = [1, values.len() / columns, columns];
        augment(
            &mut batch,
            values.len(),
            shape,
            &[Box::new(augmentation)],
            &mut random_stream(0, "augmentation"),
        );
        batch.chunks(values.len()).map(<[f32]>::to_vec).collect()
    }

    #[test]
    fn spectrograms_differ_and_repeat() {
        let spectrogram: Vec<f32> = (0..48).map(|i| (i * i % 17) as f32).collect();
        let warp = || Warp { shift: (0.2, 0.2), ..Warp::default() };
        let once = draws(warp(), (&spectrogram, 8), 3);
        assert_eq!(once, draws(warp(), (&spectrogram, 8), 3));
        assert!(once[0] != once[1] && once[1] != once[2]);
    }

    #[test]
    fn channels_are_changed_alike() {
        let channel: Vec<f32> = (0..48).map(|i| (i * i % 17) as f32).collect();
        let warp = Warp { shift: (0.2, 0.2), mirror: true, ..Warp::default() };
        let augmentations: [Box<dyn Augmentation>; 2] = [Box::new(warp), Box::new(Blur { deviation: 1.0 })];
        let mut batch = channel.repeat(3 * 4);
        augment(&mut batch, 3 * 48, [3, 6, 8], &augmentations, &mut random_stream(0, "augmentation"));
        let pictures: Vec<&[f32]> = batch.chunks(3 * 48).collect();
        assert!(
            pictures.iter().all(|picture| picture[..48] == picture[48..96] && picture[..48] == picture[96..])
        );
        assert!(pictures[0] != pictures[1] && pictures[0][..48] != channel);
        // Of one channel it is as ever.
        let mut grey = channel.repeat(4);
        augment(&mut grey, 48, [1, 6, 8], &augmentations, &mut random_stream(0, "augmentation"));
        assert!(grey.chunks(48).zip(&pictures).all(|(grey, picture)| *grey == picture[..48]));
    }

    #[test]
    fn numbers_up_to_a_bound_include_it() {
        let mut rng = random_stream(0, "test");
        let mut seen = [0; 4];
        (0..400).for_each(|_| seen[up_to(3, &mut rng)] += 1);
        assert!(seen.iter().all(|&times| times > 60), "{seen:?}");
    }
}

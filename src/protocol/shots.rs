//! Few-shot training parts: so many tracks of every class to learn from.

use super::Fold;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use genre_bench_api::partition::shuffle;
use genre_bench_api::random_stream;
use std::collections::BTreeMap;

/// Cuts every training part down to the examples of `shots` tracks of each class; validation and test parts stay. Tracks
/// are drawn for each fold by the seed, and nested: those of fewer shots are among those of more.
///
/// # Errors
///
/// A class with fewer tracks in a training part.
pub(super) fn cut_training(folds: &mut [Fold], dataset: &Dataset, shots: u32, seed: u64) -> Result<()> {
    let (catalogue, wanted) = (&dataset.catalogue, shots as usize);
    for fold in folds {
        let mut tracks: BTreeMap<usize, Vec<usize>> =
            (0..catalogue.classes.len()).map(|class| (class, Vec::new())).collect();
        for example in fold.train.iter().map(|&example| &catalogue.examples[example]) {
            tracks.entry(example.label).or_default().push(example.track);
        }
        let mut rng = random_stream(seed, &format!("shots/{}/{}", fold.repeat, fold.fold));
        let mut is_drawn = vec![false; catalogue.tracks.len()];
        for (class, mut of_class) in tracks {
            of_class.sort_unstable();
            of_class.dedup();
            if of_class.len() < wanted {
                return Err(Error::new(
                    format!("--shots {shots}"),
                    format!(
                        "class `{}` has {} tracks in the training part of {}",
                        catalogue.classes[class],
                        of_class.len(),
                        fold.name()
                    ),
                    "fewer shots, or larger training parts",
                ));
            }
            shuffle(&mut of_class, &mut rng);
            of_class.truncate(wanted);
            of_class.into_iter().for_each(|track| is_drawn[track] = true);
        }
        fold.train.retain(|&example| is_drawn[catalogue.examples[example].track]);
    }
    Ok(())
}

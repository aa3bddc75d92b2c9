//! How an epoch is cut into batches.

use super::augment::{Mix, augment};
use super::{Recipe, Samples};
use candle_core::{DType, Device, Result, Tensor};
use genre_bench_api::partition::shuffle;
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// What a network learns from in one step.
pub(crate) struct Batch {
    /// Which of the examples they are.
    pub rows: Vec<usize>,
    /// Their values, on the device.
    pub inputs: Result<Tensor>,
    /// How they were blended with each other, if they were.
    pub mix: Option<Mix>,
}

impl Batch {
    /// Gathers and augments examples, and sends them to the device.
    pub fn new(
        rows: Vec<usize>,
        samples: &Samples,
        recipe: &Recipe,
        (device, dtype): (&Device, DType),
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut values = samples.gather(rows.iter().copied());
        if let [_, height, width] = *samples.shape() {
            augment(&mut values, (height, width), &recipe.augment, rng);
        }
        let mix = recipe.mixup.map(|mixup| mixup.draw(rows.len(), rng));
        if let Some(mix) = &mix {
            mix.blend(&mut values, samples.shape().iter().product());
        }
        Self { rows, inputs: samples.tensor(values, device, dtype), mix }
    }
}

/// The rows of every batch of an epoch, in random order.
///
/// The last batch has what is left, as in PyTorch and Keras. A single example that would be left alone joins
/// the batch before it: batch normalisation has no variance of one.
pub(crate) fn shuffled(examples: usize, batch: usize, rng: &mut impl RngCore) -> Vec<Vec<usize>> {
    let mut rows: Vec<usize> = (0..examples).collect();
    shuffle(&mut rows, rng);
    let mut batches: Vec<Vec<usize>> = rows.chunks(batch).map(<[usize]>::to_vec).collect();
    if batch > 1 && batches.len() > 1 && batches.last().is_some_and(|last| last.len() == 1) {
        let alone = batches.pop().unwrap_or_default();
        batches.last_mut().into_iter().for_each(|before| before.extend(&alone));
    }
    batches
}

/// How many batches an epoch has.
pub(crate) fn count(examples: usize, batch: usize) -> usize {
    let joined = batch > 1 && examples > batch && examples % batch == 1;
    examples.div_ceil(batch) - usize::from(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;

    #[test]
    fn every_example_is_in_one_batch_and_none_is_alone() {
        for (examples, batch) in [(1, 4), (4, 4), (5, 4), (6, 4), (9, 4), (3, 1), (97, 32), (0, 4)] {
            let batches = shuffled(examples, batch, &mut random_stream(3, "epoch 1"));
            assert_eq!(batches.len(), count(examples, batch), "{examples} by {batch}");
            let mut rows = batches.concat();
            rows.sort_unstable();
            assert_eq!(rows, (0..examples).collect::<Vec<_>>());
            let least = if examples == 1 || batch == 1 { 1 } else { 2 };
            assert!(batches.iter().all(|rows| rows.len() >= least), "{batches:?}");
        }
    }

    #[test]
    fn epochs_differ_and_repeat() {
        let order = |name| shuffled(50, 50, &mut random_stream(3, name)).concat();
        assert_eq!(order("epoch 1"), order("epoch 1"));
        assert_ne!(order("epoch 1"), order("epoch 2"));
    }
}

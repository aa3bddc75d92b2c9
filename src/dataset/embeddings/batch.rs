//! Windows that go through an encoder together.

use genre_bench_api::{Error, LoadedEncoder, Observer};
use ndarray::{Array2, ArrayD, ArrayViewD, Axis, concatenate};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Windows that an encoder is given at once.
pub(super) const BATCH: usize = 16;

/// What an encoder says to some windows.
pub(super) type Answer = genre_bench_api::Result<Array2<f32>>;

/// Asks an encoder, and holds it to its contract.
pub(super) fn ask(
    loaded: &dyn LoadedEncoder,
    windows: &[ArrayViewD<f32>],
    observer: &dyn Observer,
) -> Answer {
    let windows = concatenate(Axis(0), windows).map_err(Error::failed)?;
    let count = windows.len_of(Axis(0));
    let embed = || loaded.embed(&windows, observer);
    let answer =
        catch_unwind(AssertUnwindSafe(embed)).unwrap_or_else(|panic| Err(Error::failed(said(&*panic))))?;
    match answer.nrows() == count && answer.ncols() > 0 {
        true => Ok(answer),
        false => {
            Err(Error::failed(format!("the embeddings of {count} windows have the shape {:?}", answer.dim())))
        }
    }
}

/// What a panic said.
pub(super) fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
    format!("it panicked: {text}")
}

/// Windows with the number of their example.
pub(super) type Batch<'w> = Vec<(usize, ArrayViewD<'w, f32>)>;

/// All windows of examples, which come with the number of their group, in batches of one group and shape.
pub(super) fn batches<'w>(examples: &[(usize, &'w ArrayD<f32>)]) -> Vec<Batch<'w>> {
    let (mut batches, mut last): (Vec<Batch>, usize) = (Vec::new(), 0);
    for (example, (group, windows)) in examples.iter().enumerate() {
        for window in windows.axis_chunks_iter(Axis(0), 1) {
            let fits = |batch: &Batch| batch.len() < BATCH && batch[0].1.shape() == window.shape();
            match batches.last_mut() {
                Some(batch) if last == *group && fits(batch) => batch.push((example, window)),
                _ => batches.push(vec![(example, window)]),
            }
            last = *group;
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::IxDyn;

    #[test]
    fn batches_are_of_one_group_and_shape() {
        let of = |windows: usize, width: usize| ArrayD::zeros(IxDyn(&[windows, width]));
        let (a, b, c, d) = (of(3, 5), of(20, 5), of(1, 6), of(1, 6));
        let batches = batches(&[(0, &a), (0, &b), (0, &c), (1, &d)]);
        let sizes: Vec<(usize, usize)> =
            batches.iter().map(|batch| (batch.len(), batch[0].1.len())).collect();
        assert_eq!(sizes, [(16, 5), (7, 5), (1, 6), (1, 6)]);
        assert_eq!(batches[0][3].0, 1);
    }
}

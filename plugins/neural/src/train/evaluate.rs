//! Scores of examples, and what they are worth.

use super::{Labelled, Samples};
use crate::failure::failed;
use crate::layers::{Context, Layer};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::{Error, Quality, Result};
use ndarray::{Array2, ArrayView1};

/// Examples that are scored at once, at most.
const BATCH: usize = 32;
/// Numbers that are given to the network at once, unless a single example has more: what its layers make of them is
/// many times as much, and spectrograms of 30 s are large.
const NUMBERS: usize = 1 << 21;

/// How many examples are scored at once.
///
/// Always that many: the last batch is filled up, because a matrix product of another size may add in another
/// order, and the score of an example must not depend on how many others there are.
fn batch_of(samples: &Samples) -> usize {
    let example = samples.shape().iter().product::<usize>().max(1);
    (NUMBERS / example).clamp(1, BATCH)
}

/// Scores of examples before the softmax, shape `(examples, classes)`; `(0, 0)` without
/// examples.
///
/// `check` is asked before every operation and ends the scoring with its error.
///
/// # Errors
///
/// Samples of a shape that the network does not take, a device that fails, or what `check` says.
pub fn logits(
    network: &dyn Layer,
    samples: &Samples,
    place: (&Device, DType),
    check: impl Fn() -> Result<()> + Sync,
) -> Result<Array2<f32>> {
    let mut rows = Vec::new();
    outputs(network, samples, place, check, |scores| {
        rows.extend(scores.to_vec2::<f32>()?);
        Ok(true)
    })?;
    let classes = rows.first().map_or(0, Vec::len);
    Array2::from_shape_vec((rows.len(), classes), rows.concat()).map_err(Error::failed)
}

/// Gives what a network makes of samples to `take`, batch after batch, as long as that says.
pub(super) fn outputs(
    network: &dyn Layer,
    samples: &Samples,
    (device, dtype): (&Device, DType),
    check: impl Fn() -> Result<()> + Sync,
    mut take: impl FnMut(Tensor) -> candle_core::Result<bool>,
) -> Result<()> {
    let size = batch_of(samples);
    let stopped = || check().is_err();
    let made = |start: usize| -> candle_core::Result<Tensor> {
        let rows = (start..start + size).map(|row| row.min(samples.len() - 1));
        let batch = samples.tensor(samples.gather(rows), device, dtype)?;
        let made = network.forward(&batch, &Context::evaluation().until(&stopped))?.to_dtype(DType::F32)?;
        made.narrow(0, 0, size.min(samples.len() - start))
    };
    for start in (0..samples.len()).step_by(size) {
        check()?;
        let made = made(start);
        // What a stop breaks off is no failure.
        check()?;
        if !made.and_then(&mut take).map_err(failed)? {
            break;
        }
    }
    Ok(())
}

/// Replaces every row of logits by its softmax.
pub fn probabilities(mut logits: Array2<f32>) -> Array2<f32> {
    for mut row in logits.rows_mut() {
        let log_sum = log_sum_exp(row.view());
        row.mapv_inplace(|logit| (f64::from(logit) - log_sum).exp() as f32);
    }
    logits
}

fn log_sum_exp(row: ArrayView1<f32>) -> f64 {
    let most = f64::from(row.fold(f32::NEG_INFINITY, |most, &logit| most.max(logit)));
    most + row.iter().map(|&logit| (f64::from(logit) - most).exp()).sum::<f64>().ln()
}

/// Index of the highest score, the first of several.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let better = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
    (0..row.len()).fold(0, better)
}

/// How well the logits of some examples, shape `(examples, classes)`, at least one, fit their labels.
///
/// # Panics
///
/// A label is no class.
pub fn quality_of(logits: &Array2<f32>, labels: &[usize]) -> Quality {
    let (count, classes) = logits.dim();
    let (mut correct, mut of_label, mut predicted_as) =
        (vec![0; classes], vec![0; classes], vec![0; classes]);
    let mut loss = 0.0;
    for (row, &label) in logits.rows().into_iter().zip(labels) {
        loss += log_sum_exp(row) - f64::from(row[label]);
        let predicted = argmax(&row.to_vec());
        of_label[label] += 1;
        predicted_as[predicted] += 1;
        correct[label] += usize::from(predicted == label);
    }
    let f1: Vec<f64> = (0..classes)
        .filter(|&class| of_label[class] + predicted_as[class] > 0)
        .map(|class| 2.0 * correct[class] as f64 / (of_label[class] + predicted_as[class]) as f64)
        .collect();
    Quality {
        loss: loss / count as f64,
        accuracy: correct.iter().sum::<usize>() as f64 / count as f64,
        macro_f1: f1.iter().sum::<f64>() / f1.len() as f64,
    }
}

/// How good a network is on labelled examples, of which there is at least one.
pub(crate) fn quality(
    network: &dyn Layer,
    part: Labelled,
    place: (&Device, DType),
    check: impl Fn() -> Result<()> + Sync,
) -> Result<Quality> {
    let logits = logits(network, part.samples, place, check)?;
    match part.labels.iter().find(|&&label| label >= logits.ncols()) {
        Some(label) => {
            Err(Error::failed(format!("label {label} where there are {} classes", logits.ncols())))
        }
        None => Ok(quality_of(&logits, part.labels)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn large_examples_are_scored_a_few_at_once() -> candle_core::Result<()> {
        for (shape, expected) in [([1, 128, 130], 32), ([1, 192, 2584], 4), ([1, 2048, 2048], 1)] {
            assert_eq!(batch_of(&Samples::new(Vec::new(), 0, &shape)?), expected, "{shape:?}");
        }
        Ok(())
    }

    #[test]
    fn quality_is_scikit_learns() {
        // accuracy_score, f1_score(average="macro") and log_loss of [0, 0, 1, 2] and the softmax of these.
        let logits =
            array![[2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
        let quality = quality_of(&logits, &[0, 0, 1, 2]);
        assert_eq!(quality.accuracy, 0.75);
        assert!((quality.macro_f1 - (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 3.0).abs() < 1e-12);
        let ln = |own: f64| (own.exp() + 3.0).ln();
        let loss = (ln(2.0) - 2.0 + ln(1.0) + ln(3.0) - 3.0 + ln(1.0) - 1.0) / 4.0;
        assert!((quality.loss - loss).abs() < 1e-12);
    }

    #[test]
    fn probabilities_add_up_however_large_the_logits() {
        let rows = probabilities(array![[1000.0, 1000.0], [-1e30, 0.0], [0.0, 1.0]]);
        assert!(rows.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-6), "{rows}");
        assert_eq!(rows[[0, 0]], 0.5);
    }
}

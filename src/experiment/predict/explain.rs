//! What spoke for an answer: permutation of columns, and occlusion of regions of a spectrogram.
//!
//! L. Breiman, "Random forests", Machine Learning 45, 2001, shuffles a column over all examples to see what it is worth; here a
//! recording's values are replaced by those of training examples, so that what is measured is one answer. M. Zeiler and
//! R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, cover parts of a picture. Both measure by how much
//! the probability of the answer falls.

use super::Predictor;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::features::groups::group_of;
use crate::report::explanation::{Explanation, Regions};
use crate::score::{as_probabilities, labels_of, mean_probabilities};
use genre_bench_api::{Inputs, Silent, Spectrograms};
use ndarray::{Array2, Array3, Array4, Axis};

/// Segments of a recording that are looked at, at most, evenly over it.
const SEGMENTS: usize = 16;
/// Training examples whose values replace a recording's.
const STRANGERS: usize = 16;
/// Parts that a spectrogram is divided into each way.
const BANDS: usize = 8;
const TIMES: usize = 8;

/// See [`Predictor::explain`].
pub(super) fn explain(
    predictor: &Predictor,
    dataset: &Dataset,
    inputs: &Inputs,
    progress: &dyn Fn(usize, usize),
) -> Result<Explanation> {
    let step = inputs.len().div_ceil(SEGMENTS).max(1);
    let segments: Vec<usize> = (0..inputs.len()).step_by(step).collect();
    let inputs = inputs.select(&segments);
    let scores = predictor.scores(&inputs, &Silent)?;
    let places: Vec<usize> = (0..segments.len()).collect();
    let mean = mean_probabilities(&scores, &places);
    let class = labels_of(mean.view().insert_axis(Axis(0)))[0];
    let ask = Question { predictor, before: as_probabilities(&scores).column(class).mapv(f64::from), class };
    let columns = &predictor.saved.about.columns;
    let mut names: Vec<&str> = columns.iter().map(|column| group_of(column)).collect();
    names.sort_unstable();
    names.dedup();
    let has_spectrograms = !inputs.spectrograms.is_empty();
    let all = names.len() + columns.len() + if has_spectrograms { BANDS * TIMES } else { 0 };
    let mut done = 0;
    let mut tell = || {
        done += 1;
        progress(done, all);
    };
    let (mut groups, mut falls) = (Vec::new(), Vec::new());
    for name in names {
        let members: Vec<usize> = (0..columns.len()).filter(|&at| group_of(&columns[at]) == name).collect();
        groups.push((name.to_owned(), ask.without_columns(&inputs, &members)?));
        tell();
    }
    for (at, name) in columns.iter().enumerate() {
        falls.push((name.clone(), ask.without_columns(&inputs, &[at])?));
        tell();
    }
    let largest_first = |a: &(String, f64), b: &(String, f64)| b.1.total_cmp(&a.1);
    groups.sort_by(largest_first);
    falls.sort_by(largest_first);
    let regions = has_spectrograms
        .then(|| {
            let seconds: Vec<(f64, f64)> = segments.iter().map(|&s| dataset.seconds_of(s)).collect();
            ask.regions(&inputs, &seconds, &mut tell)
        })
        .transpose()?;
    Ok(Explanation { class, probability: mean[class].into(), groups, columns: falls, regions })
}

/// An answer, to be asked for again with something changed.
struct Question<'a, 'r> {
    predictor: &'a Predictor<'r>,
    /// Probability of the class, segment by segment.
    before: ndarray::Array1<f64>,
    class: usize,
}

impl Question<'_, '_> {
    /// By how much each segment's probability of the class falls.
    fn falls(&self, changed: &Inputs) -> Result<Vec<f64>> {
        let after = as_probabilities(&self.predictor.scores(changed, &Silent)?);
        let after = after.column(self.class);
        let before = self.before.iter().cycle();
        Ok(before.zip(after).map(|(before, after)| before - f64::from(*after)).collect())
    }

    /// With some columns of strangers, mean over strangers and segments.
    fn without_columns(&self, inputs: &Inputs, columns: &[usize]) -> Result<f64> {
        let sample = &self.predictor.saved.novelty.sample;
        let step = sample.nrows().div_ceil(STRANGERS).max(1);
        let segments = inputs.len();
        let strangers: Vec<usize> = (0..sample.nrows()).step_by(step).collect();
        let places: Vec<usize> = (0..strangers.len() * segments).map(|at| at % segments).collect();
        let mut changed = inputs.select(&places);
        for (at, mut row) in changed.table.rows_mut().into_iter().enumerate() {
            columns.iter().for_each(|&column| row[column] = sample[(strangers[at / segments], column)]);
        }
        let falls = self.falls(&changed)?;
        Ok(falls.iter().sum::<f64>() / falls.len().max(1) as f64)
    }

    /// With each region of the spectrograms at its mean.
    fn regions(&self, inputs: &Inputs, seconds: &[(f64, f64)], tell: &mut dyn FnMut()) -> Result<Regions> {
        let (rows, columns) = inputs.spectrograms.shape();
        let parts = |length: usize, count: usize| -> Vec<(usize, usize)> {
            let count = count.min(length).max(1);
            (0..count).map(|part| (part * length / count, (part + 1) * length / count)).collect()
        };
        let (mut bands, times) = (parts(rows, BANDS), parts(columns, TIMES));
        // Pictures have their lowest row last.
        let is_picture = inputs.spectrograms.channels() > 1;
        if is_picture {
            bands.reverse();
        }
        let mut falls = Array2::zeros((bands.len(), times.len() * inputs.len()));
        for (band, &of_rows) in bands.iter().enumerate() {
            for (time, &of_columns) in times.iter().enumerate() {
                let spectrograms = covered(&inputs.spectrograms, of_rows, of_columns);
                let of_segments = self.falls(&Inputs { spectrograms, ..inputs.clone() })?;
                for (segment, fall) in of_segments.into_iter().enumerate() {
                    falls[(band, segment * times.len() + time)] = fall;
                }
                tell();
            }
        }
        let at =
            |(start, end): (f64, f64), column: usize| start + (end - start) * column as f64 / columns as f64;
        let each = seconds
            .iter()
            .flat_map(|&segment| times.iter().map(move |&(from, to)| (at(segment, from), at(segment, to))));
        let mut spectrogram = beside(&inputs.spectrograms);
        if is_picture {
            bands.iter_mut().for_each(|(first, last)| (*first, *last) = (rows - *last, rows - *first));
            spectrogram.invert_axis(Axis(0));
        }
        Ok(Regions { times: each.collect(), rows: bands, spectrogram, falls })
    }
}

/// Spectrograms with a region at the mean: 0 of standardised ones, of pictures that of each channel.
fn covered(spectrograms: &Spectrograms, rows: (usize, usize), columns: (usize, usize)) -> Spectrograms {
    let ((height, width), channels) = (spectrograms.shape(), spectrograms.channels());
    let mut values = Vec::new();
    for place in 0..spectrograms.len() {
        let start = values.len();
        spectrograms.append_to(&mut values, place);
        for channel in values[start..].chunks_exact_mut((height * width).max(1)) {
            let mean = match channels {
                1 => 0.0,
                _ => channel.iter().sum::<f32>() / (height * width) as f32,
            };
            for row in channel.chunks_exact_mut(width).take(rows.1).skip(rows.0) {
                row[columns.0..columns.1].fill(mean);
            }
        }
    }
    let count = spectrograms.len();
    let levels = || values.iter().map(|value| (255.0 * value).round() as u8).collect();
    let rebuilt = match channels {
        1 => Array3::from_shape_vec((count, height, width), values).map(Spectrograms::new),
        _ => Array4::from_shape_vec((count, channels, height, width), levels()).map(Spectrograms::colour),
    };
    // As many numbers as there were.
    rebuilt.unwrap_or_default()
}

/// Spectrograms one after the other in time; of pictures the first channel.
fn beside(spectrograms: &Spectrograms) -> Array2<f32> {
    let (height, width) = spectrograms.shape();
    let mut values = Vec::new();
    let one = |place: usize| {
        values.clear();
        spectrograms.append_to(&mut values, place);
        Array2::from_shape_fn((height, width), |(row, column)| values[row * width + column])
    };
    let each: Vec<Array2<f32>> = (0..spectrograms.len()).map(one).collect();
    let views: Vec<_> = each.iter().map(Array2::view).collect();
    ndarray::concatenate(Axis(1), &views).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use ndarray::array;

    #[test]
    fn a_region_is_covered_by_the_mean_and_the_rest_stays() {
        let grey = Spectrograms::new(array![[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]);
        let covered_grey = covered(&grey, (1, 2), (0, 1));
        assert_eq!(beside(&covered_grey), array![[1.0, 2.0, 5.0, 6.0], [0.0, 4.0, 0.0, 8.0]]);
        let colour =
            Spectrograms::colour(Array4::from_shape_fn((1, 3, 2, 2), |(_, channel, row, column)| {
                (10 * channel + 2 * row + column) as u8
            }));
        let mut values = Vec::new();
        covered(&colour, (0, 1), (0, 2)).append_to(&mut values, 0);
        let levels: Vec<u8> = values.iter().map(|value| (255.0 * value).round() as u8).collect();
        assert_eq!(levels, [2, 2, 2, 3, 12, 12, 12, 13, 22, 22, 22, 23]);
    }
}

//! What is unlike everything that a model was fitted to.
//!
//! A classifier answers with one of its classes whatever it is asked. Two numbers say when not to believe it: how far a
//! recording is from the nearest training example (A. Zimek, E. Schubert and H.-P. Kriegel, "A survey on unsupervised outlier
//! detection in high-dimensional numerical data", 2012, section 2: nearest-neighbour distance), and the entropy of its
//! probabilities (D. Hendrycks and K. Gimpel, "A baseline for detecting misclassified and out-of-distribution examples", ICLR 2017,
//! with the entropy in the place of the largest probability).

use crate::score::{mean_probabilities, positions_by_track, quantile};
use genre_bench_api::{Error, Examples, Inputs, State};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, CowArray, Ix2};
use serde::{Deserialize, Serialize};

/// Rows of a sample, and numbers in it, at most.
const ROWS: usize = 2048;
const NUMBERS: usize = 1 << 22;
/// The share of known tracks that are below both thresholds together, at least.
const KNOWN: f64 = 0.95;
/// Examples that are nearer to each other than a hundredth of a standard deviation are the same.
const SAME: f64 = 0.01;

/// Training examples to hold others against.
#[derive(Debug, Clone, PartialEq)]
pub struct Novelty {
    /// What models read of them, standardised, shape `(rows, numbers)`: the table or, where a model reads none, mean and
    /// deviation of every row of the spectrogram.
    pub sample: Array2<f32>,
    /// From where on a track is unknown.
    pub thresholds: NoveltyThresholds,
}

/// From where on a track is unlike what a model was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoveltyThresholds {
    /// Root mean square difference to the nearest training example, in standard deviations, mean over segments.
    pub distance: f64,
    /// Entropy of the mean probabilities in bits; none if no part of the data was held out from the fit.
    pub entropy: Option<f64>,
}

/// What is measured of a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackNovelty {
    /// As [`NoveltyThresholds::distance`] has it.
    pub distance: f64,
    /// As [`NoveltyThresholds::entropy`] has it.
    pub entropy: f64,
    /// Whether one of them is above its threshold.
    pub is_unknown: bool,
}

impl Novelty {
    /// Measures the training part and, for thresholds that the model cannot flatter, the validation part with its scores.
    /// Without one, the distance of each track is that to the examples of other groups. A model that does not read the table is not
    /// judged by it.
    pub(super) fn fit(
        train: &Examples,
        valid: &Examples,
        reads_table: bool,
        on_valid: Option<&Array2<f32>>,
    ) -> Self {
        let all = vectors(&train.inputs, reads_table);
        let most = ROWS.min(NUMBERS / all.ncols().max(1)).max(1);
        let kept: Vec<usize> = (0..all.nrows()).step_by(all.nrows().div_ceil(most).max(1)).collect();
        let sample = all.select(Axis(0), &kept);
        let held_out = on_valid.filter(|_| !valid.labels.is_empty());
        let distances = match held_out {
            Some(_) => means(
                &valid.tracks,
                &nearest(vectors(&valid.inputs, reads_table).view(), sample.view(), |_, _| true),
            ),
            None => {
                let of = |row: usize| (train.groups[kept[row]], train.tracks[kept[row]]);
                // Where segments are drawn apart, a track's own are no stranger's all the same.
                let apart = |a, b| of(a).0 != of(b).0 && of(a).1 != of(b).1;
                let tracks: Vec<usize> = kept.iter().map(|&row| train.tracks[row]).collect();
                means(&tracks, &nearest(sample.view(), sample.view(), apart))
            }
        };
        let entropies = held_out.map(|scores| {
            let of_tracks = positions_by_track(&valid.tracks).into_values();
            of_tracks.map(|places| entropy(mean_probabilities(scores, &places).view())).collect()
        });
        // Two thresholds err twice as often as one.
        let share = if held_out.is_some() { f64::midpoint(KNOWN, 1.0) } else { KNOWN };
        let threshold = |mut values: Vec<f64>| {
            values.retain(|value| value.is_finite());
            values.sort_by(f64::total_cmp);
            // With nothing to compare with, nothing is unknown.
            if values.is_empty() { f64::from(f32::MAX) } else { quantile(&values, share) }
        };
        let thresholds =
            NoveltyThresholds { distance: threshold(distances), entropy: entropies.map(threshold) };
        Self { sample, thresholds }
    }

    /// Of each example, standardised as the sample is, the distance to the nearest training example.
    pub fn distances(&self, inputs: &Inputs) -> Vec<f64> {
        let reads_table = inputs.table.ncols() > 0;
        nearest(vectors(inputs, reads_table).view(), self.sample.view(), |_, _| true)
    }

    /// Whether an example so far away is a training example, or as good as that.
    pub fn is_same(distance: f64) -> bool {
        distance < SAME
    }

    /// A track by the distances of its examples, and the probabilities that the model gives it.
    pub fn of_track(
        &self,
        distances: impl ExactSizeIterator<Item = f64>,
        probabilities: ArrayView1<f32>,
    ) -> TrackNovelty {
        let count = distances.len().max(1) as f64;
        let distance = distances.sum::<f64>() / count;
        let entropy = entropy(probabilities);
        let NoveltyThresholds { distance: far, entropy: unsure } = self.thresholds;
        let is_unknown = distance > far || unsure.is_some_and(|unsure| entropy > unsure);
        TrackNovelty { distance, entropy, is_unknown }
    }

    /// Its numbers, for [`Novelty::load`]. The thresholds are not among them.
    pub(super) fn save(&self) -> State {
        State::default().with("sample", self.sample.clone())
    }

    /// What [`Novelty::save`] gave.
    ///
    /// # Errors
    ///
    /// Numbers that are missing, too many, or not finite.
    pub(super) fn load(mut state: State, thresholds: NoveltyThresholds) -> genre_bench_api::Result<Self> {
        let sample = state.take_any("sample")?;
        state.end()?;
        let sample: Array2<f32> =
            sample.into_dimensionality().map_err(|_| Error::failed("a sample is a table"))?;
        if sample.is_empty() || sample.nrows() > ROWS {
            return Err(Error::failed(format!("a sample has 1 to {ROWS} rows")));
        }
        Ok(Self { sample, thresholds })
    }
}

/// What of each example is compared: the table or, where it is not read, mean and deviation of every row of its spectrogram.
fn vectors(inputs: &Inputs, reads_table: bool) -> CowArray<'_, f32, Ix2> {
    if reads_table || inputs.spectrograms.is_empty() {
        return inputs.table.view().into();
    }
    let (rows, columns) = inputs.spectrograms.shape();
    let rows = rows * inputs.spectrograms.channels();
    let mut vectors = Array2::zeros((inputs.len(), 2 * rows));
    let mut values = Vec::new();
    for (place, mut vector) in vectors.rows_mut().into_iter().enumerate() {
        values.clear();
        inputs.spectrograms.append_to(&mut values, place);
        for (row, of_row) in values.chunks_exact(columns.max(1)).enumerate() {
            let of_row = ArrayView1::from(of_row);
            vector[row] = of_row.mean().unwrap_or(0.0);
            vector[rows + row] = of_row.std(0.0);
        }
    }
    vectors.into()
}

/// For each row the root mean square difference to the nearest of `others`, among those that it may be compared with; infinite
/// if there is none.
fn nearest(rows: ArrayView2<f32>, others: ArrayView2<f32>, may: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    // In single precision little would be left of the difference of squares of those that are near.
    let (rows, others) = (rows.mapv(f64::from), others.mapv(f64::from));
    let squares =
        |table: &Array2<f64>| -> Array1<f64> { table.rows().into_iter().map(|row| row.dot(&row)).collect() };
    let (own, of_others) = (squares(&rows), squares(&others));
    let products = rows.dot(&others.t());
    let numbers = rows.ncols().max(1) as f64;
    let row = |(row, products): (usize, ArrayView1<f64>)| {
        let allowed = products.iter().enumerate().filter(|(other, _)| may(row, *other));
        let squared = allowed.map(|(other, product)| own[row] + of_others[other] - 2.0 * product);
        (squared.fold(f64::INFINITY, f64::min).max(0.0) / numbers).sqrt()
    };
    products.rows().into_iter().enumerate().map(row).collect()
}

/// The mean over each track's examples.
fn means(tracks: &[usize], values: &[f64]) -> Vec<f64> {
    let mean =
        |places: Vec<usize>| places.iter().map(|&place| values[place]).sum::<f64>() / places.len() as f64;
    positions_by_track(tracks).into_values().map(mean).collect()
}

/// In bits.
fn entropy(probabilities: ArrayView1<f32>) -> f64 {
    let bits = |p: &f32| if *p > 0.0 { -f64::from(*p) * f64::from(*p).log2() } else { 0.0 };
    probabilities.iter().map(bits).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::Spectrograms;
    use ndarray::{Array3, array};

    /// Tracks of two segments on a line, each near its neighbours.
    fn examples(tracks: usize) -> Examples {
        let table =
            Array2::from_shape_fn((2 * tracks, 1), |(row, _)| (row / 2) as f32 + 0.25 * (row % 2) as f32);
        let of_row: Vec<usize> = (0..2 * tracks).map(|row| row / 2).collect();
        Examples {
            inputs: Inputs { table, ..Inputs::default() },
            labels: of_row.iter().map(|track| track % 2).collect(),
            groups: (0..2 * tracks).collect(),
            tracks: of_row,
            classes: vec!["a".to_owned(), "b".to_owned()].into(),
        }
    }

    #[test]
    fn a_track_is_unknown_that_is_farther_from_others_than_they_are_from_each_other() {
        let novelty = Novelty::fit(&examples(40), &Examples::default(), true, None);
        // 0.75 to the next track, 0.875 of the first and the last, and the share lies a twentieth of the way between these.
        assert!((novelty.thresholds.distance - 0.75 - 0.05 * 0.125).abs() < 1e-6, "{novelty:?}");
        assert_eq!(novelty.thresholds.entropy, None);
        let asked = |value: f32| {
            let inputs = Inputs { table: array![[value], [value]], ..Inputs::default() };
            novelty.of_track(novelty.distances(&inputs).into_iter(), array![0.5, 0.5].view())
        };
        assert!(!asked(10.1).is_unknown && !asked(39.5).is_unknown);
        let far = asked(42.25);
        assert!(far.is_unknown && (far.distance - 3.0).abs() < 1e-5 && (far.entropy - 1.0).abs() < 1e-9);
        let inputs = Inputs { table: array![[7.25], [7.3]], ..Inputs::default() };
        let same: Vec<bool> = novelty.distances(&inputs).into_iter().map(Novelty::is_same).collect();
        assert_eq!(same, [true, false]);
        let again = Novelty::load(novelty.save(), novelty.thresholds).unwrap();
        assert_eq!(again, novelty);
        assert!(
            Novelty::load(State::default().with("sample", Array1::<f32>::zeros(3)), novelty.thresholds)
                .is_err()
        );
    }

    #[test]
    fn unsure_answers_are_unknown_where_a_part_was_held_out() {
        let valid = examples(40);
        // Sure of all tracks, but the last.
        let scores = Array2::from_shape_fn(
            (80, 2),
            |(row, class)| if class == 0 { 0.9 } else { 0.1 + row as f32 * 1e-9 },
        );
        let novelty = Novelty::fit(&examples(40), &valid, true, Some(&scores));
        let Some(entropy) = novelty.thresholds.entropy else { panic!("{novelty:?}") };
        assert!((entropy - 0.469).abs() < 1e-3, "{entropy}");
        let near = novelty.distances(&valid.inputs.select(&[0, 1]));
        let asked = |p: f32| novelty.of_track(near.iter().copied(), array![p, 1.0 - p].view()).is_unknown;
        assert!(asked(0.5) && asked(0.85) && !asked(0.95));
    }

    #[test]
    fn spectrograms_are_compared_by_mean_and_deviation_of_their_rows() {
        let spectrograms = Spectrograms::new(Array3::from_shape_fn((2, 2, 4), |(s, row, column)| {
            (10 * s + row) as f32 + if column % 2 == 0 { 1.0 } else { -1.0 }
        }));
        let inputs = Inputs { table: Array2::zeros((2, 0)), spectrograms, ..Inputs::default() };
        assert_eq!(vectors(&inputs, false), array![[0.0, 1.0, 1.0, 1.0], [10.0, 11.0, 1.0, 1.0]]);
    }
}

use crate::dataset::Dataset;
use crate::score::{are_probabilities, by_track as voted, labels_of, positions_by_track};
use genre_bench_api::Calibration;
use ndarray::{Array2, ArrayView1, Axis};

/// What a model says of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The class with the highest mean score over the segments, as the `mean` of a leaderboard has it.
    pub class: usize,
    /// Of each class, adding up to 1.
    pub probabilities: Vec<f32>,
    /// What it says of each part, in order.
    pub segments: Vec<PredictedSegment>,
}

/// What a model says of a part of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedSegment {
    /// Where it starts, in seconds.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The class with the highest score.
    pub class: usize,
    /// The scores behind it, calibrated if the model is: what the harness would store.
    pub scores: Vec<f32>,
    /// Of each class, adding up to 1.
    pub probabilities: Vec<f32>,
}

/// What scores of all examples, shape `(examples, classes)`, come to, track by track.
///
/// Scores that are no probabilities, such as an SVM's decision values, become such by soft-max: in the right order, but no
/// better than that.
pub(super) fn by_track(dataset: &Dataset, scores: &Array2<f32>) -> Vec<(usize, Predicted)> {
    let tracks: Vec<usize> = dataset.catalogue.examples.iter().map(|example| example.track).collect();
    // Those that are probabilities stay so, to the last bit.
    let convert = |scores: &Array2<f32>| match are_probabilities(scores.view()) {
        true => scores.clone(),
        false => Calibration::none(scores).apply(scores),
    };
    let (labels, probabilities) = (labels_of(scores.view()), convert(scores));
    let decided = voted(&tracks, &vec![0; tracks.len()], scores.view());
    let row = |row: ArrayView1<f32>| row.to_vec();
    positions_by_track(&tracks)
        .into_iter()
        .zip(decided.by_mean)
        .map(|((track, examples), class)| {
            let mean = scores.select(Axis(0), &examples).mapv(f64::from).mean_axis(Axis(0));
            let mean = mean.unwrap_or_default().mapv(|score| score as f32).insert_axis(Axis(0));
            let segment = |&example: &usize| {
                let (start, end) = dataset.seconds_of(example);
                let (own, probabilities) = (scores.row(example), probabilities.row(example));
                PredictedSegment {
                    start,
                    end,
                    class: labels[example],
                    scores: row(own),
                    probabilities: row(probabilities),
                }
            };
            let segments = examples.iter().map(segment).collect();
            let probabilities = row(convert(&mean).row(0));
            (track, Predicted { class, probabilities, segments })
        })
        .collect()
}

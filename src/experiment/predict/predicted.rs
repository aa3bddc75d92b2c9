use crate::dataset::Dataset;
use crate::run::saved::{Novelty, TrackNovelty};
use crate::score::{as_probabilities, by_track as voted, labels_of, mean_probabilities, positions_by_track};
use genre_bench_api::Inputs;
use ndarray::Array2;

/// What a model says of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The class with the highest mean score over the segments, as the `mean` of a leaderboard has it.
    pub class: usize,
    /// Of each class, adding up to 1.
    pub probabilities: Vec<f32>,
    /// How unlike the training data it is.
    pub novelty: TrackNovelty,
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
pub(super) fn by_track(
    dataset: &Dataset,
    inputs: &Inputs,
    scores: &Array2<f32>,
    novelty: &Novelty,
) -> Vec<(usize, Predicted)> {
    let tracks: Vec<usize> = dataset.catalogue.examples.iter().map(|example| example.track).collect();
    let (labels, probabilities) = (labels_of(scores.view()), as_probabilities(scores));
    let distances = novelty.distances(inputs);
    let decided = voted(&tracks, &vec![0; tracks.len()], scores.view());
    positions_by_track(&tracks)
        .into_iter()
        .zip(decided.by_mean)
        .map(|((track, examples), class)| {
            let segment = |&example: &usize| {
                let (start, end) = dataset.seconds_of(example);
                PredictedSegment {
                    start,
                    end,
                    class: labels[example],
                    scores: scores.row(example).to_vec(),
                    probabilities: probabilities.row(example).to_vec(),
                }
            };
            let mean = mean_probabilities(scores, &examples);
            let predicted = Predicted {
                class,
                novelty: novelty.of_track(examples.iter().map(|&example| distances[example]), mean.view()),
                probabilities: mean.to_vec(),
                segments: examples.iter().map(segment).collect(),
            };
            (track, predicted)
        })
        .collect()
}

//! What spoke for an answer, in numbers.

use ndarray::Array2;

/// What spoke for the answer on a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The answer: the class with the highest mean score over the segments that were looked at.
    pub class: usize,
    /// Its mean probability.
    pub probability: f64,
    /// By how much that falls where the values of all columns of a group are those of training examples, the largest first.
    pub groups: Vec<(String, f64)>,
    /// The same of each column.
    pub columns: Vec<(String, f64)>,
    /// By how much it falls where a region of the spectrogram is covered; none where the model reads no spectrograms.
    pub regions: Option<Regions>,
}

/// The regions of a recording's spectrogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Fall of the probability, shape `(bands, times)`, the lowest band first: in units of the segment's own answer.
    pub falls: Array2<f64>,
    /// Where each of the times starts and ends, in seconds.
    pub times: Vec<(f64, f64)>,
    /// First and last row of the spectrogram of each band, from 0 for the lowest; the last is not part of it.
    pub rows: Vec<(usize, usize)>,
    /// What was looked at, as the model reads it, shape `(rows, columns)`, the lowest row first.
    pub spectrogram: Array2<f32>,
}

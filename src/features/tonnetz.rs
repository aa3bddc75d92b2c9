//! Tonnetz: pitch classes laid out by fifths and thirds.

use super::chroma::CLASSES;
use ndarray::{Array2, ArrayView2, Axis};
use std::f64::consts::PI;

/// Turns of each circle, in half circles a semitone, and its radius: fifths, minor thirds, major thirds.
const CIRCLES: [(f64, f64); 3] = [(7.0 / 6.0, 1.0), (3.0 / 2.0, 1.0), (2.0 / 3.0, 0.5)];

/// Tonal centroids, shape `(frames, 6)`, of a chromagram of shape `(frames, 12)`.
///
/// The classes of a frame, scaled to add up to 1, are weights on three circles; the columns are the
/// sine and cosine of their centre of gravity on the circles of fifths, minor thirds and major thirds.
///
/// Reference: C. Harte, M. Sandler and M. Gasser, *Detecting harmonic change in musical audio*, AMCMM
/// (2006); `librosa.feature.tonnetz` of a given chromagram.
pub fn tonnetz(chroma: ArrayView2<f32>) -> Array2<f32> {
    let mut out = Array2::zeros((chroma.nrows(), 2 * CIRCLES.len()));
    for (row, mut to) in chroma.axis_iter(Axis(0)).zip(out.axis_iter_mut(Axis(0))) {
        let sum: f64 = row.iter().map(|&x| f64::from(x.abs())).sum();
        let sum = if sum < f64::from(f32::MIN_POSITIVE) { 1.0 } else { sum };
        for (circle, (turns, radius)) in CIRCLES.into_iter().enumerate() {
            let step = 12.0 / CLASSES as f64;
            let (mut sine, mut cosine) = (0.0, 0.0);
            for (class, &weight) in row.iter().enumerate() {
                let (s, c) = (PI * turns * step * class as f64).sin_cos();
                sine += f64::from(weight) / sum * s;
                cosine += f64::from(weight) / sum * c;
            }
            to[2 * circle] = (radius * sine) as f32;
            to[2 * circle + 1] = (radius * cosine) as f32;
        }
    }
    out
}

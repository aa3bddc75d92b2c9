//! Onset strength: how much louder each frame is than the one before.

use super::tuning::median;
use ndarray::{ArrayView2, Axis};

/// How the rises of the bands of a frame are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// Their mean: librosa's default.
    #[default]
    Mean,
    /// Their median, which librosa's beat tracker takes: a new note shows when most bands rise.
    Median,
}

/// Frames by which the strength comes after the rise: one because a rise needs a frame before it, and
/// two because a centred frame of 2048 samples begins two hops of 512 before its time.
pub const LAG: usize = 3;

/// Rise from `before` to `now`, band by band, put together. `scratch` is any vector.
#[inline(always)]
pub(crate) fn of_frame(before: &[f32], now: &[f32], aggregate: Aggregate, scratch: &mut Vec<f32>) -> f32 {
    let rises = now.iter().zip(before).map(|(b, a)| (b - a).max(0.0));
    match aggregate {
        Aggregate::Mean => rises.sum::<f32>() / now.len() as f32,
        Aggregate::Median => {
            scratch.clear();
            scratch.extend(rises);
            median(scratch).unwrap_or(0.0)
        }
    }
}

/// Onset strength of each frame of a log-mel spectrogram in dB, shape `(frames, bands)`: the rises of
/// its bands since the frame before, without the falls, [`LAG`] frames late.
///
/// Reference: S. Böck and G. Widmer, *Maximum filter vibrato suppression for onset detection*, DAFx
/// (2013); `librosa.onset.onset_strength` with its defaults for 2048 and 512 samples.
pub fn onset_strength(log_mel: ArrayView2<f32>, aggregate: Aggregate) -> Vec<f32> {
    let frames = log_mel.nrows();
    let mut out = vec![0.0; frames];
    let mut scratch = Vec::new();
    for (t, pair) in log_mel.axis_windows(Axis(0), 2).into_iter().enumerate() {
        if let Some(to) = out.get_mut(t + LAG) {
            *to = of_frame(&pair.row(0).to_vec(), &pair.row(1).to_vec(), aggregate, &mut scratch);
        }
    }
    out
}

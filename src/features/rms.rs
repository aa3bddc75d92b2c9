//! Root mean square: the loudness of a frame.

use super::FeatureError;
use super::pad::Pad;
use crate::util::simd;

/// Root mean square of one frame.
#[inline(always)]
pub(crate) fn of_frame(samples: &[f32]) -> f32 {
    (simd::dot(samples, samples) / samples.len() as f32).sqrt()
}

/// Root mean square of `frame` samples (librosa's default is 2048) around every `hop`-th (512),
/// `1 + length / hop` values.
///
/// Reference: `librosa.feature.rms` of a signal.
///
/// # Errors
///
/// [`FeatureError`] where `frame` or `hop` is 0, or `frame` is odd.
pub fn rms(samples: &[f32], frame: usize, hop: usize, pad: Pad) -> Result<Vec<f32>, FeatureError> {
    FeatureError::unless(
        frame > 0 && frame.is_multiple_of(2),
        "frame",
        format!("{frame}: must be even, above 0"),
    )?;
    FeatureError::unless(hop > 0, "hop", "0: must be above 0")?;
    let mut padded = Vec::new();
    pad.apply(samples, frame / 2, &mut padded);
    Ok((0..=samples.len() / hop).map(|t| of_frame(&padded[t * hop..][..frame])).collect())
}

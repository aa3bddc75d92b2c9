//! Zero-crossing rate: how often the sign changes.

use super::FeatureError;
use crate::util::simd;

/// Values this near to zero count as positive.
const THRESHOLD: f32 = 1e-10;

/// Part of the `frame` samples (librosa's default is 2048) around every `hop`-th (512) at which the
/// sign differs from that of the sample before, `1 + length / hop` values.
///
/// Zero counts as positive. Beyond the ends of the recording the end samples repeat, and the first
/// sample of a frame has none before it.
///
/// Reference: `librosa.feature.zero_crossing_rate`.
///
/// # Errors
///
/// [`FeatureError`] where `frame` or `hop` is 0, or `frame` is odd.
pub fn zero_crossing_rate(samples: &[f32], frame: usize, hop: usize) -> Result<Vec<f64>, FeatureError> {
    FeatureError::unless(
        frame > 0 && frame.is_multiple_of(2),
        "frame",
        format!("{frame}: must be even, above 0"),
    )?;
    FeatureError::unless(hop > 0, "hop", "0: must be above 0")?;
    let rate = |t: usize| {
        let (first, end) = ((t * hop).saturating_sub(frame / 2), t * hop + frame / 2);
        let inside = samples.get(first..end.min(samples.len())).unwrap_or_default();
        f64::from(changes(inside)) / frame as f64
    };
    Ok((0..=samples.len() / hop).map(rate).collect())
}

/// Places at which the sign differs from that of the sample before.
fn changes(samples: &[f32]) -> u32 {
    let negative = |x: f32| x < -THRESHOLD;
    simd::wide(
        #[inline(always)]
        || {
            samples
                .iter()
                .zip(samples.iter().skip(1))
                .map(|(&a, &b)| u32::from(negative(a) != negative(b)))
                .sum()
        },
    )
}

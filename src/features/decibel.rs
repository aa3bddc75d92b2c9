//! Powers as decibels.

/// Powers below this count as this: −100 dB. librosa's `amin`.
pub const FLOOR: f32 = 1e-10;

/// Replaces each power by `10·log₁₀(power)`, with [`FLOOR`] below and everything more than `range`
/// dB under the loudest raised to there (librosa's `top_db`, by default 80).
///
/// Reference: `librosa.power_to_db` with `ref=1.0`.
pub fn power_to_db(values: &mut [f32], range: Option<f32>) {
    let mut loudest = f32::NEG_INFINITY;
    for value in values.iter_mut() {
        *value = 10.0 * value.max(FLOOR).log10();
        loudest = loudest.max(*value);
    }
    if let Some(range) = range {
        let floor = loudest - range;
        values.iter_mut().for_each(|value| *value = value.max(floor));
    }
}

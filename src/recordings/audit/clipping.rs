//! Clipping: a waveform cut off at the top.

/// Equal samples in a row at the recording's own peak that count as cut off. A sine's top has one or two.
const RUN: usize = 3;
/// A quieter recording is not looked at: there a few equal samples are rounding.
const AUDIBLE: f32 = 0.1;

/// Share of samples that stand in runs of equal samples at the recording's highest or lowest value.
///
/// The peak is the recording's own and not full scale, so clipping is found after a change of level too; it is
/// not found after resampling or a lossy codec, which round the edges.
pub fn clipped_share(samples: &[f32]) -> f64 {
    let (low, high) = samples.iter().fold((0f32, 0f32), |(low, high), &x| (low.min(x), high.max(x)));
    let at_peak = |x: f32| (x == high && high >= AUDIBLE) || (x == low && low <= -AUDIBLE);
    let runs = samples.chunk_by(|x, y| x == y).filter(|run| run.len() >= RUN && at_peak(run[0]));
    runs.map(<[f32]>::len).sum::<usize>() as f64 / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::signals::{scaled, tone};
    use super::*;

    #[test]
    fn a_cut_off_sine_is_clipped_at_any_level() {
        let clipped: Vec<f32> = tone(440.0, 2.0).iter().map(|x| (2.0 * x).clamp(-0.8, 0.8)).collect();
        // sin⁻¹(0.8) = 53°: over two thirds of each half wave, 37° of 90°, lie above.
        assert!((0.3..0.5).contains(&clipped_share(&clipped)), "{}", clipped_share(&clipped));
        assert_eq!(clipped_share(&clipped), clipped_share(&scaled(&clipped, 0.25)));
    }

    #[test]
    fn a_whole_sine_and_silence_are_not() {
        let rounded: Vec<f32> = tone(440.0, 2.0).iter().map(|x| (x * 32_768.0).round() / 32_768.0).collect();
        assert_eq!(clipped_share(&rounded), 0.0);
        assert_eq!(clipped_share(&[0.0; 100]), 0.0);
        assert_eq!(clipped_share(&[]), 0.0);
    }
}

//! Faster or slower at the same pitch, higher or lower at the same tempo.

use super::DeformError;
use crate::audio::RATE;
use crate::audio::resample::resampled;
use timestretch::{Backend, Parameters, PitchRatio, RatioConstraint, SessionConfig, TempoRate, render};

/// A rate that the stretcher works at without changing it.
const NATIVE_RATE: u32 = 44_100;

/// Samples so many times faster and so many semitones higher: there are fewer of them where they are faster, and more where they
/// are slower.
///
/// By a phase vocoder that keeps the peaks of a spectrum and the beginnings of notes together. Memory is that of some ten times
/// the samples.
pub(super) fn stretched(samples: &[f32], tempo: f64, semitones: f64) -> Result<Vec<f32>, DeformError> {
    let parameters = Parameters {
        tempo: TempoRate::new(tempo)?,
        pitch: PitchRatio::from_semitones(semitones)?,
        // Its steps are whole samples. So either times drift by 2 in 1000, or pitch is off by at most 3 cents, which nobody hears.
        constraint: RatioConstraint::PreserveDuration,
    };
    let config = SessionConfig {
        source_sample_rate: NATIVE_RATE,
        output_sample_rate: NATIVE_RATE,
        channels: 1,
        // The same numbers on every system.
        backend: Backend::Portable,
        parameters,
        ..SessionConfig::default()
    };
    let stretched = render(&resampled(samples, RATE, NATIVE_RATE), config)?;
    Ok(resampled(&stretched.samples, NATIVE_RATE, RATE))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::super::Deformation::{Pitch, Tempo};
    use super::super::tests::{bands, decibels, numbers, tone, tune};
    use super::*;
    use serde_json::Value;

    /// Hz, from where a sine crosses zero upwards.
    fn frequency(samples: &[f32]) -> f64 {
        let crossings: Vec<f64> = samples
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
            .map(|(i, pair)| i as f64 + f64::from(-pair[0] / (pair[1] - pair[0])))
            .collect();
        let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
        (crossings.len() - 1) as f64 / (last - first) * f64::from(RATE)
    }

    #[test]
    fn a_tone_is_as_high_as_it_says_and_as_loud_as_it_was() {
        let middle = RATE as usize / 2..3 * RATE as usize / 2;
        for hertz in [110.0, 440.0, 3000.0] {
            let tone = tone(hertz);
            for (deformation, semitones) in [-2.0, -1.0, 1.0, 2.0]
                .map(|semitones| (Pitch(semitones), semitones))
                .into_iter()
                .chain([-10.0, -5.0, 5.0, 10.0].map(|percent| (Tempo(percent), 0.0)))
            {
                let deformed = &deformation.apply(&tone, 0).unwrap()[middle.clone()];
                let off = 1200.0 * (frequency(deformed) / hertz).log2() - 100.0 * semitones;
                assert!(off.abs() < 4.0, "{deformation} of {hertz} Hz: {off} cents off");
                let louder = decibels(deformed, &tone[middle.clone()]);
                assert!(louder.abs() < 0.2, "{deformation} of {hertz} Hz: {louder} dB");
            }
        }
    }

    #[test]
    fn clicks_are_when_they_should_be() {
        let mut clicks = vec![0.0_f32; 8 * RATE as usize];
        let times: Vec<usize> = (1..16).map(|half| half * RATE as usize / 2).collect();
        times.iter().for_each(|time| clicks[*time] = 0.9);
        for (deformation, tempo) in [
            (Pitch(-2.0), 1.0),
            (Pitch(1.0), 1.0),
            (Tempo(-10.0), 0.9),
            (Tempo(-5.0), 0.95),
            (Tempo(5.0), 1.05),
            (Tempo(10.0), 1.1),
        ] {
            let deformed = deformation.apply(&clicks, 0).unwrap();
            for time in times
                .iter()
                .map(|time| (*time as f64 / tempo) as usize)
                .filter(|time| time + 2000 < clicks.len())
            {
                let near = &deformed[time - 2000..time + 2000];
                let power = |i: usize| f64::from(near[i]).powi(2);
                let whole: f64 = (0..4000).map(power).sum();
                let center = (0..4000).map(|i| i as f64 * power(i)).sum::<f64>() / whole;
                let off = 1000.0 * (center - 2000.0) / f64::from(RATE);
                assert!(off.abs() < 1.0, "{deformation} at {time}: {off} ms off");
                // Neither lost nor doubled.
                assert!((10.0 * (whole / 0.81).log10()).abs() < 2.9, "{deformation} at {time}: {whole}");
            }
        }
    }

    #[test]
    fn a_faster_one_begins_again_and_a_slower_one_is_cut() {
        let tune = tune();
        let faster = stretched(&tune, 1.1, 0.0).unwrap();
        let kept = Tempo(10.0).apply(&tune, 0).unwrap();
        assert!(faster.len().abs_diff((tune.len() as f64 / 1.1) as usize) < 3, "{}", faster.len());
        assert!(kept == [&faster[..], &faster[..tune.len() - faster.len()]].concat());
        let slower = stretched(&tune, 0.9, 0.0).unwrap();
        assert!(slower.len().abs_diff((tune.len() as f64 / 0.9) as usize) < 3, "{}", slower.len());
        assert!(Tempo(-10.0).apply(&tune, 0).unwrap() == slower[..tune.len()]);
    }

    /// What sox makes of the same tune (tests/fixtures/sox/make_sox.sh). Its times are off by some
    /// milliseconds, and it may swallow some of a drum: so levels of quarters of a second of the tune are compared, and of bands
    /// in which there is something to hear.
    #[test]
    fn levels_are_those_of_sox() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/sox/stretched.json")).unwrap();
        let tune = tune();
        for (name, tempo, semitones) in [
            ("pitch -200", 1.0, -2.0),
            ("pitch -100", 1.0, -1.0),
            ("pitch 100", 1.0, 1.0),
            ("pitch 200", 1.0, 2.0),
            ("tempo 0.9", 0.9, 0.0),
            ("tempo 0.95", 0.95, 0.0),
            ("tempo 1.05", 1.05, 0.0),
            ("tempo 1.1", 1.1, 0.0),
        ] {
            let own = stretched(&tune, tempo, semitones).unwrap();
            let quarter = (f64::from(RATE) / 4.0 / tempo).round() as usize;
            let quarters = own[quarter / 2..].chunks_exact(quarter).map(|part| decibels(part, &[1.0]));
            let theirs = numbers(&fixture[name]["quarters"]);
            assert_eq!((quarters.len(), theirs.len()), (15, 15), "{name}");
            for (number, (own, theirs)) in quarters.zip(theirs).enumerate() {
                assert!((own - theirs).abs() < 2.0, "{name}, quarter {number}: {own} dB instead of {theirs}");
            }
            let theirs = numbers(&fixture[name]["bands"]);
            for (band, (own, theirs)) in bands(&own).into_iter().zip(theirs).enumerate() {
                assert!(
                    theirs < -50.0 || (own - theirs).abs() < 1.5,
                    "{name}, band {band}: {own} dB instead of {theirs}"
                );
            }
        }
    }
}

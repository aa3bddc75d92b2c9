#![allow(clippy::unwrap_used, reason = "test code")]
use super::*;
use realfft::RealFftPlanner;
use std::f64::consts::TAU;

/// Two seconds of a sine.
pub(super) fn tone(hertz: f64) -> Vec<f32> {
    let phase = |i: usize| TAU * hertz * i as f64 / f64::from(RATE);
    (0..2 * RATE as usize).map(|i| (0.5 * phase(i).sin()) as f32).collect()
}

/// Four seconds of notes and drums, those of tests/fixtures/tune.py.
pub(super) fn tune() -> Vec<f32> {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state) / f64::from(1_u32 << 31) - 1.0
    };
    let mut sample = |note: f64, i: u32| {
        let t = f64::from(i) / f64::from(RATE);
        let tones: f64 = (1..9).map(f64::from).map(|k| (TAU * k * note * t).sin() / k).sum();
        let noise = noise();
        (0.15 * tones * (-4.0 * t).exp() + 0.2 * noise * (-30.0 * t).exp() + 0.002 * noise) as f32
    };
    let notes = [220.0, 330.0, 277.2, 440.0, 196.0, 293.7, 587.3, 246.9];
    notes
        .into_iter()
        .flat_map(|note| (0..RATE / 2).map(move |i| (note, i)))
        .map(|(note, i)| sample(note, i))
        .collect()
}

/// Decibels of bands a third of an octave wide from 100 Hz on, as tests/fixtures/tune.py has them.
pub(super) fn bands(samples: &[f32]) -> Vec<f64> {
    let mut input: Vec<f64> = samples.iter().map(|x| f64::from(*x)).collect();
    let plan = RealFftPlanner::new().plan_fft_forward(samples.len());
    let mut bins = plan.make_output_vec();
    plan.process(&mut input, &mut bins).unwrap();
    let power_from = |low: f64, high: f64| -> f64 {
        let hertz = |bin: usize| bin as f64 * f64::from(RATE) / samples.len() as f64;
        let within = bins.iter().enumerate().filter(|(bin, _)| (low..high).contains(&hertz(*bin)));
        within.map(|(_, x)| x.norm_sqr()).sum::<f64>() / (samples.len() as f64).powi(2)
    };
    let edge = |third: i32| 100.0 * 2.0_f64.powf(f64::from(third) / 3.0);
    (0..20).map(|third| 10.0 * power_from(edge(third), edge(third + 1)).log10()).collect()
}

/// The numbers of a fixture.
pub(super) fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

pub(super) fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64
}

pub(super) fn decibels(of: &[f32], to: &[f32]) -> f64 {
    10.0 * (power(of) / power(to)).log10()
}

#[test]
fn every_deformation_keeps_the_length_of_whatever_it_is_given() {
    let samples = tone(440.0);
    for deformation in Deformation::ALL {
        let apply = |samples: &[f32]| deformation.apply(samples, 3).unwrap();
        let deformed = apply(&samples);
        assert_eq!(deformed.len(), samples.len(), "{deformation}");
        assert!(deformed.iter().all(|x| x.is_finite()), "{deformation}");
        assert_eq!(deformed, apply(&samples), "{deformation}");
        // None, one, fewer than a frame of any codec; silent, and far louder than full scale.
        for odd in [vec![], vec![0.5], vec![0.1; 100], vec![0.0; 3000], [1e9, -1e9, 3.0].repeat(1000)] {
            let deformed = apply(&odd);
            assert_eq!(deformed.len(), odd.len(), "{deformation}");
            assert!(deformed.iter().all(|x| x.is_finite()), "{deformation}");
        }
    }
}

#[test]
fn noise_is_as_loud_as_it_says() {
    let samples = tone(440.0);
    for ratio in [30.0, 10.0, 0.0] {
        for deformation in [Deformation::WhiteNoise(ratio), Deformation::PinkNoise(ratio)] {
            let noisy = deformation.apply(&samples, 1).unwrap();
            let noise: Vec<f32> = noisy.iter().zip(&samples).map(|(a, b)| a - b).collect();
            assert!((decibels(&samples, &noise) - ratio).abs() < 0.01, "{deformation}");
            assert_ne!(noisy, deformation.apply(&samples, 2).unwrap());
        }
    }
}

#[test]
fn levels_times_and_rates_are_what_they_say() {
    let samples = tone(440.0);
    assert!((decibels(&Deformation::Gain(-6.0).apply(&samples, 0).unwrap(), &samples) + 6.0).abs() < 1e-3);
    let clipped = Deformation::Clipping(5.0).apply(&samples, 0).unwrap();
    let level = clipped.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let at_it = clipped.iter().filter(|x| x.abs() == level).count() as f64 / clipped.len() as f64;
    assert!((at_it - 0.05).abs() < 0.002, "{at_it}");
    let later = Deformation::Offset(0.5).apply(&samples, 0).unwrap();
    assert_eq!(later[..100], samples[11_025..11_125]);
    assert_eq!(later[later.len() - 11_025..], samples[..11_025]);
    let behind = Deformation::Silence(1.0).apply(&samples, 0).unwrap();
    assert_eq!((power(&behind[..22_050]), &behind[22_050..]), (0.0, &samples[..22_050]));
    // Of a rate of 8 kHz nothing above 4 kHz is left.
    let rate = Deformation::Rate(8_000);
    assert!(decibels(&rate.apply(&samples, 0).unwrap(), &samples).abs() < 0.1);
    assert!(decibels(&rate.apply(&tone(5_000.0), 0).unwrap(), &samples) < -40.0);
}

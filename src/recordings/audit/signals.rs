//! Sounds the tests of this folder are made of, the same on every run.

use crate::audio::RATE;
use std::f64::consts::TAU;

/// A generator of numbers in 0..1.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn samples(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// White noise of unit power.
pub fn noise(seed: u64, seconds: f64) -> Vec<f32> {
    let mut random = random(seed);
    (0..samples(seconds)).map(|_| ((random() - 0.5) * 12f64.sqrt()) as f32).collect()
}

/// A sine of amplitude 0.5.
pub fn tone(hz: f64, seconds: f64) -> Vec<f32> {
    (0..samples(seconds)).map(|i| (0.5 * (TAU * hz * i as f64 / f64::from(RATE)).sin()) as f32).collect()
}

/// Plucked chords of four notes with harmonics, a new one every 0.2 to 0.6 s.
pub fn chords(seed: u64, seconds: f64) -> Vec<f32> {
    let mut random = random(seed);
    let mut music = vec![0f32; samples(seconds)];
    let mut start = 0;
    while start < music.len() {
        for _ in 0..4 {
            let hz = 110.0 * 2f64.powf((random() * 36.0).floor() / 12.0);
            let phase = random();
            for (i, sample) in music[start..].iter_mut().take(samples(2.0)).enumerate() {
                let t = i as f64 / f64::from(RATE);
                let wave: f64 =
                    (1..=5).map(|h| (TAU * (phase + f64::from(h) * hz * t)).sin() / f64::from(h)).sum();
                *sample += (0.05 * wave * (-6.0 * t).exp()) as f32;
            }
        }
        start += samples(0.2 + 0.4 * random());
    }
    music
}

/// The same at another level.
pub fn scaled(samples: &[f32], gain: f32) -> Vec<f32> {
    samples.iter().map(|x| x * gain).collect()
}

//! What happens to recordings on their way to a listener: noise, loudness, filters, other rates, other starts.
//!
//! All work on samples of one channel at [`RATE`] and keep their number, so that the segments of a track stay its segments.

mod filter;
mod noise;

use super::RATE;
use super::resample::Resampler;
use filter::{Biquad, reverberated};
use noise::{pink, white};
use std::fmt;
use std::str::FromStr;

/// One way to deform a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Deformation {
    /// White noise, so many decibels below the recording.
    WhiteNoise(f64),
    /// Noise whose power falls by 3 decibels an octave, likewise.
    PinkNoise(f64),
    /// So many decibels louder.
    Gain(f64),
    /// Cut off at a level that so many percent of the samples are above.
    Clipping(f64),
    /// Without what is above so many Hz, 12 decibels an octave.
    LowPass(f64),
    /// Without what is below.
    HighPass(f64),
    /// From 300 to 3400 Hz, as on a telephone.
    Telephone,
    /// Resampled to so many Hz and back.
    Rate(u32),
    /// Begun so many seconds later; what comes before stands at the end.
    Offset(f64),
    /// In a room whose sound falls by 60 decibels in so many seconds.
    Reverb(f64),
    /// Upside down.
    Inverted,
    /// Behind so many seconds of silence; as much is missing at the end.
    Silence(f64),
}

impl Deformation {
    /// Those that `bench robust` tries when nobody names any.
    pub const ALL: [Self; 22] = [
        Self::WhiteNoise(30.0),
        Self::WhiteNoise(20.0),
        Self::WhiteNoise(10.0),
        Self::WhiteNoise(0.0),
        Self::PinkNoise(30.0),
        Self::PinkNoise(20.0),
        Self::PinkNoise(10.0),
        Self::PinkNoise(0.0),
        Self::Gain(6.0),
        Self::Gain(-6.0),
        Self::Clipping(5.0),
        Self::LowPass(4000.0),
        Self::HighPass(300.0),
        Self::Telephone,
        Self::Rate(16_000),
        Self::Rate(8_000),
        Self::Offset(0.5),
        Self::Offset(1.0),
        Self::Offset(5.0),
        Self::Reverb(0.8),
        Self::Inverted,
        Self::Silence(1.0),
    ];

    /// The recording deformed. Noise is drawn by the seed.
    pub fn apply(self, samples: &[f32], seed: u64) -> Vec<f32> {
        let decibels = |decibels: f64| 10.0_f64.powf(decibels / 20.0);
        let mut out = samples.to_vec();
        match self {
            Self::WhiteNoise(ratio) => add(&mut out, &white(samples.len(), seed), ratio),
            Self::PinkNoise(ratio) => add(&mut out, &pink(samples.len(), seed), ratio),
            Self::Gain(gain) => out.iter_mut().for_each(|x| *x *= decibels(gain) as f32),
            Self::Clipping(percent) => {
                let level = level_above(samples, percent);
                out.iter_mut().for_each(|x| *x = x.clamp(-level, level));
            }
            Self::LowPass(hertz) => Biquad::low_pass(hertz).filter(&mut out),
            Self::HighPass(hertz) => Biquad::high_pass(hertz).filter(&mut out),
            Self::Telephone => {
                Biquad::high_pass(300.0).filter(&mut out);
                Biquad::low_pass(3400.0).filter(&mut out);
            }
            Self::Rate(rate) => {
                out = resampled(&resampled(samples, RATE, rate), rate, RATE);
                out.resize(samples.len(), 0.0);
            }
            Self::Offset(seconds) => out.rotate_left(count(seconds).min(samples.len())),
            Self::Reverb(seconds) => out = reverberated(samples, seconds, seed),
            Self::Inverted => out.iter_mut().for_each(|x| *x = -*x),
            Self::Silence(seconds) => {
                let silent = count(seconds).min(samples.len());
                out.rotate_right(silent);
                out[..silent].fill(0.0);
            }
        }
        out
    }
}

fn count(seconds: f64) -> usize {
    (seconds * f64::from(RATE)).round() as usize
}

/// Adds noise whose power is so many decibels below that of the samples.
fn add(samples: &mut [f32], noise: &[f64], ratio: f64) {
    let own: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    let of_noise: f64 = noise.iter().map(|x| x.powi(2)).sum();
    if of_noise > 0.0 {
        let factor = (own / of_noise).sqrt() * 10.0_f64.powf(-ratio / 20.0);
        samples.iter_mut().zip(noise).for_each(|(x, noise)| *x += (factor * noise) as f32);
    }
}

/// The magnitude that so many percent of the samples are above.
fn level_above(samples: &[f32], percent: f64) -> f32 {
    let mut magnitudes: Vec<f32> = samples.iter().map(|x| x.abs()).collect();
    magnitudes.sort_by(f32::total_cmp);
    let place = (magnitudes.len() as f64 * (1.0 - percent / 100.0)) as usize;
    magnitudes.get(place.min(magnitudes.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

fn resampled(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let (mut resampler, mut out) = (Resampler::new(from, to), Vec::new());
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    out
}

/// `white-noise:10`, as [`Deformation::from_str`] reads it.
impl fmt::Display for Deformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WhiteNoise(ratio) => write!(f, "white-noise:{ratio}"),
            Self::PinkNoise(ratio) => write!(f, "pink-noise:{ratio}"),
            Self::Gain(gain) => write!(f, "gain:{gain}"),
            Self::Clipping(percent) => write!(f, "clipping:{percent}"),
            Self::LowPass(hertz) => write!(f, "low-pass:{hertz}"),
            Self::HighPass(hertz) => write!(f, "high-pass:{hertz}"),
            Self::Telephone => f.write_str("telephone"),
            Self::Rate(rate) => write!(f, "rate:{rate}"),
            Self::Offset(seconds) => write!(f, "offset:{seconds}"),
            Self::Reverb(seconds) => write!(f, "reverb:{seconds}"),
            Self::Inverted => f.write_str("inverted"),
            Self::Silence(seconds) => write!(f, "silence:{seconds}"),
        }
    }
}

impl FromStr for Deformation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let number = |low: f64, high: f64| {
            let number = value.parse().ok().filter(|number: &f64| (low..=high).contains(number));
            number.ok_or_else(|| format!("`{name}` wants a number from {low} to {high}, as in {name}:{high}"))
        };
        let half = f64::from(RATE) / 2.0;
        Ok(match name {
            "white-noise" => Self::WhiteNoise(number(-40.0, 120.0)?),
            "pink-noise" => Self::PinkNoise(number(-40.0, 120.0)?),
            "gain" => Self::Gain(number(-120.0, 60.0)?),
            "clipping" => Self::Clipping(number(0.0, 99.0)?),
            "low-pass" => Self::LowPass(number(10.0, half - 1.0)?),
            "high-pass" => Self::HighPass(number(10.0, half - 1.0)?),
            "rate" => Self::Rate(number(1000.0, 192_000.0)? as u32),
            "offset" => Self::Offset(number(0.0, 3600.0)?),
            "reverb" => Self::Reverb(number(0.05, 10.0)?),
            "silence" => Self::Silence(number(0.0, 3600.0)?),
            "telephone" if value.is_empty() => Self::Telephone,
            "inverted" if value.is_empty() => Self::Inverted,
            _ => {
                let names = "white-noise, pink-noise, gain, clipping, low-pass, high-pass, telephone, rate, offset, reverb, inverted, silence";
                return Err(format!("expected one of {names}, with a number as in white-noise:10"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn tone(hertz: f64) -> Vec<f32> {
        let phase = |i: usize| std::f64::consts::TAU * hertz * i as f64 / f64::from(RATE);
        (0..2 * RATE as usize).map(|i| (0.5 * phase(i).sin()) as f32).collect()
    }

    fn power(samples: &[f32]) -> f64 {
        samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64
    }

    fn decibels(of: &[f32], to: &[f32]) -> f64 {
        10.0 * (power(of) / power(to)).log10()
    }

    #[test]
    fn every_deformation_keeps_the_length_and_says_its_name() {
        let samples = tone(440.0);
        for deformation in Deformation::ALL {
            let deformed = deformation.apply(&samples, 3);
            assert_eq!(deformed.len(), samples.len(), "{deformation}");
            assert!(deformed.iter().all(|x| x.is_finite()), "{deformation}");
            assert_eq!(deformed, deformation.apply(&samples, 3), "{deformation}");
            assert_eq!(deformation.to_string().parse(), Ok(deformation));
            assert!(deformation.apply(&[], 3).is_empty(), "{deformation}");
        }
        for wrong in ["noise", "gain", "gain:x", "gain:1e9", "telephone:3", "rate:0"] {
            assert!(wrong.parse::<Deformation>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn noise_is_as_loud_as_it_says() {
        let samples = tone(440.0);
        for ratio in [30.0, 10.0, 0.0] {
            for deformation in [Deformation::WhiteNoise(ratio), Deformation::PinkNoise(ratio)] {
                let noisy = deformation.apply(&samples, 1);
                let noise: Vec<f32> = noisy.iter().zip(&samples).map(|(a, b)| a - b).collect();
                assert!((decibels(&samples, &noise) - ratio).abs() < 0.01, "{deformation}");
                assert_ne!(noisy, deformation.apply(&samples, 2));
            }
        }
    }

    #[test]
    fn levels_times_and_rates_are_what_they_say() {
        let samples = tone(440.0);
        assert!((decibels(&Deformation::Gain(-6.0).apply(&samples, 0), &samples) + 6.0).abs() < 1e-3);
        let clipped = Deformation::Clipping(5.0).apply(&samples, 0);
        let level = clipped.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let at_it = clipped.iter().filter(|x| x.abs() == level).count() as f64 / clipped.len() as f64;
        assert!((at_it - 0.05).abs() < 0.002, "{at_it}");
        let later = Deformation::Offset(0.5).apply(&samples, 0);
        assert_eq!(later[..100], samples[11_025..11_125]);
        assert_eq!(later[later.len() - 11_025..], samples[..11_025]);
        let behind = Deformation::Silence(1.0).apply(&samples, 0);
        assert_eq!((power(&behind[..22_050]), &behind[22_050..]), (0.0, &samples[..22_050]));
        // Of a rate of 8 kHz nothing above 4 kHz is left.
        let rate = Deformation::Rate(8_000);
        assert!(decibels(&rate.apply(&samples, 0), &samples).abs() < 0.1);
        assert!(decibels(&rate.apply(&tone(5_000.0), 0), &samples) < -40.0);
    }
}

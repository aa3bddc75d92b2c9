//! What happens to recordings on their way to a listener: noise, loudness, filters, codecs, other rates, pitches, tempi and starts.
//!
//! All work on samples of one channel at [`RATE`] and keep their number, so that the segments of a track stay its segments.

mod codec;
mod filter;
mod name;
mod noise;
mod stretch;
#[cfg(test)]
mod tests;

use super::resample::resampled;
use super::{Fault, RATE};
use filter::{Biquad, reverberated};
use noise::{pink, white};
use stretch::stretched;
use timestretch::SessionError;

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
    /// As an MP3 file of so many kbit/s.
    Mp3(u32),
    /// As an Ogg Vorbis file of around so many kbit/s.
    Ogg(u32),
    /// Resampled to so many Hz and back.
    Rate(u32),
    /// So many semitones higher at the same tempo.
    Pitch(f64),
    /// So many percent faster at the same pitch. A faster one begins again at its end, a slower one is cut there.
    Tempo(f64),
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
    pub const ALL: [Self; 36] = [
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
        Self::Mp3(128),
        Self::Mp3(64),
        Self::Mp3(32),
        Self::Ogg(128),
        Self::Ogg(64),
        Self::Ogg(32),
        Self::Rate(16_000),
        Self::Rate(8_000),
        Self::Pitch(-2.0),
        Self::Pitch(-1.0),
        Self::Pitch(1.0),
        Self::Pitch(2.0),
        Self::Tempo(-10.0),
        Self::Tempo(-5.0),
        Self::Tempo(5.0),
        Self::Tempo(10.0),
        Self::Offset(0.5),
        Self::Offset(1.0),
        Self::Offset(5.0),
        Self::Reverb(0.8),
        Self::Inverted,
        Self::Silence(1.0),
    ];

    /// The recording deformed. Noise is drawn by the seed.
    ///
    /// # Errors
    ///
    /// A codec or the stretcher fails, or there is no room for a codec's file. Nothing else does.
    pub fn apply(self, samples: &[f32], seed: u64) -> Result<Vec<f32>, DeformError> {
        if samples.is_empty() {
            return Ok(Vec::new());
        }
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
            Self::Mp3(kbits) => out = codec::mp3(samples, kbits)?,
            Self::Ogg(kbits) => out = codec::ogg(samples, kbits)?,
            Self::Rate(rate) => {
                out = resampled(&resampled(samples, RATE, rate), rate, RATE);
            }
            Self::Pitch(semitones) => out = stretched(samples, 1.0, semitones)?,
            Self::Tempo(percent) => {
                let stretched = stretched(samples, 1.0 + percent / 100.0, 0.0)?;
                out = stretched.into_iter().cycle().take(samples.len()).collect();
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
        // What was resampled may be some samples longer or shorter.
        out.resize(samples.len(), 0.0);
        Ok(out)
    }
}

/// Why a recording could not be deformed.
#[derive(Debug, thiserror::Error)]
pub enum DeformError {
    /// An encoder gave up, and what it said.
    #[error("{0} cannot encode it: {1}")]
    Encoder(&'static str, String),
    /// What an encoder wrote cannot be read.
    #[error("what was encoded {0}")]
    Decoder(Fault),
    /// The stretcher gave up.
    #[error("its pitch and tempo cannot be changed: {0}")]
    Stretch(#[from] SessionError),
    /// The file of a codec could not be written.
    #[error("the temporary folder: {0}; make room, or set TMPDIR")]
    Temporary(#[from] std::io::Error),
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

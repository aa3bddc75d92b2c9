//! Mel spectrograms of one shape, as networks read them.

use super::mel::MelBank;
use super::pad::Pad;
use super::stft::{self, Stft};
use super::{FeatureError, decibel};
use crate::audio::RATE;
use ndarray::Array2;

/// What a mel spectrogram is made of. The defaults are librosa's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MelParameters {
    /// Samples a frame.
    pub n_fft: usize,
    /// Samples from a frame to the next.
    pub hop: usize,
    /// Mel bands.
    pub bands: usize,
    /// Lowest frequency in Hz.
    pub fmin: f64,
    /// Highest frequency in Hz.
    pub fmax: f64,
    /// Decibels, at most 80 below the loudest of the example, instead of power.
    pub log: bool,
    /// What stands beyond the ends of an example.
    pub pad: Pad,
}

impl Default for MelParameters {
    fn default() -> Self {
        let fmax = f64::from(RATE) / 2.0;
        Self { n_fft: 2048, hop: 512, bands: 128, fmin: 0.0, fmax, log: true, pad: Pad::Zero }
    }
}

/// Computes mel spectrograms that all have the same number of frames.
pub struct MelSpectrogram {
    stft: Stft,
    bank: MelBank,
    log: bool,
    frames: usize,
}

impl MelSpectrogram {
    /// For examples of nominally `length` samples at [`RATE`].
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where a parameter makes no sense.
    pub fn new(parameters: &MelParameters, length: usize) -> Result<Self, FeatureError> {
        let MelParameters { n_fft, hop, bands, fmin, fmax, log, pad } = *parameters;
        let stft = Stft::new(n_fft, hop, pad)?;
        let bank = MelBank::new(RATE, n_fft, bands, fmin, fmax)?;
        Ok(Self { frames: stft.frames(length), stft, bank, log })
    }

    /// Bands and frames of every spectrogram.
    pub fn shape(&self) -> (usize, usize) {
        (self.bank.len(), self.frames)
    }

    /// The spectrogram of one example, shape `(bands, frames)`, low frequencies first.
    ///
    /// A longer example is cut at the end; a shorter one is filled up with its quietest value.
    ///
    /// Reference: `librosa.feature.melspectrogram`, and `librosa.power_to_db` of it.
    pub fn of(&self, samples: &[f32]) -> Array2<f32> {
        let power = stft::power(self.stft.forward(samples).view());
        let mut mel = self.bank.spectrogram(power.view());
        if self.log
            && let Some(values) = mel.as_slice_mut()
        {
            decibel::power_to_db(values, Some(80.0));
        }
        let quietest = mel.iter().copied().fold(f32::INFINITY, f32::min);
        Array2::from_shape_fn(self.shape(), |(band, frame)| *mel.get((frame, band)).unwrap_or(&quietest))
    }
}

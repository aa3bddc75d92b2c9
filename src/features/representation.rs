//! Spectrograms of examples as networks read them: log-mel spectrograms and cepstral coefficients over time.

use super::FeatureError;
use super::mfcc::mfcc;
use super::spectrogram::{MelParameters, MelSpectrogram};
use genre_bench_api::{Representation, Spectrum};
use ndarray::Array2;

/// Mel bands that coefficients are computed from: librosa's default.
const MFCC_BANDS: usize = 128;

/// Computes spectrograms of one kind, all of one shape.
pub struct RepresentationExtractor {
    mel: MelSpectrogram,
    /// How many coefficients of the mel bands are kept; the bands themselves without it.
    coefficients: Option<usize>,
}

impl RepresentationExtractor {
    /// For examples of nominally `length` samples at [`crate::audio::RATE`].
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where the spectrogram asks for what makes no sense.
    pub fn new(spectrogram: &Representation, length: usize) -> Result<Self, FeatureError> {
        let Representation { spectrum, rows, hop, fmax } = *spectrogram;
        let coefficients = (spectrum == Spectrum::Mfcc).then_some(rows);
        let bands = if coefficients.is_some() { MFCC_BANDS } else { rows };
        FeatureError::unless(
            (1..=bands).contains(&rows),
            "coefficients",
            format!("{rows}: must be from 1 to {bands}"),
        )?;
        let log = spectrum != Spectrum::Mel;
        let parameters = MelParameters { hop, bands, fmax: fmax.into(), log, ..MelParameters::default() };
        Ok(Self { mel: MelSpectrogram::new(&parameters, length)?, coefficients })
    }

    /// Rows and columns of every spectrogram.
    pub fn shape(&self) -> (usize, usize) {
        let (bands, frames) = self.mel.shape();
        (self.coefficients.unwrap_or(bands), frames)
    }

    /// The spectrogram of one example, shape `(rows, columns)`, the lowest frequency or coefficient first.
    ///
    /// A longer example is cut at the end; a shorter one is filled up with its quietest value.
    ///
    /// Reference: `librosa.feature.melspectrogram` and `librosa.power_to_db`, or `librosa.feature.mfcc`.
    pub fn of(&self, samples: &[f32]) -> Array2<f32> {
        let mel = self.mel.of(samples);
        match self.coefficients {
            None => mel,
            Some(coefficients) => mfcc(mel.t(), coefficients).reversed_axes(),
        }
    }
}

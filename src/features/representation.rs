//! What networks read of examples: log-mel spectrograms and cepstral coefficients over time, and pictures of spectrograms.

use super::centroid::spectral_centroid;
use super::colour_map::{MAGMA, VIRIDIS};
use super::decibel::power_to_db;
use super::density::Density;
use super::mfcc::mfcc;
use super::pad::Pad;
use super::spectrogram::{MelParameters, MelSpectrogram};
use super::stft::{self, Stft};
use super::{FeatureError, picture};
use crate::audio::RATE;
use genre_bench_api::{Representation, Spectrum};
use ndarray::{Array2, Array3, Axis};

/// Mel bands that coefficients are computed from: librosa's default.
const MFCC_BANDS: usize = 128;
/// Samples a frame of the centroid: librosa's default.
const CENTROID_FFT: usize = 2048;
/// Decibels below the loudest that are still told apart.
const RANGE: f32 = 80.0;

/// Computes spectrograms of one kind, all of one shape.
pub struct RepresentationExtractor {
    transform: Transform,
    /// Columns that all are brought to.
    frames: usize,
    /// Whether what is shorter is filled up with zeros and not with its quietest value.
    with_zeros: bool,
}

/// From samples to numbers.
enum Transform {
    /// Mel bands.
    Mel(MelSpectrogram),
    /// So many coefficients of mel bands.
    Mfcc(MelSpectrogram, usize),
    /// A figure of mel bands, with margins or without.
    MelPicture(MelSpectrogram, bool),
    /// Density in decibels.
    Stft(Density),
    /// A picture of a density, a dot a number.
    StftPicture(Density),
    /// Mean frequency.
    Centroid(Stft),
}

impl RepresentationExtractor {
    /// For examples of nominally `length` samples at [`RATE`].
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where the spectrogram asks for what makes no sense.
    pub fn new(spectrogram: &Representation, length: usize) -> Result<Self, FeatureError> {
        let Representation { spectrum, rows, hop, fmax, frames } = *spectrogram;
        let mel = |bands: usize, log: bool| {
            let parameters =
                MelParameters { hop, bands, fmax: fmax.into(), log, ..MelParameters::default() };
            MelSpectrogram::new(&parameters, length)
        };
        let transform = match spectrum {
            Spectrum::LogMel => Transform::Mel(mel(rows, true)?),
            Spectrum::Mel => Transform::Mel(mel(rows, false)?),
            Spectrum::MelPicture { margins } => Transform::MelPicture(mel(rows, true)?, margins),
            Spectrum::Mfcc => {
                FeatureError::unless(
                    (1..=MFCC_BANDS).contains(&rows),
                    "coefficients",
                    format!("{rows}: must be from 1 to {MFCC_BANDS}"),
                )?;
                Transform::Mfcc(mel(MFCC_BANDS, true)?, rows)
            }
            Spectrum::Stft => Transform::Stft(Density::scipy(RATE, hop)?),
            Spectrum::StftPicture => Transform::StftPicture(Density::matplotlib(RATE, hop)?),
            Spectrum::Centroid => Transform::Centroid(Stft::new(CENTROID_FFT, hop, Pad::Zero)?),
        };
        if let Some(frames) = frames {
            let reason = format!("{frames}: must be from 1 to 65536");
            FeatureError::unless((1..=1 << 16).contains(&frames), "frames", reason)?;
        }
        let nominal = match &transform {
            Transform::Mel(mel) | Transform::Mfcc(mel, _) => mel.shape().1,
            Transform::MelPicture(_, margins) => picture::figure_shape(*margins).1,
            Transform::Stft(density) | Transform::StftPicture(density) => density.frames(length),
            Transform::Centroid(stft) => stft.frames(length),
        };
        Ok(Self { transform, frames: frames.unwrap_or(nominal), with_zeros: frames.is_some() })
    }

    /// Rows and columns of every spectrogram.
    pub fn shape(&self) -> (usize, usize) {
        let rows = match &self.transform {
            Transform::Mel(mel) => mel.shape().0,
            Transform::Mfcc(_, coefficients) => *coefficients,
            Transform::MelPicture(_, margins) => picture::figure_shape(*margins).0,
            Transform::Stft(density) | Transform::StftPicture(density) => density.bins(),
            Transform::Centroid(_) => 1,
        };
        (rows, self.frames)
    }

    /// The spectrogram of one example, shape `(channels, rows, columns)`: one channel, the lowest frequency or coefficient
    /// first, or levels from 0 to 255 of red, green and blue, as in a picture the highest frequency first.
    ///
    /// A longer example is cut at the end; a shorter one is filled up with its quietest value.
    ///
    /// Reference: `librosa.feature.melspectrogram` and `librosa.power_to_db`, `librosa.feature.mfcc`,
    /// `librosa.display.specshow`, `scipy.signal.spectrogram`, matplotlib's `specgram`, or
    /// `librosa.feature.spectral_centroid`.
    pub fn of(&self, samples: &[f32]) -> Array3<f32> {
        match &self.transform {
            Transform::Mel(mel) => self.grey(mel.of(samples)),
            Transform::Mfcc(mel, coefficients) => {
                self.grey(mfcc(mel.of(samples).t(), *coefficients).reversed_axes())
            }
            Transform::MelPicture(mel, margins) => {
                picture::figure(mel.of(samples).view(), &MAGMA, *margins).mapv(f32::from)
            }
            Transform::Stft(density) => self.grey(self.cut(below_loudest(density.of(samples)))),
            Transform::StftPicture(density) => {
                let decibels = density.of(samples).mapv_into(|power| 10.0 * power.log10());
                picture::coloured(self.cut(decibels).view(), &VIRIDIS).mapv(f32::from)
            }
            Transform::Centroid(stft) => {
                let magnitude = stft::magnitude(stft.forward(samples).view());
                let centroid = spectral_centroid(magnitude.view(), RATE);
                let frames: Vec<f32> = centroid.into_iter().map(|hz| hz as f32).collect();
                self.grey(self.cut(Array2::from_shape_fn((frames.len(), 1), |(frame, _)| frames[frame])))
            }
        }
    }

    /// Numbers `(frames, rows)` as `(rows, columns)`, cut at the end or filled up with the quietest.
    fn cut(&self, numbers: Array2<f32>) -> Array2<f32> {
        let quietest = numbers.iter().copied().filter(|number| number.is_finite()).fold(f32::INFINITY, f32::min);
        let quietest = if quietest.is_finite() { quietest } else { 0.0 };
        let finite = |number: &f32| if number.is_finite() { *number } else { quietest };
        Array2::from_shape_fn((numbers.ncols(), self.frames), |(row, frame)| {
            numbers.get((frame, row)).map_or(quietest, finite)
        })
    }

    /// One channel, of as many columns as were asked for.
    fn grey(&self, numbers: Array2<f32>) -> Array3<f32> {
        if !self.with_zeros || numbers.ncols() == self.frames {
            return numbers.insert_axis(Axis(0));
        }
        Array3::from_shape_fn((1, numbers.nrows(), self.frames), |(_, row, column)| {
            numbers.get((row, column)).copied().unwrap_or(0.0)
        })
    }
}

/// Powers in decibels below the loudest, at most [`RANGE`].
fn below_loudest(mut powers: Array2<f32>) -> Array2<f32> {
    let loudest = powers.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    powers.mapv_inplace(|power| power / loudest);
    if let Some(values) = powers.as_slice_mut() {
        power_to_db(values, Some(RANGE));
    }
    powers
}

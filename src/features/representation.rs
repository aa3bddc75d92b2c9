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
            let parameters = MelParameters { hop, bands, fmax: fmax.into(), log, ..MelParameters::default() };
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
        let quietest =
            numbers.iter().copied().filter(|number| number.is_finite()).fold(f32::INFINITY, f32::min);
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

/// Against librosa, SciPy and matplotlib; see `tests/fixtures/features/make_pictures.py`.
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use serde_json::Value;
    use std::path::{Path, PathBuf};
    use zune_png::PngDecoder;
    use zune_png::zune_core::bytestream::ZCursor;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/features").join(name)
    }

    fn signal(name: &str) -> Vec<f32> {
        let pcm = std::fs::read(fixture(&format!("{name}.pcm"))).unwrap();
        pcm.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0).collect()
    }

    fn extracted(representation: &str, samples: &[f32]) -> Array3<f32> {
        let extractor =
            RepresentationExtractor::new(&representation.parse().unwrap(), samples.len()).unwrap();
        let spectrogram = extractor.of(samples);
        assert_eq!((spectrogram.dim().1, spectrogram.dim().2), extractor.shape(), "{representation}");
        spectrogram
    }

    /// Levels of shape `(3, rows, columns)`.
    fn picture(name: &str) -> Array3<f32> {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let mut decoder = PngDecoder::new(ZCursor::new(&bytes));
        let levels = decoder.decode_raw().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        let channels = levels.len() / (width * height);
        Array3::from_shape_fn((3, height, width), |(channel, row, column)| {
            f32::from(levels[(row * width + column) * channels + channel])
        })
    }

    /// The share of dots whose levels are all within 2 of theirs.
    fn near(ours: &Array3<f32>, theirs: &Array3<f32>) -> f64 {
        assert_eq!(ours.dim(), theirs.dim());
        let (_, rows, columns) = ours.dim();
        let is_near = |row: usize, column: usize| {
            (0..3).all(|channel| (ours[(channel, row, column)] - theirs[(channel, row, column)]).abs() <= 2.0)
        };
        let dots = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        dots.filter(|&(row, column)| is_near(row, column)).count() as f64 / (rows * columns) as f64
    }

    #[test]
    fn pictures_are_those_of_matplotlib() {
        const MEL: &str = "colour-mel-192-hop-256-to-8000";
        for (signal_name, representation, png) in [
            ("music", MEL, "music_mel.png"),
            ("odd", MEL, "odd_mel.png"),
            ("silence", MEL, "silence_mel.png"),
            ("odd", "stft-colour", "odd_stft.png"),
        ] {
            let share = near(&extracted(representation, &signal(signal_name)), &picture(png));
            println!("{png}: {share}");
            // Where a number lies between two levels, rounding may decide for the other.
            assert!(share > 0.999, "{png}: {share} of the dots are the same");
        }
    }

    #[test]
    fn a_cropped_picture_is_what_the_axes_show() {
        let samples = signal("odd");
        let whole = extracted("colour-mel-64", &samples);
        let cropped = extracted("colour-mel-64-cropped", &samples);
        assert_eq!((whole.dim(), cropped.dim()), ((3, 288, 432), (3, 217, 335)));
        // Without the dots under the frame.
        let inside = whole.slice(ndarray::s![.., 36..252, 55..389]);
        assert_eq!(inside, cropped.slice(ndarray::s![.., 1.., 1..]));
        assert!(whole.slice(ndarray::s![.., ..35, ..]).iter().all(|&level| level == 255.0));
        assert!(cropped.iter().all(|&level| level < 255.0));
    }

    #[test]
    fn density_is_that_of_scipy_and_the_centroid_librosas() {
        let expected: Value =
            serde_json::from_slice(&std::fs::read(fixture("pictures.json")).unwrap()).unwrap();
        let thin = expected["thin"].as_u64().unwrap() as usize;
        for name in ["music", "odd"] {
            let samples = signal(name);
            let ours = Density::scipy(RATE, 224).unwrap().of(&samples);
            let numbers = |value: &Value| -> Vec<f64> {
                value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
            };
            let theirs: Vec<Vec<f64>> =
                expected[name]["density"].as_array().unwrap().iter().map(numbers).collect();
            assert_eq!(theirs.len(), ours.nrows().div_ceil(3 * thin));
            let loudest = theirs.iter().flatten().copied().fold(0.0, f64::max);
            for (frame, theirs) in theirs.iter().enumerate() {
                for (bin, theirs) in theirs.iter().enumerate() {
                    let ours = f64::from(ours[(frame * 3 * thin, bin)]);
                    assert!(
                        (ours - theirs).abs() < 1e-6 * loudest,
                        "{name}: {frame}, {bin}: {ours}, {theirs}"
                    );
                }
            }
            // In decibels below the loudest.
            let decibels = extracted("stft-grey", &samples);
            assert_eq!(decibels.iter().copied().fold(f32::NEG_INFINITY, f32::max), 0.0);
            assert!(decibels.iter().all(|&value| (-80.0..=0.0).contains(&value)));
            let centroid = extracted("centroid", &samples);
            let theirs = numbers(&expected[name]["centroid"]);
            assert_eq!(theirs.len(), centroid.dim().2.div_ceil(thin));
            for (frame, theirs) in theirs.into_iter().enumerate() {
                let ours = f64::from(centroid[(0, 0, frame * thin)]);
                assert!((ours - theirs).abs() < 1e-4 * theirs, "{name}: {frame}: {ours}, {theirs}");
            }
        }
    }

    #[test]
    fn columns_are_cut_or_filled_up_with_zeros_where_that_is_asked_for() {
        let samples = signal("odd");
        let whole = extracted("mfcc-13", &samples);
        let frames = whole.dim().2;
        let long = extracted("mfcc-13-frames-40", &samples);
        assert_eq!(long.slice(ndarray::s![.., .., ..frames]), whole);
        assert!(frames < 40 && long.slice(ndarray::s![.., .., frames..]).iter().all(|&value| value == 0.0));
        assert_eq!(extracted("mfcc-13-frames-9", &samples), whole.slice(ndarray::s![.., .., ..9]));
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_too_short_examples_are_filled_up() {
        for wrong in ["mfcc-0", "mfcc-129", "mel-0", "colour-mel-0", "stft-grey-hop-0", "mel-8-frames-0"] {
            let refused = RepresentationExtractor::new(&wrong.parse().unwrap(), 22_050);
            assert!(refused.is_err(), "{wrong}");
        }
        for representation in ["colour-mel-64", "stft-grey", "stft-colour", "centroid", "mel-16-frames-80"] {
            let extractor = RepresentationExtractor::new(&representation.parse().unwrap(), 22_050).unwrap();
            for samples in [&[][..], &[0.5], &[0.0; 3000]] {
                let spectrogram = extractor.of(samples);
                assert_eq!((spectrogram.dim().1, spectrogram.dim().2), extractor.shape(), "{representation}");
                assert!(spectrogram.iter().all(|value| value.is_finite()), "{representation}");
            }
        }
    }
}

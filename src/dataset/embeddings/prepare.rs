//! From a recording or image to the windows that an encoder is given.

use super::PlannedEncoder;
use crate::audio::{Limits, RATE};
use crate::dataset::example_source::{SourceFile, SourcePart};
use crate::dataset::resize::ImageSize;
use crate::dataset::spectrograms::Spectrogram;
use crate::features::representation::RepresentationExtractor;
use crate::features::windows::WindowExtractor;
use genre_bench_api::{EncoderInput, PictureSettings, Representation, Spectrum};
use ndarray::{ArrayD, IxDyn};

/// Bands of the log-mel spectrogram whose picture stands for an image where there are recordings alone.
const PICTURE_BANDS: usize = 128;

/// Makes windows of the examples of a recording or image.
pub(super) enum Preparer<'a> {
    /// Of samples at a rate.
    Windows(u32, Box<WindowExtractor>),
    /// Of pictures.
    Picture(&'a PictureSettings),
}

/// The windows of each example, or why it has none.
type Windows = Vec<Result<ArrayD<f32>, String>>;

impl<'a> Preparer<'a> {
    /// What an encoder's card asks for.
    ///
    /// # Errors
    ///
    /// Settings that make no sense.
    pub fn new(planned: &'a PlannedEncoder) -> Result<Self, String> {
        match (&planned.input, planned.rate()) {
            (
                EncoderInput::Picture(PictureSettings { height: 0, .. } | PictureSettings { width: 0, .. }),
                _,
            ) => Err("reads pictures without pixels".to_owned()),
            (EncoderInput::Picture(settings), _) => Ok(Self::Picture(settings)),
            (_, Some(0)) => Err("reads 0 samples a second".to_owned()),
            (input, rate) => {
                let extractor = WindowExtractor::new(input).map_err(|e| e.to_string())?;
                Ok(Self::Windows(rate.unwrap_or(RATE), Box::new(extractor)))
            }
        }
    }

    /// The windows of some parts of a file, which is read once.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn windows(
        &self,
        file: &SourceFile,
        parts: &[&SourcePart],
        limits: &Limits,
    ) -> Result<Windows, String> {
        match (self, file) {
            (Self::Windows(rate, extractor), _) => {
                let samples = file.samples(*rate, limits)?;
                let one = |part: &&SourcePart| {
                    extractor.of(part.of_samples(&samples, *rate)).map_err(|e| e.to_string())
                };
                Ok(parts.iter().map(one).collect())
            }
            (Self::Picture(settings), SourceFile::Image(_)) => {
                let picture = file.picture()?;
                Ok(parts.iter().map(|part| window(&part.of_picture(&picture), settings)).collect())
            }
            (Self::Picture(settings), _) => {
                let samples = file.samples(RATE, limits)?;
                let one = |part: &&SourcePart| window(&drawn(part.of_samples(&samples, RATE))?, settings);
                Ok(parts.iter().map(one).collect())
            }
        }
    }
}

/// What stands for an image where there are recordings alone.
fn picture_of_recordings() -> Representation {
    Representation {
        spectrum: Spectrum::MelPicture { margins: false },
        ..Representation::mel_picture(PICTURE_BANDS)
    }
}

/// The picture of an example's log-mel spectrogram.
fn drawn(samples: &[f32]) -> Result<Spectrogram, String> {
    let extractor =
        RepresentationExtractor::new(&picture_of_recordings(), samples.len()).map_err(|e| e.to_string())?;
    let levels = extractor.of(samples);
    let (_, height, width) = levels.dim();
    Ok(Spectrogram { size: ImageSize { width, height }, pixels: levels.into_iter().collect() })
}

/// The one window of a picture of levels from 0 to 255, shape `(1, 3, height, width)`.
fn window(picture: &Spectrogram, settings: &PictureSettings) -> Result<ArrayD<f32>, String> {
    let PictureSettings { height, width, mean, std } = settings;
    let mut pixels = picture.resized(ImageSize { width: *width, height: *height });
    for (channel, (mean, std)) in pixels.chunks_exact_mut(height * width).zip(mean.iter().zip(std)) {
        channel.iter_mut().for_each(|level| *level = (*level / 255.0 - mean) / std);
    }
    ArrayD::from_shape_vec(IxDyn(&[1, 3, *height, *width]), pixels).map_err(|e| format!("is no picture: {e}"))
}

/// What is told of an encoder's pictures.
pub(super) fn note<'s>(
    planned: &PlannedEncoder,
    mut files: impl Iterator<Item = &'s SourceFile>,
) -> Option<String> {
    let EncoderInput::Picture(PictureSettings { height, width, .. }) = &planned.input else { return None };
    let size = ImageSize { width: *width, height: *height };
    let what = match files.any(|file| matches!(file, SourceFile::Image(_))) {
        true => "the images".to_owned(),
        false => format!("pictures of the recordings ({})", picture_of_recordings()),
    };
    Some(format!("{} reads {what}, resized to {size}; grey ones have three equal channels", planned.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_picture_is_resized_and_then_centred_and_scaled() {
        let size = ImageSize { width: 2, height: 1 };
        let picture = Spectrogram { size, pixels: vec![0.0, 255.0, 51.0, 51.0, 255.0, 255.0] };
        let settings = PictureSettings { height: 1, width: 1, mean: [0.5, 0.2, 0.0], std: [0.5, 1.0, 0.25] };
        let window = window(&picture, &settings).unwrap();
        assert_eq!(window.shape(), [1, 3, 1, 1]);
        let values: Vec<f32> = window.into_iter().collect();
        assert!(values.iter().zip([0.0, 0.0, 4.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{values:?}");
    }

    #[test]
    fn recordings_have_pictures_too() {
        let tone: Vec<f32> = (0..RATE).map(|n| (n as f32 * 0.1).sin()).collect();
        let settings = PictureSettings { height: 32, width: 48, mean: [0.0; 3], std: [1.0; 3] };
        let window = window(&drawn(&tone).unwrap(), &settings).unwrap();
        assert_eq!(window.shape(), [1, 3, 32, 48]);
        assert!(window.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(window.iter().any(|value| *value > 0.3));
    }
}

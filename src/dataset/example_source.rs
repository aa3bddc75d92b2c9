//! Where an example's samples or pixels are, for what reads them after the examples were put together: encoders.

use super::image_file;
use super::resize::ImageSize;
use super::spectrograms::Spectrogram;
use crate::audio::{self, Limits, RATE, resample::resampled};
use crate::features::cache::Cache;
use crate::recordings::synth;
use crate::util::content_of;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A recording or image, and what of it is the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleSource {
    /// The recording or image.
    pub file: SourceFile,
    /// What of it is the example.
    pub part: SourcePart,
}

/// What examples are cut from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SourceFile {
    /// An audio file.
    Audio(Arc<Path>),
    /// An image file.
    Image(Arc<Path>),
    /// A recording of the built-in music of a seed, by its number.
    BuiltIn(u64, usize),
}

/// What of a recording or image is an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourcePart {
    /// Samples at [`RATE`].
    Samples(Range<usize>),
    /// All of an image.
    Whole,
    /// A segment of an image, by number and length in seconds.
    Segment(usize, u32),
}

impl ExampleSource {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.file {
            SourceFile::Audio(path) | SourceFile::Image(path) => Some(path),
            SourceFile::BuiltIn(..) => None,
        }
    }
}

impl SourceFile {
    /// SHA-256 of what it holds; none where it cannot be read, or is too large to be kept.
    pub fn content(&self) -> Option<[u8; 32]> {
        match self {
            Self::Audio(path) | Self::Image(path) => Cache::content_of(path),
            Self::BuiltIn(seed, number) => Some(content_of(&built_in(*seed, *number)?)),
        }
    }

    /// The samples of a recording at `rate`, one channel from −1 to 1.
    ///
    /// # Errors
    ///
    /// Why there are none, a sentence that names the file.
    pub fn samples(&self, rate: u32, limits: &Limits) -> Result<Vec<f32>, String> {
        match self {
            Self::Audio(path) => {
                audio::read_at(path, rate, limits).map(|audio| audio.samples).map_err(|e| e.to_string())
            }
            Self::Image(path) => Err(format!("{}: is an image and has no sound", path.display())),
            Self::BuiltIn(seed, number) => {
                let samples = built_in(*seed, *number).ok_or("the built-in music has no such recording")?;
                Ok(resampled(&samples, RATE, rate))
            }
        }
    }

    /// The picture that an image is: red, green and blue from 0 to 255. Grey ones have three equal channels.
    ///
    /// # Errors
    ///
    /// Why there is none, a sentence that names the file.
    pub(super) fn picture(&self) -> Result<Spectrogram, String> {
        match self {
            Self::Image(path) => {
                let decoded =
                    image_file::read(path).map_err(|reason| format!("{}: {reason}", path.display()))?;
                Ok(Spectrogram { size: decoded.size(), pixels: decoded.colour() })
            }
            Self::Audio(_) | Self::BuiltIn(..) => Err("a recording is no image".to_owned()),
        }
    }
}

impl SourcePart {
    /// The part of a recording's samples at `rate`. Where rounding would take it beyond the end, it ends there.
    pub fn of_samples<'a>(&self, samples: &'a [f32], rate: u32) -> &'a [f32] {
        let Self::Samples(range) = self else { return samples };
        let at = |sample: usize| {
            let scaled = (sample as u64 * u64::from(rate) + u64::from(RATE) / 2) / u64::from(RATE);
            (scaled as usize).min(samples.len())
        };
        &samples[at(range.start)..at(range.end)]
    }

    /// The part of an image, with all of its channels.
    pub(super) fn of_picture(&self, picture: &Spectrogram) -> Spectrogram {
        let Self::Segment(number, seconds) = self else { return picture.clone() };
        let ImageSize { width, height } = picture.size;
        let channels = picture.pixels.chunks_exact((width * height).max(1)).map(|channel| {
            Spectrogram { size: picture.size, pixels: channel.to_vec() }.segment(*number, *seconds)
        });
        let channels: Vec<Spectrogram> = channels.collect();
        let size = channels.first().map_or(picture.size, |channel| channel.size);
        Spectrogram { size, pixels: channels.into_iter().flat_map(|channel| channel.pixels).collect() }
    }
}

/// The samples of a recording of the built-in music.
fn built_in(seed: u64, number: usize) -> Option<Vec<f32>> {
    let recordings = synth::recordings(seed);
    Some(synth_samples(recordings.get(number)?))
}

/// The samples of such a recording, from −1 to 1.
pub(super) fn synth_samples(recording: &synth::SyntheticRecording) -> Vec<f32> {
    recording.samples().into_iter().map(|x| f32::from(x) / 32_768.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_same_stretch_of_time_at_every_rate() {
        let samples: Vec<f32> = (0..32_000).map(|n| n as f32).collect();
        let part = SourcePart::Samples(RATE as usize / 2..RATE as usize);
        let cut = part.of_samples(&samples, 16_000);
        assert_eq!((cut.len(), cut[0]), (8_000, 8_000.0));
        let cut = part.of_samples(&samples, 32_000);
        assert_eq!((cut.len(), cut[0]), (16_000, 16_000.0));
        // Beyond the end there is nothing.
        assert_eq!(
            SourcePart::Samples(0..usize::from(u16::MAX) * 2).of_samples(&samples, RATE).len(),
            32_000
        );
    }

    #[test]
    fn a_segment_of_an_image_has_all_its_channels() {
        let size = ImageSize { width: 3, height: 1 };
        let picture = Spectrogram { size, pixels: (0..9).map(|n| n as f32).collect() };
        let part = SourcePart::Segment(2, 10).of_picture(&picture);
        assert_eq!((part.size.width, part.pixels), (1, vec![2.0, 5.0, 8.0]));
        assert_eq!(SourcePart::Whole.of_picture(&picture), picture);
    }
}

//! Spectrograms of the examples, for the models that read them.

use super::resize::{ImageSize, resize};
use crate::error::{Error, Result};
use crate::features::representation::RepresentationExtractor;
use genre_bench_api::{Representation, Spectrograms, Spectrum};
use ndarray::{Array3, Array4};
use std::collections::BTreeMap;

/// Of a picture: red, green and blue.
const CHANNELS: usize = 3;

/// The spectrograms there are of a dataset's examples.
#[derive(Debug, Clone)]
pub enum SpectrogramSource {
    /// None, and why.
    None(String),
    /// Made of images: what they show is what there is, whatever bands a model would like.
    Images(BTreeMap<ImageInput, Spectrograms>),
    /// Computed from samples, as models asked for.
    Computed(BTreeMap<Representation, Spectrograms>),
}

/// What models can be given of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageInput {
    /// They themselves in grey, the lowest frequency first.
    Grey,
    /// They themselves in colour, the highest frequency first.
    Colour,
    /// So many cepstral coefficients of their rows.
    Cepstrum(usize),
}

impl ImageInput {
    /// What there is of images for a model that asks for `wanted`, if anything.
    pub fn of(wanted: Representation) -> Option<Self> {
        match wanted.spectrum {
            Spectrum::Mfcc => Some(Self::Cepstrum(wanted.rows)),
            Spectrum::Centroid => None,
            _ if wanted.channels() == CHANNELS => Some(Self::Colour),
            _ => Some(Self::Grey),
        }
    }
}

impl SpectrogramSource {
    /// The spectrograms for a model that asks for `wanted`.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn of(&self, wanted: Representation) -> std::result::Result<&Spectrograms, String> {
        match self {
            Self::None(why) => Err(why.clone()),
            Self::Images(images) => {
                let made = ImageInput::of(wanted).and_then(|input| images.get(&input));
                made.ok_or_else(|| format!("{wanted} cannot be made of the images"))
            }
            Self::Computed(computed) => {
                computed.get(&wanted).ok_or_else(|| format!("{wanted} was not computed"))
            }
        }
    }

    /// Whether some model asked for any.
    pub(super) fn is_asked_for(&self) -> bool {
        match self {
            Self::None(_) => false,
            Self::Images(images) => !images.is_empty(),
            Self::Computed(computed) => !computed.is_empty(),
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::None(_) => 0,
            Self::Images(images) => images.values().map(Spectrograms::bytes).sum(),
            Self::Computed(computed) => computed.values().map(Spectrograms::bytes).sum(),
        }
    }

    /// Those of the examples at `kept`, in that order.
    pub(super) fn select(self, kept: &[usize]) -> Self {
        match self {
            Self::None(why) => Self::None(why),
            Self::Images(images) => Self::Images(selected(images, kept)),
            Self::Computed(computed) => Self::Computed(selected(computed, kept)),
        }
    }
}

/// The spectrograms at `kept` of each kind.
fn selected<K: Ord>(all: BTreeMap<K, Spectrograms>, kept: &[usize]) -> BTreeMap<K, Spectrograms> {
    all.into_iter().map(|(kind, spectrograms)| (kind, spectrograms.select(kept))).collect()
}

/// Computes all wanted spectrograms of an example.
pub(super) struct SpectrogramExtractor {
    extractors: Vec<(Representation, RepresentationExtractor)>,
    most: Option<ImageSize>,
}

impl SpectrogramExtractor {
    /// For examples of `length` samples; no spectrogram larger than `most`.
    ///
    /// # Errors
    ///
    /// A representation that makes no sense.
    pub fn new(wanted: &[Representation], length: usize, most: Option<ImageSize>) -> Result<Self> {
        let extractor = |representation: &Representation| {
            let extractor = RepresentationExtractor::new(representation, length).map_err(|e| {
                Error::new(format!("input representation `{representation}`"), e, "`bench list models`")
            })?;
            Ok((*representation, extractor))
        };
        Ok(Self { extractors: wanted.iter().map(extractor).collect::<Result<_>>()?, most })
    }

    /// Number of spectrograms of each example.
    pub fn count(&self) -> usize {
        self.extractors.len()
    }

    /// The spectrograms of one example, in the order they were asked for.
    pub fn of(&self, samples: &[f32]) -> Vec<Spectrogram> {
        let one = |(_, extractor): &(Representation, RepresentationExtractor)| {
            let values = extractor.of(samples);
            let (_, height, width) = values.dim();
            Spectrogram { size: ImageSize { width, height }, pixels: values.into_iter().collect() }
                .at_most(self.most)
        };
        self.extractors.iter().map(one).collect()
    }

    /// What a dataset has, given the spectrograms of all its examples in the order they were asked for.
    pub fn source(&self, all: Vec<Spectrograms>) -> SpectrogramSource {
        let wanted = self.extractors.iter().map(|(representation, _)| *representation);
        SpectrogramSource::Computed(wanted.zip(all).collect())
    }
}

/// One spectrogram of one example, row by row; of a picture red, green and blue (0–255), one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spectrogram {
    pub size: ImageSize,
    pub pixels: Vec<f32>,
}

impl Spectrogram {
    /// In another size, but never larger than it is.
    pub fn at_most(self, most: Option<ImageSize>) -> Self {
        let Some(most) = most else { return self };
        let ImageSize { width, height } = self.size;
        let size = ImageSize { width: width.min(most.width), height: height.min(most.height) };
        Self { size, pixels: self.resized(size) }
    }

    /// 1, or of a picture 3.
    fn channels(&self) -> usize {
        self.pixels.len() / (self.size.width * self.size.height).max(1)
    }

    /// The pixels of every channel in another size.
    pub fn resized(&self, size: ImageSize) -> Vec<f32> {
        let channels = self.pixels.chunks_exact((self.size.width * self.size.height).max(1));
        channels.flat_map(|channel| resize(channel, self.size, size)).collect()
    }
}

/// Spectrograms of one size, one after the other.
#[derive(Default)]
pub(super) struct SpectrogramStack {
    size: Option<ImageSize>,
    /// Of those with one channel.
    pixels: Vec<f32>,
    /// Of pictures.
    levels: Vec<u8>,
}

impl SpectrogramStack {
    /// All spectrograms will have this one's size, and not that of the first.
    pub fn sized_as(&mut self, spectrogram: &Spectrogram) {
        self.size = Some(spectrogram.size);
    }

    /// Adds a spectrogram, which is brought to the size of the first.
    pub fn push(&mut self, spectrogram: Spectrogram) {
        let size = *self.size.get_or_insert(spectrogram.size);
        let pixels = spectrogram.resized(size);
        match spectrogram.channels() {
            CHANNELS => self.levels.extend(pixels.into_iter().map(|level| level.round() as u8)),
            _ => self.pixels.extend(pixels),
        }
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// Only if their numbers do not add up, which would be a bug.
    pub fn spectrograms(self) -> Result<Spectrograms> {
        let ImageSize { width, height } = self.size.unwrap_or(ImageSize { width: 0, height: 0 });
        let bug = |e| Error::bug("the spectrograms", e);
        let size = (width * height).max(1);
        if !self.levels.is_empty() {
            let shape = (self.levels.len() / (CHANNELS * size), CHANNELS, height, width);
            return Array4::from_shape_vec(shape, self.levels).map(Spectrograms::colour).map_err(bug);
        }
        let shape = (self.pixels.len() / size, height, width);
        Array3::from_shape_vec(shape, self.pixels).map(Spectrograms::new).map_err(bug)
    }
}

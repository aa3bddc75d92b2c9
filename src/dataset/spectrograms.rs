//! Spectrograms of the examples, for the models that read them.

use super::resize::{ImageSize, resize};
use crate::error::{Error, Result};
use crate::features::representation::RepresentationExtractor;
use genre_bench_api::{Representation, Spectrograms, Spectrum};
use ndarray::Array3;
use std::collections::BTreeMap;

/// The spectrograms there are of a dataset's examples.
#[derive(Debug, Clone)]
pub enum SpectrogramSource {
    /// None, and why.
    None(String),
    /// Images: what they show is what there is, whatever bands a model would like.
    Images {
        /// As they are, if a model reads them so.
        images: Option<Spectrograms>,
        /// Cepstral coefficients of their rows, by how many.
        cepstra: BTreeMap<usize, Spectrograms>,
    },
    /// Computed from samples, as models asked for.
    Computed(BTreeMap<Representation, Spectrograms>),
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
            Self::Images { images, cepstra } => match wanted.spectrum {
                Spectrum::Mfcc => {
                    cepstra.get(&wanted.rows).filter(|cepstrum| cepstrum.shape().0 == wanted.rows)
                }
                Spectrum::LogMel | Spectrum::Mel => images.as_ref(),
            }
            .ok_or_else(|| format!("{wanted} cannot be made of the images")),
            Self::Computed(computed) => {
                computed.get(&wanted).ok_or_else(|| format!("{wanted} was not computed"))
            }
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::None(_) => 0,
            Self::Images { images, cepstra } => {
                images.iter().chain(cepstra.values()).map(Spectrograms::bytes).sum()
            }
            Self::Computed(computed) => computed.values().map(Spectrograms::bytes).sum(),
        }
    }

    /// Those of the examples at `kept`, in that order.
    pub(super) fn select(self, kept: &[usize]) -> Self {
        match self {
            Self::None(why) => Self::None(why),
            Self::Images { images, cepstra } => Self::Images {
                images: images.map(|images| images.select(kept)),
                cepstra: selected(cepstra, kept),
            },
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
            let size = ImageSize { width: values.ncols(), height: values.nrows() };
            Spectrogram { size, pixels: values.into_iter().collect() }.at_most(self.most)
        };
        self.extractors.iter().map(one).collect()
    }

    /// What a dataset has, given the spectrograms of all its examples in the order they were asked for.
    pub fn source(&self, all: Vec<Spectrograms>) -> SpectrogramSource {
        let wanted = self.extractors.iter().map(|(representation, _)| *representation);
        SpectrogramSource::Computed(wanted.zip(all).collect())
    }
}

/// One spectrogram of one example, row by row.
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
        Self { size, pixels: resize(&self.pixels, self.size, size) }
    }
}

/// Spectrograms of one size, one after the other.
#[derive(Default)]
pub(super) struct SpectrogramStack {
    size: Option<ImageSize>,
    pixels: Vec<f32>,
}

impl SpectrogramStack {
    /// All spectrograms will have this one's size, and not that of the first.
    pub fn sized_as(&mut self, spectrogram: &Spectrogram) {
        self.size = Some(spectrogram.size);
    }

    /// Adds a spectrogram, which is brought to the size of the first.
    pub fn push(&mut self, spectrogram: Spectrogram) {
        let size = *self.size.get_or_insert(spectrogram.size);
        self.pixels.extend(resize(&spectrogram.pixels, spectrogram.size, size));
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// Only if their numbers do not add up, which would be a bug.
    pub fn spectrograms(self) -> Result<Spectrograms> {
        let size = self.size.unwrap_or(ImageSize { width: 0, height: 0 });
        let count = self.pixels.len() / (size.width * size.height).max(1);
        let pool = Array3::from_shape_vec((count, size.height, size.width), self.pixels)
            .map_err(|e| Error::bug("the spectrograms", e))?;
        Ok(Spectrograms::new(pool))
    }
}

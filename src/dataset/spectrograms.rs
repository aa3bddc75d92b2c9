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
    /// The images that the dataset is made of: what they show is what there is, whatever bands a model would like.
    Images(Spectrograms),
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
            Self::Images(_) if wanted.spectrum == Spectrum::Mfcc => {
                Err("the images show spectrograms, not cepstral coefficients".to_owned())
            }
            Self::Images(spectrograms) => Ok(spectrograms),
            Self::Computed(computed) => {
                computed.get(&wanted).ok_or_else(|| format!("{wanted} was not computed"))
            }
        }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::None(_) => 0,
            Self::Images(spectrograms) => spectrograms.bytes(),
            Self::Computed(computed) => computed.values().map(Spectrograms::bytes).sum(),
        }
    }

    /// Those of the examples at `kept`, in that order.
    pub(super) fn select(self, kept: &[usize]) -> Self {
        match self {
            Self::None(why) => Self::None(why),
            Self::Images(spectrograms) => Self::Images(spectrograms.select(kept)),
            Self::Computed(computed) => Self::Computed(
                computed
                    .into_iter()
                    .map(|(representation, spectrograms)| (representation, spectrograms.select(kept)))
                    .collect(),
            ),
        }
    }
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

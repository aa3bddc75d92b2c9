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
                    .map(|(spectrogram, spectrograms)| (spectrogram, spectrograms.select(kept)))
                    .collect(),
            ),
        }
    }
}

/// Computes all wanted spectrograms of an example.
pub(super) struct Painter {
    makers: Vec<(Representation, RepresentationExtractor)>,
    most: Option<ImageSize>,
}

impl Painter {
    /// For examples of `length` samples; no spectrogram larger than `most`.
    ///
    /// # Errors
    ///
    /// A spectrogram that makes no sense.
    pub fn new(wanted: &[Representation], length: usize, most: Option<ImageSize>) -> Result<Self> {
        let maker = |spectrogram: &Representation| {
            let maker = RepresentationExtractor::new(spectrogram, length)
                .map_err(|e| Error::new(format!("pictures `{spectrogram}`"), e, "`bench list models`"))?;
            Ok((*spectrogram, maker))
        };
        Ok(Self { makers: wanted.iter().map(maker).collect::<Result<_>>()?, most })
    }

    /// Whether no spectrogram is wanted.
    pub fn is_idle(&self) -> bool {
        self.makers.is_empty()
    }

    /// The spectrograms of one example, in the order they were asked for.
    pub fn of(&self, samples: &[f32]) -> Vec<Painting> {
        let paint = |(_, maker): &(Representation, RepresentationExtractor)| {
            let spectrogram = maker.of(samples);
            let size = ImageSize { width: spectrogram.ncols(), height: spectrogram.nrows() };
            Painting { size, pixels: spectrogram.into_iter().collect() }.at_most(self.most)
        };
        self.makers.iter().map(paint).collect()
    }

    /// The spectrograms of all examples.
    ///
    /// # Errors
    ///
    /// Only if they are not all of one size, which would be a bug.
    pub fn collect(&self, examples: impl Iterator<Item = Vec<Painting>>) -> Result<SpectrogramSource> {
        let mut galleries: Vec<Gallery> = self.makers.iter().map(|_| Gallery::default()).collect();
        for paintings in examples {
            galleries.iter_mut().zip(paintings).for_each(|(gallery, painting)| gallery.hang(painting));
        }
        let named = self.makers.iter().zip(galleries).map(|((spectrogram, _), gallery)| {
            gallery.spectrograms().map(|spectrograms| (*spectrogram, spectrograms))
        });
        Ok(SpectrogramSource::Computed(named.collect::<Result<_>>()?))
    }
}

/// One spectrogram of one example, row by row.
pub(super) struct Painting {
    pub size: ImageSize,
    pub pixels: Vec<f32>,
}

impl Painting {
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
pub(super) struct Gallery {
    size: Option<ImageSize>,
    pixels: Vec<f32>,
}

impl Gallery {
    /// Adds a spectrogram, which is brought to the size of the first.
    pub fn hang(&mut self, painting: Painting) {
        let size = *self.size.get_or_insert(painting.size);
        self.pixels.extend(resize(&painting.pixels, painting.size, size));
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
            .map_err(|e| Error::new("the spectrograms", e, "report this as a bug"))?;
        Ok(Spectrograms::new(pool))
    }
}

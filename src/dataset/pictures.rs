//! Pictures of the examples, for the models that read them.

use super::resize::{ImageSize, resize};
use crate::error::{Error, Result};
use crate::features::picture::PictureMaker;
use genre_bench_api::{Picture, Pictures, Spectrum};
use ndarray::Array3;
use std::collections::BTreeMap;

/// The pictures there are of a dataset's examples.
#[derive(Debug, Clone)]
pub enum PictureSource {
    /// None, and why.
    None(String),
    /// The images that the dataset is made of: what they show is what there is, whatever bands a model would like.
    Images(Pictures),
    /// Computed from samples, as models asked for.
    Computed(BTreeMap<Picture, Pictures>),
}

impl PictureSource {
    /// The pictures for a model that asks for `wanted`.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn of(&self, wanted: Picture) -> std::result::Result<&Pictures, String> {
        match self {
            Self::None(why) => Err(why.clone()),
            Self::Images(_) if wanted.spectrum == Spectrum::Mfcc => {
                Err("the images show spectrograms, not cepstral coefficients".to_owned())
            }
            Self::Images(pictures) => Ok(pictures),
            Self::Computed(computed) => {
                computed.get(&wanted).ok_or_else(|| format!("{wanted} was not computed"))
            }
        }
    }

    /// Those of the examples at `kept`, in that order.
    pub(super) fn select(self, kept: &[usize]) -> Self {
        match self {
            Self::None(why) => Self::None(why),
            Self::Images(pictures) => Self::Images(pictures.select(kept)),
            Self::Computed(computed) => Self::Computed(
                computed.into_iter().map(|(picture, pictures)| (picture, pictures.select(kept))).collect(),
            ),
        }
    }
}

/// Computes all wanted pictures of an example.
pub(super) struct Painter {
    makers: Vec<(Picture, PictureMaker)>,
    most: Option<ImageSize>,
}

impl Painter {
    /// For examples of `length` samples; no picture larger than `most`.
    ///
    /// # Errors
    ///
    /// A picture that makes no sense.
    pub fn new(wanted: &[Picture], length: usize, most: Option<ImageSize>) -> Result<Self> {
        let maker = |picture: &Picture| {
            let maker = PictureMaker::new(picture, length)
                .map_err(|e| Error::new(format!("pictures `{picture}`"), e, "`bench list models`"))?;
            Ok((*picture, maker))
        };
        Ok(Self { makers: wanted.iter().map(maker).collect::<Result<_>>()?, most })
    }

    /// Whether no picture is wanted.
    pub fn is_idle(&self) -> bool {
        self.makers.is_empty()
    }

    /// The pictures of one example, in the order they were asked for.
    pub fn of(&self, samples: &[f32]) -> Vec<Painting> {
        let paint = |(_, maker): &(Picture, PictureMaker)| {
            let picture = maker.of(samples);
            let size = ImageSize { width: picture.ncols(), height: picture.nrows() };
            Painting { size, pixels: picture.into_iter().collect() }.at_most(self.most)
        };
        self.makers.iter().map(paint).collect()
    }

    /// The pictures of all examples.
    ///
    /// # Errors
    ///
    /// Only if they are not all of one size, which would be a bug.
    pub fn collect(&self, examples: impl Iterator<Item = Vec<Painting>>) -> Result<PictureSource> {
        let mut galleries: Vec<Gallery> = self.makers.iter().map(|_| Gallery::default()).collect();
        for paintings in examples {
            galleries.iter_mut().zip(paintings).for_each(|(gallery, painting)| gallery.hang(painting));
        }
        let named = self
            .makers
            .iter()
            .zip(galleries)
            .map(|((picture, _), gallery)| gallery.pictures().map(|pictures| (*picture, pictures)));
        Ok(PictureSource::Computed(named.collect::<Result<_>>()?))
    }
}

/// One picture of one example, row by row.
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

/// Pictures of one size, one after the other.
#[derive(Default)]
pub(super) struct Gallery {
    size: Option<ImageSize>,
    pixels: Vec<f32>,
}

impl Gallery {
    /// Adds a picture, which is brought to the size of the first.
    pub fn hang(&mut self, painting: Painting) {
        let size = *self.size.get_or_insert(painting.size);
        self.pixels.extend(resize(&painting.pixels, painting.size, size));
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// Only if their numbers do not add up, which would be a bug.
    pub fn pictures(self) -> Result<Pictures> {
        let size = self.size.unwrap_or(ImageSize { width: 0, height: 0 });
        let count = self.pixels.len() / (size.width * size.height).max(1);
        let pool = Array3::from_shape_vec((count, size.height, size.width), self.pixels)
            .map_err(|e| Error::new("the pictures", e, "report this as a bug"))?;
        Ok(Pictures::new(pool))
    }
}

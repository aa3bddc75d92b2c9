//! Spectrograms of the examples, for the models that read them.

use super::resize::{ImageSize, resize};
use crate::error::{Error, Result};
use crate::features::ExtractionOptions;
use crate::features::cache::{Cache, CacheKey, CachedSpectrogram};
use crate::features::extract::{Also, Kept, KeptExample};
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

    /// The names in the cache of a recording's spectrograms of each kind.
    fn keys(&self, content: &[u8; 32], options: &ExtractionOptions) -> impl Iterator<Item = CacheKey> {
        self.extractors.iter().map(|(representation, _)| {
            Cache::spectrograms_key(content, options, &format!("{representation:?} {:?}", self.most))
        })
    }

    /// What a dataset has, given the spectrograms of all its examples in the order they were asked for.
    pub fn source(&self, all: Vec<Spectrograms>) -> SpectrogramSource {
        let wanted = self.extractors.iter().map(|(representation, _)| *representation);
        SpectrogramSource::Computed(wanted.zip(all).collect())
    }
}

/// Kept one kind at a time, so that a run with other models finds those that it shares.
impl Also<Vec<Spectrogram>> for SpectrogramExtractor {
    /// In the order they were asked for.
    fn of(&self, samples: &[f32]) -> Vec<Spectrogram> {
        let one = |(_, extractor): &(Representation, RepresentationExtractor)| {
            let values = extractor.of(samples);
            let (_, height, width) = values.dim();
            Spectrogram { size: ImageSize { width, height }, pixels: values.into_iter().collect() }
                .at_most(self.most)
        };
        self.extractors.iter().map(one).collect()
    }

    fn kept(
        &self,
        cache: &Cache,
        content: &[u8; 32],
        options: &ExtractionOptions,
    ) -> Option<Kept<Vec<Spectrogram>>> {
        let mut kinds = self.keys(content, options).map(|key| cache.spectrograms(&key));
        let Kept { container, examples } = kinds.next()??;
        let alone = |KeptExample { segment, length, content, value }| {
            let value = vec![Spectrogram::from(value)];
            KeptExample { segment, length, content, value }
        };
        let mut all = Kept { container, examples: examples.into_iter().map(alone).collect() };
        for further in kinds {
            let further = further?.examples;
            if further.len() != all.examples.len() {
                return None;
            }
            for (example, further) in all.examples.iter_mut().zip(further) {
                example.value.push(further.value.into());
            }
        }
        Some(all)
    }

    fn keep<'c>(
        &self,
        cache: &Cache,
        content: &[u8; 32],
        options: &ExtractionOptions,
        computed: &Kept<&'c Vec<Spectrogram>>,
    ) {
        for (kind, key) in self.keys(content, options).enumerate() {
            let one = |example: &KeptExample<&'c Vec<Spectrogram>>| {
                let KeptExample { segment, length, content, value } = *example;
                let Spectrogram { size, pixels } = value.get(kind)?;
                let value = CachedSpectrogram { size: (size.height, size.width), numbers: pixels.into() };
                Some(KeptExample { segment, length, content, value })
            };
            // Those of an example that is shorter than others have another size.
            let examples: Option<Vec<_>> = computed.examples.iter().map(one).collect();
            if let Some(examples) = examples
                && examples.windows(2).all(|pair| pair[0].value.size == pair[1].value.size)
            {
                cache.put_spectrograms(&key, &Kept { container: computed.container, examples });
            }
        }
    }
}

impl From<CachedSpectrogram<'_>> for Spectrogram {
    fn from(CachedSpectrogram { size: (height, width), numbers }: CachedSpectrogram) -> Self {
        Self { size: ImageSize { width, height }, pixels: numbers.into_owned() }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use crate::audio::{Container, Cut, Fault};
    use crate::features::extract::{ExtractionJob, FeatureRow, rows_of};
    use crate::features::table::Extractor;
    use std::cell::Cell;

    #[test]
    fn a_recording_whose_spectrograms_were_kept_is_not_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::within(folder.path());
        let options = ExtractionOptions::new(Cut::new(1.0, None).unwrap());
        let samples: Vec<f32> = (0..70_000).map(|n| ((n * n % 7919) as f32 / 7919.0 - 0.5) * 0.3).collect();
        let most = Some(ImageSize { width: 30, height: 50 });
        let decoded = Cell::new(0);
        let rows = |kinds: &[&str], table: bool, cache: Option<&Cache>, content: u8| {
            let kinds: Vec<Representation> = kinds.iter().map(|kind| kind.parse().unwrap()).collect();
            let spectrograms = SpectrogramExtractor::new(&kinds, options.cut.samples(), most).unwrap();
            let job = ExtractionJob { options, table, cache, also: Some(&spectrograms) };
            let decode = || -> std::result::Result<_, Fault> {
                decoded.set(decoded.get() + 1);
                Ok((Container::Flac, samples.clone()))
            };
            let mut extractor = Extractor::new(options.convention).unwrap();
            let rows: Vec<FeatureRow<Vec<Spectrogram>>> =
                rows_of(&mut extractor, &job, || Some([content; 32]), decode).unwrap().1;
            (rows, decoded.take())
        };
        let kinds = ["mel-64", "mfcc-13", "colour-mel-128"];
        for table in [true, false] {
            let (fresh, decoded) = rows(&kinds, table, None, 1);
            assert_eq!((fresh.len(), decoded), (3, 1));
            let (first, decoded) = rows(&kinds, table, Some(&cache), 1);
            assert_eq!((&first, decoded), (&fresh, usize::from(table)), "kept ones serve both");
            assert_eq!(rows(&kinds, table, Some(&cache), 1), (fresh.clone(), 0));
            // Any of them, in another order.
            let (some, decoded) = rows(&["mfcc-13", "mel-64"], table, Some(&cache), 1);
            assert_eq!(decoded, 0);
            let turned = |row: &FeatureRow<Vec<Spectrogram>>| {
                row.also.as_ref().map(|all| [all[1].clone(), all[0].clone()])
            };
            assert!(some.iter().zip(&fresh).all(|(some, fresh)| some.also == turned(fresh).map(Vec::from)));
        }
        // One that was not kept; another recording.
        assert_eq!(rows(&["mel-64", "mel-40"], true, Some(&cache), 1).1, 1);
        assert_eq!(rows(&kinds, true, Some(&cache), 2).1, 1);
    }
}

//! Tables of pixels, from spectrogram images: the other input that GTZAN is passed around as.
//!
//! Each image file of `images_original/GENRE`, or each of the segments it is cut into, becomes one row: grey, brought to
//! a size that the user chooses, a pixel a column. So every model that reads tables reads images too. Models that read
//! spectrograms get them as they are, in grey or, where they ask for pictures, in colour.

use super::assemble::{DatasetParts, ExampleFacts};
use super::audio::fault_notes;
use super::computed::{Collector, Features};
use super::example_source::{ExampleSource, SourceFile, SourcePart};
use super::image_file::{self, ImageFormat};
use super::resize::{ImageSize, resize};
use super::source::Source;
use super::spectrograms::{ImageInput, Spectrogram, SpectrogramSource};
use crate::error::{Error, Result};
use crate::features::mfcc::mfcc;
use crate::recordings::{Recording, find_in, names};
use crate::util::shown::counted;
use crate::util::{content_of, in_order};
use genre_bench_api::Spectrograms;
use ndarray::{Array2, ArrayView2};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What an image shows, as in the Kaggle copy of GTZAN.
const IMAGE_SECONDS: u32 = 30;
/// Images a thread that are in memory at once.
const AT_ONCE: usize = 16;

/// The image files in a folder.
pub(super) struct FoundImages {
    /// Those that are read.
    pub images: Vec<Recording>,
    /// A sentence on the others, if there are any.
    unread: Option<String>,
}

/// The image files in `GENRE/file` under `folder`.
///
/// # Errors
///
/// A folder that cannot be listed, or images none of which is of a kind that is read.
pub(super) fn found(folder: &Path) -> Result<FoundImages> {
    let is_read = |path: &Path| ImageFormat::of_extension(path).is_some_and(ImageFormat::is_read);
    let images = find_in(folder, is_read, names::dotted)?;
    let is_unread = |path: &Path| ImageFormat::of_extension(path).is_some_and(|format| !format.is_read());
    let others = find_in(folder, is_unread, names::dotted)?;
    let unread = unread(others.iter().filter_map(|image| ImageFormat::of_extension(&image.path)));
    match unread {
        Some(reason) if images.is_empty() => {
            Err(Error::at(folder, reason, "give PNG, JPEG or WebP files, GENRE/file.png"))
        }
        unread => Ok(FoundImages { images, unread }),
    }
}

/// The examples of image files, which were found in `folder`.
///
/// # Errors
///
/// Segments of more than an image shows, or not one usable image.
pub(super) fn parts(
    folder: &Path,
    found: &FoundImages,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<DatasetParts> {
    let images = &found.images;
    let segments = segments(source.seconds)?;
    let reader = ImageReader::new(source, segments);
    let mut faults = Vec::new();
    let mut read: Vec<(usize, ReadImage)> = Vec::with_capacity(images.len());
    progress(0, images.len());
    in_order(
        images,
        AT_ONCE,
        || (),
        |(), image| reader.read(&image.path),
        |at, outcome| {
            match outcome {
                Ok(image) => read.push((at, image)),
                Err(reason) => faults.push(format!("{}: {reason}", images[at].path.display())),
            }
            progress(at + 1, images.len());
            Ok::<_, Error>(())
        },
    )?;
    let usual = most_frequent(read.iter().map(|(_, image)| image.size));
    let mut notes = Vec::new();
    if segments > 1 {
        read.retain(|(at, image)| {
            let fits = of_one_length(image.size, usual);
            if !fits {
                let reason =
                    format!("is {} wide, and not {}", counted(image.size.width, "pixel"), usual.width);
                faults.push(format!(
                    "{}: {reason} as most are: it shows another length of time",
                    images[*at].path.display()
                ));
            }
            fits
        });
    }
    let resized = read.iter().filter(|(_, image)| image.size != usual).map(|(at, _)| *at).collect::<Vec<_>>();
    if let Some(&first) = resized.first() {
        notes.push(format!(
            "{} of {} images are not of {usual} pixels as most are, and were resized to that, such as {}",
            resized.len(),
            read.len(),
            images[first].path.display()
        ));
    }
    let failed = format!("{} of {} images could not be used", faults.len(), images.len());
    let Some((_, first)) = read.iter().find(|(_, image)| image.size == usual) else {
        let hint = "is it a folder of PNG, JPEG or WebP files, GENRE/file.png?";
        return Err(Error::at(folder, format!("{failed}: {}", faults[0]), hint));
    };
    let (images_read, without_colours) = (read.len(), read.iter().filter(|(_, image)| image.is_grey).count());
    let mut collector = Collector::new(reader.columns(), reader.inputs.len());
    collector.sized_as(&first.segments[0].1);
    for (at, ReadImage { segments: parts, .. }) in read {
        let image = &images[at];
        let path: Arc<Path> = image.path.as_path().into();
        for (segment, (features, spectrograms)) in parts.into_iter().enumerate() {
            let number = (segments > 1).then_some(segment);
            let part = number.map_or(SourcePart::Whole, |n| SourcePart::Segment(n, reader.seconds));
            let facts = ExampleFacts {
                source: Some(ExampleSource { file: SourceFile::Image(Arc::clone(&path)), part }),
                name: Some(image.example_name(number, "png")),
                track: Some(image.track.clone()),
                segment: image.segment(number),
                genre: image.genre.clone(),
                ..ExampleFacts::default()
            };
            collector.push(facts, features, spectrograms);
        }
    }
    let mut parts = collector.parts(|all| reader.source(all))?;
    parts.notes.extend(names::segments_note(images.iter().map(Recording::said)));
    if source.table {
        parts.notes.push(format!("images as {} grey pixels in the table (--image-size)", source.image_size));
    }
    if segments > 1 {
        parts.notes.push(format!(
            "each image is taken for {IMAGE_SECONDS} s and cut into {segments} by its columns"
        ));
    }
    if let SpectrogramSource::Images(images) = &parts.spectrograms {
        if let Some(images) = images.get(&ImageInput::Grey).or(images.get(&ImageInput::Colour)) {
            let (rows, columns) = images.shape();
            parts.notes.push(format!(
                "networks get the images themselves, {rows} rows of {}",
                counted(columns, "pixel")
            ));
        }
        if images.contains_key(&ImageInput::Colour) && without_colours > 0 {
            parts.notes.push(format!(
                "{without_colours} of {} images are grey: networks that read colours get three equal channels",
                images_read,
            ));
        }
        if images.keys().any(|input| matches!(input, ImageInput::Cepstrum(_))) {
            parts.notes.push(
                "cepstral coefficients are those of the images' rows, taken for mel bands in decibels"
                    .to_owned(),
            );
        }
    }
    parts.notes.extend(notes);
    parts.notes.extend(found.unread.clone());
    parts.notes.extend(fault_notes(&failed, faults));
    Ok(parts)
}

/// What is made of every image.
struct ImageReader {
    /// Columns of the table are pixels of an image of this size, if a table is wanted.
    table: Option<ImageSize>,
    /// What else is wanted.
    inputs: Vec<ImageInput>,
    most: Option<ImageSize>,
    segments: usize,
    seconds: u32,
}

/// An image, as its segments.
struct ReadImage {
    size: ImageSize,
    is_grey: bool,
    segments: Vec<(Features, Vec<Spectrogram>)>,
}

impl ImageReader {
    fn new(source: &Source, segments: usize) -> Self {
        let inputs: BTreeSet<ImageInput> =
            source.representations.iter().filter_map(|&wanted| ImageInput::of(wanted)).collect();
        Self {
            table: source.table.then_some(source.image_size),
            inputs: inputs.into_iter().collect(),
            most: source.spectrogram_size,
            segments,
            seconds: source.seconds.unwrap_or(IMAGE_SECONDS),
        }
    }

    /// Names of the table's columns, row by row from the top; none if no table is wanted.
    fn columns(&self) -> Vec<String> {
        let ImageSize { width, height } = self.table.unwrap_or(ImageSize { width: 0, height: 0 });
        (0..height).flat_map(|y| (0..width).map(move |x| format!("pixel_{y:03}_{x:03}"))).collect()
    }

    fn read(&self, path: &Path) -> std::result::Result<ReadImage, String> {
        let decoded = image_file::read(path)?;
        let size = decoded.size();
        let grey = Spectrogram { size, pixels: decoded.grey() };
        let colour = self.inputs.contains(&ImageInput::Colour);
        let colour = colour.then(|| Spectrogram { size, pixels: decoded.colour() });
        let of_segment = |segment| {
            let part = |whole: &Spectrogram| match self.segments {
                1 => whole.clone(),
                _ => whole.segment(segment, self.seconds),
            };
            let grey = part(&grey);
            let features = match self.table {
                Some(size) => {
                    let pixels = resize(&grey.pixels, grey.size, size);
                    Features::Columns(pixels.into_iter().map(f64::from).collect())
                }
                None => Features::Content(content_of(&grey.pixels)),
            };
            (features, self.spectrograms(grey.upside_down(), colour.as_ref().map(part)))
        };
        let segments = (0..self.segments).map(of_segment).collect();
        Ok(ReadImage { size, is_grey: decoded.is_grey(), segments })
    }

    /// What networks get of a segment, in the order of the inputs.
    fn spectrograms(&self, grey: Spectrogram, colour: Option<Spectrogram>) -> Vec<Spectrogram> {
        let input = |input: &ImageInput| match input {
            ImageInput::Grey => grey.clone(),
            ImageInput::Colour => colour.clone().unwrap_or_else(|| grey.clone()),
            ImageInput::Cepstrum(coefficients) => grey.cepstrum(*coefficients),
        };
        self.inputs.iter().map(|wanted| input(wanted).at_most(self.most)).collect()
    }

    /// What the dataset has, given the spectrograms of all segments in the order of the inputs. Images with fewer rows
    /// than coefficients are wanted have none.
    fn source(&self, all: Vec<Spectrograms>) -> SpectrogramSource {
        if self.inputs.is_empty() {
            return SpectrogramSource::None("none were asked for".to_owned());
        }
        let made = self.inputs.iter().copied().zip(all);
        let enough = made.filter(|(input, made)| match input {
            ImageInput::Cepstrum(wanted) => {
                made.shape().0 >= *wanted.min(&self.most.map_or(*wanted, |m| m.height))
            }
            _ => true,
        });
        SpectrogramSource::Images(enough.collect())
    }
}

/// The size that most images have; of several the first seen.
fn most_frequent(sizes: impl Iterator<Item = ImageSize>) -> ImageSize {
    let mut counts: Vec<(ImageSize, usize)> = Vec::new();
    for size in sizes {
        match counts.iter_mut().find(|(known, _)| *known == size) {
            Some((_, count)) => *count += 1,
            None => counts.push((size, 1)),
        }
    }
    let first_of_most = counts.iter().rev().max_by_key(|(_, count)| *count);
    first_of_most.map_or(ImageSize { width: 0, height: 0 }, |(size, _)| *size)
}

/// Whether two images show the same length of time, if their columns do: their widths differ by 2 % at most.
fn of_one_length(one: ImageSize, other: ImageSize) -> bool {
    one.width.abs_diff(other.width) * 50 <= other.width
}

/// A sentence on image files of kinds that are not read, if there are any.
fn unread(formats: impl Iterator<Item = ImageFormat>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    formats.for_each(|format| *counts.entry(format.name()).or_default() += 1);
    let (kinds, files) =
        (counts.keys().copied().collect::<Vec<_>>().join(", "), counts.values().sum::<usize>());
    match files {
        0 => None,
        1 => Some(format!("1 file is {kinds}, which is not read: convert it to PNG")),
        _ => Some(format!("{files} files are {kinds}, which are not read: convert them to PNG")),
    }
}

/// How many segments of this length an image is cut into.
fn segments(seconds: Option<u32>) -> Result<usize> {
    match seconds {
        None => Ok(1),
        Some(seconds @ 1..=IMAGE_SECONDS) => Ok((IMAGE_SECONDS / seconds) as usize),
        Some(seconds) => {
            let reason = format!("an image is taken for {IMAGE_SECONDS} s");
            Err(Error::new(format!("--segment {seconds}"), reason, "10, 3 or 1, or leave it out"))
        }
    }
}

impl Spectrogram {
    /// A segment of an image: so many seconds of those that it shows, and as many columns whichever it is.
    pub(super) fn segment(&self, segment: usize, seconds: u32) -> Self {
        let columns = |seconds: usize| seconds * self.size.width / IMAGE_SECONDS as usize;
        let width = columns(seconds as usize).max(1);
        let first = columns(segment * seconds as usize).min(self.size.width - width);
        let rows = self.pixels.chunks_exact(self.size.width);
        let pixels = rows.flat_map(|row| row[first..first + width].iter().copied()).collect();
        Self { size: ImageSize { width, ..self.size }, pixels }
    }

    /// So many cepstral coefficients of every column, whose rows are taken for mel bands in decibels; fewer if there are
    /// fewer rows.
    fn cepstrum(&self, coefficients: usize) -> Self {
        let ImageSize { width, height } = self.size;
        let log_mel = ArrayView2::from_shape((height, width), &self.pixels);
        let cepstrum = log_mel.map_or_else(
            |_| Array2::zeros((0, width)),
            |log_mel| mfcc(log_mel.t(), coefficients).reversed_axes(),
        );
        let size = ImageSize { width, height: cepstrum.nrows() };
        Self { size, pixels: cepstrum.iter().copied().collect() }
    }

    /// With its last row first: in images low frequencies are at the bottom.
    fn upside_down(self) -> Self {
        let rows = self.pixels.chunks_exact(self.size.width).rev();
        Self { pixels: rows.flatten().copied().collect(), size: self.size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_lie_side_by_side() {
        let pixels = (0..22).map(|value| value as f32).collect();
        let image = Spectrogram { size: ImageSize { width: 11, height: 2 }, pixels };
        let segments: Vec<Spectrogram> = (0..3).map(|segment| image.segment(segment, 10)).collect();
        let pixels: Vec<&[f32]> = segments.iter().map(|segment| &segment.pixels[..]).collect();
        assert_eq!(pixels[0], [0.0, 1.0, 2.0, 11.0, 12.0, 13.0]);
        assert_eq!(pixels[1], [3.0, 4.0, 5.0, 14.0, 15.0, 16.0]);
        assert_eq!(pixels[2], [7.0, 8.0, 9.0, 18.0, 19.0, 20.0]);
        assert_eq!(image.segment(2, 10).upside_down().pixels, [18.0, 19.0, 20.0, 7.0, 8.0, 9.0]);
    }
}

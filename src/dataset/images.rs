//! Tables of pixels, from spectrogram images: the other input that GTZAN is passed around as.
//!
//! Each image file of `images_original/GENRE`, or each of the segments it is cut into, becomes one row: grey, brought to
//! a size that the user chooses, a pixel a column. So every model that reads tables reads images too. Models that read
//! spectrograms get them as they are, in grey or, where they ask for pictures, in colour.

use super::assemble::{DatasetParts, ExampleFacts};
use super::audio::fault_notes;
use super::computed::{Collector, Features};
use super::image_file::{self, ImageFormat};
use super::resize::{ImageSize, resize};
use super::source::Source;
use super::spectrograms::{Spectrogram, SpectrogramSource};
use crate::error::{Error, Result};
use crate::recordings::{Recording, find_in, names};
use crate::util::{content_of, in_order};
use genre_bench_api::Spectrograms;
use std::collections::BTreeMap;
use std::path::Path;

/// What an image shows, as in the Kaggle copy of GTZAN.
const IMAGE_SECONDS: u32 = 30;
/// Images a thread that are in memory at once.
const AT_ONCE: usize = 16;

/// The examples of all image files in `GENRE/file` under `folder`; `None` where there are none.
///
/// # Errors
///
/// A folder that cannot be listed, not one usable image, or none of a kind that is read.
pub(super) fn parts(
    folder: &Path,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<DatasetParts>> {
    let is_read = |path: &Path| ImageFormat::of_extension(path).is_some_and(ImageFormat::is_read);
    let found = find_in(folder, is_read, names::dotted)?;
    let is_unread = |path: &Path| ImageFormat::of_extension(path).is_some_and(|format| !format.is_read());
    let others = find_in(folder, is_unread, names::dotted)?;
    let unread = unread(others.iter().filter_map(|image| ImageFormat::of_extension(&image.path)));
    if found.is_empty() {
        let hint = "give PNG, JPEG or WebP files, GENRE/file.png";
        return unread.map_or(Ok(None), |reason| Err(Error::at(folder, reason, hint)));
    }
    let segments = segments(source.seconds)?;
    let size = source.image_size;
    let wants = |channels: usize| source.representations.iter().any(|wanted| wanted.channels() == channels);
    let (grey, colour) = (wants(1), wants(3));
    let columns = if source.table { columns(size) } else { Vec::new() };
    let mut collector = Collector::new(columns, usize::from(grey) + usize::from(colour));
    let mut without_colours = 0;
    let mut faults = Vec::new();
    progress(0, found.len());
    let work = |image: &Recording| {
        let decoded = image_file::read(&image.path)?;
        let whole = Spectrogram { size: decoded.size(), pixels: decoded.grey() };
        let coloured = colour.then(|| Spectrogram { size: decoded.size(), pixels: decoded.colour() });
        let of_segment = |segment| {
            let part = whole.segment(segment, segments);
            let features = if source.table {
                let pixels = resize(&part.pixels, part.size, size);
                Features::Columns(pixels.into_iter().map(f64::from).collect())
            } else {
                Features::Content(content_of(&part.pixels))
            };
            // Colour pictures stand as they are.
            let coloured = coloured.as_ref().map(|whole| whole.segment(segment, segments));
            let spectrograms = grey.then(|| part.upside_down()).into_iter().chain(coloured);
            let spectrograms = spectrograms.map(|part| part.at_most(source.spectrogram_size)).collect();
            (features, spectrograms)
        };
        Ok::<_, String>(((0..segments).map(of_segment).collect::<Vec<_>>(), decoded.is_grey()))
    };
    in_order(
        &found,
        AT_ONCE,
        || (),
        |(), image| work(image),
        |at, read| {
            let image = &found[at];
            match read {
                Ok((parts, is_grey)) => {
                    without_colours += usize::from(is_grey);
                    for (segment, (features, spectrograms)) in parts.into_iter().enumerate() {
                        let number = (segments > 1).then_some(segment);
                        let facts = ExampleFacts {
                            name: Some(image.example_name(number, "png")),
                            track: Some(image.track.clone()),
                            segment: image.segment(number),
                            genre: image.genre.clone(),
                            ..ExampleFacts::default()
                        };
                        collector.push(facts, features, spectrograms);
                    }
                }
                Err(reason) => faults.push(format!("{}: {reason}", image.path.display())),
            }
            progress(at + 1, found.len());
            Ok::<_, Error>(())
        },
    )?;
    let failed = format!("{} of {} images could not be used", faults.len(), found.len());
    if collector.is_empty() {
        let hint = "is it a folder of PNG, JPEG or WebP files, GENRE/file.png?";
        return Err(Error::at(folder, format!("{failed}: {}", faults[0]), hint));
    }
    let mut parts = collector.parts(|all| match all.is_empty() {
        true => SpectrogramSource::None("none were asked for".to_owned()),
        false => SpectrogramSource::Images(all),
    })?;
    parts.notes.extend(names::segments_note(found.iter().map(Recording::said)));
    if source.table {
        parts.notes.push(format!("images as {size} grey pixels in the table (--image-size)"));
    }
    if segments > 1 {
        parts.notes.push(format!(
            "each image is taken for {IMAGE_SECONDS} s and cut into {segments} by its columns"
        ));
    }
    if let SpectrogramSource::Images(images) = &parts.spectrograms {
        let (rows, columns) = images.first().map_or((0, 0), Spectrograms::shape);
        parts.notes.push(format!("networks get the images themselves, {rows} rows of {columns} pixels"));
    }
    if colour && without_colours > 0 {
        let of = found.len();
        parts.notes.push(format!(
            "{without_colours} of {of} images are grey: networks that read colours get three equal channels"
        ));
    }
    parts.notes.extend(unread);
    parts.notes.extend(fault_notes(&failed, faults));
    Ok(Some(parts))
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

/// Names of the table's columns, row by row from the top.
fn columns(size: ImageSize) -> Vec<String> {
    (0..size.height).flat_map(|y| (0..size.width).map(move |x| format!("pixel_{y:03}_{x:03}"))).collect()
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
    /// A segment of an image: so many of equal width side by side.
    fn segment(&self, segment: usize, segments: usize) -> Self {
        let width = (self.size.width / segments).max(1);
        // Columns that do not divide are left over evenly between the segments.
        let first = (segment * self.size.width / segments).min(self.size.width - width);
        let rows = self.pixels.chunks_exact(self.size.width);
        let pixels = rows.flat_map(|row| row[first..first + width].iter().copied()).collect();
        Self { size: ImageSize { width, ..self.size }, pixels }
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
        let segments: Vec<Spectrogram> = (0..3).map(|segment| image.segment(segment, 3)).collect();
        let pixels: Vec<&[f32]> = segments.iter().map(|segment| &segment.pixels[..]).collect();
        assert_eq!(pixels[0], [0.0, 1.0, 2.0, 11.0, 12.0, 13.0]);
        assert_eq!(pixels[1], [3.0, 4.0, 5.0, 14.0, 15.0, 16.0]);
        assert_eq!(pixels[2], [7.0, 8.0, 9.0, 18.0, 19.0, 20.0]);
        assert_eq!(image.segment(2, 3).upside_down().pixels, [18.0, 19.0, 20.0, 7.0, 8.0, 9.0]);
    }
}

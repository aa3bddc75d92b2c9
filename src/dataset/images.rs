//! Tables of pixels, from spectrogram images: the other input that GTZAN is passed around as.
//!
//! Each image of `images_original/GENRE/*.png`, or each of the segments it is cut into, becomes one row: grey, brought to
//! a size that the user chooses, a pixel a column. So every model that reads tables reads images too. Models that read
//! spectrograms get them as they are.

use super::assemble::{DatasetParts, ExampleFacts};
use super::audio::fault_notes;
use super::computed::{Collector, Features};
use super::resize::{ImageSize, resize};
use super::source::Source;
use super::spectrograms::{Spectrogram, SpectrogramSource};
use crate::error::{Error, Result};
use crate::recordings::{Recording, find_in, names};
use crate::util::{content_of, in_order};
use std::path::Path;
use zune_png::PngDecoder;
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::options::DecoderOptions;

/// Largest image in pixels a side. With [`MOST_BYTES`] it bounds the memory of a hostile file.
const MOST_PIXELS: usize = 4096;
/// Largest file, and most bytes that one may unpack to.
const MOST_BYTES: usize = 128 << 20;
/// What an image shows, as in the Kaggle copy of GTZAN.
const IMAGE_SECONDS: u32 = 30;
/// Images a thread that are in memory at once.
const AT_ONCE: usize = 16;

/// The examples of all PNG files in `GENRE/file` under `folder`; `None` where there are none.
///
/// # Errors
///
/// A folder that cannot be listed, or not one usable image.
pub(super) fn parts(
    folder: &Path,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<DatasetParts>> {
    let is_png = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let found = find_in(folder, is_png, names::dotted)?;
    if found.is_empty() {
        return Ok(None);
    }
    let segments = segments(source.seconds)?;
    let size = source.image_size;
    let wanted = !source.representations.is_empty();
    let columns = if source.table { columns(size) } else { Vec::new() };
    let mut collector = Collector::new(columns, usize::from(wanted));
    let mut faults = Vec::new();
    progress(0, found.len());
    in_order(
        &found,
        AT_ONCE,
        || (),
        |(), image| read(&image.path),
        |at, read| {
            let image = &found[at];
            match read {
                Ok(pixels) => {
                    for segment in 0..segments {
                        let part = pixels.segment(segment, segments);
                        let number = (segments > 1).then_some(segment);
                        let facts = ExampleFacts {
                            name: Some(image.example_name(number, "png")),
                            track: Some(image.track.clone()),
                            segment: image.segment(number),
                            genre: image.genre.clone(),
                            ..ExampleFacts::default()
                        };
                        let features = if source.table {
                            let pixels = resize(&part.pixels, part.size, size);
                            Features::Columns(pixels.into_iter().map(f64::from).collect())
                        } else {
                            Features::Content(content_of(&part.pixels))
                        };
                        let spectrogram = wanted.then(|| part.upside_down().at_most(source.spectrogram_size));
                        collector.push(facts, features, spectrogram.into_iter().collect());
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
        let hint = "is it a folder of PNG files, GENRE/file.png?";
        return Err(Error::at(folder, format!("{failed}: {}", faults[0]), hint));
    }
    let none = || SpectrogramSource::None("none were asked for".to_owned());
    let mut parts = collector.parts(|mut all| all.pop().map_or_else(none, SpectrogramSource::Images))?;
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
        let (rows, columns) = images.shape();
        parts.notes.push(format!("networks get the images themselves, {rows} rows of {columns} pixels"));
    }
    parts.notes.extend(fault_notes(&failed, faults));
    Ok(Some(parts))
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

/// An image's grey values 0–1, row by row from the top, or why there are none.
fn read(path: &Path) -> std::result::Result<Spectrogram, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > MOST_BYTES as u64 {
        return Err(format!("is larger than {} MiB", MOST_BYTES >> 20));
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let options = DecoderOptions::default()
        .set_max_width(MOST_PIXELS)
        .set_max_height(MOST_PIXELS)
        .inflate_set_limit(MOST_BYTES)
        .png_set_confirm_crc(true)
        .png_set_strip_to_8bit(true);
    // A decoder's panic is a fault of the file, too.
    let decoded = std::panic::catch_unwind(|| {
        let mut decoder = PngDecoder::new_with_options(ZCursor::new(&bytes), options);
        let samples = decoder.decode_raw().map_err(|e| format!("is no usable PNG: {e:?}"))?;
        let (width, height) = decoder.dimensions().ok_or("has no size")?;
        Ok::<_, String>((samples, width, height))
    });
    let (samples, width, height) = decoded.map_err(|_| "the decoder panics")??;
    let channels = samples.len() / (width * height).max(1);
    if channels == 0 || samples.len() != width * height * channels {
        return Err("has no pixels".to_owned());
    }
    let pixels = samples.chunks_exact(channels).map(luma).collect();
    Ok(Spectrogram { size: ImageSize { width, height }, pixels })
}

/// Brightness 0–1 of a pixel of grey, grey and alpha, RGB or RGBA, with the weights of ITU-R BT.601, as Pillow's
/// `convert("L")`. Alpha does not count.
fn luma(pixel: &[u8]) -> f32 {
    let luma = match pixel {
        [r, g, b, ..] => 299.0 * f64::from(*r) + 587.0 * f64::from(*g) + 114.0 * f64::from(*b),
        _ => 1000.0 * f64::from(pixel[0]),
    };
    (luma / 255_000.0) as f32
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

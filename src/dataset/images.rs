//! Tables of pixels, from spectrogram images: the other input that GTZAN is passed around as.
//!
//! Each image of `images_original/GENRE/*.png`, or each of the segments it is cut into, becomes one row: grey, brought to
//! a size that the user chooses, a pixel a column. So every model that reads tables reads images too. Models that read
//! spectrograms get them as they are.

use super::Source;
use super::recordings::{DatasetParts, artists_of, fault_notes};
use super::resize::{ImageSize, resize};
use super::spectrograms::{Gallery, Painting, SpectrogramSource};
use super::table::RawTable;
use crate::error::{Error, Result};
use crate::features::folder::by_genre;
use rayon::prelude::*;
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
/// Images between two reports of progress.
const BATCH: usize = 64;

/// The table of all PNG files in `GENRE/file` under `folder`; `None` where there are none.
///
/// # Errors
///
/// A folder that cannot be listed, or not one usable image.
pub(super) fn table(
    folder: &Path,
    source: &Source,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<DatasetParts>> {
    let is_png = |path: &Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let found = by_genre(folder, is_png)
        .map_err(|e| Error::at(folder, format!("cannot be read: {e}"), "check its permissions"))?;
    if found.is_empty() {
        return Ok(None);
    }
    let segments = segments(source.seconds)?;
    let size = source.image_size;
    let (mut labels, mut filenames, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gallery, mut faults) = (Gallery::default(), Vec::new());
    progress(0, found.len());
    for (batch, done) in found.chunks(BATCH).zip((BATCH..).step_by(BATCH)) {
        let read: Vec<_> = batch.par_iter().map(|(path, _)| read(path)).collect();
        for ((path, genre), image) in batch.iter().zip(read) {
            match image {
                Ok(image) => {
                    for segment in 0..segments {
                        let painting = image.segment(segment, segments);
                        let pixels = resize(&painting.pixels, painting.size, size);
                        values.extend(pixels.into_iter().map(f64::from));
                        labels.push(genre.clone());
                        filenames.push(name(path, genre, (segments > 1).then_some(segment)));
                        if !source.representations.is_empty() {
                            gallery.hang(painting.upside_down().at_most(source.spectrogram_size));
                        }
                    }
                }
                Err(reason) => faults.push(format!("{}: {reason}", path.display())),
            }
        }
        progress(done.min(found.len()), found.len());
    }
    let failed = format!("{} of {} images could not be used", faults.len(), found.len());
    if labels.is_empty() {
        let hint = "is it a folder of PNG files, GENRE/file.png?";
        return Err(Error::at(folder, format!("{failed}: {}", faults[0]), hint));
    }
    let mut notes = vec![format!("images as {size} grey pixels in the table (--image-size)")];
    if segments > 1 {
        notes.push(format!(
            "each image is taken for {IMAGE_SECONDS} s and cut into {segments} by its columns"
        ));
    }
    let mut spectrograms = SpectrogramSource::None("none were asked for".to_owned());
    if !source.representations.is_empty() {
        let images = gallery.spectrograms()?;
        let (rows, columns) = images.shape();
        spectrograms = SpectrogramSource::Images(images);
        notes.push(format!("networks get the images themselves, {rows} rows of {columns} pixels"));
    }
    notes.extend(fault_notes(&failed, faults));
    let columns =
        (0..size.height).flat_map(|y| (0..size.width).map(move |x| format!("pixel_{y:03}_{x:03}"))).collect();
    let table = RawTable::computed(columns, labels, filenames, values)?.with(spectrograms);
    Ok(Some(DatasetParts { table, notes, artists: artists_of(folder) }))
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

/// The name of an image's track as the tables write it: the Kaggle copy calls the image of `blues.00000.wav`
/// `blues00000.png`.
fn name(path: &Path, genre: &str, segment: Option<usize>) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let segment = segment.map(|segment| format!(".{segment}")).unwrap_or_default();
    match stem.strip_prefix(genre) {
        Some(number) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("{genre}.{number}{segment}.png")
        }
        _ => format!("{stem}{segment}.png"),
    }
}

impl Painting {
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
fn read(path: &Path) -> std::result::Result<Painting, String> {
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
    Ok(Painting { size: ImageSize { width, height }, pixels })
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
    fn names_are_those_of_the_clips() {
        assert_eq!(name("x/blues00000.png".as_ref(), "blues", None), "blues.00000.png");
        assert_eq!(name("x/blues00000.png".as_ref(), "blues", Some(7)), "blues.00000.7.png");
        assert_eq!(name("x/blues.00000.png".as_ref(), "blues", None), "blues.00000.png");
        assert_eq!(name("x/cover.png".as_ref(), "blues", None), "cover.png");
    }

    #[test]
    fn pieces_lie_side_by_side() {
        let pixels = (0..22).map(|value| value as f32).collect();
        let image = Painting { size: ImageSize { width: 11, height: 2 }, pixels };
        let segments: Vec<Painting> = (0..3).map(|segment| image.segment(segment, 3)).collect();
        let pixels: Vec<&[f32]> = segments.iter().map(|segment| &segment.pixels[..]).collect();
        assert_eq!(pixels[0], [0.0, 1.0, 2.0, 11.0, 12.0, 13.0]);
        assert_eq!(pixels[1], [3.0, 4.0, 5.0, 14.0, 15.0, 16.0]);
        assert_eq!(pixels[2], [7.0, 8.0, 9.0, 18.0, 19.0, 20.0]);
        assert_eq!(image.segment(2, 3).upside_down().pixels, [18.0, 19.0, 20.0, 7.0, 8.0, 9.0]);
    }
}

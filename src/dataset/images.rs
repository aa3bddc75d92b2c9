//! Tables of pixels, from spectrogram images: the other input that GTZAN is passed around as.
//!
//! Each image of `images_original/GENRE/*.png` becomes one row: grey, brought to a size that the user chooses,
//! a pixel a column. So every model that reads tables reads images too.

use super::Source;
use super::recordings::{DatasetParts, artists_of, fault_notes};
use super::table::RawTable;
use crate::error::{Error, Result};
use crate::features::folder::by_genre;
use rayon::prelude::*;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use zune_png::PngDecoder;
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::options::DecoderOptions;

/// Largest image in pixels a side. With [`MOST_BYTES`] it bounds the memory of a hostile file.
const MOST_PIXELS: usize = 4096;
/// Largest file, and most bytes that one may unpack to.
const MOST_BYTES: usize = 128 << 20;
/// Images between two reports of progress.
const BATCH: usize = 64;

/// Width and height in pixels that images are brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Default for ImageSize {
    /// 32 × 32: as many columns as a classical model can still use.
    fn default() -> Self {
        Self { width: 32, height: 32 }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for ImageSize {
    type Err = String;

    /// Reads `64x48`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
        match sides {
            Some((width, height)) if (1..=512).contains(&width) && (1..=512).contains(&height) => {
                Ok(Self { width, height })
            }
            _ => Err("expected WIDTHxHEIGHT, each from 1 to 512, such as 64x48".to_owned()),
        }
    }
}

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
    if let Some(seconds) = source.seconds {
        let reason = "an image is one example, whatever its length";
        return Err(Error::new(format!("--segment {seconds}"), reason, "leave it out"));
    }
    let size = source.image_size;
    let (mut labels, mut filenames, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut faults = Vec::new();
    progress(0, found.len());
    for (batch, done) in found.chunks(BATCH).zip((BATCH..).step_by(BATCH)) {
        let read: Vec<_> = batch.par_iter().map(|(path, _)| pixels(path, size)).collect();
        for ((path, genre), pixels) in batch.iter().zip(read) {
            match pixels {
                Ok(pixels) => {
                    values.extend(pixels);
                    labels.push(genre.clone());
                    filenames.push(name(path, genre));
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
    let mut notes = vec![format!("images as {size} grey pixels (--image-size)")];
    notes.extend(fault_notes(&failed, faults));
    let columns =
        (0..size.height).flat_map(|y| (0..size.width).map(move |x| format!("pixel_{y:03}_{x:03}"))).collect();
    let table = RawTable::computed(columns, labels, filenames, values)?;
    Ok(Some(DatasetParts { table, notes, artists: artists_of(folder) }))
}

/// The name of an image's clip as the tables write it: the Kaggle copy calls the image of `blues.00000.wav`
/// `blues00000.png`.
fn name(path: &Path, genre: &str) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match stem.strip_prefix(genre) {
        Some(number) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("{genre}.{number}.png")
        }
        _ => format!("{stem}.png"),
    }
}

/// An image's grey values 0–1, row by row from the top, or why there are none.
fn pixels(path: &Path, size: ImageSize) -> std::result::Result<Vec<f64>, String> {
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
    let grey: Vec<f64> = samples.chunks_exact(channels).map(luma).collect();
    Ok(resize(&grey, width, height, size))
}

/// Brightness 0–1 of a pixel of grey, grey and alpha, RGB or RGBA, with the weights of ITU-R BT.601, as Pillow's
/// `convert("L")`. Alpha does not count.
fn luma(pixel: &[u8]) -> f64 {
    match pixel {
        [r, g, b, ..] => (299.0 * f64::from(*r) + 587.0 * f64::from(*g) + 114.0 * f64::from(*b)) / 255_000.0,
        _ => f64::from(pixel[0]) / 255.0,
    }
}

/// Brings an image to another size: each new pixel is the mean of the area it covers, as Pillow's `BOX` filter.
fn resize(grey: &[f64], width: usize, height: usize, size: ImageSize) -> Vec<f64> {
    let (across, down) = (shares(width, size.width), shares(height, size.height));
    let mut resized = Vec::with_capacity(size.width * size.height);
    for rows in &down {
        for columns in &across {
            let sum: f64 = rows
                .iter()
                .map(|&(y, h)| h * columns.iter().map(|&(x, w)| w * grey[y * width + x]).sum::<f64>())
                .sum();
            resized.push(sum);
        }
    }
    resized
}

/// For each of `to` equal stretches over `from` cells: the cells it covers, with their shares of it.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f64)>> {
    let scale = from as f64 / to as f64;
    let stretch = |at: usize| {
        let (start, end) = (at as f64 * scale, (at + 1) as f64 * scale);
        let cells = start as usize..(end.ceil() as usize).min(from);
        cells
            .map(|cell| (cell, ((cell as f64 + 1.0).min(end) - (cell as f64).max(start)) / scale))
            .filter(|&(_, share)| share > 0.0)
            .collect()
    };
    (0..to).map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_image_has_the_means_and_a_larger_one_repeats() {
        let grey = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let gives = |width, height, expected: &[f64]| {
            let resized = resize(&grey, 3, 2, ImageSize { width, height });
            assert_eq!(resized.len(), expected.len());
            assert!(resized.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{resized:?}");
        };
        gives(3, 2, &grey);
        gives(1, 1, &[2.5]);
        gives(1, 2, &[1.0, 4.0]);
        gives(6, 1, &[1.5, 1.5, 2.5, 2.5, 3.5, 3.5]);
        // One and a half columns each: 0 and half of 1, half of 1 and 2.
        gives(2, 1, &[1.5 + 1.0 / 3.0, 1.5 + 5.0 / 3.0]);
    }

    #[test]
    fn names_are_those_of_the_clips() {
        assert_eq!(name("x/blues00000.png".as_ref(), "blues"), "blues.00000.png");
        assert_eq!(name("x/blues.00000.png".as_ref(), "blues"), "blues.00000.png");
        assert_eq!(name("x/cover.png".as_ref(), "blues"), "cover.png");
    }
}

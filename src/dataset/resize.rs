//! Bringing spectrograms to another size.

use crate::util::as_text;
use std::fmt;
use std::str::FromStr;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Default for ImageSize {
    /// 32 × 32: as many columns of a table as a classical model can still use.
    fn default() -> Self {
        Self { width: 32, height: 32 }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

as_text!(ImageSize: "64x48");

impl FromStr for ImageSize {
    type Err = String;

    /// Reads `64x48`.
    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
        match sides {
            Some((width, height)) if (1..=512).contains(&width) && (1..=512).contains(&height) => {
                Ok(Self { width, height })
            }
            _ => Err("expected WIDTHxHEIGHT, each from 1 to 512, such as 64x48".to_owned()),
        }
    }
}

/// Brings a spectrogram, row by row, to another size: each new pixel is the mean of the area it covers, as Pillow's `BOX`
/// filter.
pub fn resize(pixels: &[f32], from: ImageSize, to: ImageSize) -> Vec<f32> {
    if from == to {
        return pixels.to_vec();
    }
    let (across, down) = (shares(from.width, to.width), shares(from.height, to.height));
    let mut resized = Vec::with_capacity(to.width * to.height);
    for rows in &down {
        for columns in &across {
            let of_row = |y: usize| {
                columns.iter().map(|&(x, w)| w * f64::from(pixels[y * from.width + x])).sum::<f64>()
            };
            resized.push(rows.iter().map(|&(y, h)| h * of_row(y)).sum::<f64>() as f32);
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
        let gives = |width, height, expected: &[f32]| {
            let resized = resize(&grey, ImageSize { width: 3, height: 2 }, ImageSize { width, height });
            assert_eq!(resized.len(), expected.len());
            assert!(resized.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{resized:?}");
        };
        gives(3, 2, &grey);
        gives(1, 1, &[2.5]);
        gives(1, 2, &[1.0, 4.0]);
        gives(6, 1, &[1.5, 1.5, 2.5, 2.5, 3.5, 3.5]);
        // One and a half columns each: 0 and half of 1, half of 1 and 2.
        gives(2, 1, &[1.5 + 1.0 / 3.0, 1.5 + 5.0 / 3.0]);
    }
}

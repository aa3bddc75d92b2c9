//! From an image file to grey values or colours: PNG, JPEG and WebP, whatever the file's name says.
//!
//! Files are taken to be hostile. Size is looked at before anything is decoded, what a file holds beside its pixels
//! (text, profiles, thumbnails) is passed over unread where the format lets it, and a panic of a decoder is a fault of
//! the file.

mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use super::resize::ImageSize;
use crate::util::open_regular;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Largest image in pixels a side. With the bytes a pixel it bounds the memory of a hostile file.
const MOST_PIXELS: usize = 4096;
/// Largest file: what is passed over takes no memory, but time.
const MOST_BYTES: u64 = 1 << 30;

/// A kind of image file, as told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
    /// WebP, lossy or lossless.
    WebP,
    /// Known, but not read.
    Gif,
    /// Known, but not read.
    Bmp,
    /// Known, but not read.
    Tiff,
}

impl ImageFormat {
    /// The name as a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
        }
    }

    /// Whether such files are read here.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::WebP)
    }

    /// The kind that the extension of `path` claims.
    pub fn of_extension(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "png" => Self::Png,
            "jpg" | "jpeg" | "jpe" | "jfif" => Self::Jpeg,
            "webp" => Self::WebP,
            "gif" => Self::Gif,
            "bmp" | "dib" => Self::Bmp,
            "tif" | "tiff" => Self::Tiff,
            _ => return None,
        })
    }

    /// The kind that begins with `head`.
    fn sniff(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::WebP,
            [b'G', b'I', b'F', b'8', ..] => Self::Gif,
            [b'B', b'M', ..] => Self::Bmp,
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Self::Tiff,
            _ => return None,
        })
    }
}

/// Samples of a decoded image, eight bits each, row by row from the top.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    width: usize,
    height: usize,
    /// 1 of grey, 2 of grey and alpha, 3 of RGB, 4 of RGBA: for all pixels the same.
    samples: Vec<u8>,
}

impl Decoded {
    /// Width and height.
    pub fn size(&self) -> ImageSize {
        ImageSize { width: self.width, height: self.height }
    }

    /// Grey values 0–1, row by row from the top.
    pub fn grey(&self) -> Vec<f32> {
        self.samples.chunks_exact(self.channels()).map(luma).collect()
    }

    /// Red, green and blue from 0 to 255, one after the other, each row by row from the top. Alpha does not count, and
    /// grey is the same in all three.
    pub fn colour(&self) -> Vec<f32> {
        let channels = self.channels();
        let of_channel = |channel: usize| {
            let at = if self.is_grey() { 0 } else { channel };
            self.samples.chunks_exact(channels).map(move |pixel| f32::from(pixel[at]))
        };
        (0..3).flat_map(of_channel).collect()
    }

    /// Whether the file has no colours.
    pub fn is_grey(&self) -> bool {
        self.channels() < 3
    }

    fn channels(&self) -> usize {
        self.samples.len() / (self.width * self.height).max(1)
    }
}

/// An image, or why there is none: a sentence without its subject.
pub fn read(path: &Path) -> Result<Decoded, String> {
    let mut file = open_regular(path, MOST_BYTES).map_err(|e| e.to_string())?;
    let unreadable = |e: std::io::Error| format!("cannot be read: {e}");
    let mut head = Vec::new();
    file.by_ref().take(16).read_to_end(&mut head).map_err(unreadable)?;
    if head.is_empty() {
        return Err("is empty (0 bytes)".to_owned());
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let format = ImageFormat::sniff(&head)
        .ok_or("is no image that is known here (PNG, JPEG, WebP): it begins with none of their signatures")?;
    let decode: fn(File) -> Result<Decoded, String> = match format {
        ImageFormat::Png => png::decode,
        ImageFormat::Jpeg => jpeg::decode,
        ImageFormat::WebP => webp::decode,
        _ => return Err(format!("is a {} file, which is not read here: convert it to PNG", format.name())),
    };
    let broken = |reason: String| format!("is no usable {}: {reason}", format.name());
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(file)))
        .unwrap_or_else(|_| Err("the decoder panics".to_owned()))
        .map_err(broken)?;
    let channels = decoded.channels();
    if channels == 0 || decoded.samples.len() != decoded.width * decoded.height * channels {
        return Err("has no pixels".to_owned());
    }
    Ok(decoded)
}

/// Refuses a size before it is decoded.
fn check_size(width: usize, height: usize) -> Result<(), String> {
    match (1..=MOST_PIXELS).contains(&width) && (1..=MOST_PIXELS).contains(&height) {
        true => Ok(()),
        false => Err(format!("it has {width} × {height} pixels, and 1 to {MOST_PIXELS} a side are read")),
    }
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

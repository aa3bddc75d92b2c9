//! Pictures of pixels, in the 256 colours of spectrograms, as PNG.

use crate::features::colour_map::{ColourMap, MAGMA};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use ndarray::Array2;
use std::io::Write;

/// The colours, from nothing to all.
pub const COLOURS: &ColourMap = &MAGMA;

/// Pixels by the numbers of their colours, rows from above, as a PNG file.
pub fn file(pixels: &Array2<u8>) -> Vec<u8> {
    let (height, width) = pixels.dim();
    let mut coded = Vec::with_capacity(height * (width + 1));
    for row in pixels.rows() {
        // Each row begins with how it is coded: as it is.
        coded.push(0);
        coded.extend(row);
    }
    // Eight bits a pixel, which say the number of its colour.
    let mut head = [width as u32, height as u32].map(u32::to_be_bytes).concat();
    head.extend([8, 3, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &head);
    chunk(&mut out, *b"PLTE", COLOURS.as_flattened());
    chunk(&mut out, *b"IDAT", &compressed(&coded));
    chunk(&mut out, *b"IEND", &[]);
    out
}

/// In the format of zlib, RFC 1950.
pub fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(name);
    out.extend(bytes);
    let mut crc = Crc::new();
    crc.update(&out[start..]);
    out.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use zune_png::PngDecoder;
    use zune_png::zune_core::bytestream::ZCursor;

    #[test]
    fn a_decoder_of_others_finds_the_pixels() {
        let png = file(&array![[0, 255, 128], [7, 0, 1]]);
        let mut decoder = PngDecoder::new(ZCursor::new(&png));
        let found = decoder.decode_raw().unwrap();
        assert_eq!(decoder.dimensions(), Some((3, 2)));
        assert_eq!(found, [0, 255, 128, 7, 0, 1].map(|at: usize| COLOURS[at]).concat());
    }
}

//! Image files of known pixels.

use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write;

/// How a PNG file stores a pixel.
#[derive(Clone, Copy)]
pub enum Pixel {
    Grey,
    GreyOneBit,
    Grey16,
    Rgb,
    Rgba,
    Palette,
}

/// A PNG file of `width` × `height` pixels with a grey value each.
pub fn png(width: usize, height: usize, pixel: Pixel, grey: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let (depth, colour) = match pixel {
        Pixel::Grey => (8, 0),
        Pixel::GreyOneBit => (1, 0),
        Pixel::Grey16 => (16, 0),
        Pixel::Rgb => (8, 2),
        Pixel::Rgba => (8, 6),
        Pixel::Palette => (8, 3),
    };
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        bytes.extend((data.len() as u32).to_be_bytes());
        let mut sum = Crc::new();
        sum.update(name);
        sum.update(data);
        bytes.extend(name);
        bytes.extend(data);
        bytes.extend(sum.sum().to_be_bytes());
    };
    let sides = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
    chunk(b"IHDR", &[sides.as_slice(), &[depth, colour, 0, 0, 0]].concat());
    if colour == 3 {
        chunk(b"PLTE", &(0..=255).flat_map(|v| [v; 3]).collect::<Vec<u8>>());
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    for y in 0..height {
        let row: Vec<u8> = (0..width).map(|x| grey(x, y)).collect();
        let stored: Vec<u8> = match pixel {
            Pixel::Grey | Pixel::Palette => row,
            Pixel::Grey16 => row.into_iter().flat_map(|v| [v; 2]).collect(),
            Pixel::Rgb => row.into_iter().flat_map(|v| [v; 3]).collect(),
            Pixel::Rgba => row.into_iter().flat_map(|v| [v, v, v, 9]).collect(),
            Pixel::GreyOneBit => {
                let bit = |(at, v): (usize, &u8)| u8::from(*v > 127) << (7 - at);
                row.chunks(8).map(|bits| bits.iter().enumerate().map(bit).sum()).collect()
            }
        };
        zlib.write_all(&[0]).unwrap();
        zlib.write_all(&stored).unwrap();
    }
    chunk(b"IDAT", &zlib.finish().unwrap());
    chunk(b"IEND", &[]);
    bytes
}
